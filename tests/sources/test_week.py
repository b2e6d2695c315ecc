"""A week of Hugging Face: which day's papers a channel gets, and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.planning import plan_posts
from storage import lookups
from tests.planning import support
from tests.sources.serving import paper
from tests.sources.test_polling import Kiosk, kiosk  # noqa: F401

MONDAY = date(2026, 1, 5)
COME = ("00:04", "00:31", "01:17", "04:40", "08:02", "12:55", "17:26", "21:38", "23:25")
"""When the papers of a weekday come, in UTC: also after hours without one, and until the end of the day."""
ZONES = {1: "Asia/Seoul", 2: "America/New_York"}


def moments(first: datetime, last: datetime) -> Iterator[datetime]:
    """Every other hour, and the last minutes of each day."""
    while first < last:
        yield first
        if first.hour == 22:
            yield first.replace(hour=23, minute=51)
        first += timedelta(hours=2)


def serve(kiosk: Kiosk) -> None:  # noqa: F811
    """What is there by now: nothing on weekends."""
    for day in (kiosk.now.date() - timedelta(days=back) for back in range(4)):
        came = [datetime.combine(day, time.fromisoformat(one), UTC) for one in COME if day.weekday() < 5]
        kiosk.server.days[day] = [
            paper(f"{day:%y%m}.{day:%d}{number:03}") for number, at in enumerate(came) if at <= kiosk.now
        ]


async def test_each_channel_gets_each_weekday_once_and_whole_at_its_time(kiosk: Kiosk) -> None:  # noqa: F811
    saturday = datetime(2026, 1, 3, tzinfo=UTC)
    for channel_id, zone in ZONES.items():
        made = await support.set_up(kiosk.database, channel_id, saturday - timedelta(minutes=1), zone)
        assert made.wall_time == time(9)
    posts: dict[int, list[tuple[date, str, int]]] = {channel_id: [] for channel_id in ZONES}
    for kiosk.now in moments(saturday, saturday + timedelta(days=7, hours=20)):
        serve(kiosk)
        await kiosk.poll()
        await plan_posts(kiosk.database, kiosk.now, 3)
        for channel_id, zone in ZONES.items():
            for day in (await support.planned_days(kiosk.database, channel_id))[len(posts[channel_id]) :]:
                async with kiosk.database.read() as connection:
                    papers = len(await lookups.top_of_day(connection, day))
                here = kiosk.now.astimezone(ZoneInfo(zone))
                posts[channel_id].append((day, f"{here:%A %H:%M}", papers))
    weekdays = ["Saturday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    days = [date(2026, 1, 2), *(MONDAY + timedelta(days=number) for number in range(5))]
    for got in posts.values():
        assert got == [(day, f"{name} 09:00", len(COME)) for day, name in zip(days, weekdays, strict=True)]
