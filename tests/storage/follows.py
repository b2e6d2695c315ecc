"""Subscriptions as they are kept, and what they hang on."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.matching import understood
from storage import schema, subscriptions
from storage.models import Follows, Subscriber, Subscription


async def follow(
    connection: AsyncConnection, who: Subscriber, who_id: int, text: str, kind: Follows = Follows.KEYWORD
) -> Subscription | None:
    """Follows; None where the same is followed already."""
    return await subscriptions.add(connection, who, who_id, kind, understood(kind, text), "en")


async def every(connection: AsyncConnection) -> list[Subscription]:
    """All subscriptions, in the order they began."""
    statement = select(schema.subscriptions.c.id).order_by(schema.subscriptions.c.id)
    ids = list((await connection.execute(statement)).scalars())
    found = await subscriptions.get_all(connection, ids)
    return [found[one] for one in ids]


async def hanging(connection: AsyncConnection) -> set[tuple[str, str]]:
    """The kinds and normal forms of all that new papers are held against."""
    anchors = schema.anchors.c
    return {(kind, normal) for kind, normal in await connection.execute(select(anchors.kind, anchors.normal))}
