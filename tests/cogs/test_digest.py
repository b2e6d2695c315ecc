"""/digest and the daily post."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest

from bot import planning
from tests.cogs import seeing
from tests.cogs.conftest import Town


async def post_after(town: Town, seconds: float) -> None:
    """Lets the time pass and the clock ask once."""
    await town.env.advance_time(seconds)
    await town.post_due()


async def test_the_daily_post(town: Town) -> None:
    await town.bring("2025-12-31")
    await town.set_up()
    await post_after(town, 599)
    assert town.posts() == []
    await post_after(town, 2)
    (post,) = town.posts()
    seen = seeing.text(post)
    assert seen.startswith("## Daily Papers · Wednesday, 31 December 2025\n-# 14 papers")
    assert "**1\u2002[τ-bench: A Benchmark for Tool-Agent-User" in seen
    assert "▲ 143 · Shunyu Yao, Noah Shinn and 2 more" in seen
    assert seeing.labels(post) == ["All 14 papers", "Follow a keyword"]
    assert len(seeing.options(post)) == 5
    assert all(picture.endswith(".png") for picture in seeing.pictures(post))
    # The top, by votes; the SVG of the second is not shown.
    assert [line.split("▲ ")[1].split(" ")[0] for line in seen.splitlines() if "▲" in line][:3] == ["143", "92", "86"]
    assert len(seeing.pictures(post)) == 4


async def test_a_post_is_made_once_and_a_day_without_a_digest_is_silent(town: Town) -> None:
    await town.set_up()
    await post_after(town, 601)
    for _ in range(3):
        await town.post_due()
    assert len(town.posts()) == 1
    await town.restart()
    await town.post_due()
    for _ in range(2):
        town.env.backend.advance_clock(86_400)
        await town.post_due()
    assert len(town.posts()) == 1
    await town.bring("2025-12-31")
    town.env.backend.advance_clock(86_400)
    await town.post_due()
    assert len(town.posts()) == 2


async def test_a_bot_that_was_down_posts_by_itself_when_it_is_back(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = asyncio.Event()
    plan_posts = planning.plan_posts

    async def watched(*given: Any) -> int:
        planned = await plan_posts(*given)
        looked.set()
        return planned

    await town.set_up()
    town.env.backend.advance_clock(601)
    monkeypatch.setattr(planning, "plan_posts", watched)
    await town.restart()
    await asyncio.wait_for(looked.wait(), 20)
    await town.deliver()
    assert len(town.posts()) == 1


async def test_everything_is_open_below_the_post(town: Town) -> None:
    await town.set_up()
    await post_after(town, 601)
    (post,) = town.posts()
    everything = await town.minji.click(post, label="All 9 papers")
    assert everything.ephemeral
    assert "2025년 12월 30일 화요일" in seeing.text(everything.response)
    summary = await town.alex.select(post, [seeing.options(post)[0][1]])
    assert "BibTeX" in seeing.labels(summary.response)


async def test_a_korean_post_with_a_minimum(town: Town) -> None:
    await town.bring("2025-12-31")
    await town.set_up(language="ko", top=3, min_votes=80)
    await post_after(town, 601)
    seen = seeing.text(town.posts()[0])
    assert "오늘의 논문 · 2025년 12월 31일 수요일" in seen
    assert "외 2명" in seen
    assert seen.count("▲") == 3
    assert seeing.labels(town.posts()[0]) == ["논문 14편 모두 보기", "키워드 구독하기"]


async def test_setup_answers_with_the_next_post_and_what_it_lacks(town: Town) -> None:
    done = await town.set_up(time="오전 9시", timezone="asia/seoul")
    seen = seeing.text(done.response)
    assert done.ephemeral
    assert "at 09:00 (Asia/Seoul)" in seen
    # SimCord's clock begins at 2026-01-01T00:00Z, which is 09:00 in Seoul: the next one is tomorrow's.
    assert "<t:1767312000:F>" in seen
    assert "lack" not in seen
    locked = town.guild.create_text_channel(
        "locked", overwrites={town.env.bot.user: discord.PermissionOverwrite(send_messages=False)}
    )
    done = await town.set_up(channel=locked)
    assert "⚠ I lack these permissions" in seeing.text(done.response)
    assert "Send Messages" in seeing.text(done.response)


@pytest.mark.parametrize(
    ("option", "said"),
    [({"time": "25:00"}, "is no time of day"), ({"timezone": "Seoul City"}, "is no time zone")],
)
async def test_setup_explains_what_it_cannot_read(town: Town, option: dict[str, str], said: str) -> None:
    assert said in seeing.text((await town.set_up(**option)).response)


async def test_time_zones_are_completed_in_both_languages(town: Town) -> None:
    english = await town.boss.autocomplete(town.channel, "digest setup", "timezone", "seo")
    assert english[0]["value"] == "Asia/Seoul"
    assert english[0]["name"].endswith("· 09:00")
    korean = await town.boss.autocomplete(town.channel, "digest setup", "timezone", "서울")
    town.locales[town.boss.id] = "ko"
    korean = await town.boss.autocomplete(town.channel, "digest setup", "timezone", "서울")
    assert korean[0]["value"] == "Asia/Seoul"
    assert len(await town.boss.autocomplete(town.channel, "digest setup", "timezone", "a")) == 25


async def test_those_who_do_not_manage_cannot(town: Town) -> None:
    assert not any(name.startswith("digest") for name in town.alex.available_commands(town.channel))


async def test_status(town: Town) -> None:
    empty = await town.boss.slash(town.channel, "digest status")
    assert "No channel here has a daily post yet" in seeing.text(empty.response)
    await town.set_up()
    before = seeing.text((await town.boss.slash(town.channel, "digest status")).response)
    assert "Newest digest held: Tuesday, 30 December 2025" in before
    assert "Next post: <t:1767226200:F> (<t:1767226200:R>)" in before
    assert "Nothing was posted in the last seven days" in before
    await post_after(town, 601)
    after = seeing.text((await town.boss.slash(town.channel, "digest status")).response)
    assert "✓ Tuesday, 30 December 2025 · [posted](https://discord.com/channels/" in after


async def test_status_tells_of_a_failure_and_post_tries_again(town: Town) -> None:
    await town.set_up()
    town.env.inject_error("POST", "/channels/*/messages", status=403, code=50013, message="Missing Permissions")
    await post_after(town, 601)
    assert town.posts() == []
    status = seeing.text((await town.boss.slash(town.channel, "digest status")).response)
    assert "⚠ Tuesday, 30 December 2025 · not posted" in status
    assert "⚠ Not posted to since" in status
    assert "I may not send messages there. Let me, and I go on." in status
    await town.post_due(86_400)
    assert town.posts() == []
    done = await town.boss.slash(town.channel, "digest post")
    assert "Posted in" in seeing.text(done.response)
    assert len(town.posts()) == 1


async def test_preview_is_the_post_for_the_asker_alone(town: Town) -> None:
    await town.set_up()
    preview = await town.boss.slash(town.channel, "digest preview")
    assert preview.ephemeral
    await post_after(town, 601)
    assert seeing.text(preview.response) == seeing.text(town.posts()[0])


async def test_post_now_but_not_twice(town: Town) -> None:
    await town.set_up()
    first = await town.boss.slash(town.channel, "digest post")
    assert "Posted in" in seeing.text(first.response)
    second = await town.boss.slash(town.channel, "digest post")
    assert "already" in seeing.text(second.response)
    await post_after(town, 601)
    assert len(town.posts()) == 1


async def test_pause_and_resume(town: Town) -> None:
    await town.set_up()
    paused = await town.boss.slash(town.channel, "digest pause")
    assert "is paused" in seeing.text(paused.response)
    await post_after(town, 601)
    assert town.posts() == []
    assert "Next post: paused" in seeing.text((await town.boss.slash(town.channel, "digest status")).response)
    resumed = await town.boss.slash(town.channel, "digest resume")
    assert "goes on" in seeing.text(resumed.response)
    await town.post_due(86_400)
    assert len(town.posts()) == 1


async def test_remove(town: Town) -> None:
    await town.set_up()
    gone = await town.boss.slash(town.channel, "digest remove")
    assert "gets no daily post any more" in seeing.text(gone.response)
    await post_after(town, 601)
    assert town.posts() == []


async def test_several_channels_must_be_named(town: Town) -> None:
    other = town.guild.create_text_channel("other")
    third = town.guild.create_text_channel("third")
    await town.set_up()
    await town.set_up(channel=other)
    unclear = await town.boss.slash(third, "digest post")
    assert "Name the one that you mean" in seeing.text(unclear.response)
    wrong = await town.boss.slash(third, "digest post", channel=third)
    assert "has no daily post" in seeing.text(wrong.response)
    named = await town.boss.slash(third, "digest post", channel=other)
    assert f"<#{other.id}>" in seeing.text(named.response)


async def test_setting_up_again_changes_the_time_without_a_double(town: Town) -> None:
    await town.set_up()
    await post_after(town, 601)
    await town.set_up(time="00:30")
    await post_after(town, 1_300)
    assert len(town.posts()) == 1


async def test_nothing_to_post(town: Town, tmp_path: Any) -> None:
    await town.set_up(min_votes=100_000)
    assert "nothing to post" in seeing.text((await town.boss.slash(town.channel, "digest post")).response)
    assert "nothing to post" in seeing.text((await town.boss.slash(town.channel, "digest preview")).response)
    await post_after(town, 601)
    assert town.posts() == []
