"""When a channel's next daily post is due, and the clock that asks for what is due.

The scheduler only asks; the posting times are computed from the wall clock of each channel's zone and kept in the
database. APScheduler's own cron triggers skip and stall around changes of daylight-saving time.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.errors import NotUnderstoodError

_COMMON = (
    "Asia/Seoul",
    "UTC",
    "America/Los_Angeles",
    "America/New_York",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "Asia/Kolkata",
    "Australia/Sydney",
)
_TIME = re.compile(
    r"(?P<half>am|pm|오전|오후)?\s*(?P<hour>\d{1,2})\s*(?:[:.시h]\s*(?P<minute>\d{1,2})?\s*분?)?\s*(?P<after>am|pm|a\.m\.|p\.m\.)?",
    re.IGNORECASE,
)


def next_post_at(now: datetime, wall_time: time, zone: str) -> datetime:
    """The first instant after ``now`` when the wall clock of ``zone`` shows ``wall_time``, in UTC.

    Where the clock jumps over it, the first moment after the jump; where it shows it twice, the first time. A day that
    the clock jumps over as a whole has none. ``now`` is aware.
    """
    place = ZoneInfo(zone)
    here = now.astimezone(place)
    # Once the clock has shown the time or a later one, today's has been.
    first = int(here.time() >= wall_time)
    for days in range(first, first + 4):
        instant = _instant(datetime.combine(here.date() + timedelta(days=days), wall_time), place)
        if instant and instant > now:
            return instant
    raise AssertionError("a wall clock shows each time within four days")


def first_post_at(now: datetime, wall_time: time, zone: str, last: datetime | None) -> datetime:
    """The next posting time of a channel whose time or zone was changed: not on the local day of its ``last`` post."""
    at = next_post_at(now, wall_time, zone)
    if last and last <= now and at.astimezone(ZoneInfo(zone)).date() == last.astimezone(ZoneInfo(zone)).date():
        return next_post_at(at, wall_time, zone)
    return at


def end_of_day(moment: datetime, zone: str) -> datetime:
    """The instant at which the local day of ``moment`` ends in ``zone``, in UTC."""
    place = ZoneInfo(zone)
    today = moment.astimezone(place).date()
    for days in range(1, 4):
        if end := _instant(datetime.combine(today + timedelta(days=days), time()), place):
            return end
    raise AssertionError("a clock does not jump over several days")


def owed(held: Iterable[date], last: date | None, most: int) -> list[date]:
    """The days of digests that a channel is owed, oldest first: those after ``last``, at most the newest ``most``. A
    channel that was owed none yet gets the newest."""
    days = sorted(held)
    return days[-1:] if last is None else [day for day in days if day > last][-most:]


def _instant(wall: datetime, place: ZoneInfo) -> datetime | None:
    instant = wall.replace(tzinfo=place, fold=0).astimezone(UTC)
    if instant.astimezone(place).replace(tzinfo=None) == wall:
        return instant
    # The wall clock jumps over this time. The two readings of it lie on both sides of the jump (PEP 495); between them,
    # the jump is where the clock's difference to UTC changes.
    before, after = sorted((instant, wall.replace(tzinfo=place, fold=1).astimezone(UTC)))
    offset = before.astimezone(place).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(place).utcoffset() == offset:
            before = middle
        else:
            after = middle
    if before.astimezone(place).date() < wall.date() < after.astimezone(place).date():
        return None
    return after.replace(microsecond=0)


def wall_time(text: str) -> time:
    """Reads a time of day: 09:00, 9, 9:30 pm, 오전 9시, 21시 30분.

    Raises:
        NotUnderstoodError: it is none.
    """
    match = _TIME.fullmatch(text.strip())
    hour = int(match["hour"]) if match else 99
    minute = int(match["minute"] or 0) if match else 0
    half = (match["half"] or match["after"] or "").lower().replace(".", "") if match else ""
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half in ("pm", "오후") else 0)
    elif half:
        hour = 99
    try:
        return time(hour, minute)
    except ValueError:
        raise NotUnderstoodError(
            "{text} is no time of day. Type it as 09:00 or 21:30.", text=f"“{text[:60]}”"
        ) from None


def timezone(text: str, city: Callable[[str], str]) -> str:
    """The IANA name of a time zone, by that name or by its city, in English or as ``city`` calls it.

    Raises:
        NotUnderstoodError: there is none of this name.
    """
    wanted = _zone_key(text)
    for name in timezones():
        if name.casefold() == wanted:
            return name
    for name in timezones():
        if wanted in (name.rpartition("/")[2].casefold(), _zone_key(city(name))):
            return name
    raise NotUnderstoodError(
        "{text} is no time zone. Choose one from the list, such as Asia/Seoul.", text=f"“{text[:60]}”"
    )


def _zone_key(text: str) -> str:
    return text.strip().replace(" ", "_").casefold()


@cache
def timezones() -> tuple[str, ...]:
    """The names of the time zones of places, and UTC."""

    def opens(name: str) -> bool:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return False
        return True

    names = (name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/")))
    return ("UTC", *sorted(name for name in names if opens(name)))


def timezones_like(typed: str, city: Callable[[str], str]) -> list[str]:
    """The time zones whose name, or city in the reader's language, has ``typed`` in it; beginning so first."""
    wanted = _zone_key(typed)
    if not wanted:
        return [name for name in _COMMON if name in timezones()]
    first, then = [], []
    for name in timezones():
        own, called = name.casefold(), _zone_key(city(name))
        if own.rpartition("/")[2].startswith(wanted) or called.startswith(wanted):
            first.append(name)
        elif wanted in own or wanted in called:
            then.append(name)
    return first + then


