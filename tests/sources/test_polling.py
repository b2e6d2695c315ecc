"""Sources that are polled, over the wire and into a real database."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot import polling, remote
from bot.config import HuggingFaceSource, MarkdownSource
from bot.fetching import NEVER, Fetched, Fetcher
from bot.polling import is_due, pause
from storage import digests, papers, sources, votes
from storage.database import Database
from storage.models import SourceState
from tests.sources.serving import HuggingFace, Server, paper, says
from tests.storage.support import url_of

NOW = datetime(2026, 1, 6, 9, tzinfo=UTC)
TODAY, YESTERDAY, SATURDAY = date(2026, 1, 6), date(2026, 1, 5), date(2026, 1, 3)
NAME = "Hugging Face"


class Kiosk:
    """A Hugging Face, a source that leads there, and a database."""

    def __init__(self, server: HuggingFace, database: Database, fetcher: Fetcher) -> None:
        self.server, self.database, self.fetcher = server, database, fetcher
        self.source = HuggingFaceSource(
            kind="huggingface", name=NAME, api_url=server.api_url, allow_private=True, attribution="Daily Papers"
        )
        self.now = NOW

    async def poll(self, *more: MarkdownSource, days: int = 3) -> int:
        async with self.database.write() as connection:
            states = [SourceState(one.name, one.language, one.attribution) for one in (self.source, *more)]
            await sources.keep(connection, states)
        return await polling.poll(self.database, self.fetcher, [self.source, *more], self.now, days)

    async def state(self, name: str = NAME) -> SourceState:
        async with self.database.read() as connection:
            return {state.name: state for state in await sources.all_of_them(connection)}[name]

    async def held(self) -> dict[date, list[tuple[str, int | None]]]:
        async with self.database.read() as connection:
            found = await papers.find(connection, papers.Filter())
        days: dict[date, list[tuple[str, int | None]]] = {}
        for entry in found:
            days.setdefault(entry.date, []).append((entry.paper.arxiv_id, entry.votes))
        return days

    async def ready(self) -> list[date]:
        """The days that may be posted."""
        async with self.database.read() as connection:
            return list(await digests.most_votes(connection, 5, self.now))

    def asked(self) -> list[str]:
        """The days asked for since the last time."""
        found = [request.query["date"] for request in self.server.requests if "date" in request.query]
        self.server.requests.clear()
        return found


@pytest.fixture
async def kiosk(empty: Path, tmp_path: Path) -> AsyncIterator[Kiosk]:
    shutil.copy(empty, tmp_path / "paperboy.db")
    database = await Database.open(url_of(tmp_path / "paperboy.db"))
    async with HuggingFace() as server, Fetcher(most_bytes=1_000_000) as fetcher:
        yield Kiosk(server, database, fetcher)
    await database.close()


async def test_the_last_days_are_fetched(kiosk: Kiosk) -> None:
    kiosk.server.days = {
        TODAY: [paper("2601.00003", upvotes=2)],
        YESTERDAY: [paper("2601.00001", upvotes=9), paper("2601.00002", upvotes=20)],
    }
    assert await kiosk.poll() == 3
    assert kiosk.asked() == ["2026-01-03", "2026-01-04", "2026-01-05", "2026-01-06"]
    assert await kiosk.held() == {TODAY: [("2601.00003", 2)], YESTERDAY: [("2601.00002", 20), ("2601.00001", 9)]}
    assert await kiosk.state() == SourceState(NAME, "en", "Daily Papers", fetched_at=NOW)


@pytest.mark.parametrize(("scheme", "token"), [("https", "hf_secret"), ("http", "")])
async def test_a_token_is_given_over_https_alone(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch, scheme: str, token: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", " hf_secret\n")
    given: list[str] = []

    async def get(address: str, **more: Any) -> Fetched:
        given.append(more["token"])
        return Fetched(b'{"id": "2601.00001", "title": "T"}' if "/papers/" in address else b"[]", NEVER)

    monkeypatch.setattr(kiosk.fetcher, "get", get)
    kiosk.source = kiosk.source.model_copy(update={"api_url": f"{scheme}://huggingface.example/api"})
    await kiosk.poll(days=0)
    await remote.fetch_paper(kiosk.fetcher, kiosk.source, "2601.00001", TODAY)
    assert given == [token, token]


async def test_what_has_not_changed_is_not_sent_again(kiosk: Kiosk) -> None:
    kiosk.server.days = {TODAY: [paper("2601.00001")]}
    await kiosk.poll(days=0)
    kiosk.now += timedelta(hours=1)
    assert await kiosk.poll(days=0) == 0
    assert len(kiosk.server.requests) == 2
    assert "If-None-Match" in kiosk.server.requests[1].headers
    assert (await kiosk.state()).fetched_at == kiosk.now


async def test_a_day_that_has_not_begun_there(kiosk: Kiosk) -> None:
    """Hugging Face refuses the date of a day to come, as today's is to it where its clock is behind."""
    refused = says('{"error":"Invalid date"}', 400)
    kiosk.server.days = {TODAY: [paper("2601.00003")], YESTERDAY: [paper("2601.00001")]}
    kiosk.server.happenings = [kiosk.server.answer] * 3 + [refused]
    await kiosk.poll()
    assert await kiosk.held() == {YESTERDAY: [("2601.00001", 1)]}
    assert (await kiosk.state()).failing_since is None
    kiosk.now += timedelta(minutes=29)
    await kiosk.poll()
    assert len(kiosk.asked()) == 4
    kiosk.now += timedelta(minutes=1)
    await kiosk.poll()
    assert TODAY in await kiosk.held()
    # One that is over has begun.
    kiosk.now = NOW + timedelta(days=1, hours=20)
    kiosk.server.answer = refused
    await kiosk.poll()
    assert "400 Bad Request" in str((await kiosk.state()).why)


