"""/forget-me: all that is held of a person is deleted, at once, and nothing of them comes back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from discord.http import HTTPClient
from sqlalchemy import text

from bot import planning
from bot.ingestion import Folder
from tests.cogs import seeing
from tests.cogs.conftest import Town
from tests.cogs.places import DAY, bring, tries

NEW = "2025-12-31"

ENGLISH = (
    "Deleted: {}, {}, and where your direct messages are. I hold nothing of you any more; what is in your direct "
    "messages is yours to delete."
)
KOREAN = (
    "{}, {}, DM 채널 정보를 지웠어요. 이제 회원님에 관한 정보는 하나도 남아 있지 않아요. DM에 남은 메시지는 직접 "
    "지우실 수 있어요."
)


async def held(town: Town, person: Any) -> dict[str, int]:
    """In how many rows of each table the person's id is."""
    found = {}
    async with town.bot.database.read() as connection:
        tables = (await connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))).all()
        for table, made in tables:
            columns = [column for column in re.findall(r"^\s*\"?(\w+)\"?", made or "", re.MULTILINE) if "_id" in column]
            for column in columns:
                if table.startswith("paper_words"):
                    continue
                query = text(f"SELECT count(*) FROM {table} WHERE {column} = :id")  # noqa: S608 - names from the schema
                if number := (await connection.execute(query, {"id": person.id})).scalar_one():
                    found[table] = number
    return found


def inbox(person: Any) -> list[Any]:
    return list(person.user.dm_channel.history())


async def follow_and_be_told(town: Town, person: Any) -> None:
    for word in ("model", "agent"):
        await person.slash(town.channel, "subscribe keyword", text=word)
    await town.bring(NEW)
    assert len(inbox(person)) == 1
    assert await held(town, person) == {"subscriptions": 2, "deliveries": 1, "targets": 1}


@pytest.mark.parametrize("where", ["server", "direct messages"])
async def test_everything_is_deleted_at_once(town: Town, where: str) -> None:
    await follow_and_be_told(town, town.alex)
    if where == "server":
        done = await town.alex.slash(town.channel, "forget-me")
        assert done.ephemeral
    else:
        done = await town.alex.user.slash("forget-me")
    assert seeing.text(done.response) == ENGLISH.format("2 subscriptions", "1 alert")
    assert await held(town, town.alex) == {}
    again = await town.alex.slash(town.channel, "forget-me")
    assert seeing.text(again.response) == ENGLISH.format("0 subscriptions", "0 alerts")
    assert await held(town, town.alex) == {}
    sent = len(inbox(town.alex))
    await bring(town, "2026-01-01")
    await town.restart()
    await bring(town, "2026-01-02")
    assert len(inbox(town.alex)) == sent
    assert await held(town, town.alex) == {}
    assert "You follow nothing yet" in seeing.text((await town.alex.slash(town.channel, "subscriptions")).response)


@pytest.mark.parametrize("where", ["server", "direct messages"])
async def test_everything_is_deleted_in_korean(town: Town, where: str) -> None:
    await follow_and_be_told(town, town.minji)
    done = await (
        town.minji.slash(town.channel, "forget-me") if where == "server" else town.minji.user.slash("forget-me")
    )
    assert seeing.text(done.response) == KOREAN.format("구독 2개", "알림 1개")
    again = await town.minji.slash(town.channel, "forget-me")
    assert seeing.text(again.response) == KOREAN.format("구독 0개", "알림 0개")
    assert await held(town, town.minji) == {}


