"""Sources that misbehave, over the wire and into a real database: nothing lost, nothing doubled, nothing hung, and the
state of each source tells the truth."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import select

from bot import remote
from bot.config import MarkdownSource
from bot.fetching import Fetched, Fetcher
from storage.schema import papers, votes
from tests.sources import serving
from tests.sources.serving import Answer, Server, cut_short, paper, raw, says
from tests.sources.test_polling import NAME, NOW, TODAY, YESTERDAY, Kiosk, kiosk  # noqa: F401

DAYS = [TODAY - timedelta(days=back) for back in range(4)]
HTTP = b"HTTP/1.1 200 OK\r\n"
ITEM = json.dumps([paper("2601.00099")]).encode()
LIONS = "\n### [Lions](https://arxiv.org/abs/2601.00010)\n\n- Three.\n"
DIGEST = "## Daily Papers ({day})\n\n### [Zebras](https://arxiv.org/abs/{number})\n\nVote: 3\n\n- One.\n- Two.\n"


def listed(*found: Any, **more: Any) -> Answer:
    return says(json.dumps(list(found) or more))


MISBEHAVIOURS: dict[str, tuple[Answer, str]] = {
    "no answer": (serving.never, "does not answer in time"),
    "slow headers": (raw(HTTP + b"X-Slow: ", hang=True), "does not answer in time"),
    "drips": (serving.drops, "does not answer in time"),
    "closed": (serving.closed, "ends the connection without an answer"),
    "cut off": (serving.cut_off, "breaks off in the middle of its answer"),
    "cut off in a chunk": (raw(HTTP + b"Transfer-Encoding: chunked\r\n\r\n99\r\n[{"), "breaks off in the middle"),
    "cut off without a length": (raw(HTTP + b"\r\n" + ITEM[:200]), "something else than JSON"),
    "no HTTP": (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "in a way that cannot be read"),
    "too many headers": (raw(HTTP + b"X: a\r\n" * 20_000 + b"\r\n"), "in a way that cannot be read"),
    "a status in no words": (raw(b"HTTP/1.1 500 \xff[/red]\x1b[31m\r\n\r\n"), "answers 500 Internal Server Error"),
    "429": (says("", 429), "answers 429 Too Many Requests"),
    "429, seconds": (says("", 429, Retry_After="300"), "answers 429"),
    "429, a date": (says("", 429, Retry_After="Tue, 06 Jan 2026 09:05:00 GMT"), "answers 429"),
    "429, for ever": (says("", 429, Retry_After="1000000000"), "answers 429"),
    "429, junk": (says("", 429, Retry_After="-1e9 years"), "answers 429"),
    "429, RateLimit": (says("", 429, RateLimit='"api";r=0;t=0'), "answers 429"),
    "5xx": (says("", 503), "answers 503 Service Unavailable"),
    "5xx of nobody": (says("", 599), "answers 599"),
    "401": (says("", 401), "answers 401"),
    "304 of nothing": (says("", 304), "answers 304"),
    "HTML": (says("<!doctype html><p>Maintenance"), "something else than JSON"),
    "an object": (listed(error="x"), "something else than a list"),
    "null": (says("null"), "something else than a list"),
    "junk": (listed(1, None, "a", [], {}, {"paper": 1}), "No paper that Hugging Face has for 2026-01-03 can be read"),
    "very much junk": (says(b"[" + b"{}," * 50_000 + b"{}]"), "a list of 50,001 papers"),
    "deep": (says(b"[" * 100_000), "something else than JSON"),
    "200 MB": (serving.endless(200_000_000), "more than 1,000,000 bytes"),
    "a bomb": (serving.bomb(200), "more than 1,000,000 bytes"),
    "a bomb in a bomb": (says(gzip.compress(gzip.compress(ITEM)), Content_Encoding="gzip"), "something else than JSON"),
    "a broken bomb": (says(gzip.compress(ITEM) + b"junk", Content_Encoding="gzip"), "in a way that cannot be read"),
    "brotli": (says(b"\x8b", Content_Encoding="br"), "in a way that cannot be read"),
    "a loop": (says("", 302, Location="/"), "never to an answer"),
    "a file": (says("", 302, Location="file:///etc/passwd"), "is no http"),
    "nowhere": (says("", 302, Location="http://xn--/.."), "is no http(s) address"),
}


@pytest.fixture
async def brief(kiosk: Kiosk) -> AsyncIterator[Fetcher]:  # noqa: F811
    """Waits for the kiosk's server for a moment only, and for others as long as ever."""
    patient = kiosk.fetcher

    class Brief(Fetcher):
        async def get(self, address: str, **more: Any) -> Fetched:
            if address.startswith(f"{kiosk.server.url}/"):
                return await super().get(address, **more)
            return await patient.get(address, **more)

    async with Brief(aiohttp.ClientTimeout(total=0.8, sock_read=0.6)) as fetcher:
        yield fetcher


