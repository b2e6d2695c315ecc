"""The daily posts: what is planned when, once, by the clocks of their places."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from bot import planning
from bot.errors import NotFoundError
from bot.planning import plan_now, plan_posts
from bot.schedule import first_post_at, next_post_at, owed
from storage import accounts, channels, deliveries, schema, targets
from storage.database import Database
from storage.models import DeliveryState, Reason
from tests.planning.support import at, bring, channel, empty_it, planned, planned_days, set_up
from tests.storage.ledger import CHANNEL, DAY, HOUR, MINUTE, claim_one
from tests.storage.support import dump

STATES = DeliveryState
D19, D20, D21, D22, D23 = (date(2024, 6, one) for one in range(19, 24))
EVE = at("2024-06-20 12:00")
NINE = at("2024-06-21 09:00")


async def test_a_channel_that_is_due_is_planned_once_however_often_it_is_asked(database: Database) -> None:
    await set_up(database, 1, EVE)
    await set_up(database, 2, EVE, wall=time(10))
    bring(database, D21)
    assert await plan_posts(database, NINE - MINUTE, 3) == 0
    assert await plan_posts(database, NINE, 3) == 1
    (one,) = await planned(database)
    assert (one.digest_date, one.state, one.due_at, one.planned_at) == (D21, STATES.PLANNED, NINE, NINE)
    after = await channel(database)
    assert (after.next_post_at, after.last_planned, after.last_post_at) == (NINE + DAY, D21, NINE)
    assert after.late_until is None
    for later in (timedelta(0), MINUTE, 20 * MINUTE, 23 * HOUR):
        await plan_posts(database, NINE + later, 3)
        assert await planned(database) == [one]
    assert await planned_days(database, 2) == [D21]


async def test_what_was_held_before_is_not_posted_but_the_newest(database: Database) -> None:
    await set_up(database, 1, EVE)
    for day in (D19, D20, D21):
        bring(database, day)
    await plan_posts(database, NINE, 3)
    assert await planned_days(database) == [D21]


def test_what_a_channel_is_owed() -> None:
    held = [D22, D19, D21, D20]
    assert owed(held, None, 3) == [D22]
    assert owed(held, D19, 3) == [D20, D21, D22]
    assert owed(held, D19, 2) == [D21, D22]
    assert owed(held, D22, 2) == owed([], None, 3) == owed([], D19, 3) == []
    assert owed(held, D23, 9) == []


@pytest.mark.parametrize("breaks", ["before", "after"])
async def test_the_next_posting_time_and_the_plan_are_kept_together(
    database: Database, monkeypatch: pytest.MonkeyPatch, breaks: str, path: Path
) -> None:
    await set_up(database, 1, EVE)
    bring(database, D21)
    before, set_posts = dump(path), channels.set_posts

    async def broken(*args: object) -> None:
        if breaks == "after":
            await set_posts(*args)  # type: ignore[arg-type]
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(channels, "set_posts", broken)
        with pytest.raises(ZeroDivisionError):
            await plan_posts(database, NINE, 3)
    assert dump(path) == before
    await plan_posts(database, NINE + MINUTE, 3)
    assert await planned_days(database) == [D21]


# A digest that comes late

LATE = [
    ("Asia/Seoul", time(9), D21, None),
    ("America/Los_Angeles", time(9), D21, None),
    # The clock is set forward, and back, on that day.
    ("Europe/Berlin", time(1, 30), date(2024, 3, 31), 23),
    ("Europe/Berlin", time(1, 30), date(2024, 10, 27), 25),
    ("America/Los_Angeles", time(1, 0), date(2024, 11, 3), 25),
    # There is no midnight on this day, or the day after it.
    ("Africa/Cairo", time(2), date(2024, 4, 26), 23),
    ("Africa/Cairo", time(9), date(2024, 4, 25), None),
]


@pytest.mark.parametrize(("zone", "wall", "day", "hours"), LATE)
@pytest.mark.parametrize("in_time", [True, False])
async def test_a_late_digest_is_posted_on_the_same_local_day_only(
    database: Database, zone: str, wall: time, day: date, hours: int | None, in_time: bool
) -> None:
    place = ZoneInfo(zone)
    begin = datetime.combine(day, time(), place).astimezone(UTC)
    end = datetime.combine(day + DAY, time(), place).astimezone(UTC)
    if hours:
        assert end - begin in (hours * HOUR, (hours + 1) * HOUR)
    while end.astimezone(place).date() == day:
        end += MINUTE
    while (end - MINUTE).astimezone(place).date() != day:
        end -= MINUTE
    await set_up(database, 1, begin - 5 * HOUR, zone, wall)
    bring(database, day - 2 * DAY)
    await plan_posts(database, begin - HOUR, 3)
    async with database.write() as connection:
        await channels.set_posts(connection, [replace(await channel(database), last_planned=day - 2 * DAY)])
    posting = next_post_at(begin - MINUTE, wall, zone)
    assert await plan_posts(database, posting, 3) == 1
    for moment in (posting + MINUTE, end - 2 * MINUTE):
        assert await plan_posts(database, moment, 3) == 0
    now = end - MINUTE if in_time else end
    bring(database, day)
    assert await plan_posts(database, now, 3) == int(in_time)
    assert await planned_days(database) == ([day] if in_time else [])
    after = await channel(database)
    assert after.next_post_at == next_post_at(posting, wall, zone)
    if in_time:
        # It was the post of this day.
        assert (after.last_post_at, after.late_until) == (now, None)
        bring(database, day + DAY)
        assert await plan_posts(database, now, 3) == 0
    assert await plan_posts(database, after.next_post_at, 3) == 1
    assert (await planned_days(database))[-1] == (day + DAY if in_time else day)


# Down and up again

ZONES = ("Asia/Seoul", "America/Los_Angeles", "UTC", "Pacific/Chatham", "Europe/Berlin", "Africa/Cairo", "Asia/Kolkata")
walls = st.times().map(lambda one: one.replace(second=0, microsecond=0))
seeded = settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
gaps = st.one_of(st.timedeltas(MINUTE, 8 * HOUR), st.timedeltas(MINUTE, 8 * HOUR), st.timedeltas(HOUR, 10 * DAY))
starts = st.sampled_from([at(f"2024-{one} 12:00") for one in ("03-05", "03-26", "04-22", "06-20", "10-23", "10-30")])


class Model:
    """A channel, plainly: what it is to get at each tick, and which local day's posting time that serves."""

    def __init__(self, zone: str, wall: time, now: datetime) -> None:
        self.zone, self.wall = zone, wall
        self.next, self.last, self.waits = next_post_at(now, wall, zone), date.min, date.min
        self.got: list[date] = []
        self.served: list[date] = []

    def tick(self, now: datetime, days: list[date], most: int) -> list[date]:
        today = now.astimezone(ZoneInfo(self.zone)).date()
        comes = now >= self.next
        if not comes and self.waits != today:
            return []
        serves = self.next.astimezone(ZoneInfo(self.zone)).date() if comes else today
        # A channel's first post is the newest digest alone; no more are held than are caught up.
        new = days[-1:] if self.last == date.min else [day for day in days[-most:] if day > self.last]
        self.waits = date.min if new else today
        if comes:
            self.next = next_post_at(now, self.wall, self.zone)
        if new:
            self.last = new[-1]
            self.got += new
            self.served.append(serves)
        return new


