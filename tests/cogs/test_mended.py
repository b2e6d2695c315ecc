"""What one refusal, pause or breakdown does to the deliveries around it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from discord.http import HTTPClient

from bot import planning, reconciliation
from storage import claims
from storage.models import DeliveryKind, DeliveryState, Subscriber
from tests.cogs import seeing
from tests.cogs.conftest import Town
from tests.cogs.places import DAY, allow, bring, forbid, ledger, tries


def posted(town: Town) -> list[str]:
    """The days of the daily posts in the channel."""
    seen = [seeing.text(post).splitlines()[0] for post in town.posts()]
    return [line.rpartition(", ")[2] for line in seen if "Daily Papers" in line]


async def test_a_channel_that_only_follows_is_taken_up(town: Town) -> None:
    await town.boss.slash(town.channel, "subscribe keyword", text="model", channel=town.channel)
    forbid(town, town.channel, send_messages=False)
    await bring(town, "2026-01-01")
    listed = seeing.text((await town.boss.slash(town.channel, "subscriptions")).response)
    assert f"keyword · <#{town.channel.id}> · ⚠ I may not send messages there. Let me, and I go on." in listed
    allow(town, town.channel)
    await town.env.settle()
    await town.deliver()
    assert len(town.posts()) == 1
    assert "⚠" not in seeing.text((await town.boss.slash(town.channel, "subscriptions")).response)


async def test_an_alert_that_is_refused_does_not_take_the_daily_post_with_it(town: Town) -> None:
    await town.set_up()
    await town.boss.slash(town.channel, "subscribe keyword", text="model", channel=town.channel)
    await town.post_due(601)
    before = len(posted(town))
    forbid(town, town.channel, send_messages=False)
    town.env.backend.advance_clock(DAY)
    await bring(town, "2026-01-01")
    await town.post_due()
    states = {one.kind: one.state for one in await ledger(town, Subscriber.CHANNEL, town.channel.id)}
    assert states == {DeliveryKind.DAILY: DeliveryState.SET_ASIDE, DeliveryKind.ALERT: DeliveryState.SET_ASIDE}
    allow(town, town.channel)
    await town.env.settle()
    await town.deliver()
    assert len(posted(town)) == before + 1
    assert {one.state for one in await ledger(town, Subscriber.CHANNEL, town.channel.id)} == {DeliveryState.SENT}


async def test_a_stray_refusal_is_tried_again_a_week_later(town: Town) -> None:
    await town.set_up()
    path = f"/channels/{town.channel.id}/messages"
    town.env.inject_error("POST", path, status=403, code=50001, message="Missing Access")
    await town.post_due(601)
    for day in range(1, 7):
        await bring(town, f"2026-01-{day:02}")
        await town.post_due(DAY)
    assert tries(town, town.channel) == 1
    await bring(town, "2026-01-07")
    await town.post_due(DAY)
    assert posted(town) == ["7 January 2026"]


async def test_a_refusal_that_is_not_discords_own_is_tried_again_soon(town: Town) -> None:
    """Something on the way answers 403, without a code of Discord's."""
    await town.set_up()
    path = f"/channels/{town.channel.id}/messages"
    town.env.inject_error("POST", path, status=403, code=0, message="Forbidden")
    await town.post_due(601)
    assert posted(town) == []
    await town.post_due(6)
    assert posted(town) == ["30 December 2025"]


async def test_a_claim_of_a_bot_that_was_down_for_days_is_no_news(town: Town) -> None:
    await town.set_up()
    await town.post_due(601)
    await bring(town, "2026-01-01")
    town.env.backend.advance_clock(DAY)
    now = town.bot.now()
    await planning.plan_posts(town.bot.database, now, 3)
    async with town.bot.database.write() as connection:
        assert await connection.run_sync(claims.claim, "a run that died", now, now + timedelta(minutes=10))
    town.env.backend.advance_clock(10 * DAY)
    await town.restart()
    for day in range(2, 12):
        await bring(town, f"2026-01-{day:02}")
    await town.post_due()
    await town.post_due(60)
    assert posted(town) == ["30 December 2025", "9 January 2026", "10 January 2026", "11 January 2026"]


@pytest.mark.parametrize(
    ("there", "pages", "state"),
    [
        (True, 9, DeliveryState.SENT),
        (False, 9, DeliveryState.SENT),
        (True, 2, DeliveryState.SET_ASIDE),
        (False, 2, DeliveryState.SET_ASIDE),
    ],
)
async def test_what_was_begun_is_looked_for_below_what_people_wrote_since(
    town: Town, monkeypatch: pytest.MonkeyPatch, there: bool, pages: int, state: DeliveryState
) -> None:
    """In pages of two; where the first so many do not reach back to when it was begun, nobody knows."""
    monkeypatch.setattr(reconciliation, "_PAGE", 2)
    monkeypatch.setattr(reconciliation, "_PAGES", pages)
    send = HTTPClient.send_message

    async def lost(self: HTTPClient, *given: Any, **named: Any) -> Any:
        monkeypatch.setattr(HTTPClient, "send_message", send)
        if there:
            await send(self, *given, **named)
        raise aiohttp.ClientOSError("the connection was lost")

    monkeypatch.setattr(HTTPClient, "send_message", lost)
    await town.set_up()
    town.env.backend.advance_clock(601)
    await town.post_due()
    for number in range(5):
        await town.alex.send(town.channel, f"Word {number}")
    await town.post_due(3_600)
    copies = sum("Daily Papers" in seeing.text(one) for one in town.posts())
    assert copies == (there or state is DeliveryState.SENT)
    (one,) = await ledger(town, Subscriber.CHANNEL, town.channel.id)
    assert one.state is state


async def test_nothing_is_posted_while_paused(town: Town) -> None:
    await town.set_up()
    forbid(town, town.channel, send_messages=False)
    await town.post_due(601)
    await town.boss.slash(town.channel, "digest pause")
    allow(town, town.channel)
    await town.env.settle()
    await town.deliver()
    assert posted(town) == []
    # Unless it is asked for.
    await town.boss.slash(town.channel, "digest post")
    assert posted(town) == ["30 December 2025"]


async def test_what_was_removed_and_set_up_again_gets_its_digest(town: Town) -> None:
    await town.set_up()
    town.env.backend.advance_clock(601)
    await planning.plan_posts(town.bot.database, town.bot.now(), 3)
    await town.boss.slash(town.channel, "digest remove")
    await town.deliver()
    await town.set_up()
    await town.post_due(DAY)
    await town.post_due(DAY)
    assert posted(town) == ["30 December 2025"]


async def test_asked_for_now_still_comes_in_order(town: Town) -> None:
    await town.set_up()
    await town.post_due(601)
    path = f"/channels/{town.channel.id}/messages"
    await bring(town, "2026-01-01")
    town.env.inject_error("POST", path, status=400, code=50035, message="Invalid Form Body")
    await town.post_due(DAY)
    await bring(town, "2026-01-02")
    await town.boss.slash(town.channel, "digest post")
    assert posted(town) == ["30 December 2025", "1 January 2026", "2 January 2026"]
