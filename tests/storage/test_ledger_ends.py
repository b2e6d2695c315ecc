"""How deliveries end: confirmed, failed, given back, set aside, expired; and planned again."""

from __future__ import annotations

from typing import Any

import pytest

from storage import accounts, claims, deliveries, digests, matches
from storage.database import Database
from storage.matches import Found
from storage.models import Delivery, DeliveryState, Reason
from tests.storage.follows import follow
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
from tests.storage.support import MONDAY, SOURCE, TUESDAY, WEDNESDAY, digest, paper

STATES = DeliveryState


async def made(database: Database, state: str, target_id: int = 1, **more: Any) -> Delivery:
    """A delivery in a state, "unconfirmed" and "set aside unconfirmed" among them; begun at NOW, ended a minute on."""
    await plan(database, post(target_id, **more))
    row = next(one for one in await held(database, (CHANNEL, target_id)) if one.digest_date == more.get("day", MONDAY))
    if state != "planned":
        await claim_one(database, only=row.id)
    at = NOW + MINUTE
    async with database.write() as connection:
        if state == "sent":
            await connection.run_sync(deliveries.confirm, [(row.id, target_id, 99)], at)
        elif state == "failed":
            await connection.run_sync(deliveries.fail, row.id, Reason.REFUSED, "why", at, at)
        elif state == "unconfirmed":
            await connection.run_sync(deliveries.leave_unconfirmed, row.id, Reason.UNREACHED, "why", at, at)
        elif state == "set aside":
            await connection.run_sync(deliveries.set_aside, row.id, Reason.NO_ACCESS, "why", at)
        elif state == "set aside unconfirmed":
            await connection.run_sync(deliveries.set_aside, row.id, Reason.UNCONFIRMED, "why", at)
        elif state == "expired":
            await connection.run_sync(deliveries.expire, row.id, Reason.WITHDRAWN, at)
        else:
            assert state in ("planned", "claimed")
    return await get(database, row.id)


EVERY = ("planned", "claimed", "unconfirmed", "failed", "sent", "set aside", "set aside unconfirmed", "expired")


async def test_many_are_confirmed_at_once(database: Database) -> None:
    await plan(database, *(post(number) for number in range(1, 5)))
    claimed = await claim(database)
    async with database.write() as connection:
        await connection.run_sync(deliveries.fail, claimed[0].id, Reason.REFUSED, "why", NOW, NOW)
        sent = [(one.id, one.target_id * 10, BIG - one.target_id) for one in claimed[:3]]
        await connection.run_sync(deliveries.confirm, sent, NOW + HOUR)
    for one in claimed[:3]:
        now = await get(database, one.id)
        assert (now.state, now.channel_id, now.message_id) == (STATES.SENT, one.target_id * 10, BIG - one.target_id)
        assert (now.reason, now.why, now.claimed_at, now.updated_at) == (None, None, None, NOW + HOUR)
        assert now.nonce == one.nonce
    assert await get(database, claimed[3].id) == claimed[3]


@pytest.mark.parametrize("state", EVERY)
async def test_what_is_open_is_claimed_and_nothing_else(database: Database, state: str) -> None:
    one = await made(database, state)
    claimed = await claim(database, NOW + HOUR)
    assert bool(claimed) is (state in ("planned", "claimed", "unconfirmed", "failed"))
    if claimed:
        # Since when it is not known whether the message is there.
        assert claimed[0].claimed_at == (NOW if state in ("claimed", "unconfirmed") else NOW + HOUR)
        assert claimed[0].id == one.id


async def test_a_fresh_claim_is_given_back_as_if_it_had_never_been(database: Database) -> None:
    await plan(database, post())
    claimed = await claim_one(database, NOW + HOUR)
    async with database.write() as connection:
        await connection.run_sync(claims.release, [claimed.id], NOW + HOUR + MINUTE)
    back = await get(database, claimed.id)
    assert (back.state, back.claimed_at, back.attempts) == (STATES.PLANNED, None, 0)
    assert (await claim_one(database, NOW + 2 * HOUR)).claimed_at == NOW + 2 * HOUR


@pytest.mark.parametrize("state", ["claimed", "unconfirmed"])
async def test_an_unconfirmed_claim_is_given_back_unconfirmed(database: Database, state: str) -> None:
    before = await made(database, state)
    again = await claim_one(database, NOW + HOUR, claimer="two")
    assert again.id == before.id
    async with database.write() as connection:
        await connection.run_sync(claims.release, [again.id], NOW + HOUR)
    back = await get(database, again.id)
    assert (back.state, back.claimed_at, back.attempts, back.due_at) == (STATES.CLAIMED, NOW, 1, NOW + HOUR)
    assert (await claim_one(database, NOW + HOUR)).claimed_at == NOW


