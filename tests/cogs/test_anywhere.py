"""“Look up paper” and /papers show, where a paper is not held: a Hugging Face on loopback knows it, or does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiolimiter import AsyncLimiter

from bot import finding
from bot.config import HuggingFaceSource
from bot.errors import LimitError, NotFoundError
from tests.cogs import places, seeing
from tests.cogs.conftest import Town
from tests.sources import serving
from tests.sources.serving import HuggingFace, paper, says

HELD, NEW, OTHER = "1706.03762", "2601.00001", "2601.00002"
MENU = "Look up paper"
V2 = 1 << 15


@pytest.fixture
async def hugging_face() -> AsyncIterator[HuggingFace]:
    more = {
        "summary": "한국어 zebras\ngraze.",
        "ai_summary": "Zebras, in short.",
        "publishedAt": "2025-12-28T10:00:00Z",
    }
    async with HuggingFace(others=[paper(NEW, "Of zebras", 7, **more), paper(OTHER, "Of lions", 3)]) as server:
        yield server


@pytest.fixture
def more_sources(hugging_face: HuggingFace) -> tuple[HuggingFaceSource, ...]:
    source = {"kind": "huggingface", "name": "HF", "api_url": hugging_face.api_url, "allow_private": True}
    return (HuggingFaceSource.model_validate(source | {"attribution": "Hugging Face Daily Papers"}),)


def asked(server: HuggingFace) -> list[str]:
    """The papers that were asked for, one by one."""
    begun = "/api/papers/"
    return [one.path.removeprefix(begun) for one in server.requests if one.path.startswith(begun)]


def first_answer(town: Town) -> int:
    """How the last interaction was answered at first: 4 is a message, 5 a promise of one (Discord, Interactions)."""
    answers = [one.json for one in town.env.http_requests if one.path.endswith("/callback")]
    return int(answers[-1]["type"])


def posted(town: Town, content: str = "", **more: Any) -> Any:
    """A message of another bot."""
    author = town.env.create_user("elsewhere", bot=True)
    town.env.backend.create_message(town.channel.id, author.id, content, **more)
    return town.channel.history()[-1]


def text(content: str) -> dict[str, Any]:
    return {"type": 10, "content": content}


async def look_up(town: Town, message: Any, member: Any = None) -> Any:
    posts = len(town.posts())
    result = await (member or town.alex).context_menu(town.channel, MENU, message)
    assert result.ephemeral
    assert len(town.posts()) == posts
    return result


LINK = f"https://arxiv.org/abs/{HELD}v5"


async def test_a_link_in_any_part_of_a_message(town: Town, hugging_face: HuggingFace) -> None:
    for said in (
        {"content": f"Look at this: <{LINK}>, and tell me."},
        {"content": f"the old arXiv:{HELD} again"},
        {"embeds": [{"url": f"https://huggingface.co/papers/{HELD}"}]},
        {"embeds": [{"title": f"arXiv: {HELD}"}]},
        {"embeds": [{"description": f"[here](https://www.alphaxiv.org/overview/{HELD})"}]},
        {"embeds": [{"fields": [{"name": "Link", "value": f"hf.co/papers/{HELD}"}]}]},
        {"components": [{"type": 17, "components": [text(f"[Attention]({LINK})")]}], "flags": V2},
        {
            "components": [
                {
                    "type": 9,
                    "components": [text("Attention")],
                    "accessory": {"type": 2, "style": 5, "label": "arXiv", "url": LINK},
                }
            ],
            "flags": V2,
        },
    ):
        result = await look_up(town, posted(town, **said))
        assert "Attention Is All You Need" in seeing.text(result.response), said
        assert "BibTeX" in seeing.labels(result.response)
        assert first_answer(town) == 4
    assert asked(hugging_face) == []


async def test_our_own_post_and_a_forwarded_message(town: Town) -> None:
    shown = await town.alex.slash(town.channel, "papers show", paper=HELD)
    await town.alex.click(shown.response, label="Share in this channel")
    (post,) = town.posts()
    forwarded = await town.minji.forward(post, town.channel)
    for message in (post, forwarded):
        result = await town.minji.context_menu(town.channel, MENU, message)
        assert "Attention Is All You Need" in seeing.text(result.response)


async def test_a_message_without_a_link(town: Town) -> None:
    message = posted(town, "Version 2406.12045 of https://example.org/abs/1706.03762 costs 2501.01234 won")
    result = await look_up(town, message)
    assert "no link to a paper" in seeing.text(result.response)
    result = await look_up(town, message, town.minji)
    assert "이 메시지에는 논문 링크가 없어요" in seeing.text(result.response)


async def test_a_paper_that_is_not_held_is_fetched_once_and_kept(town: Town, hugging_face: HuggingFace) -> None:
    result = await look_up(town, posted(town, f"https://arxiv.org/abs/{NEW}"))
    # Discord waits three seconds for the first answer; Hugging Face may take longer.
    assert first_answer(town) == 5
    seen = seeing.text(result.response)
    assert f"## [Of zebras](https://arxiv.org/abs/{NEW})" in seen
    assert "▲ 7 · Sunday, 28 December 2025 · Hugging Face Daily Papers" in seen
    assert "### Abstract\n한국어 zebras graze." in seen
    # From now on it is held: nobody asks for it again, and searches find it.
    shown = await town.minji.slash(town.channel, "papers show", paper=f"https://hf.co/papers/{NEW}")
    assert "▲ 7 · 2025년 12월 28일 일요일" in seeing.text(shown.response)
    await town.restart()
    for command, option in (("papers keyword", {"text": "zebras"}), ("papers author", {"name": "ana lopez"})):
        found = await town.alex.slash(town.channel, command, **option)
        assert "1 paper" in seeing.text(found.response)
    choices = await town.alex.autocomplete(town.channel, "papers show", "paper", "zeb")
    assert [choice["value"] for choice in choices] == [NEW]
    assert asked(hugging_face) == [NEW]


async def test_show_fetches_too_and_a_title_does_not(town: Town, hugging_face: HuggingFace) -> None:
    assert await town.minji.autocomplete(town.channel, "papers show", "paper", NEW) == []
    shown = await town.minji.slash(town.channel, "papers show", paper=f"arXiv:{NEW}v2")
    assert shown.ephemeral
    assert "Of zebras" in seeing.text(shown.response)
    unknown = await town.alex.slash(town.channel, "papers show", paper="Of lions")
    assert "No paper is held for “Of lions”" in seeing.text(unknown.response)
    assert asked(hugging_face) == [NEW]


async def test_several_links_one_shown_and_a_menu_of_the_others(town: Town, hugging_face: HuggingFace) -> None:
    links = [f"https://arxiv.org/abs/{one}" for one in (HELD, NEW, OTHER, HELD)]
    result = await look_up(town, posted(town, " ".join(links)))
    assert "Attention Is All You Need" in seeing.text(result.response)
    assert seeing.options(result.response) == [(f"arXiv:{one}", one) for one in (NEW, OTHER)]
    assert asked(hugging_face) == []
    picked = await town.alex.select(result.response, [OTHER])
    assert picked.ephemeral
    assert "Of lions" in seeing.text(picked.response)
    again = await look_up(town, posted(town, " ".join(links)))
    assert seeing.options(again.response) == [(f"arXiv:{NEW}", NEW), ("Of lions", OTHER)]


async def test_the_menu_stays_where_pages_are_turned(town: Town, hugging_face: HuggingFace) -> None:
    hugging_face.others[0]["paper"]["summary"] = "\n\n".join(f"{n} " + "zebra " * 100 for n in range(20))
    result = await look_up(town, posted(town, f"arxiv.org/abs/{NEW} arxiv.org/abs/{HELD}"))
    await town.alex.click(result.response, label="Read on")
    assert "page 2 of" in seeing.text(result.response)
    assert seeing.options(result.response) == [("Attention Is All You Need", HELD)]


async def test_the_keywords_of_a_paper_are_looked_up(town: Town, hugging_face: HuggingFace) -> None:
    """From a menu that stays as it is where pages are turned, beside that of other papers."""
    told = hugging_face.others[0]["paper"]
    told["ai_keywords"] = ["zebras", " herd  animals ", "zebras", "x" * 300, " "]
    told["summary"] = "\n\n".join(f"{n} " + "zebra " * 100 for n in range(20))
    result = await look_up(town, posted(town, f"arxiv.org/abs/{NEW} arxiv.org/abs/{HELD}"))
    assert "zebras · herd animals" in seeing.text(result.response)
    await town.alex.click(result.response, label="Read on")
    assert "page 2 of" in seeing.text(result.response)
    keywords, others = (part for part in seeing.parts(result.response) if part["type"] == 3)
    assert [option["value"] for option in keywords["options"]] == ["zebras", "herd animals", "x" * 80]
    assert keywords["placeholder"] == "Look up a keyword…"
    assert [option["value"] for option in others["options"]] == [HELD]
    for chosen, said in (("zebras", "Of **zebras**"), ("herd animals", "No paper held fits this.")):
        found = await town.alex.select(result.response, [chosen], custom_id=keywords["custom_id"])
        assert found.ephemeral
        assert f"Papers on “{chosen}”" in seeing.text(found.response)
        assert said in seeing.text(found.response)
    korean = await town.minji.slash(town.channel, "papers show", paper=NEW)
    assert "키워드로 찾아보기…" in [part.get("placeholder") for part in seeing.parts(korean.response)]


async def test_a_paper_that_is_not_known_there(town: Town, hugging_face: HuggingFace) -> None:
    message = posted(town, f"https://arxiv.org/abs/2601.09999 https://arxiv.org/abs/{HELD}")
    result = await look_up(town, message)
    seen = seeing.text(result.response)
    assert "Hugging Face does not know arXiv:2601.09999 yet" in seen
    assert "https://arxiv.org/abs/2601.09999" in seen
    assert seeing.options(result.response) == [("Attention Is All You Need", HELD)]
    result = await look_up(town, message, town.minji)
    assert "Hugging Face에 arXiv:2601.09999 논문이 아직 없어요" in seeing.text(result.response)
    assert asked(hugging_face) == ["2601.09999"]
    # It is asked for again when some time has passed.
    hugging_face.others.append(paper("2601.09999", "Of whales"))
    town.env.backend.advance_clock(3600)
    result = await look_up(town, message)
    assert "Of whales" in seeing.text(result.response)


@pytest.mark.parametrize(
    "answer",
    [says("", 503), serving.cut_off, says("<!doctype html>"), says('{"id": "2601.00002", "title": "Another"}')],
)
async def test_a_hugging_face_that_fails(town: Town, hugging_face: HuggingFace, answer: serving.Answer) -> None:
    hugging_face.happenings = [answer]
    message = posted(town, f"https://arxiv.org/abs/{NEW}")
    result = await look_up(town, message, town.minji)
    assert "Hugging Face가 지금 응답하지 않아요" in seeing.text(result.response)
    result = await look_up(town, message)
    assert "Of zebras" in seeing.text(result.response)


@pytest.mark.parametrize(("wish", "seconds"), [({"Retry_After": "600"}, 600), ({}, 60)])
async def test_one_that_wishes_to_be_left_alone_is(
    town: Town, hugging_face: HuggingFace, wish: dict[str, str], seconds: int
) -> None:
    hugging_face.happenings = [says("", 429, **wish)]
    message = posted(town, f"https://arxiv.org/abs/{NEW}")
    for _ in range(2):
        result = await look_up(town, message)
        assert "does not answer at the moment. Please try again in a few minutes" in seeing.text(result.response)
    assert len(asked(hugging_face)) == 1
    town.env.backend.advance_clock(seconds + 1)
    result = await look_up(town, message)
    assert "Of zebras" in seeing.text(result.response)


async def test_who_asks_for_many_is_asked_for_patience(town: Town, hugging_face: HuggingFace) -> None:
    assert town.bot.finder
    # However long the forty take: a minute's worth of requests comes back by and by.
    town.bot.finder._pace = AsyncLimiter(finding._PACE[0], places.DAY)
    found = await asyncio.gather(
        *(town.bot.finder.find(f"2602.{number:05}", number % 4) for number in range(40)), return_exceptions=True
    )
    assert [type(one) for one in found] == [NotFoundError] * 30 + [LimitError] * 10
    assert len(asked(hugging_face)) == 30
    result = await town.minji.slash(town.channel, "papers show", paper=NEW)
    assert "1분쯤 뒤에 다시 시도해 주세요" in seeing.text(result.response)
    # What is held is shown all the same.
    result = await town.alex.slash(town.channel, "papers show", paper=HELD)
    assert "Attention Is All You Need" in seeing.text(result.response)


async def test_one_who_asks_for_many_keeps_nobody_else_waiting(town: Town, hugging_face: HuggingFace) -> None:
    for number in range(10):
        result = await town.minji.slash(town.channel, "papers show", paper=f"2602.{number:05}")
        assert "논문이 아직 없어요" in seeing.text(result.response)
    for _ in range(2):
        result = await town.minji.slash(town.channel, "papers show", paper=NEW)
        assert "1분쯤 뒤에 이어서 찾아보세요" in seeing.text(result.response)
    # What is held is no request, and what others ask for is theirs.
    result = await town.minji.slash(town.channel, "papers show", paper=HELD)
    assert "Attention Is All You Need" in seeing.text(result.response)
    result = await town.alex.slash(town.channel, "papers show", paper=NEW)
    assert "Of zebras" in seeing.text(result.response)
    town.env.backend.advance_clock(60)
    result = await town.minji.slash(town.channel, "papers show", paper=OTHER)
    assert len(asked(hugging_face)) == 12


async def test_it_is_in_no_digest_and_told_to_nobody_before_one_brings_it(
    town: Town, hugging_face: HuggingFace
) -> None:
    await town.alex.slash(town.channel, "subscribe keyword", text="zebras")
    await town.set_up()
    for one in (NEW, OTHER):
        await look_up(town, posted(town, f"https://arxiv.org/abs/{one}"))
    await town.bot.plan_alerts()
    await town.deliver()
    assert town.alex.user.dm_channel.history() == []
    days = await town.alex.autocomplete(town.channel, "papers date", "day", "")
    assert [choice["value"] for choice in days] == ["2025-12-30", "2025-12-29", "2025-12"]
    status = seeing.text((await town.boss.slash(town.channel, "digest status")).response)
    assert "30 December 2025" in status
    assert "looked up" not in status
    # Now it comes, as any new paper does.
    await places.bring(town, "2025-12-31", "Of horses")
    (town.folder / "2025-12-31.md").write_text(
        f"## Daily Papers (2025-12-31)\n\n### [Of zebras](https://arxiv.org/abs/{NEW})\n\nVote: 9\n\n- 새 얼룩말\n",
        "utf-8",
    )
    await town.bring()
    (alert,) = town.alex.user.dm_channel.history()
    assert "Of zebras" in seeing.text(alert)
    await town.post_due(3600)
    assert "Of zebras" in seeing.text(town.posts()[-1])
    shown = seeing.text((await town.alex.slash(town.channel, "papers show", paper=NEW)).response)
    assert "새 얼룩말" in shown
    assert "Abstract" not in shown