def timezone_label(name: str, now: datetime, city: str) -> str:
    """A time zone as it is offered: its name, city and what its clock shows."""
    return f"{name} · {city} · {now.astimezone(ZoneInfo(name)):%H:%M}"[:100]


_WATCH_SECONDS = 10


class Clock:
    """Calls jobs at intervals, one run of each at a time; a run that comes late is run all the same, once. Where the
    machine's clock is set back, the jobs do not wait until it has caught up: it is looked at now and then, unless not
    ``looks``, for a simulated Discord that has each command wait for all timers of the next seconds."""

    def __init__(self, *, looks: bool = True) -> None:
        self._looks = looks
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._running: set[asyncio.Task[None]] = set()
        self._seconds: dict[str, float] = {}
        self._watch: asyncio.TimerHandle | None = None

    def every(self, seconds: float, job: Callable[[], Coroutine[None, None, None]]) -> Callable[[], None]:
        """Calls ``job`` at once and then every ``seconds``; and whenever what is returned is called, after the run that
        may be going on."""

        running = again = False

        async def run() -> None:
            nonlocal running
            running = True
            # APScheduler would cancel a running job when it shuts down; stop() waits for it instead.
            task = asyncio.create_task(job())
            self._running.add(task)
            task.add_done_callback(ended)
            await asyncio.shield(task)

        def ended(task: asyncio.Task[None]) -> None:
            nonlocal running, again
            self._running.discard(task)
            running, wanted, again = False, again, False
            if wanted:
                at_once()

        def at_once() -> None:
            nonlocal again
            if running:
                # APScheduler would skip it.
                again = True
            elif self._scheduler.running:
                added.modify(next_run_time=datetime.now(UTC))

        added = self._scheduler.add_job(
            run, "interval", seconds=seconds, next_run_time=datetime.now(UTC), name=job.__qualname__
        )
        self._seconds[added.id] = seconds
        return at_once

    def start(self) -> None:
        self._scheduler.start()
        if self._looks:
            self._look_at_clock()

    def _look_at_clock(self) -> None:
        # APScheduler waits until a time of day; the event loop's own time cannot be set.
        now = datetime.now(UTC)
        for job in self._scheduler.get_jobs():
            if job.next_run_time and job.next_run_time > now + timedelta(seconds=self._seconds[job.id] + 1):
                job.modify(next_run_time=now)
        self._watch = asyncio.get_running_loop().call_later(_WATCH_SECONDS, self._look_at_clock)

    async def stop(self, seconds: float = 10) -> None:
        """Calls nothing any more, and lets what is running end within ``seconds``."""
        if not self._scheduler.running:
            return
        if self._watch:
            self._watch.cancel()
        self._scheduler.pause()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=seconds)
            for task in late:
                task.cancel()
        self._scheduler.shutdown(wait=False)
