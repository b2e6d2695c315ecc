"""Daily posts that are there: what they show, so that it can be kept true."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlalchemy import Connection, RowMapping, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.models import DeliveryKind, DeliveryState, Post, Shown, Subscriber
from storage.schema import deliveries, posts

_POSTS = (
    select(
        posts,
        deliveries.c.digest_date,
        deliveries.c.channel_id,
        deliveries.c.message_id,
        deliveries.c.target_id,
        deliveries.c.updated_at.label("posted_at"),
    )
    .join(deliveries)
    .where(
        deliveries.c.kind == DeliveryKind.DAILY,
        deliveries.c.state == DeliveryState.SENT,
        deliveries.c.target == Subscriber.CHANNEL,
        deliveries.c.message_id.is_not(None),
    )
)


def keep(connection: Connection, sent: Sequence[tuple[int, Shown]], now: datetime) -> None:
    """Notes what posts show, by the ids of their deliveries."""
    rows = [
        {
            "delivery_id": delivery_id,
            "shown": shown.papers,
            "riser": shown.riser,
            "edits": 0,
            "shown_at": _utc(now),
        }
        for delivery_id, shown in sent
    ]
    if rows:
        connection.execute(insert(posts).on_conflict_do_nothing(), rows)


async def since(connection: AsyncConnection, day: date, most_edits: int, before: datetime) -> list[Post]:
    """The posts of the digests of ``day`` and later that were edited less than ``most_edits`` times, and not since
    ``before``; the oldest first."""
    statement = _POSTS.where(
        deliveries.c.digest_date >= day, posts.c.edits < most_edits, posts.c.shown_at <= _utc(before)
    ).order_by(deliveries.c.digest_date, deliveries.c.id)
    return [_post(row) for row in (await connection.execute(statement)).mappings()]


async def of_channels(connection: AsyncConnection, channel_ids: Sequence[int], day: date) -> dict[int, list[Post]]:
    """The posts of the digests of ``day`` and later in channels, the newest first."""
    statement = _POSTS.where(deliveries.c.target_id.in_(channel_ids), deliveries.c.digest_date >= day)
    found: dict[int, list[Post]] = {}
    for row in (await connection.execute(statement.order_by(deliveries.c.digest_date.desc()))).mappings():
        found.setdefault(row["target_id"], []).append(_post(row))
    return found


async def edited(connection: AsyncConnection, delivery_id: int, shown: Shown, now: datetime) -> None:
    """Notes that a post was edited, and what it shows now."""
    values = {"shown": shown.papers, "edits": posts.c.edits + 1, "shown_at": _utc(now)}
    await connection.execute(update(posts).where(posts.c.delivery_id == delivery_id).values(**values))


async def leave(connection: AsyncConnection, delivery_id: int) -> None:
    """Notes that a post cannot be edited any more."""
    never = update(posts).where(posts.c.delivery_id == delivery_id)
    await connection.execute(never.values(edits=func.max(posts.c.edits, 1_000)))


def _post(row: RowMapping) -> Post:
    papers = tuple((arxiv_id, votes) for arxiv_id, votes in row["shown"])
    return Post(
        row["delivery_id"],
        row["target_id"],
        row["digest_date"],
        row["channel_id"],
        row["message_id"],
        row["posted_at"].replace(tzinfo=UTC),
        Shown(papers, tuple(row["riser"]) if row["riser"] else None),
        row["shown_at"].replace(tzinfo=UTC),
        row["edits"],
    )


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
