"""The only place that chains stages: what is read is stored, what is due is posted, what is new is matched."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
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
from storage.models import Channel, Delivery, DeliveryKind, Digest, Entry, Reject, Subscriber

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
    FAILED = auto()


async def ingest(
    database: Database, files: Iterable[Path], read_one: Callable[[Path], None] = lambda path: None
) -> Imported:
    """Reads digest files and keeps what they hold, one transaction a file; ``read_one`` is called after each."""
    report = Imported()
    for path in files:
        with _giving_way():
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
        except (SourceError, OSError):
            return {}
        marks = {path: (stat.st_mtime_ns, stat.st_size) for path, stat in stats.items()}
        return {path: mark for path, mark in marks.items() if self._seen.get(path) != mark}


async def post_due(client: discord.Client, database: Database, now: datetime) -> None:
    """Posts in each channel whose posting time has come; a day without a new digest is silent."""
    async with database.read() as connection:
        due = await channels.due(connection, now)
    for channel in due:
        following = next_post_at(now, channel.wall_time, channel.timezone)
        await post(client, database, channel, now, following)


async def post(
    client: discord.Client, database: Database, channel: Channel, now: datetime, following: datetime | None = None
) -> Posted:
    """Posts the newest digest in a channel, unless it was; ``following`` is the posting time after this one, set in
    the transaction that claims the delivery."""
    async with database.read() as connection:
        newest = await digests.newest(connection)
        entries = await lookups.top_of_day(connection, newest) if newest else []
    claimed: Delivery | None = None
    fresh = newest is not None and (channel.last_posted is None or newest > channel.last_posted)
    chosen = ranking.top(entries, channel.top, channel.min_votes)
    async with database.write() as connection:
        if following:
            await channels.set_next_post(connection, channel.channel_id, following)
        if newest and fresh and chosen:
            claimed = await deliveries.claim(
                connection, Subscriber.CHANNEL, channel.channel_id, DeliveryKind.DAILY, newest, now
            )
    if newest is None or not chosen:
        return Posted.NOTHING
    if claimed is None:
        return Posted.ALREADY
    words = language(channel.language)
    if not await delivery.send(
        client, database, claimed, lambda mark: rendering.daily(newest, len(entries), chosen, words, mark), now
    ):
        return Posted.FAILED
    async with database.write() as connection:
        await channels.set_posted(connection, channel.channel_id, newest)
    return Posted.SENT


async def alert(client: discord.Client, database: Database, now: datetime, days: int) -> None:
    """Tells subscribers of the new papers that they follow, one message a digest; of digests older than ``days`` they
    are not told, for these come with an archive."""
    async with database.read() as connection:
        unmatched = await digests.unmatched(connection)
        follows = await subscriptions.every(connection) if unmatched else []
    for digest in unmatched:
        if digest.date >= now.date() - timedelta(days=days):
            for (target, target_id), matches in match(digest.entries, follows).items():
                await _alert_one(client, database, target, target_id, digest, matches, now)
        async with database.write() as connection:
            await digests.set_matched(connection, digest)


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
def _giving_way() -> Iterator[None]:
    """Has the reading thread give way to the event loop every half millisecond. Python waits 5 ms, and an answer takes
    dozens of steps between the loop and the database's thread."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _ingest_one(database: Database, path: Path) -> tuple[Parsed, int]:
    parsed = sources.read(path)
    if not parsed.digests:
        return parsed, 0
    with database.write_here() as connection:
        stored = [digests.store(connection, digest, sources.FILES) for digest in parsed.digests]
    return parsed, sum(one.changed_entries for one in stored)
