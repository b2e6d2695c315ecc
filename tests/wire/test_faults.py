"""Discord fails in every way it can, at every step of a delivery: one copy at each door all the same."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.wire.discord_server import DiscordServer
from tests.wire.faults import Fault, Misbehaviour
from tests.wire.paper_round import PaperRound
from tests.wire.places import Channel

pytestmark = pytest.mark.long

TODAY = datetime.now(UTC).date()
OPENING = "/users/@me/channels"
LATER = (Fault.LATE, Fault.SLOW)
"""Discord makes the message though who asked for it has died."""
# discord.py itself tries again after a 500, at the most five times, and not after a 503.
TRIES = [(fault, times, status) for fault in Fault for times, status in ([(1, 500), (3, 503)] if LONG else [(2, 503)])]
TRIES += [(Fault.ERROR, 6, 500), (Fault.ERROR_AFTER, 6, 500)] if LONG else []


async def begun(server: DiscordServer, folder: Path, channels: int, people: int, *, opened: bool = True) -> PaperRound:
    """A round whose digest is there and due."""
    paper_round = PaperRound(server, folder)
    await paper_round.begin(channels, people, opened=opened)
    paper_round.lay(TODAY)
    paper_round.due()
    return paper_round


def doors(paper_round: PaperRound) -> list[Channel]:
    """Where the messages go: the channels, then the people's direct conversations."""
    return [*paper_round.channels, *(paper_round.server.dm(person) for person in paper_round.people)]


def messages(place: Channel) -> str:
    return f"/channels/{place.id}/messages"


async def settled(paper_round: PaperRound, seconds: float = 60) -> None:
    """The bot runs until all is sent; every door has one copy."""
    async with paper_round.bot(), paper_round.no_pauses():
        await paper_round.until_settled(seconds)
    assert paper_round.at_the_doors() == paper_round.owed()
    assert not paper_round.server.unknown


async def test_messages_that_fail(tmp_path: Path) -> None:
    """Each fault at a channel and at a person, several times in a row."""
    async with DiscordServer() as server:
        paper_round = await begun(server, tmp_path, len(TRIES), len(TRIES))
        asked = [
            server.misbehave(fault, path=messages(place), times=times, status=status, seconds=0.3)
            for (fault, times, status), place in zip(TRIES * 2, doors(paper_round), strict=True)
        ]
        await settled(paper_round)
        # The nonce has given the first message again: what is made once is not made again.
        assert all(one.fired for one in asked)


