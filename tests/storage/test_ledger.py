"""Channels, subscriptions, deliveries and the fingerprint of the commands."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, timezone

import pytest

from storage import channels, commands, deliveries, servers, subscriptions
from storage.database import Database
from storage.models import Channel, Delivery, DeliveryKind, DeliveryState, Follows, Subscriber
from tests.storage.support import MONDAY, TUESDAY

SEOUL = timezone(timedelta(hours=9))
NOW = datetime(2024, 6, 21, 0, 0, tzinfo=UTC)
BIG = 2**63 - 1


def channel(channel_id: int, guild_id: int = 1, at: datetime = NOW, **changes: object) -> Channel:
    made = Channel(channel_id, guild_id, time(9, 5), "Asia/Seoul", 5, 10, "ko", False, at)
    return replace(made, **changes)  # type: ignore[arg-type]


async def test_a_channel_is_kept_as_it_is(database: Database) -> None:
    kept = channel(BIG, BIG - 1, datetime(2024, 6, 21, 9, 5, tzinfo=SEOUL))
    async with database.write() as connection:
        await channels.keep(connection, kept)
    async with database.read() as connection:
        assert await channels.of_guild(connection, BIG - 1) == [kept]
        (found,) = await channels.of_guild(connection, BIG - 1)
        assert await channels.of_guild(connection, 5) == []
    assert found.next_post_at.tzinfo is UTC
    assert found.next_post_at == NOW + timedelta(minutes=5)


async def test_changing_a_channel_does_not_forget_what_was_posted_last(database: Database) -> None:
    async with database.write() as connection:
        await channels.keep(connection, channel(1))
        await channels.keep(connection, channel(2))
        await channels.set_posted(connection, 1, MONDAY)
        await channels.keep(connection, channel(1, 7, NOW, top=3, language="en", wall_time=time(23, 59), paused=True))
    async with database.read() as connection:
        assert await channels.of_guild(connection, 1) == [channel(2)]
        (found,) = await channels.of_guild(connection, 7)
    assert found == channel(1, 7, NOW, top=3, language="en", wall_time=time(23, 59), paused=True, last_posted=MONDAY)


async def test_due_channels_are_the_longest_waiting_first(database: Database) -> None:
    async with database.write() as connection:
        for number, minutes in ((1, 0), (2, -5), (3, 1), (4, -5), (5, -90)):
            await channels.keep(connection, channel(number, at=NOW + timedelta(minutes=minutes)))
        await channels.set_paused(connection, 5, True, NOW - timedelta(minutes=90))
    async with database.read() as connection:
        assert [one.channel_id for one in await channels.due(connection, NOW)] == [2, 4, 1]
        in_seoul = (NOW + timedelta(minutes=1)).astimezone(SEOUL)
        assert [one.channel_id for one in await channels.due(connection, in_seoul)] == [2, 4, 1, 3]
        assert await channels.due(connection, NOW - timedelta(minutes=6)) == []
    async with database.write() as connection:
        await channels.set_next_post(connection, 2, (NOW + timedelta(days=1)).astimezone(SEOUL))
        await channels.set_paused(connection, 5, False, NOW)
        assert [one.channel_id for one in await channels.due(connection, NOW)] == [4, 1, 5]
        assert await channels.remove(connection, 4) is True
        assert await channels.remove(connection, 4) is False
        assert [one.channel_id for one in await channels.due(connection, NOW)] == [1, 5]


async def follow(database: Database, text: str, normal: str, who: Subscriber, who_id: int, kind: Follows) -> object:
    async with database.write() as connection:
        return await subscriptions.add(connection, who, who_id, kind, text, normal, "en")


async def test_the_same_keyword_twice_is_one(database: Database) -> None:
    first = await follow(database, "GPT-4", "4_gpt", Subscriber.USER, BIG, Follows.KEYWORD)
    assert first is not None
    assert await follow(database, "gpt 4", "4_gpt", Subscriber.USER, BIG, Follows.KEYWORD) is None
    # Another person, a channel of the same number, an author of the same name: each its own.
    assert await follow(database, "gpt 4", "4_gpt", Subscriber.USER, 8, Follows.KEYWORD)
    assert await follow(database, "gpt 4", "4_gpt", Subscriber.CHANNEL, BIG, Follows.KEYWORD)
    assert await follow(database, "gpt 4", "4_gpt", Subscriber.USER, BIG, Follows.AUTHOR)
    async with database.read() as connection:
        assert (await subscriptions.of(connection, Subscriber.USER, [BIG]))[0] == first
        assert len(await subscriptions.of(connection, Subscriber.USER, [BIG])) == 2
        assert await subscriptions.of(connection, Subscriber.USER, [9]) == []
        assert len(await subscriptions.every(connection)) == 4


async def test_two_that_follow_the_same_at_once(database: Database) -> None:
    made = await asyncio.gather(
        *(follow(database, "gpt", "gpt", Subscriber.USER, 7, Follows.KEYWORD) for _ in range(6))
    )
    assert sum(one is not None for one in made) == 1


async def test_subscriptions_in_the_order_they_began(database: Database) -> None:
    for text, who_id in (("c", 7), ("a", 8), ("b", 7)):
        await follow(database, text, text, Subscriber.USER, who_id, Follows.KEYWORD)
    async with database.write() as connection:
        assert [one.text for one in await subscriptions.of(connection, Subscriber.USER, [7, 8])] == ["c", "a", "b"]
        assert [one.text for one in await subscriptions.of(connection, Subscriber.USER, [7])] == ["c", "b"]
        assert await subscriptions.of(connection, Subscriber.USER, []) == []
        assert await subscriptions.of(connection, Subscriber.CHANNEL, [7, 8]) == []
        everyone = await subscriptions.every(connection)
        assert [await subscriptions.get(connection, one.id) for one in everyone] == everyone
        assert await subscriptions.get(connection, 10**6) is None
        await subscriptions.remove(connection, [])
        await subscriptions.remove(connection, [everyone[0].id, everyone[1].id, 10**6])
        assert await subscriptions.every(connection) == everyone[2:]


async def claim(database: Database, target_id: int = 1, **changes: object) -> Delivery | None:
    asked = {"target": Subscriber.CHANNEL, "kind": DeliveryKind.DAILY, "day": MONDAY, "now": NOW} | changes
    async with database.write() as connection:
        return await deliveries.claim(
            connection, asked["target"], target_id, asked["kind"], asked["day"], asked["now"]  # type: ignore[arg-type]
        )  # fmt: skip


async def test_a_delivery_is_claimed_once(database: Database) -> None:
    claimed = await claim(database, BIG)
    assert claimed is not None
    assert (claimed.state, claimed.attempts, claimed.why, claimed.message_id) == (DeliveryState.CLAIMED, 1, None, None)
    assert claimed.updated_at == NOW
    assert await claim(database, BIG, now=NOW + timedelta(days=1)) is None
    async with database.write() as connection:
        await deliveries.confirm(connection, claimed.id, BIG, NOW + timedelta(seconds=3))
    assert await claim(database, BIG) is None
    async with database.read() as connection:
        sent = await deliveries.newest(connection, Subscriber.CHANNEL, BIG, DeliveryKind.DAILY)
    assert sent == replace(claimed, state=DeliveryState.SENT, message_id=BIG)
    assert sent is not None
    assert sent.updated_at == NOW + timedelta(seconds=3)


async def test_what_failed_may_be_claimed_again(database: Database) -> None:
    first = await claim(database)
    assert first is not None
    async with database.write() as connection:
        await deliveries.fail(connection, first.id, "Missing Permissions", NOW.astimezone(SEOUL))
        failed = await deliveries.newest(connection, Subscriber.CHANNEL, 1, DeliveryKind.DAILY)
    assert failed is not None
    assert (failed.state, failed.why) == (DeliveryState.FAILED, "Missing Permissions")
    later = NOW + timedelta(hours=1)
    again = await claim(database, now=later)
    assert again is not None
    # One delivery, one nonce: had the first message arrived after all, Discord gives that one.
    assert (again.id, again.nonce, again.state, again.attempts) == (first.id, first.nonce, DeliveryState.CLAIMED, 2)
    assert again.updated_at == later
    assert await claim(database, now=later) is None
    async with database.write() as connection:
        await deliveries.confirm(connection, again.id, 5, later)
        sent = await deliveries.newest(connection, Subscriber.CHANNEL, 1, DeliveryKind.DAILY)
    assert sent is not None
    assert (sent.state, sent.why, sent.message_id, sent.attempts) == (DeliveryState.SENT, None, 5, 2)


async def test_of_many_claims_at_once_one_is_given(database: Database) -> None:
    claims = await asyncio.gather(*(claim(database) for _ in range(8)))
    assert sum(one is not None for one in claims) == 1


async def test_each_target_kind_and_day_is_a_delivery_with_its_own_nonce(database: Database) -> None:
    made = [
        await claim(database, target_id, target=target, kind=kind, day=day)
        for target_id in (1, BIG)
        for target in Subscriber
        for kind in DeliveryKind
        for day in (MONDAY, TUESDAY)
    ]
    nonces = [one.nonce for one in made if one]
    assert len(set(nonces)) == len(made) == 16
    assert all(0 < len(nonce) <= 25 for nonce in nonces)
    async with database.read() as connection:
        newest = await deliveries.newest(connection, Subscriber.USER, BIG, DeliveryKind.ALERT)
        assert newest is not None
        assert (newest.target, newest.target_id, newest.kind) == (Subscriber.USER, BIG, DeliveryKind.ALERT)
        assert newest.nonce in nonces
        assert await deliveries.newest(connection, Subscriber.USER, 5, DeliveryKind.ALERT) is None


async def test_a_claim_that_is_not_kept_is_none(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        await _claim_and_fail(database)
    assert await claim(database) is not None


async def _claim_and_fail(database: Database) -> None:
    async with database.write() as connection:
        assert await deliveries.claim(connection, Subscriber.CHANNEL, 1, DeliveryKind.DAILY, MONDAY, NOW)
        raise ZeroDivisionError


async def test_the_newest_delivery_is_the_one_that_was_touched_last(database: Database) -> None:
    first = await claim(database, day=TUESDAY)
    second = await claim(database, day=MONDAY, now=NOW + timedelta(minutes=1))
    assert first is not None
    assert second is not None
    async with database.write() as connection:
        newest = await deliveries.newest(connection, Subscriber.CHANNEL, 1, DeliveryKind.DAILY)
        assert newest == second
        await deliveries.fail(connection, first.id, "why", NOW + timedelta(minutes=2))
        newest = await deliveries.newest(connection, Subscriber.CHANNEL, 1, DeliveryKind.DAILY)
    assert newest is not None
    assert newest.id == first.id


async def test_the_fingerprint_of_the_commands(database: Database) -> None:
    async with database.write() as connection:
        assert await commands.fingerprint(connection, BIG) is None
        await commands.set_fingerprint(connection, BIG, "one")
        await commands.set_fingerprint(connection, 7, "seven")
        await commands.set_fingerprint(connection, BIG, "two")
        assert await commands.fingerprint(connection, BIG) == "two"
        assert await commands.fingerprint(connection, 7) == "seven"
        await servers.forget(connection)
        assert await commands.fingerprint(connection, BIG) is None
