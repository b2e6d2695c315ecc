"""SQLite's file: where it is, and what its refusals mean, said in one place."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.sql import ClauseElement

from bot.errors import DatabaseError

_FULL = "The disk that holds {written} is full. Make room on it; nothing is half-written."
_REFUSED = "The disk refuses to read or write {files}. It may be full, over a quota or broken; look at it."
_LOCKED = "The database {path} is held by another program, and was not given back in time. End that program."
_CLOSED = "The database {path} cannot be opened. It must be a file, in a folder that Paperboy may write in."
_DAMAGED = "The database {path} is damaged. End Paperboy, and put a backup in its place: paperboy restore PATH."

_SENTENCES = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _REFUSED,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_NOTADB: "{path} is no database. Move it away, or name another file.",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_READONLY: "The database {path} is read-only. Let Paperboy write to it, and in its folder.",
    sqlite3.SQLITE_PERM: _CLOSED,
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
}


def file_of(url: str) -> Path:
    """The file of a database address (``sqlite+aiosqlite:///…``).

    Raises:
        DatabaseError: the address names no file.
    """
    try:
        name = make_url(url).database
    except (SQLAlchemyError, ValueError) as error:
        raise DatabaseError(f"The database address {url!r} cannot be used: {error}") from error
    if name in (None, "", ":memory:"):
        # Each connection would have a database of its own.
        raise DatabaseError(f"The database address {url!r} cannot be used: it names no file.")
    return Path(str(name).removeprefix("file:"))


@contextmanager
def refusals(path: Path, written: Path | None = None) -> Iterator[None]:
    """Where SQLite cannot do what is asked of it, says what was wrong, where, and what to do. What only a mistake in
    the code can cause goes on as it is.

    Raises:
        DatabaseError: the file ``path`` cannot be used, or ``written`` (the same, if not given) cannot be written.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        sentence = _sentence(error.orig if isinstance(error, DBAPIError) else error)
        if sentence is None:
            raise
        names = [f"'{each}'" for each in (path, written or path)]
        files = " or ".join(dict.fromkeys(names))
        raise DatabaseError(sentence.format(path=names[0], written=names[1], files=files)) from error


def _sentence(error: BaseException | None) -> str | None:
    code = getattr(error, "sqlite_errorcode", None)
    # The lowest byte is what has happened, the rest is how.
    return None if code is None else _SENTENCES.get(code & 0xFF)


@cache
def driver_sql(statement: ClauseElement) -> str:
    """For the driver: SQLAlchemy takes longer over each value of thousands of rows than SQLite over the row. Of a
    statement that is built once, for it is kept; and where it is used, for the start has no time to compile all."""
    return str(statement.compile(dialect=dialect()))


def rows(
    connection: Connection, statement: str, values: Sequence[object] | Mapping[str, object] = ()
) -> list[tuple[Any, ...]]:
    """What a statement finds, by the driver: SQLAlchemy takes ten times as long over a statement as SQLite over most
    that a look-up has. It stays in the transaction of the connection, and begins one where there is none."""
    proxied = connection.connection
    if not in_transaction(connection):
        connection.begin()
    cursor = proxied.cursor()
    try:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
    finally:
        cursor.close()


def each(name: str) -> Select[Any]:
    """The values of a parameter that is a JSON array: any number of them, in a statement that stays the same."""
    return select(func.json_each(bindparam(name)).table_valued("value").c.value)


def in_transaction(connection: Connection) -> bool:
    """Whether SQLite is in a transaction, whoever began it."""
    driver: Any = connection.connection.driver_connection
    return bool(driver.in_transaction)


def as_json(value: object) -> str:
    """Compact JSON as it is kept; escaped, Korean would take twice the room."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
