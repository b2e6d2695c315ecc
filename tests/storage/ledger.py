"""Rows of the ledger made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from storage import accounts, claims, deliveries
from storage.database import Database
from storage.deliveries import Plan
from storage.models import Channel, Delivery, DeliveryKind, Subscriber
from tests.storage.support import MONDAY

NOW = datetime(2024, 6, 21, 0, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BIG = 2**63 - 1
CHANNEL, USER = Subscriber.CHANNEL, Subscriber.USER
DAILY, ALERT = DeliveryKind.DAILY, DeliveryKind.ALERT


def channel(channel_id: int = 1, guild_id: int = 1, at: datetime = NOW, **changes: Any) -> Channel:
    made = Channel(channel_id, guild_id, time(9, 5), "Asia/Seoul", 5, 10, "ko", False, at)
    return replace(made, **changes)


def post(target_id: int = 1, day: date = MONDAY, **more: Any) -> Plan:
    """A daily post to a channel."""
    return Plan(CHANNEL, target_id, DAILY, day, **more)


def alert(target_id: int = 1, day: date = MONDAY, part: int = 0, target: Subscriber = CHANNEL, **more: Any) -> Plan:
    return Plan(target, target_id, ALERT, day, part, **more)


async def plan(database: Database, *plans: Plan, now: datetime = NOW) -> None:
    async with database.write() as connection:
        await deliveries.plan(connection, plans, now)


async def claim(database: Database, now: datetime = NOW, claimer: str = "one", **asked: Any) -> list[Delivery]:
    """Claims, for ten minutes; as many as are due."""
    asked = {"limit": 1_000} | asked
    async with database.write() as connection:
        return await connection.run_sync(claims.claim, claimer, now, now + 10 * MINUTE, **asked)


async def claim_one(database: Database, now: datetime = NOW, **asked: Any) -> Delivery:
    (claimed,) = await claim(database, now, **asked)
    return claimed


async def get(database: Database, delivery_id: int) -> Delivery:
    async with database.read() as connection:
        found = await deliveries.get(connection, delivery_id)
    assert found is not None
    return found


async def held(database: Database, *targets: tuple[Subscriber, int]) -> list[Delivery]:
    """All that the ledger holds of targets (of channel 1), the oldest first."""
    found: list[Delivery] = []
    async with database.read() as connection:
        for target, target_id in targets or ((CHANNEL, 1),):
            found += reversed(await accounts.since(connection, target, [target_id], NOW - 10_000 * DAY))
    return found


def keys(found: list[Delivery]) -> list[tuple[Subscriber, int, DeliveryKind, date, int]]:
    return [(one.target, one.target_id, one.kind, one.digest_date, one.part) for one in found]