async def test_a_planned_alert_is_not_sent(town: Town) -> None:
    for person in (town.alex, town.minji):
        await person.slash(town.channel, "subscribe keyword", text="model")
    await bring(town, NEW)
    assert [len(inbox(town.alex)), len(inbox(town.minji))] == [1, 1]
    (town.folder / "2026-01-01.md").write_text(
        "## Daily Papers (2026-01-01)\n\n### [A new model](https://arxiv.org/abs/2601.00001)\n\n- A model.\n", "utf-8"
    )
    await Folder(town.folder, "files", 0).ingest(town.bot.database)
    await planning.plan_alerts(town.bot.database, town.bot.now(), 7)
    assert (await held(town, town.alex))["deliveries"] == 2
    done = await town.alex.slash(town.channel, "forget-me")
    assert "1 subscription, 2 alerts" in seeing.text(done.response)
    await town.deliver()
    assert [len(inbox(town.alex)), len(inbox(town.minji))] == [1, 2]
    assert await held(town, town.alex) == {}
    assert await held(town, town.minji) == {"subscriptions": 1, "deliveries": 2, "targets": 1}


async def test_what_was_missed_goes_too_and_so_does_the_count_of_refusals(town: Town) -> None:
    await town.alex.slash(town.channel, "subscribe keyword", text="model")
    path = f"/channels/{town.alex.user.dm_channel.id}/messages"
    town.env.inject_error("POST", path, status=403, code=50007, message="Cannot send", times=None)
    for day in (1, 2, 3):
        await bring(town, f"2026-01-{day:02}")
        town.env.backend.advance_clock(DAY)
    assert tries(town, town.alex.user.dm_channel) == 3
    done = await town.alex.slash(town.channel, "forget-me")
    assert "1 subscription, 3 alerts" in seeing.text(done.response)
    assert await held(town, town.alex) == {}
    town.env.backend.faults.clear()
    # Coming back is beginning anew.
    await town.alex.slash(town.channel, "subscribe keyword", text="model")
    seen = seeing.text((await town.alex.slash(town.channel, "subscriptions")).response)
    assert "could not be delivered" not in seen
    await bring(town, "2026-01-04")
    assert len(inbox(town.alex)) == 1


async def test_what_a_channel_follows_is_not_the_persons(town: Town) -> None:
    await town.set_up()
    await town.boss.slash(town.channel, "subscribe keyword", text="model", channel=town.channel)
    done = await town.boss.slash(town.channel, "forget-me")
    assert "0 subscriptions, 0 alerts" in seeing.text(done.response)
    await bring(town, NEW)
    await town.post_due(601)
    assert len(town.posts()) == 2


async def test_one_who_is_forgotten_while_alerts_are_planned_stays_so(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The papers of a digest are held against what was followed when it was looked at."""
    for person in (town.alex, town.minji):
        await person.slash(town.channel, "subscribe keyword", text="model")
    plan_alerts_of = planning._plan_alerts_of

    async def slowly(*given: Any) -> None:
        monkeypatch.setattr(planning, "_plan_alerts_of", plan_alerts_of)
        await town.alex.slash(town.channel, "forget-me")
        await plan_alerts_of(*given)

    monkeypatch.setattr(planning, "_plan_alerts_of", slowly)
    await bring(town, NEW)
    assert await held(town, town.alex) == {}
    assert [len(inbox(town.alex)), len(inbox(town.minji))] == [0, 1]


@pytest.mark.parametrize("step", ["opened", "refused"])
async def test_one_who_is_forgotten_while_an_alert_is_sent_stays_so(
    town: Town, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    await town.alex.slash(town.channel, "subscribe keyword", text="model")
    create_dm, send = town.bot.create_dm, HTTPClient.send_message

    async def opened(user: Any) -> Any:
        channel = await create_dm(user)
        await town.alex.slash(town.channel, "forget-me")
        return channel

    async def refused(self: HTTPClient, *given: Any, **named: Any) -> Any:
        await town.alex.slash(town.channel, "forget-me")
        return await send(self, *given, **named)

    if step == "opened":
        monkeypatch.setattr(town.bot, "create_dm", opened)
    else:
        path = f"/channels/{town.alex.user.dm_channel.id}/messages"
        town.env.inject_error("POST", path, status=403, code=50007, message="Cannot send")
        monkeypatch.setattr(HTTPClient, "send_message", refused)
    await bring(town, NEW)
    assert inbox(town.alex) == []
    assert await held(town, town.alex) == {}
