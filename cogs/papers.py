"""/papers: look-ups by date, author, keyword and votes, and one paper's summary."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot import arxiv, lookup, tex
from bot.answering import home, reader, spoken
from bot.query import MAX_LENGTH
from bot.summarising import summarise
from bot.text import clean, clip
from bot.views import look_up
from storage import authors, digests, papers
from storage.models import Sort

Choices = list[app_commands.Choice[str]]


class Papers(commands.GroupCog, group_name="papers", group_description="Look up research papers"):
    @app_commands.command(description="The papers of a day or a month")
    @app_commands.describe(day="A day (2024-06-21) or a month (2024-06)")
    @spoken
    async def date(self, interaction: discord.Interaction, day: app_commands.Range[str, 1, 40]) -> None:
        await look_up(interaction, lookup.by_date(day, home(interaction).now().date()))

    @app_commands.command(description="The papers of an author")
    @app_commands.describe(name="An author's name; accents may be left out")
    @spoken
    async def author(self, interaction: discord.Interaction, name: app_commands.Range[str, 1, MAX_LENGTH]) -> None:
        await look_up(interaction, lookup.by_author(name))

    @app_commands.command(description="The papers on a keyword")
    @app_commands.describe(
        text='Words in any order; "as written"; -excluded; a OR b; author:name', sort="What comes first"
    )
    @app_commands.choices(
        sort=[
            app_commands.Choice(name="best match", value="relevance"),
            app_commands.Choice(name="newest", value="newest"),
            app_commands.Choice(name="most votes", value="votes"),
        ]
    )
    @spoken
    async def keyword(
        self,
        interaction: discord.Interaction,
        text: app_commands.Range[str, 1, MAX_LENGTH],
        sort: app_commands.Choice[str] | None = None,
    ) -> None:
        await look_up(interaction, lookup.by_keyword(text, Sort(sort.value if sort else "relevance")))

    @app_commands.command(description="The papers with the most votes")
    @app_commands.describe(period="Of which days")
    @app_commands.choices(
        period=[
            app_commands.Choice(name="day", value="day"),
            app_commands.Choice(name="week", value="week"),
            app_commands.Choice(name="month", value="month"),
            app_commands.Choice(name="all", value="all"),
        ]
    )
    @spoken
    async def top(self, interaction: discord.Interaction, period: app_commands.Choice[str] | None = None) -> None:
        await look_up(interaction, lookup.top(lookup.Period(period.value if period else "day")))

    @app_commands.command(description="One paper's full summary")
    @app_commands.describe(paper="An arXiv number, an arXiv link, or words of the title")
    @spoken
    async def show(self, interaction: discord.Interaction, paper: app_commands.Range[str, 1, 300]) -> None:
        await summarise(interaction, paper)

    @date.autocomplete("day")
    async def _days(self, interaction: discord.Interaction, typed: str) -> Choices:
        words = reader(interaction)
        async with home(interaction).database.read() as connection:
            days = await digests.days(connection, prefix=typed.strip()[:10], limit=20)
            months = await digests.months(connection, prefix=typed.strip()[:7])
        choices = [(f"{day} · {words.day(day)}", str(day), number) for day, number in days]
        by_month = [(f"{month:%Y-%m} · {words.month(month)}", f"{month:%Y-%m}", number) for month, number in months]
        # Who typed a whole month means it; else the dates come first.
        if len(typed.strip()) == 7:
            choices = by_month + choices
        elif len(typed.strip()) < 7:
            choices += by_month
        return [
            app_commands.Choice(name=f"{name} · " + words.plural("{n} paper", "{n} papers", number), value=value)
            for name, value, number in choices[:25]
        ]

    @author.autocomplete("name")
    async def _names(self, interaction: discord.Interaction, typed: str) -> Choices:
        words = reader(interaction)
        found = await home(interaction).database.look(authors.like, typed)
        return [
            app_commands.Choice(
                name=f"{clip(clean(author.name), 80)} ({words.number(author.papers)})", value=author.name
            )
            for author in found
            if len(author.name) <= MAX_LENGTH
        ]

    @show.autocomplete("paper")
    async def _titles(self, interaction: discord.Interaction, typed: str) -> Choices:
        database = home(interaction).database
        if arxiv_id := arxiv.id_of_text(typed):
            async with database.read() as connection:
                entries = await papers.find(connection, papers.Filter(arxiv_ids=(arxiv_id,), once=True))
            found = [(entry.paper.arxiv_id, entry.paper.title) for entry in entries]
        else:
            found = await database.look(papers.titles_like, typed)
        return [
            app_commands.Choice(name=clip(clean(tex.to_unicode(title)), 100) or arxiv_id, value=arxiv_id)
            for arxiv_id, title in found
        ]


async def setup(bot: commands.Bot) -> None:
    await bot.add_cog(Papers())