@pytest.mark.parametrize(("answer", "why"), MISBEHAVIOURS.values(), ids=MISBEHAVIOURS)
async def test_it_passes(
    kiosk: Kiosk,  # noqa: F811
    brief: Fetcher,
    answer: Answer,
    why: str,
) -> None:
    """Yesterday was fetched; then the source misbehaves, while another is well; then it is well again."""
    server, patient = kiosk.server, kiosk.fetcher
    server.days = {YESTERDAY: [paper("2601.00001", upvotes=3)], TODAY: [paper("2601.00003", upvotes=1)]}
    ordinary = server.answer
    kiosk.now = NOW - timedelta(days=1)
    await kiosk.poll(days=0)
    kiosk.now = NOW
    server.days[YESTERDAY] = [paper("2601.00001", upvotes=30), paper("2601.00002", upvotes=7)]
    async with Server(markdown({TODAY: "2601.00009"})) as well:
        lab = at(well, "Lab")
        server.answer = answer
        if "in time" in why:
            kiosk.fetcher = brief
        await asyncio.wait_for(kiosk.poll(lab), 40)
        assert await kiosk.held() == {TODAY: [("2601.00009", 3)], YESTERDAY: [("2601.00001", 3)]}
        assert (await kiosk.state("Lab")).failing_since is None
        assert (await kiosk.state("Lab")).fetched_at == NOW
        for turn in (1, 2):
            state = await kiosk.state()
            assert (state.failing_since, state.failures) == (NOW, turn)
            assert why in str(state.why)
            assert str(state.why).isprintable()
            assert len(str(state.why)) < 120
            assert state.fetched_at == NOW - timedelta(days=1)
            assert state.retry_at is not None
            assert kiosk.now < state.retry_at <= kiosk.now + timedelta(days=1)
            server.requests.clear()
            kiosk.now = state.retry_at - timedelta(seconds=1)
            await kiosk.poll(lab)
            assert server.requests == []
            kiosk.now = state.retry_at
            if turn == 1:
                await asyncio.wait_for(kiosk.poll(lab), 40)
        kiosk.now = state.retry_at
        kiosk.fetcher = patient
        server.answer = ordinary
        for _ in range(2):
            await kiosk.poll(lab, days=6)
            kiosk.now += timedelta(hours=7)
    state = await kiosk.state()
    assert (state.failing_since, state.failures, state.retry_at, state.why) == (None, 0, None, None)
    assert (state.fetched_at or NOW) > NOW
    assert await kiosk.held() == {
        TODAY: [("2601.00009", 3), ("2601.00003", 1)],
        YESTERDAY: [("2601.00001", 30), ("2601.00002", 7)],
    }
    assert await noted(kiosk, "2601.00001") == [3, 30]
    assert await noted(kiosk, "2601.00002") == [7]


async def noted(kiosk: Kiosk, arxiv_id: str) -> list[int]:  # noqa: F811
    """The changes of votes that were written down."""
    changes = select(votes.c.votes).join(papers).where(papers.c.arxiv_id == arxiv_id).order_by(votes.c.at)
    async with kiosk.database.read() as connection:
        return list((await connection.execute(changes)).scalars())


def markdown(days: dict[date, str]) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        day = date.fromisoformat(request.path[1:11])
        if day not in days:
            return web.Response(status=404)
        return web.Response(text=DIGEST.format(day=day, number=days[day]))

    return answer


def at(server: Server, name: str) -> MarkdownSource:
    address = f"{server.url}/{{date:%Y-%m-%d}}.md"
    return MarkdownSource(kind="markdown", name=name, address=address, allow_private=True)


async def test_a_long_wish_is_granted(kiosk: Kiosk) -> None:  # noqa: F811
    kiosk.server.answer = says("", 429, Retry_After="36000")
    await kiosk.poll(days=0)
    for _ in range(3):
        kiosk.now += timedelta(hours=3)
        await kiosk.poll(days=0)
    assert len(kiosk.server.requests) == 1
    # A clock that was set back is no wish.
    kiosk.now -= timedelta(days=30)
    await kiosk.poll(days=0)
    assert len(kiosk.server.requests) == 2


