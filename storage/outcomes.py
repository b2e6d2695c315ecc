"""What came of trying deliveries, written into the ledger and noted of their targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import deliveries, targets
from storage.models import Delivery, DeliveryState, Reason, Subscriber

REFUSED_DAYS = {Subscriber.CHANNEL: 1, Subscriber.USER: 3}
"""On how many different days in a row Discord must refuse before a target is set aside. A channel has an admin who is
told; a single refusal of a direct message may be a stray one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try. ``state`` is CLAIMED where nobody knows whether the message is there, and PLANNED where
    nothing was done. ``refused``: why Discord takes nothing for the target at present."""

    delivery: Delivery
    state: DeliveryState
    reason: Reason | None = None
    why: str | None = None
    channel_id: int | None = None
    message_id: int | None = None
    refused: Reason | None = None


async def write(connection: AsyncConnection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Writes outcomes down."""
    sent = [one for one in outcomes if one.state is DeliveryState.SENT]
    if sent:
        messages = [(one.delivery.id, one.channel_id, one.message_id) for one in sent]
        await deliveries.confirm(connection, messages, now)
        await targets.accepted(connection, [(one.delivery.target, one.delivery.target_id) for one in sent])
    for one in outcomes:
        if one.state is not DeliveryState.SENT:
            await _write(connection, one, now)


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 5 s, 20 s, 80 s, … at most 3 hours."""
    return min(timedelta(seconds=5 * 4 ** min(max(attempts - 1, 0), 10)), deliveries.LONGEST_PAUSE)


async def _write(connection: AsyncConnection, one: Outcome, now: datetime) -> None:
    delivery, reason = one.delivery, one.reason or Reason.UNREACHED
    again = now + pause(delivery.attempts)
    if one.state is DeliveryState.PLANNED:
        await deliveries.release(connection, [delivery.id], now)
    elif one.state is DeliveryState.CLAIMED:
        await deliveries.leave_unconfirmed(connection, delivery.id, reason, one.why, again, now)
    elif one.state is DeliveryState.FAILED:
        await deliveries.fail(connection, delivery.id, reason, one.why, again, now)
    elif one.state is DeliveryState.EXPIRED:
        await deliveries.expire(connection, delivery.id, reason, now)
    else:
        await deliveries.set_aside(connection, delivery.id, reason, one.why, now)
    if one.refused:
        key = (delivery.target, delivery.target_id)
        await targets.refuse(connection, *key, one.refused, one.why, now, REFUSED_DAYS[delivery.target])
        # What else is planned for it would only be refused as well; on another day it is tried again.
        await deliveries.set_aside_all(connection, *key, one.refused, now)
