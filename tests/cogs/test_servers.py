"""Servers that the bot leaves and comes back to; posts that come late, early and by hand."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from simcord.backend import serializers
from sqlalchemy import text

from bot import planning
from storage import channels
from storage.models import DeliveryState, Subscriber
from tests.cogs import seeing
from tests.cogs.conftest import Town
from tests.cogs.places import DAY, allow, bring, channel, forbid, ledger, tries

NIGHT = "00:10"
"""The posting time of ``set_up``; SimCord's clock begins at midnight."""


def days(channel: Any) -> list[str]:
    """The days of the posts in a channel, in their order."""
    posts = [seeing.text(message).splitlines()[0] for message in channel.history() if not message.flags.ephemeral]
    return [post.rpartition(", ")[2] for post in posts if post.startswith("## Daily Papers")]


async def remove_bot(town: Town) -> None:
    """An admin removes the bot from the server."""
    town.env.backend.emit("GUILD_DELETE", {"id": str(town.guild.id)})
    await town.env.settle()


async def add_bot(town: Town) -> None:
    guild = town.env.backend.get_guild(town.guild.id)
    told = dict(serializers.guild_create_payload(town.env.backend, guild))
    # With it, a server would only have become available again.
    told.pop("unavailable", None)
    town.env.backend.emit("GUILD_CREATE", told)
    await town.env.settle()


async def rows_of(town: Town, *ids: int) -> int:
    """How many rows of the database name one of these channels or servers."""
    found = 0
    async with town.bot.database.read() as connection:
        for table, columns in (
            ("channels", ("channel_id", "guild_id")),
            ("targets", ("target_id", "guild_id")),
            ("subscriptions", ("subscriber_id",)),
            ("deliveries", ("target_id", "channel_id")),
        ):
            where = " OR ".join(f"{column} IN ({', '.join(map(str, ids))})" for column in columns)
            query = text(f"SELECT count(*) FROM {table} WHERE {where}")  # noqa: S608 - names and numbers of this test
            found += (await connection.execute(query)).scalar_one()
    return found


async def settled_in(town: Town) -> Any:
    """Two servers with a daily post each, whose channels follow something too; the channel of the other one."""
    other = town.env.create_guild("Elsewhere")
    chief = other.add_member(town.env.create_user("chief"))
    town.env.backend.edit_guild(other.id, {"owner_id": chief.id})
    far = other.create_text_channel("far")
    await town.env.settle()
    await town.set_up()
    await chief.slash(far, "digest setup", channel=far, time=NIGHT, timezone="UTC")
    await town.boss.slash(town.channel, "subscribe keyword", text="model", channel=town.channel)
    await chief.slash(far, "subscribe keyword", text="model", channel=far)
    await town.alex.slash(town.channel, "subscribe keyword", text="model")
    await town.post_due(601)
    return far


async def test_a_server_that_the_bot_leaves_gets_nothing_until_it_comes_back(town: Town) -> None:
    far = await settled_in(town)
    await remove_bot(town)
    before = tries(town, town.channel)
    for day in ("2026-01-02", "2026-01-03"):
        await bring(town, day)
        await town.post_due(DAY)
    assert tries(town, town.channel) == before
    assert days(far) == ["30 December 2025", "2 January 2026", "3 January 2026"]
    assert len(town.alex.user.dm_channel.history()) == 2
    await add_bot(town)
    await bring(town, "2026-01-04")
    await town.post_due(DAY)
    assert days(town.channel)[-1] == "4 January 2026"
    seen = seeing.text((await town.boss.slash(town.channel, "digest status")).response)
    assert "Not posted to since" not in seen


async def test_a_server_that_the_bot_left_while_it_did_not_run(town: Town) -> None:
    await settled_in(town)
    guild = town.env.backend.guilds.pop(town.guild.id)
    await town.restart()
    before = tries(town, town.channel)
    await bring(town, "2026-01-02")
    await town.post_due(DAY)
    assert tries(town, town.channel) == before
    town.env.backend.guilds[guild.id] = guild
    await town.restart()
    await bring(town, "2026-01-03")
    await town.post_due(DAY)
    assert days(town.channel)[-1] == "3 January 2026"