async def test_what_is_over_is_not_given_back(database: Database) -> None:
    sent = await made(database, "sent")
    async with database.write() as connection:
        await connection.run_sync(claims.release, [sent.id], NOW + HOUR)
        await connection.run_sync(claims.release, [], NOW + HOUR)
    assert await get(database, sent.id) == sent


async def test_setting_aside(database: Database) -> None:
    one, other = await made(database, "set aside", 1), await made(database, "set aside unconfirmed", 2)
    assert (one.state, one.reason, one.why, one.claimed_at) == (STATES.SET_ASIDE, Reason.NO_ACCESS, "why", None)
    assert (other.state, other.reason, other.claimed_at) == (STATES.SET_ASIDE, Reason.UNCONFIRMED, NOW)
    expired = await made(database, "expired", 3)
    assert (expired.state, expired.reason, expired.claimed_at) == (STATES.EXPIRED, Reason.WITHDRAWN, None)


async def all_states(database: Database, **more: Any) -> dict[str, Delivery]:
    """A delivery in each state, each to a channel of its own."""
    return {state: await made(database, state, number, **more) for number, state in enumerate(EVERY, 1)}


async def test_all_that_waits_for_a_target_is_set_aside(database: Database) -> None:
    before = await all_states(database)
    await plan(database, alert(1, TUESDAY), alert(1, target=USER))
    async with database.write() as connection:
        for one in before.values():
            await connection.run_sync(deliveries.set_aside_all, CHANNEL, one.target_id, Reason.SERVER_LEFT, NOW + HOUR)
    for state, one in before.items():
        after = await get(database, one.id)
        if state in ("planned", "failed"):
            assert (after.state, after.reason, after.updated_at) == (
                STATES.SET_ASIDE,
                Reason.SERVER_LEFT,
                NOW + HOUR,
            )
        else:
            assert after == one
    channels_alert = (await held(database))[-1]
    assert (channels_alert.kind, channels_alert.state) == (ALERT, STATES.SET_ASIDE)
    assert [one.state for one in await held(database, (USER, 1))] == [STATES.PLANNED]


async def test_what_waits_is_withdrawn(database: Database) -> None:
    before = await all_states(database)
    await plan(database, alert(1))
    async with database.write() as connection:
        for one in before.values():
            await deliveries.withdraw(connection, CHANNEL, one.target_id, DAILY, NOW + HOUR)
    for state, one in before.items():
        after = await get(database, one.id)
        if state in ("planned", "failed"):
            assert (after.state, after.reason) == (STATES.EXPIRED, Reason.WITHDRAWN)
        else:
            assert after == one
    assert [one.state for one in await held(database) if one.kind is ALERT] == [STATES.PLANNED]


async def test_what_waits_too_long_expires_but_never_what_may_be_there(database: Database) -> None:
    before = await all_states(database)
    async with database.write() as connection:
        await deliveries.expire_old(connection, NOW, None, NOW + DAY)
    assert [await get(database, one.id) for one in before.values()] == list(before.values())
    async with database.write() as connection:
        await deliveries.expire_old(connection, NOW + MINUTE, None, NOW + DAY)
    for state, one in before.items():
        after = await get(database, one.id)
        if state in ("planned", "failed"):
            assert (after.state, after.reason, after.updated_at) == (STATES.EXPIRED, Reason.TOO_OLD, NOW + DAY)
        else:
            assert after == one


@pytest.mark.parametrize("state", EVERY)
async def test_planning_again(database: Database, state: str) -> None:
    before = await made(database, state)
    later = NOW + DAY
    async with database.write() as connection:
        await deliveries.plan_again(connection, before.id, later)
    after = await get(database, before.id)
    assert after.nonce == before.nonce
    if state == "sent":
        assert after == before
        return
    assert (after.reason, after.due_at, after.planned_at) == (None, later, later)
    unknown = state in ("claimed", "unconfirmed", "set aside unconfirmed")
    assert after.state is (STATES.CLAIMED if unknown else STATES.PLANNED)
    claimed = await claim_one(database, later + MINUTE)
    # What may be there is looked for since it was begun.
    assert claimed.claimed_at == (NOW if unknown else later + MINUTE)


