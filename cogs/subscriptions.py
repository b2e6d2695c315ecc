"""/subscribe, /subscriptions, /unsubscribe: following keywords and authors."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot import permissions
from bot.answering import answer, home, reader, spoken
from bot.errors import NotAllowedError, NotFoundError
from bot.query import MAX_LENGTH
from bot.text import clean, clip
from bot.views import follow, followed_list, managed_channels, unfollow
from storage import authors, subscriptions
from storage.models import Follows, Subscriber, Subscription

Channel = discord.TextChannel | discord.Thread


class Subscriptions(commands.Cog):
    subscribe = app_commands.Group(name="subscribe", description="Hear of new papers")

    @subscribe.command(name="keyword", description="Follow a keyword")
    @app_commands.describe(
        text='Words in any order; "as written"; -excluded; a OR b; author:name',
        channel="A channel that follows, instead of you",
    )
    @spoken
    async def keyword(
        self,
        interaction: discord.Interaction,
        text: app_commands.Range[str, 1, MAX_LENGTH],
        channel: Channel | None = None,
    ) -> None:
        await follow(interaction, Follows.KEYWORD, text, _checked(interaction, channel))

    @subscribe.command(name="author", description="Follow an author")
    @app_commands.describe(
        name="An author's name; accents may be left out", channel="A channel that follows, instead of you"
    )
    @spoken
    async def author(
        self,
        interaction: discord.Interaction,
        name: app_commands.Range[str, 1, MAX_LENGTH],
        channel: Channel | None = None,
    ) -> None:
        await follow(interaction, Follows.AUTHOR, name, _checked(interaction, channel))

    @app_commands.command(name="subscriptions", description="What you follow, with a menu to stop")
    @spoken
    async def subscriptions(self, interaction: discord.Interaction) -> None:
        await answer(interaction, await followed_list(interaction))

    @app_commands.command(name="unsubscribe", description="Stop following")
    @app_commands.describe(text="A keyword or author that you follow")
    @spoken
    async def unsubscribe(self, interaction: discord.Interaction, text: app_commands.Range[str, 1, MAX_LENGTH]) -> None:
        rows = await _followed(interaction)
        wanted = clean(text).casefold()
        fitting = [row for row in rows if str(row.id) == wanted.removeprefix("#") or row.text.casefold() == wanted]
        # One's own first: a channel's is ended by choosing it from the list.
        own = [row.id for row in fitting if row.subscriber is Subscriber.USER]
        found = own or [row.id for row in fitting]
        if not found:
            raise NotFoundError(
                "You do not follow {text}. /subscriptions lists what you follow.", text=f"“{text[:60]}”"
            )
        await unfollow(interaction, found)

    @author.autocomplete("name")
    async def _names(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        found = await home(interaction).database.look(authors.like, typed)
        return [
            app_commands.Choice(name=clip(clean(author.name), 100), value=author.name)
            for author in found
            if len(author.name) <= MAX_LENGTH
        ]

    @unsubscribe.autocomplete("text")
    async def _texts(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        rows = await _followed(interaction)
        fitting = [row for row in rows if typed.casefold() in row.text.casefold()]
        return [app_commands.Choice(name=_label(interaction, row), value=f"#{row.id}") for row in fitting[:25]]


def _label(interaction: discord.Interaction, row: Subscription) -> str:
    where = ""
    if row.subscriber is Subscriber.CHANNEL and interaction.guild:
        channel = interaction.guild.get_channel_or_thread(row.subscriber_id)
        where = f" · #{channel.name}" if channel else ""
    return clip(clean(row.text) or "…", 60) + clip(where, 40)


async def _followed(interaction: discord.Interaction) -> list[Subscription]:
    async with home(interaction).database.read() as connection:
        own = await subscriptions.of(connection, Subscriber.USER, [interaction.user.id])
        return own + await subscriptions.of(connection, Subscriber.CHANNEL, managed_channels(interaction))


def _checked(interaction: discord.Interaction, channel: Channel | None) -> Channel | None:
    if channel is None:
        return None
    if not interaction.permissions.manage_guild:
        raise NotAllowedError("Only those with the “Manage Server” permission may have a channel follow.")
    missing = permissions.missing(channel)
    if missing:
        words = reader(interaction)
        names = ", ".join(words.text(name) for name in missing)
        raise NotAllowedError("I lack these permissions in {channel}: {names}.", channel=channel.mention, names=names)
    return channel


async def setup(bot: commands.Bot) -> None:
    await bot.add_cog(Subscriptions())
