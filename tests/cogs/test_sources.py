"""How it is with the sources, as an admin reads it in /digest status, and what the owner of the bot is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from storage import sources
from storage.models import Digest, Entry, Paper, Sentence, SourceState, Version
from tests.cogs import seeing
from tests.cogs.conftest import Town
from tests.cogs.places import DAY, bring, tries
from tests.cogs.test_servers import post
from tests.cogs.test_status import status, status_in_korean

HF = "Hugging Face"
NOT_FOUND = Sentence("{host} cannot be found: nobody knows an address of this name.", {"host": "huggingface.co"})


async def keep(town: Town, *names: str) -> None:
    async with town.bot.database.write() as connection:
        await sources.keep(connection, [SourceState(name, "en", "") for name in ("files", *names)])


async def answers(town: Town, name: str = HF) -> None:
    """A source answers, with nothing that is new."""
    day, now = town.bot.now().date(), town.bot.now()
    versions = [(f"https://{name}/{day}", Version())]
    await town.bot.database.change(sources.take, name, day, [], versions, now, grows_for=None)
    async with town.bot.database.write() as connection:
        await sources.answered(connection, name)


async def fails(town: Town, name: str = HF, why: Sentence = NOT_FOUND) -> None:
    now = town.bot.now()
    async with town.bot.database.write() as connection:
        await sources.failed(connection, name, why, now + timedelta(minutes=1), now)


def move_to(town: Town, day: date) -> None:
    town.env.backend.advance_clock((datetime.combine(day, town.bot.now().timetz()) - town.bot.now()).total_seconds())


async def first_lines(town: Town) -> tuple[list[str], list[str]]:
    """What is said before the first channel, in English and in Korean, without the names of moments."""
    return tuple(seen.partition("\n###")[0].splitlines() for seen in (await status(town), await status_in_korean(town)))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("newest", "today", "weekend"),
    [
        (date(2026, 1, 9), date(2026, 1, 10), True),
        (date(2026, 1, 9), date(2026, 1, 11), True),
        (date(2026, 1, 9), date(2026, 1, 12), True),
        (date(2026, 1, 9), date(2026, 1, 13), False),
        (date(2026, 1, 8), date(2026, 1, 10), False),
        (date(2026, 1, 8), date(2026, 1, 9), False),
    ],
)
async def test_no_digest_on_weekends_is_no_failure(town: Town, newest: date, today: date, weekend: bool) -> None:
    await town.set_up()
    await keep(town, HF)
    move_to(town, today)
    await bring(town, str(newest))
    await answers(town)
    asked = f"<t:{int(town.bot.now().timestamp())}:R>"
    english, korean = await first_lines(town)
    held = {8: ("Thursday, 8", "8일 목요일"), 9: ("Friday, 9", "9일 금요일")}[newest.day]
    assert english == [
        f"Newest digest held: {held[0]} January 2026",
        f"Hugging Face was asked {asked} and had nothing newer."
        + (" On weekends there are seldom papers." if weekend else ""),
    ]
    assert korean == [
        f"가장 최근 다이제스트: 2026년 1월 {held[1]}",
        f"Hugging Face에는 {asked} 확인했을 때 새 논문이 없었어요."
        + (" 주말에는 새 논문이 거의 없어요." if weekend else ""),
    ]


async def test_a_day_that_still_grows(town: Town) -> None:
    """It is the newest that is held, and is not posted: neither at its time, nor by /digest post."""
    await town.set_up()
    await keep(town, HF)
    move_to(town, date(2026, 1, 12))
    await bring(town, "2026-01-09")
    await town.post_due(0)
    day, until = date(2026, 1, 12), datetime(2026, 1, 12, 22, tzinfo=UTC)
    zebras = Paper("2601.00001", "Zebras", "https://arxiv.org/abs/2601.00001")
    found, versions = [Digest(day, (Entry(zebras, day, 0, 3, ()),))], [("https://hf/", Version())]
    now, hours = town.bot.now(), timedelta(hours=22)
    await town.bot.database.change(sources.take, HF, day, found, versions, now, grows_for=hours)
    english, korean = await first_lines(town)
    at = f"<t:{int(until.timestamp())}:F> (<t:{int(until.timestamp())}:R>)"
    monday = "Monday, 12 January 2026"
    said = f"The papers of {monday} come until {at}. They are posted at the next posting time after that."
    assert english == [f"Newest digest held: {monday}", said]
    assert korean[1] == f"2026년 1월 12일 월요일 논문은 {at}까지 모아서, 그다음 게시 시각에 올려요."
    assert (await post(town)).endswith(said)
    # A digest of the day that is whole is posted without waiting for the other.
    await bring(town, "2026-01-12")
    assert len((await first_lines(town))[0]) == 1


async def test_a_source_that_fails(town: Town) -> None:
    """Also on a weekend, and whatever another source has."""
    await town.set_up()
    await keep(town, HF, "Lab")
    move_to(town, date(2026, 1, 10))
    since = int(town.bot.now().timestamp())
    await fails(town)
    town.env.backend.advance_clock(3 * 3600)
    answer = {"host": "huggingface.co", "answer": "*503* @everyone Service Unavailable"}
    await fails(town, why=Sentence("{host} answers {answer}.", answer))
    await bring(town, "2026-01-10")
    await answers(town, "Lab")
    english, korean = await first_lines(town)
    assert english[1:] == [
        f"⚠ Hugging Face has failed since <t:{since}:F> (<t:{since}:R>): huggingface.co answers \\*503\\* "
        "@\u200beveryone Service Unavailable. I ask again by myself."
    ]
    assert korean[1:] == [
        f"⚠ Hugging Face에서 <t:{since}:F> (<t:{since}:R>)부터 논문을 받지 못하고 있어요: huggingface.co에서 "
        "\\*503\\* @\u200beveryone Service Unavailable 응답이 왔어요. 제가 알아서 다시 시도할게요."
    ]
    await answers(town)
    english, korean = await first_lines(town)
    assert (len(english), len(korean)) == (1, 1)


async def test_a_folder_that_is_gone_and_there_again(town: Town) -> None:
    await town.set_up()
    town.folder.rename(town.folder.with_name("elsewhere"))
    await town.bot.read_digests()
    english, _ = await first_lines(town)
    assert english[1].startswith("⚠ files has failed since <t:")
    assert "There is no file or folder" in english[1]
    town.folder.with_name("elsewhere").rename(town.folder)
    await town.bot.read_digests()
    english, _ = await first_lines(town)
    assert len(english) == 1


async def test_before_anything_was_asked(town: Town) -> None:
    await town.set_up()
    await keep(town, HF)
    english, korean = await first_lines(town)
    assert (len(english), len(korean)) == (1, 1)


class Owner:
    """The person that the bot is of, or that its team is of."""

    def __init__(self, town: Town, monkeypatch: pytest.MonkeyPatch, *, team: bool = False) -> None:
        self.town = town
        self.person = town.env.create_user("owner")
        application = town.bot.application
        assert application is not None
        if team:
            monkeypatch.setattr(application, "team", SimpleNamespace(owner_id=self.person.id))
        else:
            monkeypatch.setattr(application, "owner", SimpleNamespace(id=self.person.id))

    async def told(self) -> list[str]:
        """What they have been told, once all that is due is sent."""
        await self.town.bot.read_digests()
        # The first opens their direct messages; what else there is comes after it.
        await self.town.deliver()
        await self.town.deliver()
        return [seeing.text(message) for message in self.person.dm_channel.history()]


@pytest.mark.parametrize("team", [False, True])
async def test_the_owner_is_told(town: Town, monkeypatch: pytest.MonkeyPatch, team: bool) -> None:
    """Of two sources that fail at once, each once, when they have failed for a day; and when they are back."""
    owner = Owner(town, monkeypatch, team=team)
    await keep(town, HF, "Lab")
    since = int(town.bot.now().timestamp())
    for name in (HF, "Lab"):
        await fails(town, name)
    town.env.backend.advance_clock(DAY - 60)
    assert await owner.told() == []
    town.env.backend.advance_clock(120)
    await fails(town)
    first, second = await owner.told()
    assert f"⚠ Hugging Face has failed since <t:{since}:F>" in first
    assert "nobody knows an address of this name" in first
    assert f"⚠ Hugging Face에서 <t:{since}:F>" in first
    assert "huggingface.co의 주소를 찾을 수 없어요." in first
    assert "⚠ Lab has failed since" in second
    town.env.backend.advance_clock(3 * DAY)
    await fails(town)
    assert len(await owner.told()) == 2
    await answers(town)
    assert [line.splitlines()[0] for line in (await owner.told())[2:]] == [
        f"✓ Hugging Face answers again. It had failed since <t:{since}:F> (<t:{since}:R>)."
    ]
    # Where it fails anew, its day begins anew.
    await fails(town)
    town.env.backend.advance_clock(DAY - 60)
    assert len(await owner.told()) == 3
    town.env.backend.advance_clock(120)
    assert len(await owner.told()) == 4


async def test_a_source_that_flaps(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = Owner(town, monkeypatch)
    await keep(town, HF)
    for _ in range(3):
        await fails(town)
        town.env.backend.advance_clock(23 * 3600)
        assert await owner.told() == []
        await answers(town)
        assert await owner.told() == []
        town.env.backend.advance_clock(2 * 3600)


async def test_an_owner_whose_direct_messages_are_closed(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are not tried for ever, and everybody else gets their posts."""
    owner = Owner(town, monkeypatch)
    await town.set_up()
    await keep(town, HF)
    dm = owner.person.dm_channel
    path = f"/channels/{dm.id}/messages"
    town.env.inject_error("POST", path, status=403, code=50007, message="Cannot send messages", times=None)
    for _ in range(4):
        await fails(town)
        town.env.backend.advance_clock(DAY + 60)
        assert await owner.told() == []
        town.env.backend.advance_clock(5 * DAY)
        assert await owner.told() == []
        await answers(town)
        assert await owner.told() == []
    # Three refusals on different days, as everybody's.
    assert tries(town, dm) == 3
    await bring(town, f"{town.bot.now():%Y-%m-%d}")
    await town.post_due(DAY)
    assert len(town.posts()) >= 1


async def test_a_bot_of_nobody(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    await keep(town, HF)
    monkeypatch.setattr(town.bot._connection, "application_id", None)
    monkeypatch.setattr(town.bot, "_application", None)
    await fails(town)
    town.env.backend.advance_clock(2 * DAY)
    await town.bot.read_digests()
