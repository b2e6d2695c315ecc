"""Posts are kept true: their edits stand in the ledger, and are drawn and claimed like what is sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from bot import planning, rendering
from bot.composing import Composed, Composer, Message
from bot.planning import MOST_EDITS, SPACING
from storage import channels, claims, outcomes, targets
from storage.database import Database
from storage.models import Delivery, DeliveryKind, DeliveryState, Reason
from storage.outcomes import Outcome
from tests.planning.support import at, set_up
from tests.rendering.payload import texts
from tests.storage import ledger
from tests.storage.ledger import CHANNEL
from tests.storage.support import MONDAY, digest, paper, store

POSTED = at("2024-01-02 00:00")
LATER = POSTED + SPACING
_numbers = count(1)


def votes(database: Database, *numbers: int) -> None:
    """Monday's papers have so many."""
    found = ((paper(f"2401.0100{place}", f"Paper {place}"), number) for place, number in enumerate(numbers, 1))
    store(database, digest(MONDAY, *found))


async def settle(database: Database, composed: dict[int, Composed], batch: list[Delivery], now: datetime) -> None:
    """What was drawn is sent."""
    sent = [
        Outcome(
            one,
            DeliveryState.SENT,
            channel_id=one.target_id,
            message_id=one.message_id or next(_numbers),
            shown=drawn.shown,
        )
        for one in batch
        if isinstance(drawn := composed[one.id], Message)
    ]
    await database.change(outcomes.write, sent, now)


async def send(database: Database, now: datetime) -> list[str]:
    """Sends what is due; the texts of each message."""
    batch = await ledger.claim(database, now)
    composed = await Composer(database).compose(batch)
    await settle(database, composed, batch, now)
    return ["\n".join(texts(one.view)) for one in composed.values() if isinstance(one, Message)]


async def plan(database: Database, now: datetime = LATER) -> int:
    return await planning.plan_edits(database, now, 3)


async def edits(database: Database, channel_id: int = 1) -> list[Delivery]:
    return [one for one in await ledger.held(database, (CHANNEL, channel_id)) if one.kind is DeliveryKind.EDIT]


async def posted(database: Database, *channel_ids: int) -> None:
    """Monday's post is in these channels, with two of its papers, of 10 and 9 votes."""
    votes(database, 10, 9, 1)
    for channel_id in channel_ids:
        await set_up(database, channel_id, POSTED, top=2, min_votes=0, language="en")
        await ledger.plan(database, ledger.post(channel_id), now=POSTED)
    await send(database, POSTED)


async def test_a_post_is_edited_where_its_votes_have_moved(database: Database) -> None:
    await posted(database, 1)
    assert await plan(database) == 0
    votes(database, 14, 13, 90)
    assert await plan(database) == 0
    votes(database, 10, 30, 90)
    assert await plan(database) == 1
    (text,) = await send(database, LATER)
    # The same papers, in the same order.
    assert text.index("▲ 10") < text.index("▲ 30")
    assert "▲ 90" not in text
    (edit,) = await edits(database)
    assert (edit.state, edit.part, edit.message_id) == (DeliveryState.SENT, 0, (await _post(database)).message_id)


async def test_planning_twice_plans_once(database: Database) -> None:
    await posted(database, 1)
    votes(database, 30, 30, 1)
    await plan(database)
    votes(database, 60, 60, 1)
    assert await plan(database, LATER + SPACING) == 0
    (text,) = await send(database, LATER)
    assert "▲ 60" in text
    assert len(await edits(database)) == 1


async def test_a_few_edits_with_time_between(database: Database) -> None:
    await posted(database, 1)
    votes(database, 30, 30, 1)
    assert await plan(database, LATER - timedelta(seconds=1)) == 0
    for number in range(1, MOST_EDITS + 2):
        now = POSTED + number * SPACING
        votes(database, 100 * number, 1, 1)
        assert await plan(database, now) == (number <= MOST_EDITS)
        await send(database, now)
        votes(database, 100 * number + 50, 1, 1)
        assert await plan(database, now + SPACING / 2) == 0
    assert [one.part for one in await edits(database)] == list(range(MOST_EDITS))


