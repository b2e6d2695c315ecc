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
CHANNELS = {
    1: ("Asia/Seoul", time(9), 9),
    2: ("America/New_York", time(9), 9),
    # A day is posted from 22:00 UTC on; what comes later is in no post of its own.
    3: ("Asia/Seoul", time(7), 8),
}
"""Where, when, and how many of a day's papers there are then."""


def moments(first: datetime, last: datetime) -> Iterator[datetime]:
    """Every other hour."""
    while first < last:
        yield first
        first += timedelta(hours=2)


def serve(kiosk: Kiosk) -> None:  # noqa: F811
    """What is there by now: nothing on weekends."""
    for day in (kiosk.now.date() - timedelta(days=back) for back in range(4)):
        came = [datetime.combine(day, time.fromisoformat(one), UTC) for one in COME if day.weekday() < 5]
        kiosk.server.days[day] = [
            paper(f"{day:%y%m}.{day:%d}{number:03}") for number, at in enumerate(came) if at <= kiosk.now
        ]


async def test_each_channel_gets_each_weekday_once_at_its_time(kiosk: Kiosk) -> None:  # noqa: F811
    friday = datetime(2026, 1, 2, 20, tzinfo=UTC)
    for channel_id, (zone, wall, _) in CHANNELS.items():
        await support.set_up(kiosk.database, channel_id, friday, zone, wall)
    posts: dict[int, list[tuple[date, str, int]]] = {channel_id: [] for channel_id in CHANNELS}
    for kiosk.now in moments(friday, friday + timedelta(days=8)):
        serve(kiosk)
        await kiosk.poll()
        await plan_posts(kiosk.database, kiosk.now, 3)
        for channel_id, (zone, _, _) in CHANNELS.items():
            for day in (await support.planned_days(kiosk.database, channel_id))[len(posts[channel_id]) :]:
                async with kiosk.database.read() as connection:
                    papers = len(await lookups.top_of_day(connection, day))
                here = kiosk.now.astimezone(ZoneInfo(zone))
                posts[channel_id].append((day, f"{here:%A %H:%M}", papers))
    weekdays = ["Saturday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    days = [date(2026, 1, 2), *(MONDAY + timedelta(days=number) for number in range(5))]
    for channel_id, (_, wall, papers) in CHANNELS.items():
        assert posts[channel_id] == [
            (day, f"{name} {wall:%H:%M}", papers) for day, name in zip(days, weekdays, strict=True)
        ]
