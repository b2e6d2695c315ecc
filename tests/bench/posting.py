"""The processor time of daily posts, against a bare loop of ``channel.send`` of the same message."""

from __future__ import annotations

import asyncio
import statistics
from datetime import UTC, datetime
from typing import Any

from storage.models import Digest
from tests.bench.generator import Generator, Settings, markdown
from tests.bench.ground import Ground
from tests.bench.process import bare, processor_seconds
from tests.bench.results import Row, ratio
from tests.bench.rounds import no_garbage
from tests.bench.sides import discord_without_limits
from tests.wire.discord_server import DiscordServer
from tests.wire.paper_round import PaperRound
from tests.wire.settings import folder_of_digests

_PAPERS = 68
_ROUNDS = 4
"""At most: each has a bot of its own, with the posts of its first moments."""
_TOP = 5
"""Papers in a post, as a channel gets them that was set up without saying how many."""
_PER_SECOND = 45
"""The most that the settings allow."""
_SETTINGS = {
    "PAPERBOY_POSTING__REQUESTS_PER_SECOND": str(_PER_SECOND),
    # As often as usual, or nearly: what a post costs is measured, not what looking around does.
    "PAPERBOY_POSTING__TICK_SECONDS": "2",
    "PAPERBOY_SOURCES": folder_of_digests(60),
}


def measure(ground: Ground) -> Row:
    rounds = min(_ROUNDS, ground.scale.rounds)
    channels = max(2, ground.scale.posts // rounds)
    today = Generator(Settings.of(1_000)).digest(datetime.now(UTC).date(), _PAPERS)
    ours, theirs = asyncio.run(_posted(ground, today, channels, rounds))
    bar = ratio("median", 1000 * statistics.median(ours), 1000 * statistics.median(theirs), "ms a post", 1.3)
    note = (
        f"processor time of the process from the first to the last of {channels * rounds:,} daily posts, {rounds} "
        f"rounds of {channels:,}, at {_PER_SECOND} a second, with planning, ledger and waiting; against a bare loop of "
        "channel.send of the same message, as fast as it goes"
    )
    return Row("posts", (bar,), note, {"posts a side": channels * rounds})


async def _posted(ground: Ground, today: Digest, channels: int, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of the processor a post, of each round."""
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds):
        with no_garbage():
            took, components = await _paperboy(ground, today, channels)
            ours.append(took)
            theirs.append(await _bare(ground, components, channels))
    return ours, theirs


async def _paperboy(ground: Ground, today: Digest, channels: int) -> tuple[float, list[dict[str, Any]]]:
    async with discord_without_limits() as server:
        paper_round = PaperRound(server, ground.folder("posts"))
        await paper_round.begin(channels)
        paper_round.execute("UPDATE channels SET top = ?", _TOP)
        (paper_round.folder / "digests" / "today.md").write_text(markdown(today), "utf-8")
        paper_round.days.append(today.date)
        async with paper_round.bot(**_SETTINGS) as process:
            await paper_round.until_said("entries changed")
            paper_round.due()
            await server.until(lambda: paper_round.made() > 0)
            first = processor_seconds(process.pid)
            await paper_round.until_settled(60 + channels / 10)
            took = processor_seconds(process.pid) - first
            await paper_round.end(process)
        assert paper_round.at_the_doors() == paper_round.owed()
        return took / (channels - 1), _message(server)


async def _bare(ground: Ground, components: list[dict[str, Any]], channels: int) -> float:
    async with discord_without_limits() as server:
        for number in range(-(-channels // 250)):
            server.add_guild(channels=min(250, channels - number * 250))
        bot = bare(server, ground.folder("bare"), components)
        async with bot.running():
            await server.slash("papers post")
            await server.until(lambda: _made(server) > 0)
            first = bot.processor_seconds()
            await server.until(lambda: _made(server) >= channels, 60 + channels / 10)
            return (bot.processor_seconds() - first) / (channels - 1)


def _made(server: DiscordServer) -> int:
    return sum(len(channel.messages) for channel in server.channels.values())


def _message(server: DiscordServer) -> list[dict[str, Any]]:
    found = next(channel.messages[0] for channel in server.channels.values() if channel.messages)
    return found.payload["components"]  # type: ignore[no-any-return]
