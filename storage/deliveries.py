"""The ledger: one row a message owed. It is planned, claimed, sent and confirmed, in this order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.backup import RESTORED_ON
from storage.models import Delivery, DeliveryKind, DeliveryState, Reason, Subscriber
from storage.nonce import nonce
from storage.schema import Instant, deliveries, targets

LONGEST_PAUSE = timedelta(hours=3)
"""Between two tries of a delivery."""
OPEN = (DeliveryState.PLANNED, DeliveryState.FAILED, DeliveryState.CLAIMED)
_MAY_BE_THERE = or_(deliveries.c.state == DeliveryState.CLAIMED, deliveries.c.reason == Reason.UNCONFIRMED)
_AS_BEFORE = case((_MAY_BE_THERE, DeliveryState.CLAIMED.value), else_=DeliveryState.PLANNED.value)
"""Of what is taken up again: what may be there is looked for before it is sent."""
_WAITING = (DeliveryState.PLANNED, DeliveryState.FAILED)
# Written out: by a bound value SQLite cannot see that the index of open deliveries fits.
IS_OPEN = deliveries.c.state.in_([literal_column(f"'{state.value}'") for state in OPEN])
_IS_WAITING = and_(IS_OPEN, deliveries.c.state.in_([state.value for state in _WAITING]))


_ANEW = ("state", "reason", "claimed_at", "due_at", "planned_at", "updated_at")


@dataclass(frozen=True, slots=True)
class Plan:
    """A delivery to be written into the ledger: planned, or already set aside or expired for a reason."""

    target: Subscriber
    target_id: int
    kind: DeliveryKind
    day: date
    part: int = 0
    state: DeliveryState = DeliveryState.PLANNED
    reason: Reason | None = None
    message_id: int | None = None
    """What an edit edits."""


async def plan(connection: AsyncConnection, plans: Sequence[Plan], now: datetime) -> None:
    """Writes deliveries into the ledger. One that is there already stays as it is: planning twice plans once. Only one
    that was taken back before it was sent is planned anew. Of a database that was restored, those of the days before
    may be there, and are looked for."""
    if not plans:
        return
    restored_on = (await connection.exec_driver_sql(RESTORED_ON)).scalar_one()
    doubted = {one for one in plans if one.state is DeliveryState.PLANNED and one.day.toordinal() <= restored_on}
    rows = [
        {
            "target": one.target,
            "target_id": one.target_id,
            "kind": one.kind,
            "digest_date": one.day,
            "part": one.part,
            "state": DeliveryState.CLAIMED if one in doubted else one.state,
            "reason": one.reason,
            "claimed_at": datetime.combine(one.day - timedelta(days=1), time(), UTC) if one in doubted else None,
            "message_id": one.message_id,
            "attempts": 0,
            "nonce": nonce(one.target, one.target_id, one.kind, one.day, one.part),
            "due_at": now,
            "planned_at": now,
            "updated_at": now,
        }
        for one in plans
    ]
    statement = upsert(deliveries)
    again = {name: statement.excluded[name] for name in _ANEW}
    statement = statement.on_conflict_do_update(
        index_elements=["target", "target_id", "kind", "digest_date", "part"],
        set_=again,
        where=deliveries.c.reason == Reason.WITHDRAWN,
    )
    await connection.execute(statement, rows)
    recipients = [{"target": one.target, "target_id": one.target_id} for one in plans]
    await connection.execute(upsert(targets).on_conflict_do_nothing(), recipients)


async def plan_again(connection: AsyncConnection, delivery_id: int, now: datetime) -> None:
    """Has what was given up be sent after all. What has been sent stays so, and so does what may have been: that is
    looked for before it is sent."""
    await connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.state != DeliveryState.SENT)
        .values(
            state=_AS_BEFORE,
            reason=None,
            due_at=now,
            planned_at=now,
            updated_at=now,
        )
    )


async def plan_set_aside_again(
    connection: AsyncConnection, target: Subscriber, target_id: int, since: datetime, now: datetime
) -> None:
    """Has what was set aside with its target, and was planned after ``since``, be sent after all. What may be there is
    looked for, however old it is."""
    await connection.execute(
        update(deliveries)
        .where(
            *_of(target, target_id),
            deliveries.c.state == DeliveryState.SET_ASIDE,
            or_(deliveries.c.reason == Reason.UNCONFIRMED, deliveries.c.planned_at > since),
        )
        .values(state=_AS_BEFORE, reason=None, due_at=now, updated_at=now)
    )


def confirm(connection: Connection, sent: Iterable[tuple[int, int | None, int | None]], now: datetime) -> None:
    """Notes which deliveries were sent: (id, Discord channel, message) of each."""
    values = [
        {"sent": delivery_id, "in_channel": channel_id, "as_message": message_id, "at": now}
        for delivery_id, channel_id, message_id in sent
    ]
    connection.execute(_CONFIRM, values)


def fail(
    connection: Connection, delivery_id: int, reason: Reason, why: str | None, due_at: datetime, now: datetime
) -> None:
    """Notes that Discord made no message, why, and when to try again."""
    values = {"reason": reason, "why": why, "due_at": due_at, "claimed_at": None}
    _set(connection, delivery_id, now, state=DeliveryState.FAILED, **values)


def leave_unconfirmed(
    connection: Connection, delivery_id: int, reason: Reason, why: str | None, due_at: datetime, now: datetime
) -> None:
    """Notes that nobody knows whether the message is there, and when to look."""
    values = {"reason": reason, "why": why, "due_at": due_at}
    _set(connection, delivery_id, now, state=DeliveryState.CLAIMED, **values)


def set_aside(connection: Connection, delivery_id: int, reason: Reason, why: str | None, now: datetime) -> None:
    """Notes that a delivery will not be tried again, and why."""
    values: dict[str, object] = {"reason": reason, "why": why}
    if reason is not Reason.UNCONFIRMED:
        values["claimed_at"] = None
    _set(connection, delivery_id, now, state=DeliveryState.SET_ASIDE, **values)


def expire(connection: Connection, delivery_id: int, reason: Reason, now: datetime, *, why: str | None = None) -> None:
    """Notes that a delivery is not owed any more, and why."""
    _set(connection, delivery_id, now, state=DeliveryState.EXPIRED, reason=reason, why=why, claimed_at=None)


async def expire_old(connection: AsyncConnection, before: datetime, oldest: date | None, now: datetime) -> None:
    """Gives up what was planned before ``before`` and is not sent, and daily posts of digests before ``oldest``."""
    values = {"state": DeliveryState.EXPIRED, "reason": Reason.TOO_OLD, "updated_at": now}
    old = deliveries.c.planned_at < before
    if oldest:
        old |= and_(deliveries.c.kind == DeliveryKind.DAILY, deliveries.c.digest_date < oldest)
    await connection.execute(update(deliveries).where(_IS_WAITING, old).values(**values))


async def withdraw(
    connection: AsyncConnection, target: Subscriber, target_id: int, kind: DeliveryKind, now: datetime
) -> None:
    """Takes back what is planned for a target."""
    values = {"state": DeliveryState.EXPIRED, "reason": Reason.WITHDRAWN, "updated_at": now}
    await connection.execute(
        update(deliveries).where(*_of(target, target_id), deliveries.c.kind == kind, _IS_WAITING).values(**values)
    )


def set_aside_all(connection: Connection, target: Subscriber, target_id: int, reason: Reason, now: datetime) -> None:
    """Sets aside all that is planned for a target."""
    values = {"state": DeliveryState.SET_ASIDE, "reason": reason, "updated_at": now}
    connection.execute(update(deliveries).where(*_of(target, target_id), _IS_WAITING).values(**values))


async def get(connection: AsyncConnection, delivery_id: int) -> Delivery | None:
    """One delivery by its id."""
    row = (await connection.execute(select(deliveries).where(deliveries.c.id == delivery_id))).mappings().first()
    return delivery(row) if row else None


async def of_day(
    connection: AsyncConnection, target: Subscriber, target_id: int, kind: DeliveryKind, day: date
) -> Delivery | None:
    """The delivery of a day's digest to a target."""
    statement = select(deliveries).where(
        *_of(target, target_id), deliveries.c.kind == kind, deliveries.c.digest_date == day, deliveries.c.part == 0
    )
    row = (await connection.execute(statement)).mappings().first()
    return delivery(row) if row else None