@pytest.mark.parametrize("ended", [DeliveryState.EXPIRED, DeliveryState.SET_ASIDE])
async def test_a_post_whose_edit_was_given_up_is_left(database: Database, ended: DeliveryState) -> None:
    await posted(database, 1)
    votes(database, 30, 30, 1)
    await plan(database)
    edit = await ledger.claim_one(database, LATER)
    await database.change(outcomes.write, [Outcome(edit, ended, Reason.REFUSED, "10008: Unknown Message")], LATER)
    votes(database, 300, 30, 1)
    assert await plan(database, LATER + 2 * SPACING) == 0
    assert (await ledger.get(database, edit.id)).why == "10008: Unknown Message"


async def test_no_post_waits_for_edits(database: Database) -> None:
    await posted(database, *range(1, 9))
    votes(database, 30, 30, 1)
    assert await plan(database) == 8
    await set_up(database, 9, POSTED)
    await ledger.plan(database, ledger.post(9), now=LATER)
    kinds = [one.kind for one in await ledger.claim(database, LATER, limit=4)]
    assert kinds == [DeliveryKind.DAILY, *[DeliveryKind.EDIT] * 3]


async def test_an_edit_that_was_begun_is_made_again(database: Database) -> None:
    """A crash: the next run takes its claim over."""
    await posted(database, 1)
    votes(database, 30, 30, 1)
    await plan(database)
    await ledger.claim_one(database, LATER)
    async with database.write() as connection:
        await claims.take_over(connection, "another", LATER)
    (text,) = await send(database, LATER)
    assert "▲ 30" in text


async def test_a_channel_that_is_set_aside_is_left_alone(database: Database) -> None:
    await posted(database, 1, 2)
    votes(database, 30, 30, 1)
    async with database.write() as connection:
        await connection.run_sync(targets.refuse, CHANNEL, 1, Reason.NO_PERMISSION, "why", LATER, 1)
    await plan(database)
    assert [len(await edits(database, channel_id)) for channel_id in (1, 2)] == [0, 1]


async def test_that_an_edit_is_taken_does_not_take_a_channel_up(database: Database) -> None:
    await posted(database, 1)
    votes(database, 30, 30, 1)
    await plan(database)
    async with database.write() as connection:
        await connection.run_sync(targets.refuse, CHANNEL, 1, Reason.NO_PERMISSION, "why", LATER, 1)
    await send(database, LATER)
    async with database.read() as connection:
        assert await targets.reasons(connection, CHANNEL, [1], LATER) == {1: Reason.NO_PERMISSION}


async def test_a_channel_without_a_daily_post_is_left_alone(database: Database) -> None:
    await posted(database, 1, 2)
    votes(database, 30, 30, 1)
    await plan(database)
    async with database.write() as connection:
        await channels.remove(connection, 1)
    assert len(await send(database, LATER)) == 1


async def test_one_that_cannot_be_drawn_keeps_no_other(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await posted(database, 1, 2)
    await set_up(database, 2, POSTED, top=2, min_votes=0, language="ko")
    votes(database, 30, 30, 1)
    await plan(database)
    drawn = rendering.daily

    def daily(*given: Any) -> Any:
        if given[3].code == "en":
            raise ValueError
        return drawn(*given)

    monkeypatch.setattr(rendering, "daily", daily)
    batch = await ledger.claim(database, LATER)
    composed = await Composer(database).compose(batch)
    assert [isinstance(composed[one.id], Message) for one in batch] == [False, True]
    assert composed[batch[0].id] is Reason.NOT_DRAWN


async def _post(database: Database) -> Delivery:
    (found,) = [one for one in await ledger.held(database, (CHANNEL, 1)) if one.kind is DeliveryKind.DAILY]
    return found
