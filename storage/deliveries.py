"""The ledger: one row a message owed. A claim is written before the message is sent."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.models import Delivery, DeliveryKind, DeliveryState, Subscriber
from storage.schema import deliveries


async def claim(
    connection: AsyncConnection, target: Subscriber, target_id: int, kind: DeliveryKind, day: date, now: datetime
) -> Delivery | None:
    """Claims the delivery of a day's digest to a target; None where it was claimed before.
    What failed may be claimed again."""
    key = {"target": target, "target_id": target_id, "kind": kind, "digest_date": day}
    values = {
        **key,
        "state": DeliveryState.CLAIMED,
        "attempts": 1,
        "nonce": _nonce(target, target_id, kind, day),
        "updated_at": now.astimezone(UTC).replace(tzinfo=None),
    }
    new = insert(deliveries).values(**values)
    statement = new.on_conflict_do_update(
        index_elements=list(key),
        set_={
            "state": DeliveryState.CLAIMED,
            "attempts": deliveries.c.attempts + 1,
            "why": None,
            "updated_at": new.excluded.updated_at,
        },
        where=deliveries.c.state == DeliveryState.FAILED,
    ).returning(deliveries)
    row = (await connection.execute(statement)).mappings().first()
    return _delivery(row) if row else None


async def confirm(connection: AsyncConnection, delivery_id: int, message_id: int, now: datetime) -> None:
    """Notes that a delivery was sent."""
    await _set(connection, delivery_id, now, state=DeliveryState.SENT, message_id=message_id, why=None)


async def fail(connection: AsyncConnection, delivery_id: int, why: str, now: datetime) -> None:
    """Notes that a delivery could not be sent, and why."""
    await _set(connection, delivery_id, now, state=DeliveryState.FAILED, why=why)


async def newest(
    connection: AsyncConnection, target: Subscriber, target_id: int, kind: DeliveryKind
) -> Delivery | None:
    """The delivery to a target that was touched last."""
    statement = (
        select(deliveries)
        .where(deliveries.c.target == target, deliveries.c.target_id == target_id, deliveries.c.kind == kind)
        .order_by(deliveries.c.updated_at.desc(), deliveries.c.id.desc())
        .limit(1)
    )
    row = (await connection.execute(statement)).mappings().first()
    return _delivery(row) if row else None


def _nonce(target: Subscriber, target_id: int, kind: DeliveryKind, day: date) -> str:
    """At most 25 characters (Discord), the same for the same delivery even in a database made anew: Discord gives the
    first message again for a nonce that it has seen from the bot lately."""
    return f"{target[0]}{kind[0]}{day:%y%m%d}{target_id:x}"


async def _set(connection: AsyncConnection, delivery_id: int, now: datetime, **values: object) -> None:
    values["updated_at"] = now.astimezone(UTC).replace(tzinfo=None)
    await connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(**values))


def _delivery(row: Any) -> Delivery:
    return Delivery(
        id=row["id"],
        target=Subscriber(row["target"]),
        target_id=row["target_id"],
        kind=DeliveryKind(row["kind"]),
        digest_date=row["digest_date"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        nonce=row["nonce"],
        why=row["why"],
        message_id=row["message_id"],
        updated_at=row["updated_at"].replace(tzinfo=UTC),
    )
