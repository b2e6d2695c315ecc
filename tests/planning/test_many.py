"""A new digest held against all that is followed: what it costs grows with the digest and what it matches alone."""

from __future__ import annotations

import itertools
import shutil
import string
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

import storage.database
from bot import matching, planning, query
from bot.planning import plan_alerts
from storage import matches, schema, subscriptions
from storage.database import Database
from storage.models import Digest, Follows, Subscriber, Subscription
from tests.planning.support import at, empty_it
from tests.storage.follows import follow, hanging
from tests.storage.ledger import ALERT, CHANNEL, USER, held
from tests.storage.support import digest, paper, store, url_of

MANY = 20_000
D21 = date(2024, 6, 21)
NOW = at("2024-06-21 09:00")
PAPERS = digest(
    D21,
    (paper("2406.00001", "Of zebras", "Ana López"), 3, "Their stripes are black and white."),
    (paper("2406.00002", "Of lions"), 5, "They sleep by day."),
)
FOLLOWED = ((USER, 1, "zebra", Follows.KEYWORD), (CHANNEL, 2, "lion OR tiger", Follows.KEYWORD),
            (USER, 3, "Ana Lopez", Follows.AUTHOR))  # fmt: skip


class Steps:
    """Counts the steps of SQLite's machine, by ten, of all connections that are opened from now on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.number = 0
        configure = storage.database._configure

        def counted(connection: Any, record: Any) -> None:
            configure(connection, record)
            if hasattr(connection, "run_async"):
                connection.run_async(lambda driver: driver.set_progress_handler(self.step, 10))
            else:
                connection.set_progress_handler(self.step, 10)

        monkeypatch.setattr(storage.database, "_configure", counted)

    def step(self) -> None:
        self.number += 1


def words() -> Iterable[str]:
    """Keywords of letters, none of which is in a paper."""
    return ("q" + "".join(letters) for letters in itertools.product(string.ascii_lowercase, repeat=4))


def hang_many(connection: Connection, number: int) -> None:
    asked = [query.parse(word) for word in itertools.islice(words(), number)]
    rows = [
        {"subscriber": USER, "subscriber_id": 10 + place // 20, "kind": Follows.KEYWORD, "text": one.text,
         "normal": one.normal, "language": "en"}
        for place, one in enumerate(asked)
    ]  # fmt: skip
    connection.execute(schema.subscriptions.insert(), rows)
    for one in asked:
        subscriptions.hang(connection, Follows.KEYWORD, one)


async def test_the_cost_is_that_of_the_digest_and_its_matches(
    empty: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty thousand things that are followed and not found cost SQLite nothing, and none becomes an object."""
    shutil.copy(empty, path)
    made: list[Subscription] = []
    held_against: Counter[str] = Counter()
    finds = planning.finds

    def make(**values: Any) -> Subscription:
        made.append(Subscription(**values))
        return made[-1]

    def watched(kind: Follows, text: str, papers: Any) -> list[bool]:
        held_against[text] += len(papers)
        return finds(kind, text, papers)

    monkeypatch.setattr(subscriptions, "Subscription", make)
    monkeypatch.setattr(planning, "finds", watched)
    steps = Steps(monkeypatch)
    database = await Database.open(url_of(path))
    cost = {}
    try:
        # Twice at first: connections that are kept read the schema anew after a temporary table was made.
        for number in (0, 0, MANY):
            await empty_it(database)
            store(database, PAPERS)
            async with database.write() as connection:
                for who, who_id, text, kind in FOLLOWED:
                    await follow(connection, who, who_id, text, kind)
                if number:
                    await connection.run_sync(hang_many, number)
                assert len(await hanging(connection)) == number + 3
            made.clear()
            held_against.clear()
            before = steps.number
            assert await plan_alerts(database, NOW, 3) == 2
            cost[number] = steps.number - before
            assert sorted(one.text for one in made) == ["Ana Lopez", "lion OR tiger", "zebra"], number
            assert held_against == {"zebra": 1, "lion OR tiger": 1, "Ana Lopez": 1}, number
            for who, who_id, _, _ in FOLLOWED:
                assert len(await alerts(database, who, who_id)) == 1, number
    finally:
        await database.close()
    assert cost[0] > 20
    assert cost[MANY] <= cost[0] * 1.2


async def alerts(database: Database, who: Subscriber, who_id: int) -> list[set[str]]:
    """The papers that each alert to somebody tells of."""
    found = [one for one in await held(database, (who, who_id)) if one.kind is ALERT]
    async with database.read() as connection:
        told = await matches.of(connection, [one.id for one in found])
    return [set(told.get(one.id, {})) for one in found]


async def test_a_keyword_that_many_follow_is_understood_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for each paper that it may be in, and not once for each of those who follow it."""
    number = 300
    async with database.write() as connection:
        for person in range(number):
            await follow(connection, USER, 100 + person, ("zebra", "ZEBRA", "“zebra  ")[person % 3].strip("“"))
        assert await hanging(connection) == {("keyword", "zebra")}
    store(database, PAPERS)
    understood: list[str] = []
    understand = matching.understood

    def watched(kind: Follows, text: str) -> query.Query:
        understood.append(text)
        return understand(kind, text)

    monkeypatch.setattr(matching, "understood", watched)
    query.parse.cache_clear()
    assert await plan_alerts(database, NOW, 3) == 2
    assert len(understood) == 1
    assert query.parse.cache_info().misses == 1
    for person in (0, 1, 2, number - 1):
        assert await alerts(database, USER, 100 + person) == [{"2406.00001"}]
    async with database.read() as connection:
        assert len((await connection.execute(schema.matches.select())).all()) == number


async def test_a_paper_is_found_once_by_each_subscription(database: Database) -> None:
    """Also where two spellings of it hang on different words of the paper."""
    async with database.write() as connection:
        for who_id, name in ((7, "Ana Bea"), (8, "Bea Ana")):
            await follow(connection, USER, who_id, name, Follows.AUTHOR)
        await follow(connection, USER, 7, "zebra OR stripes")
    found: Digest = digest(D21, (paper("2406.00001", "Of zebras", "Ana Bea"), 3, "stripes"))
    matched = planning._match(database, found)
    assert {who_id: [[one.text for one in each.subscriptions] for each in told] for (_, who_id), told in
            matched.items()} == {7: [["Ana Bea", "zebra OR stripes"]], 8: [["Bea Ana"]]}  # fmt: skip
