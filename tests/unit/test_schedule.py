from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import NotUnderstoodError
from bot.language import language
from bot.schedule import next_post_at, timezone, timezone_label, timezones, timezones_like, wall_time

ZONES = (
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Asia/Seoul",
    "Africa/Casablanca",
    "Pacific/Apia",
    "America/Santiago",
)
MORE_ZONES = (*ZONES, "UTC", "Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns", "Asia/Gaza", "Africa/Cairo")
TIMES = (time(0, 0), time(0, 30), time(2, 30), time(9, 0), time(23, 59))
moments = st.timedeltas(timedelta(0), timedelta(days=365.25 * 11)).map(
    lambda passed: datetime(2024, 1, 1, tzinfo=UTC) + passed
)
wall_times = st.sampled_from(TIMES) | st.times().map(lambda at: at.replace(second=0, microsecond=0))


def is_first_after_a_gap(instant: datetime, wall: time, zone: str) -> bool:
    """Whether the clock of ``zone`` jumped over ``wall`` at ``instant``."""
    place = ZoneInfo(zone)
    now, before = instant.astimezone(place), (instant - timedelta(seconds=1)).astimezone(place)
    last, first = before.replace(tzinfo=None), now.replace(tzinfo=None)
    missing = datetime.combine(first.date(), wall)
    if missing > first:
        missing -= timedelta(days=1)
    return first - last > timedelta(seconds=1) and last < missing < first


class TestNextPostAt:
    @given(moments, wall_times, st.sampled_from(MORE_ZONES))
    def test_is_the_next_time_the_clock_shows(self, now: datetime, wall: time, zone: str) -> None:
        found = next_post_at(now, wall, zone)
        assert found.tzinfo is UTC
        assert now < found <= now + timedelta(days=2)
        shown = found.astimezone(ZoneInfo(zone))
        assert shown.time() == wall or is_first_after_a_gap(found, wall, zone)
        # A time that is shown twice is taken the first time.
        assert shown.fold == 0

    @given(moments, wall_times, st.sampled_from(MORE_ZONES))
    def test_none_is_passed_over(self, now: datetime, wall: time, zone: str) -> None:
        found = next_post_at(now, wall, zone)
        place = ZoneInfo(zone)
        today = now.astimezone(place)
        # Was there a moment of this day, still to come, when the clock showed the time for the first time?
        candidate = today.replace(hour=wall.hour, minute=wall.minute, second=0, microsecond=0, fold=0).astimezone(UTC)
        if candidate > now and candidate.astimezone(place).time() == wall:
            assert found == candidate

    @given(moments, wall_times, st.sampled_from(MORE_ZONES))
    def test_the_same_from_any_moment_before(self, now: datetime, wall: time, zone: str) -> None:
        found = next_post_at(now, wall, zone)
        between = now + (found - now) / 2
        assert next_post_at(between, wall, zone) == found
        assert next_post_at(found - timedelta(microseconds=1), wall, zone) == found
        assert next_post_at(found, wall, zone) > found

    @given(moments, wall_times, st.sampled_from(MORE_ZONES), st.sampled_from(MORE_ZONES))
    def test_the_zone_of_now_says_nothing(self, now: datetime, wall: time, zone: str, elsewhere: str) -> None:
        assert next_post_at(now.astimezone(ZoneInfo(elsewhere)), wall, zone) == next_post_at(now, wall, zone)

    @pytest.mark.parametrize("zone", ZONES)
    @pytest.mark.parametrize("wall", TIMES, ids=str)
    def test_one_post_a_local_day_for_a_year(self, zone: str, wall: time) -> None:
        for year in (2024, 2030):
            place = ZoneInfo(zone)
            # Noon, away from every change; a post of 23:59 or 00:00 is counted from the next day on.
            at = datetime(year, 1, 1, 12, tzinfo=place).astimezone(UTC)
            days: list[date] = []
            while (at := next_post_at(at, wall, zone)).astimezone(place).date() <= date(year + 1, 1, 2):
                days.append(at.astimezone(place).date())
            first = days[0]
            assert days == [first + timedelta(days=count) for count in range(len(days))]
            assert days[-1] == date(year + 1, 1, 2)
            assert first <= date(year, 1, 2)

    @pytest.mark.parametrize(
        ("now", "wall", "zone", "expected"),
        [
            # Spring forward at 02:00 in New York: 02:30 is not shown, 03:00 EDT is the first moment after.
            ("2024-03-10T05:00", "02:30", "America/New_York", "2024-03-10T07:00"),
            # Fall back: 01:30 is shown twice, the first is EDT.
            ("2024-11-03T04:00", "01:30", "America/New_York", "2024-11-03T05:30"),
            ("2024-11-03T05:30", "01:30", "America/New_York", "2024-11-04T06:30"),
            ("2024-11-03T06:00", "01:30", "America/New_York", "2024-11-04T06:30"),
            # Midnight itself is jumped over in Santiago.
            ("2024-09-07T12:00", "00:00", "America/Santiago", "2024-09-08T04:00"),
            ("2024-09-07T12:00", "00:30", "America/Santiago", "2024-09-08T04:00"),
            # Half an hour in Lord Howe: 02:00 to 02:30.
            ("2024-10-05T12:00", "02:15", "Australia/Lord_Howe", "2024-10-05T15:30"),
            ("2024-10-05T12:00", "02:30", "Australia/Lord_Howe", "2024-10-05T15:30"),
            ("2024-06-20T23:59", "09:00", "Asia/Seoul", "2024-06-21T00:00"),
            ("2024-06-21T00:00", "09:00", "Asia/Seoul", "2024-06-22T00:00"),
        ],
    )
    def test_known_changes(self, now: str, wall: str, zone: str, expected: str) -> None:
        moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
        assert next_post_at(moment, time.fromisoformat(wall), zone) == datetime.fromisoformat(expected).replace(
            tzinfo=UTC
        )

    @pytest.mark.long
    def test_every_zone(self) -> None:
        for zone in timezones():
            at = datetime(2024, 2, 27, tzinfo=UTC)
            assert at < next_post_at(at, time(2, 30), zone) <= at + timedelta(days=1, hours=1)


