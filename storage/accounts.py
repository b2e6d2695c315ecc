"""What the ledger tells: how the last days went, what was missed, what nobody knows, what comes first."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, exists, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.deliveries import IS_OPEN, delivery
from storage.models import Delivery, DeliveryKind, DeliveryState, Reason, Subscriber
from storage.schema import deliveries, matches


async def since(
    connection: AsyncConnection, target: Subscriber, target_ids: Collection[int], moment: datetime
) -> list[Delivery]:
    """What was touched since ``moment`` of the deliveries to some targets, the newest digest first."""
    statement = (
        select(deliveries)
        .where(
            deliveries.c.target == target,
            deliveries.c.target_id.in_(target_ids),
            deliveries.c.updated_at >= moment,
        )
        .order_by(deliveries.c.digest_date.desc(), deliveries.c.part.desc(), deliveries.c.id.desc())
    )
    return [delivery(row) for row in (await connection.execute(statement)).mappings()]


async def unconfirmed(connection: AsyncConnection, channel_ids: Collection[int] | None = None) -> list[Delivery]:
    """Those of which nobody knows whether they are there, and which are not looked for any more: all, or those to some
    channels."""
    statement = select(deliveries).where(
        deliveries.c.state == DeliveryState.SET_ASIDE, deliveries.c.reason == Reason.UNCONFIRMED
    )
    if channel_ids is not None:
        to_channels = (deliveries.c.target == Subscriber.CHANNEL, deliveries.c.target_id.in_(channel_ids))
        statement = statement.where(*to_channels)
    return [delivery(row) for row in (await connection.execute(statement)).mappings()]


async def missed(connection: AsyncConnection, user_id: int, limit: int = 25) -> list[Delivery]:
    """The alerts that could not reach a person and were not read in the list, the newest first."""
    statement = (
        select(deliveries)
        .where(
            deliveries.c.target == Subscriber.USER,
            deliveries.c.target_id == user_id,
            deliveries.c.kind == DeliveryKind.ALERT,
            deliveries.c.state == DeliveryState.SET_ASIDE,
            exists().where(matches.c.delivery_id == deliveries.c.id),
        )
        .order_by(deliveries.c.digest_date.desc(), deliveries.c.part.desc())
        .limit(limit)
    )
    return [delivery(row) for row in (await connection.execute(statement)).mappings()]


async def open_before(connection: AsyncConnection, delivery_id: int) -> list[int]:
    """The open deliveries of the same kind to the same target that come before one, in order."""
    one = deliveries.alias()
    same = [one.c[name] == deliveries.c[name] for name in ("target", "target_id", "kind")]
    before = tuple_(deliveries.c.digest_date, deliveries.c.part) < tuple_(one.c.digest_date, one.c.part)
    statement = (
        select(deliveries.c.id)
        .join(one, and_(*same, before))
        .where(one.c.id == delivery_id, IS_OPEN)
        .order_by(deliveries.c.digest_date, deliveries.c.part)
    )
    return list((await connection.execute(statement)).scalars())
