"""Sources that are fetched: which days are asked for, when, and what becomes of the answers.

A day is asked for often while it is young and ever more seldom as it ages. A source that fails is left alone for
growing pauses, and at least as long as it wishes; the others go on.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from bot import remote
from bot.config import Settings
from bot.errors import DatabaseError, FetchError, SourceError
from bot.fetching import LONGEST_WAIT, NEVER, Fetcher
from bot.parsed import Parsed, without_future
from bot.remote import RemoteSource
from bot.text import clean, clip
from storage import sources
from storage.database import Database
from storage.models import SourceState
from storage.papers import LOOKED_UP

log = logging.getLogger(__name__)

_GROWING = timedelta(hours=22)
"""Until then, from the beginning of a day in UTC, its papers come: 07:00 in Seoul, 17:00 or 18:00 in New York."""

_SHORTEST = timedelta(minutes=10)
_LONGEST_ON_ITS_DAY = timedelta(minutes=30)
_LONGEST = timedelta(hours=6)
_FIRST_RETRY = timedelta(minutes=1)
_LAST_RETRY = timedelta(hours=1)
_STUBBORN = 4
"""Failures in a row after which what is new is not kept waiting any longer."""
_MOST_TOLD = 5
"""Rejects of a day that are logged; a day is fetched often."""
_MOST_WHY = 300
"""Characters of what a source said, or we of it."""
_NOTHING = Parsed((), ())
_chance = random.SystemRandom()


async def keep_sources(database: Database, settings: Settings) -> None:
    """Notes which sources there are: how it is with others is forgotten."""
    states = [SourceState(one.name, one.language, one.attribution) for one in settings.sources]
    if source := settings.hugging_face:
        states.append(SourceState(LOOKED_UP, source.language, source.attribution))
    async with database.write() as connection:
        await sources.keep(connection, states)


async def poll(database: Database, fetcher: Fetcher, found: Sequence[RemoteSource], now: datetime, days: int) -> int:
    """Asks each source for those of the last ``days`` days whose time has come; how many entries that changed. First
    come those never asked for, the oldest first, for a channel gets no digest that is older than its last one; then the
    others, the newest first. Of a source that goes on to fail the newest come first: it may be for an old one."""
    async with database.read() as connection:
        states = {state.name: state for state in await sources.all_of_them(connection)}
    polling = (_poll_one(database, fetcher, source, states.get(source.name), now, days) for source in found)
    return sum(await asyncio.gather(*polling))


async def _poll_one(
    database: Database, fetcher: Fetcher, source: RemoteSource, state: SourceState | None, now: datetime, days: int
) -> int:
    if state and state.retry_at and now < state.retry_at <= now + LONGEST_WAIT:
        return 0
    since = now.date() - timedelta(days=days)
    async with database.read() as connection:
        fetched = await sources.fetched_days(connection, source.name, since)
    due = [day for back in range(days + 1) if is_due(day := now.date() - timedelta(days=back), fetched.get(day), now)]
    if not state or state.failures < _STUBBORN:
        due = [*(day for day in reversed(due) if day not in fetched), *(day for day in due if day in fetched)]
    changed = 0
    failure: SourceError | None = None
    for day in due:
        try:
            changed += await take(database, fetcher, source, day, now)
        except SourceError as error:
            failure = failure or error
            if isinstance(error, FetchError) and not error.lasting:
                # Its server is not well; what is wrong with one day costs the others nothing.
                break
        except DatabaseError:
            raise
        except Exception as error:
            # Nobody thought of it. It is left alone all the same, and its owner told.
            log.exception("%s of %s", day, source.name)
            failure = failure or SourceError(
                "Its answer for {day} cannot be taken in ({why}).", day=day, why=type(error).__name__
            )
    if failure:
        await _note_failure(database, source, state, failure, now)
    elif due:
        await _note_answer(database, source, state)
    return changed


async def take(database: Database, fetcher: Fetcher, source: RemoteSource, day: date, now: datetime) -> int:
    """Asks a source for a day, and keeps what it has; how many entries that changed.

    Raises:
        SourceError: it does not answer, or with something else than papers.
    """
    async with database.read() as connection:
        known = await sources.versions(connection, source.name, day)
    found = await remote.fetch(fetcher, source, day, known, now.date())
    parsed = without_future(found.parsed or _NOTHING, source.name, now.date())
    for reject in parsed.rejects[:_MOST_TOLD]:
        log.warning("%s:%s: %s", reject.path, reject.line or "", reject.reason)
    if len(parsed.rejects) > _MOST_TOLD:
        log.warning("%s: and %s more", source.name, len(parsed.rejects) - _MOST_TOLD)
    # What is left out today may be read another day.
    versions = dict.fromkeys(found.versions, NEVER) if parsed.rejects else found.versions
    # Papers are put there all day long; a Markdown digest is there whole, or not at all.
    grows_for = _GROWING if source.kind == "huggingface" else None
    changed: int = await database.change(
        sources.take, source.name, day, parsed.digests, versions.items(), now, grows_for=grows_for
    )
    if changed:
        log.info("fetched %s of %s: %s entries changed", day, source.name, changed)
    return changed


def is_due(day: date, fetched_at: datetime | None, now: datetime) -> bool:
    """Whether a day is to be asked for again: when a sixteenth of its age has passed since the last time, and within
    half an hour until it is over, for it may be posted soon."""
    if fetched_at is None or fetched_at > now:
        return True
    age = fetched_at - datetime.combine(day, time(), UTC)
    longest = _LONGEST if age >= timedelta(days=1) else _LONGEST_ON_ITS_DAY
    return now - fetched_at >= min(max(age / 16, _SHORTEST), longest)


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
    values = {name: clip(clean(value), _MOST_WHY) for name, value in error.why.values.items()}
    why = error.why._replace(values=values)
    async with database.write() as connection:
        await sources.failed(connection, source.name, why, now + wait, now)
    if failures == 1:
        log.warning("%s has failed, and is asked again: %s", source.name, why)


async def _note_answer(database: Database, source: RemoteSource, state: SourceState | None) -> None:
    if state and state.failing_since:
        async with database.write() as connection:
            await sources.answered(connection, source.name)
        log.info("%s answers again", source.name)