async def test_thirty_days_after_it_left_a_server_is_forgotten(town: Town) -> None:
    far = await settled_in(town)
    mine, theirs = (town.guild.id, town.channel.id), (far.guild.id, far.id)
    held = await rows_of(town, *theirs)
    assert held == await rows_of(town, *mine) == 4
    await remove_bot(town)
    town.env.backend.advance_clock(30 * DAY - 60)
    await town.bot.tidy()
    assert await rows_of(town, *mine) == 4
    town.env.backend.advance_clock(120)
    await town.bot.tidy()
    assert await rows_of(town, *mine) == 0
    assert await rows_of(town, *theirs) == held
    assert await rows_of(town, town.alex.id) == 1
    # It may come back, and is a new one.
    await add_bot(town)
    seen = seeing.text((await town.boss.slash(town.channel, "digest status")).response)
    assert "No channel here has a daily post yet" in seen


async def test_leaving_and_coming_back_begins_the_thirty_days_anew(town: Town) -> None:
    await settled_in(town)
    await remove_bot(town)
    town.env.backend.advance_clock(20 * DAY)
    await add_bot(town)
    await town.bot.tidy()
    await remove_bot(town)
    town.env.backend.advance_clock(20 * DAY)
    await town.restart()
    await remove_bot(town)
    await town.bot.tidy()
    assert await rows_of(town, town.guild.id, town.channel.id) == 4


async def test_a_digest_that_comes_late_is_posted_when_it_comes(town: Town) -> None:
    await town.set_up()
    await town.post_due(601)
    await town.post_due(DAY)
    assert days(town.channel) == ["30 December 2025"]
    await town.post_due(23 * 3_600)
    await bring(town, "2026-01-02")
    await town.post_due()
    assert days(town.channel) == ["30 December 2025", "2 January 2026"]
    # The next day is not touched by it.
    await bring(town, "2026-01-03")
    await town.post_due(3_600)
    assert days(town.channel)[1:] == ["2 January 2026", "3 January 2026"]


async def test_a_digest_that_comes_after_midnight_waits_for_the_time(town: Town) -> None:
    await town.set_up(time="09:00", timezone="Asia/Seoul")  # It is 09:00 in Seoul now; the first time is tomorrow's.
    await town.post_due(DAY)
    assert days(town.channel) == ["30 December 2025"]
    await town.post_due(DAY)
    await town.post_due(15 * 3_600)  # Midnight in Seoul.
    await bring(town, "2026-01-03")
    await town.post_due()
    assert days(town.channel) == ["30 December 2025"]
    await town.post_due(9 * 3_600 - 60)
    assert days(town.channel) == ["30 December 2025"]
    await town.post_due(60)
    assert days(town.channel) == ["30 December 2025", "3 January 2026"]


async def test_after_days_without_the_bot_the_newest_three_come_in_order(town: Town) -> None:
    other = town.guild.create_text_channel("other")
    await town.set_up()
    await town.set_up(channel=other, language="ko")
    await town.post_due(601)
    settings = town.bot.settings
    await town.bot.close()
    town.env.backend.advance_clock(6 * DAY)
    for day in range(2, 7):
        (town.folder / f"2026-01-{day:02}.md").write_text(
            f"## Daily Papers (2026-01-{day:02})\n\n### [A {day}](https://arxiv.org/abs/2601.{day:05})\n\nVote: 3\n",
            "utf-8",
        )
    assert settings.posting.catch_up_days == 3
    await town.restart()
    await town.bring()
    await town.post_due()
    assert days(town.channel) == ["30 December 2025", "4 January 2026", "5 January 2026", "6 January 2026"]
    korean = [seeing.text(post).splitlines()[0].rpartition(" · ")[2] for post in other.history()[-3:]]
    assert korean == ["2026년 1월 4일 일요일", "2026년 1월 5일 월요일", "2026년 1월 6일 화요일"]
    await town.post_due(60)
    assert len(days(town.channel)) == 4