class TestWallTime:
    @pytest.mark.parametrize(
        ("text", "hour", "minute"),
        [
            ("09:00", 9, 0),
            ("9", 9, 0),
            ("0", 0, 0),
            ("00:00", 0, 0),
            ("23:59", 23, 59),
            ("9:30", 9, 30),
            ("9.30", 9, 30),
            ("9:30 pm", 21, 30),
            ("9:30PM", 21, 30),
            ("9 a.m.", 9, 0),
            ("9 p.m.", 21, 0),
            ("12am", 0, 0),
            ("12 pm", 12, 0),
            ("12:30 am", 0, 30),
            ("오전 9시", 9, 0),
            ("오후 9시", 21, 0),
            ("오후 9시 30분", 21, 30),
            ("오전 12시", 0, 0),
            ("오후 12시", 12, 0),
            ("21시 30분", 21, 30),
            ("21시30분", 21, 30),
            ("21시", 21, 0),
            ("21h30", 21, 30),
            (" 09:00 ", 9, 0),
        ],
    )
    def test_times(self, text: str, hour: int, minute: int) -> None:
        assert wall_time(text) == time(hour, minute)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "24:00",
            "25",
            "9:60",
            "13pm",
            "0 am",
            "noon",
            "9:30:00",
            "-9",
            "9 o'clock",
            "930",
            "오전",
            "pm",
            "{text}",
            "9" * 500,
        ],
    )
    def test_no_time(self, text: str) -> None:
        with pytest.raises(NotUnderstoodError):
            wall_time(text)

    @given(st.times())
    def test_of_any_time(self, at: time) -> None:
        assert wall_time(f"{at:%H:%M}") == at.replace(second=0, microsecond=0)
        assert wall_time(f"{at:%I:%M %p}") == at.replace(second=0, microsecond=0)

    @given(st.text(max_size=30) | st.text(alphabet="0123456789:. apm오전후시분h", max_size=12))
    def test_only_ever_not_understood(self, text: str) -> None:
        with contextlib.suppress(NotUnderstoodError):
            assert isinstance(wall_time(text), time)


class TestTimezones:
    @pytest.mark.parametrize("text", ["Asia/Seoul", "asia/seoul", " ASIA/SEOUL ", "Seoul", "seoul", "서울"])
    def test_by_name_and_by_city(self, text: str) -> None:
        assert timezone(text, language("ko").city) == "Asia/Seoul"

    def test_with_spaces(self) -> None:
        assert timezone("america/new york", language("en").city) == "America/New_York"
        assert timezone("New York", language("en").city) == "America/New_York"
        assert timezone("utc", language("en").city) == "UTC"

    @pytest.mark.parametrize("text", ["", "Seo", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "Asia", "x" * 300])
    def test_none(self, text: str) -> None:
        with pytest.raises(NotUnderstoodError):
            timezone(text, language("en").city)

    def test_all_open(self) -> None:
        assert len(timezones()) > 300
        assert all(ZoneInfo(name) for name in timezones())
        assert len(set(timezones())) == len(timezones())

    @pytest.mark.parametrize(
        ("typed", "code", "first"),
        [
            ("서울", "ko", "Asia/Seoul"),
            ("도쿄", "ko", "Asia/Tokyo"),
            ("뉴욕", "ko", "America/New_York"),
            ("seou", "ko", "Asia/Seoul"),
            ("Seoul", "en", "Asia/Seoul"),
            ("new york", "en", "America/New_York"),
            ("NEW_Y", "en", "America/New_York"),
            ("utc", "en", "UTC"),
        ],
    )
    def test_like_what_is_typed(self, typed: str, code: str, first: str) -> None:
        assert timezones_like(typed, language(code).city)[0] == first

    def test_the_cities_of_one_clock_are_all_offered(self) -> None:
        # The names of CLDR give Belfast the city of London.
        assert "Europe/London" in timezones_like("런던", language("ko").city)

    def test_like_nothing_typed(self) -> None:
        offered = timezones_like("  ", language("en").city)
        assert "Asia/Seoul" in offered
        assert "UTC" in offered
        assert set(offered) <= set(timezones())

    def test_like_what_is_nowhere(self) -> None:
        assert timezones_like("qqqq", language("en").city) == []

    def test_all_of_a_continent(self) -> None:
        found = timezones_like("asia/", language("en").city)
        assert set(found) == {name for name in timezones() if name.startswith("Asia/")}

    def test_labels(self) -> None:
        now = datetime(2024, 6, 21, 0, 0, tzinfo=UTC)
        label = timezone_label("Asia/Seoul", now, "서울")
        assert "Asia/Seoul" in label
        assert "서울" in label
        assert "09:00" in label
        assert all(len(timezone_label(name, now, "x" * 200)) <= 100 for name in timezones())
