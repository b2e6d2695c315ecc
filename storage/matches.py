"""What alerts tell of: the papers, and the subscriptions that each was found by."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, exists, func, or_, select, tuple_
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.models import DeliveryKind, DeliveryState, Reason, Subscriber
from storage.schema import deliveries, matches, papers, targets

_BATCH = 5_000
"""Values in one statement: SQLite takes 32,766."""


@dataclass(frozen=True, slots=True)
class Found:
    """A paper that a subscription has found, and the alert that is to tell of it."""

    target: Subscriber
    target_id: int
    day: date
    part: int
    arxiv_id: str
    subscription_id: int


async def add(connection: AsyncConnection, day: date, found: Sequence[Found]) -> None:
    """Notes what the alerts of a day, which are in the ledger, are to tell of."""
    paper_ids: dict[str, int] = {}
    arxiv_ids = sorted({one.arxiv_id for one in found})
    for start in range(0, len(arxiv_ids), _BATCH):
        chosen = select(papers.c.arxiv_id, papers.c.id).where(papers.c.arxiv_id.in_(arxiv_ids[start : start + _BATCH]))
        paper_ids |= {arxiv_id: paper_id for arxiv_id, paper_id in await connection.execute(chosen)}
    delivery_ids: dict[tuple[str, int, int], int] = {}
    told = sorted({(one.target.value, one.target_id, one.part) for one in found})
    key = (deliveries.c.target, deliveries.c.target_id, deliveries.c.part)
    for start in range(0, len(told), _BATCH):
        of_day = select(*key, deliveries.c.id).where(
            deliveries.c.kind == DeliveryKind.ALERT,
            deliveries.c.digest_date == day,
            tuple_(*key).in_(told[start : start + _BATCH]),
        )
        delivery_ids |= {(target, who, part): one for target, who, part, one in await connection.execute(of_day)}
    rows = [
        {
            "delivery_id": delivery_ids[one.target.value, one.target_id, one.part],
            "paper_id": paper_ids[one.arxiv_id],
            "subscription_id": one.subscription_id,
        }
        for one in found
        if one.arxiv_id in paper_ids
    ]
    if rows:
        await connection.execute(insert(matches).on_conflict_do_nothing(), rows)


async def of(connection: AsyncConnection, delivery_ids: Collection[int]) -> dict[int, dict[str, list[int]]]:
    """What alerts tell of: by delivery, the arXiv ids with the ids of the subscriptions that found them. What was
    unfollowed since is not there."""
    statement = (
        select(matches.c.delivery_id, papers.c.arxiv_id, matches.c.subscription_id)
        .join(papers)
        .where(matches.c.delivery_id.in_(delivery_ids))
        .order_by(matches.c.delivery_id, matches.c.paper_id, matches.c.subscription_id)
    )
    found: dict[int, dict[str, list[int]]] = {}
    for delivery_id, arxiv_id, subscription_id in await connection.execute(statement):
        found.setdefault(delivery_id, {}).setdefault(arxiv_id, []).append(subscription_id)
    return found


async def last_parts(connection: AsyncConnection, day: date) -> dict[tuple[Subscriber, int], tuple[int, bool]]:
    """The last alert of a day to each target, and whether it surely was not sent yet. One that was set aside waits as
    long as its target is refused: whoever is delivered to again is told of what is new."""
    refused = exists().where(
        targets.c.target == deliveries.c.target,
        targets.c.target_id == deliveries.c.target_id,
        targets.c.reason.is_not(None),
    )
    unsent = or_(
        deliveries.c.state.in_([DeliveryState.PLANNED.value, DeliveryState.FAILED.value]),
        and_(deliveries.c.state == DeliveryState.SET_ASIDE, deliveries.c.reason != Reason.UNCONFIRMED, refused),
    )
    statement = (
        select(deliveries.c.target, deliveries.c.target_id, func.max(deliveries.c.part), unsent)
        .where(deliveries.c.kind == DeliveryKind.ALERT, deliveries.c.digest_date == day)
        .group_by(deliveries.c.target, deliveries.c.target_id)
    )
    # SQLite gives the other columns of the row that holds the maximum (https://www.sqlite.org/lang_select.html).
    return {
        (Subscriber(target), target_id): (part, bool(waits))
        for target, target_id, part, waits in await connection.execute(statement)
    }
