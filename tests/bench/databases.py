"""Databases of made papers, made by way of the storage that the bot uses, and kept to be used again.

One that is kept is used again where it was made by the same settings, generator and storage: what these make of a few
papers is kept beside it, as a fingerprint.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from functools import cache
from pathlib import Path

from bot import planning, sources
from bot.config import SubscriptionSettings
from storage import digests
from storage.database import Database
from storage.models import Digest
from tests.bench.generator import LAST_DAY, Generator, Settings, text_bytes

SOURCE = sources.FILES
"""As of digests that are read from files: a bot that finds the same ones in its folder has nothing to change."""
AFTER = datetime.combine(LAST_DAY + timedelta(days=1), time_of_day(12), UTC)
"""When all that was made is there: noon after the newest digest."""
ALERT_DAYS = SubscriptionSettings().alert_days
_TOGETHER = 2_000
"""About so many papers are stored in one transaction."""
_PROBED = 40


@dataclass(frozen=True)
class Made:
    """A database of papers: the bytes of its file when it was made, the UTF-8 bytes of their texts, and the seconds
    that making and storing them took."""

    path: Path
    settings: Settings
    file_bytes: int
    text_bytes: int
    seconds: float

    @property
    def url(self) -> str:
        return url_of(self.path)


def url_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def make(settings: Settings, folder: Path, advance: Callable[[int], None] = lambda papers: None) -> Made:
    """The database of some settings in ``folder``; the one that is there, if it is the same. ``advance`` is called with
    the number of papers that were stored since the last time."""
    path = folder / f"papers-{settings.papers}.db"
    told = path.with_suffix(".json")
    fingerprint = _fingerprint(settings)
    if path.exists() and told.exists():
        known = json.loads(told.read_text("utf-8"))
        if known.pop("fingerprint") == fingerprint:
            advance(settings.papers)
            return Made(path, settings, **known)
    told.unlink(missing_ok=True)
    remove(path)
    begun = time.perf_counter()
    size = _store(path, Generator(settings).digests(), advance)
    seconds = round(time.perf_counter() - begun, 1)
    made = Made(path, settings, path.stat().st_size, size, seconds)
    figures = {name: getattr(made, name) for name in ("file_bytes", "text_bytes", "seconds")}
    told.write_text(json.dumps({"fingerprint": fingerprint} | figures, indent=2) + "\n", "utf-8")
    return made


def remove(path: Path) -> None:
    """Removes a database with all that stands beside it."""
    for suffix in ("", "-wal", "-shm", ".lock"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def checkpoint(path: Path) -> None:
    """Writes everything into the file itself."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _store(path: Path, made: Iterable[Digest], advance: Callable[[int], None]) -> int:
    async def run() -> int:
        database = await Database.open(url_of(path))
        try:
            size = await asyncio.to_thread(_store_all, database, made, advance)
            # They are an archive: held against the subscriptions, of which there are none.
            await planning.plan_alerts(database, AFTER + timedelta(days=ALERT_DAYS + 1), ALERT_DAYS)
        finally:
            await database.close()
        return size

    size = asyncio.run(run())
    checkpoint(path)
    return size


def _store_all(database: Database, made: Iterable[Digest], advance: Callable[[int], None]) -> int:
    size = 0
    gc.collect()
    gc.freeze()
    for together in _together(made):
        with database.write_here() as connection:
            for digest in together:
                digests.store(connection, digest, SOURCE)
        size += sum(text_bytes(digest.entries) for digest in together)
        advance(sum(len(digest.entries) for digest in together))
    gc.unfreeze()
    return size


def _together(made: Iterable[Digest]) -> Iterator[list[Digest]]:
    batch: list[Digest] = []
    papers = 0
    for digest in made:
        batch.append(digest)
        papers += len(digest.entries)
        if papers >= _TOGETHER:
            yield batch
            batch, papers = [], 0
    if batch:
        yield batch


def _fingerprint(settings: Settings) -> str:
    return hashlib.sha256(f"{settings} {_probed(settings.seed)}".encode()).hexdigest()


@cache
def _probed(seed: int) -> str:
    """What the generator and the storage make of a few papers."""
    found = hashlib.sha256()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "probe.db"
        _store(path, Generator(Settings.of(_PROBED, seed)).digests(), lambda papers: None)
        with closing(sqlite3.connect(path)) as connection:
            tables = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
            for table, sql in tables:
                found.update(f"{table} {sql}".encode())
                # An index of words without its texts cannot be read; the tables that it is kept in can.
                if sql and sql.startswith("CREATE TABLE"):
                    for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608
                        found.update(repr(row).encode())
    return found.hexdigest()
