"""Autocomplete over the wire, against a bare bot that answers with 25 constant choices."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from random import Random

from tests.bench.databases import Made
from tests.bench.generator import Generator, Settings
from tests.bench.ground import Ground
from tests.bench.lookups import COMMON
from tests.bench.process import Bot
from tests.bench.results import Row, ratio
from tests.bench.rounds import in_turn, milliseconds
from tests.bench.sides import both, complete

_PEOPLE = 8
_TITLES = 6
_LETTERS = (1, 2, 3, 4, 5, 6)
_TITLE_LETTERS = (1, 2, 3, 4, 6, 9, 14, 20)
_WORDS = ("diffusion", "reasoning", "multimodal", "강화학습", "벤치마크", "데이터셋")
_KINDS = {
    "author names": ("papers author", "name"),
    "paper titles": ("papers show", "paper"),
    "keywords": ("papers keyword", "text"),
}


def measure(ground: Ground) -> Row:
    made = ground.made(ground.scale.many)
    settings = made.settings
    found = asyncio.run(_typed(ground, made, typing(settings)))
    bars = tuple(
        ratio(f"{kind}, median", milliseconds(ours), milliseconds(theirs), "ms", 1.5)
        for kind, (ours, theirs) in found.items()
    )
    figures = {
        f"{kind}, 99th percentile ms": f"{milliseconds(ours, 0.99):.1f} against {milliseconds(theirs, 0.99):.1f}"
        for kind, (ours, theirs) in found.items()
    } | {f"{kind} a side": len(ours) for kind, (ours, _) in found.items()}
    note = (
        f"what is offered while somebody types, at {settings.papers:,} papers and {settings.authors:,} authors: names "
        "of 1 to 6 letters, titles of 1 to 20; against 25 constant choices of the same length"
    )
    return Row("autocomplete", bars, note, figures)


def typing(settings: Settings) -> dict[str, list[str]]:
    """What is typed of each kind, the beginnings of names and titles that there are."""
    generator = Generator(settings)
    random = Random("typing")
    # Family names are typed as often as given names; known people more often than others.
    people = [generator.author(int(settings.authors * random.random() ** 3)).split() for _ in range(_PEOPLE)]
    names = [name[number % 2 * -1] for number, name in enumerate(people)]
    day = next(generator.digests())
    titles = [random.choice(day.entries).paper.title for _ in range(_TITLES)]
    return {
        "author names": _beginnings(names, _LETTERS),
        "paper titles": _beginnings(titles, _TITLE_LETTERS),
        "keywords": _beginnings(_WORDS, _LETTERS),
    }


def _beginnings(texts: Sequence[str], lengths: Sequence[int]) -> list[str]:
    return list(dict.fromkeys(text[:length] for text in texts for length in lengths if length <= len(text)))


async def _typed(ground: Ground, made: Made, typed: dict[str, list[str]]) -> dict[str, tuple[list[float], list[float]]]:
    async def of(bot: Bot, command: str, option: str, beginnings: list[str]) -> list[float]:
        return [await complete(bot, command, option, text) for text in beginnings]

    found = {}
    async with both(ground, made, COMMON[:1]) as (paperboy, bare):
        for kind, (command, option) in _KINDS.items():
            if not _offered(paperboy, command, option):
                continue
            beginnings = typed[kind]
            ours = partial(of, paperboy, command, option, beginnings)
            theirs = partial(of, bare, command, option, beginnings)
            # Warm: of the other side one is enough, where each may take seconds.
            await theirs()
            await complete(paperboy, command, option, beginnings[-1])
            rounds = -(-ground.scale.asks // len(beginnings))
            found[kind] = await in_turn(ours, theirs, rounds, ground.scale.seconds / len(_KINDS))
    return found


def _offered(bot: Bot, command: str, option: str) -> bool:
    """Whether a command's option has an autocomplete."""
    name, _, inner = command.partition(" ")
    found = next(one for one in bot.server.commands if one["name"] == name)
    described = next(one for one in found["options"] if one["name"] == inner)
    return any(one["name"] == option and one.get("autocomplete") for one in described["options"])
