"""What the owner of the bot is told of its sources: once that one has failed for long, and once that it is back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import deliveries as ledger
from storage import targets
from storage.deliveries import Plan
from storage.models import DeliveryKind, DeliveryState, Notice, Sentence, Subscriber
from storage.schema import deliveries, notices, sources


async def are_due(connection: AsyncConnection, now: datetime, long: timedelta) -> bool:
    """Whether a source has failed for ``long``, or is back, and the owner was not told."""
    return (await connection.execute(_untold(now, long))).first() is not None


async def plan(connection: AsyncConnection, owner_id: int, now: datetime, long: timedelta) -> None:
    """Plans to tell the owner of sources that have failed for ``long``, and of those that are back; one whose direct
    messages are closed is not tried."""
    aside = (await targets.reasons(connection, Subscriber.USER, [owner_id], now)).get(owner_id)
    state = DeliveryState.SET_ASIDE if aside else DeliveryState.PLANNED
    for row in (await connection.execute(_untold(now, long))).mappings().all():
        key = (Subscriber.USER, owner_id, DeliveryKind.NOTICE, now.date())
        same = [deliveries.c[name] == value for name, value in zip(_KEY, key, strict=True)]
        last = (await connection.execute(select(func.max(deliveries.c.part)).where(*same))).scalar()
        part = 0 if last is None else last + 1
        await ledger.plan(connection, [Plan(*key, part, state, aside)], now)
        made = select(deliveries.c.id).where(*same, deliveries.c.part == part)
        told = {
            "delivery_id": (await connection.execute(made)).scalar_one(),
            "source": row["name"],
            "since": row["failing_since"] or row["told_since"],
            "back": row["failing_since"] is None,
            "why": row["why"],
        }
        await connection.execute(notices.insert(), told)
        of_source = update(sources).where(sources.c.name == row["name"])
        await connection.execute(of_source.values(told_since=row["failing_since"]))


async def of(connection: AsyncConnection, delivery_ids: Collection[int]) -> dict[int, Notice]:
    """What deliveries tell of, by their ids."""
    rows = (await connection.execute(select(notices).where(notices.c.delivery_id.in_(delivery_ids)))).mappings()
    return {
        row["delivery_id"]: Notice(
            row["source"],
            row["since"],
            row["back"],
            Sentence(*row["why"]) if row["why"] else None,
        )
        for row in rows
    }


def _untold(now: datetime, long: timedelta) -> Select[Any]:
    before = now - long
    failing = and_(sources.c.failing_since <= before, sources.c.told_since.is_(None))
    back = and_(sources.c.failing_since.is_(None), sources.c.told_since.is_not(None))
    return select(sources).where(or_(failing, back)).order_by(sources.c.name)


_KEY = ("target", "target_id", "kind", "digest_date")
