"""Digests read and kept: files once, and a folder again where it has changed."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

from bot import sources
from bot.errors import SourceError
from bot.parsed import Parsed, without_future
from storage import files
from storage import sources as stored
from storage.database import Database
from storage.models import Reject, Sentence

log = logging.getLogger(__name__)

_READER = ThreadPoolExecutor(1, "reader")
"""Reads files while SQLite keeps the ones before."""
_AHEAD = 8
"""Files that are read, or about to be, while others are kept."""
_TOGETHER = 240
"""Papers after which no further file is added to a transaction: those who come to write wait some tenths of a second at
most."""


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

    def take(self, path: Path, parsed: Parsed) -> None:
        """Adds what one file held."""
        for digest in parsed.digests:
            self.dates.add(digest.date)
            self.entries += len(digest.entries)
            self.papers.update(entry.paper.arxiv_id for entry in digest.entries)
        self.rejected.extend(parsed.rejects)
        if not parsed.digests:
            self.empty.append(path)


async def ingest(
    database: Database,
    paths: Iterable[Path],
    read_one: Callable[[Path], None] = lambda path: None,
    *,
    source: str = sources.FILES,
) -> Imported:
    """Reads digest files and keeps what they hold, each whole: several in one transaction while nobody else writes.
    ``read_one`` is called after each that is kept."""
    report = Imported()
    waiting = iter(paths)
    reading = deque((path, _begin(path)) for path in islice(waiting, _AHEAD))
    while reading:
        with _in_bulk():
            together: list[tuple[Path, Parsed]] = []
            marks: dict[Path, str] = {}
            papers = 0
            while reading and not (together and (papers >= _TOGETHER or database.written)):
                path, future = reading.popleft()
                reading.extend((following, _begin(following)) for following in islice(waiting, 1))
                mark, parsed = await asyncio.wrap_future(future)
                parsed = without_future(parsed, str(path), datetime.now(UTC).date())
                together.append((path, parsed))
                # What could not be read is told again at the next start, and a date in the future becomes one of the
                # past.
                marks[path] = "" if parsed.rejects else mark
                papers += sum(len(digest.entries) for digest in parsed.digests)
            found = [digest for _, parsed in together for digest in parsed.digests]
            stored = await database.change(files.store, marks, found, source)
        report.changed += stored.changed_entries
        for path, parsed in together:
            report.take(path, parsed)
            read_one(path)
    return report


class Folder:
    """A folder of digests, read again where a file is new or has changed, also since an earlier start. One that was
    written to less than ``whole_seconds`` ago may not be whole, and is left for the next time: then ``being_written``
    is true."""

    def __init__(self, path: Path, source: str = sources.FILES, whole_seconds: float = 0) -> None:
        self.path = path
        self.being_written = False
        self._source = source
        self._whole_seconds = whole_seconds
        self._seen: dict[Path, str] | None = None
        self._missing: Sentence | None = None
        self._failing: bool | None = None

    async def ingest(self, database: Database) -> Imported:
        """Reads what has changed since the last time. A folder that is not there yet holds nothing; one that is not
        there any more has failed."""
        if self._seen is None:
            async with database.read() as connection:
                self._seen = await files.marks(connection)
        changed = await asyncio.to_thread(self._changed, self._seen)
        await self._note(database, self._seen)
        report = await ingest(database, changed, source=self._source)
        self._seen |= changed
        for reject in report.rejected:
            log.warning("%s:%s: %s", reject.path, reject.line or "", reject.reason)
        if report.changed:
            log.info("read %s files: %s entries changed", len(changed), report.changed)
        return report

    def _changed(self, seen: dict[Path, str]) -> dict[Path, str]:
        try:
            marks = {path: sources.mark(path) for path in sources.files([self.path])}
        except SourceError as error:
            if not self._missing and isinstance(error.__cause__, FileNotFoundError) and not self._were_there(seen):
                # Who has no digests of their own needs none.
                log.info("%s It is looked for now and then.", error)
            elif not self._missing:
                log.warning("no digests are read: %s", error)
            self._missing = error.why
            return {}
        self._missing = None
        changed = {path: mark for path, mark in marks.items() if seen.get(path) != mark}
        whole = {path: mark for path, mark in changed.items() if sources.is_whole(path, self._whole_seconds)}
        self.being_written = len(whole) < len(changed)
        return whole

    async def _note(self, database: Database, seen: dict[Path, str]) -> None:
        why = self._missing if self._were_there(seen) else None
        failing = why is not None
        if failing != self._failing:
            now = datetime.now(UTC)
            async with database.write() as connection:
                if why:
                    await stored.failed(connection, self._source, why, now, now)
                else:
                    await stored.answered(connection, self._source)
        self._failing = failing

    def _were_there(self, seen: Iterable[Path]) -> bool:
        return any(path.is_relative_to(self.path) for path in seen)


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
    return sources.mark(path), sources.read(path)
