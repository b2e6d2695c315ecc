"""Copies of the database, whole, while it is in use.

A copy is made by ``VACUUM INTO``: one statement that reads one state of the database while others go on writing. Unlike
the backup API, it waits for a lock no longer than told, never begins anew because of a write, reads every page, so that
a damaged database is told and not copied, and leaves one file with no unused room and no log beside it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from bot.errors import DatabaseError
from storage.sqlite import file_of, refusals

RESTORED_ON = "PRAGMA application_id"
"""The ordinal of the day on which a database was put in the place of another one; 0 where it was not. In the file's
header, for it is of the file."""
_WAIT_SECONDS = 10


def backup(url: str, target: Path) -> Path:
    """Copies the database at ``url`` to ``target``, or into it with the time as the name where it is a folder.

    Raises:
        DatabaseError: there is no such database, ``target`` is there already, or the copy cannot be made.
    """
    source = file_of(url)
    if target.is_dir():
        target /= f"paperboy-{datetime.now(UTC):%Y%m%d-%H%M%S}.db"
    copy(source, target)
    return target


def restore(url: str, kept: Path) -> Path | None:
    """Puts a copy of ``kept`` in the place of the database at ``url``; where the one is kept that was there.

    Raises:
        DatabaseError: a bot runs on the database, ``kept`` cannot be copied, or a file cannot be moved.
    """
    named = file_of(url)
    # Where it is a link, SQLite's log is beside what it leads to.
    target = named.resolve() if named.is_symlink() else named
    try:
        with FileLock(f"{named}.lock", timeout=0):
            aside, made = _beside(target, "replaced"), _beside(target, "restored")
            copy(kept, made, restored_on=datetime.now(UTC).date())
            # With the log that SQLite keeps beside it: it would be read into the copy, and damage that. The log comes
            # after the database, which would else, where this is ended in between, be without its newest rows.
            there = [end for end in ("", "-wal", "-shm") if os.path.lexists(f"{target}{end}")]
            for end in there:
                Path(f"{target}{end}").rename(f"{aside}{end}")
            made.rename(target)
    except Timeout:
        raise DatabaseError(f"Paperboy runs on the database '{named}'. End it first.") from None
    except OSError as error:
        raise DatabaseError(f"The database '{target}' cannot be replaced: {error.strerror or error}.") from error
    return aside if "" in there else None


def before(source: Path, revision: str) -> Path:
    """Copies the database beside itself before it is migrated to ``revision``; where the copy is."""
    target = _beside(source, f"before-{revision}")
    copy(source, target)
    return target


def _beside(source: Path, why: str) -> Path:
    names = (f"{source.stem}.{why}{more}{source.suffix}" for more in _numbers())
    return next(path for path in map(source.with_name, names) if not path.exists())


def copy(source: Path, target: Path, restored_on: date | None = None) -> None:
    """Copies the file of a database. ``target`` is there when it is whole, and not before. ``restored_on``: the day on
    which it takes the place of one that went on.

    Raises:
        DatabaseError: as for :func:`backup`.
    """
    if not source.is_file():
        raise DatabaseError(f"There is no database '{source}', so there is nothing to copy.")
    if os.path.lexists(target):
        raise DatabaseError(f"'{target}' is there already, and is left as it is. Name another file.")
    try:
        with _draft(source, target) as draft:
            with refusals(source, target), closing(_opened(source)) as connection:
                if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
                    raise DatabaseError(f"The database '{source}' is not Paperboy's, and is not copied.")
                connection.execute("VACUUM INTO ?", (str(draft),))
            if restored_on:
                with refusals(draft, target), closing(_opened(draft)) as connection:
                    connection.execute(f"{RESTORED_ON} = {restored_on.toordinal()}")
            _publish(draft, target)
    except OSError as error:
        raise DatabaseError(f"The copy '{target}' cannot be written: {error.strerror or error}.") from error


def _opened(source: Path) -> sqlite3.Connection:
    # It must be there: without a mode, SQLite would make it.
    address = f"{source.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(address, uri=True, timeout=_WAIT_SECONDS, isolation_level=None)


@contextmanager
def _draft(source: Path, target: Path) -> Iterator[Path]:
    """An empty file beside the target, for the same eyes as the source; gone at the end."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    os.close(handle)
    draft = Path(name)
    try:
        shutil.copymode(source, draft)
        yield draft
    finally:
        for left in (draft, Path(f"{name}-journal")):
            left.unlink(missing_ok=True)


def _publish(draft: Path, target: Path) -> None:
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    try:
        # A link refuses to take the place of a file that has come in the meantime.
        os.link(draft, target)
    except FileExistsError:
        raise
    except OSError:
        # Some file systems have no links.
        draft.rename(target)


def _numbers() -> Iterator[str]:
    yield ""
    number = 2
    while True:
        yield f"-{number}"
        number += 1
