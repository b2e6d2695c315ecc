"""The ledger cannot be written for a while, between sending and confirming: nothing is lost, and nothing sent twice."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.wire.discord_server import DiscordServer
from tests.wire.faults import Fault, Step
from tests.wire.paper_round import PaperRound

pytestmark = pytest.mark.long

TODAY = datetime.now(UTC).date()
SECONDS = 30
"""Longer than the bot waits for the database."""


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else may write."""
    with contextlib.closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


@pytest.mark.skipif(not LONG, reason="being locked for long takes long")
async def test_locked_before_it_is_confirmed(tmp_path: Path) -> None:
    async with DiscordServer() as server, paper_round_of(server, tmp_path) as paper_round:
        held = contextlib.ExitStack()
        server.at(Step.MADE, lambda _: held.enter_context(locked(paper_round.path)) and None, skip=8)
        async with paper_round.bot() as process, asyncio.timeout(SECONDS + 60):
            with held:
                await server.until(lambda: paper_round.made() >= 9)
                since = asyncio.get_running_loop().time()
                await paper_round.until_said("is held by another program")
                # Not even the nonce keeps the bot from sending again what it has in hand.
                server.forget_nonces()
                # Being locked for so long is what is tried.
                await asyncio.sleep(max(0, since + SECONDS - asyncio.get_running_loop().time()))
            await paper_round.until_settled()
            said = await paper_round.end(process)
        assert "Traceback" not in said
        assert paper_round.at_the_doors() == paper_round.owed()


async def test_killed_while_it_is_locked(tmp_path: Path) -> None:
    """The next one, if it finds it locked as well, ends with a sentence; the one after goes on."""
    async with DiscordServer() as server, paper_round_of(server, tmp_path) as paper_round:
        with contextlib.ExitStack() as held:
            # Before it is answered: this one cannot be written down any more.
            server.at(Step.MADE, lambda _: held.enter_context(locked(paper_round.path)) and None, skip=8)
            async with paper_round.bot() as process:
                await server.until(lambda: paper_round.made() >= 9)
                assert paper_round.states()["claimed"] > 0
                await paper_round.end(process, signal.SIGKILL)
            if LONG:
                async with paper_round.bot() as process:
                    await asyncio.wait_for(process.wait(), 60)
                assert process.returncode == 2
                assert "is held by another program" in paper_round.said
                assert "Traceback" not in paper_round.said
        # Its claims are taken over at once: their ten minutes are not waited for.
        async with paper_round.bot():
            await paper_round.until_settled()
        assert paper_round.at_the_doors() == paper_round.owed()


async def test_what_is_in_hand_is_not_begun_again(tmp_path: Path) -> None:
    """Its claim has run out, and Discord, slow to answer, remembers no nonce."""
    async with DiscordServer(nonce_seconds=0) as server, paper_round_of(server, tmp_path) as paper_round:
        server.misbehave(Fault.SLOW_ANSWER, times=6, seconds=3)
        async with paper_round.bot(), paper_round.no_pauses():
            await paper_round.until_settled()
        assert paper_round.at_the_doors() == paper_round.owed()


@contextlib.asynccontextmanager
async def paper_round_of(server: DiscordServer, folder: Path) -> AsyncIterator[PaperRound]:
    paper_round = PaperRound(server, folder)
    await paper_round.begin(30, 10)
    paper_round.lay(TODAY)
    paper_round.due()
    yield paper_round
