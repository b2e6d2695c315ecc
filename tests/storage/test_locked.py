"""Every storage function, while another program holds the database for writing: reads go on, writes wait their turn."""

from __future__ import annotations

import asyncio
import inspect
import pkgutil
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.ext.asyncio import AsyncConnection

import storage
from bot import ingestion, lookup, query
from bot.document import document
from storage import (
    accounts,
    authors,
    channels,
    claims,
    commands,
    deliveries,
    digests,
    files,
    lookups,
    matches,
    notices,
    outcomes,
    papers,
    posts,
    reindexing,
    schema,
    search,
    servers,
    sources,
    subscriptions,
    targets,
    vocabulary,
    votes,
)
from storage.database import Database
from storage.deliveries import Plan
from storage.matches import Found
from storage.models import (
    Channel,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Entry,
    Follows,
    Reason,
    Sentence,
    Shown,
    Sort,
    SourceState,
    Subscriber,
    Version,
)
from storage.outcomes import Claim, Outcome
from tests.storage.follows import follow
from tests.storage.support import MONDAY, SOURCE, TUESDAY, digest, dump, paper, store, url_of

NOW = datetime(2024, 6, 21, tzinfo=UTC)
CHANNEL = Channel(1, 2, time(9), "Asia/Seoul", 5, 0, "ko", False, NOW)
DAILY = (Subscriber.CHANNEL, 1, DeliveryKind.DAILY)
ALERT = (Subscriber.USER, 7, DeliveryKind.ALERT)
DAY = timedelta(days=1)
WHY = Sentence("{host} does not answer in time.", {"host": "huggingface.co"})
LATER = NOW + timedelta(days=400)
FOUND = Found(*ALERT[:2], MONDAY, 0, "2401.00001", 1)
SHOWN = Shown((("2401.00001", 3),))
# The delivery 1 of the fixture, which is claimed.
ZEBRA, LION = (document(paper("2401.00001", title), ()) for title in ("zebra", "lion"))
CLAIMED = Delivery(1, *DAILY, MONDAY, 0, DeliveryState.CLAIMED, 1, "nonce", NOW, NOW, NOW)


async def _pause_and_skip(connection: AsyncConnection) -> None:
    await channels.set_posts(connection, [replace(CHANNEL, last_planned=MONDAY)])
    await channels.set_paused(connection, 1, True, NOW)
    await channels.skip_pause(connection, 1, TUESDAY)


