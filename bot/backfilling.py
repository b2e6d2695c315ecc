"""``paperboy fetch``: the days of the past, each once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from bot import polling
from bot.errors import FetchError, SourceError
from bot.fetching import Fetcher
from bot.polling import Polled
from bot.remote import RemoteSource
from storage import sources
from storage.database import Database

_TRIES = 4
"""Of a day, with growing pauses in between."""


async def waiting(database: Database, source: RemoteSource, first: date, last: date) -> list[date]:
    """The days from ``first`` to ``last`` that were not fetched since they were over, the newest first."""
    async with database.read() as connection:
        fetched = await sources.fetched_days(connection, source.name, first)
    days = [last - timedelta(days=back) for back in range((last - first).days + 1)]
    return [day for day in days if day not in fetched or fetched[day] < _end(day)]


async def backfill(
    database: Database, fetcher: Fetcher, source: RemoteSource, day: date, tell: Callable[[str], None]
) -> Polled:
    """Fetches a day, whatever it takes; ``tell`` is told why it takes longer.

    Raises:
        SourceError: it cannot be fetched, not even after some pauses.
    """
    polled = Polled()
    failures = 0
    while True:
        try:
            await polling.take(database, fetcher, source, day, datetime.now(UTC), polled)
        except SourceError as error:
            failures += 1
            if failures == _TRIES or (isinstance(error, FetchError) and error.lasting):
                raise
            wait = polling.pause(failures, error.wait if isinstance(error, FetchError) else None)
            tell(f"{error}. Trying again in {wait.total_seconds():.0f} seconds.")
            await asyncio.sleep(wait.total_seconds())
        else:
            return polled


def _end(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)
