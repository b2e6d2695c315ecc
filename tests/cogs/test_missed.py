"""Alerts to people whose direct messages are closed: kept, found in the list, and not tried for ever."""

from __future__ import annotations

from typing import Any

import pytest

from storage.models import Subscriber
from tests.cogs import seeing
from tests.cogs.conftest import Town
from tests.cogs.places import DAY, bring, ledger, target, tries

NEW = "2025-12-31"


def close(town: Town, person: Any, times: int | None = 1) -> None:
    """Closes a person's direct messages to the bot, for so many messages or until they are opened."""
    path = f"/channels/{person.user.dm_channel.id}/messages"
    town.env.inject_error("POST", path, status=403, code=50007, message="Cannot send messages", times=times)


def inbox(person: Any) -> list[str]:
    return [seeing.text(message) for message in person.user.dm_channel.history()]


async def listed(town: Town, person: Any) -> Any:
    return (await person.slash(town.channel, "subscriptions")).response


async def test_a_missed_alert_is_read_in_the_list_and_is_then_not_listed(town: Town) -> None:
    for person in (town.alex, town.minji):
        await person.slash(town.channel, "subscribe keyword", text="agent")
        close(town, person)
    await town.bring(NEW)
    assert [inbox(town.alex), inbox(town.minji)] == [[], []]
    english, korean = await listed(town, town.alex), await listed(town, town.minji)
    assert "⚠ 1 alert could not be delivered to you. Press its day to read it." in seeing.text(english)
    assert "allow direct messages from members of a server that I am in" in seeing.text(english)
    # In a text of its own: below a list it would be read as a part of the last thing in it.
    texts = [part["content"] for part in seeing.parts(english) if part["type"] == 10]
    assert [text.splitlines()[0] for text in texts][1].startswith("⚠ 1 alert")
    assert "⚠ 전하지 못한 알림이 1개 있어요. 날짜를 누르면 읽을 수 있어요." in seeing.text(korean)
    assert "서버 멤버의 DM을 허용해 주세요." in seeing.text(korean)
    (label,) = [label for label in seeing.labels(english) if "paper" in label]
    assert label.startswith("Wednesday, 31 December 2025: ")
    opened = await town.alex.click(english, label=label)
    assert opened.ephemeral
    assert "τ-bench" in seeing.text(opened.response)
    assert "for “agent”" in seeing.text(opened.response)
    # Its buttons and menu are those of any alert.
    summary = await town.alex.select(opened.response, [seeing.options(opened.response)[0][1]])
    assert "BibTeX" in seeing.labels(summary.response)
    assert "could not be delivered" not in seeing.text(await listed(town, town.alex))
    again = await town.alex.click(english, label=label)
    assert seeing.text(again.response) == "This alert is not held any more."
    # What one has read, the other has not.
    (label,) = [label for label in seeing.labels(korean) if "논문" in label]
    assert label.startswith("2025년 12월 31일 수요일: 논문 ")
    opened = await town.minji.click(korean, label=label)
    assert opened.ephemeral
    assert "구독하신 새 논문" in seeing.text(opened.response)
    assert "전하지 못한" not in seeing.text(await listed(town, town.minji))
    again = await town.minji.click(korean, label=label)
    assert seeing.text(again.response) == "이 알림은 이제 남아 있지 않아요."


async def test_another_person_sees_nothing_of_it(town: Town) -> None:
    await town.alex.slash(town.channel, "subscribe keyword", text="agent")
    await town.minji.slash(town.channel, "subscribe keyword", text="diffusion")
    close(town, town.alex)
    await town.bring(NEW)
    theirs, mine = await listed(town, town.alex), await listed(town, town.minji)
    assert "전하지 못한" not in seeing.text(mine)
    press = next(
        part["custom_id"] for part in seeing.parts(theirs) if str(part.get("custom_id")).startswith("pb:missed")
    )
    stored = town.env.backend.get_message(town.channel.id, mine.id)
    menu = next(part for part in seeing.parts(stored) if part["type"] == 1)
    menu["components"] = [{"type": 2, "style": 2, "label": "?", "custom_id": press}]
    tried = await town.minji.click(mine, custom_id=press)
    assert tried.ephemeral
    assert seeing.text(tried.response) == "이 알림은 이제 남아 있지 않아요."
    assert "could not be delivered" in seeing.text(await listed(town, town.alex))


