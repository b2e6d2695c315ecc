"""Who sends what: a delivery is claimed before it is sent, so that no other sends it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    exists,
    func,
    not_,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.deliveries import IS_OPEN, LONGEST_PAUSE, OPEN, delivery
from storage.models import Delivery, DeliveryKind, DeliveryState, Subscriber
from storage.schema import Instant, deliveries, targets

_TRIES = 5
"""What has failed so often does not hold up what comes after it."""


def claim(
    connection: Connection,
    claimer: str,
    now: datetime,
    until: datetime,
    *,
    limit: int = 1,
    only: int | None = None,
    but: Collection[int] = (),
) -> list[Delivery]:
    """Claims what is due for ``claimer`` until ``until``, edits last, and the oldest first; of a target and kind no
    later one while an earlier one is open. ``only`` claims that delivery, if it is open, whether it is due or not;
    those in ``but`` are in its claimer's hands already. A direct message is due when its channel is known.

    ``claimed_at`` of a claim that was never confirmed stays what it was.
    """
    asked = {"now": now, "astray": now + 2 * LONGEST_PAUSE, "limit": limit, "but": list(but), "only": only}
    ids: list[int] = []
    for statement in _CLAIMABLE if only is None else (_CLAIMABLE_NOW,):
        if len(ids) < limit:
            ids += connection.scalars(statement, asked | {"limit": limit - len(ids)})
    if not ids:
        return []
    rows = connection.execute(_CLAIM, {"at": now, "until": until, "claimer": claimer, "ids": ids})
    found = {row["id"]: delivery(row) for row in rows.mappings()}
    return [found[delivery_id] for delivery_id in ids]


async def unreachable(connection: AsyncConnection, now: datetime, limit: int) -> list[Delivery]:
    """Due deliveries to people whose direct messages were never opened, one a person."""
    asked = {"now": now, "astray": now + 2 * LONGEST_PAUSE, "limit": limit}
    return [delivery(row) for row in (await connection.execute(_UNREACHABLE, asked)).mappings()]


async def take_over(connection: AsyncConnection, claimer: str, now: datetime) -> None:
    """Ends the claims of all others, whose runs are over."""
    statement = update(deliveries).where(
        deliveries.c.state == DeliveryState.CLAIMED, deliveries.c.claimed_by != claimer
    )
    await connection.execute(statement.values(due_at=now))


def release(connection: Connection, delivery_ids: Collection[int], now: datetime) -> None:
    """Gives back claims that nothing was done about. One that was not known to be there before is still not known."""
    again = and_(deliveries.c.state == DeliveryState.CLAIMED, deliveries.c.id.in_(delivery_ids))
    fresh = deliveries.c.claimed_at == deliveries.c.updated_at
    connection.execute(
        update(deliveries)
        .where(again)
        .values(
            state=case((fresh, DeliveryState.PLANNED.value), else_=DeliveryState.CLAIMED.value),
            claimed_at=case((fresh, None), else_=deliveries.c.claimed_at),
            attempts=deliveries.c.attempts - 1,
            due_at=now,
        )
    )


def _is_due() -> ColumnElement[bool]:
    """Whether its time has come. A time that lies farther ahead than any pause is one of a clock that was set back."""
    return or_(
        deliveries.c.state == DeliveryState.PLANNED.value,
        deliveries.c.due_at <= bindparam("now"),
        deliveries.c.due_at > bindparam("astray"),
    )


def _has_earlier() -> ColumnElement[bool]:
    """Whether an earlier delivery of its kind to its target is open: they are sent in order."""
    earlier = deliveries.alias()
    return exists().where(
        earlier.c.target == deliveries.c.target,
        earlier.c.target_id == deliveries.c.target_id,
        earlier.c.kind == deliveries.c.kind,
        earlier.c.state.in_([state.value for state in OPEN]),
        not_(and_(earlier.c.state == DeliveryState.FAILED, earlier.c.attempts >= _TRIES)),
        tuple_(earlier.c.digest_date, earlier.c.part) < tuple_(deliveries.c.digest_date, deliveries.c.part),
    )


def _reachable() -> ColumnElement[bool]:
    """Whether the Discord channel is known: a channel is its own, a person's is kept once it was opened."""
    known = exists().where(
        targets.c.target == deliveries.c.target,
        targets.c.target_id == deliveries.c.target_id,
        targets.c.dm_channel_id.is_not(None),
    )
    return or_(deliveries.c.target == Subscriber.CHANNEL.value, known)


# What each post takes part in is built once: SQLAlchemy takes longer over a statement than SQLite does.
_IN_TURN = and_(IS_OPEN, _is_due(), ~_has_earlier())
_BUT = deliveries.c.id.not_in(bindparam("but", expanding=True))
_CLAIMABLE = tuple(
    select(deliveries.c.id)
    .where(_IN_TURN, _reachable(), _BUT, kinds)
    .order_by(deliveries.c.due_at, deliveries.c.digest_date, deliveries.c.id)
    .limit(bindparam("limit"))
    for kinds in (deliveries.c.kind != DeliveryKind.EDIT.value, deliveries.c.kind == DeliveryKind.EDIT.value)
)
"""No post waits for the edits of others."""
_CLAIMABLE_NOW = select(deliveries.c.id).where(IS_OPEN, deliveries.c.id == bindparam("only"), _BUT)
_UNREACHABLE = (
    select(deliveries)
    .where(_IN_TURN, ~_reachable())
    .order_by(deliveries.c.due_at, deliveries.c.id)
    .limit(bindparam("limit"))
)
_AT = bindparam("at", type_=Instant)
_CLAIM = (
    update(deliveries)
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        state=DeliveryState.CLAIMED,
        reason=None,
        attempts=deliveries.c.attempts + 1,
        claimed_by=bindparam("claimer"),
        claimed_at=case(
            (deliveries.c.state == DeliveryState.CLAIMED, func.coalesce(deliveries.c.claimed_at, _AT)), else_=_AT
        ),
        due_at=bindparam("until"),
        updated_at=_AT,
    )
    .returning(deliveries)
)
