"""The bot is told to stop in the middle of a round, and a digest that comes late is posted when it comes."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.conftest import LONG
from tests.wire.discord_server import DiscordServer
from tests.wire.faults import Fault, Step
from tests.wire.paper_round import PaperRound

TODAY = datetime.now(UTC).date()


async def test_stopped_in_the_middle(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(40, 10)
        # Three digests are owed, and one after the other is claimed: few enough are in hand to be finished in time by a
        # machine that stands still for a while, and some are left however late it hears of its end.
        paper_round.execute("UPDATE channels SET last_planned = ?", f"{TODAY - timedelta(days=3)}")
        for days_ago in (2, 1, 0):
            paper_round.lay(TODAY - timedelta(days=days_ago))
        await paper_round.read()
        paper_round.due()
        # It takes its eight seconds then: nobody knows whether two that were begun are there.
        slow = [channel.id for channel in paper_round.channels[5:7]] if LONG else []
        for channel_id, fault in zip(slow, (Fault.SLOW_ANSWER, Fault.SLOW), strict=False):
            server.misbehave(fault, path=f"/channels/{channel_id}/messages", seconds=3600)
        async with paper_round.bot() as process:
            stopped = asyncio.Event()

            def stop(_: object) -> None:
                # At once: a while later all could be sent.
                process.send_signal(signal.SIGTERM)
                stopped.set()

            server.at(Step.ANSWERED, stop, skip=10)
            await asyncio.wait_for(stopped.wait(), 30)
            said = await paper_round.hear()
        assert process.returncode == 0
        assert "Traceback" not in said
        claimed = paper_round.execute("SELECT target_id FROM deliveries WHERE state = 'claimed'")
        assert sorted(int(str(one)) for (one,) in claimed) == slow
        assert set(paper_round.states()) == {"planned", "sent", *(["claimed"] if slow else [])}
        assert paper_round.states()["sent"] == paper_round.made() - (1 if slow else 0)
        # Discord has made one of the two, and never makes the other.
        await paper_round.pass_time(timedelta(minutes=10))
        async with paper_round.bot():
            await paper_round.until_settled()
        assert paper_round.at_the_doors() == paper_round.owed()
        assert not server.over_limits


async def test_a_digest_that_comes_late(tmp_path: Path) -> None:
    """Its posting time was this morning, and it is laid down now."""
    async with DiscordServer() as server:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(3)
        paper_round.due()
        async with paper_round.bot() as process:
            await server.until(lambda: server.identified == 1)
            await paper_round.until_rows("SELECT count(*) FROM channels WHERE late_until IS NOT NULL", rows=[(3,)])
            assert paper_round.made() == 0
            paper_round.lay(TODAY)
            await paper_round.until_settled()
            # Tomorrow's waits for its time.
            assert paper_round.execute("SELECT count(*) FROM channels WHERE late_until IS NULL") == [(3,)]
            await paper_round.end(process)
        assert paper_round.at_the_doors() == paper_round.owed()
