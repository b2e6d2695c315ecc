"""Subscriptions: the keywords and authors that people and channels follow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.query import Query
from storage.models import Follows, Subscriber, Subscription
from storage.schema import anchors, subscriptions
from storage.sqlite import as_json, driver_sql

_BATCH = 10_000
"""Values in one statement: SQLite takes 32,766."""
_HANG = insert(anchors).on_conflict_do_nothing()
_HELD = "CREATE TEMP TABLE held (anchor TEXT PRIMARY KEY, papers INTEGER NOT NULL) WITHOUT ROWID"
_HOLD = "INSERT INTO held (anchor, papers) VALUES (?, ?)"
# In this order: of the papers' anchors there are some ten thousand, however much is followed.
_HUNG_ON = """
SELECT kind, normal, text, held.papers & other.papers
FROM held CROSS JOIN anchors ON anchors.anchor = held.anchor CROSS JOIN held AS other ON other.anchor = anchors.second
WHERE held.papers & other.papers
"""
# Once for all: there are hundreds, and SQLAlchemy takes longer over a statement than SQLite over the rows of one.
_FOLLOWERS = """
SELECT subscriptions.* FROM json_each(?) AS followed CROSS JOIN subscriptions
ON kind = json_extract(followed.value, '$[0]') AND normal = json_extract(followed.value, '$[1]')
ORDER BY subscriptions.id
"""
MOST_AT_ONCE = 60
"""Papers that are looked at together: each is a bit of an integer of SQLite's."""


async def add(
    connection: AsyncConnection,
    subscriber: Subscriber,
    subscriber_id: int,
    kind: Follows,
    query: Query,
    language: str,
) -> Subscription | None:
    """Follows what a query finds; None where the same is followed already."""
    values = {
        "subscriber": subscriber,
        "subscriber_id": subscriber_id,
        "kind": kind,
        "text": query.text,
        "normal": query.normal,
        "language": language,
    }
    statement = insert(subscriptions).values(**values).on_conflict_do_nothing().returning(subscriptions)
    row = (await connection.execute(statement)).mappings().first()
    if not row:
        return None
    await connection.run_sync(hang, kind, query)
    return _subscription(row)


def hang(connection: Connection, kind: Follows, query: Query) -> None:
    """Has new papers find what is followed."""
    hang_all(connection, [(kind, query)])


def hang_all(connection: Connection, followed: Iterable[tuple[Follows, Query]]) -> None:
    """Has new papers find what is followed, many at once."""
    rows = [
        (anchor, second, kind.value, query.normal, query.text)
        for kind, query in followed
        for anchor, second in query.anchors
    ]
    if rows:
        connection.exec_driver_sql(driver_sql(_HANG), rows)


def hung_on(
    connection: Connection, held: Sequence[Collection[str]]
) -> dict[tuple[Follows, str], tuple[str, list[int]]]:
    """What may find one of at most ``MOST_AT_ONCE`` papers with these anchors, by kind and normal form: its text, and
    the papers by their places in ``held``. Each is looked at once, however many follow it."""
    # What hangs on one anchor alone has an empty second one, which all have.
    papers = {"": -1}
    for place, anchors_of_one in enumerate(held):
        for anchor in anchors_of_one:
            papers[anchor] = papers.get(anchor, 0) | 1 << place
    connection.exec_driver_sql(_HELD)
    try:
        connection.exec_driver_sql(_HOLD, sorted(papers.items()))
        found: dict[tuple[str, str], tuple[str, int]] = {}
        for kind, normal, text, bits in connection.exec_driver_sql(_HUNG_ON):
            _, before = found.get((kind, normal), (text, 0))
            found[kind, normal] = (text, before | bits)
    finally:
        connection.exec_driver_sql("DROP TABLE held")
    return {
        (Follows(kind), normal): (text, [place for place in range(len(held)) if bits >> place & 1])
        for (kind, normal), (text, bits) in found.items()
    }


def followers(
    connection: Connection, followed: Iterable[tuple[Follows, str]]
) -> dict[tuple[Follows, str], list[Subscription]]:
    """All subscriptions to each of these, by kind and normal form."""
    found: dict[tuple[Follows, str], list[Subscription]] = {}
    for row in connection.exec_driver_sql(_FOLLOWERS, (as_json(list(followed)),)).mappings():
        one = _subscription(row)
        found.setdefault((one.kind, one.normal), []).append(one)
    return found


async def of(connection: AsyncConnection, subscriber: Subscriber, subscriber_ids: Sequence[int]) -> list[Subscription]:
    """What these people or channels follow, in the order they began."""
    statement = (
        select(subscriptions)
        .where(subscriptions.c.subscriber == subscriber, subscriptions.c.subscriber_id.in_(subscriber_ids))
        .order_by(subscriptions.c.id)
    )
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
