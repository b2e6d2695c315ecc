"""A paper's votes over time as a small picture (PNG).

The picture has a background of its own: Discord's are anything from white to black, and no colour can be told well from
all of them. What it says in words is digits and the letters of the font that comes with Pillow, which has no Korean.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Sequence
from datetime import datetime

from bot import tex
from bot.language import Language
from bot.text import clean, clip

log = logging.getLogger(__name__)

History = Sequence[tuple[datetime, int]]
"""The votes found at moments in UTC, the oldest first."""

FILE = "votes.png"
SIZE = (960, 320)
"""Pixels; twice what it is meant to be seen at, for sharp screens."""
BACKGROUND, LINE, LABELS, GUIDES = "#232428", "#fb923c", "#dbdee1", "#4e5058"
SECONDS = 1.0
"""The picture is waited for so long: Discord gives three seconds for an answer."""

_FONT = 28
_SPACE = 24


async def picture(history: History, language: Language) -> bytes | None:
    """The picture, drawn in a thread; None where the votes have not moved, or it cannot be had in time."""
    if len({votes for _, votes in history}) < 2:
        return None
    try:
        return await asyncio.wait_for(asyncio.to_thread(draw, history, language), SECONDS)
    except Exception as error:  # noqa: BLE001 - an answer without a picture is better than none, whatever it is
        log.warning("The votes over time could not be drawn: %s", repr(error))
        return None


def draw(history: History, language: Language) -> bytes:
    """The picture: steps, for the votes between two looks are not known; the least and most votes, and when it begins
    and ends."""
    from PIL import Image, ImageDraw, ImageFont  # 15 MB and a tenth of a second, for those who look at such pictures.

    (begin, _), (end, _) = history[0], history[-1]
    low, high = min(votes for _, votes in history), max(votes for _, votes in history)
    image = Image.new("RGB", SIZE, BACKGROUND)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(_FONT)
    numbers = {language.number(votes): votes for votes in (low, high)}
    left = 2 * _SPACE + max(int(pen.textlength(number, font)) for number in numbers)
    right, top, bottom = SIZE[0] - _SPACE, 2 * _SPACE, SIZE[1] - _FONT - 2 * _SPACE

    def x(at: datetime) -> float:
        return left + (right - left) * ((at - begin) / (end - begin))

    def y(votes: int) -> float:
        return bottom - (bottom - top) * (votes - low) / max(high - low, 1)

    for number, votes in numbers.items():
        pen.line([(left, y(votes)), (right, y(votes))], GUIDES, 2)
        pen.text((left - _SPACE, y(votes)), number, LABELS, font, anchor="rm")
    first, last = _moments(begin, end, language)
    pen.text((left, SIZE[1] - _SPACE), first, LABELS, font, anchor="ls")
    pen.text((right, SIZE[1] - _SPACE), last, LABELS, font, anchor="rs")
    steps = [(x(begin), y(history[0][1]))]
    for at, votes in history:
        steps += [(x(at), steps[-1][1]), (x(at), y(votes))]
    pen.line(steps, LINE, 6, joint="curve")
    pen.circle(steps[-1], 9, LINE)
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def description(title: str, history: History, language: Language) -> str:
    """What the picture shows, for those who do not see it."""
    (begin, first), (end, last) = history[0], history[-1]
    return language.text(
        "Votes of {title}: from {first} on {first_day} to {last} on {last_day}",
        title=clip(clean(tex.to_unicode(title)), 500),
        first=language.number(first),
        first_day=language.day(begin.date()),
        last=language.number(last),
        last_day=language.day(end.date()),
    )


def _moments(begin: datetime, end: datetime, language: Language) -> tuple[str, str]:
    """The days, or the times of the one day."""
    if begin.date() == end.date():
        return f"{begin:%H:%M}", f"{end:%H:%M}"
    return language.short_day(begin.date()), language.short_day(end.date())
