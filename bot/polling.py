"""Sources that are fetched: which days are asked for, when, and what becomes of the answers.

A day is asked for often while it is young and ever more seldom as it ages. A source that fails is left alone for
growing pauses, and at least as long as it wishes; the others go on.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bot import remote
from bot.errors import FetchError, SourceError
from bot.fetching import Fetcher
from bot.parsing import without_future
from bot.remote import RemoteSource
from storage import sources
from storage.database import Database
from storage.models import SourceState

log = logging.getLogger(__name__)

GROWING = timedelta(hours=1)
"""A day of a live source has all its papers when none has come for so long."""

_SHORTEST = timedelta(minutes=10)
_LONGEST = timedelta(hours=6)
_FIRST_RETRY = timedelta(minutes=1)
_LAST_RETRY = timedelta(hours=1)
_chance = random.SystemRandom()


@dataclass(slots=True)
class Polled:
    """What asking the sources came to: how many requests it took, and how many entries it changed."""

    requests: int = 0
    changed: int = 0


async def poll(database: Database, fetcher: Fetcher, found: Sequence[RemoteSource], now: datetime, days: int) -> Polled:
    """Asks each source for those of the last ``days`` days whose time has come, the newest first."""
    async with database.read() as connection:
        states = {state.name: state for state in await sources.all_of_them(connection)}
    total = Polled()
    for polled in await asyncio.gather(
        *(_poll_one(database, fetcher, source, states.get(source.name), now, days) for source in found)
    ):
        total.requests += polled.requests
        total.changed += polled.changed
    return total


async def _poll_one(
    database: Database, fetcher: Fetcher, source: RemoteSource, state: SourceState | None, now: datetime, days: int
) -> Polled:
    polled = Polled()
    if state and state.retry_at and now < state.retry_at < now + 2 * _LAST_RETRY:
        return polled
    since = now.date() - timedelta(days=days)
    async with database.read() as connection:
        fetched = await sources.fetched_days(connection, source.name, since)
    for back in range(days + 1):
        day = now.date() - timedelta(days=back)
        if is_due(day, fetched.get(day), now):
            try:
                await take(database, fetcher, source, day, now, polled)
            except SourceError as error:
                await _note_failure(database, source, state, error, now)
                return polled
    return polled


async def take(
    database: Database, fetcher: Fetcher, source: RemoteSource, day: date, now: datetime, polled: Polled
) -> None:
    """Asks a source for a day, and keeps what it has.

    Raises:
        SourceError: it does not answer, or with something else than papers.
    """
    async with database.read() as connection:
        known = await sources.versions(connection, source.name, day)
    found = await remote.fetch(fetcher, source, day, known)
    polled.requests += found.requests
    parsed = without_future(found.parsed, source.name, now.date()) if found.parsed else None
    for reject in parsed.rejects if parsed else ():
        log.warning("%s:%s: %s", reject.path, reject.line or "", reject.reason)

    digests = parsed.digests if parsed else ()
    changed = await database.change(
        sources.take, source.name, day, digests, found.versions.items(), now, growing=GROWING
    )
    polled.changed += changed
    if changed:
        log.info("fetched %s of %s: %s entries changed", day, source.name, changed)


def is_due(day: date, fetched_at: datetime | None, now: datetime) -> bool:
    """Whether a day is to be asked for again: when a sixteenth of its age has passed since the last time."""
    if fetched_at is None or fetched_at > now:
        return True
    age = fetched_at - datetime.combine(day, time(), UTC)
    return now - fetched_at >= min(max(age / 16, _SHORTEST), _LONGEST)


def pause(failures: int, wished: timedelta | None) -> timedelta:
    """How long a source is left alone after so many failures in a row: twice as long each time, give or take a quarter
    (those of many bots would else come together), and as long as it wished."""
    doubled = min(timedelta(seconds=_FIRST_RETRY.total_seconds() * float(2 ** min(failures - 1, 10))), _LAST_RETRY)
    return max(doubled * _chance.uniform(0.75, 1.25), wished or timedelta())


async def _note_failure(
    database: Database, source: RemoteSource, state: SourceState | None, error: SourceError, now: datetime
) -> None:
    failures = (state.failures if state else 0) + 1
    wait = pause(failures, error.wait if isinstance(error, FetchError) else None)
    async with database.write() as connection:
        await sources.failed(connection, source.name, str(error), now + wait, now)
    if failures == 1:
        log.warning("%s has failed, and is asked again: %s", source.name, error)