async def test_what_is_missed_outlives_a_restart_and_several_are_listed_newest_first(town: Town) -> None:
    await town.alex.slash(town.channel, "subscribe keyword", text="model")
    close(town, town.alex, times=None)
    for day in (NEW, "2026-01-01"):
        await bring(town, day)
    await town.restart()
    seen = await listed(town, town.alex)
    assert "⚠ 2 alerts could not be delivered to you. Press a day to read it." in seeing.text(seen)
    labels = [label for label in seeing.labels(seen) if "paper" in label]
    assert labels == ["Thursday, 1 January 2026: 1 paper", "Wednesday, 31 December 2025: 1 paper"]
    opened = await town.alex.click(seen, label=labels[1])
    assert "A model of 2025-12-31" in seeing.text(opened.response)
    assert "1 alert could" in seeing.text(await listed(town, town.alex))


async def test_the_next_digest_is_tried_again(town: Town) -> None:
    await town.alex.slash(town.channel, "subscribe keyword", text="model")
    close(town, town.alex)
    await bring(town, NEW)
    assert inbox(town.alex) == []
    await bring(town, "2026-01-01")
    (alert,) = inbox(town.alex)
    assert "A model of 2026-01-01" in alert
    # What was missed stays to be read in the list.
    assert "1 alert could not be delivered" in seeing.text(await listed(town, town.alex))


async def miss(town: Town, first: int, days: int) -> None:
    """A digest a day, from that one in January on."""
    for day in range(first, first + days):
        await bring(town, f"2026-01-{day:02}")
        town.env.backend.advance_clock(DAY)


async def test_after_refusals_on_three_days_nothing_is_tried(town: Town) -> None:
    await town.alex.slash(town.channel, "subscribe keyword", text="model")
    await town.minji.slash(town.channel, "subscribe keyword", text="model")
    close(town, town.alex, times=None)
    await miss(town, 1, 5)
    await town.restart()
    await miss(town, 6, 1)
    assert tries(town, town.alex.user.dm_channel) == 3
    assert len(inbox(town.minji)) == 6
    seen = await listed(town, town.alex)
    assert "⚠ 6 alerts could not be delivered to you." in seeing.text(seen)
    assert len([label for label in seeing.labels(seen) if "paper" in label]) == 5


async def test_refused_twice_on_a_day_counts_once(town: Town) -> None:
    await town.alex.slash(town.channel, "subscribe keyword", text="model")
    close(town, town.alex, times=None)
    await bring(town, NEW)
    await bring(town, "2026-01-01")
    await bring(town, "2026-01-02")
    town.env.backend.advance_clock(DAY)
    await bring(town, "2026-01-03")
    assert tries(town, town.alex.user.dm_channel) == 4
    town.env.backend.faults.clear()
    await bring(town, "2026-01-04")
    assert len(inbox(town.alex)) == 1
    # One that came ends the count.
    close(town, town.alex, times=None)
    for day in (5, 6):
        town.env.backend.advance_clock(DAY)
        await bring(town, f"2026-01-{day:02}")
    town.env.backend.faults.clear()
    await bring(town, "2026-01-07")
    assert len(inbox(town.alex)) == 2


