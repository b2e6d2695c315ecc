"""A disk or a database that fails: one clear sentence, or the bot goes on by itself; nothing is lost or sent twice."""

from __future__ import annotations

import asyncio
import resource
import signal
import sys
from copy import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.wire.discord_server import DiscordServer
from tests.wire.faults import Step
from tests.wire.paper_round import PaperRound
from tests.wire.test_locked_ledger import SECONDS, locked

pytestmark = pytest.mark.long

TODAY = datetime.now(UTC).date()
NO_LIMIT = resource.getrlimit(resource.RLIMIT_FSIZE)


async def begun(server: DiscordServer, folder: Path, channels: int) -> PaperRound:
    paper_round = PaperRound(server, folder)
    await paper_round.begin(channels)
    paper_round.lay(TODAY)
    paper_round.due()
    return paper_round


async def sentence(paper_round: PaperRound, words: str, seconds: float = 60) -> None:
    """The bot starts, says this in one line and ends."""
    async with paper_round.bot() as process:
        await asyncio.wait_for(process.wait(), seconds)
    said = paper_round.said
    assert process.returncode == 2, said
    assert words in said
    assert "Traceback" not in said
    assert sum("✗" in line for line in said.splitlines()) == 1


async def settled(paper_round: PaperRound) -> None:
    async with paper_round.bot():
        await paper_round.until_settled()
    whole(paper_round)


def whole(paper_round: PaperRound) -> None:
    assert paper_round.at_the_doors() == paper_round.owed()
    assert paper_round.execute("PRAGMA integrity_check") == [("ok",)]
    assert paper_round.execute("PRAGMA foreign_key_check") == []


async def test_no_database(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        paper_round = PaperRound(server, tmp_path)
        paper_round.path.write_bytes(b"Dear diary, today I was taken for a database.\n" * 200)
        kept = paper_round.path.read_bytes()
        await sentence(paper_round, "is no database")
        assert paper_round.path.read_bytes() == kept


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are Linux's")
async def test_a_disk_that_is_full_for_a_while(tmp_path: Path) -> None:
    """In the middle of a round; the bot goes on when there is room, and is killed while there is none."""
    async with DiscordServer() as server:
        # A hundred are in hand at most, and no more are claimed while there is no room.
        paper_round = await begun(server, tmp_path, 118)
        async with paper_round.bot() as process:
            server.at(Step.ANSWERED, lambda _: fill(process), skip=10)
            server.at(Step.MADE, lambda _: fill(process), skip=115)
            await paper_round.until_said("The disk refuses")
            server.forget_nonces()
            fill(process, NO_LIMIT[0])
            await server.until(lambda: paper_round.made() > 115)
            assert paper_round.states()["claimed"] > 0
            said = await paper_round.end(process, signal.SIGKILL)
        assert "Traceback" not in said
        await paper_round.pass_time(timedelta(minutes=10))
        await settled(paper_round)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are Linux's")
async def test_a_disk_that_is_full_at_the_start(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        paper_round = await begun(server, tmp_path, 2)
        async with paper_round.bot() as process:
            fill(process)
            await asyncio.wait_for(process.wait(), 60)
        assert process.returncode == 2
        assert "The disk refuses" in paper_round.said
        assert "Traceback" not in paper_round.said
        await settled(paper_round)


@pytest.mark.skipif(not LONG, reason="it is the other program's time that passes")
async def test_a_database_that_is_locked_at_the_start(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        paper_round = await begun(server, tmp_path, 2)
        with locked(paper_round.path):
            end = asyncio.get_running_loop().time() + SECONDS
            while asyncio.get_running_loop().time() < end:
                await sentence(paper_round, "is held by another program")
        await settled(paper_round)


@pytest.mark.skipif(not LONG, reason="it is the other program's time that passes")
async def test_a_new_database_that_is_locked_at_the_start(tmp_path: Path) -> None:
    """Before it has any table."""
    async with DiscordServer() as server:
        paper_round = PaperRound(server, tmp_path)
        with locked(paper_round.path):
            await sentence(paper_round, "is held by another program")
        await paper_round.begin(2)
        paper_round.lay(TODAY)
        paper_round.due()
        await settled(paper_round)


async def test_another_bot_on_the_same_database(tmp_path: Path) -> None:
    """It waits for the first to end, and goes on then; a third one does not wait for ever."""
    async with DiscordServer() as server:
        paper_round = await begun(server, tmp_path, 2)
        second = copy(paper_round)
        async with paper_round.bot() as first:
            await paper_round.until_settled()
            await server.until(lambda: server.identified == 1)
            if LONG:
                await sentence(second, "Another Paperboy runs on the database")
            async with second.bot() as next_one:
                await second.until_said("logging in")
                await paper_round.end(first)
                assert first.returncode == 0
                await server.until(lambda: server.identified == 2)
                await second.end(next_one)
                assert next_one.returncode == 0
        whole(paper_round)


def fill(process: asyncio.subprocess.Process, room: int = 0) -> None:
    """The process can write no file beyond so many bytes."""
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (room, NO_LIMIT[1]))