@pytest.mark.timeout(300)
async def test_direct_messages_that_cannot_be_opened(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        paper_round = await begun(server, tmp_path, 0, len(TRIES), opened=False)
        asked = [
            server.misbehave(fault, path=OPENING, times=times, status=status, seconds=0.1)
            for fault, times, status in TRIES
        ]
        # discord.py opens them one after another, and tries each again for up to 16 seconds.
        await settled(paper_round, 240)
        assert [one.fired for one in asked] == [times for _, times, _ in TRIES]


@pytest.mark.parametrize("forgotten", [False, True])
async def test_killed_after_the_faults(tmp_path: Path, forgotten: bool) -> None:
    """The bot is killed when each fault has come to a channel and a person; the next one finds the nonces remembered or
    forgotten."""
    async with DiscordServer() as server:
        paper_round = await begun(server, tmp_path, len(Fault), len(Fault))
        asked = [
            server.misbehave(fault, path=messages(place), seconds=0.5)
            for fault, place in zip([*Fault, *Fault], doors(paper_round), strict=True)
        ]
        await killed(paper_round, asked)
        if forgotten:
            await late_ones(paper_round)
            await paper_round.pass_time(timedelta(minutes=10))
        await settled(paper_round)


@pytest.mark.parametrize("forgotten", [False, True] if LONG else [True])
@pytest.mark.parametrize("fault", [*Fault] if LONG else [Fault.LOST_ANSWER])
async def test_killed_at_a_fault(tmp_path: Path, fault: Fault, forgotten: bool) -> None:
    """At once, before the bot can write anything down."""
    async with DiscordServer() as server:
        paper_round = await begun(server, tmp_path, 1, 1)
        asked = [server.misbehave(fault, path=messages(place)) for place in doors(paper_round)]
        await killed(paper_round, asked)
        if forgotten:
            if fault in LATER:
                await late_ones(paper_round, 2)
            await paper_round.pass_time(timedelta(minutes=10))
        await settled(paper_round)


@pytest.mark.skipif(not LONG, reason="the others have most of it")
async def test_killed_while_direct_messages_are_opened(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        paper_round = await begun(server, tmp_path, 0, len(TRIES), opened=False)
        asked = [server.misbehave(fault, path=OPENING) for fault in Fault]
        await killed(paper_round, asked[:4])
        await settled(paper_round)
        assert all(one.fired for one in asked)


@pytest.mark.skipif(not LONG, reason="most of it is waiting between tries")
@pytest.mark.parametrize("times", [1, 3])
async def test_a_history_that_fails(tmp_path: Path, times: int) -> None:
    """What was begun is looked for. Each fault meets the look, where the message is there and where it is not."""
    async with DiscordServer() as server:
        paper_round = await begun(server, tmp_path, 2 * len(Fault), 2 * len(Fault))
        places = doors(paper_round)
        lost = [
            # However often it is tried before it is killed.
            server.misbehave(Fault.LOST_ANSWER if number % 2 else Fault.DROPPED, path=messages(place), times=100)
            for number, place in enumerate(places)
        ]
        await killed(paper_round, lost)
        await paper_round.pass_time(timedelta(minutes=10))
        for one in lost:
            one.times = 0
        looked = [
            server.misbehave(fault, method="GET", path=messages(place), times=times, seconds=0.3)
            for fault, place in zip([each for each in Fault for _ in range(2)] * 2, places, strict=True)
        ]
        await settled(paper_round)
        assert all(one.fired for one in looked)


async def test_what_concerns_all_fails_in_the_middle(tmp_path: Path) -> None:
    """The gateway breaks off, asks for a new connection and for a new session; and all routes are limited."""
    async with DiscordServer() as server:
        paper_round = await begun(server, tmp_path, 180, 0)
        gateway = server.gateway
        # Not when the test gets to it: all may be posted by then.
        limited = server.misbehave(Fault.GLOBAL_LIMIT, seconds=2, skip=100)
        async with paper_round.bot():
            await server.until(lambda: paper_round.made() >= 10)
            # Only a session that it knows of can be resumed.
            await paper_round.until_said("has connected to Gateway")
            gateway.drop()
            await server.until(lambda: gateway.resumed == 1)
            await server.until(lambda: paper_round.made() >= 40)
            await gateway.reconnect()
            await server.until(lambda: gateway.resumed == 2)
            await server.until(lambda: paper_round.made() >= 70)
            await gateway.invalidate(resumable=False)
            await paper_round.until_settled()
            await server.until(lambda: gateway.identified == 2)
            assert limited.fired
        assert paper_round.at_the_doors() == paper_round.owed()
        assert not server.over_limits


async def killed(paper_round: PaperRound, asked: list[Misbehaviour]) -> None:
    """The bot runs until each of these faults has come, and is killed at once."""
    async with paper_round.bot() as process:
        await paper_round.server.until(lambda: all(one.fired for one in asked))
        await paper_round.end(process, signal.SIGKILL)


async def late_ones(paper_round: PaperRound, number: int | None = None) -> None:
    """Waits for the messages that Discord makes though nobody waits for them any more."""
    server = paper_round.server
    if number is None:
        late = [place for fault, place in zip([*Fault, *Fault], doors(paper_round), strict=True) if fault in LATER]
        await server.until(lambda: all(place.messages for place in late))
    else:
        await server.until(lambda: paper_round.made() >= number)
