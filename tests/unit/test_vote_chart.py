"""The picture of votes over time."""

from __future__ import annotations

import io
import re
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image, ImageColor, ImageFont

from bot import vote_chart
from bot.language import CODES, language
from bot.vote_chart import BACKGROUND, LABELS, LINE, draw

ROOT = Path(__file__).parents[2]
ENGLISH, KOREAN = language("en"), language("ko")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
RISEN = [(NOON, 12), (NOON + 24 * HOUR, 87), (NOON + 48 * HOUR, 87)]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [part / 255 for part in ImageColor.getrgb(colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def line(drawn: bytes) -> tuple[Image.Image, set[tuple[int, int]]]:
    """The picture, and where it has the line's colour."""
    image = Image.open(io.BytesIO(drawn))
    wanted, data = ImageColor.getrgb(LINE), image.tobytes()
    pixels = zip(data[::3], data[1::3], data[2::3], strict=True)
    places = (number for number, pixel in enumerate(pixels) if pixel == wanted)
    return image, {(place % image.width, place // image.width) for place in places}


def test_it_is_read_on_any_background() -> None:
    """Its own is opaque; graphics need a contrast of 3 to it, text one of 4.5 (WCAG 2.2, 1.4.11 and 1.4.3)."""
    image, _ = line(draw(RISEN, ENGLISH))
    assert (image.format, image.mode, image.size) == ("PNG", "RGB", (960, 320))
    assert image.getpixel((0, 0)) == ImageColor.getrgb(BACKGROUND)
    assert contrast(LINE, BACKGROUND) >= 3
    assert contrast(LABELS, BACKGROUND) >= 4.5


def test_votes_are_steps() -> None:
    """The number stays until another one is found; the last one until it was last found."""
    _, where = line(draw(RISEN, ENGLISH))
    top, bottom = min(y for _, y in where), max(y for _, y in where)
    left, right = min(x for x, _ in where), max(x for x, _ in where)
    middle = (left + right) // 2
    first_half = {y for x, y in where if x < middle - 20}
    second_half = {y for x, y in where if x > middle + 20}
    assert max(first_half) == pytest.approx(bottom, abs=3)
    assert max(first_half) - min(first_half) < 10
    assert min(second_half) == pytest.approx(top, abs=10)
    assert max(second_half) - min(second_half) < 25


@pytest.mark.parametrize(
    "history",
    [
        [(NOON, 1), (NOON + timedelta(microseconds=1), 2)],
        [(NOON, 31), (NOON + HOUR, 31)],
        [(NOON, 0), (NOON + 5000 * HOUR, 1_048_574)],
        [(NOON + number * HOUR, number % 7 * 1000) for number in range(500)],
    ],
    ids=["brief", "flat", "long", "restless"],
)
def test_any_history_fits(history: vote_chart.History) -> None:
    for words in (ENGLISH, KOREAN):
        image, where = line(draw(history, words))
        assert where
        assert {x for x, _ in where} <= set(range(40, image.width - 10))
        assert {y for _, y in where} <= set(range(30, image.height - 60))


def test_its_font_has_all_that_is_written() -> None:
    font = ImageFont.load_default(28)
    written = {
        letter
        for code in CODES
        for month in range(1, 13)
        for letter in language(code).short_day(date(2026, month, 20)) + language(code).number(1_234_567_890) + ":"
    }

    def shape(letter: str) -> bytes:
        return bytes(font.getmask(letter))

    assert {letter for letter in written - {" "} if shape(letter) == shape("한")} == set()


def test_days_in_short() -> None:
    assert ENGLISH.short_day(date(2024, 6, 21)) == "21 Jun"
    assert KOREAN.short_day(date(2024, 6, 21)) == "6. 21."


def test_it_is_described() -> None:
    assert vote_chart.description("$\\alpha$\nnets", RISEN, ENGLISH) == (
        "Votes of α nets: from 12 on Friday, 20 November 2026 to 87 on Sunday, 22 November 2026"
    )
    assert vote_chart.description("알파", RISEN, KOREAN) == (
        "알파의 추천 수: 2026년 11월 20일 금요일 12개, 2026년 11월 22일 일요일 87개"
    )
    assert len(vote_chart.description("x" * 5000, RISEN, KOREAN)) < 1024


async def test_votes_that_have_not_moved_are_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    # However busy the machine is.
    monkeypatch.setattr(vote_chart, "SECONDS", 60)
    assert await vote_chart.picture([], ENGLISH) is None
    assert await vote_chart.picture([(NOON, 3)], ENGLISH) is None
    assert await vote_chart.picture([(NOON, 3), (NOON + HOUR, 3)], ENGLISH) is None
    assert (await vote_chart.picture(RISEN, ENGLISH) or b"").startswith(b"\x89PNG")


async def test_it_is_not_waited_for_too_long(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Nor does anything else wait meanwhile."""
    going_on = threading.Event()
    monkeypatch.setattr(vote_chart, "SECONDS", 0.01)
    monkeypatch.setattr(vote_chart, "draw", lambda *_: going_on.wait(30))
    assert await vote_chart.picture(RISEN, ENGLISH) is None
    going_on.set()
    assert "could not be drawn: TimeoutError" in caplog.text


def test_the_bot_starts_without_what_draws() -> None:
    """Nothing imports it at once, in any module."""
    for package in ("bot", "cogs", "storage"):
        for path in (ROOT / package).rglob("*.py"):
            assert not re.search(r"^(from|import) PIL\b", path.read_text("utf-8"), re.MULTILINE), path