READS: dict[str, Callable[[AsyncConnection], Awaitable[Any]]] = {
    "authors.like": lambda c: c.run_sync(authors.like, "ana"),
    "authors.nearest": lambda c: authors.nearest(c, "anna lopez"),
    "authors.of_papers": lambda c: c.run_sync(authors.of_papers, [1, 2]),
    "channels.count": lambda c: channels.count(c),
    "channels.due": lambda c: channels.due(c, NOW, MONDAY),
    "channels.get": lambda c: channels.get(c, 1),
    "channels.get_all": lambda c: channels.get_all(c, [1, 2]),
    "channels.of_guild": lambda c: channels.of_guild(c, 2),
    "commands.fingerprint": lambda c: commands.fingerprint(c, 1),
    "deliveries.get": lambda c: deliveries.get(c, 1),
    "accounts.missed": lambda c: accounts.missed(c, 7),
    "deliveries.of_day": lambda c: deliveries.of_day(c, *DAILY, MONDAY),
    "accounts.open_before": lambda c: accounts.open_before(c, 1),
    "accounts.since": lambda c: accounts.since(c, *DAILY[:1], [1], NOW),
    "accounts.unconfirmed": lambda c: accounts.unconfirmed(c),
    "claims.unreachable": lambda c: claims.unreachable(c, NOW, 5),
    "digests.days": lambda c: digests.days(c),
    "digests.months": lambda c: digests.months(c),
    "digests.most_votes": lambda c: digests.most_votes(c, 5, NOW),
    "digests.newest_whole": digests.newest_whole,
    "digests.growing": lambda c: digests.growing(c, NOW),
    "digests.nearest": lambda c: digests.nearest(c, TUESDAY),
    "digests.newest": lambda c: digests.newest(c),
    "digests.unmatched": lambda c: digests.unmatched(c, MONDAY, NOW),
    "files.marks": lambda c: files.marks(c),
    "notices.are_due": lambda c: notices.are_due(c, LATER, DAY),
    "notices.of": lambda c: notices.of(c, [1, 2, 3, 4, 5, 6, 7]),
    "posts.of_channels": lambda c: posts.of_channels(c, [1], MONDAY),
    "posts.since": lambda c: posts.since(c, MONDAY, 3, LATER),
    "sources.all_of_them": lambda c: sources.all_of_them(c),
    "sources.fetched_days": lambda c: sources.fetched_days(c, SOURCE, MONDAY),
    "sources.versions": lambda c: sources.versions(c, SOURCE, MONDAY),
    "votes.history": lambda c: votes.history(c, "2401.00001"),
    "votes.histories": lambda c: c.run_sync(votes.histories, MONDAY),
    # Past the first page it is counted, too.
    "lookups.by_query": lambda c: c.run_sync(lookups.by_query, lookup.by_keyword("zebra"), query.parse("zebra"), 1),
    "lookups.recent": lambda c: lookups.recent(c, lookup.by_keyword("zebra")),
    "lookups.run": lambda c: lookups.run(c, lookup.by_keyword("zebra")),
    "lookups.show": lambda c: lookups.show(c, "zebra"),
    "lookups.top_of_day": lambda c: lookups.top_of_day(c, MONDAY),
    "matches.last_parts": lambda c: matches.last_parts(c, MONDAY),
    "matches.of": lambda c: matches.of(c, [3, 4]),
    "papers.number": lambda c: c.run_sync(papers.number),
    "papers.best": lambda c: c.run_sync(papers.best, 5, 0),
    "papers.count": lambda c: papers.count(c, papers.Filter(query=query.parse("zebra"))),
    "papers.find": lambda c: papers.find(c, papers.Filter(query=query.parse("zebra"))),
    "papers.found_by": lambda c: c.run_sync(found_by, query.parse("zebra")),
    "papers.read": lambda c: c.run_sync(papers.read, papers.selected(papers.Filter())),
    "papers.titles_like": lambda c: c.run_sync(papers.titles_like, "ze"),
    "servers.known": lambda c: servers.known(c),
    "subscriptions.followers": lambda c: c.run_sync(subscriptions.followers, [(Follows.KEYWORD, "zebra")]),
    "subscriptions.hung_on": lambda c: c.run_sync(subscriptions.hung_on, [{"zebra"}]),
    "subscriptions.get": lambda c: subscriptions.get(c, 1),
    "subscriptions.get_all": lambda c: subscriptions.get_all(c, [1]),
    "subscriptions.still": lambda c: subscriptions.still(c, [1]),
    "subscriptions.of": lambda c: subscriptions.of(c, Subscriber.USER, [7]),
    "targets.dm_channels": lambda c: targets.dm_channels(c, [7]),
    "targets.get": lambda c: targets.get(c, Subscriber.CHANNEL, 1),
    "targets.guilds": lambda c: targets.guilds(c),
    "targets.gone_before": lambda c: targets.gone_before(c, LATER),
    "targets.of_guild": lambda c: targets.of_guild(c, 2),
    "targets.people_refused": lambda c: targets.people_refused(c),
    "targets.reasons": lambda c: targets.reasons(c, Subscriber.CHANNEL, [1, 3], NOW),
    "targets.set_aside": lambda c: targets.set_aside(c),
    "reindexing.is_due": lambda c: c.run_sync(reindexing.is_due),
    "vocabulary.nearest": lambda c: c.run_sync(vocabulary.nearest, "zebr"),
    "vocabulary.of": lambda c: c.run_sync(vocabulary.of, query.parse("zebra")),
}
NEW = digest(TUESDAY, (paper("2401.00009", "A lion", "Bo Li"), 3, "lions"))
WRITES: dict[str, Callable[[AsyncConnection], Awaitable[Any]]] = {
    "authors.rank": lambda c: c.run_sync(authors.rank, {1: 1}),
    "authors.store": lambda c: c.run_sync(authors.store, [(1, ["Bo Li"])], [1]),
    "channels.keep": lambda c: channels.keep(c, CHANNEL_TWO),
    "channels.remove": lambda c: channels.remove(c, 1),
    "channels.set_posts": lambda c: channels.set_posts(c, [replace(CHANNEL, last_planned=TUESDAY)]),
    "channels.skip_pause": _pause_and_skip,
    "channels.set_paused": lambda c: channels.set_paused(c, 1, True, NOW),
    "commands.set_fingerprint": lambda c: commands.set_fingerprint(c, 1, "new"),
    "claims.claim": lambda c: c.run_sync(claims.claim, "two", NOW, LATER, limit=5),
    "deliveries.confirm": lambda c: c.run_sync(deliveries.confirm, [(1, 1, 99)], NOW),
    "deliveries.expire": lambda c: c.run_sync(deliveries.expire, 1, Reason.TOO_OLD, NOW),
    "deliveries.expire_old": lambda c: deliveries.expire_old(c, LATER, None, NOW),
    "deliveries.fail": lambda c: c.run_sync(deliveries.fail, 1, Reason.REFUSED, "why", LATER, NOW),
    "deliveries.leave_unconfirmed": lambda c: c.run_sync(
        deliveries.leave_unconfirmed, 1, Reason.UNREACHED, "why", LATER, NOW
    ),
    "deliveries.plan": lambda c: deliveries.plan(c, [Plan(*DAILY, TUESDAY)], NOW),
    "deliveries.plan_again": lambda c: deliveries.plan_again(c, 1, LATER),
    "deliveries.plan_set_aside_again": lambda c: deliveries.plan_set_aside_again(c, *ALERT[:2], NOW - DAY, LATER),
    "deliveries.read_in_list": lambda c: deliveries.read_in_list(c, 3, NOW),
    "claims.release": lambda c: c.run_sync(claims.release, [1], NOW),
    "deliveries.remove_all": lambda c: deliveries.remove_all(c, *DAILY[:2]),
    "deliveries.remove_before": lambda c: deliveries.remove_before(c, LATER),
    "deliveries.set_aside": lambda c: c.run_sync(deliveries.set_aside, 1, Reason.REFUSED, "why", NOW),
    "deliveries.set_aside_all": lambda c: c.run_sync(
        deliveries.set_aside_all, Subscriber.CHANNEL, 2, Reason.REFUSED, NOW
    ),
    "claims.take_over": lambda c: claims.take_over(c, "two", LATER),
    "deliveries.withdraw": lambda c: deliveries.withdraw(c, Subscriber.CHANNEL, 2, DeliveryKind.DAILY, NOW),
    "digests.index": lambda c: c.run_sync(digests.index, ["2401.00001"]),
    "digests.set_matched": lambda c: digests.set_matched(c, [digest(MONDAY, (paper("2401.00001"), 1))], MONDAY),
    "digests.keep_looked_up": lambda c: c.run_sync(digests.keep_looked_up, NEW.entries[0]),
    "digests.store": lambda c: c.run_sync(digests.store, NEW, SOURCE),
    "digests.store_all": lambda c: c.run_sync(digests.store_all, [NEW], SOURCE),
    "digests.set_unmatched": lambda c: renamed_and_unmatched(c),
    "files.store": lambda c: c.run_sync(files.store, {Path("day.md"): "1"}, [NEW], SOURCE),
    "matches.add": lambda c: matches.add(c, MONDAY, [replace(FOUND, part=1)]),
    "outcomes.settle": lambda c: c.run_sync(outcomes.settle, [], Claim("two", DAY, 5, None, []), NOW),
    "votes.note": lambda c: c.run_sync(votes.note, MONDAY, LATER),
    "notices.plan": lambda c: notices.plan(c, 7, LATER, DAY),
    "posts.edited": lambda c: c.run_sync(posts.edited, [(1, MONDAY, Shown((("2401.00001", 9),)))], NOW),
    "posts.keep": lambda c: c.run_sync(posts.keep, [(2, SHOWN)], NOW),
    "outcomes.write": lambda c: c.run_sync(outcomes.write, [Outcome(CLAIMED, DeliveryState.SENT, message_id=9)], NOW),
    "reindexing.reindex": lambda c: renamed_and_indexed_anew(c),
    "search.index": lambda c: c.run_sync(search.index, [(1, LION)]),
    "search.remove": lambda c: c.run_sync(search.remove, [(search.place(3, MONDAY, 0), ZEBRA)]),
    "sources.answered": lambda c: sources.answered(c, "other"),
    "sources.failed": lambda c: sources.failed(c, SOURCE, WHY, NOW, NOW),
    "sources.keep": lambda c: sources.keep(c, [SourceState("elsewhere", "en", "")]),
    "sources.take": lambda c: c.run_sync(
        sources.take, SOURCE, TUESDAY, [NEW], [("https://example.org", Version("1"))], NOW, grows_for=timedelta(days=1)
    ),
    "subscriptions.add": lambda c: subscriptions.add(c, Subscriber.USER, 8, Follows.KEYWORD, query.parse("a"), "en"),
    "servers.are": lambda c: servers.are(c, [], NOW, NOW),
    "servers.forget_all": lambda c: servers.forget_all(c),
    "servers.forget_channel": lambda c: servers.forget_channel(c, 1),
    "servers.forget_person": lambda c: servers.forget_person(c, 7),
    "servers.leave": lambda c: servers.leave(c, 2, NOW),
    "servers.tidy": lambda c: servers.tidy(c, LATER),
    "subscriptions.remove_all": lambda c: subscriptions.remove_all(c, Subscriber.USER, 7),
    "subscriptions.hang_all": lambda c: c.run_sync(subscriptions.hang_all, [(Follows.KEYWORD, query.parse("lion"))]),
    "subscriptions.hang": lambda c: c.run_sync(subscriptions.hang, Follows.KEYWORD, query.parse("lion")),
    "subscriptions.remove": lambda c: subscriptions.remove(c, [1]),
    "targets.accepted": lambda c: c.run_sync(targets.accepted, [(Subscriber.USER, 7)]),
    "servers.come_back": lambda c: servers.come_back(c, 4, NOW, NOW),
    "targets.come_back": lambda c: targets.come_back(c, 4),
    "targets.keep": lambda c: targets.keep(c, Subscriber.CHANNEL, 9, 2),
    "targets.take_up": lambda c: targets.take_up(c, Subscriber.USER, 7),
    "targets.leave": lambda c: targets.leave(c, 2, NOW),
    "targets.refuse": lambda c: c.run_sync(targets.refuse, Subscriber.CHANNEL, 1, Reason.REFUSED, "why", NOW, 1),
    "targets.remove": lambda c: targets.remove(c, Subscriber.CHANNEL, 1),
    "vocabulary.keep": lambda c: c.run_sync(vocabulary.keep, ["lion"]),
    "targets.set_dm_channel": lambda c: targets.set_dm_channel(c, 7, 71),
}
CHANNEL_TWO = Channel(5, 2, time(9), "Asia/Seoul", 5, 0, "ko", False, NOW)
WITHOUT_A_CONNECTION = {
    "deliveries.delivery",
    "nonce.nonce",
    "outcomes.pause",
    "papers.newest_entry",
    "papers.paper_of",
    "papers.selected",
    "search.in_answer",
    "search.place",
    "search.begins",
    "search.quoted",
    "vocabulary.closest",
}


