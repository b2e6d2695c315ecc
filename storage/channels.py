"""Channels with a daily post."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import delete, not_, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.models import Channel
from storage.schema import channels


async def keep(connection: AsyncConnection, channel: Channel) -> None:
    """Sets a channel up, or changes how it is set up; what was posted last is not forgotten."""
    values = {
        "channel_id": channel.channel_id,
        "guild_id": channel.guild_id,
        "wall_time": channel.wall_time.strftime("%H:%M"),
        "timezone": channel.timezone,
        "top": channel.top,
        "min_votes": channel.min_votes,
        "language": channel.language,
        "paused": channel.paused,
        "next_post_at": channel.next_post_at.astimezone(UTC).replace(tzinfo=None),
    }
    statement = insert(channels).values(**values).on_conflict_do_update(index_elements=["channel_id"], set_=values)
    await connection.execute(statement)


async def get(connection: AsyncConnection, channel_id: int) -> Channel | None:
    """One channel; None where it has no daily post."""
    row = (await connection.execute(select(channels).where(channels.c.channel_id == channel_id))).mappings().first()
    return _channel(row) if row else None


async def of_guild(connection: AsyncConnection, guild_id: int) -> list[Channel]:
    """The channels of a server, in the order of their ids."""
    statement = select(channels).where(channels.c.guild_id == guild_id).order_by(channels.c.channel_id)
    return [_channel(row) for row in (await connection.execute(statement)).mappings()]


async def due(connection: AsyncConnection, now: datetime) -> list[Channel]:
    """The channels whose posting time has come, the longest waiting first."""
    statement = (
        select(channels)
        .where(not_(channels.c.paused), channels.c.next_post_at <= now.astimezone(UTC).replace(tzinfo=None))
        .order_by(channels.c.next_post_at, channels.c.channel_id)
    )
    return [_channel(row) for row in (await connection.execute(statement)).mappings()]


async def set_next_post(connection: AsyncConnection, channel_id: int, at: datetime) -> None:
    """Sets the next posting time."""
    values = {"next_post_at": at.astimezone(UTC).replace(tzinfo=None)}
    await connection.execute(update(channels).where(channels.c.channel_id == channel_id).values(**values))


async def set_posted(connection: AsyncConnection, channel_id: int, day: date) -> None:
    """Notes the newest digest that was posted."""
    await connection.execute(update(channels).where(channels.c.channel_id == channel_id).values(last_posted=day))


async def set_paused(connection: AsyncConnection, channel_id: int, paused: bool, next_post_at: datetime) -> None:
    """Pauses or resumes the daily post."""
    values = {"paused": paused, "next_post_at": next_post_at.astimezone(UTC).replace(tzinfo=None)}
    await connection.execute(update(channels).where(channels.c.channel_id == channel_id).values(**values))


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
        next_post_at=row["next_post_at"].replace(tzinfo=UTC),
        last_posted=row["last_posted"],
    )
