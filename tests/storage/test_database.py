"""Opening, migrations, pragmas and transactions."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

import storage.database
from bot.errors import DatabaseError
from storage import commands
from storage.database import Database
from storage.schema import metadata
from storage.sqlite import rows
from tests.storage.support import MONDAY, digest, dump, paper, store, url_of

ROOT = Path(__file__).parents[2]
MIGRATIONS = Path(storage.database.__file__).parent / "migrations"


def described(path: Path) -> dict[str, object]:
    """Every table, index and constraint of a database, but the note of its migrations."""
    connection = sqlite3.connect(path)
    try:
        held = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
        found: dict[str, object] = {}
        for kind, name, table, sql in held:
            if table == "alembic_version":
                continue
            found[f"{kind} {name} of {table}"] = re.sub(r"\s+", "", sql or "").replace('"', "").casefold()
            if kind == "table":
                for pragma in ("table_xinfo", "foreign_key_list"):
                    found[f"{pragma} {name}"] = connection.execute(f'PRAGMA {pragma}("{name}")').fetchall()
                # In no order: two indexes are made in either.
                indexes = connection.execute(f'PRAGMA index_list("{name}")').fetchall()
                found[f"index_list {name}"] = sorted(index[1:] for index in indexes)
            if kind == "index":
                found[f"index_xinfo {name}"] = connection.execute(f'PRAGMA index_xinfo("{name}")').fetchall()
        return found
    finally:
        connection.close()


async def test_the_migrations_lead_to_the_declared_schema(database: Database, path: Path, tmp_path: Path) -> None:
    declared = tmp_path / "declared.db"
    engine = create_engine(f"sqlite:///{declared}")
    metadata.create_all(engine)
    engine.dispose()
    assert described(path) == described(declared)
    assert {table.name for table in metadata.sorted_tables} < {
        name.split()[1] for name in described(path) if name.startswith("table ")
    }


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [storage.database.HEAD]


async def test_a_new_database_is_at_head(database: Database, path: Path) -> None:
    assert dump(path)["alembic_version"] == [(storage.database.HEAD,)]


def test_the_second_opening_loads_no_alembic_and_changes_nothing(path: Path) -> None:
    code = (
        "import asyncio, sys; from storage.database import Database\n"
        "async def main():\n"
        "    await (await Database.open(sys.argv[1])).close()\n"
        "asyncio.run(main())\n"
        "print(sorted(name for name in sys.modules if name.startswith(('alembic', 'mako'))))"
    )

    def open_it() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, url_of(path)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert "alembic" in open_it().stdout
    before, content = described(path), hashlib.sha256(path.read_bytes()).hexdigest()
    again = open_it()
    assert again.stdout.strip() == "[]"
    assert again.stderr == ""
    assert described(path) == before
    assert hashlib.sha256(path.read_bytes()).hexdigest() == content


async def test_what_was_kept_is_there_after_reopening(path: Path) -> None:
    first = await Database.open(url_of(path))
    store(first, digest(MONDAY, (paper("2401.00001", "Kept"), 3)))
    await first.close()
    before = dump(path)
    await (await Database.open(url_of(path))).close()
    assert dump(path) == before


async def test_a_database_of_a_newer_paperboy_is_left_alone(path: Path) -> None:
    await (await Database.open(url_of(path))).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = dump(path)
    with pytest.raises(DatabaseError, match=r"made by another version of Paperboy.*9999"):
        await Database.open(url_of(path))
    assert dump(path) == before


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("These are notes. " * 500)
    with pytest.raises(DatabaseError, match=r"^'.*notes\.txt' is no database\. Move it away"):
        await Database.open(url_of(file))
    assert file.read_text() == "These are notes. " * 500


async def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(
        DatabaseError, match=r"^The database '.*' cannot be opened\. It must be a file, in a folder that"
    ):
        await Database.open(url_of(tmp_path))


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(
        DatabaseError, match=r"^The database '.*' cannot be opened\. It must be a file, in a folder that"
    ):
        await Database.open(url_of(tmp_path / "no" / "such" / "folder.db"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "paperboy.db",
        "sqlite:///paperboy.db",
        "sqlite+pysqlite:///paperboy.db",
        "sqlite+aiosqlite://host/paperboy.db",
        "postgresql+nodriver://localhost/paperboy",
        "oracle://localhost/paperboy",
        # In memory, each connection would have a database of its own.
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///",
        "sqlite+aiosqlite:///:memory:",
    ],
)
async def test_an_address_that_cannot_be_used(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatabaseError, match="^" + re.escape(f"The database address {url!r} cannot be used: ")):
        await Database.open(url)
    assert os.listdir(tmp_path) == []  # noqa: PTH208


async def test_the_database_of_another_program_is_left_alone(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE entries (mine TEXT)")
    connection.execute("INSERT INTO entries VALUES ('dear')")
    connection.commit()
    connection.close()
    with pytest.raises(DatabaseError, match="cannot be opened: table entries already exists"):
        await Database.open(url_of(path))
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("entries",)]
    assert connection.execute("SELECT mine FROM entries").fetchall() == [("dear",)]
    connection.close()


async def test_many_open_a_new_database_at_once(tmp_path: Path) -> None:
    for number in range(8):
        path = tmp_path / f"{number}.db"
        opened = await asyncio.gather(*(Database.open(url_of(path)) for _ in range(8)), return_exceptions=True)
        for one in opened:
            if isinstance(one, Database):
                await one.close()
        assert [one for one in opened if isinstance(one, BaseException)] == []
        assert dump(path)["alembic_version"] == [(storage.database.HEAD,)]


PRAGMAS = {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 10_000, "synchronous": 1}


@pytest.mark.parametrize("pragma", PRAGMAS)
async def test_pragmas_are_in_force_on_every_connection(database: Database, pragma: str) -> None:
    statement = text(f"PRAGMA {pragma}")
    wanted = PRAGMAS[pragma]
    async with database.read() as first, database.read() as second, database.write() as third:
        for connection in (first, second, third):
            assert (await connection.execute(statement)).scalar() == wanted
    with database.write_here() as connection:
        assert connection.execute(statement).scalar() == wanted


async def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(Exception, match="FOREIGN KEY constraint failed"):
        async with database.write() as connection:
            await connection.execute(text("INSERT INTO entries VALUES (7, 7, NULL, 0, '[]')"))


class _UndoError(Exception):
    pass


async def test_a_write_that_raises_keeps_nothing(database: Database, path: Path) -> None:
    before = dump(path)

    async def fail() -> None:
        async with database.write() as connection:
            await commands.set_fingerprint(connection, 1, "kept?")
            assert await commands.fingerprint(connection, 1) == "kept?"
            raise _UndoError

    def fail_here() -> None:
        with database.write_here() as connection:
            connection.execute(text("INSERT INTO synced_commands VALUES (1, 'kept?')"))
            raise _UndoError

    with pytest.raises(_UndoError):
        await fail()
    with pytest.raises(_UndoError):
        await asyncio.to_thread(fail_here)
    assert dump(path) == before
    async with database.write() as connection:
        await commands.set_fingerprint(connection, 1, "kept")
    assert dump(path)["synced_commands"] == [(1, "kept")]


async def test_a_write_that_is_cancelled_keeps_nothing_and_holds_nobody_up(database: Database, path: Path) -> None:
    inside, never = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with database.write() as connection:
            await commands.set_fingerprint(connection, 1, "cancelled")
            inside.set()
            await never.wait()

    task = asyncio.create_task(write())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.write() as connection:
        assert await commands.fingerprint(connection, 1) is None
        await commands.set_fingerprint(connection, 2, "after")
    assert dump(path)["synced_commands"] == [(2, "after")]


async def test_a_read_sees_one_state_throughout(database: Database) -> None:
    async with database.read() as reader:
        assert await commands.fingerprint(reader, 1) is None
        async with database.write() as writer:
            await commands.set_fingerprint(writer, 1, "new")
        assert await commands.fingerprint(reader, 1) is None
    async with database.read() as reader:
        assert await commands.fingerprint(reader, 1) == "new"


async def test_writers_wait_for_each_other(database: Database, path: Path) -> None:
    """Reading first and then writing, from the loop and from threads, through two databases: nothing is lost."""
    another = await Database.open(url_of(path))

    async def add(held: Database) -> None:
        async with held.write() as connection:
            number = int(await commands.fingerprint(connection, 1) or 0)
            await commands.set_fingerprint(connection, 1, str(number + 1))

    def add_here(held: Database) -> None:
        with held.write_here() as connection:
            number = int(connection.execute(text("SELECT fingerprint FROM synced_commands")).scalar() or 0)
            connection.execute(text("INSERT OR REPLACE INTO synced_commands VALUES (1, :next)"), {"next": number + 1})

    try:
        for _ in range(3):
            await asyncio.gather(
                *(add(held) for held in (database, another) for _ in range(4)),
                *(asyncio.to_thread(add_here, held) for held in (database, another) for _ in range(2)),
            )
    finally:
        await another.close()
    assert dump(path)["synced_commands"] == [(1, "36")]


async def test_a_read_then_write_is_not_refused_when_another_wrote_in_between(database: Database) -> None:
    """With a plain BEGIN, SQLite refuses the write at once: the state that was read is no longer the newest."""
    first_read, second_began = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with database.write() as connection:
            held = await commands.fingerprint(connection, 1)
            first_read.set()
            await second_began.wait()
            await commands.set_fingerprint(connection, 1, f"{held} first")

    async def second() -> None:
        await first_read.wait()
        second_began.set()
        async with database.write() as connection:
            held = await commands.fingerprint(connection, 1)
            await commands.set_fingerprint(connection, 1, f"{held} second")

    await asyncio.gather(first(), second())
    async with database.read() as connection:
        assert await commands.fingerprint(connection, 1) == "None first second"


async def test_each_look_is_at_the_newest_state(database: Database) -> None:
    """On a connection that is kept, by whatever way the one before has asked, and however it has ended."""

    def by_sqlalchemy(connection: Connection) -> int:
        number: int = connection.execute(text("SELECT count(*) FROM synced_commands")).scalar_one()
        return number

    def by_the_driver(connection: Connection) -> int:
        ((number,),) = rows(connection, "SELECT count(*) FROM synced_commands")
        return int(number)

    def broken(connection: Connection) -> int:
        by_the_driver(connection)
        raise LookupError

    asked = (by_sqlalchemy, by_the_driver, by_sqlalchemy, broken, by_the_driver, broken, by_sqlalchemy)
    for number, question in enumerate(asked):
        with suppress(LookupError):
            assert await database.look(question) == number
        async with database.write() as connection:
            await commands.set_fingerprint(connection, number, "new")