async def test_a_day_that_cannot_be_read_stops_no_other(kiosk: Kiosk) -> None:  # noqa: F811
    """And the source has failed since then, however well the others are read."""
    kiosk.server.days = {day: [paper(f"2601.0000{number}")] for number, day in enumerate(DAYS, 1)}
    ordinary = kiosk.server.answer

    async def one_is_bad(request: web.Request) -> web.StreamResponse:
        bad = request.query["date"] == str(YESTERDAY)
        return web.Response(text="<html>") if bad else await ordinary(request)

    kiosk.server.answer = one_is_bad
    for _ in range(30):
        await kiosk.poll()
        state = await kiosk.state()
        assert state.failing_since == NOW
        kiosk.now = state.retry_at or NOW
    assert kiosk.now > NOW + timedelta(hours=15)
    assert set(await kiosk.held()) == {*DAYS} - {YESTERDAY}
    kiosk.server.answer = ordinary
    await kiosk.poll()
    assert set(await kiosk.held()) == {*DAYS}
    assert (await kiosk.state()).failing_since is None


@pytest.mark.parametrize("wrong", ["parse", "items"])
async def test_what_nobody_thought_of(
    kiosk: Kiosk,  # noqa: F811
    wrong: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A fault of our own is told as one of the source, which is left alone; the others go on."""
    kiosk.server.days = {TODAY: [paper("2601.00001")]}
    async with Server(markdown({TODAY: "2601.00009"})) as well:
        with monkeypatch.context() as broken:
            broken.setattr(remote.huggingface, wrong, lambda *_: {}["a fault"])
            await kiosk.poll(at(well, "Lab"), days=0)
        assert await kiosk.held() == {TODAY: [("2601.00009", 3)]}
    state = await kiosk.state()
    assert state.failing_since == NOW
    assert str(state.why) == "Its answer for 2026-01-06 cannot be taken in (KeyError)."
    assert "Traceback" in caplog.text
    kiosk.now = state.retry_at or NOW
    await kiosk.poll(days=0)
    assert (await kiosk.state()).failing_since is None


async def test_the_same_page_for_ever(kiosk: Kiosk) -> None:  # noqa: F811
    """The server knows of no pages."""
    page = [paper(f"2601.{number:05}") for number in range(1, 101)]
    kiosk.server.answer = says(json.dumps(page))
    assert await kiosk.poll(days=0) == 100
    assert len(kiosk.server.requests) == 2
    assert len((await kiosk.held())[TODAY]) == 100


async def test_ever_other_pages(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    async def more(request: web.Request) -> web.StreamResponse:
        first = int(request.query["p"]) * 100 + 1
        return web.json_response([paper(f"2601.{number:05}") for number in range(first, first + 100)])

    monkeypatch.setattr(remote.huggingface, "MOST_PAPERS", 500)
    kiosk.server.answer = more
    await kiosk.poll(days=0)
    assert len(kiosk.server.requests) == 6
    assert "page after page" in str((await kiosk.state()).why)


async def test_five_thousand_papers(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """Of which one is twice on the list."""
    kiosk.server.days = {TODAY: [paper(f"2601.{number % 5_000 + 1:05}") for number in range(5_001)]}
    assert await asyncio.wait_for(kiosk.poll(days=0), 60) == 5_000
    assert len(kiosk.server.requests) == 51
    # A day that has shrunk to one page is known by its version again.
    kiosk.server.days = {TODAY: [paper("2601.00001")]}
    for _ in range(2):
        kiosk.now += timedelta(hours=7)
        kiosk.server.requests.clear()
        await kiosk.poll(days=0)
        assert len(kiosk.server.requests) == 1
    assert "If-None-Match" in kiosk.server.requests[0].headers
    assert len((await kiosk.held())[TODAY]) == 5_000


async def test_what_moves_about(kiosk: Kiosk) -> None:  # noqa: F811
    """A paper in two days, twice in one, of another day; votes that fall, a title that changes, one that is gone."""
    elsewhere = paper("2601.00003", submittedOnDailyAt=f"{YESTERDAY}T23:00:00.000Z")
    first = paper("2601.00001", "Old", 9)
    kiosk.server.days = {
        TODAY: [first, paper("2601.00002", upvotes=5), first, elsewhere],
        YESTERDAY: [paper("2601.00002", upvotes=4)],
    }
    await kiosk.poll()
    want = {
        TODAY: [("2601.00001", 9), ("2601.00002", 5)],
        YESTERDAY: [("2601.00002", 4), ("2601.00003", 1)],
    }
    assert {day: sorted(found) for day, found in (await kiosk.held()).items()} == want
    kiosk.now += timedelta(hours=7)
    kiosk.server.days = {TODAY: [paper("2601.00001", "New", 2)]}
    await kiosk.poll()
    want[TODAY][0] = ("2601.00001", 2)
    assert {day: sorted(found) for day, found in (await kiosk.held()).items()} == want
    assert await noted(kiosk, "2601.00001") == [9, 2]


async def test_a_version_that_changes_with_nothing_else(kiosk: Kiosk) -> None:  # noqa: F811
    body = json.dumps([paper("2601.00001", upvotes=4)])
    for number, changed in ((1, 1), (2, 0)):
        kiosk.server.answer = says(body, ETag=f'"{number}"')
        assert await kiosk.poll(days=0) == changed
        kiosk.now += timedelta(hours=7)
    kiosk.server.answer = raw(HTTP + b'ETag: "\xff"\r\nContent-Length: %d\r\n\r\n' % len(body) + body.encode())
    assert await kiosk.poll(days=0) == 0
    assert (await kiosk.state()).failing_since is None


async def test_a_paper_of_days_to_come_is_read_when_its_day_is_there(kiosk: Kiosk) -> None:  # noqa: F811
    """Though the list has not changed since."""
    later = TODAY + timedelta(days=2)
    kiosk.server.days = {TODAY: [paper("2601.00001"), paper("2601.00002", submittedOnDailyAt=f"{later}T00:00:00Z")]}
    await kiosk.poll(days=0)
    assert set(await kiosk.held()) == {TODAY}
    kiosk.now += timedelta(days=2)
    await kiosk.poll(days=2)
    assert set(await kiosk.held()) == {TODAY, later}


async def test_rejects_do_not_flood_the_log(kiosk: Kiosk, caplog: pytest.LogCaptureFixture) -> None:  # noqa: F811
    kiosk.server.days = {TODAY: [paper("2601.00001"), *[paper("none")] * 50]}
    with caplog.at_level(logging.WARNING):
        await kiosk.poll(days=0)
    told = [record.getMessage() for record in caplog.records if record.name == "bot.polling"]
    assert len(told) == 6
    assert told[-1] == "Hugging Face: and 45 more"


@pytest.mark.parametrize("page", ["<html><p>Sign in", "\n<!DOCTYPE HTML>", "# Daily Papers of some day", "\udcff"])
async def test_markdown_that_is_none(kiosk: Kiosk, page: str) -> None:  # noqa: F811
    async with Server(says(page.encode(errors="surrogateescape"))) as server:
        lab = at(server, "Lab")
        await kiosk.poll(lab, days=0)
        state = await kiosk.state("Lab")
        assert "Lab answers with no digest for 2026-01-06: " in str(state.why)
        # No digest yet is no failure.
        for answer in (says("", 404), says("", 410), says("## Daily Papers (2026-01-06)\n\nNo papers today.\n")):
            server.answer = answer
            kiosk.now += timedelta(hours=2)
            await kiosk.poll(lab, days=0)
            assert (await kiosk.state("Lab")).failing_since is None
    assert await kiosk.held() == {}


async def test_half_of_markdown_then_all_of_it(kiosk: Kiosk) -> None:  # noqa: F811
    whole = DIGEST.format(day=TODAY, number="2601.00009") + LIONS
    half = whole.index("- Two")
    async with Server(cut_short(whole, half)) as server:
        lab = at(server, "Lab")
        # What promises its length, or comes in chunks, is known to be cut.
        await kiosk.poll(lab, days=0)
        assert "breaks off" in str((await kiosk.state("Lab")).why)
        assert await kiosk.held() == {}
        # What does neither is not; the rest of it comes later.
        for answer, number in ((raw(HTTP + b"\r\n" + whole[:half].encode()), 1), (says(whole), 2), (says(whole), 2)):
            server.answer = answer
            kiosk.now += timedelta(hours=2)
            await kiosk.poll(lab, days=0)
            assert (await kiosk.state("Lab")).failing_since is None
            assert len((await kiosk.held())[TODAY]) == number
    assert await kiosk.held() == {TODAY: [("2601.00009", 3), ("2601.00010", None)]}
