"""What SQLite refuses: it is said plainly, nothing is half-written, and the database works again without the cause."""

from __future__ import annotations

import asyncio
import filecmp
import os
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

import storage.database
from bot.errors import DatabaseError
from storage import commands
from storage.database import Database
from tests.storage.support import dump, url_of

LONG = "x" * 200_000
INSERT = text("INSERT OR REPLACE INTO synced_commands VALUES (:number, :long)")


async def write(database: Database) -> None:
    """Two rows, of which the second needs room."""
    async with database.write() as connection:
        await commands.set_fingerprint(connection, 1, "half")
        await commands.set_fingerprint(connection, 2, LONG)


async def write_in_a_thread(database: Database) -> None:
    def work() -> None:
        with database.write_here() as connection:
            for number, held in ((1, "half"), (2, LONG)):
                connection.execute(INSERT, {"number": number, "long": held})

    await asyncio.to_thread(work)


WRITES = pytest.mark.parametrize("write", [write, write_in_a_thread])
Write = Callable[[Database], Awaitable[None]]


async def works(database: Database, path: Path) -> None:
    """Reads, writes and is whole."""
    await write(database)
    await write_in_a_thread(database)
    async with database.read() as connection:
        assert await commands.fingerprint(connection, 2) == LONG
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Database]:
    database = await Database.open(url_of(path))
    try:
        yield database
    finally:
        await database.close()


def mode(path: Path, bits: int) -> None:
    path.touch()
    path.chmod(bits)


def fill(path: Path, content: bytes, start: int = 0) -> None:
    """Writes over what is there, from a place on; a single byte as long as the file is."""
    path.touch()
    with path.open("r+b") as file:
        length = file.seek(0, os.SEEK_END)
        file.seek(start)
        file.write(content * max(length - start, 1) if len(content) == 1 else content)


@contextmanager
def told(path: Path, match: str) -> Iterator[None]:
    """The sentence names the file and has its cause with it."""
    with pytest.raises(DatabaseError, match=match) as raised:
        yield
    assert f"'{path}'" in str(raised.value)
    cause = raised.value.__cause__
    assert isinstance(cause, DBAPIError)
    assert isinstance(cause.orig, sqlite3.Error)


