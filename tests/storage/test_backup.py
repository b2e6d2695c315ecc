"""Copies of the database: while others write, and before a migration."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

import storage.backup
import storage.database
from bot.errors import DatabaseError
from storage import papers
from storage.backup import backup, restore
from storage.database import Database
from tests.storage.support import MONDAY, digest, dump, paper, store, url_of

NEXT = '''
"""Something new."""
import sqlalchemy as sa
from alembic import op
revision = "{0}"
down_revision = "{1}"
def upgrade() -> None:
    op.create_table("news_of_{0}", sa.Column("id", sa.Integer, primary_key=True))
    {2}
'''


def names(folder: Path) -> set[str]:
    """The files of a folder, but SQLite's own beside an open database."""
    return {path.name for path in folder.iterdir() if not path.name.endswith(("-wal", "-shm"))}


def pairs(path: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return connection.execute("SELECT * FROM synced_commands ORDER BY 1").fetchall()


async def test_a_copy_gives_the_same_answers(corpus: Database, corpus_path: Path, tmp_path: Path) -> None:
    copy = await asyncio.to_thread(backup, url_of(corpus_path), tmp_path / "copy.db")
    assert dump(copy) == dump(corpus_path)
    assert names(tmp_path) == {"copy.db"}
    another = await Database.open(url_of(copy))
    try:
        for which in (papers.Filter(), papers.Filter(first=MONDAY)):
            async with corpus.read() as connection, another.read() as other:
                assert await papers.find(connection, which) == await papers.find(other, which)
    finally:
        await another.close()


async def test_a_copy_while_others_write_is_of_one_moment(database: Database, path: Path, tmp_path: Path) -> None:
    """Two rows are written in each transaction, far apart in the file, and replaced by longer ones all the time."""
    ended = threading.Event()
    written = threading.Semaphore(0)

    def work() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            with database.write_here() as connection:
                for row in (1, 1000):
                    connection.execute(
                        text("INSERT OR REPLACE INTO synced_commands VALUES (:row, :long)"),
                        {"row": row, "long": f"{number} " + "x" * (number % 7 * 4000)},
                    )
                connection.execute(
                    text("INSERT INTO synced_commands VALUES (:row, :long)"), {"row": 1000 + number, "long": "y" * 3000}
                )
            written.release()

    writer = threading.Thread(target=work)
    writer.start()
    try:
        seen = []
        for number in range(12):
            while written.acquire(blocking=False):
                pass
            for _ in range(5):
                assert await asyncio.to_thread(written.acquire, timeout=30)
            copy = await asyncio.to_thread(backup, url_of(path), tmp_path / f"{number}.copy")
            (first, second), rest = pairs(copy)[:2], pairs(copy)[2:]
            assert first[1] == second[1]
            seen.append(int(first[1].split()[0]))
            assert [row for row, _ in rest] == list(range(1001, 1001 + seen[-1]))
    finally:
        ended.set()
        await asyncio.to_thread(writer.join)
    assert seen == sorted(set(seen))
    assert len(seen) == 12


def test_a_copy_is_for_the_same_eyes(empty: Path, path: Path, tmp_path: Path) -> None:
    shutil.copy(empty, path)
    for bits in (0o600, 0o640):
        path.chmod(bits)
        copy = backup(url_of(path), tmp_path / f"{bits}.db")
        assert stat.S_IMODE(copy.stat().st_mode) == bits


def test_what_is_there_is_left(empty: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("dear")
    (tmp_path / "link.db").symlink_to("nowhere")
    for taken in (target, tmp_path / "link.db"):
        with pytest.raises(DatabaseError, match=r"is there already, and is left as it is"):
            backup(url_of(empty), taken)
    assert target.read_text() == "dear"
    assert names(tmp_path) == {"copy.db", "link.db"}


@pytest.mark.parametrize("links", [True, False])
def test_it_is_there_whole_or_not_at_all(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """Also where another takes the name while it is written, and on a file system without links."""
    target, seen = tmp_path / "copy.db", []
    publish = storage.backup._publish

    def watched(draft: Path, to: Path) -> None:
        seen.append((names(tmp_path), dump(draft)))
        publish(draft, to)

    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(storage.backup, "_publish", watched)
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    backup(url_of(empty), target)
    ((there, held),) = seen
    assert len(there) == 1
    assert "copy.db" not in there
    assert held == dump(target) == dump(empty)
    assert names(tmp_path) == {"copy.db"}


def test_a_file_that_has_come_in_the_meantime_is_left(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, publish = tmp_path / "copy.db", storage.backup._publish

    def taken(draft: Path, to: Path) -> None:
        to.write_text("dear")
        publish(draft, to)

    monkeypatch.setattr(storage.backup, "_publish", taken)
    with pytest.raises(DatabaseError, match=r"copy\.db' cannot be written: File exists"):
        backup(url_of(empty), target)
    assert target.read_text() == "dear"
    assert names(tmp_path) == {"copy.db"}


def test_what_cannot_be_copied(empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with a sentence, and nothing is left behind."""
    monkeypatch.setattr(storage.backup, "_WAIT_SECONDS", 0.05)
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "notes.db").write_text("These are notes. " * 500)
    (sources / "nothing.db").touch()
    shutil.copy(empty, sources / "cut.db")
    os.truncate(sources / "cut.db", 8192 * 5)
    shutil.copy(empty, sources / "held.db")
    with closing(sqlite3.connect(sources / "held.db", isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        before = names(sources)
        for name, sentence in {
            "missing.db": "^There is no database '.*missing.db'",
            "notes.db": "^'.*notes.db' is no database",
            "nothing.db": "^The database '.*nothing.db' is not Paperboy's",
            "cut.db": "^The database '.*cut.db' is damaged",
            "held.db": "^The database '.*held.db' is held by another program",
        }.items():
            with pytest.raises(DatabaseError, match=sentence):
                backup(url_of(sources / name), tmp_path / "copy.db")
    with pytest.raises(DatabaseError, match=r"^The copy '.*no/copy.db' cannot be written: No such file or directory"):
        backup(url_of(empty), tmp_path / "no" / "copy.db")
    assert names(tmp_path) == {"sources"}
    assert names(sources) == before


@pytest.mark.parametrize("moved", range(4))
def test_a_restoration_that_is_ended_halfway_leaves_no_half_database(
    empty: Path, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    """What was written last is in the log alone, as where the bot was killed."""
    kept = backup(url_of(empty), tmp_path / "kept.db")
    shutil.copy(empty, tmp_path / "open.db")
    with closing(sqlite3.connect(tmp_path / "open.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO synced_commands VALUES (1, 'newest')")
        for end in ("", "-wal", "-shm"):
            shutil.copy(tmp_path / f"open.db{end}", f"{path}{end}")
    rename, left = Path.rename, [moved]

    def ended(one: Path, to: str | Path) -> Path:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return rename(one, to)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", ended)
        with pytest.raises(KeyboardInterrupt):
            restore(url_of(path), kept)
    assert pairs(path) == [(1, "newest")] if path.exists() else moved
    restore(url_of(path), kept)
    assert pairs(path) == []


def test_a_restore_leaves_a_link_to_the_database_in_its_place(empty: Path, tmp_path: Path) -> None:
    volume, kept, named = tmp_path / "volume", tmp_path / "kept.db", tmp_path / "paperboy.db"
    volume.mkdir()
    shutil.copy(empty, volume / "held.db")
    shutil.copy(empty, kept)
    named.symlink_to(volume / "held.db")
    with closing(sqlite3.connect(named)) as connection, connection:
        connection.execute("INSERT INTO synced_commands VALUES (1, 'newest')")
    assert restore(url_of(named), kept) == volume / "held.replaced.db"
    assert named.readlink() == volume / "held.db"
    assert (pairs(named), pairs(volume / "held.replaced.db")) == ([], [(1, "newest")])


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A newer Paperboy: one migration more, in a copy of the folder of migrations."""
    folder = tmp_path / "migrations"
    shutil.copytree(storage.database._MIGRATIONS, folder)
    (folder / "versions" / "0006_news.py").write_text(NEXT.format("0006", "0005", ""))
    monkeypatch.setattr(storage.database, "_MIGRATIONS", folder)
    monkeypatch.setattr(storage.database, "HEAD", "0006")
    return folder


@pytest.fixture
async def old(empty: Path, tmp_path: Path) -> Path:
    """A database with a paper, of the Paperboy that there is now."""
    path = tmp_path / "old" / "paperboy.db"
    await asyncio.to_thread(path.parent.mkdir)
    shutil.copy(empty, path)
    database = await Database.open(url_of(path))
    store(database, digest(MONDAY, (paper("2401.00001", "Kept"), 3)))
    await database.close()
    return path


async def test_an_older_database_is_copied_before_it_is_migrated(old: Path, newer: Path) -> None:
    before = dump(old)
    await (await Database.open(url_of(old))).close()
    assert names(old.parent) == {"paperboy.db", "paperboy.before-0006.db"}
    assert dump(old.with_name("paperboy.before-0006.db")) == before
    after = dump(old)
    assert after["alembic_version"] == [("0006",)]
    assert "news_of_0006" in after
    assert after["papers"] == before["papers"]
    # At the next start there is nothing to do.
    await (await Database.open(url_of(old))).close()
    assert names(old.parent) == {"paperboy.db", "paperboy.before-0006.db"}


async def test_a_copy_of_that_name_is_kept(old: Path, newer: Path) -> None:
    before = dump(old)
    taken = [old.with_name(f"paperboy.before-0006{more}.db") for more in ("", "-2")]
    for path in taken:
        shutil.copy(__file__, path)
    await (await Database.open(url_of(old))).close()
    assert dump(old.with_name("paperboy.before-0006-3.db")) == before
    assert {path.stat().st_size for path in taken} == {os.stat(__file__).st_size}  # noqa: PTH116
    assert len(names(old.parent)) == 4


async def test_a_new_database_and_one_of_a_newer_paperboy_are_not_copied(
    old: Path, newer: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await (await Database.open(url_of(path))).close()
    assert names(path.parent) == {"paperboy.db", "migrations", "old"}
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseError, match="made by another version"):
        await Database.open(url_of(old))
    assert names(old.parent) == {"paperboy.db"}


async def test_many_that_open_an_older_database_at_once_make_one_copy(old: Path, newer: Path) -> None:
    before = dump(old)
    for one in await asyncio.gather(*(Database.open(url_of(old)) for _ in range(6))):
        await one.close()
    assert names(old.parent) == {"paperboy.db", "paperboy.before-0006.db"}
    assert dump(old.with_name("paperboy.before-0006.db")) == before


async def test_a_migration_that_fails_leaves_all_as_it_was(old: Path, newer: Path) -> None:
    before = dump(old)
    broken = NEXT.format("0006", "0005", "raise RuntimeError('no ink')")
    await asyncio.to_thread((newer / "versions" / "0006_news.py").write_text, broken)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no ink"):
            await Database.open(url_of(old))
        assert names(old.parent) == {"paperboy.db"}
        assert dump(old) == before


async def test_without_a_copy_there_is_no_migration(old: Path, newer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dump(old)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(DatabaseError, match=r"before-0006\.db' cannot be written: No space left on device"):
            await Database.open(url_of(old))
    assert dump(old) == before
    assert names(old.parent) == {"paperboy.db"}
    await (await Database.open(url_of(old))).close()
    assert dump(old)["alembic_version"] == [("0006",)]
