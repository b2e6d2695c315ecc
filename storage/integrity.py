"""Whether a database is whole. It is only read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from storage.sqlite import refusals


def revision(path: Path) -> str | None:
    """The newest migration that a database has seen; None where it is not Paperboy's.

    Raises:
        DatabaseError: it cannot be read.
    """
    with refusals(path), closing(_open(path)) as connection:
        tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchall()
        rows = connection.execute("SELECT version_num FROM alembic_version").fetchall() if tables else []
    return str(rows[0][0]) if rows else None


def analysis(path: Path) -> int:
    """The fingerprint of the analysis that the indexes were made by (:mod:`storage.reindexing`).

    Raises:
        DatabaseError: it cannot be read.
    """
    with refusals(path), closing(_open(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def faults(path: Path) -> list[str]:
    """What SQLite finds wrong with the file, in its words; nothing where it is whole.

    Raises:
        DatabaseError: it cannot be read.
    """
    with refusals(path), closing(_open(path)) as connection:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
        found += [
            f"{row[0]}: row {row[1]} names a row of {row[2]} that is not there"
            for row in connection.execute("PRAGMA foreign_key_check")
        ]
    return found


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