@WRITES
async def test_a_full_disk(empty: Path, path: Path, monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    """The file may not grow, as on a full disk: SQLite says the same of both."""
    shutil.copy(empty, path)
    begin = storage.database._begin
    full = True

    def begin_narrowly(connection: Connection) -> None:
        # It cannot be set to less than there is.
        connection.exec_driver_sql(f"PRAGMA max_page_count = {1 if full else 1_000_000}")
        begin(connection)

    monkeypatch.setattr(storage.database, "_begin", begin_narrowly)
    async with opened(path) as database:
        before = dump(path)
        with told(path, "^The disk that holds '.*' is full"):
            await write(database)
        assert dump(path) == before
        async with database.read() as connection:
            assert await commands.fingerprint(connection, 1) is None
        full = False
        await works(database, path)


@WRITES
async def test_a_lock_that_is_not_given_back(
    empty: Path, path: Path, monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    shutil.copy(empty, path)
    monkeypatch.setattr(storage.database, "_BUSY_TIMEOUT_MS", 50)
    async with opened(path) as database:
        before = dump(path)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with told(path, "^The database '.*' is held by another program"):
                await write(database)
            async with database.read() as connection:
                assert await commands.fingerprint(connection, 1) is None
        assert dump(path) == before
        await works(database, path)


async def test_a_lock_while_it_is_opened(empty: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.database, "_BUSY_TIMEOUT_MS", 50)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with told(path, "^The database '.*' is held by another program"):
            await Database.open(url_of(path))
    async with opened(path) as database:
        await works(database, path)


async def test_a_file_that_is_no_database(empty: Path, path: Path) -> None:
    note = path.with_name("notes.txt")
    fill(note, b"These are notes. " * 500)
    shutil.copy(note, path)
    with told(path, r"^'.*' is no database\. Move it away"):
        await Database.open(url_of(path))
    assert filecmp.cmp(note, path, shallow=False)
    shutil.copy(empty, path)
    async with opened(path) as database:
        await works(database, path)


@pytest.mark.parametrize("left", [8192, 8192 * 5])
async def test_a_file_that_was_cut_short(empty: Path, path: Path, left: int) -> None:
    shutil.copy(empty, path)
    async with opened(path) as database:
        await works(database, path)
    shutil.copy(path, path.with_name("whole.db"))
    os.truncate(path, left)
    with told(path, "^The database '.*' is damaged"):
        async with opened(path) as database, database.read() as connection:
            for number in (1, 2):
                await commands.fingerprint(connection, number)
    shutil.copy(path.with_name("whole.db"), path)
    async with opened(path) as database:
        await works(database, path)


async def test_a_page_that_was_written_over(empty: Path, path: Path) -> None:
    """The rest of the database is read and written as ever."""
    shutil.copy(empty, path)
    with closing(sqlite3.connect(path)) as plain:
        asked = "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'synced_commands' AND type = 'index'"
        (page,) = plain.execute(asked).fetchone()
    whole = path.with_name("whole.db")
    shutil.copy(path, whole)
    fill(path, b"\xff" * 8192, start=(page - 1) * 8192)
    async with opened(path) as database:
        async with database.read() as connection:
            await connection.execute(text("SELECT * FROM papers"))
        with told(path, "^The database '.*' is damaged"):
            async with database.read() as connection:
                await commands.fingerprint(connection, 1)
        with told(path, "^The database '.*' is damaged"):
            await write(database)
    shutil.copy(whole, path)
    async with opened(path) as database:
        await works(database, path)


async def test_pages_that_were_written_over(empty: Path, path: Path) -> None:
    """It opens, for its first page is whole; what is then read is not."""
    shutil.copy(empty, path)
    async with opened(path) as database:
        await works(database, path)
    whole = path.with_name("whole.db")
    shutil.copy(path, whole)
    fill(path, b"\xff", start=8192)

    with told(path, "^The database '.*' is damaged"):
        async with opened(path) as database, database.read() as connection:
            await connection.execute(text("SELECT * FROM synced_commands"))
    shutil.copy(whole, path)
    async with opened(path) as database:
        await works(database, path)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without the rights of root, to whom every folder is open."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that anybody can reach: those of pytest are for their owner alone."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder
        folder.chmod(0o777)


@WRITES
async def test_a_file_that_is_read_only(empty: Path, shared: Path, write: Write) -> None:
    path = shared / "paperboy.db"
    shutil.copy(empty, path)
    mode(path, 0o444)
    before = dump(path)
    with as_nobody(), told(path, "^The database '.*' is read-only"):
        async with opened(path) as database:
            await write(database)
    mode(path, 0o666)
    assert dump(path) == before
    with as_nobody():
        async with opened(path) as database:
            await works(database, path)


async def test_it_is_written_again_once_it_is_read_only_no_more(empty: Path, shared: Path) -> None:
    path = shared / "paperboy.db"
    shutil.copy(empty, path)
    files = [path.with_name(path.name + beside) for beside in ("", "-wal", "-shm")]
    for file in files:
        mode(file, 0o444)
    with as_nobody():
        async with opened(path) as database:
            with told(path, "^The database '.*' is read-only"):
                await write(database)
            with told(path, "^The database '.*' is read-only"):
                await write_in_a_thread(database)
            os.seteuid(os.getuid())
            for file in files:
                mode(file, 0o666)
            await works(database, path)


async def test_a_folder_that_is_closed(shared: Path) -> None:
    path = shared / "paperboy.db"
    mode(shared, 0o555)
    with as_nobody(), told(path, "^The database '.*' cannot be opened"):
        await Database.open(url_of(path))
    mode(shared, 0o777)
    with as_nobody():
        async with opened(path) as database:
            await works(database, path)


async def test_a_mistake_in_the_code_goes_on_as_it_is(database: Database) -> None:
    with pytest.raises(OperationalError, match="no such table"):
        async with database.read() as connection:
            await connection.execute(text("SELECT * FROM unheard_of"))
    with pytest.raises(IntegrityError), database.write_here() as connection:
        connection.execute(text("INSERT INTO entries VALUES (7, 7, NULL, 0, '[]')"))
