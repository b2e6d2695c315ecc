"""Sources: how they are set up, how it is with each, and which versions were fetched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, delete, func, literal, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import votes
from storage.digests import store
from storage.models import Digest, Sentence, SourceState, Version
from storage.papers import LOOKED_UP
from storage.schema import Instant, digests, fetches, sources


async def keep(connection: AsyncConnection, found: Sequence[SourceState]) -> None:
    """Notes which sources there are, and how they are set up; how it is with those that are known stays. Those that
    are gone are forgotten; their digests are not."""
    await connection.execute(delete(sources).where(sources.c.name.not_in([one.name for one in found])))
    statement = upsert(sources)
    statement = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={name: statement.excluded[name] for name in ("language", "attribution")},
    )
    rows = [{"name": one.name, "language": one.language, "attribution": one.attribution} for one in found]
    if rows:
        await connection.execute(statement, rows)


async def all_of_them(connection: AsyncConnection) -> list[SourceState]:
    """The sources, by name."""
    statement = select(sources).where(sources.c.name != LOOKED_UP).order_by(sources.c.name)
    rows = (await connection.execute(statement)).mappings()
    return [
        SourceState(
            row["name"],
            row["language"],
            row["attribution"],
            row["fetched_at"],
            row["failing_since"],
            row["failures"],
            row["retry_at"],
            Sentence(*row["why"]) if row["why"] else None,
        )
        for row in rows
    ]


async def failed(connection: AsyncConnection, name: str, why: Sentence, retry_at: datetime, now: datetime) -> None:
    """Notes that a source has failed once more, why, and when it is asked again."""
    await connection.execute(
        update(sources)
        .where(sources.c.name == name)
        .values(
            failing_since=func.coalesce(sources.c.failing_since, literal(now, Instant)),
            failures=sources.c.failures + 1,
            retry_at=retry_at,
            why=why,
        )
    )


async def answered(connection: AsyncConnection, name: str) -> None:
    """Notes that a source does not fail any more."""
    well = update(sources).where(sources.c.name == name)
    await connection.execute(well.values(failing_since=None, failures=0, retry_at=None, why=None))


async def fetched_days(connection: AsyncConnection, name: str, since: date) -> dict[date, datetime]:
    """When days of a source, from ``since`` on, were last fetched."""
    statement = (
        select(fetches.c.day, func.max(fetches.c.fetched_at))
        .where(fetches.c.source == name, fetches.c.day >= since)
        .group_by(fetches.c.day)
    )
    return {day: at for day, at in await connection.execute(statement)}


async def versions(connection: AsyncConnection, name: str, day: date) -> dict[str, Version]:
    """The versions of a day that are held, by address."""
    statement = select(fetches).where(fetches.c.source == name, fetches.c.day == day)
    rows = (await connection.execute(statement)).mappings()
    return {row["address"]: Version(row["etag"], row["modified"]) for row in rows}


def take(
    connection: Connection,
    name: str,
    day: date,
    found: Iterable[Digest],
    versions: Iterable[tuple[str, Version]],
    now: datetime,
    *,
    grows_for: timedelta | None,
) -> int:
    """Keeps what a source answered for a day: the digests, and the version at each address. A digest that
    grows is ready so long after the beginning of its day in UTC. Returns how many entries changed."""
    changed = 0
    for digest in found:
        stored = store(connection, digest, name)
        votes.note(connection, digest.date, now)
        changed += stored.changed_entries
        if grows_for and digest.date >= now.astimezone(UTC).date():
            this = update(digests).where(digests.c.date == digest.date, digests.c.source == name)
            connection.execute(this.values(ready_at=datetime.combine(digest.date, time(), UTC) + grows_for))
    _set_fetched(connection, name, day, versions, now)
    connection.execute(update(sources).where(sources.c.name == name).values(fetched_at=now))
    return changed


def _set_fetched(
    connection: Connection, name: str, day: date, found: Iterable[tuple[str, Version]], now: datetime
) -> None:
    statement = upsert(fetches)
    statement = statement.on_conflict_do_update(
        index_elements=["source", "address"],
        set_={column: statement.excluded[column] for column in ("fetched_at", "etag", "modified")},
    )
    rows = [
        {
            "source": name,
            "address": address,
            "day": day,
            "fetched_at": now,
            "etag": version.etag,
            "modified": version.modified,
        }
        for address, version in found
    ]
    if rows:
        # A page that the day has no more would be taken for one that it still has.
        gone = delete(fetches).where(fetches.c.source == name, fetches.c.day == day)
        connection.execute(gone.where(fetches.c.address.not_in([row["address"] for row in rows])))
        connection.execute(statement, rows)
