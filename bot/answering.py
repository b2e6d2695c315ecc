"""Answers to interactions, and the one place that speaks of errors to people."""

from __future__ import annotations

import functools
import inspect
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, get_type_hints

import discord
from discord import app_commands, ui

from bot import layouts
from bot.config import Settings
from bot.delivery import Sender
from bot.errors import DatabaseError, UserError
from bot.finding import Finder
from bot.language import Language, language
from bot.text import clip
from storage.database import Database
from storage.models import Subscriber

log = logging.getLogger(__name__)

P = ParamSpec("P")
C = TypeVar("C")
Callback = Callable[Concatenate[C, discord.Interaction, P], Coroutine[Any, Any, None]]


class Home(Protocol):
    """What an interaction needs of the bot that it came to."""

    database: Database
    settings: Settings
    sender: Sender
    finder: Finder | None

    def now(self) -> datetime: ...

    async def take_up(self, target: Subscriber, target_id: int, guild_id: int | None = None) -> None: ...


def sent(interaction: discord.Interaction) -> dict[str, Any]:
    """What Discord sent of the interaction: an item's id and values, or a modal's fields."""
    return cast("dict[str, Any]", interaction.data or {})


def home(interaction: discord.Interaction) -> Home:
    """The bot that the interaction came to."""
    return cast("Home", interaction.client)


def reader(interaction: discord.Interaction) -> Language:
    """The language of the person who acts."""
    return language(str(interaction.locale))


async def answer(
    interaction: discord.Interaction,
    view: ui.LayoutView,
    files: Sequence[discord.File] = (),
    *,
    ephemeral: bool = True,
) -> None:
    """Answers for the asker alone, or for the channel; in place of "thinking…" where the answer was put off."""
    attached = files or discord.utils.MISSING
    if not interaction.response.is_done():
        await interaction.response.send_message(view=view, files=attached, ephemeral=ephemeral)
    elif interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
        # A deferred answer may carry only its being ephemeral; the layout comes with the edit (Discord, Interactions).
        await interaction.edit_original_response(view=view, attachments=attached)
    else:
        await interaction.followup.send(view=view, files=attached, ephemeral=ephemeral)


def spoken(callback: Callable[Concatenate[C, discord.Interaction, P], Awaitable[None]]) -> Callback[C, P]:
    """A command whose :class:`UserError` is said to the person and is then done with: to discord.py the command has
    succeeded, and only what is nobody's wish reaches the tree's error handler."""

    @functools.wraps(callback)
    async def command(cog: C, interaction: discord.Interaction, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            await callback(cog, interaction, *args, **kwargs)
        except UserError as error:
            await explain(interaction, error)

    # discord.py reads a command's options from its annotations, in the names of the module that made the function.
    hints = get_type_hints(callback, include_extras=True)
    signature = inspect.signature(callback)
    options = [option.replace(annotation=hints.get(option.name)) for option in signature.parameters.values()]
    command.__signature__ = signature.replace(parameters=options)  # type: ignore[attr-defined]
    return command


async def explain(
    interaction: discord.Interaction, error: BaseException, menu: Sequence[ui.ActionRow[ui.LayoutView]] = ()
) -> None:
    """Tells a person what went wrong: what they can mend in their words, all else by a reference that is in the log.
    ``menu`` stands below it."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    words = reader(interaction)
    if isinstance(error, UserError):
        # What was typed comes back as it was typed, and as nothing else.
        typed = {name: layouts.quoted(str(value)) for name, value in error.values.items() if name == "text"}
        text = words.text(error.message, **(error.values | typed))
    elif isinstance(error, app_commands.MissingPermissions):
        text = words.text("Only those with the “Manage Server” permission may do this.")
    elif isinstance(error, app_commands.CheckFailure):
        text = words.text("This cannot be done here.")
    elif isinstance(error, app_commands.TransformerError):
        text = words.text("{text} cannot be read here.", text=f"“{layouts.quoted(str(error.value)[:60])}”")
    else:
        reference = secrets.token_hex(4)
        command = interaction.command.qualified_name if interaction.command else sent(interaction).get("custom_id")
        log.error("Interaction %s failed, reference %s", command, reference, exc_info=error)
        if isinstance(error, DatabaseError):
            text = words.text(
                "I cannot reach my papers at the moment, and it is in the log. Please try again in a minute. "
                "Reference: {reference}",
                reference=reference,
            )
        else:
            text = words.text(
                "Something went wrong here, and it is in the log. Reference: {reference}", reference=reference
            )
    try:
        await answer(interaction, layouts.layout(ui.TextDisplay(clip(text, layouts.TEXT)), rows=menu))
    except discord.HTTPException as failure:
        # The interaction is over (15 minutes) or Discord is out of reach: there is nobody left to tell.
        log.warning("An answer could not be given: %s", failure)
