"""The only place that chains stages: what is read is stored, what is due is posted, what is new is matched."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import Enum, auto
from pathlib import Path

import discord

from bot import delivery, ranking, rendering, sources
from bot.errors import SourceError
from bot.language import language
from bot.matching import Match, match
from bot.parsing import Parsed
from bot.schedule import next_post_at
from storage import channels, deliveries, digests, lookups, subscriptions
from storage.database import Database
from storage.models import DeliveryKind, DeliveryState, Digest, Entry, Reject, Subscriber

log = logging.getLogger(__name__)


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


class Posted(Enum):
    """What came of posting to a channel."""

    SENT = auto()
    ALREADY = auto()
    NOTHING = auto()
    UNCONFIRMED = auto()
    FAILED = auto()


async def ingest(
    database: Database, files: Iterable[Path], read_one: Callable[[Path], None] = lambda path: None
) -> Imported:
    """Reads digest files and keeps what they hold, one transaction a file; ``read_one`` is called after each."""
    report = Imported()
    for path in files:
        with _in_bulk():
            parsed, changed = await asyncio.to_thread(_ingest_one, database, path)
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
    """A folder of digests, read again where a file is new or has changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: dict[Path, tuple[int, int]] = {}
        self._reachable = True

    async def ingest(self, database: Database) -> Imported:
        """Reads what has changed since the last time. A folder that is not there yet holds nothing."""
        changed = await asyncio.to_thread(self._changed)
        report = await ingest(database, changed)
        self._seen |= changed
        for reject in report.rejected:
            log.warning("%s:%s: %s", reject.path, reject.line or "", reject.reason)
        if report.changed:
            log.info("read %s files: %s entries changed", len(changed), report.changed)
        return report

    def _changed(self) -> dict[Path, tuple[int, int]]:
        try:
            stats = {path: path.stat() for path in sources.files([self.path])}
        except (SourceError, OSError) as error:
            if self._reachable:
                log.warning("no digests are read: %s", error)
            self._reachable = False
            return {}
        self._reachable = True
        marks = {path: (stat.st_mtime_ns, stat.st_size) for path, stat in stats.items()}
        return {path: mark for path, mark in marks.items() if self._seen.get(path) != mark}


async def post_due(client: discord.Client, database: Database, now: datetime) -> None:
    """Posts in each channel whose posting time has come; a day without a new digest is silent."""
    async with database.read() as connection:
        due = await channels.due(connection, now)
    for channel in due:
        with _for_itself(f"the daily post of channel {channel.channel_id}"):
            await post(client, database, channel.channel_id, now, only_if_due=True)


async def post(
    client: discord.Client, database: Database, channel_id: int, now: datetime, *, only_if_due: bool = False
) -> Posted:
    """Posts the newest digest in a channel, unless it was. ``only_if_due``: at its posting time, and the next one is
    set in the transaction that claims the delivery."""
    async with database.read() as connection:
        newest = await digests.newest(connection)
        entries = await lookups.top_of_day(connection, newest) if newest else []
    async with database.write() as connection:
        # Read where the lock is held: it may have been changed, or been posted in, since it was found due.
        channel = await channels.get(connection, channel_id)
        if channel is None or (only_if_due and (channel.paused or channel.next_post_at > now)):
            return Posted.NOTHING
        if only_if_due:
            following = next_post_at(now, channel.wall_time, channel.timezone)
            await channels.set_next_post(connection, channel_id, following)
        chosen = ranking.top(entries, channel.top, channel.min_votes)
        if newest is None or not chosen:
            return Posted.NOTHING
        if channel.last_posted and newest <= channel.last_posted:
            return Posted.ALREADY
        claimed = await deliveries.claim(connection, Subscriber.CHANNEL, channel_id, DeliveryKind.DAILY, newest, now)
        if claimed is None:
            last = await deliveries.newest(connection, Subscriber.CHANNEL, channel_id, DeliveryKind.DAILY)
            sent = last is not None and last.state is DeliveryState.SENT
            return Posted.ALREADY if sent else Posted.UNCONFIRMED
    words, total = language(channel.language), len(entries)
    if not await delivery.send(
        client, database, claimed, lambda mark: rendering.daily(newest, total, chosen, words, mark), now
    ):
        return Posted.FAILED
    async with database.write() as connection:
        await channels.set_posted(connection, channel_id, newest)
    return Posted.SENT


async def forget_channel(database: Database, channel_id: int) -> None:
    """Ends the daily post and the subscriptions of a channel that was deleted."""
    async with database.write() as connection:
        await channels.remove(connection, channel_id)
        await subscriptions.remove_all(connection, Subscriber.CHANNEL, channel_id)


async def alert(client: discord.Client, database: Database, now: datetime, days: int) -> None:
    """Tells subscribers of the new papers that they follow, one message a digest; of digests older than ``days`` they
    are not told, for these come with an archive."""
    since = now.date() - timedelta(days=days)
    async with database.read() as connection:
        unmatched = await digests.unmatched(connection, since)
        follows = await subscriptions.every(connection) if unmatched else []
    for digest in unmatched:
        for (target, target_id), matches in match(digest.entries, follows).items():
            with _for_itself(f"the alert of {target} {target_id}"):
                await _alert_one(client, database, target, target_id, digest, matches, now)
    async with database.write() as connection:
        await digests.set_matched(connection, unmatched, since)


async def _alert_one(
    client: discord.Client,
    database: Database,
    target: Subscriber,
    target_id: int,
    digest: Digest,
    matches: list[Match],
    now: datetime,
) -> None:
    claimed = await delivery.claim(database, target, target_id, DeliveryKind.ALERT, digest.date, now)
    if claimed is None:
        return
    words = language(matches[0].subscriptions[0].language)
    order = ranking.top([one.entry for one in matches], len(matches))
    matches = sorted(matches, key=lambda one: order.index(one.entry))
    shown: list[tuple[Entry, list[str]]] = [
        (one.entry, [follow.text for follow in one.subscriptions]) for one in matches
    ]
    follows = {follow.id: follow.text for one in matches for follow in one.subscriptions}
    await delivery.send(
        client,
        database,
        claimed,
        lambda mark: rendering.alert(digest.date, shown, list(follows.items()), words, mark),
        now,
    )


@contextmanager
def _for_itself(what: str) -> Iterator[None]:
    """Has a fault in one target's turn end that turn alone."""
    try:
        yield
    except Exception:
        log.exception("%s has failed", what)


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


def _ingest_one(database: Database, path: Path) -> tuple[Parsed, int]:
    parsed = _without_future(sources.read(path), path)
    if not parsed.digests:
        return parsed, 0
    with database.write_here() as connection:
        stored = [digests.store(connection, digest, sources.FILES) for digest in parsed.digests]
    return parsed, sum(one.changed_entries for one in stored)


def _without_future(parsed: Parsed, path: Path) -> Parsed:
    """A mistyped year would be the newest digest for years, and no other would be posted."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    kept = tuple(digest for digest in parsed.digests if digest.date <= tomorrow)
    ahead = [digest.date for digest in parsed.digests if digest.date > tomorrow]
    rejects = tuple(Reject(str(path), None, f"the date {day} is in the future") for day in ahead)
    return Parsed(kept, parsed.rejects + rejects)
