"""The bot is killed at any moment of a round, again and again: each door has each message exactly once."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.wire.discord_server import DiscordServer
from tests.wire.faults import Happening, Step
from tests.wire.paper_round import PaperRound
from tests.wire.serving import Request

pytestmark = pytest.mark.long

KILLS = 200 if LONG else 6
SEED = int(os.environ.get("PAPERBOY_SEED", "20261122"))


@pytest.mark.timeout(1200)
async def test_kills_at_any_moment(tmp_path: Path) -> None:
    print(f"seed {SEED} (PAPERBOY_SEED), {KILLS} kills")
    random_ = random.Random(SEED)
    today = datetime.now(UTC).date()
    async with DiscordServer() as server:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(50, 50)
        kills = late = 0
        while kills < KILLS:
            if paper_round.at_the_doors() == paper_round.owed():
                paper_round.lay(today - timedelta(days=90 - len(paper_round.days)))
                paper_round.due()
            if random_.random() < 0.3:
                # Longer than Discord remembers a nonce: what is there must be looked for.
                await paper_round.pass_time(timedelta(minutes=10))
                late += 1
            async with paper_round.bot(PAPERBOY_SUBSCRIPTIONS__ALERT_DAYS="100") as process:
                await killed(process, server, random_)
            kills += 1
        async with paper_round.bot(PAPERBOY_SUBSCRIPTIONS__ALERT_DAYS="100") as process:
            await paper_round.until_settled(120)
            await paper_round.end(process)
        assert paper_round.at_the_doors() == paper_round.owed()
        assert not server.unknown
        # A bot that has just started cannot know how often those killed before it wrote to a channel: none may be over
        # the limit of all routes together, nor over that of a channel by itself.
        assert not [one for one in server.over_limits if one.over == "global" or by_itself(paper_round, one)]
        assert not server.faults_of_bodies()
        made, asked = paper_round.made(), len(server.requests)
        print(f"at most {server.peak()} requests in a second; the judge stood still {len(server.stalls)} times;")
        print(f"{kills} kills survived, {late} of them after the nonces were forgotten;")
        print(f"{len(paper_round.days)} digests, {made} messages, each once; {asked} requests")


def by_itself(paper_round: PaperRound, over: Request) -> bool:
    """Whether the bot that made a request over the limit of its channel has used that up alone: 5 in 5 seconds."""
    since = max(over.time - 5, *(start for start in paper_round.starts if start <= over.time))
    same = (one for one in paper_round.server.requests if (one.method, one.path) == (over.method, over.path))
    return sum(since <= one.time <= over.time for one in same) > 5


async def killed(process: asyncio.subprocess.Process, server: DiscordServer, random_: random.Random) -> None:
    """Kills the bot at a random moment after its start, or around a message."""
    reached = asyncio.Event()
    wait = 0.0
    if random_.random() < 0.2:
        wait = random_.uniform(0.2, 2)
        reached.set()
    else:
        step = random_.choice(list(Step))
        skip, wait = random_.randrange(0, 12), random_.choice([0, 0, random_.uniform(0, 0.03)])

        def kill(_: Happening) -> None:
            if not wait and process.returncode is None:
                process.send_signal(signal.SIGKILL)
            reached.set()

        server.at(step, kill, skip=skip)
    ended = asyncio.create_task(process.wait())
    arrived = asyncio.create_task(reached.wait())
    await asyncio.wait((ended, arrived), timeout=4, return_when=asyncio.FIRST_COMPLETED)
    arrived.cancel()
    if process.returncode is None:
        # The moment itself is what is drawn.
        await asyncio.sleep(wait)
        process.send_signal(signal.SIGKILL)
    await ended
