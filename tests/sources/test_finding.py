"""Papers that are looked up at Hugging Face one by one, over the wire and into a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import finding, polling
from bot.config import HuggingFaceSource
from bot.errors import NotFoundError
from bot.fetching import Fetcher
from bot.finding import Finder
from storage.database import Database
from tests.sources import serving
from tests.sources.serving import HuggingFace, paper
from tests.storage.support import url_of

NOW = datetime(2026, 1, 6, 9, tzinfo=UTC)
ALEX = 7


class Desk:
    """A Hugging Face, and who finds papers there."""

    def __init__(self, server: HuggingFace, database: Database, fetcher: Fetcher) -> None:
        self.server, self.database, self.fetcher = server, database, fetcher
        self.source = HuggingFaceSource(kind="huggingface", name="HF", api_url=server.api_url, allow_private=True)
        self.finder = Finder(database, fetcher, self.source, lambda: NOW)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    database = await Database.open(url_of(tmp_path / "paperboy.db"))
    papers = [paper("2601.00001", "Of zebras"), paper("hep-th/9901001", "Of strings")]
    async with HuggingFace(others=papers) as server, Fetcher() as fetcher:
        yield Desk(server, database, fetcher)
    await database.close()


async def test_many_who_ask_at_once_are_one_request(desk: Desk) -> None:
    found = await asyncio.gather(*(desk.finder.find("2601.00001", ALEX) for _ in range(20)))
    assert {entry.paper.title for entry in found} == {"Of zebras"}
    assert len(desk.server.requests) == 1


async def test_many_who_ask_for_what_is_not_there_are_one_request(desk: Desk) -> None:
    found = await asyncio.gather(*(desk.finder.find("2601.09999", ALEX) for _ in range(20)), return_exceptions=True)
    assert {type(one) for one in found} == {NotFoundError}
    assert len(desk.server.requests) == 1


async def test_a_number_of_before_2007(desk: Desk) -> None:
    assert (await desk.finder.find("hep-th/9901001", ALEX)).paper.title == "Of strings"


async def test_nobody_waits_for_long(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for an answer that does not come, and not for those who wait for one."""
    ordinary, desk.server.answer = desk.server.answer, serving.never
    patient = asyncio.create_task(desk.finder.find("2601.00009", ALEX))
    while not desk.server.at_once:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)
    with monkeypatch.context() as hurried:
        hurried.setattr(finding, "_PATIENCE", 0.2)
        for asks_already in (True, False):
            if not asks_already:
                patient.cancel()
            asking = (desk.finder.find(f"2601.{number:05}", ALEX) for number in range(1, 6))
            found = await asyncio.wait_for(asyncio.gather(*asking, return_exceptions=True), 20)
            assert all("does not answer" in str(one) for one in found)
            assert patient.cancelled() is not asks_already
    desk.server.answer = ordinary
    assert (await desk.finder.find("2601.00001", ALEX)).paper.title == "Of zebras"


async def test_what_has_come_is_kept_however_long_that_takes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, come = asyncio.get_running_loop(), asyncio.Event()
    now, change = loop.time, desk.database.change

    async def changing(*given: Any) -> Any:
        come.set()
        return await change(*given)

    monkeypatch.setattr(desk.database, "change", changing)
    async with desk.database.write():
        asking = asyncio.create_task(desk.finder.find("2601.00001", ALEX))
        await asyncio.wait_for(come.wait(), 30)
        monkeypatch.setattr(loop, "time", lambda: now() + 3600)
        assert await asyncio.wait([asking], timeout=0.05) == (set(), {asking})
    assert (await asking).paper.title == "Of zebras"


async def test_polling_waits_for_two_requests_of_theirs_at_most(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask: the one that is under way, and the next."""
    ordinary, get, asked, begun, waits = desk.server.answer, desk.fetcher.get, [], asyncio.Event(), asyncio.Event()

    async def getting(address: str, **more: Any) -> Any:
        if "daily_papers" in address:
            waits.set()
        return await get(address, **more)

    async def answer(request: serving.web.Request) -> serving.web.StreamResponse:
        asked.append(request.path.split("/")[2])
        begun.set()
        # However long polling takes to come to its request.
        await waits.wait()
        return await ordinary(request)

    monkeypatch.setattr(desk.fetcher, "get", getting)
    desk.server.answer = answer
    asking = [asyncio.create_task(desk.finder.find(f"2602.{number:05}", ALEX)) for number in range(10)]
    await begun.wait()
    await polling.poll(desk.database, desk.fetcher, [desk.source], NOW, 0)
    await asyncio.gather(*asking, return_exceptions=True)
    assert asked.index("daily_papers") <= 2
    assert len(asked) == 11
