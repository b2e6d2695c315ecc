"""The places of papers, and the indexes after whatever was stored: as a plain reading of what is held."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot import query
from bot.document import read_name
from bot.lookup import MOST_COUNTED
from storage import digests, papers, search
from storage.database import Database
from storage.models import Digest, Entry, Paper, Section, Sort
from storage.papers import Filter
from tests.storage.searching import INDEXES, answers, documents, read_plainly
from tests.storage.support import MONDAY, TUESDAY, digest, dump, everything, paper, store, url_of

ALL = Filter(query=query.parse("zebra"), once=True)


async def numbers(database: Database, sort: Sort = Sort.VOTES) -> list[str]:
    """All papers, which have a zebra in the title, in their order."""
    async with database.read() as connection:
        found = await papers.find(connection, ALL, sort)
        assert await papers.count(connection, ALL) == len(found)
    return [entry.paper.arxiv_id for entry in found]


def places(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        return [at for (at,) in connection.execute("SELECT place FROM papers ORDER BY place")]


async def check(database: Database, path: Path) -> None:
    """The indexes are sound, and hold what the papers and authors are now."""
    held = await documents(database)
    with closing(sqlite3.connect(path)) as connection:
        for index in INDEXES:
            connection.execute(f"INSERT INTO {index}({index}) VALUES ('integrity-check')")  # noqa: S608
        at = dict(connection.execute("SELECT arxiv_id, place FROM papers"))
        assert len(set(at.values())) == len(at)
        wanted = {
            "paper_words": {at[one]: (read.sections, read.title, read.authors) for one, read in held.items()},
            "paper_titles": {at[one]: (read.title,) for one, read in held.items()},
            "paper_names": {at[one]: (read.authors,) for one, read in held.items()},
        }
        counts: dict[str, int] = {}
        for one, _ in (await everything(database)).values():
            for name in one.authors:
                counts[name] = counts.get(name, 0) + 1
        rows = connection.execute("SELECT id, name, papers FROM authors").fetchall()
        assert {name: number for _, name, number in rows if number} == counts
        wanted["author_names"] = {
            number.bit_length() << 40 | author_id: (read_name(name),) for author_id, name, number in rows if number
        }
        for index, texts in wanted.items():
            assert tokens(connection, index) == Counter(
                (row, column, token)
                for row, fields in texts.items()
                for column, text in enumerate(fields)
                for token in text.split()
            ), index


def tokens(connection: sqlite3.Connection, index: str) -> Counter[tuple[int, int, str]]:
    """(row, column, token) of all that an index holds; the sections of two digests are in either order."""
    columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({index})")]
    connection.execute(f"CREATE VIRTUAL TABLE temp.held USING fts5vocab(main, {index}, instance)")
    rows = connection.execute("SELECT doc, col, term FROM temp.held").fetchall()
    connection.execute("DROP TABLE temp.held")
    return Counter((row, columns.index(column), token) for row, column, token in rows)


def test_place_is_the_order_of_votes_day_and_position() -> None:
    chance = random.Random(1)
    days = [MONDAY + timedelta(days=days) for days in (0, 1, 40, 9_000)]
    keys = {
        (chance.choice([None, 0, 1, 2, 93, 10_000, 10**6]), chance.choice(days), chance.randrange(4096))
        for _ in range(500)
    }
    by_place = sorted(keys, key=lambda key: search.place(*key))
    assert by_place == sorted(keys, key=lambda key: (-1 if key[0] is None else key[0], key[1], -key[2]))
    assert len({search.place(*key) for key in keys}) == len(keys)
    # Whatever is told, it fits into SQLite's integers.
    for votes, day, position in ((10**12, date.max, 10**9), (0, date.min, 0), (None, date.min, 10**9)):
        assert 0 <= search.place(votes, day, position) < 2**63


async def test_a_digest_without_votes_is_in_its_order(database: Database, path: Path) -> None:
    """More papers than a place has room for positions."""
    many = 5_000
    found = [paper(f"24{number // 10_000 + 1:02}.{number % 10_000:05}", "Zebra") for number in range(many)]
    store(database, digest(MONDAY, *((one, None) for one in found)))
    assert len(set(places(path))) == many
    async with database.read() as connection:
        assert await papers.count(connection, ALL) == MOST_COUNTED + 1
        found_now = await papers.find(connection, ALL, Sort.VOTES, limit=50, offset=4_090)
        last = await papers.find(connection, ALL, Sort.VOTES, limit=50, offset=many - 10)
    assert [entry.position for entry in found_now] == list(range(4_090, 4_140))
    assert [entry.position for entry in last] == list(range(many - 10, many))


async def test_two_sources_of_one_day(database: Database, path: Path) -> None:
    """Papers of the same votes, day and position have a place each."""
    one = digest(MONDAY, *((paper(f"2401.0000{number}", "Zebra", "Ana"), None, f"one {number}") for number in range(5)))
    other = digest(
        MONDAY, *((paper(f"2401.0000{number}", "Zebra", "Bo"), None, f"other {number}") for number in range(3, 9))
    )
    for _ in range(2):
        for made, source in ((one, "files"), (other, "other"), (one, "files")):
            with database.write_here() as connection:
                digests.store(connection, made, source)
            await check(database, path)
    assert sorted(await numbers(database)) == [f"2401.0000{number}" for number in range(9)]
    # Both texts are searched.
    assert (await answers(database, ["one other"]))[0] == {"2401.00003", "2401.00004"}


async def test_a_change_of_votes_moves_a_paper(database: Database, path: Path) -> None:
    a, b, c = (paper(f"2401.0000{number}", "Zebra") for number in range(3))
    a_, b_, c_ = a.arxiv_id, b.arxiv_id, c.arxiv_id
    store(database, digest(MONDAY, (a, 3), (b, 2), (c, 1)))
    assert await numbers(database) == [a_, b_, c_]
    store(database, digest(MONDAY, (a, 3), (b, 2), (c, 9)))
    assert await numbers(database) == [c_, a_, b_]
    store(database, digest(MONDAY, (a, None), (b, 2), (c, 9)))
    assert await numbers(database) == [c_, b_, a_]
    store(database, digest(TUESDAY, (a, 2)))
    assert await numbers(database) == [c_, a_, b_]
    assert await numbers(database, Sort.NEWEST) == [a_, c_, b_]
    await check(database, path)


async def test_a_newer_copy_of_a_digest_has_another_order(database: Database, path: Path) -> None:
    """All without votes: a new paper stands where another stood, and all the others one further."""
    first = [paper(f"2401.{number:05}", "Zebra") for number in range(30)]
    store(database, digest(MONDAY, *((one, None) for one in first)))
    again = [paper("2402.00001", "Zebra"), *first[:10], paper("2402.00002", "Zebra"), *reversed(first[10:])]
    store(database, digest(MONDAY, *((one, None) for one in again)))
    assert await numbers(database) == [one.arxiv_id for one in again]
    await check(database, path)


TITLES = ["Zebra", "Zebra lion", "강화학습", "강화 학습의 zebra", "$\\tau$-bench", ""]
NAMES = ["Ana López", "Bo Kim", "김철수", "Ana B. López-García de la Cruz y Todos", "K. He", "..."]
TEXTS = ["fine-tuning", "finetuned zebras", "의 학", "모델의 학습", "GPT-4o, gpt4", ""]
ASKED = [
    "zebra",
    "강화학습",
    "의학",
    "fine tuning",
    "author:lopez",
    "gpt4o OR tau -lion",
    '"강화 학습"',
    "author:김철수",
]


def made_up(chance: random.Random, first: int = 0) -> tuple[Digest, str]:
    day = MONDAY + timedelta(days=chance.randrange(4))
    found = chance.sample(range(12), chance.randint(0, 8))
    entries = []
    for position, number in enumerate(found):
        authors = tuple(chance.sample(NAMES, chance.randint(0, 3)))
        held = Paper(f"2401.{first + number:05}", chance.choice(TITLES), "https://arxiv.org/abs/1", authors=authors)
        sections = tuple(
            Section(chance.choice([None, "New"]), text) for text in chance.sample(TEXTS, chance.randint(0, 2))
        )
        entries.append(Entry(held, day, position, chance.choice([None, 0, 1, 7]), sections))
    return Digest(day, tuple(entries)), chance.choice(["files", "files", "other"])


@pytest.mark.parametrize("seed", range(6))
async def test_after_any_digests_the_index_is_as_a_plain_reading(database: Database, path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for step in range(20):
        made, source = made_up(chance)
        with database.write_here() as connection:
            digests.store(connection, made, source)
        if step % 5 == 4:
            await check(database, path)
            held = await documents(database)
            for keyword, found in zip(ASKED, await answers(database, ASKED), strict=True):
                assert found == read_plainly(held, keyword), keyword


@pytest.mark.parametrize("seed", range(4))
async def test_after_any_digests_of_one_source_the_order_is_that_of_votes_day_and_position(
    database: Database, path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    for _ in range(12):
        made, _source = made_up(chance)
        entries = tuple(
            Entry(Paper(e.paper.arxiv_id, "Zebra", e.paper.url), e.date, e.position, e.votes, e.sections)
            for e in made.entries
        )
        store(database, Digest(made.date, entries))
        async with database.read() as connection:
            newest = await papers.find(connection, Filter(once=True))
        # A digest that is stored again may leave a paper where another now stands.
        keys = [(-1 if one.votes is None else one.votes, one.date, -one.position) for one in newest]
        if len(set(keys)) == len(keys):
            ordered = [
                one.paper.arxiv_id for _, one in sorted(zip(keys, newest, strict=True), key=lambda pair: pair[0])
            ]
            assert await numbers(database) == ordered[::-1]
    await check(database, path)


@pytest.mark.parametrize("seed", range(4))
async def test_digests_that_are_stored_together_are_as_each_by_itself(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    # The papers of the first are new, of the others mostly known.
    made = [made_up(chance, first)[0] for first in (0, 12, 24, 36, 48, 60, 0, 12, 0, 0, 24, 0)]
    held = []
    for together in (1, 3):
        path = tmp_path / f"{together}.db"
        database = await Database.open(url_of(path))
        changed = 0
        for start in range(0, len(made), together):
            with database.write_here() as connection:
                changed += digests.store_all(connection, made[start : start + together], "files").changed_entries
        await check(database, path)
        await database.close()
        # Of the indexes what they hold, not how.
        inner = tuple(f"{index}_" for index in INDEXES)
        rows = {table: rows for table, rows in dump(path).items() if not table.startswith(inner)}
        held.append((changed, rows))
    assert held[0] == held[1]
