"""What comes of the analysis of text, made anew in a database of another analysis: the same, or nothing."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

import storage.database
from bot.errors import DatabaseError
from storage import accounts, matches, reindexing
from storage.database import Database
from storage.matches import Found
from storage.models import Follows, Subscriber
from tests.storage.follows import every, follow, hanging
from tests.storage.ledger import CHANNEL, NOW, USER, alert, plan
from tests.storage.support import MONDAY, digest, dump, ids, paper, store, url_of
from tests.storage.test_migrations import first as first
from tests.storage.test_refusals import as_nobody, mode, told
from tests.storage.test_refusals import shared as shared

ONE, TWO = "2401.00001", "2401.00002"


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def analysis(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


@pytest.fixture
async def of_another(empty: Path, path: Path) -> Path:
    """A database with papers and subscriptions, whose indexes were made by another analysis."""
    await asyncio.to_thread(shutil.copy, empty, path)
    database = await Database.open(url_of(path))
    store(database, digest(MONDAY, (paper(ONE, "zebra", "Ana López"), 3, "stripes"), (paper(TWO, "lion"), 5)))
    async with database.write() as connection:
        await follow(connection, USER, 7, "zebra")
        await follow(connection, CHANNEL, 7, "Ana", Follows.AUTHOR)
    await database.close()
    execute(path, "PRAGMA user_version = 7")
    return path


@pytest.fixture
def reindexed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Tells of each time that the indexes are made anew."""
    seen: list[str] = []
    reindex = reindexing.reindex

    def watched(connection: Connection) -> None:
        seen.append("anew")
        reindex(connection)

    monkeypatch.setattr(reindexing, "reindex", watched)
    return seen


