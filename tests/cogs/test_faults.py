"""A fault is told where it belongs, and ends nothing else."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import aiohttp
import pytest
from discord.http import HTTPClient

from bot import rendering
from bot.logs import Handler
from storage import channels, servers
from tests.cogs import seeing
from tests.cogs.conftest import Town
from tests.cogs.places import bring


@pytest.fixture
def cut_off(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The first message to each of these channels is lost with the connection."""
    unlucky: list[int] = []
    send = HTTPClient.send_message

    async def sometimes(self: HTTPClient, channel_id: int, **named: Any) -> Any:
        if channel_id in unlucky:
            unlucky.remove(channel_id)
            raise aiohttp.ClientOSError("the connection was lost")
        return await send(self, channel_id, **named)

    monkeypatch.setattr(HTTPClient, "send_message", sometimes)
    return unlucky


async def test_a_lost_connection_is_one_channels_alone_and_is_told(town: Town, cut_off: list[int]) -> None:
    other = town.guild.create_text_channel("other")
    await town.set_up()
    await town.set_up(channel=other)
    cut_off.append(town.channel.id)
    town.env.backend.advance_clock(601)
    await town.post_due()
    assert [len(town.posts()), len(other.history())] == [0, 1]
    status = await town.boss.slash(town.channel, "digest status")
    assert "It was begun and is not confirmed. I look again by myself." in seeing.text(status.response)
    # Discord remembers the nonce: sending again makes no second message.
    await town.post_due(6)
    assert [len(town.posts()), len(other.history())] == [1, 1]
    status = await town.boss.slash(town.channel, "digest status")
    assert "not confirmed" not in seeing.text(status.response)


