"""What storing a digest keeps, changes and leaves alone."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from bot import ingestion, sources
from storage import digests, lookups, papers
from storage.database import Database
from storage.digests import Stored
from storage.models import Digest, Entry, Section
from tests.storage.support import (
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    digest,
    dump,
    everything,
    ids,
    paper,
    store,
    url_of,
)

DAY = "## Daily Papers (2024-01-{:02})\n\n### [A](https://arxiv.org/abs/2401.{:05})\n\n- x\n\n"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = {
    date(2023, 11, 20): 11,
    date(2023, 11, 22): 8,
    date(2024, 5, 31): 11,
    date(2024, 6, 21): 24,
    date(2024, 7, 16): 16,
    date(2024, 10, 18): 9,
    date(2025, 2, 19): 68,
}


async def test_the_real_digests(database: Database, path: Path, shared_digests: Path) -> None:
    report = await ingestion.ingest(database, sources.files([shared_digests]))
    assert report.dates == set(DAYS)
    assert (report.entries, len(report.papers), report.changed) == (147, 147, 147)
    held = dump(path)
    assert len(held["digests"]) == 7
    assert len(held["entries"]) == 147
    assert len(held["papers"]) == 147
    assert len(held["tokens of paper_words"]) == 147
    async with database.read() as connection:
        assert dict(await digests.days(connection)) == DAYS


async def test_reading_them_again_changes_nothing_at_all(database: Database, path: Path, shared_digests: Path) -> None:
    files = sources.files([shared_digests])
    await ingestion.ingest(database, files)
    before = dump(path)
    again = await ingestion.ingest(database, reversed(files))
    assert again.changed == 0
    assert (again.entries, len(again.papers)) == (147, 147)
    assert dump(path) == before


async def test_a_start_reads_what_has_changed_since_the_last(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of which something could not be read is read at each start, so that it is told of."""
    folder = tmp_path / "digests"
    folder.mkdir()
    whole, changed, faulty = (folder / os.fsdecode(name) for name in (b"\xff-whole.md", b"changed.md", b"faulty.md"))
    for number, path in enumerate((whole, changed), 1):
        path.write_text(DAY.format(number, number), "utf-8")
    faulty.write_text(DAY.format(3, 3) + "### no address\n\n- x\n", "utf-8")
    read: list[Path] = []
    monkeypatch.setattr(sources, "read", lambda path, reading=sources.read: read.append(path) or reading(path))

    async def start() -> list[Path]:
        read.clear()
        folder_of_start = ingestion.Folder(folder)
        for _ in range(2):
            await folder_of_start.ingest(database)
        return sorted(read)

    assert await start() == sorted([whole, changed, faulty])
    assert await start() == [faulty]
    changed.write_text(DAY.format(2, 4) + DAY.format(4, 5), "utf-8")
    assert await start() == [changed, faulty]
    async with database.read() as connection:
        assert await papers.count(connection, papers.Filter(date(2024, 1, 2), date(2024, 1, 2))) == 2
    monkeypatch.setattr(sources, "_READING", sources._READING + 1)
    assert await start() == sorted([whole, changed, faulty])


async def test_what_is_stored_is_what_was_read(corpus: Database, shared_digests: Path) -> None:
    read = {}
    for file in sources.files([shared_digests]):
        for one in sources.read(file).digests:
            read |= {(one.date, entry.paper.arxiv_id): entry for entry in one.entries}
    async with corpus.read() as connection:
        found = await papers.find(connection, papers.Filter())
    assert {(entry.date, entry.paper.arxiv_id): entry for entry in found} == read


async def test_a_newer_copy_updates_votes_sections_titles_and_the_index(database: Database, path: Path) -> None:
    first = digest(MONDAY, (paper("2401.00001", "Old heading"), None, "zebra"), (paper("2401.00002"), 5, "lion"))
    assert store(database, first) == Stored(2, 2)
    newer = digest(MONDAY, (paper("2401.00001", "New heading"), 12, "giraffe"), (paper("2401.00002"), 5, "lion"))
    assert store(database, newer) == Stored(0, 1)
    async with database.read() as connection:
        found = await papers.find(connection, papers.Filter(arxiv_ids=("2401.00001",)))
    assert found == [newer.entries[0]]
    assert [await ids(database, word) for word in ("zebra", "old")] == [set(), set()]
    assert [await ids(database, word) for word in ("giraffe", "new", "lion")] == [
        {"2401.00001"},
        {"2401.00001", "2401.00002"},  # "What's New"
        {"2401.00002"},
    ]
    held = dump(path)
    assert [len(held[name]) for name in ("papers", "entries", "digests", "tokens of paper_words")] == [2, 2, 1, 2]
    for index, new, old in (("words", "giraffe", "zebra"), ("titles", "new", "old")):
        tokens = {token for _, found in held[f"tokens of paper_{index}"] for _, _, token in found}
        assert new in tokens, index
        assert old not in tokens, index
    # What stood there is not shown any more, for no paper holds it.
    assert await ids(database, "zebra OR giraffe") == {"2401.00001"}