@seeded
@given(
    start=starts,
    places=st.lists(st.tuples(st.sampled_from(ZONES), walls), min_size=2, max_size=4),
    passing=st.lists(gaps, min_size=5, max_size=20),
    delays=st.lists(st.none() | st.timedeltas(-12 * HOUR, 40 * HOUR), min_size=60, max_size=60),
    most=st.integers(1, 5),
)
async def test_as_a_plain_model_over_any_down_times(
    database: Database,
    start: datetime,
    places: list[tuple[str, time]],
    passing: list[timedelta],
    delays: list[timedelta | None],
    most: int,
) -> None:
    """``passing`` is the time between two ticks; ``delays`` is when the digest of each day comes, if it does."""
    await empty_it(database)
    models = [Model(zone, wall, start) for zone, wall in places]
    for number, model in enumerate(models):
        await set_up(database, number, start, model.zone, model.wall)
    coming = sorted(
        (start + n * DAY + delay, (start + n * DAY).date()) for n, delay in enumerate(delays) if delay is not None
    )
    held: list[date] = []
    now = start
    for gap in passing:
        now += gap
        for _, day in (one for one in coming if one[0] <= now and one[1] not in held):
            bring(database, day)
            held = sorted([*held, day])
        before = [len(model.got) for model in models]
        for model in models:
            assert len(model.tick(now, held, most)) <= most
        await plan_posts(database, now, most)
        for number, model in enumerate(models):
            assert await planned_days(database, number) == model.got, (now, model.zone, model.wall, before[number])
            assert (await channel(database, number)).next_post_at == model.next > now
    for model in models:
        # Each at most once, the oldest first; one posting time a local day.
        assert model.got == sorted(set(model.got))
        assert model.served == sorted(set(model.served))