async def test_a_post_that_cannot_be_drawn_is_one_channels_alone(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    other = town.guild.create_text_channel("other")
    await town.set_up(language="ko")
    await town.set_up(channel=other)
    daily = rendering.daily

    def broken(day: Any, total: int, entries: Any, language: Any, *more: Any) -> Any:
        if language.code == "ko":
            raise RuntimeError("no ink")
        return daily(day, total, entries, language, *more)

    monkeypatch.setattr(rendering, "daily", broken)
    town.env.backend.advance_clock(601)
    await town.post_due()
    assert [len(town.posts()), len(other.history())] == [0, 1]
    status = await town.boss.slash(town.channel, "digest status")
    assert "⚠ Tuesday, 30 December 2025 · I could not draw it" in seeing.text(status.response)
    monkeypatch.setattr(rendering, "daily", daily)
    await town.post_due(6)
    assert [len(town.posts()), len(other.history())] == [1, 1]


async def test_one_subscribers_fault_is_not_the_others(town: Town, cut_off: list[int]) -> None:
    for person in (town.alex, town.minji):
        await person.slash(town.channel, "subscribe keyword", text="model")
    cut_off.append(town.alex.user.dm_channel.id)
    await town.bring("2025-12-31")
    assert [len(person.user.dm_channel.history()) for person in (town.alex, town.minji)] == [0, 1]
    await town.post_due(6)
    assert [len(person.user.dm_channel.history()) for person in (town.alex, town.minji)] == [1, 1]


@pytest.mark.parametrize("is_thread", [False, True])
async def test_a_deleted_channel_is_forgotten(town: Town, is_thread: bool) -> None:
    other = town.guild.create_text_channel("other")
    if is_thread:
        town.env.backend.create_thread(other.id, "a thread", town.boss.id)
        await town.env.settle()
        (other,) = other.threads
    await town.set_up()
    await town.set_up(channel=other)
    await town.boss.slash(town.channel, "subscribe keyword", text="model", channel=other)
    town.env.backend.delete_channel(other.id)
    await town.env.settle()
    status = await town.boss.slash(town.channel, "digest status")
    assert f"<#{other.id}>" not in seeing.text(status.response)
    removed = await town.boss.slash(town.channel, "digest remove")
    assert "gets no daily post any more" in seeing.text(removed.response)
    async with town.bot.database.read() as connection:
        assert not await servers.known(connection)


@pytest.mark.provokes_errors
async def test_a_server_may_open_digest_to_all_and_still_only_managers_may(town: Town) -> None:
    command = next(one for one in town.env.backend.commands[None].values() if one["name"] == "digest")
    command["default_member_permissions"] = None
    refused = await town.alex.slash(town.channel, "digest status")
    assert refused.acknowledged
    assert "Manage Server" in seeing.text(refused.response)
    town.env.errors  # noqa: B018 - SimCord counts a refused check as an error


async def test_a_word_and_its_misspelling(town: Town) -> None:
    found = await town.alex.slash(town.channel, "papers keyword", text="diffusion difusion zzqqxx")
    labels = seeing.labels(found.response)
    assert len(labels) == len(set(labels))


async def test_what_is_typed_comes_back_as_typed(town: Town) -> None:
    result = await town.alex.slash(town.channel, "papers date", day="**x** [a](http://evil.example) <@1>")
    seen = seeing.text(result.response)
    assert "\\*\\*x\\*\\*" in seen
    assert "\\[a\\]" in seen
    assert "\\<@1\\>" in seen


async def test_setting_up_again_keeps_what_is_left_out(town: Town) -> None:
    await town.set_up(top=7, min_votes=3, language="ko")
    changed = await town.set_up(time="12:00")
    assert "top 7" in seeing.text(changed.response)
    async with town.bot.database.read() as connection:
        held = await channels.get(connection, town.channel.id)
    assert held is not None
    assert (held.top, held.min_votes, held.language, f"{held.wall_time:%H:%M}") == (7, 3, "ko", "12:00")


async def test_a_long_summary_that_was_shared_is_read_on_by_each_alone(town: Town) -> None:
    body = "\n".join(f"- **Part {number}**: " + "A long sentence about it. " * 60 for number in range(6))
    text = f"## Daily Papers (2025-12-31)\n\n### [Long](https://arxiv.org/abs/2512.00001)\n\n{body}\n"
    (town.folder / "long.md").write_text(text, "utf-8")
    await town.bring()
    shown = await town.alex.slash(town.channel, "papers show", paper="2512.00001")
    await town.alex.click(shown.response, label="Share in this channel")
    (post,) = town.posts()
    before = seeing.text(post)
    read = await town.minji.click(post, label="Read on")
    assert read.ephemeral
    assert "3쪽 중 2쪽" in seeing.text(read.response)
    assert seeing.text(town.posts()[0]) == before


async def test_a_date_in_the_future_is_told_and_silences_nobody(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    text = "## Daily Papers (2062-01-01)\n\n### [Too early](https://arxiv.org/abs/2512.00001)\n"
    (town.folder / "2062.md").write_text(text, "utf-8")
    await town.bring()
    assert "the date 2062-01-01 is in the future" in caplog.text
    await town.set_up()
    await town.boss.slash(town.channel, "digest post")
    assert "30 December 2025" in seeing.text(town.posts()[0])


async def test_a_line_of_the_log_for_each_delivery(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    """With ids, and with nothing of what is said."""
    await town.set_up()
    await town.alex.slash(town.channel, "subscribe keyword", text="model")
    path = f"/channels/{town.alex.user.dm_channel.id}/messages"
    town.env.inject_error("POST", path, status=403, code=50007, message="Cannot send")
    with caplog.at_level(logging.INFO, "bot.delivery"):
        await bring(town, "2026-01-01", "A model of lions")
        await town.post_due(601)
    told = [json.loads(Handler(io.StringIO(), "json", None).format(one)) for one in caplog.records]
    (post,) = town.posts()
    (alert, sent) = sorted((one for one in told if one["logger"] == "bot.delivery"), key=lambda one: one["kind"])
    assert sent == sent | {
        "level": "INFO",
        "message": "delivery sent",
        "kind": "daily",
        "target": "channel",
        "target_id": town.channel.id,
        "day": "2026-01-01",
        "channel": town.channel.id,
        "message_id": post.id,
        "reason": None,
    }
    assert alert == alert | {
        "level": "WARNING",
        "message": "delivery set aside",
        "kind": "alert",
        "target": "user",
        "target_id": town.alex.user.id,
        "reason": "direct messages closed",
        "message_id": None,
    }
    assert "lions" not in str(told)
    assert "model" not in str(told)
