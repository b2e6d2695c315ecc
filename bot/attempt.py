"""One try of one delivery: look whether it is there already, open the direct messages, send."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import discord
from discord.http import MultipartParameters

from bot import refusals
from bot.composing import Composed, Message
from bot.errors import DatabaseError
from bot.pace import Pace, doubts
from bot.reconciliation import NONCE_WINDOW, Unseen, look
from storage import deliveries, targets
from storage.database import Database
from storage.models import Delivery, DeliveryKind, DeliveryState, Reason, Subscriber
from storage.outcomes import Outcome

log = logging.getLogger(__name__)

_LONGEST_SECONDS = 60
"""For a request with all that discord.py tries again; a try that hangs would keep others waiting."""


class Attempt:
    """A try of a delivery that is claimed. ``run`` raises nothing: each end is an :class:`Outcome`. What was planned
    longer ago than ``news`` is not sent any more."""

    def __init__(
        self,
        client: discord.Client,
        database: Database,
        pace: Pace,
        now: Callable[[], datetime],
        news: timedelta,
        delivery: Delivery,
    ) -> None:
        self._client = client
        self._database = database
        self._pace = pace
        self._delivery = delivery
        self._is_edit = delivery.kind is DeliveryKind.EDIT
        claimed_at = delivery.claimed_at or delivery.updated_at
        # A claim of now is this try's own; an earlier one was never confirmed. An edit that is made twice shows the
        # same: nothing is looked for.
        begun_before = claimed_at != delivery.updated_at and not self._is_edit
        self._begun_at = claimed_at if begun_before else None
        self._now = now
        self._news = news
        self._sending = False

    async def run(self, composed: Composed) -> Outcome:
        """Tries, and tells what came of it."""
        try:
            return await self._run(composed)
        except discord.HTTPException as error:
            return await self._after(error)
        except discord.RateLimited as error:
            # It was not asked of Discord at all.
            if self._begun_at or doubts.get([]):
                return self._unknown(refusals.why(error))
            return Outcome(self._delivery, DeliveryState.FAILED, Reason.UNREACHED, refusals.why(error))
        except asyncio.CancelledError:
            if not self._uncertain:
                return Outcome(self._delivery, DeliveryState.PLANNED)
            return self._unknown("the bot was stopped")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return self._not_reached(refusals.why(error))
        except DatabaseError as error:
            # Its sentence says all that a trace would.
            log.error("a delivery was not begun: %s", error, extra={"delivery": self._delivery.id})
            return self._not_reached(refusals.why(error))
        except Exception as error:
            log.exception("a delivery has failed", extra={"delivery": self._delivery.id})
            return self._not_reached(refusals.why(error))

    @property
    def _uncertain(self) -> bool:
        """Whether its message may be there."""
        return self._sending or self._begun_at is not None

    async def _run(self, composed: Composed) -> Outcome:
        delivery = self._delivery
        channel_id = await self._known_channel()
        if channel_id is None:
            self._begun_at = None  # Nothing can have been sent.
        elif self._begun_at and not self._nonce_holds(self._begun_at):
            seen = await look(self._client, delivery, channel_id, self._begun_at, self._pace.request)
            if isinstance(seen, int):
                shown = composed.shown if isinstance(composed, Message) else None
                return Outcome(delivery, DeliveryState.SENT, channel_id=channel_id, message_id=seen, shown=shown)
            if seen is Unseen.UNREADABLE:
                return Outcome(delivery, DeliveryState.SET_ASIDE, Reason.UNCONFIRMED)
            if seen is Unseen.NOT_YET:
                return self._unknown("the bot does not know its permissions yet")
            self._begun_at = None
        if self._begun_at is None and self._now() - delivery.planned_at > self._news:
            return Outcome(delivery, DeliveryState.EXPIRED, Reason.TOO_OLD)
        if composed is Reason.NOT_DRAWN:
            return self._unknown("") if self._begun_at else Outcome(delivery, DeliveryState.FAILED, Reason.NOT_DRAWN)
        if isinstance(composed, Reason):
            return Outcome(delivery, DeliveryState.EXPIRED, composed)
        channel_id = channel_id or await self._opened_channel()
        if channel_id is None:
            return Outcome(delivery, DeliveryState.EXPIRED, Reason.WITHDRAWN)
        await self._pace.request()
        if self._pace.refusals.must_wait():
            return self._unknown("held") if self._begun_at else Outcome(delivery, DeliveryState.PLANNED)
        self._sending = True
        doubts.set([])
        async with asyncio.timeout(_LONGEST_SECONDS):
            message_id = await self._send(channel_id, composed)
        sent = DeliveryState.SENT
        return Outcome(delivery, sent, channel_id=channel_id, message_id=message_id, shown=composed.shown)

    async def _send(self, channel_id: int, message: Message) -> int:
        # By discord.py's own client of HTTP: send() would put the message together once more, and read all of it back.
        http = self._client.http
        if self._is_edit and self._delivery.message_id:
            await http.edit_message(channel_id, self._delivery.message_id, params=_parameters(message.payload))
            return self._delivery.message_id
        # The same delivery again gives the same message.
        payload = message.payload | {"nonce": self._delivery.nonce, "enforce_nonce": True}
        made = await http.send_message(channel_id, params=_parameters(payload))
        return int(made["id"])

    def _nonce_holds(self, begun_at: datetime) -> bool:
        """Whether Discord surely remembers the nonce. Of a claim from the future (the clock was set back) nobody knows
        how old it is."""
        passed = (self._now() - begun_at).total_seconds()
        return 0 <= passed < NONCE_WINDOW.total_seconds()

    async def _known_channel(self) -> int | None:
        """The Discord channel, where it is known. Where it is not, nothing can have been sent."""
        delivery = self._delivery
        if delivery.target is Subscriber.CHANNEL:
            return delivery.target_id
        async with self._database.read() as connection:
            known = await targets.dm_channels(connection, [delivery.target_id])
        return known.get(delivery.target_id)

    async def _opened_channel(self) -> int | None:
        """The channel of the person's direct messages; None where they were forgotten while it was opened."""
        user_id = self._delivery.target_id
        await self._pace.request()
        channel = await self._client.create_dm(discord.Object(user_id))
        async with self._database.write() as connection:
            if await deliveries.get(connection, self._delivery.id) is None:
                return None
            await targets.set_dm_channel(connection, user_id, channel.id)
        return channel.id

    async def _after(self, error: discord.HTTPException) -> Outcome:
        refused, why = refusals.target_refused(error), refusals.why(error)
        if not refusals.is_certain(error):
            return self._not_reached(why)
        if self._begun_at or (self._sending and doubts.get()):
            # This request made no message; one before it may have. That is looked for when the nonce is forgotten.
            return self._unknown(why)
        if self._is_edit and refusals.edit_refused(error):
            return Outcome(self._delivery, DeliveryState.EXPIRED, Reason.REFUSED, why)
        if refused in (Reason.CHANNEL_GONE, Reason.NO_ACCESS) and self._delivery.target is Subscriber.USER:
            # The channel of their direct messages, that is; there is another one, also where it is another bot's.
            async with self._database.write() as connection:
                await targets.set_dm_channel(connection, self._delivery.target_id, None)
        if refused is Reason.CHANNEL_GONE and self._delivery.target is Subscriber.USER:
            return Outcome(self._delivery, DeliveryState.FAILED, Reason.REFUSED, why)
        if refused:
            return Outcome(self._delivery, DeliveryState.SET_ASIDE, refused, why, refused=refused)
        return Outcome(self._delivery, DeliveryState.FAILED, Reason.REFUSED, why)

    def _not_reached(self, why: str) -> Outcome:
        if self._uncertain:
            return self._unknown(why)
        return Outcome(self._delivery, DeliveryState.FAILED, Reason.UNREACHED, why)

    def _unknown(self, why: str) -> Outcome:
        return Outcome(self._delivery, DeliveryState.CLAIMED, Reason.UNREACHED, why)


def _parameters(payload: dict[str, Any]) -> MultipartParameters:
    return MultipartParameters(payload=payload, multipart=None, files=None)
