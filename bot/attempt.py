"""One try of one delivery: look whether it is there already, open the direct messages, send."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

import aiohttp
import discord

from bot import refusals
from bot.composing import Composed
from bot.pace import Pace
from bot.reconciliation import NONCE_WINDOW, Unseen, look
from storage import deliveries, targets
from storage.database import Database
from storage.models import Delivery, DeliveryState, Reason, Subscriber
from storage.outcomes import Outcome

log = logging.getLogger(__name__)


class Attempt:
    """A try of a delivery that is claimed. ``run`` raises nothing: each end is an :class:`Outcome`."""

    def __init__(
        self,
        client: discord.Client,
        database: Database,
        pace: Pace,
        now: Callable[[], datetime],
        delivery: Delivery,
    ) -> None:
        self._client = client
        self._database = database
        self._pace = pace
        self._delivery = delivery
        claimed_at = delivery.claimed_at or delivery.updated_at
        # A claim of now is this try's own; an earlier one was never confirmed.
        self._begun_at = claimed_at if claimed_at != delivery.updated_at else None
        self._now = now
        self._sending = False

    async def run(self, composed: Composed) -> Outcome:
        """Tries, and tells what came of it."""
        try:
            return await self._run(composed)
        except discord.HTTPException as error:
            return self._after(error)
        except asyncio.CancelledError:
            if not self._uncertain:
                return Outcome(self._delivery, DeliveryState.PLANNED)
            return self._unknown("the bot was stopped")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
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
        if self._begun_at and channel_id and not self._nonce_holds(self._begun_at):
            seen = await look(self._client, delivery, channel_id, self._begun_at, self._pace.request)
            if isinstance(seen, int):
                return Outcome(delivery, DeliveryState.SENT, channel_id=channel_id, message_id=seen)
            if seen is Unseen.UNREADABLE:
                return Outcome(delivery, DeliveryState.SET_ASIDE, Reason.UNCONFIRMED)
            if seen is Unseen.NOT_YET:
                return self._unknown("the bot does not know its permissions yet")
            self._begun_at = None
        if composed is Reason.NOT_DRAWN:
            return self._unknown("") if self._uncertain else Outcome(delivery, DeliveryState.FAILED, Reason.NOT_DRAWN)
        if isinstance(composed, Reason):
            return Outcome(delivery, DeliveryState.EXPIRED, composed)
        channel_id = channel_id or await self._opened_channel()
        if channel_id is None:
            return Outcome(delivery, DeliveryState.EXPIRED, Reason.WITHDRAWN)
        await self._pace.request()
        if self._pace.refusals.must_wait():
            return self._unknown("held") if self._uncertain else Outcome(delivery, DeliveryState.PLANNED)
        self._sending = True
        # discord.py sets enforce_nonce with a nonce: the same delivery again gives the same message.
        message = await self._client.get_partial_messageable(channel_id).send(view=composed, nonce=delivery.nonce)
        return Outcome(delivery, DeliveryState.SENT, channel_id=channel_id, message_id=message.id)

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

    def _after(self, error: discord.HTTPException) -> Outcome:
        if not refusals.is_certain(error):
            return self._not_reached(refusals.why(error))
        refused, why = refusals.target_refused(error), refusals.why(error)
        if refused:
            # This request made no message; an earlier one may have.
            reason = Reason.UNCONFIRMED if self._begun_at else refused
            return Outcome(self._delivery, DeliveryState.SET_ASIDE, reason, why, refused=refused)
        if self._begun_at:
            return self._unknown(why)
        return Outcome(self._delivery, DeliveryState.FAILED, Reason.REFUSED, why)

    def _not_reached(self, why: str) -> Outcome:
        if self._uncertain:
            return self._unknown(why)
        return Outcome(self._delivery, DeliveryState.FAILED, Reason.UNREACHED, why)

    def _unknown(self, why: str) -> Outcome:
        return Outcome(self._delivery, DeliveryState.CLAIMED, Reason.UNREACHED, why)
