"""The connection to the database: pragmas in one place, reads and writes apart, migrations at the start."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from filelock import AsyncFileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import DatabaseError
from storage import backup, reindexing
from storage.sqlite import as_json, file_of, in_transaction, refusals

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

HEAD = "0005"
"""The newest migration. A database that is there already is opened without loading Alembic."""

_BUSY_TIMEOUT_MS = 10_000
_IDLE = 2
"""Connections kept for the next look-ups; the pool has 15 in all."""
_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """An open database. ``read()`` and ``write()`` give connections in a transaction.

    A write takes SQLite's write lock at once (``BEGIN IMMEDIATE``): a transaction that first reads and then writes
    would fail without waiting when another has written in between (https://www.sqlite.org/isolation.html). Where the
    file cannot be used (a full disk, a lock, damage), all three raise :class:`DatabaseError` and keep nothing.
    """

    def __init__(self, path: Path, engine: AsyncEngine, bulk: Engine) -> None:
        self._path = path
        self._engine = engine
        self._bulk = bulk
        # Taken from the pool, which SQLAlchemy takes longer to look after than SQLite over a small look-up.
        self._idle: list[Connection] = []
        self._writing = asyncio.Lock()
        # The operating system gives it back when the process ends, however it ends.
        self._held = AsyncFileLock(f"{path}.lock")

    @classmethod
    async def open(cls, url: str) -> Database:
        """Opens the database at ``url`` (``sqlite+aiosqlite:///…``) and brings it to the newest schema. An older one
        is first copied beside it (``paperboy.before-0005.db``).

        Raises:
            DatabaseError: it cannot be opened, is no database, or was made by a newer Paperboy.
        """
        try:
            parsed = make_url(url)
            engine = create_async_engine(parsed, json_serializer=as_json)
            bulk = create_engine(parsed.set(drivername="sqlite"), json_serializer=as_json)
        except (SQLAlchemyError, ImportError) as error:
            raise DatabaseError(f"The database address {url!r} cannot be used: {error}") from error
        path = file_of(url)
        for each in (engine.sync_engine, bulk):
            event.listen(each, "connect", _configure)
            event.listen(each, "begin", _begin)
        database = cls(path, engine, bulk)
        try:
            with refusals(path):
                # Not by aiosqlite: where it cannot connect, its thread still calls the event loop, which may be closed.
                await asyncio.to_thread(database._bring_up)
        except DBAPIError as error:
            await database.close()
            raise DatabaseError(f"The database '{path}' cannot be opened: {error.orig}") from error
        except BaseException:
            await database.close()
            raise
        return database

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one state of the database throughout."""
        async with self._told(), self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose changes are kept together at the end, or not at all after an exception."""
        # SQLite lets one write at a time. Those that wait here hold no connection that a look-up could have.
        async with self._told(), self._writing, self._engine.connect() as connection:
            await connection.execution_options(immediate=True)
            async with connection.begin():
                yield connection

    @contextmanager
    def write_here(self) -> Iterator[Connection]:
        """As ``write()``, for a worker thread: work in bulk costs the event loop nothing, and less in all."""
        try:
            with refusals(self._path), self._bulk.execution_options(immediate=True).begin() as connection:
                yield connection
        except DatabaseError:
            self._dispose()
            raise

    @property
    def written(self) -> bool:
        """Whether somebody writes, or waits to."""
        return self._writing.locked()

    async def change(self, operation: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What an operation returns that writes in a worker thread, in turn with all that waits to write: SQLite itself
        has those wait who ask again too late, and an import asks again at once."""

        def made() -> T:
            with self.write_here() as connection:
                return operation(connection, *args, **kwargs)

        async with self._writing:
            return await asyncio.to_thread(made)

    async def look(self, question: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a question finds. It is asked in a worker thread: its statements cost the event loop one wait, and not
        two each."""

        def asked() -> T:
            with self.read_here() as connection:
                return question(connection, *args, **kwargs)

        return await asyncio.to_thread(asked)

    @contextmanager
    def read_here(self) -> Iterator[Connection]:
        """As ``read()``, for a worker thread."""
        try:
            with refusals(self._path):
                connection = self._reader()
                try:
                    # By the driver: SQLAlchemy takes longer over a transaction than SQLite over a small look-up.
                    driver: Any = connection.connection.dbapi_connection
                    driver.execute("BEGIN")
                    yield connection
                    # SQLAlchemy knows of a transaction only where something was asked through it.
                    (connection if connection.in_transaction() else driver).rollback()
                except BaseException:
                    connection.close()
                    raise
                if len(self._idle) < _IDLE:
                    self._idle.append(connection)
                else:
                    connection.close()
        except DatabaseError:
            self._dispose()
            raise

    def _reader(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._bulk.connect()

    def _dispose(self) -> None:
        # Several threads may come to this at once.
        with suppress(IndexError):
            while True:
                self._idle.pop().close()
        self._bulk.dispose()

    async def hold(self, seconds: float = 15) -> None:
        """Makes this the one bot that sends from the database; waits for another one that is ending.

        Raises:
            DatabaseError: another one holds it, and did not end in time.
        """
        try:
            await self._held.acquire(timeout=seconds, poll_interval=0.1)
        except Timeout:
            raise DatabaseError(
                f"Another Paperboy runs on the database '{self._path}', and two would send all twice. End it first."
            ) from None
        except OSError as error:
            raise DatabaseError(f"{self._held.lock_file!r} cannot be locked: {error}") from error

    async def close(self) -> None:
        await self._held.release()
        await self._engine.dispose()
        self._dispose()

    @asynccontextmanager
    async def _told(self) -> AsyncIterator[None]:
        try:
            with refusals(self._path):
                yield
        except DatabaseError:
            # A connection that was opened to a read-only or a moved file stays so; the next ones are new.
            await self._engine.dispose()
            raise

    def _bring_up(self) -> None:
        """Migrates, and makes the indexes anew where they were made by another analysis: both or neither."""
        with self._bulk.connect() as connection:
            if _is_current(connection):
                return
        kept = None
        try:
            with self._bulk.execution_options(immediate=True).begin() as connection:
                # The write lock is held: the copy has all that was ever written, and of several that open the database
                # at once only the first finds it old.
                revision = _revision(connection)
                if revision is not None and revision < HEAD:
                    kept = backup.before(self._path, HEAD)
                if revision != HEAD:
                    migrate(connection)
                if reindexing.is_due(connection):
                    reindexing.reindex(connection)
        except BaseException:
            # The database is as it was, and a start that fails again and again must not fill the disk.
            if kept is not None:
                kept.unlink(missing_ok=True)
            raise
        if kept is not None:
            log.info("the database was migrated, and is kept as it was before", extra={"copy": kept.name})


def migrate(connection: Connection) -> None:
    """Runs the migrations that this database has not seen, within the connection's transaction."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise DatabaseError(f"The database was made by another version of Paperboy: {error}") from error


def _is_current(connection: Connection) -> bool:
    return _revision(connection) == HEAD and not reindexing.is_due(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _configure(connection: Any, _record: ConnectionPoolEntry) -> None:
    # The driver would begin transactions by itself, and not before a SELECT.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {_BUSY_TIMEOUT_MS}",
        # Of a new database: in SQLite's own 4,096 bytes there is room for two papers, and a fifth of it is left over.
        "page_size = 8192",
        "foreign_keys = ON",
        "synchronous = NORMAL",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    _use_wal(cursor)
    cursor.close()


def _use_wal(cursor: Any) -> None:
    # Of several connections that turn a new database to WAL at once, SQLite refuses all but one without waiting.
    end = time.monotonic() + _BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        else:
            return


def _begin(connection: Connection) -> None:
    if in_transaction(connection):
        return
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
