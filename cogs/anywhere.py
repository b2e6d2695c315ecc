"""“Look up paper”, on any message: the papers that it links to.

Without the privileged intent for the content of messages, Discord sends none but that of a message which a command of
its menu is used on: text, embeds and components, of whomever they are (its documentation, Gateway, Message Content
Intent).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import arxiv, layouts
from bot.answering import answer, reader
from bot.summarising import summarise


@app_commands.context_menu(name="Look up paper")
async def look_up_paper(interaction: discord.Interaction, message: discord.Message) -> None:
    if found := arxiv.ids_in("\n".join(texts(message))):
        await summarise(interaction, found[0], found[1:])
    else:
        said = reader(interaction).text(
            "I see no link to a paper in this message. I look for links to arXiv, Hugging Face and alphaXiv, and for "
            "numbers such as arXiv:2406.12045. /papers show takes words of a title, too."
        )
        await answer(interaction, layouts.note(said))


def texts(message: discord.Message) -> Iterator[str]:
    """All that a message, or one that it forwards, says: in its text, embeds and components."""
    parts: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    for part in parts:
        yield part.content
        for embed in part.embeds:
            told = [embed.title, embed.url, embed.description, embed.author.name, embed.author.url, embed.footer.text]
            told += [text for field in embed.fields for text in (field.name, field.value)]
            yield from (text for text in told if text)
        yield from _of_components(part.components)


def _of_components(components: Iterable[Any]) -> Iterator[str]:
    for component in components:
        for name in ("content", "url"):
            if isinstance(text := getattr(component, name, None), str):
                yield text
        yield from _of_components(getattr(component, "children", ()))
        yield from _of_components([accessory] if (accessory := getattr(component, "accessory", None)) else ())


async def setup(bot: commands.Bot) -> None:
    bot.tree.add_command(look_up_paper)
