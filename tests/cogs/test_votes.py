"""Votes that rise, as people see them: polled from a Hugging Face on loopback, ranked anew and drawn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import vote_chart
from bot.app import Paperboy
from bot.config import DatabaseSettings, FolderSource, HuggingFaceSource, PostingSettings, Settings
from tests.cogs import seeing
from tests.cogs.conftest import NEVER, Town, simulated
from tests.sources.serving import HuggingFace, paper

ZEBRAS, LIONS = "2601.00001", "2601.00002"
DAY = date(2026, 1, 6)
MORNING, EVENING, NEXT_DAY = (datetime(2026, 1, day, hour, tzinfo=UTC) for day, hour in ((6, 9), (6, 21), (7, 9)))
LONG = "\n\n".join(f"Sentence {number} tells of zebras and of what they vote for." * 3 for number in range(40))


@pytest.fixture
async def hugging_face() -> AsyncIterator[HuggingFace]:
    async with HuggingFace() as server:
        yield server


@pytest.fixture
async def simcord_bot(tmp_path: Path, hugging_face: HuggingFace) -> AsyncIterator[Paperboy]:
    (tmp_path / "digests").mkdir()
    bot = simulated(
        Settings(
            database=DatabaseSettings(url=f"sqlite+aiosqlite:///{tmp_path / 'paperboy.db'}"),
            sources=(
                FolderSource(
                    kind="folder",
                    name="files",
                    path=tmp_path / "digests",
                    poll_seconds=NEVER,
                    whole_seconds=0,
                    watch=False,
                ),
                HuggingFaceSource(
                    kind="huggingface", name="Hugging Face", api_url=hugging_face.api_url, allow_private=True
                ),
            ),
            posting=PostingSettings(tick_seconds=300),
        )
    )
    yield bot
    await bot.close()


async def poll(town: Town, server: HuggingFace, time: datetime, zebras: int) -> None:
    """Has the bot look at a time, when there are so many votes."""
    server.days[DAY] = [paper(LIONS, "A model of lions", 30), paper(ZEBRAS, "A model of zebras", zebras, summary=LONG)]
    town.bot.now = lambda: time  # type: ignore[method-assign]
    await town.bot.poll_sources()


@pytest.fixture
async def risen(town: Town, hugging_face: HuggingFace, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A town where zebras have risen, and where a picture is waited for, however busy the machine is."""
    monkeypatch.setattr(vote_chart, "SECONDS", 60)
    for time, votes in ((MORNING, 12), (EVENING, 1087), (NEXT_DAY, 1087)):
        await poll(town, hugging_face, time, votes)
    return town


def charts(message: Any) -> list[dict[str, Any]]:
    return [
        item
        for part in seeing.parts(message)
        if part["type"] == 12
        for item in part["items"]
        if vote_chart.FILE in item["media"]["url"]
    ]


def whole(message: Any) -> bool:
    """The summary is there, and no picture nor a word of one."""
    return "tells of zebras" in seeing.text(message) and not charts(message) and "over time" not in seeing.text(message)


async def test_the_newest_votes_rank(town: Town, hugging_face: HuggingFace) -> None:
    async def order() -> list[bool]:
        """Whether zebras come before lions in the week, and in a search by votes."""
        week = await town.alex.slash(town.channel, "papers top", period="week")
        found = await town.alex.slash(town.channel, "papers keyword", text="zebras OR lions", sort="votes")
        seen = [seeing.text(result.response) for result in (week, found)]
        return [text.index(ZEBRAS) < text.index(LIONS) for text in seen]

    await poll(town, hugging_face, MORNING, 12)
    assert await order() == [False, False]
    await poll(town, hugging_face, EVENING, 87)
    assert await order() == [True, True]
    week = await town.alex.slash(town.channel, "papers top", period="week")
    assert "▲ 87" in seeing.text(week.response)


async def test_votes_are_drawn_where_they_have_moved(risen: Town) -> None:
    shown = await risen.alex.slash(risen.channel, "papers show", paper=ZEBRAS)
    (chart,) = charts(shown.response)
    # It ends when they were last found, not when they last moved.
    assert chart["description"] == (
        "Votes of A model of zebras: from 12 on Tuesday, 6 January 2026 to 1,087 on Wednesday, 7 January 2026"
    )
    assert "Votes over time (UTC)" in seeing.text(shown.response)
    drawn = risen.env.backend.cdn.get(chart["media"]["url"])
    assert drawn is not None
    assert drawn.startswith(b"\x89PNG")
    korean = await risen.minji.slash(risen.channel, "papers show", paper=ZEBRAS)
    assert charts(korean.response)[0]["description"] == (
        "A model of zebras의 추천 수: 2026년 1월 6일 화요일 12개, 2026년 1월 7일 수요일 1,087개"
    )
    assert "추천 수 변화(UTC 기준)" in seeing.text(korean.response)
    lions = await risen.alex.slash(risen.channel, "papers show", paper=LIONS)
    assert charts(lions.response) == []
    assert lions.response.attachments == []


async def test_pages_of_a_summary_with_a_picture(risen: Town) -> None:
    shown = await risen.alex.slash(risen.channel, "papers show", paper=ZEBRAS)
    await risen.alex.click(shown.response, label="Read on")
    assert "page 2 of" in seeing.text(shown.response)
    assert whole(shown.response)
    assert shown.response.attachments == []
    await risen.restart()
    await risen.alex.click(shown.response, label="Back")
    assert "page 1 of" in seeing.text(shown.response)
    assert len(charts(shown.response)) == len(shown.response.attachments) == 1
    await risen.alex.click(shown.response, label="Share in this channel")
    (post,) = risen.posts()
    assert len(charts(post)) == 1
    # Who reads on in what was shared leaves it as it is.
    mine = await risen.minji.click(post, label="더 읽기" if "더 읽기" in seeing.labels(post) else "Read on")
    assert mine.ephemeral
    assert len(charts(risen.posts()[0])) == 1


async def test_a_refused_picture_leaves_the_summary(risen: Town, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever Discord has against it, in an answer and in a turned page."""
    shown = await risen.alex.slash(risen.channel, "papers show", paper=ZEBRAS)
    await risen.alex.click(shown.response, label="Read on")
    for answered in ("answer", "turn"):
        path = "/interactions/*/callback"
        risen.env.inject_error("POST", path, status=403, code=50013, message="Missing Permissions")
        if answered == "answer":
            again = await risen.alex.slash(risen.channel, "papers show", paper=ZEBRAS)
            assert whole(again.response)
        else:
            await risen.alex.click(shown.response, label="Back")
            assert "page 1 of" in seeing.text(shown.response)
            assert whole(shown.response)
    assert caplog.text.count("A picture was refused: 403 Forbidden") == 2


async def test_a_picture_that_cannot_be_drawn_leaves_the_summary(
    risen: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(vote_chart, "SIZE", (-1, -1))
    shown = await risen.alex.slash(risen.channel, "papers show", paper=ZEBRAS)
    assert whole(shown.response)
    assert "could not be drawn: ValueError" in caplog.text
