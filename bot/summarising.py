"""A paper's full summary for a person: with the picture of its votes over time, and fetched where it is not held."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from io import BytesIO

import discord
from discord import ui

from bot import arxiv, cards, custom_ids, summary, vote_chart
from bot.answering import answer, explain, home, reader
from bot.errors import NotFoundError, UserError
from storage import lookups, papers, votes
from storage.models import Entry

log = logging.getLogger(__name__)

Respond = Callable[[ui.LayoutView, Sequence[discord.File]], Awaitable[object]]
"""How a message and what is attached to it are given to Discord."""


async def summarise(interaction: discord.Interaction, text: str, others: Sequence[str] = ()) -> None:
    """Shows a paper's full summary to the asker alone, with a menu of ``others`` by arXiv id. What is not held is
    fetched."""
    menu = await _menu(interaction, others[:25]) if others else []
    try:
        entry = await _held_or_fetched(interaction, text)
    except UserError as error:
        await explain(interaction, error, menu)
        return
    await show(interaction, entry, partial(answer, interaction), rows=menu)


async def held(interaction: discord.Interaction, text: str) -> Entry:
    """The paper that ``text`` names.

    Raises:
        NotFoundError: no such paper is held.
    """
    async with home(interaction).database.read() as connection:
        return await lookups.show(connection, text)


async def show(
    interaction: discord.Interaction,
    entry: Entry,
    respond: Respond,
    page: int = 0,
    *,
    shared_by: str | None = None,
    rows: Sequence[ui.ActionRow[ui.LayoutView]] = (),
) -> None:
    """Shows a page of a paper's full summary, with ``rows`` below it: the first with a picture of its votes over time,
    where there is one. ``shared_by`` names who shares it with a channel."""
    words = reader(interaction)
    if page == 0:
        async with home(interaction).database.read() as connection:
            history = await votes.history(connection, entry.paper.arxiv_id)
        if picture := await vote_chart.picture(history, words):
            view = summary.summary(entry, page, words, shared_by=shared_by, history=history, rows=rows)
            try:
                await respond(view, [discord.File(BytesIO(picture), vote_chart.FILE)])
            except discord.HTTPException as refused:
                # Whatever Discord has against the picture, the summary is what was asked for.
                log.warning("A picture was refused: %s", refused)
            else:
                return
    await respond(summary.summary(entry, page, words, shared_by=shared_by, rows=rows), [])


def in_place(interaction: discord.Interaction) -> Respond:
    """In place of the message that was pressed."""
    # What is attached and not named is taken away (Discord, Editing Message Attachments).
    return lambda view, files: interaction.response.edit_message(view=view, attachments=files)


def menus(message: discord.Message) -> list[ui.ActionRow[ui.LayoutView]]:
    """The menus of papers below a message, made anew."""
    found = [one for row in message.components if isinstance(row, discord.ActionRow) for one in row.children]
    return [
        ui.ActionRow(ui.Select(custom_id=one.custom_id, placeholder=one.placeholder, options=one.options))
        for one in found
        if isinstance(one, discord.SelectMenu) and custom_ids.SUMMARY.fullmatch(one.custom_id)
    ]


async def _held_or_fetched(interaction: discord.Interaction, text: str) -> Entry:
    try:
        return await held(interaction, text)
    except NotFoundError:
        arxiv_id, finder = arxiv.id_of_text(text), home(interaction).finder
        if arxiv_id is None or finder is None:
            raise
    await interaction.response.defer(ephemeral=True, thinking=True)
    return await finder.find(arxiv_id, interaction.user.id)


async def _menu(interaction: discord.Interaction, arxiv_ids: Sequence[str]) -> list[ui.ActionRow[ui.LayoutView]]:
    async with home(interaction).database.read() as connection:
        held = await papers.find(connection, papers.Filter(arxiv_ids=tuple(arxiv_ids), once=True))
    titles = {arxiv_id: f"arXiv:{arxiv_id}" for arxiv_id in arxiv_ids}
    titles |= {entry.paper.arxiv_id: entry.paper.title for entry in held}
    return cards.paper_menu(titles, reader(interaction).text("More papers in this message…"), "m")
