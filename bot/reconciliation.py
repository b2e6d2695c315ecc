"""Whether a message is there that was begun and never confirmed: its channel is read for the delivery's mark."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

import discord

from bot import custom_ids
from storage.models import Delivery, Subscriber

NONCE_WINDOW = timedelta(minutes=1)
"""How long a second sending with the same nonce surely makes no second message. Discord says "the past few minutes"."""

_PAGES = 10
_PAGE = 100
_MARGIN = timedelta(hours=1)
"""How far this machine's clock may be from Discord's."""


class Unseen(Enum):
    """Why a message was not found."""

    ABSENT = auto()
    """It is not there."""
    UNREADABLE = auto()
    """The channel cannot be read, or not far enough back."""
    NOT_YET = auto()
    """The bot does not know its permissions yet."""


async def look(
    client: discord.Client,
    delivery: Delivery,
    channel_id: int,
    since: datetime,
    before_each: Callable[[], Awaitable[None]],
) -> int | Unseen:
    """The id of the delivery's message in a channel, or why there is none. ``since``: when it was begun;
    ``before_each`` is awaited before each request.

    Raises:
        discord.HTTPException, aiohttp.ClientError, OSError: Discord cannot be asked at the moment.
    """
    channel = client.get_partial_messageable(channel_id)
    own_id = client.user.id if client.user else client.application_id
    last: discord.Message | None = None
    for _ in range(_PAGES):
        await before_each()
        try:
            page = [message async for message in channel.history(limit=_PAGE, before=last)]
        except (discord.Forbidden, discord.NotFound):
            return Unseen.UNREADABLE
        for message in page:
            if message.author.id == own_id and delivery.mark in _marks(message.components):
                return message.id
        if last is None and not page:
            # Without the permission to read them, Discord says that there are no messages.
            return _nothing(client, delivery, channel_id)
        if len(page) < _PAGE or page[-1].created_at < since - _MARGIN:
            return Unseen.ABSENT
        last = page[-1]
    return Unseen.UNREADABLE


def _nothing(client: discord.Client, delivery: Delivery, channel_id: int) -> Unseen:
    if delivery.target is Subscriber.USER:
        return Unseen.ABSENT
    channel = client.get_channel(channel_id)
    if isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        may = channel.permissions_for(channel.guild.me)
        return Unseen.ABSENT if may.view_channel and may.read_message_history else Unseen.UNREADABLE
    return Unseen.UNREADABLE if client.is_ready() else Unseen.NOT_YET


def _marks(components: Iterable[Any]) -> Iterator[str]:
    for component in components:
        custom_id = getattr(component, "custom_id", None) or ""
        if match := custom_ids.SUMMARY.fullmatch(custom_id) or custom_ids.SOURCES.fullmatch(custom_id):
            yield match["mark"]
        yield from _marks(getattr(component, "children", ()))
