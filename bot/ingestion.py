"""Digests read and kept: files once, and a folder again where it has changed."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import zip_longest
from pathlib import Path

from bot import sources
from bot.errors import SourceError
from bot.parsing import Parsed
from storage import files
from storage.database import Database
from storage.models import Reject

log = logging.getLogger(__name__)

_READER = ThreadPoolExecutor(1, "reader")
"""Reads a file while SQLite commits the one before, which takes as long and none of Python."""


@dataclass(slots=True)
class Imported:
    """What an import read: digests by date, entries, papers by arXiv id, rejects, files without a digest;
    and how many entries it changed."""

    dates: set[date] = field(default_factory=set)
    entries: int = 0
    papers: set[str] = field(default_factory=set)
    rejected: list[Reject] = field(default_factory=list)
    empty: list[Path] = field(default_factory=list)
    changed: int = 0


async def ingest(
    database: Database, paths: Iterable[Path], read_one: Callable[[Path], None] = lambda path: None
) -> Imported:
    """Reads digest files and keeps what they hold, one transaction a file; ``read_one`` is called after each."""
    report = Imported()
    paths = list(paths)
    reading: Future[tuple[str, Parsed]] | None = None
    for path, following in zip_longest(paths, paths[1:]):
        with _in_bulk():
            mark, parsed = await asyncio.wrap_future(reading or _begin(path))
            parsed = _without_future(parsed, path)
            # What could not be read is told again at the next start, and a date in the future becomes one of the past.
            changed, reading = await database.change(
                # In this order: while both threads run Python, they would only wait for each other.
                lambda connection, file, mark, found, then: (
                    files.store(connection, file, mark, found, sources.FILES),
                    _begin(then) if then else None,
                ),
                path,
                "" if parsed.rejects else mark,
                parsed.digests,
                following,
            )
        report.changed += changed
        for digest in parsed.digests:
            report.dates.add(digest.date)
            report.entries += len(digest.entries)
            report.papers.update(entry.paper.arxiv_id for entry in digest.entries)
        report.rejected.extend(parsed.rejects)
        if not parsed.digests:
            report.empty.append(path)
        read_one(path)
    return report


class Folder:
    """A folder of digests, read again where a file is new or has changed, also since an earlier start."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: dict[Path, str] | None = None
        self._reachable = True

    async def ingest(self, database: Database) -> Imported:
        """Reads what has changed since the last time. A folder that is not there yet holds nothing."""
        if self._seen is None:
            async with database.read() as connection:
                self._seen = await files.marks(connection)
        changed = await asyncio.to_thread(self._changed, self._seen)
        report = await ingest(database, changed)
        self._seen |= changed
        for reject in report.rejected:
            log.warning("%s:%s: %s", reject.path, reject.line or "", reject.reason)
        if report.changed:
            log.info("read %s files: %s entries changed", len(changed), report.changed)
        return report

    def _changed(self, seen: dict[Path, str]) -> dict[Path, str]:
        try:
            marks = {path: sources.mark(path) for path in sources.files([self.path])}
        except (SourceError, OSError) as error:
            if self._reachable:
                log.warning("no digests are read: %s", error)
            self._reachable = False
            return {}
        self._reachable = True
        return {path: mark for path, mark in marks.items() if seen.get(path) != mark}


@contextmanager
def _in_bulk() -> Iterator[None]:
    """Has the reading thread give way to the event loop every half millisecond: Python waits 5 ms, and an answer takes
    dozens of steps between the loop and the database's thread. And has Python look for garbage cycles seldom: an import
    makes none, and looking for them took a sixth of its time."""
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(0.0005)
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        gc.set_threshold(*thresholds)


def _begin(path: Path) -> Future[tuple[str, Parsed]]:
    return _READER.submit(_read, path)


def _read(path: Path) -> tuple[str, Parsed]:
    """What a file holds, and the mark that it had before it was read."""
    try:
        mark = sources.mark(path)
    except OSError:
        mark = ""  # Reading it tells why.
    return mark, sources.read(path)


def _without_future(parsed: Parsed, path: Path) -> Parsed:
    """A mistyped year would be the newest digest for years, and no other would be posted."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    kept = tuple(digest for digest in parsed.digests if digest.date <= tomorrow)
    ahead = [digest.date for digest in parsed.digests if digest.date > tomorrow]
    rejects = tuple(Reject(str(path), None, f"the date {day} is in the future") for day in ahead)
    return Parsed(kept, parsed.rejects + rejects)
