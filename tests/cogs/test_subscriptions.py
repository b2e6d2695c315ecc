"""Following keywords and authors, and the alerts that come of it."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot import custom_ids
from tests.cogs import seeing
from tests.cogs.conftest import Town

NEW = "2025-12-31"


def alerts(person: Any) -> list[Any]:
    return list(person.user.dm_channel.history())


async def test_following_tells_what_would_have_come(town: Town) -> None:
    result = await town.alex.slash(town.channel, "subscribe keyword", text="transformer")
    assert result.ephemeral
    seen = seeing.text(result.response)
    assert "You now follow “transformer”" in seen
    assert "In the last 30 days of papers held, it would have found" in seen
    assert "](https://arxiv.org/abs/" in seen


async def test_following_twice_is_following_once(town: Town) -> None:
    await town.minji.slash(town.channel, "subscribe keyword", text="GPT-4o  추론")
    again = await town.minji.slash(town.channel, "subscribe keyword", text="추론 gpt4o")
    assert "이미 구독하고 있어요" in seeing.text(again.response)
    listed = await town.minji.slash(town.channel, "subscriptions")
    assert "구독 1개" in seeing.text(listed.response)


async def test_a_new_paper_comes_by_direct_message_with_its_keyword(town: Town) -> None:
    await town.alex.slash(town.channel, "subscribe keyword", text="agent")
    await town.minji.slash(town.channel, "subscribe keyword", text="추론")
    await town.minji.slash(town.channel, "subscribe author", name="tri dao")
    assert alerts(town.alex) == []
    await town.bring(NEW)
    (english,) = alerts(town.alex)
    seen = seeing.text(english)
    assert "Wednesday, 31 December 2025" in seen
    assert "τ-bench" in seen
    assert "for “agent”" in seen
    (korean,) = alerts(town.minji)
    seen = seeing.text(korean)
    assert "구독하신 새 논문" in seen
    assert "구독: “추론”" in seen
    assert "구독: “tri dao”" in seen or "tri dao" in seen
    assert "FlashAttention" in seen


async def test_a_digest_is_told_of_once(town: Town) -> None:
    await town.alex.slash(town.channel, "subscribe keyword", text="agent")
    await town.bring(NEW)
    await town.bring(NEW)
    await town.restart()
    await town.bring()
    assert len(alerts(town.alex)) == 1


async def test_an_archive_is_not_told_of(town: Town) -> None:
    await town.alex.slash(town.channel, "subscribe keyword", text="agent")
    old = "## Daily Papers (2024-01-02)\n\n### [An Agent](https://arxiv.org/abs/2401.00001)\n\n- agent\n"
    (town.folder / "2024-01-02.md").write_text(old, "utf-8")
    await town.bring()
    assert alerts(town.alex) == []


async def test_a_summary_opens_from_an_alert(town: Town) -> None:
    await town.alex.slash(town.channel, "subscribe keyword", text="agent")
    await town.bring(NEW)
    (alert,) = alerts(town.alex)
    opened = await town.alex.user.select(alert, [seeing.options(alert)[0][1]])
    assert "### What's New" in seeing.text(opened.response)


async def test_unfollowing_from_an_alert(town: Town) -> None:
    await town.alex.slash(town.channel, "subscribe keyword", text="agent")
    await town.bring(NEW)
    (alert,) = alerts(town.alex)
    await town.restart()
    done = await town.alex.user.click(alert, label="Unfollow “agent”")
    assert "No longer followed: “agent”" in seeing.text(done.response)
    again = await town.alex.user.click(alert, label="Unfollow “agent”")
    assert "not followed any more" in seeing.text(again.response)


async def test_follow_this_below_a_search(town: Town) -> None:
    found = await town.alex.slash(town.channel, "papers keyword", text="attention -vision")
    followed = await town.alex.click(found.response, label="Follow this")
    assert "You now follow “attention \\-vision”" in seeing.text(followed.response) or (
        "You now follow “attention -vision”" in seeing.text(followed.response)
    )
    undone = await town.alex.click(followed.response, label="Unfollow")
    assert "No longer followed" in seeing.text(undone.response)


async def test_follow_a_keyword_by_the_daily_post_even_after_a_restart(town: Town) -> None:
    await town.set_up()
    await town.env.advance_time(601)
    await town.post_due()
    (post,) = town.posts()
    asked = await town.minji.click(post, label="Follow a keyword")
    assert asked.modal is not None
    assert asked.modal["title"] == "키워드 구독하기"
    await town.restart()
    done = await town.minji.submit_modal(asked, {custom_ids.ASKED_TEXT: "diffusion"})
    assert "이제 “diffusion”을(를) 구독해요" in seeing.text(done.response)


async def test_the_menu_of_subscriptions_removes(town: Town) -> None:
    for text in ("diffusion", "강화 학습", "attention"):
        await town.alex.slash(town.channel, "subscribe keyword", text=text)
    listed = await town.alex.slash(town.channel, "subscriptions")
    names = [label for label, _ in seeing.options(listed.response)]
    assert names == ["diffusion", "강화 학습", "attention"]
    values = [value for _, value in seeing.options(listed.response)[:2]]
    await town.alex.select(listed.response, values)
    listed = await town.alex.slash(town.channel, "subscriptions")
    assert [label for label, _ in seeing.options(listed.response)] == ["attention"]


async def test_nobody_removes_what_others_follow(town: Town) -> None:
    followed = await town.alex.slash(town.channel, "subscribe keyword", text="diffusion")
    theirs = next(part["custom_id"] for part in seeing.parts(followed.response) if part["type"] == 2)
    mine = await town.minji.slash(town.channel, "subscribe keyword", text="attention")
    stored = town.env.backend.get_message(town.channel.id, mine.response.id)
    for part in seeing.parts(stored):
        if part["type"] == 2:
            part["custom_id"] = theirs
    tried = await town.minji.click(mine.response, custom_id=theirs)
    assert "구독한 분이나 서버를 관리하는 분만" in seeing.text(tried.response)
    listed = await town.alex.slash(town.channel, "subscriptions")
    assert [label for label, _ in seeing.options(listed.response)] == ["diffusion"]


async def test_unsubscribe_by_name_with_autocomplete(town: Town) -> None:
    await town.alex.slash(town.channel, "subscribe keyword", text="diffusion")
    choices = await town.alex.autocomplete(town.channel, "unsubscribe", "text", "dif")
    done = await town.alex.slash(town.channel, "unsubscribe", text=choices[0]["value"])
    assert "No longer followed: “diffusion”" in seeing.text(done.response)
    unknown = await town.alex.slash(town.channel, "unsubscribe", text="diffusion")
    assert "You do not follow “diffusion”" in seeing.text(unknown.response)


@pytest.mark.limit(2)
async def test_a_limit_is_said_kindly(town: Town) -> None:
    for text in ("one", "two", "three"):
        result = await town.alex.slash(town.channel, "subscribe keyword", text=text)
    assert "No more than 2 things can be followed" in seeing.text(result.response)


async def test_a_channel_follows_only_for_those_who_manage(town: Town) -> None:
    refused = await town.alex.slash(town.channel, "subscribe keyword", text="agent", channel=town.channel)
    assert "Manage Server" in seeing.text(refused.response)
    done = await town.boss.slash(town.channel, "subscribe keyword", text="agent", channel=town.channel)
    assert f"<#{town.channel.id}> now follows “agent”" in seeing.text(done.response)
    await town.bring(NEW)
    (post,) = town.posts()
    assert "for “agent”" in seeing.text(post)
    listed = await town.boss.slash(town.channel, "subscriptions")
    assert f"<#{town.channel.id}>" in seeing.text(listed.response)
    assert "You follow nothing yet" in seeing.text((await town.alex.slash(town.channel, "subscriptions")).response)


async def test_a_channel_that_the_bot_cannot_write_in(town: Town) -> None:
    locked = town.guild.create_text_channel(
        "locked", overwrites={town.env.bot.user: discord.PermissionOverwrite(send_messages=False)}
    )
    result = await town.boss.slash(town.channel, "subscribe keyword", text="agent", channel=locked)
    assert "I lack these permissions" in seeing.text(result.response)
    assert "Send Messages" in seeing.text(result.response)


async def test_more_matches_than_cards_are_all_named(town: Town) -> None:
    await town.alex.slash(town.channel, "subscribe keyword", text="the")
    await town.alex.slash(town.channel, "subscribe keyword", text="모델")
    lines = ["## Daily Papers (2026-01-01)"]
    for number in range(30):
        lines += [
            f"### [The paper number {number}](https://arxiv.org/abs/2601.{number:05})",
            "Vote: 3",
            "- 모델입니다.",
        ]
    (town.folder / "2026-01-01.md").write_text("\n\n".join(lines), "utf-8")
    await town.bring()
    (alert,) = alerts(town.alex)
    assert "30 new papers for you" in seeing.text(alert)
    assert "and " in seeing.text(alert).splitlines()[-1]
    assert len(seeing.options(alert)) == 25


async def test_closed_direct_messages_end_nothing(town: Town) -> None:
    await town.alex.slash(town.channel, "subscribe keyword", text="model")
    await town.minji.slash(town.channel, "subscribe keyword", text="model")
    town.env.inject_error("POST", "/channels/*/messages", status=403, code=50007, message="Cannot send messages")
    await town.bring(NEW)
    assert [len(alerts(town.alex)), len(alerts(town.minji))] == [0, 1]
    await town.bring("2026-01-01")
    assert len(alerts(town.alex)) == 1
