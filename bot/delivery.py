"""One message to one target: claimed in the ledger, sent, confirmed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime

import aiohttp
import discord
from discord import ui

from storage import deliveries
from storage.database import Database
from storage.models import Delivery, DeliveryKind, Subscriber

log = logging.getLogger(__name__)


async def claim(
    database: Database, target: Subscriber, target_id: int, kind: DeliveryKind, day: date, now: datetime
) -> Delivery | None:
    """The delivery, to be sent by the caller; None where it was claimed before."""
    async with database.write() as connection:
        return await deliveries.claim(connection, target, target_id, kind, day, now)


async def send(
    client: discord.Client, database: Database, claimed: Delivery, render: Callable[[str], ui.LayoutView], now: datetime
) -> bool:
    """Sends a claimed delivery and confirms it; ``render`` is given the mark that its ids carry. Whether it was sent;
    what Discord said of one that was not is in the ledger."""
    try:
        view = render(str(claimed.id))
        messageable = await _messageable(client, claimed)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        return await _failed(database, claimed, error, now)
    except Exception as error:
        log.exception("delivery %s cannot be rendered", claimed.id)
        return await _failed(database, claimed, error, now)
    try:
        # discord.py sets enforce_nonce with a nonce: the same delivery again would give the same message.
        message = await messageable.send(view=view, nonce=claimed.nonce)
    except discord.HTTPException as error:
        return await _failed(database, claimed, error, now)
    except (aiohttp.ClientError, OSError) as error:
        # It may have arrived, and only the answer be lost: the claim stays, and nothing is sent twice.
        log.warning("delivery %s to %s %s is not confirmed: %s", claimed.id, claimed.target, claimed.target_id, error)
        return False
    async with database.write() as connection:
        await deliveries.confirm(connection, claimed.id, message.id, now)
    log.info("delivery %s to %s %s sent as %s", claimed.id, claimed.target, claimed.target_id, message.id)
    return True


async def _failed(database: Database, claimed: Delivery, error: Exception, now: datetime) -> bool:
    log.warning("delivery %s to %s %s failed: %s", claimed.id, claimed.target, claimed.target_id, error)
    why = f"{error.code}: {error.text or error.status}" if isinstance(error, discord.HTTPException) else repr(error)
    async with database.write() as connection:
        await deliveries.fail(connection, claimed.id, why, now)
    return False


async def _messageable(client: discord.Client, claimed: Delivery) -> discord.abc.Messageable:
    if claimed.target is Subscriber.CHANNEL:
        return client.get_partial_messageable(claimed.target_id)
    return await client.create_dm(discord.Object(claimed.target_id))