async def test_another_time_after_todays_post_is_tomorrows(town: Town) -> None:
    await town.set_up()
    await town.post_due(601)
    await town.bring("2025-12-31")
    changed = await town.set_up(time="00:30")
    assert "The next post is <t:1767313800:F>" in seeing.text(changed.response)  # 2026-01-02T00:30Z
    await town.post_due(3_600)
    assert days(town.channel) == ["30 December 2025"]
    await town.post_due(DAY)
    assert days(town.channel) == ["30 December 2025", "31 December 2025"]


@pytest.mark.parametrize("command", ["setup", "resume"])
async def test_another_time_in_the_moment_of_todays_post_is_tomorrows(town: Town, command: str) -> None:
    await town.set_up(time="00:30" if command == "resume" else "00:10")
    town.env.backend.advance_clock(601)
    held = await channel(town, town.channel.id)
    assert held is not None
    async with town.bot.database.write() as connection:
        if command == "setup":
            asking = asyncio.create_task(town.set_up(time="00:30"))
        else:
            asking = asyncio.create_task(town.boss.slash(town.channel, "digest resume"))
        while not town.bot.database._writing._waiters:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        await channels.set_posts(connection, [replace(held, last_post_at=town.bot.now())])
    assert "The next post is <t:1767313800:F>" in seeing.text((await asking).response)  # 2026-01-02T00:30Z


@pytest.mark.parametrize("command", ["setup", "resume"])
async def test_after_a_pause_the_newest_digest_is_posted_alone(town: Town, command: str) -> None:
    await town.set_up()
    await town.post_due(601)
    await town.boss.slash(town.channel, "digest pause")
    for day in ("2026-01-01", "2026-01-02", "2026-01-03"):
        await bring(town, day, f"A Paper of {day}")
    await town.post_due(3 * DAY)
    assert days(town.channel) == ["30 December 2025"]
    if command == "setup":
        await town.set_up()
    else:
        await town.boss.slash(town.channel, "digest resume")
    await bring(town, "2026-01-04", "A Paper After the Pause")
    await town.post_due(DAY)
    assert days(town.channel) == ["30 December 2025", "4 January 2026"]
    await bring(town, "2026-01-05", "A Paper of the Next Day")
    await town.post_due(DAY)
    assert days(town.channel) == ["30 December 2025", "4 January 2026", "5 January 2026"]


@pytest.mark.parametrize("command", ["setup", "resume"])
async def test_a_pause_in_which_nothing_came_changes_nothing(town: Town, command: str) -> None:
    await town.set_up()
    await town.post_due(601)
    await town.boss.slash(town.channel, "digest pause")
    if command == "setup":
        await town.set_up()
    else:
        await town.boss.slash(town.channel, "digest resume")
    await town.post_due(DAY)
    # It comes late, and is posted when it comes.
    await bring(town, "2026-01-01", "A Late Paper")
    await town.post_due(60)
    assert days(town.channel) == ["30 December 2025", "1 January 2026"]


async def post(town: Town, locale: str = "en-US") -> str:
    """What the admin is told who posts now."""
    town.locales[town.boss.id] = locale
    seen = seeing.text((await town.boss.slash(town.channel, "digest post")).response)
    town.locales[town.boss.id] = "en-US"
    return seen


async def state(town: Town) -> DeliveryState | None:
    held = await ledger(town, Subscriber.CHANNEL, town.channel.id)
    return held[-1].state if held else None


