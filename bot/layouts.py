"""Messages in Components V2, and their limits (Discord, Components Reference).

A message has at most 40 components, nested ones counted, and 4,000 characters in all its texts; a menu 25 options; an
option's label 100 characters; a button's label 80. The layouts are stopped before they are sent: nothing of them stays
in memory, and presses reach :mod:`bot.views` by their ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import discord
from discord import ui

from bot.language import Language
from bot.text import ELLIPSIS, clean, clip, escape_within, width
from storage.models import Sentence

TEXT = 4000
"""Characters in all texts of a message."""
LABEL = 80
ADDRESS = 512
"""Characters of the address of a button."""
OPTION = 100
ALT_TEXT = 1024
ACCENT = discord.Colour(0xC2410C)


def layout(*items: ui.Item[ui.LayoutView], rows: Iterable[ui.ActionRow[ui.LayoutView]] = ()) -> ui.LayoutView:
    """A message of ``items`` in a frame, with rows of buttons and menus below them."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*items, accent_colour=ACCENT))
    for row in rows:
        view.add_item(row)
    view.stop()
    return view


def note(text: str, *buttons: ui.Button[ui.LayoutView]) -> ui.LayoutView:
    """A short answer in words."""
    return layout(ui.TextDisplay(clip(text, TEXT)), rows=rows(buttons))


def shared(name: str, language: Language) -> str:
    """Who shared an answer with a channel."""
    return language.text("shared by {name}", name=escape_within(clean(name), 40, links=False))


def quoted(text: str) -> str:
    """A keyword or name within a sentence."""
    return escape_within(clean(text), 100, links=False)


def said(sentence: Sentence, language: Language) -> str:
    """A sentence in the reader's language, whose values may be anything."""
    return language.text(sentence.message, **{name: quoted(value) for name, value in sentence.values.items()})


def button(label: str, custom_id: str, *, disabled: bool = False) -> ui.Button[ui.LayoutView]:
    return ui.Button(label=clip(clean(label), LABEL) or ELLIPSIS, custom_id=custom_id, disabled=disabled)


def rows(buttons: Sequence[ui.Button[ui.LayoutView]]) -> list[ui.ActionRow[ui.LayoutView]]:
    return [ui.ActionRow(*buttons[start : start + 5]) for start in range(0, len(buttons), 5)]


def as_many_as_fit(lines: Sequence[str], room: int, language: Language, more: int = 0) -> str:
    """The first ``lines`` that fit in ``room`` characters, and how many more there are."""
    shown: list[str] = []
    used = 40
    for line in lines:
        used += width(line) + 1
        if used > room:
            break
        shown.append(line)
    if left := len(lines) - len(shown) + more:
        others = language.plural("and {n} more", "and {n} more", left)
        shown.append(f"-# {others}")
    return "\n".join(shown)
