"""Channels and digests to plan with."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import text

from bot.schedule import next_post_at
from storage import channels, schema, targets
from storage.database import Database
from storage.models import Channel, Delivery
from tests.storage import ledger
from tests.storage.ledger import CHANNEL
from tests.storage.support import digest, paper, store


def at(text: str) -> datetime:
    """A moment, as "2024-06-21 09:00", in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def bring(database: Database, day: date, votes: int | None = 20) -> None:
    """A digest of one paper comes in."""
    store(database, digest(day, (paper(f"{day:%y%m}.{day:%d}001", f"Of {day}"), votes)))


async def set_up(
    database: Database, channel_id: int, now: datetime, zone: str = "UTC", wall: time = time(9), **changes: Any
) -> Channel:
    """A channel, set up at ``now``."""
    post_at = next_post_at(now, wall, zone)
    made = ledger.channel(channel_id, 1, post_at, timezone=zone, wall_time=wall, **changes)
    async with database.write() as connection:
        await channels.keep(connection, made)
        await targets.keep(connection, CHANNEL, channel_id, 1)
    return made


async def channel(database: Database, channel_id: int = 1) -> Channel:
    async with database.read() as connection:
        found = await channels.get(connection, channel_id)
    assert found is not None
    return found


async def planned(database: Database, channel_id: int = 1) -> list[Delivery]:
    return sorted(await ledger.held(database, (CHANNEL, channel_id)), key=lambda one: one.id)


async def planned_days(database: Database, channel_id: int = 1) -> list[date]:
    """The digests in the ledger for a channel, in the order they were put there."""
    return [one.digest_date for one in await planned(database, channel_id)]


async def empty_it(database: Database) -> None:
    """Removes all rows."""
    async with database.write() as connection:
        for table in reversed(schema.metadata.sorted_tables):
            await connection.execute(table.delete())
        for index in ("paper_words", "paper_titles", "paper_names", "author_names"):
            await connection.execute(text(f"INSERT INTO {index} ({index}) VALUES ('delete-all')"))  # noqa: S608
