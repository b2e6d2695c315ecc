"""How many deliveries the sender has in hand, and how often it writes to the ledger."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot import delivery
from bot.delivery import Sender
from bot.pace import Pace
from storage.database import Database
from storage.deliveries import Plan
from storage.models import DeliveryKind, DeliveryState, Reason
from tests.storage.ledger import CHANNEL, USER, alert, claim, held, plan, post
from tests.storage.support import MONDAY, TUESDAY


class Discord:
    """Takes messages, when it is told to."""

    def __init__(self) -> None:
        self.http = SimpleNamespace(send_message=self._send)
        self.open = asyncio.Event()
        self.asked: list[int] = []
        self.opened = 0

    async def create_dm(self, person: Any) -> Any:
        self.opened += 1
        return person

    async def _send(self, channel_id: int, *, params: Any) -> dict[str, str]:
        self.asked.append(channel_id)
        await self.open.wait()
        return {"id": "1"}


async def sender(database: Database, discord: Discord, monkeypatch: pytest.MonkeyPatch, posts: int) -> Sender:
    async def compose(_self: object, batch: Any) -> dict[int, Any]:
        return {one.id: SimpleNamespace(payload={}, shown=None) for one in batch}

    monkeypatch.setattr(delivery.Composer, "compose", compose)
    await plan(database, *(post(number) for number in range(1, posts + 1)), now=datetime.now(UTC))
    return Sender(discord, database, Pace(None, 9), lambda: datetime.now(UTC), timedelta(days=1))  # type: ignore[arg-type]


async def test_few_are_in_hand_also_where_one_is_asked_for(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    discord = Discord()
    monkeypatch.setattr(delivery, "_WRITE_SECONDS", 0.01)
    one = await sender(database, discord, monkeypatch, 150)
    (last,) = await held(database, (CHANNEL, 150))
    sending = asyncio.create_task(one.send_due())
    while len(discord.asked) < 100:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)
    asked = asyncio.create_task(one.send_now(last.id))
    while len(discord.asked) < 101:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)
    # Some turns in which more would be begun.
    await asyncio.sleep(0.1)
    assert len(discord.asked) == 101
    discord.open.set()
    await asyncio.gather(sending, asked)
    assert sorted(discord.asked) == list(range(1, 151))


async def test_a_round_is_a_few_transactions(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    discord = Discord()
    discord.open.set()
    # Not by the time that it takes.
    monkeypatch.setattr(delivery, "_WRITE_SECONDS", 3600)
    one = await sender(database, discord, monkeypatch, 250)
    written, change = 0, database.change

    async def counted(*given: Any) -> Any:
        nonlocal written
        written += 1
        return await change(*given)

    monkeypatch.setattr(database, "change", counted)
    await one.send_due()
    assert len(discord.asked) == 250
    assert written <= 5
    assert [one.state for one in await held(database, *((CHANNEL, number) for number in (1, 250)))] == [
        DeliveryState.SENT
    ] * 2


async def test_what_is_not_news_any_more_is_not_sent(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever comes first, the sender or the plan that gives it up; nor is an edit that an earlier run began."""
    discord = Discord()
    discord.open.set()
    one = await sender(database, discord, monkeypatch, 1)
    long_ago = datetime.now(UTC) - timedelta(days=1, seconds=1)
    edit = Plan(CHANNEL, 3, DeliveryKind.EDIT, MONDAY, message_id=7)
    await plan(database, post(2), edit, now=long_ago)
    await claim(database, long_ago, claimer="an earlier run", but={1, 2})
    await one.send_due()
    assert discord.asked == [1]
    for old in await held(database, (CHANNEL, 2), (CHANNEL, 3)):
        assert (old.state, old.reason) == (DeliveryState.EXPIRED, Reason.TOO_OLD)


async def test_each_new_direct_message_has_a_turn(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    discord = Discord()
    discord.open.set()
    one = await sender(database, discord, monkeypatch, 0)
    # How far apart turns are is test_pace's.
    opened_before: list[int] = []

    async def turn(_self: Pace) -> None:
        for _ in range(100):
            # Time for somebody to be opened too early.
            await asyncio.sleep(0)
        opened_before.append(discord.opened)

    monkeypatch.setattr(Pace, "direct_message", turn)
    now = datetime.now(UTC)
    await plan(database, *(alert(number, target=USER) for number in range(1, 5)), now=now)
    await asyncio.gather(one.send_due(), one.open_dms())
    assert sorted(discord.asked) == list(range(1, 5))
    assert len(opened_before) == 4
    assert all(before <= turns for turns, before in enumerate(opened_before))
    # Who was written to once is not waited for again.
    await plan(database, *(alert(number, TUESDAY, target=USER) for number in range(1, 5)), now=now)
    await one.send_due()
    assert (len(discord.asked), discord.opened, len(opened_before)) == (8, 4, 4)