async def read_in_list(connection: AsyncConnection, delivery_id: int, now: datetime) -> None:
    """Notes that a person has read a missed alert."""
    await connection.run_sync(_set, delivery_id, now, state=DeliveryState.EXPIRED, reason=Reason.READ)


async def remove_before(connection: AsyncConnection, moment: datetime) -> int:
    """Removes what was planned before ``moment`` and is not open; how many it were."""
    result = await connection.execute(delete(deliveries).where(deliveries.c.planned_at < moment, ~IS_OPEN))
    return result.rowcount


async def remove_all(connection: AsyncConnection, target: Subscriber, target_id: int) -> int:
    """Removes all that the ledger holds of a target; how many it were."""
    result = await connection.execute(delete(deliveries).where(*_of(target, target_id)))
    return result.rowcount


def _of(target: Subscriber, target_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return deliveries.c.target == target, deliveries.c.target_id == target_id


_AT = bindparam("at", type_=Instant)
_CONFIRM = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("sent"))
    .values(
        state=DeliveryState.SENT,
        reason=None,
        why=None,
        claimed_at=None,
        updated_at=_AT,
        channel_id=bindparam("in_channel"),
        message_id=bindparam("as_message"),
    )
)


def _set(connection: Connection, /, delivery_id: int, now: datetime, **values: object) -> None:
    values["updated_at"] = now
    connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(**values))


def delivery(row: Any) -> Delivery:
    """A row of the ledger."""
    values = dict(row)
    return Delivery(
        **values
        | {
            "target": Subscriber(values["target"]),
            "kind": DeliveryKind(values["kind"]),
            "state": DeliveryState(values["state"]),
            "reason": Reason(values["reason"]) if values["reason"] else None,
        }
    )