@pytest.mark.parametrize("command", ["papers top", "subscriptions", "a press"])
async def test_using_the_bot_takes_a_person_up(town: Town, command: str) -> None:
    await town.set_up()
    await town.post_due(601)
    await town.alex.slash(town.channel, "subscribe keyword", text="model")
    close(town, town.alex, times=None)
    await miss(town, 1, 4)
    assert tries(town, town.alex.user.dm_channel) == 3
    await town.restart()
    town.env.backend.faults.clear()
    if command == "a press":
        await town.alex.click(town.posts()[0], label="All 9 papers")
    else:
        await town.alex.slash(town.channel, command)
    await bring(town, "2026-01-05")
    (alert,) = inbox(town.alex)
    assert "A model of 2026-01-05" in alert


async def test_who_unfollows_has_missed_nothing(town: Town) -> None:
    followed = await town.alex.slash(town.channel, "subscribe keyword", text="model")
    close(town, town.alex)
    await bring(town, NEW)
    seen = await listed(town, town.alex)
    (label,) = [label for label in seeing.labels(seen) if "paper" in label]
    await town.alex.click(followed.response, label="Unfollow")
    assert "You follow nothing yet" in seeing.text(await listed(town, town.alex))
    gone = await town.alex.click(seen, label=label)
    assert seeing.text(gone.response) == "This alert is not held any more."


async def test_what_is_added_later_to_a_digest_comes_in_another_alert(town: Town) -> None:
    await town.alex.slash(town.channel, "subscribe keyword", text="model")
    await bring(town, NEW, "The first model", "No such thing")
    await bring(town, NEW, "The first model", "No such thing", "The second model")
    await town.restart()
    await bring(town, NEW, "The third model", "The first model", "The second model")
    alerts = inbox(town.alex)
    assert [alert.count(" model](") for alert in alerts] == [1, 1, 1]
    assert ["first" in alerts[0], "second" in alerts[1], "third" in alerts[2]] == [True, True, True]
    assert {one.state.value for one in await ledger(town, Subscriber.USER, town.alex.id)} == {"sent"}


async def test_what_is_added_later_to_a_missed_alert_is_read_with_it(town: Town) -> None:
    await town.minji.slash(town.channel, "subscribe keyword", text="model")
    close(town, town.minji)
    await bring(town, NEW, "The first model")
    await bring(town, NEW, "The first model", "The second model")
    assert inbox(town.minji) == []
    seen = await listed(town, town.minji)
    (label,) = [label for label in seeing.labels(seen) if "논문" in label]
    assert label.endswith("논문 2편")
    opened = seeing.text((await town.minji.click(seen, label=label)).response)
    assert [opened.count("[The first model]("), opened.count("[The second model](")] == [1, 1]
    # One that is added after it was read is in an alert of its own.
    await bring(town, NEW, "The first model", "The second model", "The third model")
    (alert,) = inbox(town.minji)
    assert ["third" in alert, "second" in alert] == [True, False]


async def test_whoever_opens_their_messages_again_is_told_of_what_is_added_later(town: Town) -> None:
    """Though nobody has read what was missed."""
    await town.minji.slash(town.channel, "subscribe keyword", text="model")
    close(town, town.minji)
    await bring(town, NEW, "The first model")
    await town.minji.slash(town.channel, "papers top")
    await bring(town, NEW, "The first model", "The second model")
    (alert,) = inbox(town.minji)
    assert ["first" in alert, "second" in alert] == [False, True]
    (label,) = [label for label in seeing.labels(await listed(town, town.minji)) if "논문" in label]
    assert label.endswith("논문 1편")


async def test_direct_messages_that_cannot_be_opened(town: Town) -> None:
    """Discord refuses already to open them: nothing in common any more."""
    await town.alex.slash(town.channel, "subscribe keyword", text="model")
    town.env.inject_error("POST", "/users/@me/channels", status=403, code=50278, message="No mutual guilds")
    await bring(town, NEW)
    assert inbox(town.alex) == []
    held = await target(town, Subscriber.USER, town.alex.id)
    assert held is not None
    assert held.refusals == 1
    assert "1 alert could not" in seeing.text(await listed(town, town.alex))