def what_is_found(held: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """What is read of the indexes, and not how SQLite lays it out."""
    inner = tuple(f"{index}_" for index in ("paper_words", "paper_titles", "paper_names", "author_names"))
    return {name: rows for name, rows in held.items() if not name.startswith(inner)}


async def test_what_is_made_anew_is_what_was_stored(corpus_path: Path, path: Path) -> None:
    shutil.copy(corpus_path, path)
    before = what_is_found(dump(path))
    indexes = [name.removeprefix("tokens of ") for name in before if name.startswith("tokens of ")]
    assert len(indexes) == 4
    execute(
        path,
        *(f"INSERT INTO {index} ({index}) VALUES ('delete-all')" for index in indexes),  # noqa: S608
        "DELETE FROM words",
        "UPDATE papers SET place = NULL WHERE id % 2",
        "UPDATE authors SET papers = 9",
        "PRAGMA user_version = 7",
    )
    await (await Database.open(url_of(path))).close()
    assert what_is_found(dump(path)) == before
    assert analysis(path) == reindexing.FINGERPRINT


async def test_it_is_made_anew_once(of_another: Path, reindexed: list[str]) -> None:
    before = what_is_found(dump(of_another))
    for one in await asyncio.gather(*(Database.open(url_of(of_another)) for _ in range(6))):
        await one.close()
    assert reindexed == ["anew"]
    assert what_is_found(dump(of_another)) == before
    await (await Database.open(url_of(of_another))).close()
    assert reindexed == ["anew"]
    # Nothing was migrated, so nothing is copied.
    assert not list(of_another.parent.glob("*before*"))


async def test_one_that_is_broken_off_leaves_the_database_as_it_was(
    of_another: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump(of_another)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(reindexing, "_hang_all", broken)
        with pytest.raises(ZeroDivisionError):
            await Database.open(url_of(of_another))
    assert dump(of_another) == before
    assert analysis(of_another) == 7
    database = await Database.open(url_of(of_another))
    assert await ids(database, "zebras") == {ONE}
    await database.close()


async def test_a_migration_is_kept_with_what_is_made_anew_or_not_at_all(
    first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older Paperboy can still be run on it, and a start that fails again and again leaves no copies."""
    before = dump(first)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(reindexing, "_hang_all", broken)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                await Database.open(url_of(first))
    assert dump(first) == before
    assert not list(first.parent.glob("*before*"))
    for one in await asyncio.gather(*(Database.open(url_of(first)) for _ in range(3))):
        assert await ids(one, "zebras") == {ONE}
        await one.close()
    (copy,) = first.parent.glob("*before*")
    assert copy.name == f"paperboy.before-{storage.database.HEAD}.db"
    assert dump(copy) == before


async def test_a_file_that_is_read_only(of_another: Path, shared: Path) -> None:
    path = shared / "paperboy.db"
    shutil.copy(of_another, path)
    mode(path, 0o444)
    before = dump(path)
    with as_nobody(), told(path, "^The database '.*' is read-only. Let Paperboy write to it"):
        await Database.open(url_of(path))
    mode(path, 0o666)
    assert dump(path) == before
    with as_nobody():
        await (await Database.open(url_of(path))).close()
    assert analysis(path) == reindexing.FINGERPRINT


async def test_a_full_disk(of_another: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(of_another)) as connection, connection:
        rows = [(n, str(n), f"word{n}") for n in range(9, 999)]
        connection.executemany("INSERT INTO papers (id, arxiv_id, title, url, matched) VALUES (?, ?, ?, '', 1)", rows)
        connection.execute("INSERT INTO entries SELECT 1, id, 1, id, '[]' FROM papers WHERE id > 8")
    before, begin = dump(of_another), storage.database._begin

    def begin_narrowly(connection: Connection) -> None:
        # It cannot be set to less than there is.
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        begin(connection)

    with monkeypatch.context() as patched:
        patched.setattr(storage.database, "_begin", begin_narrowly)
        with told(of_another, r"^The disk that holds '.*' is full\. Make room on it; nothing is half-written\."):
            await Database.open(url_of(of_another))
    assert dump(of_another) == before
    database = await Database.open(url_of(of_another))
    assert await ids(database, "word500") == {"500"}
    await database.close()


async def test_a_lock_that_is_not_given_back(of_another: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.database, "_BUSY_TIMEOUT_MS", 50)
    with closing(sqlite3.connect(of_another, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with told(of_another, "^The database '.*' is held by another program"):
            await Database.open(url_of(of_another))
    await (await Database.open(url_of(of_another))).close()
    assert analysis(of_another) == reindexing.FINGERPRINT


async def test_an_index_that_is_damaged_is_told(of_another: Path) -> None:
    execute(of_another, "DELETE FROM paper_words_data WHERE id = 10", "UPDATE papers SET title = 'tiger'")
    execute(of_another, f"PRAGMA user_version = {reindexing.FINGERPRINT}")
    database = await Database.open(url_of(of_another))
    try:
        with pytest.raises(DatabaseError, match=r"^The database '.*' is damaged\. End Paperboy, and put a backup"):
            await ids(database, "zebra")
    finally:
        await database.close()


# What is followed


async def kept_by_another(path: Path, *rows: tuple[int, Subscriber, int, str, str]) -> Database:
    """A database in which another analysis gave what is followed other normal forms: (id, who, id, text, normal)."""
    execute(path, "DELETE FROM subscriptions")
    with closing(sqlite3.connect(path)) as connection, connection:
        values = [(one, who.value, who_id, "keyword", text, normal, "en") for one, who, who_id, text, normal in rows]
        connection.executemany("INSERT INTO subscriptions VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    return await Database.open(url_of(path))


async def test_what_is_followed_has_its_normal_form_and_is_hung_anew(of_another: Path) -> None:
    database = await kept_by_another(
        of_another,
        # Each is to have what another has: one after the other, there would be two of the same.
        (1, USER, 7, "zebra", "lion"),
        (2, USER, 7, "lion", "tiger"),
        (3, USER, 7, "tiger", "zebra"),
        (4, USER, 8, "zebra", "zebras?"),
        # It is not understood any more, and finds nothing; but it is there to be ended, or for a later version.
        (5, USER, 8, "!?", "zebra"),
        (6, CHANNEL, 8, "-zebra", "zebra"),
    )
    async with database.read() as connection:
        held = [(one.id, one.text, one.normal) for one in await every(connection)]
        assert held[:4] == [(1, "zebra", "zebra"), (2, "lion", "lion"), (3, "tiger", "tiger"), (4, "zebra", "zebra")]
        assert [(one, text) for one, text, _ in held[4:]] == [(5, "!?"), (6, "-zebra")]
        assert await hanging(connection) == {("keyword", one) for one in ("zebra", "lion", "tiger")}
    await database.close()


async def test_two_that_mean_the_same_now_are_one_and_nothing_is_left_untold(of_another: Path) -> None:
    """The second is ended; the first tells what waited to be told by it."""
    database = await Database.open(url_of(of_another))
    await plan(database, alert(7, target=USER))
    await database.close()
    execute(of_another, "PRAGMA user_version = 7")
    execute(
        of_another,
        "DELETE FROM subscriptions",
        "INSERT INTO subscriptions VALUES (3, 'user', 7, 'keyword', 'GPT-4o', '4 gpt o', 'en')",
        "INSERT INTO subscriptions VALUES (4, 'user', 7, 'keyword', 'gpt4o', 'gpt4o', 'en')",
        "INSERT INTO subscriptions VALUES (5, 'user', 8, 'keyword', 'gpt4o', 'gpt4o', 'en')",
        "INSERT INTO matches VALUES (1, 1, 3), (1, 1, 4), (1, 2, 4)",
    )
    database = await Database.open(url_of(of_another))
    async with database.read() as connection:
        assert [(one.id, one.text, one.normal) for one in await every(connection)] == [
            (3, "GPT-4o", "gpt-4-o"),
            (5, "gpt4o", "gpt-4-o"),
        ]
        (one,) = await accounts.since(connection, USER, [7], NOW)
        assert await matches.of(connection, [one.id]) == {one.id: {ONE: [3], TWO: [3]}}
    async with database.write() as connection:
        await matches.add(connection, MONDAY, [Found(USER, 7, MONDAY, 0, TWO, 3)])
    await database.close()