def found_by(connection: Connection, asked: query.Query) -> list[Entry]:
    return papers.found_by(connection, search.Match(connection, asked), Sort.RELEVANCE, 5, 0)


async def renamed_and_indexed_anew(connection: AsyncConnection) -> None:
    await connection.execute(schema.papers.update().values(title="A lion"))
    await connection.run_sync(reindexing.reindex)


async def renamed_and_unmatched(connection: AsyncConnection) -> None:
    """The paper is unmatched as it is; its new name shows that the write has come through."""
    await connection.execute(schema.papers.update().values(title="A lion", matched=True))
    await digests.set_unmatched(connection, MONDAY)


@pytest.fixture
async def held(database: Database) -> Database:
    """One row at least in every table."""
    store(database, digest(MONDAY, (paper("2401.00001", "A zebra", "Ana López"), 3, "stripes")))
    async with database.write() as connection:
        await channels.keep(connection, CHANNEL)
        await follow(connection, Subscriber.USER, 7, "zebra")
        await targets.keep(connection, Subscriber.CHANNEL, 1, 2)
        await targets.keep(connection, Subscriber.CHANNEL, 3, 4)
        await targets.leave(connection, 4, NOW)
        await targets.keep(connection, Subscriber.USER, 7)
        await targets.set_dm_channel(connection, 7, 70)
        await connection.run_sync(targets.refuse, Subscriber.USER, 7, Reason.DMS_CLOSED, "why", NOW, 3)
        await deliveries.plan(connection, [Plan(*DAILY, MONDAY)], NOW - DAY)
        await connection.run_sync(claims.claim, "one", NOW, NOW)
        await connection.run_sync(posts.keep, [(1, SHOWN)], NOW)
        aside = (DeliveryState.SET_ASIDE, Reason.DMS_CLOSED)
        plans = [Plan(Subscriber.CHANNEL, 2, DeliveryKind.DAILY, MONDAY)]
        await deliveries.plan(connection, [*plans, *(Plan(*ALERT, MONDAY, part, *aside) for part in (0, 1))], NOW)
        await matches.add(connection, MONDAY, [FOUND])
        await sources.keep(connection, [SourceState(SOURCE, "ko", "")])
        await sources.failed(connection, SOURCE, WHY, NOW, NOW)
        await notices.plan(connection, 7, NOW + 2 * DAY, DAY)
        await sources.keep(connection, [SourceState(SOURCE, "ko", ""), SourceState("other", "en", "")])
        await sources.failed(connection, "other", WHY, NOW, NOW)
        version = [("https://example.org", Version("0"))]
        await connection.run_sync(sources.take, SOURCE, MONDAY, [], version, NOW, grows_for=timedelta(days=1))
        await commands.set_fingerprint(connection, 1, "old")
    return database