@pytest.mark.parametrize("down", [HOUR, 5 * HOUR, 20 * HOUR, DAY, 2 * DAY, 3 * DAY, 7 * DAY, 10 * DAY])
async def test_what_was_missed_is_caught_up_once(database: Database, down: timedelta) -> None:
    await set_up(database, 1, EVE)
    bring(database, D21)
    await plan_posts(database, NINE, 3)
    back = NINE + down
    for days in range(1, 12):
        if NINE + days * DAY <= back + HOUR:
            bring(database, D21 + days * DAY)
    for later in (timedelta(0), MINUTE, HOUR):
        await plan_posts(database, back + later, 3)
    missed = [D21 + days * DAY for days in range(1, 11) if NINE + days * DAY <= back + HOUR]
    assert await planned_days(database) == [D21, *missed[-3:]]


async def test_what_waited_too_long_is_given_up_before_more_is_planned(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sender may begin while channels are still planned for."""
    monkeypatch.setattr(planning, "_BATCH", 1)
    for channel_id in (1, 2, 3):
        await set_up(database, channel_id, EVE)
    bring(database, D21)
    await plan_posts(database, NINE, 3)
    for day in range(1, 4):
        bring(database, D21 + day * DAY)
    set_posts, states = channels.set_posts, []

    async def begun(*args: object) -> None:
        await set_posts(*args)  # type: ignore[arg-type]
        rows = await args[0].execute(select(schema.deliveries.c.state).where(schema.deliveries.c.digest_date == D21))  # type: ignore[attr-defined]
        states.append(set(rows.scalars()))

    monkeypatch.setattr(channels, "set_posts", begun)
    await plan_posts(database, NINE + 2 * DAY, 3)
    assert states == [{STATES.EXPIRED}] * 4


# The clock is wrong

jumps = st.one_of(
    st.timedeltas(-10 * DAY, 10 * DAY), st.timedeltas(-HOUR, HOUR), st.sampled_from([10 * DAY, -10 * DAY, -DAY])
)


@seeded
@given(
    start=starts,
    places=st.lists(st.tuples(st.sampled_from(ZONES), walls), min_size=3, max_size=5),
    steps=st.lists(st.tuples(st.timedeltas(MINUTE, 30 * HOUR), st.none() | jumps), min_size=3, max_size=20),
)
async def test_a_clock_that_jumps(
    database: Database,
    start: datetime,
    places: list[tuple[str, time]],
    steps: list[tuple[timedelta, timedelta | None]],
) -> None:
    """No digest twice, and no channel silent for longer than 50 hours of the new clock."""
    await empty_it(database)
    for number, (zone, wall) in enumerate(places):
        await set_up(database, number, start, zone, wall)
    true, wrong, day = start, timedelta(0), start.date()
    bring(database, day)
    for passed, jump in steps:
        true, wrong = true + passed, wrong + (jump or timedelta(0))
        while day < true.date():
            day += DAY
            bring(database, day)
        now = true + wrong
        await plan_posts(database, now, 3)
        for number in range(len(places)):
            days = await planned_days(database, number)
            assert days == sorted(set(days))
            assert now < (await channel(database, number)).next_post_at <= now + 50 * HOUR
    bring(database, day + DAY)
    now += 50 * HOUR
    await plan_posts(database, now, 3)
    for number in range(len(places)):
        assert (await planned_days(database, number))[-1] == day + DAY


@pytest.mark.parametrize("back", [5 * MINUTE, 3 * HOUR, DAY, 3 * DAY, 10 * DAY])
async def test_what_was_planned_by_a_clock_that_ran_ahead_is_sent_after_it_was_set_right(
    database: Database, back: timedelta
) -> None:
    """FAULT: the ledger's due times stay those of the wrong clock, and hold up what comes later."""
    await set_up(database, 1, EVE)
    bring(database, D21)
    await plan_posts(database, NINE + back, 3)
    assert await planned_days(database) == [D21]
    assert (await claim_one(database, NINE + 50 * HOUR)).digest_date == D21


async def test_a_posting_time_of_a_clock_that_ran_ahead_is_set_right_and_nothing_comes_before_it(
    database: Database,
) -> None:
    await set_up(database, 1, EVE)
    bring(database, D21)
    await plan_posts(database, NINE + 10 * DAY, 3)
    bring(database, D22)
    for now in (NINE + HOUR, NINE + DAY - MINUTE):
        await plan_posts(database, now, 3)
        assert await planned_days(database) == [D21]
        assert (await channel(database)).next_post_at == NINE + DAY
    await plan_posts(database, NINE + DAY, 3)
    assert await planned_days(database) == [D21, D22]


# Channels that are not to be posted to


async def test_a_paused_channel_is_left_alone(database: Database) -> None:
    await set_up(database, 1, EVE, paused=True)
    bring(database, D21)
    before = await channel(database)
    assert await plan_posts(database, NINE + 3 * DAY, 3) == 0
    assert await channel(database) == before
    assert await planned_days(database) == []


async def test_a_digest_with_few_votes_is_passed_over(database: Database) -> None:
    await set_up(database, 1, EVE, min_votes=21)
    await set_up(database, 2, EVE, min_votes=20)
    bring(database, D21)
    await plan_posts(database, NINE, 3)
    (one,), (other,) = await planned(database, 1), await planned(database, 2)
    assert (one.state, one.reason, other.state) == (STATES.EXPIRED, Reason.FEW_VOTES, STATES.PLANNED)
    after = await channel(database, 1)
    assert (after.last_planned, after.last_post_at, after.next_post_at) == (D21, None, NINE + DAY)
    bring(database, D22, None)
    bring(database, D23, 21)
    await plan_posts(database, NINE + 2 * DAY, 3)
    assert [one.state for one in await planned(database, 1)] == [STATES.EXPIRED, STATES.EXPIRED, STATES.PLANNED]


async def test_a_channel_that_is_set_aside_has_its_posts_set_aside(database: Database) -> None:
    await set_up(database, 1, EVE)
    await set_up(database, 2, EVE)
    bring(database, D21)
    async with database.write() as connection:
        await connection.run_sync(targets.refuse, CHANNEL, 1, Reason.NO_PERMISSION, "why", EVE, 1)
    await plan_posts(database, NINE, 3)
    (one,), (other,) = await planned(database, 1), await planned(database, 2)
    assert (one.state, one.reason, other.state) == (STATES.SET_ASIDE, Reason.NO_PERMISSION, STATES.PLANNED)
    assert (await channel(database)).last_post_at is None
    async with database.write() as connection:
        await targets.keep(connection, CHANNEL, 1)
        await deliveries.plan_set_aside_again(connection, CHANNEL, 1, EVE, NINE + HOUR)
    bring(database, D22)
    await plan_posts(database, NINE + DAY, 3)
    assert [(one.digest_date, one.state) for one in await planned(database)] == [
        (D21, STATES.PLANNED),
        (D22, STATES.PLANNED),
    ]


@pytest.mark.parametrize("zone", ["Mars/Base", "", "Asia", "../../etc/passwd", "Asia/Seoul\n", "/etc/localtime", "ſ"])
async def test_an_unknown_time_zone_harms_nobody_else(database: Database, zone: str) -> None:
    for number in (1, 2, 3):
        await set_up(database, number, EVE)
    async with database.write() as connection:
        await connection.execute(text("UPDATE channels SET timezone = :zone WHERE channel_id = 2"), {"zone": zone})
    bring(database, D21)
    for later in range(3):
        await plan_posts(database, NINE + later * MINUTE, 3)
    assert [await planned_days(database, number) for number in (1, 3)] == [[D21], [D21]]
    assert (await channel(database, 2)).next_post_at > NINE
    bring(database, D22)
    await plan_posts(database, NINE + DAY, 3)
    assert [await planned_days(database, number) for number in (1, 3)] == [[D21, D22], [D21, D22]]


async def test_two_thousand_channels_that_are_due_at_once(database: Database) -> None:
    row = await set_up(database, 0, EVE)
    values = {
        "guild_id": 1,
        "wall_time": "09:00",
        "timezone": "UTC",
        "top": 5,
        "min_votes": 0,
        "language": "en",
        "paused": False,
        "next_post_at": row.next_post_at,
    }
    async with database.write() as connection:
        await connection.execute(
            schema.channels.insert(), [values | {"channel_id": number} for number in range(1, 2_000)]
        )
    bring(database, D21)
    assert await plan_posts(database, NINE, 3) == 2_000
    assert await plan_posts(database, NINE, 3) == 0
    async with database.read() as connection:
        found = await accounts.since(connection, CHANNEL, range(2_000), EVE)
        assert sorted(one.target_id for one in found) == list(range(2_000))
        assert await channels.due(connection, NINE + DAY - MINUTE, D21) == []


# Changing the time or the zone

ANY_ZONE = (*ZONES, "Pacific/Kiritimati", "Pacific/Pago_Pago", "Australia/Lord_Howe", "America/Havana", "Asia/Beirut")


@settings(max_examples=400)
@given(
    start=starts,
    changes=st.lists(
        st.tuples(st.sampled_from(ANY_ZONE), walls, st.timedeltas(timedelta(0), 60 * HOUR)), min_size=2, max_size=6
    ),
)
def test_changing_the_time_or_the_zone_gives_no_two_posts_on_one_local_day(
    start: datetime, changes: list[tuple[str, time, timedelta]]
) -> None:
    zone, wall, _ = changes[0]
    now, last = start, next_post_at(start, wall, zone) - DAY
    last = min(last, now)
    for zone, wall, passing in changes:
        place = ZoneInfo(zone)
        following = first_post_at(now, wall, zone, last)
        assert now < following <= now + 75 * HOUR
        now += passing
        while following <= now:
            # By the clock of the channel at that time.
            assert following.astimezone(place).date() > last.astimezone(place).date()
            last, following = following, next_post_at(following, wall, zone)


# At once


async def test_posting_at_once(database: Database) -> None:
    with pytest.raises(NotFoundError):
        await plan_now(database, 1, NINE)
    await set_up(database, 1, EVE)
    with pytest.raises(NotFoundError):
        await plan_now(database, 1, NINE)
    bring(database, D20)
    bring(database, D21)
    early = NINE - 5 * HOUR
    made = await plan_now(database, 1, early)
    assert made is not None
    assert (made.digest_date, made.state, made.due_at) == (D21, STATES.PLANNED, early)
    after = await channel(database)
    assert (after.next_post_at, after.last_planned) == (NINE, D21)
    # Its posting time has nothing new, and waits.
    await plan_posts(database, NINE, 3)
    assert await planned(database) == [made]
    bring(database, D22)
    await plan_posts(database, NINE + HOUR, 3)
    assert await planned_days(database) == [D21, D22]


@pytest.mark.parametrize("state", list(STATES))
async def test_posting_at_once_what_is_in_the_ledger(database: Database, state: DeliveryState) -> None:
    await set_up(database, 1, EVE)
    bring(database, D21)
    await plan_posts(database, NINE, 3)
    if state is not STATES.PLANNED:
        claimed = await claim_one(database, NINE)
        async with database.write() as connection:
            if state is STATES.SENT:
                await connection.run_sync(deliveries.confirm, [(claimed.id, 1, 9)], NINE)
            elif state is STATES.FAILED:
                await connection.run_sync(deliveries.fail, claimed.id, Reason.REFUSED, "why", NINE + HOUR, NINE)
            elif state is STATES.SET_ASIDE:
                await connection.run_sync(deliveries.set_aside, claimed.id, Reason.NO_ACCESS, "why", NINE)
                await connection.run_sync(targets.refuse, CHANNEL, 1, Reason.NO_ACCESS, "why", NINE, 1)
            elif state is STATES.EXPIRED:
                await connection.run_sync(deliveries.expire, claimed.id, Reason.TOO_OLD, NINE)
    (before,) = await planned(database)
    assert before.state is state
    made = await plan_now(database, 1, NINE + MINUTE)
    assert [made] == await planned(database)
    assert made is not None
    if state is STATES.SENT:
        assert made == before
        return
    assert made.state is (STATES.CLAIMED if state is STATES.CLAIMED else STATES.PLANNED)
    assert (made.due_at, made.reason, made.nonce) == (NINE + MINUTE, None, before.nonce)
    assert made.claimed_at == before.claimed_at
    async with database.read() as connection:
        assert await targets.reasons(connection, CHANNEL, [1], NINE) == {}
    assert (await channel(database)).next_post_at == NINE + DAY


async def test_posting_at_once_what_may_be_there(database: Database) -> None:
    await set_up(database, 1, EVE)
    bring(database, D21)
    await plan_posts(database, NINE, 3)
    claimed = await claim_one(database, NINE)
    async with database.write() as connection:
        await connection.run_sync(deliveries.set_aside, claimed.id, Reason.UNCONFIRMED, "why", NINE)
    made = await plan_now(database, 1, NINE + HOUR)
    assert made is not None
    assert (made.state, made.claimed_at, made.due_at) == (STATES.CLAIMED, NINE, NINE + HOUR)


async def test_posting_at_once_what_had_few_votes(database: Database) -> None:
    await set_up(database, 1, EVE, min_votes=21)
    bring(database, D21)
    await plan_posts(database, NINE, 3)
    before = await planned(database)
    with pytest.raises(NotFoundError):
        await plan_now(database, 1, NINE)
    assert await planned(database) == before
    bring(database, D21, 30)
    made = await plan_now(database, 1, NINE + HOUR)
    assert made is not None
    assert (made.state, made.reason, made.id) == (STATES.PLANNED, None, before[0].id)


async def test_posting_at_once_what_the_ledger_has_forgotten(database: Database) -> None:
    await set_up(database, 1, EVE)
    bring(database, D21)
    await plan_posts(database, NINE, 3)
    async with database.write() as connection:
        await deliveries.remove_all(connection, CHANNEL, 1)
    assert await plan_now(database, 1, NINE + 100 * DAY) is None
    assert await planned(database) == []
