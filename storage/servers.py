"""Servers, channels and people that come, go and come back; and a database that goes from one Discord to another."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import channels, deliveries, subscriptions, targets
from storage.models import Reason, Subscriber
from storage.schema import channels as channel_rows
from storage.schema import deliveries as delivery_rows
from storage.schema import subscriptions as subscription_rows
from storage.schema import synced_commands
from storage.schema import targets as target_rows

FORGOTTEN_AFTER = timedelta(days=30)
"""A server that the bot was removed from is forgotten then, and a channel that is gone: nobody can name it any more."""
LEDGER_KEPT = timedelta(days=90)
"""How long the ledger keeps what is over."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was held of somebody."""

    subscriptions: int
    deliveries: int


async def known(connection: AsyncConnection) -> bool:
    """Whether a channel has a daily post, or anybody follows anything."""
    statement = select(or_(exists(select(channel_rows.c.channel_id)), exists(select(subscription_rows.c.id))))
    return bool((await connection.execute(statement)).scalar())


async def forget_all(connection: AsyncConnection) -> None:
    """Keeps the papers alone."""
    for table in (channel_rows, subscription_rows, delivery_rows, target_rows, synced_commands):
        await connection.execute(delete(table))


async def forget_channel(connection: AsyncConnection, channel_id: int) -> None:
    """Forgets a channel: its daily post, what it follows, what it was sent."""
    await channels.remove(connection, channel_id)
    await _forget(connection, Subscriber.CHANNEL, channel_id)


async def forget_person(connection: AsyncConnection, user_id: int) -> Forgotten:
    """Forgets a person: what they follow, what they were sent, the channel of their direct messages."""
    return await _forget(connection, Subscriber.USER, user_id)


async def leave(connection: AsyncConnection, guild_id: int, now: datetime) -> None:
    """Notes that the bot was removed from a server."""
    await targets.leave(connection, guild_id, now)
    for target in await targets.of_guild(connection, guild_id):
        await connection.run_sync(deliveries.set_aside_all, target.target, target.target_id, Reason.SERVER_LEFT, now)


async def come_back(connection: AsyncConnection, guild_id: int, since: datetime, now: datetime) -> None:
    """Takes up the channels of a server that the bot was added to again, with what was planned after ``since``."""
    left = [one for one in await targets.of_guild(connection, guild_id) if one.reason is Reason.SERVER_LEFT]
    await targets.come_back(connection, guild_id)
    for target in left:
        await deliveries.plan_set_aside_again(connection, target.target, target.target_id, since, now)


async def are(connection: AsyncConnection, guild_ids: Collection[int], since: datetime, now: datetime) -> None:
    """Notes which servers the bot is in: it may have been removed, or have come back, while it did not run."""
    for guild_id, left in (await targets.guilds(connection)).items():
        if guild_id not in guild_ids and not left:
            await leave(connection, guild_id, now)
        elif guild_id in guild_ids and left:
            await come_back(connection, guild_id, since, now)


async def tidy(connection: AsyncConnection, now: datetime) -> None:
    """Forgets the servers that the bot was removed from and the channels that were gone long ago, and what the ledger
    holds of long ago."""
    for channel_id in await targets.gone_before(connection, now - FORGOTTEN_AFTER):
        await forget_channel(connection, channel_id)
    await deliveries.remove_before(connection, now - LEDGER_KEPT)


async def _forget(connection: AsyncConnection, target: Subscriber, target_id: int) -> Forgotten:
    held = len(await subscriptions.of(connection, target, [target_id]))
    await subscriptions.remove_all(connection, target, target_id)
    sent = await deliveries.remove_all(connection, target, target_id)
    await targets.remove(connection, target, target_id)
    return Forgotten(held, sent)
