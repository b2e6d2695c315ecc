"""The ledger: planned, claimed, sent, confirmed; each once."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from storage import claims, deliveries, matches, targets
from storage.database import Database
from storage.deliveries import Plan
from storage.models import Delivery, DeliveryKind, DeliveryState, Reason, Subscriber
from storage.nonce import nonce
from tests.storage.ledger import (
    ALERT,
    BIG,
    CHANNEL,
    DAILY,
    DAY,
    HOUR,
    MINUTE,
    NOW,
    USER,
    alert,
    claim,
    claim_one,
    get,
    held,
    keys,
    plan,
    post,
)
from tests.storage.support import MONDAY, TUESDAY, WEDNESDAY

STATES = DeliveryState


# Planning


async def test_what_is_planned(database: Database) -> None:
    await plan(database, post(BIG))
    (planned,) = await held(database, (CHANNEL, BIG))
    assert planned == Delivery(
        planned.id, CHANNEL, BIG, DAILY, MONDAY, 0, STATES.PLANNED, 0, planned.nonce, NOW, NOW, NOW
    )
    assert await get(database, planned.id) == planned


async def test_planning_twice_plans_once(database: Database) -> None:
    await plan(database, post(), post(), alert(), now=NOW)
    before = await held(database)
    assert keys(before) == [(CHANNEL, 1, DAILY, MONDAY, 0), (CHANNEL, 1, ALERT, MONDAY, 0)]
    await plan(database, post(), alert(state=STATES.SET_ASIDE, reason=Reason.REFUSED), now=NOW + HOUR)
    await plan(database)
    assert await held(database) == before
    first = before[0].id
    async with database.write() as connection:
        await connection.run_sync(deliveries.confirm, [(first, 1, 2)], NOW)
    await plan(database, post(), now=NOW + HOUR)
    assert (await get(database, first)).state is STATES.SENT
    assert [one.target_id for one in await claim(database, only=first)] == []


async def test_each_target_kind_day_and_part_is_its_own(database: Database) -> None:
    plans = [
        Plan(target, target_id, kind, day, part)
        for target_id in (1, BIG)
        for target in Subscriber
        for kind in DeliveryKind
        for day in (MONDAY, TUESDAY)
        for part in (0, 1)
    ]
    await plan(database, *plans)
    made = await held(database, *((target, one) for target in Subscriber for one in (1, BIG)))
    assert len(made) == len({one.nonce for one in made}) == len(plans)
    async with database.read() as connection:
        found = await deliveries.of_day(connection, USER, BIG, ALERT, TUESDAY)
        assert found is not None
        assert keys([found]) == [(USER, BIG, ALERT, TUESDAY, 0)]
        assert await deliveries.of_day(connection, USER, 5, ALERT, TUESDAY) is None
        assert await deliveries.of_day(connection, USER, BIG, ALERT, WEDNESDAY) is None


async def test_what_is_planned_as_over_is_not_claimed(database: Database) -> None:
    await plan(
        database,
        post(1, state=STATES.EXPIRED, reason=Reason.FEW_VOTES),
        post(2, state=STATES.SET_ASIDE, reason=Reason.NO_ACCESS),
    )
    first, second = await held(database, (CHANNEL, 1), (CHANNEL, 2))
    assert (first.state, first.reason) == (STATES.EXPIRED, Reason.FEW_VOTES)
    assert (second.state, second.reason) == (STATES.SET_ASIDE, Reason.NO_ACCESS)
    assert await claim(database) == []
    assert await claim(database, only=first.id) == []


# Claiming


async def test_a_delivery_is_claimed_once(database: Database) -> None:
    await plan(database, post(BIG))
    (claimed,) = await claim(database)
    assert (claimed.state, claimed.attempts, claimed.claimed_by) == (STATES.CLAIMED, 1, "one")
    assert (claimed.claimed_at, claimed.updated_at, claimed.due_at) == (NOW, NOW, NOW + 10 * MINUTE)
    assert await get(database, claimed.id) == claimed
    assert await claim(database, NOW + 9 * MINUTE, claimer="two") == []


async def test_a_claim_that_is_not_kept_is_none(database: Database) -> None:
    await plan(database, post())

    async def claim_and_fail() -> None:
        async with database.write() as connection:
            assert await connection.run_sync(claims.claim, "one", NOW, NOW + HOUR)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await claim_and_fail()
    assert (await claim_one(database)).attempts == 1


async def test_what_is_due_is_claimed_the_oldest_first(database: Database) -> None:
    await plan(database, post(5, TUESDAY), post(4, MONDAY), post(3, TUESDAY), now=NOW)
    await plan(database, post(2, TUESDAY), now=NOW - HOUR)
    # What is planned may be sent at once, also where the clock was set back since.
    await plan(database, post(1, MONDAY), now=NOW + MINUTE)
    assert [one.target_id for one in await claim(database, limit=2)] == [2, 4]
    assert [one.target_id for one in await claim(database, limit=2)] == [5, 3]
    assert [one.target_id for one in await claim(database)] == [1]
    assert await claim(database) == []


async def test_no_later_one_while_an_earlier_one_of_its_kind_is_open(database: Database) -> None:
    await plan(database, post(1, TUESDAY), post(1, MONDAY), alert(1, MONDAY, 1), alert(1, MONDAY, 0), post(2, TUESDAY))
    first = await claim(database)
    assert sorted(keys(first)) == sorted(
        [(CHANNEL, 1, DAILY, MONDAY, 0), (CHANNEL, 1, ALERT, MONDAY, 0), (CHANNEL, 2, DAILY, TUESDAY, 0)]
    )
    by_kind = {one.kind: one for one in first if one.target_id == 1}
    assert await claim(database) == []
    async with database.write() as connection:
        # Not sent yet is open, and so is what nobody knows of.
        await connection.run_sync(deliveries.fail, by_kind[DAILY].id, Reason.UNREACHED, "?", NOW + HOUR, NOW)
        await connection.run_sync(
            deliveries.leave_unconfirmed, by_kind[ALERT].id, Reason.UNREACHED, "?", NOW + HOUR, NOW
        )
    assert await claim(database) == []
    async with database.write() as connection:
        await connection.run_sync(deliveries.confirm, [(by_kind[DAILY].id, 1, 1)], NOW)
    assert keys(await claim(database)) == [(CHANNEL, 1, DAILY, TUESDAY, 0)]
    async with database.write() as connection:
        await connection.run_sync(deliveries.set_aside, by_kind[ALERT].id, Reason.UNCONFIRMED, None, NOW)
    assert keys(await claim(database)) == [(CHANNEL, 1, ALERT, MONDAY, 1)]


async def test_direct_messages_are_due_when_their_channel_is_known(database: Database) -> None:
    await plan(
        database,
        alert(7, target=USER),
        alert(7, TUESDAY, target=USER),
        alert(8, target=USER),
        alert(9, target=USER, state=STATES.SET_ASIDE, reason=Reason.DMS_CLOSED),
    )
    async with database.write() as connection:
        await targets.keep(connection, USER, 7)
        # A channel with the number of a person.
        await targets.set_dm_channel(connection, 8, 80)
        waiting = await claims.unreachable(connection, NOW, 10)
        assert keys(waiting) == [(USER, 7, ALERT, MONDAY, 0)]
    assert keys(await claim(database)) == [(USER, 8, ALERT, MONDAY, 0)]
    assert [one.id for one in await claim(database, only=waiting[0].id)] == [waiting[0].id]
    async with database.write() as connection:
        await connection.run_sync(deliveries.confirm, [(waiting[0].id, 70, 1)], NOW)
        assert keys(await claims.unreachable(connection, NOW, 10)) == [(USER, 7, ALERT, TUESDAY, 0)]
        await targets.set_dm_channel(connection, 7, 70)
        assert await claims.unreachable(connection, NOW, 10) == []
    assert keys(await claim(database)) == [(USER, 7, ALERT, TUESDAY, 0)]


async def test_one_that_is_asked_for_is_claimed_before_its_time(database: Database) -> None:
    await plan(database, post(1, MONDAY), post(1, TUESDAY))
    first, second = await held(database)
    (failed,) = await claim(database, limit=1)
    async with database.write() as connection:
        await connection.run_sync(deliveries.fail, failed.id, Reason.REFUSED, "?", NOW + HOUR, NOW)
    assert await claim(database) == []
    assert [one.id for one in await claim(database, only=second.id)] == [second.id]
    assert [one.id for one in await claim(database, only=first.id)] == [first.id]
    async with database.write() as connection:
        await connection.run_sync(deliveries.confirm, [(first.id, 1, 1)], NOW)
    assert await claim(database, only=first.id) == []
    assert await claim(database, only=10**6) == []


async def test_what_its_claimer_holds_is_not_claimed_again(database: Database) -> None:
    await plan(database, post(1), post(2), post(3))
    first, second, third = await held(database, *((CHANNEL, one) for one in (1, 2, 3)))
    assert [one.id for one in await claim(database, but=[first.id, third.id])] == [second.id]
    assert await claim(database, only=first.id, but={first.id}) == []
    assert [one.id for one in await claim(database, NOW + DAY, but={first.id: None}.keys())] == [third.id, second.id]


async def test_a_claim_that_was_never_confirmed_keeps_its_time(database: Database) -> None:
    await plan(database, post())
    first = await claim_one(database)
    later = NOW + HOUR
    again = await claim_one(database, later, claimer="two")
    assert again == replace(
        first, attempts=2, claimed_by="two", claimed_at=NOW, updated_at=later, due_at=later + 10 * MINUTE
    )
    async with database.write() as connection:
        await connection.run_sync(deliveries.leave_unconfirmed, again.id, Reason.UNREACHED, "?", later + MINUTE, later)
    assert (await get(database, again.id)).due_at == later + MINUTE
    assert await claim(database, later) == []
    third = await claim_one(database, later + MINUTE)
    assert (third.claimed_at, third.attempts, third.reason, third.nonce) == (NOW, 3, None, first.nonce)


async def test_a_claim_after_a_failure_has_a_time_of_its_own(database: Database) -> None:
    await plan(database, post())
    first = await claim_one(database)
    async with database.write() as connection:
        await connection.run_sync(deliveries.fail, first.id, Reason.REFUSED, "Cannot send", NOW + HOUR, NOW + MINUTE)
    failed = await get(database, first.id)
    assert (failed.state, failed.reason, failed.why) == (STATES.FAILED, Reason.REFUSED, "Cannot send")
    assert (failed.due_at, failed.updated_at, failed.claimed_at) == (NOW + HOUR, NOW + MINUTE, None)
    assert await claim(database, NOW + HOUR - MINUTE) == []
    again = await claim_one(database, NOW + HOUR)
    # One delivery, one nonce: had the first message arrived after all, Discord gives that one.
    assert (again.id, again.nonce, again.attempts) == (first.id, first.nonce, 2)
    assert again.claimed_at == again.updated_at == NOW + HOUR


async def test_of_many_claims_at_once_each_delivery_is_given_once(database: Database) -> None:
    await plan(database, *(post(number) for number in range(40)))
    given_out = await asyncio.gather(*(claim(database, claimer=f"{one}", limit=7) for one in range(8)))
    counted = Counter(one.target_id for batch in given_out for one in batch)
    assert counted == Counter(range(40))
    assert await claim(database) == []


async def test_a_new_run_takes_over_what_others_claimed(database: Database) -> None:
    await plan(database, post(1), post(2), post(3))
    for number, claimer in ((1, "old"), (2, "new")):
        assert (await claim_one(database, claimer=claimer, limit=1)).target_id == number
    async with database.write() as connection:
        await claims.take_over(connection, "new", NOW + MINUTE)
    claimed = await claim(database, NOW + MINUTE, claimer="new")
    assert [(one.target_id, one.claimed_at) for one in claimed] == [(3, NOW + MINUTE), (1, NOW)]
    (other,) = await held(database, (CHANNEL, 2))
    assert other.due_at == NOW + 10 * MINUTE


# The nonce

ids = st.integers(0, BIG) | st.sampled_from([0, 1, 35, 36, BIG])
days = st.dates(date(2020, 1, 1), date(2099, 12, 31))
parts = st.integers(0, 35) | st.integers(0, 2)
rows = st.tuples(st.sampled_from(Subscriber), ids, st.sampled_from(DeliveryKind), days, parts)


@given(rows, rows)
def test_a_nonce_is_of_one_delivery(one: tuple[object, ...], other: tuple[object, ...]) -> None:
    first, second = nonce(*one), nonce(*other)  # type: ignore[arg-type]
    assert (first == second) == (one == other)
    assert 0 < len(first) <= 25


@given(rows, st.sampled_from(Subscriber), st.sampled_from(DeliveryKind), days, parts, st.integers(0, 40))
def test_a_nonce_of_a_delivery_that_is_near(
    one: tuple[Subscriber, int, DeliveryKind, date, int],
    target: Subscriber,
    kind: DeliveryKind,
    day: date,
    part: int,
    bit: int,
) -> None:
    """One thing changed at a time."""
    near = [
        (target, *one[1:]),
        (one[0], one[1] ^ 1 << bit, *one[2:]),
        (*one[:2], kind, *one[3:]),
        (*one[:3], day, one[4]),
        (*one[:4], part),
    ]
    for other in near:
        assert (nonce(*one) == nonce(*other)) == (one == other)


def test_the_longest_nonce() -> None:
    made = [nonce(target, BIG, kind, date(2099, 12, 31), 35) for target in Subscriber for kind in DeliveryKind]
    assert {len(one) for one in made} <= set(range(20, 26))
    assert all(one.isascii() for one in made)


async def test_the_nonce_is_the_same_in_another_database(database: Database) -> None:
    await plan(database, post(5, TUESDAY), post(5, MONDAY), alert(5, MONDAY, 3))
    first = {(one.kind, one.digest_date): one.nonce for one in await held(database, (CHANNEL, 5))}
    async with database.write() as connection:
        assert await deliveries.remove_all(connection, CHANNEL, 5) == 3
    await plan(database, alert(5, MONDAY, 3), post(4), post(5, MONDAY), post(5, TUESDAY), now=NOW + timedelta(days=9))
    assert {(one.kind, one.digest_date): one.nonce for one in await held(database, (CHANNEL, 5))} == first


async def test_a_long_ledger_is_not_read_to_its_end(database: Database) -> None:
    """What is open is found by an index of its own, however much is over."""
    await plan(database, post())
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        asked.append((statement, parameters))

    engine = database._engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        async with database.write() as connection:
            await connection.run_sync(claims.claim, "one", NOW, NOW + HOUR, limit=5)
            await claims.unreachable(connection, NOW, 5)
            await deliveries.expire_old(connection, NOW, MONDAY, NOW)
            await matches.last_parts(connection, MONDAY)
            asked = [one for one in asked if "deliveries" in one[0]]
            plans = [
                " ".join(
                    str(row[3]) for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
                )
                for statement, given in asked.copy()
            ]
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(plans) == 6
    assert not [plan for plan in plans if "SCAN deliveries" in plan and "USING INDEX" not in plan], plans
