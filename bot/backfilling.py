"""``paperboy fetch``: the days of the past, each once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from bot import polling
from bot.errors import FetchError, SourceError
from bot.fetching import Fetcher
from bot.remote import RemoteSource
from storage import sources
from storage.database import Database

_TRIES = 4
"""Of a day, with growing pauses in between."""
_IN_A_ROW = 3
"""Days that cannot be fetched, after which a source is given up."""
_PATIENCE = timedelta(minutes=15)
"""Nobody sits before a terminal for longer than this, waiting for a server."""
_MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Backfilled:
    """What fetching days came to: how many were fetched, how many entries that changed, and why not the others."""

    days: int = 0
    changed: int = 0
    failures: dict[date, str] = field(default_factory=dict)


async def waiting(database: Database, source: RemoteSource, first: date, last: date) -> list[date]:
    """The days from ``first`` to ``last`` that were not fetched since they were over, the newest first."""
    async with database.read() as connection:
        fetched = await sources.fetched_days(connection, source.name, first)
    days = [last - timedelta(days=back) for back in range((last - first).days + 1)]
    return [day for day in days if day not in fetched or fetched[day] < _end(day)]


async def backfill(
    database: Database,
    fetcher: Fetcher,
    source: RemoteSource,
    days: Iterable[date],
    tell: Callable[[str], None] = lambda line: None,
    done: Callable[[], None] = lambda: None,
) -> Backfilled:
    """Fetches days, each whole. One that cannot be fetched is passed over, unless its server does not answer. ``tell``
    is told why it takes longer; ``done`` is called after each day."""
    report = Backfilled()
    failed = 0
    for day in days:
        try:
            report.changed += await _fetch(database, fetcher, source, day, tell)
        except SourceError as error:
            wish = error.wait if isinstance(error, FetchError) and error.wait else timedelta()
            wished = f" It wishes to be left alone for {wish // _MINUTE} minutes." if wish > _PATIENCE else ""
            report.failures[day] = f"{error}{wished}"
            failed += 1
            if failed == _IN_A_ROW or (isinstance(error, FetchError) and not error.lasting):
                break
        else:
            failed = 0
            report.days += 1
        done()
    return report


async def _fetch(
    database: Database,
    fetcher: Fetcher,
    source: RemoteSource,
    day: date,
    tell: Callable[[str], None],
) -> int:
    """Fetches a day, and tries again after a pause; how many entries that changed.

    Raises:
        SourceError: it cannot be fetched, not even after some pauses.
    """
    for failures in range(1, _TRIES + 1):
        try:
            return await polling.take(database, fetcher, source, day, datetime.now(UTC))
        except SourceError as error:
            wait = polling.pause(failures, error.wait if isinstance(error, FetchError) else None)
            if failures == _TRIES or wait > _PATIENCE or (isinstance(error, FetchError) and error.lasting):
                raise
            tell(f"{source.name}, {day}: {error} Trying again in {wait.total_seconds():.0f} seconds.")
        await asyncio.sleep(wait.total_seconds())
    raise AssertionError("the last try returns or raises")


def _end(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)
