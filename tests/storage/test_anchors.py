"""What new papers are held against: there as long as anybody follows it, and gone with the last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import query
from bot.following import unfollow
from storage import servers, subscriptions, targets
from storage.database import Database
from storage.models import Follows, Subscriber
from tests.storage.follows import every, follow, hanging
from tests.storage.ledger import BIG, CHANNEL, MINUTE, NOW, USER

ZEBRA, ANA = (Follows.KEYWORD, "zebra"), (Follows.AUTHOR, "author:ana")
GUILD = 10


async def server_forgotten(connection: AsyncConnection, channel_id: int) -> None:
    await targets.keep(connection, CHANNEL, channel_id, GUILD)
    await servers.leave(connection, GUILD, NOW)
    await servers.tidy(connection, NOW + servers.FORGOTTEN_AFTER + MINUTE)


async def each_ended(connection: AsyncConnection, who: Subscriber, who_id: int) -> None:
    for one in await subscriptions.of(connection, who, [who_id]):
        await subscriptions.remove(connection, [one.id])


Way = Callable[[AsyncConnection], Awaitable[object]]
WAYS: dict[str, tuple[Subscriber, Way]] = {
    "ended one by one": (USER, lambda c: each_ended(c, USER, BIG)),
    "all ended": (USER, lambda c: subscriptions.remove_all(c, USER, BIG)),
    "/forget-me": (USER, lambda c: servers.forget_person(c, BIG)),
    "the channel is gone": (CHANNEL, lambda c: servers.forget_channel(c, BIG)),
    "the server is forgotten": (CHANNEL, lambda c: server_forgotten(c, BIG)),
    "all but the papers is forgotten": (USER, servers.forget_all),
}


@pytest.mark.parametrize("way", WAYS)
async def test_what_nobody_follows_any_more_is_not_looked_for(database: Database, way: str) -> None:
    who, end = WAYS[way]
    async with database.write() as connection:
        await follow(connection, who, BIG, "zebra")
        await follow(connection, who, BIG, "Ana", Follows.AUTHOR)
        await follow(connection, who, BIG, "lion OR tiger")
        assert len(await hanging(connection)) == 3
        await end(connection)
        assert await every(connection) == []
        assert await hanging(connection) == set()
        assert await connection.run_sync(subscriptions.hung_on, [{"zebra", "ana", "lion", "tiger"}]) == {}


@pytest.mark.parametrize("way", [way for way in WAYS if "all but" not in way])
async def test_what_another_follows_still_is_looked_for(database: Database, way: str) -> None:
    who, end = WAYS[way]
    async with database.write() as connection:
        for one, who_id in ((who, BIG), (USER, 8), (CHANNEL, 8)):
            await follow(connection, one, who_id, "zebra")
        # An author and a keyword of one name are two.
        await follow(connection, who, BIG, "Ana", Follows.AUTHOR)
        await follow(connection, USER, 8, "Ana")
        await end(connection)
        assert await hanging(connection) == {ZEBRA, (Follows.KEYWORD, "ana")}
        found = await connection.run_sync(subscriptions.hung_on, [{"ana"}, {"lion"}, {"zebra", "ana"}])
        assert found == {(Follows.KEYWORD, "ana"): ("Ana", [0, 2]), ZEBRA: ("zebra", [2])}
        await servers.forget_person(connection, 8)
        assert await hanging(connection) == {ZEBRA}
        await servers.forget_channel(connection, 8)
        assert await hanging(connection) == set()


async def test_it_is_looked_for_again_when_it_is_followed_again(database: Database) -> None:
    async with database.write() as connection:
        first = await follow(connection, USER, 7, "zebra")
    assert first
    await unfollow(database, [first.id], {(USER, 7)})
    async with database.write() as connection:
        assert await hanging(connection) == set()
        assert await follow(connection, USER, 7, "zebra")
        assert await hanging(connection) == {ZEBRA}


async def test_what_is_not_kept_is_not_looked_for(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as connection:
            await follow(connection, USER, 7, "zebra")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.read() as connection:
        assert await hanging(connection) == set()


async def test_two_spellings_of_one_keyword_are_found_as_one(database: Database) -> None:
    """They hang on the same words, whichever comes first."""
    both = [query.by_author(name) for name in ("Ana Bea", "Bea Ana")]
    assert both[0].normal == both[1].normal
    assert both[0].anchors == both[1].anchors
    async with database.write() as connection:
        for who_id, name in ((7, "Ana Bea"), (8, "Bea Ana")):
            await follow(connection, USER, who_id, name, Follows.AUTHOR)
        hung = await connection.run_sync(subscriptions.hung_on, [{"ana"}, {"bea"}, {"ana", "bea", "ana+bea"}])
        assert {key: places for key, (_, places) in hung.items()} == {(Follows.AUTHOR, both[0].normal): [2]}
        told = await connection.run_sync(subscriptions.followers, hung)
        assert [one.subscriber_id for one in told[Follows.AUTHOR, both[0].normal]] == [7, 8]