async def test_votes_may_become_unknown_again(database: Database) -> None:
    one = digest(MONDAY, (paper("2401.00001"), 12))
    store(database, one, digest(MONDAY, (paper("2401.00001"), None)))
    async with database.read() as connection:
        assert [entry.votes for entry in await papers.find(connection, papers.Filter())] == [None]


async def test_what_a_newer_copy_leaves_out_is_kept(database: Database) -> None:
    store(database, digest(MONDAY, (paper("2401.00001"), 1), (paper("2401.00002"), 2)))
    store(database, digest(MONDAY, (paper("2401.00002"), 3)))
    async with database.read() as connection:
        found = await papers.find(connection, papers.Filter())
    assert {entry.paper.arxiv_id: entry.votes for entry in found} == {"2401.00001": 1, "2401.00002": 3}


async def test_a_paper_in_two_digests(database: Database, path: Path) -> None:
    store(
        database,
        digest(MONDAY, (paper("2401.00001", "Twice", "Ana López"), 4, "zebra stripes")),
        digest(TUESDAY, (paper("2401.00001", "Twice", "Ana López"), 9, "giraffe necks")),
    )
    held = dump(path)
    assert [len(held[name]) for name in ("papers", "entries", "digests", "tokens of paper_words")] == [1, 2, 2, 1]
    for word in ("zebra", "giraffe", "zebra giraffe", "twice lopez"):
        assert await ids(database, word) == {"2401.00001"}, word
    # No phrase reaches from one entry into the other.
    assert await ids(database, '"stripes giraffe"') == set()
    assert await ids(database, '"stripes what"') == set()
    store(database, digest(MONDAY, (paper("2401.00001", "Twice", "Ana López"), 4, "lion manes")))
    assert [await ids(database, word) for word in ("zebra", "lion", "giraffe")] == [
        set(),
        {"2401.00001"},
        {"2401.00001"},
    ]


async def test_an_entry_that_leaves_something_out_does_not_take_it_away(database: Database, path: Path) -> None:
    whole = paper("2401.00001", "Whole", "Ana López", "Bo Li", image_url="https://x.org/i.png", video_url="https://x/v")
    bare = paper("2401.00001", "Whole")
    store(database, digest(MONDAY, (whole, 4)), digest(TUESDAY, (bare, 5)))
    store(database, digest(MONDAY, (bare, 6)))
    assert {number: found for number, (found, _) in (await everything(database)).items()} == {"2401.00001": whole}
    assert await ids(database, "lopez") == {"2401.00001"}
    before = dump(path)
    # Nor is it counted as a change each time it is read.
    assert store(database, digest(TUESDAY, (bare, 5))) == Stored(0, 0)
    assert store(database, digest(MONDAY, (bare, 6))) == Stored(0, 0)
    assert dump(path) == before


async def test_the_newest_digest_names_a_paper_in_whatever_order_they_are_read(tmp_path: Path) -> None:
    older = digest(MONDAY, (paper("2401.00001", "First draft", "Ana"), 4, "zebra"))
    newer = digest(TUESDAY, (paper("2401.00001", "Final title", "Bo"), 5, "lion"))
    for name, order in {"forth": [older, newer], "back": [newer, older]}.items():
        path = tmp_path / f"{name}.db"
        database = await Database.open(url_of(path))
        store(database, *order)
        before = dump(path)
        for one in (older, newer):
            assert store(database, one) == Stored(0, 0), name
        assert dump(path) == before, name
        (held, sections), *_ = (await everything(database)).values()
        assert held == newer.entries[0].paper, name
        assert {section.text for section in sections} == {"zebra", "lion"}, name
        assert [await ids(database, word) for word in ("draft", "final", "ana", "bo")] == [
            set(),
            {"2401.00001"},
            set(),
            {"2401.00001"},
        ], name
        await database.close()


async def test_authors_are_kept_in_the_order_of_the_digest_and_change_with_it(database: Database) -> None:
    store(
        database,
        digest(MONDAY, (paper("2401.00001", "T", "Zoë", "Ana", "Mo"), 4), (paper("2401.00002", "U", "Ana"), 1)),
    )
    store(database, digest(MONDAY, (paper("2401.00001", "T", "Mo", "Bea", "Zoë"), 4)))
    held = await everything(database)
    assert held["2401.00001"][0].authors == ("Mo", "Bea", "Zoë")
    assert held["2401.00002"][0].authors == ("Ana",)
    assert await ids(database, "ana") == {"2401.00002"}
    assert await ids(database, "bea") == {"2401.00001"}


