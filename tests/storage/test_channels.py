"""Channels with a daily post."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, timezone

import pytest

from storage import channels
from storage.database import Database
from tests.storage.ledger import BIG, HOUR, MINUTE, NOW, channel
from tests.storage.support import MONDAY, TUESDAY, WEDNESDAY

SEOUL = timezone(timedelta(hours=9))


async def due(database: Database, now: datetime, newest: object = None, limit: int | None = None) -> list[int]:
    async with database.read() as connection:
        return [one.channel_id for one in await channels.due(connection, now, newest, limit)]  # type: ignore[arg-type]


async def test_a_channel_is_kept_as_it_is(database: Database) -> None:
    kept = channel(BIG, BIG - 1, datetime(2024, 6, 21, 9, 5, tzinfo=SEOUL), late_until=NOW.astimezone(SEOUL))
    async with database.write() as connection:
        await channels.keep(connection, kept)
        await channels.keep(connection, channel(2, 5))
    async with database.read() as connection:
        assert await channels.of_guild(connection, BIG - 1) == [kept]
        (found,) = await channels.of_guild(connection, BIG - 1)
        assert await channels.get(connection, BIG) == found
        assert await channels.get(connection, 7) is None
        assert await channels.get_all(connection, [BIG, 2, 7]) == {BIG: found, 2: channel(2, 5)}
        assert await channels.get_all(connection, []) == {}
        assert await channels.of_guild(connection, 6) == []
    assert found.next_post_at.tzinfo is UTC
    assert found.next_post_at == NOW + timedelta(minutes=5)
    assert found.late_until is not None
    assert found.late_until.tzinfo is UTC


async def test_changing_a_channel_does_not_forget_what_it_was_last_owed(database: Database) -> None:
    posted = channel(1, last_planned=MONDAY, last_post_at=NOW - HOUR, late_until=NOW + HOUR)
    changed = channel(1, 7, NOW, top=3, language="en", wall_time=time(23, 59), paused=True)
    async with database.write() as connection:
        await channels.keep(connection, channel(1))
        await channels.keep(connection, channel(2))
        await channels.set_posts(connection, [posted])
        assert await channels.get(connection, 1) == posted
        await channels.keep(connection, changed)
    async with database.read() as connection:
        assert await channels.of_guild(connection, 1) == [channel(2)]
        (found,) = await channels.of_guild(connection, 7)
    assert found == replace(changed, last_planned=MONDAY, last_post_at=NOW - HOUR)


async def test_a_posting_time_changes_nothing_of_how_a_channel_is_set_up(database: Database) -> None:
    other = channel(1, 9, NOW + HOUR, top=1, min_votes=0, language="en", timezone="UTC", last_planned=TUESDAY)
    async with database.write() as connection:
        for number in (1, 2, 3):
            await channels.keep(connection, channel(number))
        await channels.set_posts(connection, [])
        await channels.set_posts(connection, [other, channel(2, 1, NOW + 2 * HOUR, last_post_at=NOW)])
        assert await channels.of_guild(connection, 1) == [
            channel(1, 1, NOW + HOUR, last_planned=TUESDAY),
            channel(2, 1, NOW + 2 * HOUR, last_post_at=NOW),
            channel(3),
        ]


async def test_due_channels_are_the_longest_waiting_first(database: Database) -> None:
    async with database.write() as connection:
        for number, minutes in ((1, 0), (2, -5), (3, 1), (4, -5), (5, -90)):
            await channels.keep(connection, channel(number, at=NOW + timedelta(minutes=minutes)))
        await channels.set_paused(connection, 5, True, NOW - timedelta(minutes=90))
    assert await due(database, NOW) == [2, 4, 1]
    assert await due(database, NOW, MONDAY, 2) == [2, 4]
    assert await due(database, (NOW + MINUTE).astimezone(SEOUL)) == [2, 4, 1, 3]
    assert await due(database, NOW - 6 * MINUTE) == []
    async with database.write() as connection:
        await channels.set_posts(connection, [channel(2, at=(NOW + timedelta(days=1)).astimezone(SEOUL))])
        await channels.set_paused(connection, 5, False, NOW)
    assert await due(database, NOW) == [4, 1, 5]
    async with database.write() as connection:
        assert await channels.count(connection) == 5
        assert await channels.remove(connection, 4) is True
        assert await channels.remove(connection, 4) is False
        assert await channels.count(connection) == 4
    assert await due(database, NOW) == [1, 5]


async def test_a_channel_whose_digest_is_late_is_due_until_the_day_ends(database: Database) -> None:
    late = channel(1, at=NOW + 20 * HOUR, late_until=NOW + HOUR)
    async with database.write() as connection:
        await channels.keep(connection, late)
        await channels.keep(connection, replace(late, channel_id=2))
        await channels.set_posts(connection, [replace(late, channel_id=2, last_planned=TUESDAY)])
    assert await due(database, NOW) == []
    assert await due(database, NOW, MONDAY) == [1]
    assert await due(database, NOW, TUESDAY) == [1]
    assert await due(database, NOW, WEDNESDAY) == [1, 2]
    assert await due(database, NOW + HOUR - MINUTE, WEDNESDAY) == [1, 2]
    assert await due(database, NOW + HOUR, WEDNESDAY) == []
    async with database.write() as connection:
        # Pausing ends the wait.
        await channels.set_paused(connection, 1, True, late.next_post_at)
        await channels.set_paused(connection, 1, False, late.next_post_at)
    assert await due(database, NOW, WEDNESDAY) == [2]


@pytest.mark.parametrize("late", [False, True])
async def test_a_time_that_is_too_far_ahead_is_looked_at(database: Database, late: bool) -> None:
    far = NOW + timedelta(hours=50)
    for number, at in enumerate((far, far + MINUTE), 1):
        made = channel(number, at=NOW + HOUR, late_until=at) if late else channel(number, at=at)
        async with database.write() as connection:
            await channels.keep(connection, made)
    assert await due(database, NOW) == [2]
    async with database.write() as connection:
        await channels.set_paused(connection, 2, True, far + MINUTE)
    assert await due(database, NOW) == []
