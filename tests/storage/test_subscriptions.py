"""Subscriptions, and the fingerprint of the commands."""

from __future__ import annotations

import asyncio

from storage import commands, servers, subscriptions
from storage.database import Database
from storage.models import Follows, Subscriber, Subscription
from tests.storage import follows
from tests.storage.ledger import BIG


async def follow(
    database: Database, text: str, who: Subscriber, who_id: int, kind: Follows = Follows.KEYWORD
) -> Subscription | None:
    async with database.write() as connection:
        return await follows.follow(connection, who, who_id, text, kind)


async def test_the_same_keyword_twice_is_one(database: Database) -> None:
    first = await follow(database, "GPT-4o", Subscriber.USER, BIG)
    assert first is not None
    assert await follow(database, "gpt4o", Subscriber.USER, BIG) is None
    # Another person, a channel of the same number, an author of the same name: each its own.
    assert await follow(database, "gpt4o", Subscriber.USER, 8)
    assert await follow(database, "gpt4o", Subscriber.CHANNEL, BIG)
    assert await follow(database, "gpt4o", Subscriber.USER, BIG, Follows.AUTHOR)
    async with database.read() as connection:
        assert (await subscriptions.of(connection, Subscriber.USER, [BIG]))[0] == first
        assert len(await subscriptions.of(connection, Subscriber.USER, [BIG])) == 2
        assert await subscriptions.of(connection, Subscriber.USER, [9]) == []
        assert len(await follows.every(connection)) == 4


async def test_two_that_follow_the_same_at_once(database: Database) -> None:
    made = await asyncio.gather(*(follow(database, "gpt", Subscriber.USER, 7) for _ in range(6)))
    assert sum(one is not None for one in made) == 1


async def test_subscriptions_in_the_order_they_began(database: Database) -> None:
    for text, who_id in (("c", 7), ("a", 8), ("b", 7)):
        await follow(database, text, Subscriber.USER, who_id)
    async with database.write() as connection:
        assert [one.text for one in await subscriptions.of(connection, Subscriber.USER, [7, 8])] == ["c", "a", "b"]
        assert [one.text for one in await subscriptions.of(connection, Subscriber.USER, [7])] == ["c", "b"]
        assert await subscriptions.of(connection, Subscriber.USER, []) == []
        assert await subscriptions.of(connection, Subscriber.CHANNEL, [7, 8]) == []
        everyone = await follows.every(connection)
        assert [await subscriptions.get(connection, one.id) for one in everyone] == everyone
        assert await subscriptions.get(connection, 10**6) is None
        wanted = [everyone[2].id, everyone[0].id, 10**6]
        assert await subscriptions.get_all(connection, wanted) == {one.id: one for one in (everyone[0], everyone[2])}
        await subscriptions.remove(connection, [])
        await subscriptions.remove(connection, [everyone[0].id, everyone[1].id, 10**6])
        assert await follows.every(connection) == everyone[2:]


async def test_all_that_somebody_follows_is_ended(database: Database) -> None:
    for who, who_id in ((Subscriber.USER, 7), (Subscriber.USER, 8), (Subscriber.CHANNEL, 7)):
        for text in ("a", "b"):
            await follow(database, text, who, who_id)
    async with database.write() as connection:
        await subscriptions.remove_all(connection, Subscriber.USER, 7)
        left = {(one.subscriber, one.subscriber_id, one.text) for one in await follows.every(connection)}
    assert left == {(who, n, text) for who, n in ((Subscriber.USER, 8), (Subscriber.CHANNEL, 7)) for text in "ab"}


async def test_the_fingerprint_of_the_commands(database: Database) -> None:
    async with database.write() as connection:
        assert await commands.fingerprint(connection, BIG) is None
        await commands.set_fingerprint(connection, BIG, "one")
        await commands.set_fingerprint(connection, 7, "seven")
        await commands.set_fingerprint(connection, BIG, "two")
        assert await commands.fingerprint(connection, BIG) == "two"
        assert await commands.fingerprint(connection, 7) == "seven"
        await servers.forget_all(connection)
        assert await commands.fingerprint(connection, BIG) is None
