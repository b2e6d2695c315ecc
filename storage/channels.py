"""Channels with a daily post."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, delete, false, func, not_, or_, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.models import Channel
from storage.schema import channels

FARTHEST = timedelta(hours=50)
"""A posting time is at most so far ahead: a day, an hour of daylight saving, and a day that a zone passes over."""


async def keep(connection: AsyncConnection, channel: Channel) -> None:
    """Sets a channel up, or changes how it is set up; what it was last owed is not forgotten."""
    values = {
        "channel_id": channel.channel_id,
        "guild_id": channel.guild_id,
        "wall_time": channel.wall_time.strftime("%H:%M"),
        "timezone": channel.timezone,
        "top": channel.top,
        "min_votes": channel.min_votes,
        "language": channel.language,
        "paused": channel.paused,
        "next_post_at": channel.next_post_at,
        "late_until": channel.late_until,
    }
    statement = insert(channels).values(**values).on_conflict_do_update(index_elements=["channel_id"], set_=values)
    await connection.execute(statement)


async def get(connection: AsyncConnection, channel_id: int) -> Channel | None:
    """One channel; None where it has no daily post."""
    row = (await connection.execute(select(channels).where(channels.c.channel_id == channel_id))).mappings().first()
    return _channel(row) if row else None


async def count(connection: AsyncConnection) -> int:
    """How many channels have a daily post."""
    number: int = (await connection.execute(select(func.count()).select_from(channels))).scalar_one()
    return number


async def get_all(connection: AsyncConnection, channel_ids: Collection[int]) -> dict[int, Channel]:
    """Channels by their ids; those without a daily post are left out."""
    statement = select(channels).where(channels.c.channel_id.in_(channel_ids))
    return {row["channel_id"]: _channel(row) for row in (await connection.execute(statement)).mappings()}


async def of_guild(connection: AsyncConnection, guild_id: int) -> list[Channel]:
    """The channels of a server, in the order of their ids."""
    statement = select(channels).where(channels.c.guild_id == guild_id).order_by(channels.c.channel_id)
    return [_channel(row) for row in (await connection.execute(statement)).mappings()]


async def due(
    connection: AsyncConnection, now: datetime, newest: date | None, limit: int | None = None
) -> list[Channel]:
    """The channels that are to be looked at, the longest waiting first: their posting time has come; or a digest has,
    that of ``newest``, which did not come in time on this local day; or their times lie farther ahead than they can,
    for the clock was set back."""
    farthest = now + FARTHEST
    late = and_(
        channels.c.late_until > now,
        or_(channels.c.last_planned.is_(None), channels.c.last_planned < newest) if newest else false(),
    )
    astray = or_(channels.c.next_post_at > farthest, channels.c.late_until > farthest)
    statement = (
        select(channels)
        .where(not_(channels.c.paused), or_(channels.c.next_post_at <= now, late, astray))
        .order_by(channels.c.next_post_at, channels.c.channel_id)
        .limit(limit)
    )
    return [_channel(row) for row in (await connection.execute(statement)).mappings()]


async def set_posts(connection: AsyncConnection, planned: Sequence[Channel]) -> None:
    """Sets what of channels a posting time changes: the next one, and what was put into the ledger."""
    if not planned:
        return
    statement = (
        update(channels)
        .where(channels.c.channel_id == bindparam("id"))
        .values(
            {name: bindparam(f"to_{name}") for name in ("next_post_at", "last_planned", "last_post_at", "late_until")}
        )
    )
    rows = [
        {
            "id": one.channel_id,
            "to_next_post_at": one.next_post_at,
            "to_last_planned": one.last_planned,
            "to_last_post_at": one.last_post_at,
            "to_late_until": one.late_until,
        }
        for one in planned
    ]
    await connection.execute(statement, rows)


async def set_paused(connection: AsyncConnection, channel_id: int, paused: bool, next_post_at: datetime) -> None:
    """Pauses or resumes the daily post."""
    values = {"paused": paused, "next_post_at": next_post_at, "late_until": None}
    await connection.execute(update(channels).where(channels.c.channel_id == channel_id).values(**values))


async def skip_pause(connection: AsyncConnection, channel_id: int, newest: date | None) -> None:
    """Where a channel is paused and digests have come meanwhile, up to ``newest``, has it be owed the newest alone, as
    one that was owed none yet: what came in a pause was not missed."""
    if newest:
        of_a_pause = (channels.c.channel_id == channel_id, channels.c.paused, channels.c.last_planned < newest)
        await connection.execute(update(channels).where(*of_a_pause).values(last_planned=None))


async def remove(connection: AsyncConnection, channel_id: int) -> bool:
    """Ends a channel's daily post; whether there was one."""
    result = await connection.execute(delete(channels).where(channels.c.channel_id == channel_id))
    return result.rowcount > 0


def _channel(row: Any) -> Channel:
    return Channel(
        channel_id=row["channel_id"],
        guild_id=row["guild_id"],
        wall_time=time.fromisoformat(row["wall_time"]),
        timezone=row["timezone"],
        top=row["top"],
        min_votes=row["min_votes"],
        language=row["language"],
        paused=row["paused"],
        next_post_at=row["next_post_at"],
        last_planned=row["last_planned"],
        last_post_at=row["last_post_at"],
        late_until=row["late_until"],
    )
