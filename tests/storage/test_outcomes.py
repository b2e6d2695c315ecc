"""What came of tries: the ledger and the targets after them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage import claims, deliveries, outcomes, servers, targets
from storage.database import Database
from storage.models import Delivery, DeliveryState, Reason, Shown, Subscriber, Target
from storage.outcomes import Outcome, pause
from tests.storage.ledger import (
    ALERT,
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
    plan,
    post,
)
from tests.storage.support import MONDAY, TUESDAY

STATES = DeliveryState


async def write(database: Database, *several: Outcome, now: object = NOW) -> None:
    async with database.write() as connection:
        await connection.run_sync(outcomes.write, several, now)  # type: ignore[arg-type]


async def target(database: Database, which: Subscriber, target_id: int) -> Target:
    async with database.read() as connection:
        found = await targets.get(connection, which, target_id)
    assert found
    return found


async def claimed_post(database: Database) -> Delivery:
    await plan(database, post())
    return await claim_one(database)


def test_the_pause_grows_and_is_bounded() -> None:
    pauses = [pause(attempts) for attempts in range(200)]
    assert pauses[:5] == [timedelta(seconds=one) for one in (5, 5, 20, 80, 320)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=3)


async def test_sent(database: Database) -> None:
    await plan(database, post(1), post(2))
    claimed = await claim(database)
    await write(
        database, *(Outcome(one, STATES.SENT, None, None, one.target_id, 50 + one.target_id) for one in claimed)
    )
    for one in claimed:
        now = await get(database, one.id)
        assert (now.state, now.channel_id, now.message_id) == (STATES.SENT, one.target_id, 50 + one.target_id)


async def test_what_was_forgotten_while_it_was_sent_keeps_no_other_from_being_written(database: Database) -> None:
    await plan(database, post(1), post(2))
    claimed = await claim(database)
    async with database.write() as connection:
        await servers.forget_channel(connection, 1)
    shown = Shown((("2406.00001", 3),))
    await write(database, *(Outcome(one, STATES.SENT, None, None, one.target_id, 50, shown=shown) for one in claimed))
    async with database.read() as connection:
        assert await deliveries.get(connection, claimed[0].id) is None
    assert (await get(database, claimed[1].id)).state is STATES.SENT


async def test_nothing_was_done(database: Database) -> None:
    claimed = await claimed_post(database)
    await write(database, Outcome(claimed, STATES.PLANNED), now=NOW + MINUTE)
    now = await get(database, claimed.id)
    assert (now.state, now.attempts, now.claimed_at, now.due_at) == (STATES.PLANNED, 0, None, NOW + MINUTE)


@pytest.mark.parametrize(("state", "since"), [(STATES.CLAIMED, NOW), (STATES.FAILED, None)])
async def test_to_be_tried_again(database: Database, state: DeliveryState, since: object) -> None:
    claimed = await claimed_post(database)
    for attempt, seconds in enumerate((5, 20, 80), 1):
        at = NOW + attempt * HOUR
        await write(database, Outcome(claimed, state, Reason.UNREACHED, "timed out"), now=at)
        now = await get(database, claimed.id)
        assert (now.state, now.reason, now.why) == (state, Reason.UNREACHED, "timed out")
        assert (now.due_at, now.claimed_at, now.attempts) == (at + timedelta(seconds=seconds), since, attempt)
        claimed = await claim_one(database, now.due_at)


async def test_expired_and_set_aside(database: Database) -> None:
    await plan(database, post(1), post(2), post(3))
    first, second, third = await claim(database)
    await write(
        database,
        Outcome(first, STATES.EXPIRED, Reason.WITHDRAWN),
        Outcome(second, STATES.SET_ASIDE, Reason.UNCONFIRMED, "why"),
        Outcome(third, STATES.SET_ASIDE, Reason.NOT_DRAWN),
    )
    found = [await get(database, one.id) for one in (first, second, third)]
    assert [(one.state, one.reason, one.claimed_at) for one in found] == [
        (STATES.EXPIRED, Reason.WITHDRAWN, None),
        (STATES.SET_ASIDE, Reason.UNCONFIRMED, NOW),
        (STATES.SET_ASIDE, Reason.NOT_DRAWN, None),
    ]


def refusal(delivery: Delivery, reason: Reason = Reason.NO_PERMISSION) -> Outcome:
    return Outcome(delivery, STATES.SET_ASIDE, reason, "50013 Missing Permissions", refused=reason)


async def test_a_single_refusal_of_a_daily_post_sets_the_channel_aside(database: Database) -> None:
    await plan(database, post(1, MONDAY), post(1, TUESDAY), alert(1, MONDAY), alert(1, target=USER), post(2))
    first = await claim_one(database, limit=1)
    await write(database, refusal(first), now=NOW + MINUTE)
    aside = await target(database, CHANNEL, 1)
    assert (aside.set_aside_at, aside.reason, aside.why) == (
        NOW + MINUTE,
        Reason.NO_PERMISSION,
        "50013 Missing Permissions",
    )
    assert (aside.refusals, aside.refused_on) == (1, NOW.date())
    # What else waits for it would only be refused as well; others are not touched.
    assert {(one.state, one.reason) for one in await held(database)} == {(STATES.SET_ASIDE, Reason.NO_PERMISSION)}
    assert [one.state for one in await held(database, (USER, 1), (CHANNEL, 2))] == [STATES.PLANNED] * 2
    async with database.read() as connection:
        assert await targets.reasons(connection, CHANNEL, [1, 2], NOW) == {1: Reason.NO_PERMISSION}


async def refuse_alert(database: Database, after: timedelta, *, part: int = 0) -> Target:
    """Discord refuses a direct message so long after NOW."""
    at = NOW + after
    await plan(database, alert(7, at.date(), part, target=USER), now=at)
    await write(database, refusal(await claim_one(database, at), Reason.DMS_CLOSED), now=at)
    return await target(database, USER, 7)


async def test_a_person_is_set_aside_after_refusals_on_three_days(database: Database) -> None:
    async with database.write() as connection:
        await targets.keep(connection, USER, 7)
        await targets.set_dm_channel(connection, 7, 70)
    found = [
        await refuse_alert(database, 0 * DAY),
        # Twice on one day counts once.
        await refuse_alert(database, 23 * HOUR, part=1),
        await refuse_alert(database, 1 * DAY),
        await refuse_alert(database, 1 * DAY + HOUR, part=1),
    ]
    assert [one.refusals for one in found] == [1, 1, 2, 2]
    assert [one.set_aside_at for one in found] == [None] * 4
    third = await refuse_alert(database, 5 * DAY)
    assert (third.refusals, third.set_aside_at, third.reason) == (3, NOW + 5 * DAY, Reason.DMS_CLOSED)
    assert third.dm_channel_id == 70
    fourth = await refuse_alert(database, 9 * DAY)
    assert fourth.set_aside_at == NOW + 5 * DAY
    async with database.read() as connection:
        assert await targets.people_refused(connection) == {7}
        assert [one.target_id for one in await targets.set_aside(connection)] == [7]


async def test_a_success_in_between_begins_anew(database: Database) -> None:
    async with database.write() as connection:
        await targets.keep(connection, USER, 7)
        await targets.set_dm_channel(connection, 7, 70)
    await refuse_alert(database, 0 * DAY)
    assert (await refuse_alert(database, 1 * DAY)).refusals == 2
    at = NOW + 2 * DAY
    await plan(database, alert(7, at.date(), target=USER), now=at)
    await write(database, Outcome(await claim_one(database, at), STATES.SENT, None, None, 70, 1), now=at)
    taken = await target(database, USER, 7)
    assert (taken.refusals, taken.refused_on, taken.reason, taken.why) == (0, None, None, None)
    assert taken.dm_channel_id == 70
    found = [await refuse_alert(database, day * DAY) for day in (3, 4, 5)]
    assert [one.set_aside_at for one in found] == [None, None, NOW + 5 * DAY]


async def test_a_message_that_is_not_known_to_be_there_stays_so_when_its_target_refuses(database: Database) -> None:
    claimed = await claimed_post(database)
    unsure = Outcome(claimed, STATES.SET_ASIDE, Reason.UNCONFIRMED, "why", refused=Reason.NO_ACCESS)
    await write(database, unsure)
    now = await get(database, claimed.id)
    assert (now.state, now.reason, now.claimed_at) == (STATES.SET_ASIDE, Reason.UNCONFIRMED, NOW)
    assert (await target(database, CHANNEL, 1)).reason is Reason.NO_ACCESS


async def test_another_refusal_does_not_take_a_channel_up(database: Database) -> None:
    """A daily post and an alert to one channel are both refused: it is set aside, in whichever order they end."""
    await plan(database, post(1), alert(1), post(2), alert(2))
    claimed = {(one.target_id, one.kind): one for one in await claim(database)}
    await write(database, refusal(claimed[1, ALERT]), refusal(claimed[1, DAILY]))
    assert (await target(database, CHANNEL, 1)).set_aside_at == NOW
    await write(database, refusal(claimed[2, DAILY]), refusal(claimed[2, ALERT]))
    assert (await target(database, CHANNEL, 2)).set_aside_at == NOW


async def test_a_refusal_after_the_server_was_left_does_not_take_a_channel_up(database: Database) -> None:
    await plan(database, alert(1))
    async with database.write() as connection:
        await targets.keep(connection, CHANNEL, 1, 5)
        (claimed,) = await connection.run_sync(claims.claim, "one", NOW, NOW + HOUR)
        await targets.leave(connection, 5, NOW)
        await connection.run_sync(outcomes.write, [refusal(claimed, Reason.CHANNEL_GONE)], NOW + MINUTE)
    assert (await target(database, CHANNEL, 1)).set_aside_at == NOW