@contextmanager
def locked(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program in the middle of writing."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("INSERT INTO paper_words (paper_words) VALUES ('delete-all')")
    connection.execute("DELETE FROM papers")
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def told_of_beginning(tell: Callable[[], None]) -> Iterator[None]:
    """Calls ``tell`` when a writer is about to ask for the lock."""

    def executing(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement == "BEGIN IMMEDIATE":
            tell()

    event.listen(Engine, "before_cursor_execute", executing)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", executing)


def test_every_function_is_here() -> None:
    there = set()
    for module in pkgutil.iter_modules(storage.__path__):
        if module.name in ("backup", "database", "integrity", "migrations", "models", "schema", "sqlite"):
            continue
        loaded = import_module(f"storage.{module.name}")
        there |= {
            f"{module.name}.{name}"
            for name, one in inspect.getmembers(loaded, inspect.isfunction)
            if one.__module__ == loaded.__name__ and not name.startswith("_")
        }
    assert set(READS) | set(WRITES) | WITHOUT_A_CONNECTION == there


@pytest.mark.parametrize("name", READS)
async def test_a_read_goes_on(held: Database, path: Path, name: str) -> None:
    async with held.read() as connection:
        before = await READS[name](connection)
    with locked(path):
        async with held.read() as connection:
            assert await READS[name](connection) == before


@pytest.mark.parametrize("name", WRITES)
async def test_a_write_waits_and_goes_on(held: Database, path: Path, name: str) -> None:
    before = dump(path)
    asked = asyncio.Event()

    async def write() -> None:
        async with held.write() as connection:
            await WRITES[name](connection)

    with locked(path) as other, told_of_beginning(asked.set):
        task = asyncio.create_task(write())
        await asked.wait()
        for _ in range(5):
            async with held.read() as connection:
                assert await papers.count(connection, papers.Filter()) == 1
        assert not task.done()
        assert dump(path) == before
        other.execute("ROLLBACK")
        await task
    assert dump(path) != before


async def test_a_write_in_a_thread_waits_and_goes_on(held: Database, path: Path) -> None:
    asked, before = threading.Event(), dump(path)
    with locked(path) as other, told_of_beginning(asked.set):
        task = asyncio.create_task(asyncio.to_thread(store, held, NEW))
        assert await asyncio.to_thread(asked.wait, 60)
        for _ in range(5):
            async with held.read() as connection:
                assert await papers.count(connection, papers.Filter()) == 1
        assert not task.done()
        other.execute("ROLLBACK")
        assert (await task).new_papers == 1
    assert len(dump(path)["papers"]) == len(before["papers"]) + 1


async def test_an_import_waits_and_goes_on(held: Database, path: Path, tmp_path: Path) -> None:
    file = tmp_path / "day.md"
    file.write_text("## Daily Papers (2024-02-02)\n\n### [Lions](https://arxiv.org/abs/2402.00001)\n", "utf-8")
    asked = threading.Event()
    with locked(path) as other, told_of_beginning(asked.set):
        task = asyncio.create_task(ingestion.ingest(held, [file]))
        assert await asyncio.to_thread(asked.wait, 60)
        async with held.read() as connection:
            assert await papers.count(connection, papers.Filter()) == 1
        assert not task.done()
        other.execute("ROLLBACK")
        assert (await task).changed == 1


async def test_a_database_that_is_being_written_can_be_opened(held: Database, path: Path) -> None:
    with locked(path):
        another = await Database.open(url_of(path))
        async with another.read() as connection:
            assert await papers.count(connection, papers.Filter()) == 1
        await another.close()


async def test_what_is_being_written_is_not_seen_before_it_is_kept(held: Database) -> None:
    def write(connection: Connection) -> None:
        digests.store(connection, NEW, SOURCE)

    async with held.write() as writer:
        await writer.run_sync(write)
        assert await papers.count(writer, papers.Filter()) == 2
        async with held.read() as reader:
            assert await papers.count(reader, papers.Filter()) == 1
            assert (await reader.execute(select(schema.papers.c.arxiv_id))).scalars().all() == ["2401.00001"]
    async with held.read() as reader:
        assert await papers.count(reader, papers.Filter()) == 2
