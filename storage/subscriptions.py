"""Subscriptions: the keywords and authors that people and channels follow."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.models import Follows, Subscriber, Subscription
from storage.schema import subscriptions

_BATCH = 10_000
"""Values in one statement: SQLite takes 32,766."""


async def add(
    connection: AsyncConnection,
    subscriber: Subscriber,
    subscriber_id: int,
    kind: Follows,
    text: str,
    normal: str,
    language: str,
) -> Subscription | None:
    """Follows; None where the same is followed already."""
    values = {
        "subscriber": subscriber,
        "subscriber_id": subscriber_id,
        "kind": kind,
        "text": text,
        "normal": normal,
        "language": language,
    }
    statement = insert(subscriptions).values(**values).on_conflict_do_nothing().returning(subscriptions)
    row = (await connection.execute(statement)).mappings().first()
    return _subscription(row) if row else None


async def of(connection: AsyncConnection, subscriber: Subscriber, subscriber_ids: Sequence[int]) -> list[Subscription]:
    """What these people or channels follow, in the order they began."""
    statement = (
        select(subscriptions)
        .where(subscriptions.c.subscriber == subscriber, subscriptions.c.subscriber_id.in_(subscriber_ids))
        .order_by(subscriptions.c.id)
    )
    return [_subscription(row) for row in (await connection.execute(statement)).mappings()]


async def every(connection: AsyncConnection) -> list[Subscription]:
    """All subscriptions."""
    statement = select(subscriptions).order_by(subscriptions.c.id)
    return [_subscription(row) for row in (await connection.execute(statement)).mappings()]


async def get(connection: AsyncConnection, subscription_id: int) -> Subscription | None:
    """One subscription by its id."""
    statement = select(subscriptions).where(subscriptions.c.id == subscription_id)
    row = (await connection.execute(statement)).mappings().first()
    return _subscription(row) if row else None


async def still(connection: AsyncConnection, subscription_ids: Sequence[int]) -> set[int]:
    """Those of subscriptions that were not ended."""
    found: set[int] = set()
    for start in range(0, len(subscription_ids), _BATCH):
        batch = subscription_ids[start : start + _BATCH]
        found |= set(
            (await connection.execute(select(subscriptions.c.id).where(subscriptions.c.id.in_(batch)))).scalars()
        )
    return found


async def get_all(connection: AsyncConnection, subscription_ids: Collection[int]) -> dict[int, Subscription]:
    """Subscriptions by their ids; those that were ended are left out."""
    statement = select(subscriptions).where(subscriptions.c.id.in_(subscription_ids))
    return {row["id"]: _subscription(row) for row in (await connection.execute(statement)).mappings()}


async def remove(connection: AsyncConnection, subscription_ids: Sequence[int]) -> None:
    """Ends subscriptions."""
    await connection.execute(delete(subscriptions).where(subscriptions.c.id.in_(subscription_ids)))


async def remove_all(connection: AsyncConnection, subscriber: Subscriber, subscriber_id: int) -> None:
    """Ends all that a person or channel follows."""
    await connection.execute(
        delete(subscriptions).where(
            subscriptions.c.subscriber == subscriber, subscriptions.c.subscriber_id == subscriber_id
        )
    )


def _subscription(row: Any) -> Subscription:
    return Subscription(
        id=row["id"],
        subscriber=Subscriber(row["subscriber"]),
        subscriber_id=row["subscriber_id"],
        kind=Follows(row["kind"]),
        text=row["text"],
        normal=row["normal"],
        language=row["language"],
    )
