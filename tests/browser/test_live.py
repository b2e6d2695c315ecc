"""``paperboy try --live``: what the pages show of the papers of a server given by address."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import simcord
import time_machine
from sqlalchemy import text
from typer.testing import CliRunner

from bot.cli import app
from bot.config import HuggingFaceSource, Settings
from bot.errors import ConfigurationError
from bot.simulation import session
from tests.cogs.patience import patience  # noqa: F401 - a fixture
from tests.sources.serving import Answer, HuggingFace, never, paper, says

TODAY = datetime.now(UTC).date()
YESTERDAY, BEFORE = TODAY - timedelta(days=1), TODAY - timedelta(days=2)
OLD = [paper("2601.00001", "An agent of old", 8), paper("2601.00002", "Lions", 30)]


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """Today's papers are still coming, and the day does not end, whatever the time is."""
    with time_machine.travel(datetime.combine(TODAY, time(12), UTC)):
        yield


@pytest.fixture(autouse=True)
def no_interaction_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """SimCord forgets one that is not answered in three seconds by its clock: that is not moved on while the machine
    stands still."""

    async def stand_still(_env: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("bot.simulation._keep_time", stand_still)


def source(server: HuggingFace) -> HuggingFaceSource:
    return HuggingFaceSource(kind="huggingface", name="Hugging Face", api_url=server.api_url, allow_private=True)


@contextlib.asynccontextmanager
async def opened(server: HuggingFace) -> AsyncIterator[tuple[Any, dict[str, Any], str]]:
    """The pages. SimCord gives a bot five seconds to begin; where the machine stands still, it is begun again."""
    async with contextlib.AsyncExitStack() as stack:
        for tries in range(1, 6):
            try:
                pages = await stack.enter_async_context(session(Settings(), live=source(server)))
                break
            except TimeoutError:
                if tries == 5:
                    raise
        yield pages


async def shows(page: Any, *texts: str) -> str:
    """What a page shows, once these texts are in it, and the names of its pictures."""

    async def look() -> str:
        found = await page.snapshot()
        pictures = [one["filename"] for one in found["assets"].values() if one["available"]]
        return json.dumps([found["messages"], pictures], ensure_ascii=False)

    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(TimeoutError):
                shown: str = await undisturbed(look)
                if all(one in shown for one in texts):
                    return shown
            await asyncio.sleep(0.05)


async def do(act: Callable[[], Awaitable[Any]]) -> None:
    """Acts in a page. SimCord waits for what comes of it five seconds at most; ``shows`` waits for it longer."""
    with contextlib.suppress(TimeoutError):
        await undisturbed(act)


async def undisturbed(act: Callable[[], Awaitable[Any]]) -> Any:
    """Acts between two drawings of the page: SimCord does one thing at a time."""
    while True:
        with contextlib.suppress(simcord.SetupError):
            return await act()
        await asyncio.sleep(0.02)


async def test_the_papers_of_now() -> None:
    async with HuggingFace() as server:
        server.days = {TODAY: [paper("2601.00009", "Not all have come", 99)], BEFORE: OLD}
        async with opened(server) as (page, direct, said):
            assert said == f"{server.api_url} is asked now and then, and at once by /fetch-now."
            alex = page.viewers[0]

            async def fetch_now() -> Any:
                return await alex.slash(page.channel, "fetch-now")

            shown = await shows(page, "Lions", "An agent of old", "▲ 30", "2601.00001.png", "2601.00002.png")
            assert "Not all have come" not in shown
            # The clock of the simulated Discord is that of the real one.
            assert str(TODAY) in shown
            await shows(direct["Alex"], "An agent of old", "for “agent”")

            await do(fetch_now)
            await shows(page, "Nothing has changed since it was last asked.")

            # A paper that is not held is fetched, and what is asked for afterwards as well.
            server.others = [paper("1706.03762", "Attention Is All You Need")]
            await do(lambda: alex.slash(page.channel, "papers show", paper="1706.03762"))
            await shows(page, "Attention Is All You Need")

            # Votes rise.
            server.days[BEFORE] = [paper("2601.00001", "An agent of old", 9), paper("2601.00002", "Lions", 61)]
            await do(fetch_now)
            assert "▲ 30" not in await shows(page, "▲ 61", "▲ 9", "There is something new.")

            # Another day has come.
            server.days[YESTERDAY] = [paper("2601.00005", "An agent of new", 12)]
            await do(fetch_now)
            await shows(page, "2601.00005.png")
            assert "Lions" not in await shows(direct["Alex"], "An agent of new")

            server.happenings = [says("", 503)]
            await do(fetch_now)
            await shows(page, "The source gives no papers: 127.0.0.1 answers 503")


async def test_it_is_asked_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.live._LOOK_SECONDS", 0.2)
    async with HuggingFace() as server:
        server.days = {BEFORE: OLD}
        async with opened(server) as (page, direct, _):
            server.days[YESTERDAY] = [paper("2601.00005", "An agent of new", 12)]
            asked = len(server.requests)
            async with page.env.bot.database.write() as connection:
                await connection.execute(text("UPDATE fetches SET fetched_at = '2026-01-01 00:00:00.000000'"))
            await shows(direct["Alex"], "An agent of new", "2601.00005.png")
            assert len(server.requests) == asked + 4


async def test_nothing_goes_on_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where an answer is being waited for: what goes on would open the database again."""
    monkeypatch.setattr("bot.live._LOOK_SECONDS", 0.05)
    async with HuggingFace() as server:
        server.days = {BEFORE: OLD}
        async with opened(server) as (page, _, _), asyncio.timeout(60):
            server.answer = never
            async with page.env.bot.database.write() as connection:
                await connection.execute(text("UPDATE fetches SET fetched_at = '2026-01-01 00:00:00.000000'"))
            while not server.at_once:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)
        left = [str(task.get_coro()) for task in asyncio.all_tasks()]
        assert not [one for one in left if "keep_asking" in one]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (says("<!doctype html><p>Hello"), "gives no papers: Hugging Face answers with something else than JSON. After"),
        (says("", 404), "gives no papers: 127.0.0.1 answers 404 Not Found. After"),
        (says("[]"), f"has no papers of the last week, from {TODAY - timedelta(days=7)} to {TODAY}. Try again"),
    ],
)
async def test_an_address_without_papers_is_a_sentence(answer: Answer, why: str) -> None:
    async with HuggingFace() as server:
        server.answer = answer
        with pytest.raises(ConfigurationError, match=re.escape(f"{server.api_url} {why}")):
            async with opened(server):
                pass


async def test_today_alone_is_not_posted_yet() -> None:
    async with HuggingFace() as server:
        server.days = {TODAY: OLD}
        async with opened(server) as (page, _, said):
            assert said.startswith("So far there are papers of today alone, which are posted from 22:00 UTC on.")
            assert "Daily Papers ·" not in await shows(page, "You now follow “agent”")
            # It is 22:00, and what was fetched before is posted, though nothing has changed since.
            async with page.env.bot.database.write() as connection:
                await connection.execute(text("UPDATE digests SET ready_at = '2026-01-01 00:00:00.000000'"))
            await do(lambda: page.viewers[0].slash(page.channel, "fetch-now"))
            await shows(page, "Daily Papers ·", "Lions", "There is something new.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--live", "huggingface.co"], "type an address such as https://huggingface.co/api"),
        (["--live", "https://huggingface.co/api", "--digests", "."], "leave one of them out"),
    ],
)
def test_what_cannot_be_asked_is_refused(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["try", *arguments], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert said in done.output
