"""One post a local day, at the stated time: proved for every zone of the tz database and every day of eleven years.

What is expected is computed from the differences to UTC alone: a day's post is due at the first instant when the local
clock has come to the day's wall time or passed it. A day that the clock jumps over has none.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.schedule import next_post_at
from tests.conftest import LONG

pytestmark = pytest.mark.long

TIMES = (time(0, 0), time(0, 30), time(2, 30), time(9, 0), time(23, 59))
DAY = 86_400
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the wall clock's
STEP = DAY if LONG else 4 * DAY
"""Between two looks at a zone's clock; two changes within one would go unseen."""

Segment = tuple[int, int, int]
"""From, to and the difference to UTC between them, in seconds."""


def seconds(day: date) -> int:
    return (day - EPOCH.date()).days * DAY


FIRST, LAST = date(2024, 1, 1), date(2034, 12, 31)
BEGIN, END = seconds(FIRST), seconds(LAST) + DAY


def opens(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@cache
def zones() -> tuple[str, ...]:
    return tuple(sorted(zone for zone in available_timezones() if opens(zone)))


def segments(zone: str, begin: int, end: int) -> tuple[Segment, ...]:
    """The stretches of one difference to UTC, the bounds between them found by halving."""
    place = ZoneInfo(zone)

    def offset(at: int) -> int:
        found = datetime.fromtimestamp(at, place).utcoffset()
        assert found is not None
        return int(found.total_seconds())

    bounds, since = [begin], [offset(begin)]
    for at in range(begin, end, STEP):
        low, high = at, min(at + STEP, end)
        while offset(low) != offset(high):
            inside, outside = low, high
            while outside - inside > 1:
                middle = (inside + outside) // 2
                inside, outside = (middle, outside) if offset(middle) == offset(low) else (inside, middle)
            bounds.append(outside)
            since.append(offset(outside))
            low = outside
    return tuple(zip(bounds, [*bounds[1:], end], since, strict=True))


@cache
def clock(zone: str) -> tuple[Segment, ...]:
    return segments(zone, BEGIN - 3 * DAY, END + 3 * DAY)


@cache
def rules() -> dict[tuple[Segment, ...], list[str]]:
    """The zones by what their clocks do in these years."""
    found: dict[tuple[Segment, ...], list[str]] = {}
    for zone in zones():
        found.setdefault(clock(zone), []).append(zone)
    return found


def due(stretches: tuple[Segment, ...], begin: int, end: int, wall: time) -> Iterator[int]:
    """When the posts of the local days from ``begin`` to ``end`` are due."""
    at = wall.hour * 3600 + wall.minute * 60
    index = 0
    for day in range(begin, end, DAY):
        # The first stretch in which the clock comes to the time, or is past it from the start.
        while stretches[index][1] + stretches[index][2] <= day + at:
            index += 1
        start, _, offset = stretches[index]
        instant = max(start, day + at - offset)
        if instant + offset < day + DAY or _is_shown(stretches[index - 1], day):
            yield instant


def _is_shown(stretch: Segment, day: int) -> bool:
    """Whether a stretch ends in ``day``, or after it."""
    return stretch[1] + stretch[2] > day


def moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def follows_the_clock(zone: str, wall: time, begin: int, end: int, stretches: tuple[Segment, ...]) -> int:
    """Asks for one post after the other, as the bot does, and holds each against what is due."""
    expected = [moment(at) for at in due(stretches, begin, end, wall)]
    at = expected[0] - timedelta(seconds=1)
    for instant in expected:
        at = next_post_at(at, wall, zone)
        assert at == instant, (zone, wall, at, instant)
    return len(expected)


def edges(before: Segment, after: Segment) -> set[time]:
    """The wall times at which the clock stops and goes on, and a minute beside and between them."""
    stops, goes = before[1] + before[2], after[0] + after[2]
    around = {stops, goes, (stops + goes) // 2}
    return {
        (EPOCH + timedelta(seconds=at + beside)).time().replace(second=0) for at in around for beside in (-60, 0, 60)
    }


def tell(capsys: pytest.CaptureFixture[str], said: str) -> None:
    with capsys.disabled():
        print(f"\n{said}")


def test_the_zones_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(zones()) > 400
    changes = sum(len(clock(zone)) - 1 for zone in zones())
    tell(capsys, f"{len(zones())} zones, {len(rules())} different clocks, {changes} changes of them")


def test_around_every_change(capsys: pytest.CaptureFixture[str]) -> None:
    """Of every zone, or in short of one zone of each clock: two days before and after each change."""
    posts = changes = 0
    for stretches, alike in rules().items():
        for zone in alike if LONG else alike[:1]:
            for before, after in pairwise(stretches):
                day = (after[0] + after[2]) // DAY * DAY
                changes += 1
                for wall in edges(before, after).union(TIMES):
                    posts += follows_the_clock(zone, wall, day - 2 * DAY, day + 3 * DAY, stretches)
    assert changes > 500
    tell(capsys, f"{posts} posts around {changes} changes")


@pytest.mark.timeout(240)
@pytest.mark.parametrize("wall", TIMES, ids=str)
def test_every_day(wall: time, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]) -> None:
    """Of every zone, or in short of some."""
    drawn = Random(f"{pytestconfig.getoption('hypothesis_seed')} {wall}").sample(zones(), 12)
    posts = 0
    for zone in zones() if LONG else drawn:
        found = follows_the_clock(zone, wall, BEGIN, END, clock(zone))
        assert found == (END - BEGIN) // DAY
        posts += found
    days = (END - BEGIN) // DAY
    tell(capsys, f"{posts} posts at {wall:%H:%M} in {len(zones() if LONG else drawn)} zones over {days} days")


minutes = st.times().map(lambda at: at.replace(second=0, microsecond=0))
walls = st.sampled_from(TIMES) | minutes
any_zone = st.deferred(lambda: st.sampled_from(zones()))
anywhen = st.floats(BEGIN + 3 * DAY, END - 3 * DAY).map(lambda at: datetime.fromtimestamp(at, UTC))


@st.composite
def beside_changes(draw: st.DrawFn) -> tuple[str, datetime, time]:
    """A zone, a moment near a change of its clock, and a wall time near it too."""
    stretches = draw(st.sampled_from([one for one in rules() if len(one) > 1]))
    zone = draw(st.sampled_from(rules()[stretches]))
    number = draw(st.integers(1, len(stretches) - 1))
    wall = draw(st.sampled_from(sorted(edges(stretches[number - 1], stretches[number]))) | walls)
    return zone, moment(stretches[number][0]) + draw(st.timedeltas(timedelta(days=-2), timedelta(days=2))), wall


def first_due(zone: str, now: datetime, wall: time) -> datetime:
    day = int(now.timestamp()) // DAY * DAY
    expected = [moment(at) for at in due(clock(zone), day - 2 * DAY, day + 4 * DAY, wall)]
    return expected[bisect_right(expected, now)]


class TestFromAnyMoment:
    @given(any_zone, anywhen, walls)
    def test_the_first_that_is_due_after_it(self, zone: str, now: datetime, wall: time) -> None:
        assert next_post_at(now, wall, zone) == first_due(zone, now, wall)

    @given(beside_changes())
    def test_beside_a_change_of_the_clock(self, drawn: tuple[str, datetime, time]) -> None:
        zone, now, wall = drawn
        assert next_post_at(now, wall, zone) == first_due(zone, now, wall)

    @given(any_zone, any_zone, walls, walls, anywhen)
    def test_another_zone_or_time_holds_from_its_moment_on(
        self, zone: str, new_zone: str, wall: time, new_wall: time, changed: datetime
    ) -> None:
        posts = []
        at = changed - timedelta(days=2)
        while (at := next_post_at(at, wall, zone)) <= changed:
            posts.append(at)
        assert len(posts) in (1, 2, 3)
        assert at == first_due(zone, changed, wall)
        new = next_post_at(changed, new_wall, new_zone)
        assert posts[-1] <= changed < new == first_due(new_zone, changed, new_wall)
        assert new - changed <= timedelta(hours=26)


@pytest.mark.parametrize(
    ("zone", "missing"),
    [("Pacific/Apia", date(2011, 12, 30)), ("Pacific/Fakaofo", date(2011, 12, 30)),
     ("Pacific/Kwajalein", date(1993, 8, 21)), ("Pacific/Kiritimati", date(1994, 12, 31))],
)  # fmt: skip
def test_a_day_that_is_jumped_over_has_no_post(zone: str, missing: date) -> None:
    begin, end = seconds(missing) - 5 * DAY, seconds(missing) + 6 * DAY
    stretches = segments(zone, begin - 3 * DAY, end + 3 * DAY)
    for wall in TIMES:
        assert follows_the_clock(zone, wall, begin, end, stretches) == 10


def test_runs_long_where_it_is_asked_to() -> None:
    assert bool(os.environ.get("PAPERBOY_LONG")) == LONG