async def test_a_digest_of_more_entries_than_a_batch(database: Database, path: Path) -> None:
    many = digest(
        MONDAY, *((paper(f"2401.{n:05}", f"Title {n}", f"Author {n % 7}"), n, f"text {n}") for n in range(950))
    )
    assert store(database, many) == Stored(950, 950)
    before = dump(path)
    assert store(database, many) == Stored(0, 0)
    assert dump(path) == before
    changed = tuple(replace(entry, votes=-1) if entry.position % 3 == 0 else entry for entry in many.entries)
    assert store(database, Digest(MONDAY, changed)) == Stored(0, 317)


async def test_more_papers_than_sqlite_takes_values(database: Database) -> None:
    """SQLite takes 32,766 values in a statement; Debian's more, so the limit is set here."""
    many = digest(MONDAY, *((paper(f"2401.{n:05}", f"Title {n}", "An Author"), n) for n in range(11_000)))
    store(database, many)
    async with database.read() as connection:
        raw = await connection.get_raw_connection()
        assert raw.driver_connection is not None
        await raw.driver_connection._execute(
            raw.driver_connection._conn.setlimit, sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 10_500
        )
        found = await papers.find(connection, papers.Filter())
    assert len(found) == 11_000
    assert {entry.paper.authors for entry in found} == {("An Author",)}


async def test_an_empty_digest_is_a_day_without_papers(database: Database) -> None:
    assert store(database, Digest(MONDAY, ())) == Stored(0, 0)
    async with database.read() as connection:
        assert await digests.days(connection) == []
        assert await papers.count(connection, papers.Filter()) == 0


async def test_hostile_text_is_kept_as_it_is(database: Database) -> None:
    hostile = "'; DROP TABLE papers; -- \" OR 1=1 * NEAR(a b) %_\\ ${x} 0x \U0001f600 \u202e"
    one = Entry(
        paper("2401.00001", hostile, hostile),
        MONDAY,
        0,
        1,
        (Section(None, hostile), Section(hostile, ""), Section(hostile, hostile * 1000)),
    )
    store(database, Digest(MONDAY, (one,)))
    async with database.read() as connection:
        assert await papers.find(connection, papers.Filter()) == [one]
    for typed in ("drop table papers", '"or 1 1"', "near", "x -y"):
        assert await ids(database, typed) == {"2401.00001"}, typed
    assert await ids(database, "* NEAR(zebra) AND NOT a") == set()


# Matching


async def _unmatched(database: Database) -> dict[date, list[str]]:
    async with database.read() as connection:
        return {
            found.date: [entry.paper.arxiv_id for entry in found.entries]
            for found in await digests.unmatched(connection, date.min, NOW)
        }


async def _match_all(database: Database) -> None:
    async with database.write() as connection:
        await digests.set_matched(connection, await digests.unmatched(connection, date.min, NOW), date.min)


async def test_unmatched_papers_come_by_their_newest_digest_the_oldest_first(database: Database) -> None:
    a, b, c = (paper(f"2401.0000{n}") for n in (1, 2, 3))
    store(database, digest(TUESDAY, (b, 1, "b"), (a, 2, "a")), digest(WEDNESDAY, (c, 1), (a, 9)))
    expected = [(TUESDAY, ["2401.00002"]), (WEDNESDAY, ["2401.00003", "2401.00001"])]
    assert list((await _unmatched(database)).items()) == expected
    # An older digest that comes later has nothing new in what is held.
    store(database, digest(MONDAY, (a, 1)))
    assert list((await _unmatched(database)).items()) == expected


async def test_only_new_papers_are_unmatched(database: Database) -> None:
    a, b, c = (paper(f"2401.0000{n}") for n in (1, 2, 3))
    store(database, digest(MONDAY, (a, 1)), digest(TUESDAY, (b, 1)))
    await _match_all(database)
    for same in (
        digest(MONDAY, (a, 1)),
        digest(MONDAY, (a, 99, "more votes")),
        digest(MONDAY, (paper("2401.00001", "Renamed", "Ana"), 99)),
        # Held already, by Tuesday's.
        digest(MONDAY, (a, 99), (b, 3)),
    ):
        store(database, same)
        assert await _unmatched(database) == {}
    store(database, digest(MONDAY, (a, 99), (b, 3), (c, 3)))
    assert await _unmatched(database) == {MONDAY: ["2401.00003"]}


