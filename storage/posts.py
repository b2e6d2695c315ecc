"""Daily posts that are there: what they show, so that it can be kept true."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, bindparam, exists, select, update
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


_EDIT = (
    update(posts)
    .where(
        posts.c.delivery_id
        == select(deliveries.c.id)
        .where(
            deliveries.c.target == Subscriber.CHANNEL,
            deliveries.c.target_id == bindparam("of"),
            deliveries.c.kind == DeliveryKind.DAILY,
            deliveries.c.digest_date == bindparam("day"),
        )
        .scalar_subquery()
    )
    .values(shown=bindparam("papers", type_=posts.c.shown.type), edits=posts.c.edits + 1, shown_at=bindparam("at"))
)


def keep(connection: Connection, sent: Sequence[tuple[int, Shown]], now: datetime) -> None:
    """Notes what posts show, by the ids of their deliveries; of those that were forgotten meanwhile nothing."""
    ids = [delivery_id for delivery_id, _ in sent]
    held = set(connection.scalars(select(deliveries.c.id).where(deliveries.c.id.in_(ids))))
    rows = [
        {
            "delivery_id": delivery_id,
            "shown": shown.papers,
            "riser": shown.riser,
            "edits": 0,
            "shown_at": now,
        }
        for delivery_id, shown in sent
        if delivery_id in held
    ]
    if rows:
        connection.execute(insert(posts).on_conflict_do_nothing(), rows)


def edited(connection: Connection, sent: Sequence[tuple[int, date, Shown]], now: datetime) -> None:
    """Notes what posts show after an edit, by their channels and days."""
    rows = [{"of": channel_id, "day": day, "papers": shown.papers, "at": now} for channel_id, day, shown in sent]
    if rows:
        connection.execute(_EDIT, rows)


async def since(connection: AsyncConnection, day: date, most_edits: int, before: datetime) -> list[Post]:
    """The posts of the digests of ``day`` and later that were edited less than ``most_edits`` times, and not since
    ``before``, but for those of which an edit is not sent; the oldest first."""
    edit = deliveries.alias()
    unsent = exists().where(
        edit.c.target == deliveries.c.target,
        edit.c.target_id == deliveries.c.target_id,
        edit.c.kind == DeliveryKind.EDIT,
        edit.c.digest_date == deliveries.c.digest_date,
        edit.c.state != DeliveryState.SENT,
    )
    statement = _POSTS.where(
        deliveries.c.digest_date >= day, posts.c.edits < most_edits, posts.c.shown_at <= before, ~unsent
    ).order_by(deliveries.c.digest_date, deliveries.c.id)
    return [_post(row) for row in (await connection.execute(statement)).mappings()]


async def of_channels(connection: AsyncConnection, channel_ids: Sequence[int], day: date) -> dict[int, list[Post]]:
    """The posts of the digests of ``day`` and later in channels, the newest first."""
    statement = _POSTS.where(deliveries.c.target_id.in_(channel_ids), deliveries.c.digest_date >= day)
    found: dict[int, list[Post]] = {}
    for row in (await connection.execute(statement.order_by(deliveries.c.digest_date.desc()))).mappings():
        found.setdefault(row["target_id"], []).append(_post(row))
    return found


def _post(row: RowMapping) -> Post:
    papers = tuple((arxiv_id, votes) for arxiv_id, votes in row["shown"])
    return Post(
        row["delivery_id"],
        row["target_id"],
        row["digest_date"],
        row["channel_id"],
        row["message_id"],
        row["posted_at"],
        Shown(papers, tuple(row["riser"]) if row["riser"] else None),
        row["shown_at"],
        row["edits"],
    )
