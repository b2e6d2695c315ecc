"""What is known of servers and people, apart from the papers: for a database that goes from one Discord to another."""

from __future__ import annotations

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.schema import channels, deliveries, subscriptions, synced_commands


async def known(connection: AsyncConnection) -> bool:
    """Whether a channel has a daily post, or anybody follows anything."""
    statement = select(or_(exists(select(channels.c.channel_id)), exists(select(subscriptions.c.id))))
    return bool((await connection.execute(statement)).scalar())


async def forget(connection: AsyncConnection) -> None:
    """Keeps the papers alone."""
    for table in (channels, subscriptions, deliveries, synced_commands):
        await connection.execute(delete(table))
