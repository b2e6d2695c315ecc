"""Paperboy and the bare bot, side by side, each at a Discord of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.bench.databases import Made
from tests.bench.ground import Ground
from tests.bench.process import UNLIMITED, Bot, bare, paperboy
from tests.wire.discord_server import DiscordServer

LONGEST = 60.0
"""Seconds that an answer is waited for; one that takes longer is said to have taken so long."""


@dataclass(frozen=True)
class Asked:
    """What somebody types: a keyword in a language (``ko`` or ``en-US``), and the order that is asked for."""

    text: str
    locale: str
    sort: str | None = None


def discord_without_limits() -> DiscordServer:
    return DiscordServer(create=None, per_second=UNLIMITED)


@asynccontextmanager
async def both(ground: Ground, made: Made, typed: Sequence[Asked]) -> AsyncIterator[tuple[Bot, Bot]]:
    """The two, warm. The bare one answers all with the one of Paperboy's answers to ``typed`` that is of middling
    length."""
    folder, other = ground.folder("paperboy"), ground.folder("bare")
    async with discord_without_limits() as server, discord_without_limits() as another:
        server.add_guild()
        another.add_guild()
        ours = await paperboy(server, folder, made.url)
        async with ours.running():
            answers = [await answer(ours, one) for one in typed]
            real = sorted((one.payload["components"] for one in answers if one), key=lambda found: len(str(found)))
            theirs = bare(another, other, real[len(real) // 2])
            async with theirs.running():
                for one in typed:
                    await answer(theirs, one)
                yield ours, theirs


async def answer(bot: Bot, asked: Asked) -> Any:
    """The answer to a look-up; None where it took too long."""
    options = {"text": asked.text} | ({"sort": asked.sort} if asked.sort else {})
    try:
        return await bot.server.slash("papers keyword", options, locale=asked.locale, seconds=LONGEST)
    except TimeoutError:
        return None


async def look_up(bot: Bot, asked: Asked) -> float:
    """The seconds from the interaction to its answer: the callback, or the edit of one that was put off."""
    found = await answer(bot, asked)
    if found is None:
        return LONGEST
    return float(found.elapsed if found.edited is None else found.edited)


async def complete(bot: Bot, command: str, option: str, typed: str) -> float:
    """The seconds from the interaction to the choices for what is typed."""
    try:
        found = await bot.server.autocomplete(command, option, typed, seconds=LONGEST)
    except TimeoutError:
        return LONGEST
    return float(found.elapsed)
