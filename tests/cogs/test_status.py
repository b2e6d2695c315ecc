"""/digest status: how the last seven days went, and what to do; and what takes a channel up again."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest
from simcord.backend import serializers

from bot import planning
from bot.text import width
from storage.models import Subscriber
from tests.cogs import seeing
from tests.cogs.conftest import Town
from tests.cogs.places import DAY, allow, bring, forbid, ledger, tries

REASONS = [
    (
        (403, 50013),
        "I may not send messages there. Let me, and I go on.",
        "메시지를 보낼 권한이 없어요. ‘메시지 보내기’ 권한을 주시면 다시 게시할게요.",
    ),
    (
        (403, 50001),
        "I cannot see the channel. Let me view it, and I go on.",
        "제가 채널을 볼 수 없어요. ‘채널 보기’ 권한을 주시면 다시 게시할게요.",
    ),
    (
        (404, 10003),
        "The channel is gone. Set another one up with /digest setup.",
        "채널이 없어졌어요. /다이제스트 설정으로 다른 채널을 정해 주세요.",
    ),
    (
        (400, 50083),
        "The thread is locked or archived. Open it again, and I go on.",
        "스레드가 잠겼거나 보관되었어요. 다시 열어 주시면 이어서 게시할게요.",
    ),
]


async def status(town: Town) -> str:
    """What the admin reads in English."""
    town.locales[town.boss.id] = "en-US"
    return seeing.text((await town.boss.slash(town.channel, "digest status")).response)


async def status_in_korean(town: Town) -> str:
    town.locales[town.boss.id] = "ko"
    seen = seeing.text((await town.boss.slash(town.channel, "digest status")).response)
    town.locales[town.boss.id] = "en-US"
    return seen


def refuse(town: Town, channel: Any, code: int, http: int = 403, times: int | None = 1) -> None:
    path = f"/channels/{channel.id}/messages"
    town.env.inject_error("POST", path, status=http, code=code, message="No", times=times)


@pytest.mark.parametrize(("refusal", "english", "korean"), REASONS)
async def test_a_refusal_is_told_with_what_to_do(
    town: Town, refusal: tuple[int, int], english: str, korean: str
) -> None:
    await town.set_up()
    refuse(town, town.channel, refusal[1], refusal[0])
    await town.post_due(601)
    seen = await status(town)
    assert "⚠ Not posted to since <t:" in seen
    assert seen.count(english) == 1
    assert "- ⚠ Tuesday, 30 December 2025 · not posted" in seen
    seen = await status_in_korean(town)
    assert seen.count(korean) == 1
    assert "- ⚠ 2025년 12월 30일 화요일 · 게시하지 못함" in seen
    # It is not tried again by itself: not soon, not after a restart, not with the next digest, which is missed as well.
    before = tries(town, town.channel)
    # As it is where Discord refuses; what suffices would be tried.
    forbid(town, town.channel, send_messages=False)
    await town.env.settle()
    await town.post_due(3_600)
    await town.restart()
    await town.bring("2025-12-31")
    await town.post_due(DAY)
    assert tries(town, town.channel) == before
    assert "⚠ Wednesday, 31 December 2025 · not posted" in await status(town)


async def test_what_was_posted_what_waits_and_what_had_no_votes(town: Town) -> None:
    await town.set_up()
    await town.post_due(601)
    (post,) = town.posts()
    await town.set_up(min_votes=100_000)
    await town.bring("2025-12-31")
    await town.post_due(DAY)
    await town.set_up(min_votes=0)
    await bring(town, "2026-01-02")
    town.env.backend.advance_clock(DAY)
    # Planned, and not sent yet.
    await planning.plan_posts(town.bot.database, town.bot.now(), 3)
    address = f"https://discord.com/channels/{town.guild.id}/{town.channel.id}/{post.id}"
    lines = [line for line in (await status(town)).splitlines() if line.startswith("- ")]
    assert [line.partition(" <t:")[0] for line in lines] == [
        "- … Friday, 2 January 2026 · It waits to be sent.",
        "- – Wednesday, 31 December 2025 · No paper had enough votes.",
        f"- ✓ Tuesday, 30 December 2025 · [posted]({address})",
    ]
    lines = [line for line in (await status_in_korean(town)).splitlines() if line.startswith("- ")]
    assert [line.partition(" <t:")[0] for line in lines] == [
        "- … 2026년 1월 2일 금요일 · 보내기를 기다리고 있어요.",
        "- – 2025년 12월 31일 수요일 · 추천이 충분한 논문이 없었어요.",
        f"- ✓ 2025년 12월 30일 화요일 · [게시됨]({address})",
    ]


async def test_only_the_last_seven_days_are_told(town: Town) -> None:
    await town.set_up()
    await town.post_due(601)
    await town.post_due(7 * DAY - 60)
    assert "Tuesday, 30 December 2025 · [posted]" in await status(town)
    await town.post_due(120)
    assert "Nothing was posted in the last seven days." in await status(town)
    assert "최근 7일 동안 게시한 것이 없어요." in await status_in_korean(town)


async def test_what_nobody_can_confirm(town: Town) -> None:
    """Discord failed while it took the post, and its answer was lost; the bot may not read what is there."""
    await town.set_up()
    forbid(town, town.channel, read_message_history=False)
    await town.env.settle()
    refuse(town, town.channel, 0, 503)
    await town.post_due(601)
    assert "It was begun and is not confirmed. I look again by myself." in await status(town)
    await town.post_due(3_600)
    seen = await status(town)
    assert "I cannot tell whether it is there." in seen
    assert "Let me read the message history, and I look." in seen
    assert "‘메시지 기록 보기’ 권한을 주시면 확인할게요." in await status_in_korean(town)
    assert town.posts() == []
    # As long as it cannot look, it does not send; when it can, it does.
    again = await town.boss.slash(town.channel, "digest post")
    assert "I cannot tell whether it is there" in seeing.text(again.response)
    assert town.posts() == []
    allow(town, town.channel)
    await town.env.settle()
    await town.deliver()
    assert len(town.posts()) == 1
    assert "· [posted](" in await status(town)


async def test_an_alert_of_a_channel_that_nobody_can_confirm(town: Town) -> None:
    await town.boss.slash(town.channel, "subscribe keyword", text="model", channel=town.channel)
    forbid(town, town.channel, read_message_history=False)
    await town.env.settle()
    refuse(town, town.channel, 0, 503)
    await bring(town, "2026-01-01")
    town.env.backend.advance_clock(3_600)
    await town.deliver()
    assert town.posts() == []
    said = "The alert of Thursday, 1 January 2026 was begun, and I cannot tell whether it is there. Let me read"
    assert said in seeing.text((await town.boss.slash(town.channel, "subscriptions")).response)
    town.locales[town.boss.id] = "ko"
    said = "2026년 1월 1일 목요일 알림을 보내기 시작했는데 올라갔는지 알 수 없어요. ‘메시지 기록 보기’ 권한을 주시면"
    assert said in seeing.text((await town.boss.slash(town.channel, "subscriptions")).response)
    # It is nothing to those who do not manage the server.
    assert "⚠" not in seeing.text((await town.alex.slash(town.channel, "subscriptions")).response)
    allow(town, town.channel)
    await town.env.settle()
    await town.deliver()
    assert len(town.posts()) == 1
    assert "⚠" not in seeing.text((await town.boss.slash(town.channel, "subscriptions")).response)


async def test_what_could_not_be_sent_for_days_is_given_up(town: Town) -> None:
    await town.set_up()
    refuse(town, town.channel, 50035, 400, times=None)
    await town.post_due(601)
    assert "Discord refused it (50035: No). /digest post tries again at once." in await status(town)
    assert "Discord가 거절했어요(50035: No)." in await status_in_korean(town)
    await town.post_due(3 * DAY + 60)
    seen = await status(town)
    assert "– Tuesday, 30 December 2025 · It could not be sent for days, and is not news any more." in seen
    assert "며칠 동안 보내지 못했고, 이제는 지난 소식이라 보내지 않아요." in await status_in_korean(town)
    town.env.backend.faults.clear()
    await town.post_due(DAY)
    assert town.posts() == []


async def test_a_channel_that_is_gone_is_told_of_for_a_month(town: Town) -> None:
    """It was deleted while the bot did not run; then nobody can name it to any command."""
    await town.set_up()
    refuse(town, town.channel, 10003, 404, times=None)
    await town.post_due(601)
    town.env.backend.advance_clock(29 * DAY)
    await town.bot.tidy()
    assert "The channel is gone." in await status(town)
    town.env.backend.advance_clock(2 * DAY)
    await town.bot.tidy()
    assert "No channel here has a daily post yet." in await status(town)


async def test_each_channel_has_its_own_account(town: Town) -> None:
    other = town.guild.create_text_channel("other")
    elsewhere = town.env.create_guild("Elsewhere").create_text_channel("far")
    await town.set_up()
    await town.set_up(channel=other, top=3, language="ko")
    refuse(town, other, 50013)
    await town.post_due(601)
    seen = await status(town)
    parts = {block.split(">")[0]: block for block in seen.split("### <#")[1:]}
    assert set(parts) == {str(town.channel.id), str(other.id)}
    assert "[posted]" in parts[str(town.channel.id)]
    assert "⚠" not in parts[str(town.channel.id)]
    assert "top 3" in parts[str(other.id)]
    assert "⚠ Not posted to since" in parts[str(other.id)]
    assert str(elsewhere.id) not in seen


@pytest.mark.parametrize("number", [12, 45])
async def test_many_channels_fit_and_trouble_comes_first(town: Town, number: int) -> None:
    every = [town.guild.create_text_channel(f"papers-{one}") for one in range(number)]
    for one in every:
        await town.set_up(channel=one)
    refuse(town, every[-1], 50013)
    await town.post_due(601)
    for seen, more in ((await status(town), "and"), (await status_in_korean(town), "외")):
        assert width(seen) <= 4_000
        shown = seen.count("### <#")
        assert shown == number or f"-# {more} {number - shown}" in seen
        assert seen.index(f"### <#{every[-1].id}>") < seen.index(f"### <#{every[0].id}>")


async def test_a_lacking_permission_is_told_before_anything_is_posted(town: Town) -> None:
    await town.set_up()
    forbid(town, town.channel, send_messages=False)
    await town.env.settle()
    assert "⚠ I lack these permissions in" in await status(town)
    assert "메시지 보내기. 권한을 주셔야 게시할 수 있어요." in await status_in_korean(town)


@pytest.mark.parametrize("taken", ["view_channel", "send_messages"])
async def test_a_permission_given_back_in_the_channel_takes_it_up(town: Town, taken: str) -> None:
    await town.set_up()
    forbid(town, town.channel, **{taken: False})
    await town.env.settle()
    await town.post_due(601)
    await town.bring("2025-12-31")
    await town.post_due(DAY)
    assert town.posts() == []
    before = tries(town, town.channel)
    # Something else of the channel changes.
    town.env.backend.edit_channel(town.channel.id, {"topic": "papers"})
    await town.env.settle()
    assert tries(town, town.channel) == before
    allow(town, town.channel)
    await town.env.settle()
    await town.deliver()
    days = [seeing.text(post).splitlines()[0].rpartition(" · ")[2] for post in town.posts()]
    assert days == ["Tuesday, 30 December 2025", "Wednesday, 31 December 2025"]
    assert "⚠" not in await status(town)


async def test_half_of_what_is_needed_is_not_enough(town: Town) -> None:
    await town.set_up()
    forbid(town, town.channel, view_channel=False, send_messages=False)
    await town.env.settle()
    await town.post_due(601)
    before = tries(town, town.channel)
    forbid(town, town.channel, send_messages=False)
    await town.env.settle()
    assert tries(town, town.channel) == before
    assert "⚠ Not posted to since" in await status(town)
    allow(town, town.channel)
    await town.env.settle()
    await town.deliver()
    assert len(town.posts()) == 1


@pytest.mark.parametrize("way", ["role", "new role"])
async def test_a_permission_given_back_by_a_role_takes_it_up(town: Town, way: str) -> None:
    backend, bot_id = town.env.backend, town.env.bot.user.id
    guild = backend.get_guild(town.guild.id)
    (role,) = [one for one in guild.roles.values() if one.managed]
    granted = role.permissions
    send = discord.Permissions(send_messages=True).value
    for one in guild.roles.values():
        backend.edit_role(guild.id, one.id, {"permissions": one.permissions & ~send})
    await town.env.settle()
    await town.set_up()
    await town.post_due(601)
    assert town.posts() == []
    assert "I may not send messages there" in await status(town)
    if way == "role":
        backend.edit_role(guild.id, role.id, {"permissions": granted})
    else:
        another = town.guild.create_role("Press", permissions=discord.Permissions(send_messages=True))
        await town.env.settle()
        backend.add_member_role(guild.id, bot_id, another.id)
        # Discord tells a bot of its own roles whatever its intents (Gateway, List of Intents); SimCord does not.
        told = serializers.member_payload(backend, guild, guild.members[bot_id])
        town.bot._connection.parsers["GUILD_MEMBER_UPDATE"]({**told, "guild_id": str(guild.id)})
    async with asyncio.timeout(10):
        while not town.posts():
            await asyncio.sleep(0.02)
            await town.deliver()
    assert len(town.posts()) == 1


@pytest.mark.parametrize("command", ["post", "resume", "setup"])
async def test_a_command_takes_it_up(town: Town, command: str) -> None:
    await town.set_up()
    refuse(town, town.channel, 50013)
    await town.post_due(601)
    assert town.posts() == []
    if command == "setup":
        await town.set_up()
    else:
        await town.boss.slash(town.channel, f"digest {command}")
    await town.deliver()
    assert len(town.posts()) == 1
    assert "⚠" not in await status(town)
    await town.bring("2025-12-31")
    await town.post_due(DAY)
    assert len(town.posts()) == 2
    assert {one.state.value for one in await ledger(town, Subscriber.CHANNEL, town.channel.id)} == {"sent"}


async def test_a_channel_that_is_set_aside_for_a_week(town: Town) -> None:
    """Only what is news still comes when it is taken up."""
    await town.set_up()
    refuse(town, town.channel, 50013, times=None)
    await town.post_due(601)
    for day in ("2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05", "2026-01-06"):
        await bring(town, day)
        await town.post_due(DAY)
    assert tries(town, town.channel) == 1
    town.env.backend.faults.clear()
    await town.boss.slash(town.channel, "digest resume")
    await town.deliver()
    days = [seeing.text(post).splitlines()[0].rpartition(", ")[2] for post in town.posts()]
    assert days == ["4 January 2026", "5 January 2026", "6 January 2026"]
