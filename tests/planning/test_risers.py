"""What a daily post tells of: a paper that has risen after its own day was posted."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count

import pytest

from bot.composing import Composer, Message
from storage import channels, outcomes, sources
from storage.database import Database
from storage.models import DeliveryState, SourceState
from storage.outcomes import Outcome
from tests.planning.support import at, set_up
from tests.rendering.payload import texts
from tests.storage import ledger
from tests.storage.support import MONDAY, SOURCE, digest, paper, store

NEXT = timedelta(days=1)
_numbers = count(1)


@pytest.fixture(autouse=True)
async def source(database: Database) -> None:
    async with database.write() as connection:
        await sources.keep(connection, [SourceState(SOURCE, "en", "")])
    await set_up(database, 1, at("2024-01-01 00:00"), top=2, min_votes=0, language="en")


def votes(database: Database, day: date, hour: int, *numbers: int) -> None:
    """A poll finds the votes of a day's papers, so many hours after its beginning."""
    now = at(str(day)) + timedelta(hours=hour)
    found = ((paper(f"{day:%y%m}.{day:%d}{place:03}", f"{day:%A} {place}"), n) for place, n in enumerate(numbers, 1))
    with database.write_here() as connection:
        sources.take(connection, SOURCE, day, [digest(day, *found)], [], now, grows_for=None)


async def post(database: Database, day: date, hour: int = 24, channel_id: int = 1) -> str:
    """Posts a day to a channel so many hours after its beginning; what its last text says."""
    now = at(str(day)) + timedelta(hours=hour)
    await ledger.plan(database, ledger.post(channel_id, day), now=now)
    delivery = await ledger.claim_one(database, now)
    message = (await Composer(database).compose([delivery]))[delivery.id]
    assert isinstance(message, Message)
    sent = Outcome(delivery, DeliveryState.SENT, channel_id=channel_id, message_id=next(_numbers), shown=message.shown)
    await database.change(outcomes.write, [sent], now)
    return texts(message.view)[-1]


async def test_it_is_told_once(database: Database) -> None:
    votes(database, MONDAY, 1, 30, 20, 3)
    assert "Risen" not in await post(database, MONDAY)
    votes(database, MONDAY, 30, 31, 21, 40)
    votes(database, MONDAY + NEXT, 1, 5)
    assert await post(database, MONDAY + NEXT) == (
        "-# Risen since its day · [Monday 3](https://arxiv.org/abs/2401.01003) · ▲ 3 → 40 · 1 Jan"
    )
    votes(database, MONDAY + 2 * NEXT, 1, 5)
    assert "Risen" not in await post(database, MONDAY + 2 * NEXT)


async def test_the_highest_is_told_first_and_the_other_next(database: Database) -> None:
    votes(database, MONDAY, 1, 2, 1, 0, 0)
    await post(database, MONDAY)
    votes(database, MONDAY, 30, 2, 1, 40, 50)
    for day, title in ((MONDAY + NEXT, "Monday 4"), (MONDAY + 2 * NEXT, "Monday 3")):
        votes(database, day, 1, 5)
        assert title in await post(database, day)


@pytest.mark.parametrize(("monday", "tuesday", "told"), [(40, 50, "Tuesday 3"), (50, 40, "Monday 3")])
async def test_the_highest_of_several_days(database: Database, monday: int, tuesday: int, told: str) -> None:
    for day in (MONDAY, MONDAY + NEXT):
        votes(database, day, 1, 20, 10, 3)
        await post(database, day)
    votes(database, MONDAY, 50, 20, 10, monday)
    votes(database, MONDAY + NEXT, 26, 20, 10, tuesday)
    votes(database, MONDAY + 2 * NEXT, 1, 5)
    assert told in await post(database, MONDAY + 2 * NEXT)


async def test_what_came_after_the_post_had_no_votes(database: Database) -> None:
    votes(database, MONDAY, 1, 2, 1)
    await post(database, MONDAY)
    votes(database, MONDAY, 30, 2, 1, 9)
    votes(database, MONDAY + NEXT, 1, 5)
    assert "· ▲ 9 ·" in await post(database, MONDAY + NEXT)


@pytest.mark.parametrize(
    ("then", "now", "least"),
    [
        # It stood next to the last one, and has little more now.
        ((30, 20, 20), (30, 20, 22), 0),
        # It has risen, but not into the post.
        ((30, 20, 3), (30, 20, 15), 0),
        # Not enough for this channel.
        ((30, 2, 1), (30, 2, 15), 20),
    ],
)
async def test_it_has_not_risen(database: Database, then: tuple[int, ...], now: tuple[int, ...], least: int) -> None:
    async with database.write() as connection:
        (channel,) = (await channels.get_all(connection, [1])).values()
        await channels.keep(connection, ledger.replace(channel, min_votes=least))
    votes(database, MONDAY, 1, *then)
    await post(database, MONDAY)
    votes(database, MONDAY, 30, *now)
    votes(database, MONDAY + NEXT, 1, 25)
    assert "Risen" not in await post(database, MONDAY + NEXT)


@pytest.mark.parametrize(("days", "told"), [(4, True), (5, False)])
async def test_after_a_weekend(database: Database, days: int, told: bool) -> None:
    votes(database, MONDAY, 1, 2, 1, 0)
    await post(database, MONDAY)
    votes(database, MONDAY, 30, 2, 1, 50)
    later = MONDAY + days * NEXT
    votes(database, later, 1, 5)
    assert ("Risen" in await post(database, later)) is told


async def test_it_is_in_the_new_post(database: Database) -> None:
    votes(database, MONDAY, 1, 2, 1, 0)
    await post(database, MONDAY)
    votes(database, MONDAY, 30, 2, 1, 50)
    store(database, digest(MONDAY + NEXT, (paper("2401.01003", "Monday 3"), 50)))
    assert "Risen" not in await post(database, MONDAY + NEXT)


async def test_other_channels_have_their_own(database: Database) -> None:
    """Each tells of what was not in its own post."""
    await set_up(database, 2, at("2024-01-01 00:00"), top=3, min_votes=0, language="ko")
    votes(database, MONDAY, 1, 3, 2, 1, 0)
    await post(database, MONDAY)
    await post(database, MONDAY, channel_id=2)
    votes(database, MONDAY, 30, 3, 2, 40, 30)
    votes(database, MONDAY + NEXT, 1, 5)
    later = at(str(MONDAY + 2 * NEXT))
    await ledger.plan(database, *(ledger.post(number, MONDAY + NEXT) for number in (1, 2)), now=later)
    both = await ledger.claim(database, later)
    composed = await Composer(database).compose(both)
    assert [texts(composed[one.id].view)[-1].split("]")[0] for one in both] == [  # type: ignore[union-attr]
        "-# Risen since its day · [Monday 3",
        "-# 그날 이후 추천이 늘어난 논문 · [Monday 4",
    ]


async def test_a_day_that_is_posted_late_tells_of_no_later_one(database: Database) -> None:
    votes(database, MONDAY, 1, 5)
    votes(database, MONDAY + NEXT, 1, 2, 1, 0)
    await post(database, MONDAY + NEXT)
    votes(database, MONDAY + NEXT, 30, 2, 1, 50)
    assert "Risen" not in await post(database, MONDAY, 60)