async def test_set_matched_is_of_one_digest(database: Database) -> None:
    store(database, digest(MONDAY, (paper("2401.00001"), 1)), digest(TUESDAY, (paper("2401.00002"), 1)))
    async with database.write() as connection:
        found, _ = await digests.unmatched(connection, date.min, NOW)
        await digests.set_matched(connection, [found], date.min)
    assert found.date == MONDAY
    assert list(await _unmatched(database)) == [TUESDAY]


async def test_an_archive_is_passed_over(database: Database) -> None:
    store(database, digest(MONDAY, (paper("2401.00001"), 1)), digest(TUESDAY, (paper("2401.00002"), 1)))
    async with database.write() as connection:
        assert [found.date for found in await digests.unmatched(connection, TUESDAY, NOW)] == [TUESDAY]
        await digests.set_matched(connection, [], TUESDAY)
    assert list(await _unmatched(database)) == [TUESDAY]
    async with database.write() as connection:
        await digests.set_unmatched(connection, MONDAY)
    assert list(await _unmatched(database)) == [MONDAY, TUESDAY]


async def test_what_is_matched_is_what_is_searched(database: Database) -> None:
    """A paper of two digests has the sections of both, as in the index."""
    one = paper("2401.00001")
    store(database, digest(MONDAY, (one, 1, "zebra")), digest(TUESDAY, (one, 1, "lion")))
    async with database.read() as connection:
        (found,) = await digests.unmatched(connection, date.min, NOW)
    assert [section.text for section in found.entries[0].sections] == ["zebra", "lion"]


# Days


async def test_days(corpus: Database) -> None:
    async with corpus.read() as connection:
        assert await digests.days(connection) == sorted(DAYS.items(), reverse=True)
        assert await digests.days(connection, limit=2) == [(date(2025, 2, 19), 68), (date(2024, 10, 18), 9)]
        for prefix in ("2024", "2024-", "2024-0", "2024-06", "2024-06-21", "2", "19", "%", "_", "2024_06", "'", "\\"):
            wanted = [(day, n) for day, n in sorted(DAYS.items(), reverse=True) if str(day).startswith(prefix)]
            assert await digests.days(connection, prefix=prefix) == wanted, prefix


async def test_months(corpus: Database) -> None:
    held: dict[date, int] = {}
    for day, number in sorted(DAYS.items(), reverse=True):
        held[day.replace(day=1)] = held.get(day.replace(day=1), 0) + number
    assert held[date(2023, 11, 1)] == 19
    async with corpus.read() as connection:
        assert await digests.months(connection, limit=25) == list(held.items())
        assert await digests.months(connection) == list(held.items())[:5]
        for prefix in ("2024", "2024-", "2024-0", "2024-06", "2023-1", "19", "%", "_", "2024_06"):
            wanted = [(month, n) for month, n in held.items() if f"{month:%Y-%m}".startswith(prefix)]
            assert await digests.months(connection, prefix=prefix) == wanted, prefix


async def test_nearest_and_newest(corpus: Database) -> None:
    async with corpus.read() as connection:
        assert await digests.newest(connection) == date(2025, 2, 19)
        for day in (date(2024, 6, 22), date(2023, 11, 21), date(2000, 1, 1), date(9999, 12, 31), date(2024, 6, 21)):
            for limit in (1, 3, 20):
                near = sorted(DAYS, key=lambda held, day=day: abs((held - day).days))[:limit]
                found = await digests.nearest(connection, day, limit)
                assert found == sorted(found, reverse=True)
                assert {abs((held - day).days) for held in found} == {abs((held - day).days) for held in near}


async def test_an_empty_database_has_no_days(database: Database) -> None:
    async with database.read() as connection:
        assert await digests.days(connection) == []
        assert await digests.months(connection) == []
        assert await digests.newest(connection) is None
        assert await digests.nearest(connection, MONDAY) == []
        assert await digests.unmatched(connection, date.min, NOW) == []
        assert await lookups.top_of_day(connection, MONDAY) == []


async def test_the_same_day_from_two_sources_is_one_day(database: Database) -> None:
    both = paper("2401.00001")
    with database.write_here() as connection:
        digests.store(connection, digest(MONDAY, (both, 1, "zebra"), (paper("2401.00002"), 2)), "files")
        digests.store(connection, digest(MONDAY, (both, 1, "lion"), (paper("2401.00003"), 3)), "elsewhere")
    async with database.read() as connection:
        assert await digests.days(connection) == [(MONDAY, 3)]
        assert await digests.nearest(connection, TUESDAY) == [MONDAY]
        found = await lookups.top_of_day(connection, MONDAY)
        assert (await connection.execute(text("SELECT count(*) FROM digests"))).scalar() == 2
    assert sorted(entry.paper.arxiv_id for entry in found) == ["2401.00001", "2401.00002", "2401.00003"]
    assert await ids(database, "zebra lion") == {"2401.00001"}
