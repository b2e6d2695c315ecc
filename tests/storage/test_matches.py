"""What alerts tell of."""

from __future__ import annotations

import pytest

from storage import accounts, deliveries, matches, schema, subscriptions
from storage.database import Database
from storage.matches import Found
from storage.models import DeliveryState, Follows, Subscription
from tests.storage.follows import follow
from tests.storage.ledger import BIG, CHANNEL, DAILY, NOW, USER, alert, plan, post
from tests.storage.support import MONDAY, TUESDAY, digest, paper, store

ONE, TWO = "2401.00001", "2401.00002"


@pytest.fixture
async def follows(database: Database) -> list[Subscription]:
    store(database, digest(MONDAY, (paper(ONE, "zebra"), 1), (paper(TWO, "lion"), 1)))
    made = []
    async with database.write() as connection:
        for who, who_id, text in ((USER, BIG, "zebra"), (USER, BIG, "lion"), (CHANNEL, BIG, "zebra")):
            made.append(await follow(connection, who, who_id, text))
    return [one for one in made if one]


async def told(database: Database, *which: tuple[object, int]) -> list[dict[str, list[int]]]:
    """What the alerts of Monday tell of, by (target, part)."""
    async with database.read() as connection:
        rows = [one for who in (USER, CHANNEL) for one in await accounts.since(connection, who, [BIG], NOW)]
        found = await matches.of(connection, [one.id for one in rows])
    by_key = {(one.target, one.part): found.get(one.id, {}) for one in rows if one.digest_date == MONDAY}
    return [by_key[key] for key in which]  # type: ignore[index]


async def test_what_an_alert_tells_of(database: Database, follows: list[Subscription]) -> None:
    zebra, lion, theirs = (one.id for one in follows)
    await plan(
        database,
        *(alert(BIG, MONDAY, part, target=USER) for part in (0, 1)),
        alert(BIG),
        alert(BIG, TUESDAY, target=USER),
    )
    found = [
        Found(USER, BIG, MONDAY, 0, TWO, zebra),
        Found(USER, BIG, MONDAY, 0, ONE, lion),
        Found(USER, BIG, MONDAY, 0, ONE, zebra),
        Found(USER, BIG, MONDAY, 1, TWO, lion),
        Found(CHANNEL, BIG, MONDAY, 0, ONE, theirs),
    ]
    async with database.write() as connection:
        await matches.add(connection, MONDAY, [])
        for _ in range(2):
            await matches.add(connection, MONDAY, found)
        assert await matches.of(connection, []) == {}
    assert await told(database, (USER, 0), (USER, 1), (CHANNEL, 0)) == [
        {ONE: [zebra, lion], TWO: [zebra]},
        {TWO: [lion]},
        {ONE: [theirs]},
    ]


async def test_what_is_not_followed_any_more_is_not_told(database: Database, follows: list[Subscription]) -> None:
    zebra, lion, _ = (one.id for one in follows)
    await plan(database, alert(BIG, target=USER))
    found = [Found(USER, BIG, MONDAY, 0, number, follow) for number in (ONE, TWO) for follow in (zebra, lion)]
    async with database.write() as connection:
        await matches.add(connection, MONDAY, [*found, Found(USER, BIG, MONDAY, 0, "9999.99999", zebra)])
        assert await subscriptions.still(connection, [zebra, lion, 10**9]) == {zebra, lion}
        await subscriptions.remove(connection, [lion])
        assert await subscriptions.still(connection, [zebra, lion]) == {zebra}
    assert await told(database, (USER, 0)) == [{ONE: [zebra], TWO: [zebra]}]
    async with database.write() as connection:
        await subscriptions.remove(connection, [zebra])
    assert await told(database, (USER, 0)) == [{}]


async def test_more_than_one_statement_takes(database: Database) -> None:
    number = 5_500
    papers = [paper(f"2401.{one:05}") for one in range(number)]
    store(database, digest(MONDAY, *((one, None) for one in papers)))
    async with database.write() as connection:
        values = {"subscriber": USER, "kind": Follows.KEYWORD, "text": "a", "normal": "a", "language": "en"}
        rows = [values | {"id": one + 1, "subscriber_id": one} for one in range(number)]
        await connection.execute(schema.subscriptions.insert(), rows)
        await deliveries.plan(connection, [alert(one, target=USER) for one in range(number)], NOW)
        found = [Found(USER, one, MONDAY, 0, papers[one].arxiv_id, one + 1) for one in range(number)]
        await matches.add(connection, MONDAY, found)
        asked = await accounts.since(connection, USER, [0, 5_000, number - 1], NOW)
        told_of = await matches.of(connection, [one.id for one in asked])
        assert {next(iter(told_of[one.id])) for one in asked} == {f"2401.{one:05}" for one in (0, 5_000, number - 1)}


async def test_the_last_alert_of_a_day(database: Database) -> None:
    await plan(
        database,
        alert(7, part=1, target=USER),
        alert(7, part=0, target=USER, state=DeliveryState.EXPIRED),
        alert(7, part=2, target=USER, state=DeliveryState.SENT),
        alert(7, TUESDAY, 5, target=USER),
        alert(7),
        post(8),
    )
    async with database.read() as connection:
        assert await matches.last_parts(connection, MONDAY) == {
            (USER, 7): (2, False),
            (CHANNEL, 7): (0, True),
        }
        assert await matches.last_parts(connection, TUESDAY) == {(USER, 7): (5, True)}
        assert await deliveries.of_day(connection, CHANNEL, 8, DAILY, MONDAY) is not None
