"""A bot that starts, and then has nothing to do: its time to READY, and its memory."""

from __future__ import annotations

import asyncio
import statistics
from pathlib import Path

from tests.bench.generator import Settings
from tests.bench.ground import Ground
from tests.bench.importing import laid
from tests.bench.process import Bot, bare, paperboy
from tests.bench.results import Row, ratio
from tests.bench.sides import discord_without_limits

_NOTE = [{"type": 17, "components": [{"type": 10, "content": "…"}]}]
_LOOK = 0.5
_STEADY = 6
"""Memory has settled when it was the same, to a two-hundredth, for so many looks."""


def measure_memory(ground: Ground) -> Row:
    made = ground.made(ground.scale.papers)
    folder = ground.folder("laid")
    laid(Settings.of(ground.scale.papers), folder)
    with_files, without, theirs = asyncio.run(_memory(ground, made.url, folder))
    bars = (ratio("resident", with_files, theirs, "MB", 1.6),)
    note = (
        f"VmRSS of an idle bot with {ground.scale.papers:,} papers, whose digests are in its folder and were read once "
        "at the start; against the bare bot"
    )
    return Row("memory", bars, note, {"MB with an empty folder": round(without, 1)})


async def _memory(ground: Ground, url: str, digests: Path) -> tuple[float, float, float]:
    async with discord_without_limits() as server, discord_without_limits() as another:
        server.add_guild()
        another.add_guild()
        theirs = bare(another, ground.folder("bare"), _NOTE)
        found = []
        async with theirs.running():
            for folder in (digests, None):
                ours = await paperboy(server, ground.folder("paperboy"), url, folder)
                async with ours.running():
                    found.append(await _settled(ours, ground.scale.settle))
            return found[0], found[1], await _settled(theirs, ground.scale.settle)


async def _settled(bot: Bot, seconds: float) -> float:
    """Megabytes, when they do not change any more, or after so many seconds."""
    seen = [bot.resident_bytes()]
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        await asyncio.sleep(_LOOK)
        seen.append(bot.resident_bytes())
        last = seen[-_STEADY:]
        # The first seconds are those of the start.
        if len(seen) > 2 * _STEADY and max(last) - min(last) < max(last) / 200:
            break
    return seen[-1] / 1e6


def measure_start(ground: Ground) -> Row:
    made = ground.made(ground.scale.papers)
    folder = ground.folder("laid")
    laid(Settings.of(ground.scale.papers), folder)
    ours, theirs = asyncio.run(_starts(ground, made.url, folder))
    bars = (ratio("median", statistics.median(ours), statistics.median(theirs), "s", 1.5),)
    note = (
        f"process start to READY sent, {ground.scale.papers:,} papers held and their digests in the folder, commands "
        "given before; against the bare bot, which gives none"
    )
    figures: dict[str, float | str] = {
        "starts a side": len(ours),
        "slowest s": f"{max(ours):.2f} against {max(theirs):.2f}",
    }
    return Row("start", bars, note, figures)


async def _starts(ground: Ground, url: str, digests: Path) -> tuple[list[float], list[float]]:
    ours: list[float] = []
    theirs: list[float] = []
    async with discord_without_limits() as server, discord_without_limits() as another:
        server.add_guild()
        another.add_guild()
        sides = (
            (await paperboy(server, ground.folder("paperboy"), url, digests), ours),
            (bare(another, ground.folder("bare"), _NOTE, sync=False), theirs),
        )
        for _ in range(ground.scale.starts + 1):
            for bot, times in sides:
                times.append(await bot.start())
                await bot.stop()
    # At the first start modules may be compiled, and commands are given.
    return ours[1:], theirs[1:]
