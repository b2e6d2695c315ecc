"""What came of trying deliveries, written into the ledger and noted of their targets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from storage import claims, deliveries, posts, targets
from storage.models import Delivery, DeliveryKind, DeliveryState, Reason, Shown, Subscriber

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
    shown: Shown | None = None
    """What a daily post shows, or does after its edit."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be claimed: see :func:`storage.claims.claim`; ``lasts`` is for how long."""

    claimer: str
    lasts: timedelta
    limit: int
    only: int | None
    but: Collection[int]


def settle(connection: Connection, ended: Sequence[Outcome], more: Claim, now: datetime) -> list[Delivery]:
    """Writes outcomes down, and claims more: what follows them to the same target is due then."""
    write(connection, ended, now)
    if not more.limit:
        return []
    return claims.claim(connection, more.claimer, now, now + more.lasts, limit=more.limit, only=more.only, but=more.but)


def write(connection: Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Writes outcomes down."""
    sent = [one for one in outcomes if one.state is DeliveryState.SENT]
    if sent:
        messages = [(one.delivery.id, one.channel_id, one.message_id) for one in sent]
        deliveries.confirm(connection, messages, now)
        made = [one for one in sent if one.delivery.kind is not DeliveryKind.EDIT]
        edits = [one for one in sent if one.delivery.kind is DeliveryKind.EDIT]
        posts.keep(connection, [(one.delivery.id, one.shown) for one in made if one.shown], now)
        shown = [(one.delivery.target_id, one.delivery.digest_date, one.shown) for one in edits if one.shown]
        posts.edited(connection, shown, now)
        # That a message may be edited does not tell whether one may be sent.
        targets.accepted(connection, [(one.delivery.target, one.delivery.target_id) for one in made])
    for one in outcomes:
        if one.state is not DeliveryState.SENT:
            _write(connection, one, now)


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 5 s, 20 s, 80 s, … at most 3 hours."""
    return min(timedelta(seconds=5 * 4 ** min(max(attempts - 1, 0), 10)), deliveries.LONGEST_PAUSE)


def _write(connection: Connection, one: Outcome, now: datetime) -> None:
    delivery, reason = one.delivery, one.reason or Reason.UNREACHED
    again = now + pause(delivery.attempts)
    if one.state is DeliveryState.PLANNED:
        claims.release(connection, [delivery.id], now)
    elif one.state is DeliveryState.CLAIMED:
        deliveries.leave_unconfirmed(connection, delivery.id, reason, one.why, again, now)
    elif one.state is DeliveryState.FAILED:
        deliveries.fail(connection, delivery.id, reason, one.why, again, now)
    elif one.state is DeliveryState.EXPIRED:
        deliveries.expire(connection, delivery.id, reason, now, why=one.why)
    else:
        deliveries.set_aside(connection, delivery.id, reason, one.why, now)
    if one.refused:
        key = (delivery.target, delivery.target_id)
        targets.refuse(connection, *key, one.refused, one.why, now, REFUSED_DAYS[delivery.target])
        # What else is planned for it would only be refused as well; on another day it is tried again.
        deliveries.set_aside_all(connection, *key, one.refused, now)