async def test_post_now_what_is_planned(town: Town) -> None:
    await town.set_up()
    town.env.backend.advance_clock(601)
    await planning.plan_posts(town.bot.database, town.bot.now(), 3)
    assert await state(town) is DeliveryState.PLANNED
    assert await post(town) == f"Posted in <#{town.channel.id}>."
    await town.post_due(60)
    assert len(town.posts()) == 1


@pytest.mark.parametrize("locale", ["en-US", "ko"])
async def test_post_now_what_was_sent(town: Town, locale: str) -> None:
    await town.set_up()
    await town.post_due(601)
    said = {
        "en-US": f"The newest digest is in <#{town.channel.id}> already; nothing is posted twice.",
        "ko": f"가장 최근 다이제스트는 이미 <#{town.channel.id}> 채널에 있어요. 같은 것을 두 번 올리지는 않아요.",
    }
    assert await post(town, locale) == said[locale]
    assert len(town.posts()) == 1
    # Also where the ledger has forgotten it with age.
    town.env.backend.advance_clock(100 * DAY)
    await town.bot.tidy()
    assert await state(town) is None
    assert await post(town, locale) == said[locale]
    assert len(town.posts()) == 1


async def test_post_now_what_failed(town: Town) -> None:
    await town.set_up()
    path = f"/channels/{town.channel.id}/messages"
    town.env.inject_error("POST", path, status=400, code=50035, message="Invalid Form Body", times=2)
    await town.post_due(601)
    assert await state(town) is DeliveryState.FAILED
    refused = f"The post is not in <#{town.channel.id}>. Discord refused it (50035: Invalid Form Body)."
    assert (await post(town)).startswith(refused)
    assert await post(town, "ko") == f"<#{town.channel.id}> 채널에 게시했어요."
    await town.post_due(DAY)
    assert len(town.posts()) == 1


async def test_post_now_what_is_set_aside(town: Town) -> None:
    await town.set_up()
    forbid(town, town.channel, send_messages=False)
    await town.env.settle()
    await town.post_due(601)
    assert await state(town) is DeliveryState.SET_ASIDE
    assert "I may not send messages there." in await post(town)
    assert "‘메시지 보내기’ 권한을 주시면" in await post(town, "ko")
    allow(town, town.channel)
    await town.env.settle()
    await town.deliver()
    assert len(town.posts()) == 1
    assert "already" in await post(town)


async def test_post_now_what_is_not_confirmed(town: Town) -> None:
    """Discord failed, and within minutes it still knows the post by its nonce."""
    await town.set_up()
    path = f"/channels/{town.channel.id}/messages"
    town.env.inject_error("POST", path, status=503, message="Unavailable", times=2)
    await town.post_due(601)
    assert await state(town) is DeliveryState.CLAIMED
    assert "Discord has not confirmed it. I look again by myself." in await post(town)
    assert await post(town) == f"Posted in <#{town.channel.id}>."
    await town.post_due(DAY)
    assert len(town.posts()) == 1


async def test_post_now_what_had_too_few_votes(town: Town) -> None:
    await town.set_up(min_votes=100_000)
    await town.post_due(601)
    assert await state(town) is DeliveryState.EXPIRED
    assert "none of its papers has enough votes" in await post(town)
    assert "추천 수가 충분한 논문이 없어요" in await post(town, "ko")
    await town.set_up(min_votes=0)
    assert await post(town) == f"Posted in <#{town.channel.id}>."
    await town.post_due(DAY)
    assert len(town.posts()) == 1


async def test_post_now_is_the_days_post(town: Town) -> None:
    """Early, by hand: the digest is not posted again when its time comes, and the next one is."""
    await town.set_up()
    assert await post(town) == f"Posted in <#{town.channel.id}>."
    await town.post_due(601)
    await town.bring("2025-12-31")
    await town.post_due(DAY)
    assert days(town.channel) == ["30 December 2025", "31 December 2025"]
    held = await channel(town, town.channel.id)
    assert held is not None
    assert f"{held.last_planned}" == "2025-12-31"