async def test_votes_rise(kiosk: Kiosk) -> None:
    kiosk.server.days = {TODAY: [paper("2601.00001", upvotes=1)]}
    await kiosk.poll(days=0)
    kiosk.server.days = {TODAY: [paper("2601.00001", upvotes=31)]}
    kiosk.now += timedelta(hours=1)
    assert await kiosk.poll(days=0) == 1
    assert await kiosk.held() == {TODAY: [("2601.00001", 31)]}
    # What has not changed is not noted again.
    kiosk.now += timedelta(hours=1)
    kiosk.server.days = {TODAY: [paper("2601.00001", upvotes=31, title="Renamed")]}
    assert await kiosk.poll(days=0) == 1
    kiosk.server.days = {TODAY: [paper("2601.00001", upvotes=None)]}
    kiosk.now += timedelta(hours=1)
    await kiosk.poll(days=0)
    async with kiosk.database.read() as connection:
        assert await votes.history(connection, "2601.00001") == [(NOW, 1), (NOW + timedelta(hours=1), 31)]
        assert await votes.history(connection, "2601.00002") == []


async def test_pages(kiosk: Kiosk) -> None:
    """Also where the last one is full."""
    for number, requests in ((100, 2), (101, 2), (99, 1)):
        kiosk.server.days = {TODAY: [paper(f"2601.{one:05}") for one in range(1, number + 1)]}
        kiosk.now += timedelta(hours=2)
        await kiosk.poll(days=0)
        assert len(kiosk.asked()) == requests
    assert len((await kiosk.held())[TODAY]) == 101


async def test_a_day_that_grows_is_ready_late_in_the_day(kiosk: Kiosk) -> None:
    kiosk.server.days = {TODAY: [paper("2601.00001")], YESTERDAY: [paper("2601.00002")]}
    await kiosk.poll()
    assert await kiosk.ready() == [YESTERDAY]
    kiosk.now = datetime(2026, 1, 6, 21, 59, tzinfo=UTC)
    kiosk.server.days[TODAY].append(paper("2601.00003"))
    await kiosk.poll()
    assert await kiosk.ready() == [YESTERDAY]
    kiosk.now += timedelta(minutes=1)
    assert await kiosk.ready() == [YESTERDAY, TODAY]
    # One that comes late does not take the day back.
    kiosk.server.days[TODAY].append(paper("2601.00004"))
    kiosk.now += timedelta(hours=2)
    assert await kiosk.poll() == 1
    assert await kiosk.ready() == [YESTERDAY, TODAY]


async def test_a_source_says_when_to_come_again(kiosk: Kiosk) -> None:
    kiosk.server.happenings = [says("", 429, Retry_After="1800")]
    await kiosk.poll(days=0)
    assert (await kiosk.state()).retry_at == NOW + timedelta(minutes=30)


