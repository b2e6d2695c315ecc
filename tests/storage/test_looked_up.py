"""Papers that were looked up and are in no digest: found by searches, and by nothing that tells of days."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot import lookup
from storage import digests, lookups, papers, sources
from storage.database import Database
from storage.models import Digest, Entry, Section, Sort, SourceState
from storage.papers import LOOKED_UP
from tests.storage.support import MONDAY, TUESDAY, WEDNESDAY, digest, dump, ids, paper, store, url_of

NOW = datetime(2024, 1, 2, 12, tzinfo=UTC)
ZEBRA = paper("2401.00001", "Of zebras", "Ana López")
LION = paper("2401.00002", "Of lions", "Ana López")


def looked_up(day: date = TUESDAY, votes: int = 99) -> Entry:
    return Entry(ZEBRA, day, 0, votes, (Section("Abstract", "stripes"),))


def look_up(database: Database, entry: Entry) -> None:
    with database.write_here() as connection:
        digests.keep_looked_up(connection, entry)


@pytest.fixture
async def held(database: Database) -> Database:
    """A digest of Monday, and a paper of Tuesday that was looked up."""
    async with database.write() as connection:
        await sources.keep(connection, [SourceState("HF", "en", "Daily"), SourceState(LOOKED_UP, "en", "Daily")])
    store(database, digest(MONDAY, (LION, 5, "manes")))
    look_up(database, looked_up())
    return database


async def test_searches_find_it(held: Database) -> None:
    assert await ids(held, "stripes") == await ids(held, "zebras") == {"2401.00001"}
    assert await ids(held, "author:lopez") == {"2401.00001", "2401.00002"}
    async with held.read() as connection:
        found = await lookups.show(connection, "2401.00001")
        assert (await lookups.run(connection, lookup.top(lookup.Period.ALL))).total == 2
    assert found == Entry(ZEBRA, TUESDAY, 0, 99, (Section("Abstract", "stripes", "en"),), ("Daily",))


async def test_it_is_of_no_day(held: Database) -> None:
    month = MONDAY.replace(day=1)
    async with held.read() as connection:
        assert await digests.days(connection) == [(MONDAY, 1)]
        assert await digests.months(connection) == [(month, 1)]
        assert await digests.nearest(connection, TUESDAY) == [MONDAY]
        assert await digests.newest(connection) == MONDAY
        assert await digests.most_votes(connection, 5, NOW) == {MONDAY: 5}
        assert await lookups.top_of_day(connection, TUESDAY) == []
        for asked in (lookup.by_date("2024-01", MONDAY), *map(lookup.top, list(lookup.Period)[:3])):
            answer = await lookups.run(connection, asked)
            assert [entry.paper.arxiv_id for entry in answer.entries] == ["2401.00002"], asked
            assert answer.total == 1
        assert [state.name for state in await sources.all_of_them(connection)] == ["HF"]


async def test_not_even_where_a_digest_is_of_the_same_day(held: Database) -> None:
    store(held, digest(TUESDAY, (paper("2401.00003", "Of horses"), 3)))
    async with held.read() as connection:
        assert await digests.days(connection, prefix="2024-01-02") == [(TUESDAY, 1)]
        assert [one.paper.title for one in await lookups.top_of_day(connection, TUESDAY)] == ["Of horses"]
        assert await digests.most_votes(connection, 1, NOW) == {TUESDAY: 3}


@pytest.mark.parametrize("since", [MONDAY, WEDNESDAY + timedelta(days=30)])
async def test_nobody_is_told_before_a_digest_brings_it(held: Database, since: date) -> None:
    """Also where what was held has become an archive in between."""
    async with held.write() as connection:
        (told,) = await digests.unmatched(connection, MONDAY, NOW)
        assert [entry.paper.arxiv_id for entry in told.entries] == ["2401.00002"]
        await digests.set_matched(connection, [told], since)
        assert await digests.unmatched(connection, MONDAY, NOW) == []
        await digests.set_unmatched(connection, TUESDAY)
        assert await digests.unmatched(connection, MONDAY, NOW) == []
    day = since + timedelta(days=1)
    store(held, digest(day, (ZEBRA, 7, "in Korean")))
    async with held.read() as connection:
        (told,) = await digests.unmatched(connection, since, NOW)
    assert [(entry.paper.arxiv_id, entry.sections) for entry in told.entries] == [
        ("2401.00001", (Section("What's New", "in Korean"),))
    ]


async def test_a_digest_that_brings_it_leaves_all_as_if_it_had_not_been_looked_up(
    held: Database, path: Path, empty: Path
) -> None:
    brought = digest(WEDNESDAY, (replace(ZEBRA, title="Of zebras, at last"), 7, "in Korean"), (LION, 6, "manes"))
    assert store(held, brought).new_papers == 1
    other = path.with_name("other.db")
    shutil.copy(empty, other)
    fresh = await Database.open(url_of(other))
    store(fresh, digest(MONDAY, (LION, 5, "manes")), brought)
    await fresh.close()
    one, two = dump(path), dump(other)
    for table in ("papers", "authors", *(name for name in one if name.startswith("tokens of"))):
        assert one[table] == two[table], table
    assert sorted(row[1:] for row in one["entries"]) == sorted(row[1:] for row in two["entries"])
    assert await ids(held, "stripes") == set()
    assert await ids(held, "korean") == await ids(held, "last") == {"2401.00001"}
    async with held.read() as connection:
        found = await lookups.show(connection, "2401.00001")
        assert await digests.days(connection) == [(WEDNESDAY, 2), (MONDAY, 1)]
    assert [(one.heading, one.text) for one in found.sections] == [("What's New", "in Korean")]
    assert (found.date, found.votes) == (WEDNESDAY, 7)


async def test_what_is_held_is_not_kept_again(held: Database, path: Path) -> None:
    before = dump(path)
    look_up(held, replace(looked_up(), paper=LION, votes=1))
    look_up(held, looked_up(WEDNESDAY, 100))
    assert dump(path) == before


@pytest.fixture(params=["UTC", "Asia/Seoul", "America/New_York"])
def anywhere(request: pytest.FixtureRequest) -> Iterator[None]:
    """The machine's own zone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("anywhere")
async def test_a_day_whose_papers_were_all_looked_up_grows_as_any_other(held: Database) -> None:
    today = Digest(TUESDAY, (looked_up(),))
    with held.write_here() as connection:
        sources.take(connection, "HF", TUESDAY, [today], [], NOW, grows_for=timedelta(days=1))
    async with held.read() as connection:
        assert await digests.most_votes(connection, 5, NOW + timedelta(hours=11)) == {MONDAY: 5}
        assert await digests.most_votes(connection, 5, NOW + timedelta(hours=12)) == {MONDAY: 5, TUESDAY: 99}


async def test_many_of_one_day_stand_in_their_order(held: Database) -> None:
    for number in range(3, 8):
        one = paper(f"2401.{number:05}", f"Of zebra {number}")
        look_up(held, Entry(one, TUESDAY, 0, 1, ()))
    async with held.read() as connection:
        answer = await lookups.run(connection, lookup.by_keyword("zebra", Sort.VOTES))
        assert await papers.count(connection, papers.Filter(once=True)) == 7
    assert (answer.total, answer.entries[0].paper.arxiv_id) == (6, "2401.00001")