async def test_what_was_set_aside_with_its_target_is_planned_again(database: Database) -> None:
    before = await all_states(database)
    old = await made(database, "set aside", 20)
    async with database.write() as connection:
        for one in before.values():
            await deliveries.plan_set_aside_again(connection, CHANNEL, one.target_id, NOW - MINUTE, NOW + HOUR)
        await deliveries.plan_set_aside_again(connection, CHANNEL, 20, NOW, NOW + HOUR)
        await deliveries.plan_set_aside_again(connection, USER, 6, NOW - DAY, NOW + HOUR)
    for state, one in before.items():
        after = await get(database, one.id)
        if state.startswith("set aside"):
            # What may be there is looked for before it is sent.
            again = STATES.CLAIMED if state.endswith("unconfirmed") else STATES.PLANNED
            assert (after.state, after.reason, after.due_at) == (again, None, NOW + HOUR)
            assert after.claimed_at == one.claimed_at
            # Its age stays, so that it does not wait for ever.
            assert after.planned_at == NOW
        else:
            assert after == one
    assert await get(database, old.id) == old


async def test_what_is_not_looked_for_any_more(database: Database) -> None:
    before = await all_states(database)
    async with database.read() as connection:
        assert await accounts.unconfirmed(connection) == [before["set aside unconfirmed"]]


async def test_what_was_touched_since(database: Database) -> None:
    await plan(database, post(1, MONDAY), post(2, TUESDAY), alert(1, TUESDAY, 1), now=NOW)
    await plan(database, post(1, WEDNESDAY), alert(1, TUESDAY), post(3), now=NOW + HOUR)
    await plan(database, alert(1, target=USER), now=NOW + HOUR)
    async with database.write() as connection:
        found = await accounts.since(connection, CHANNEL, [1, 2], NOW)
        assert [(one.digest_date, one.part) for one in found] == [
            (WEDNESDAY, 0),
            (TUESDAY, 1),
            (TUESDAY, 0),
            (TUESDAY, 0),
            (MONDAY, 0),
        ]
        found = await accounts.since(connection, CHANNEL, [1, 2], NOW + HOUR)
        assert keys(found) == [(CHANNEL, 1, DAILY, WEDNESDAY, 0), (CHANNEL, 1, ALERT, TUESDAY, 0)]
        assert await accounts.since(connection, CHANNEL, [], NOW) == []
        assert await deliveries.get(connection, 10**6) is None


async def test_missed_alerts_and_reading_them(database: Database) -> None:
    async with database.write() as connection:
        await connection.run_sync(digests.store, digest(MONDAY, (paper("2401.00001", "zebra"), 1)), SOURCE)
        followed = await follow(connection, USER, 7, "zebra")
        assert followed
        aside = {"target": USER, "state": STATES.SET_ASIDE, "reason": Reason.DMS_CLOSED}
        plans = [
            alert(7, MONDAY, 0, **aside),
            alert(7, MONDAY, 1, **aside),
            alert(7, MONDAY, 2, target=USER),
            alert(7, TUESDAY, 0, **aside),
            # Nothing is in it any more.
            alert(7, WEDNESDAY, 0, **aside),
        ]
        await deliveries.plan(connection, plans, NOW)
        for one in plans[:-1]:
            await matches.add(connection, one.day, [Found(USER, 7, one.day, one.part, "2401.00001", followed.id)])
        missed = await accounts.missed(connection, 7)
        assert [(one.digest_date, one.part) for one in missed] == [(TUESDAY, 0), (MONDAY, 1), (MONDAY, 0)]
        assert [one.id for one in await accounts.missed(connection, 7, limit=1)] == [missed[0].id]
        assert await accounts.missed(connection, 8) == []
        await deliveries.read_in_list(connection, missed[0].id, NOW + HOUR)
        assert await accounts.missed(connection, 7) == missed[1:]
    read = await get(database, missed[0].id)
    assert (read.state, read.reason, read.updated_at) == (STATES.EXPIRED, Reason.READ, NOW + HOUR)


async def test_what_is_over_is_removed_with_age_and_what_is_open_stays(database: Database) -> None:
    before = await all_states(database)
    async with database.write() as connection:
        assert await deliveries.remove_before(connection, NOW) == 0
        assert await deliveries.remove_before(connection, NOW + MINUTE) == 4
        for state, one in before.items():
            there = await deliveries.get(connection, one.id)
            assert there == (one if state in ("planned", "claimed", "unconfirmed", "failed") else None)


async def test_all_that_is_held_of_a_target_is_removed(database: Database) -> None:
    await plan(database, post(1), alert(1), alert(1, target=USER), post(2))
    async with database.write() as connection:
        assert await deliveries.remove_all(connection, CHANNEL, 1) == 2
        assert await deliveries.remove_all(connection, CHANNEL, 1) == 0
    assert len(await held(database, (CHANNEL, 1), (USER, 1), (CHANNEL, 2))) == 2