async def test_a_failure_in_the_middle_keeps_the_days_that_come_first(kiosk: Kiosk) -> None:
    """Those that were missed: a channel that had a later one would not get them any more."""
    kiosk.server.days = {SATURDAY: [paper("2601.00001")], TODAY: [paper("2601.00002")]}
    ordinary = kiosk.server.answer
    kiosk.server.happenings = [ordinary, says("", 503)]
    await kiosk.poll()
    assert await kiosk.held() == {SATURDAY: [("2601.00001", 1)]}
    kiosk.asked()
    kiosk.now += timedelta(hours=1)
    await kiosk.poll()
    assert kiosk.asked() == ["2026-01-04", "2026-01-05", "2026-01-06"]
    kiosk.now += timedelta(hours=7)
    await kiosk.poll()
    assert kiosk.asked() == ["2026-01-06", "2026-01-05", "2026-01-04", "2026-01-03"]


async def test_a_day_that_always_fails_does_not_keep_the_newest_waiting_for_long(kiosk: Kiosk) -> None:
    kiosk.server.days = {SATURDAY: [paper("2601.00001")], TODAY: [paper("2601.00002")]}
    ordinary = kiosk.server.answer

    async def broken(request: web.Request) -> web.StreamResponse:
        return await (says("", 500) if request.query["date"] == f"{SATURDAY}" else ordinary)(request)

    kiosk.server.answer = broken
    for _ in range(5):
        assert await kiosk.held() == {}
        await kiosk.poll()
        kiosk.now += timedelta(minutes=25)
    assert await kiosk.held() == {TODAY: [("2601.00002", 1)]}
    kiosk.server.answer = ordinary
    await kiosk.poll()
    assert (await kiosk.held()).keys() == {SATURDAY, TODAY}


async def test_markdown_at_an_address(kiosk: Kiosk) -> None:
    async def answer(request: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
        if request.path != "/2026/01/05.md":
            return aiohttp.web.Response(status=404)
        text = "## Daily Papers (2026-01-05)\n\n### [T](https://arxiv.org/abs/2601.00009)\n\n- 새로운 것\n"
        return aiohttp.web.Response(text=text)

    async with Server(answer) as other:
        lab = MarkdownSource(
            kind="markdown", name="Lab", address=f"{other.url}/{{date:%Y/%m/%d}}.md", allow_private=True
        )
        await kiosk.poll(lab)
        assert [request.path for request in other.requests][-2:] == ["/2026/01/05.md", "/2026/01/06.md"]
    assert await kiosk.held() == {YESTERDAY: [("2601.00009", None)]}
    # A day without a digest is no failure.
    assert (await kiosk.state("Lab")).fetched_at == NOW


async def test_a_digest_of_days_to_come_is_left_out(kiosk: Kiosk) -> None:
    kiosk.server.days = {
        TODAY: [paper("2601.00001"), paper("2601.00002", submittedOnDailyAt="2062-01-01T00:00:00.000Z")]
    }
    await kiosk.poll(days=0)
    assert await kiosk.held() == {TODAY: [("2601.00001", 1)]}


def test_a_day_is_asked_for_ever_more_seldom() -> None:
    """The requests of a day, until it is three days old."""
    day, asked, now = TODAY, [], datetime(2026, 1, 6, tzinfo=UTC)
    last: datetime | None = None
    while now < datetime(2026, 1, 9, 23, 59, tzinfo=UTC):
        if is_due(day, last, now):
            asked.append(now)
            last = now
        now += timedelta(minutes=1)
    gaps = [after - before for before, after in pairwise(asked)]
    assert gaps == sorted(gaps)
    # It may be posted on its own day, from the evening on.
    assert max(gap for gap, at in zip(gaps, asked[1:], strict=True) if at.day == 6) == timedelta(minutes=30)
    assert (gaps[0], max(gaps)) == (timedelta(minutes=10), max(gaps))
    assert timedelta(hours=4) < max(gaps) <= timedelta(hours=6)
    assert 50 < len(asked) < 90


def test_pauses_grow_up_to_a_bound() -> None:
    pauses = [pause(failures, None) for failures in range(1, 30)]
    assert all(timedelta(seconds=45) <= one <= timedelta(minutes=75) for one in pauses)
    assert pauses[-1] > timedelta(minutes=44)
    assert len(set(pauses)) == len(pauses)
    assert pause(1, timedelta(hours=3)) == timedelta(hours=3)
    assert pause(10_000, None) <= timedelta(minutes=75)
