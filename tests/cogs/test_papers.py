"""/papers, as the people who type it see it."""

from __future__ import annotations

import pytest
import simcord

from tests.cogs import seeing
from tests.cogs.conftest import Town

WHOLE_SAMPLE = ("2025-12-31", "2026-01-01")


async def test_a_day_lists_its_papers_the_most_voted_first(town: Town) -> None:
    result = await town.alex.slash(town.channel, "papers date", day="2025-12-29")
    assert result.ephemeral
    seen = seeing.text(result.response)
    assert "Monday, 29 December 2025" in seen
    assert "8 papers · page 1 of 2" in seen
    votes = [int(line.split("▲ ")[1].split(" ")[0]) for line in seen.splitlines() if "▲ " in line]
    assert len(votes) == 5
    assert votes == sorted(votes, reverse=True)
    assert len(seeing.options(result.response)) == 5


async def test_pages_turn_and_still_do_after_a_restart(town: Town) -> None:
    result = await town.alex.slash(town.channel, "papers date", day="2025-12-29")
    first = seeing.text(result.response)
    with pytest.raises(simcord.SetupError, match="disabled"):
        await town.alex.click(result.response, label="Back")
    await town.alex.click(result.response, label="Next")
    second = seeing.text(result.response)
    with pytest.raises(simcord.SetupError, match="disabled"):
        await town.alex.click(result.response, label="Next")
    assert "page 2 of 2" in second
    await town.restart()
    await town.alex.click(result.response, label="Back")
    assert seeing.text(result.response) == first


async def test_a_month_and_a_bad_date(town: Town) -> None:
    month = await town.alex.slash(town.channel, "papers date", day="2025-12")
    assert "December 2025" in seeing.text(month.response)
    assert "17 papers" in seeing.text(month.response)
    bad = await town.alex.slash(town.channel, "papers date", day="the day before")
    assert bad.ephemeral
    assert "2024-06-21" in seeing.text(bad.response)
    korean = await town.minji.slash(town.channel, "papers date", day="그저께")
    assert "날짜가 아니에요" in seeing.text(korean.response)


async def test_a_day_without_a_digest_offers_the_nearest(town: Town) -> None:
    result = await town.alex.slash(town.channel, "papers date", day="2025-12-25")
    assert "No paper held fits this" in seeing.text(result.response)
    near = seeing.labels(result.response)[0]
    opened = await town.alex.click(result.response, label="Monday, 29 December 2025")
    assert near == "Tuesday, 30 December 2025"
    assert "8 papers" in seeing.text(opened.response)


async def test_dates_are_completed_newest_first(town: Town) -> None:
    choices = await town.alex.autocomplete(town.channel, "papers date", "day", "")
    assert [choice["value"] for choice in choices] == ["2025-12-30", "2025-12-29", "2025-12"]
    assert choices[0]["name"] == "2025-12-30 · Tuesday, 30 December 2025 · 9 papers"
    month = await town.alex.autocomplete(town.channel, "papers date", "day", "2025-12")
    assert month[0]["name"] == "2025-12 · December 2025 · 17 papers"
    korean = await town.minji.autocomplete(town.channel, "papers date", "day", "2025-12-29")
    assert [choice["name"] for choice in korean] == ["2025-12-29 · 2025년 12월 29일 월요일 · 논문 8편"]


async def test_an_author_by_autocomplete_and_by_a_near_spelling(town: Town) -> None:
    await town.bring(*WHOLE_SAMPLE)
    choices = await town.alex.autocomplete(town.channel, "papers author", "name", "andre mart")
    assert [choice["value"] for choice in choices] == ["André F. T. Martins"]
    found = await town.alex.slash(town.channel, "papers author", name="martins marinho")
    assert "No paper held fits this" in seeing.text(found.response)
    found = await town.alex.slash(town.channel, "papers author", name="zita marinho")
    assert "∞-former" in seeing.text(found.response)
    misspelled = await town.alex.slash(town.channel, "papers author", name="Zita Marino")
    assert "Zita Marinho" in seeing.labels(misspelled.response)


async def test_a_keyword_in_korean_and_english(town: Town) -> None:
    await town.bring(*WHOLE_SAMPLE)
    found = await town.minji.slash(town.channel, "papers keyword", text="강화 학습")
    seen = seeing.text(found.response)
    assert "“강화 학습” 논문" in seen
    assert "Playing Atari" in seen
    tau = await town.alex.slash(town.channel, "papers keyword", text="τ-bench")
    assert "1 paper\n" in seeing.text(tau.response) + "\n"
    none = await town.alex.slash(town.channel, "papers keyword", text="transformer kangaroo")
    assert any(label.startswith("transformer (") for label in seeing.labels(none.response))


async def test_a_keyword_sorted_by_votes(town: Town) -> None:
    await town.bring(*WHOLE_SAMPLE)
    result = await town.alex.slash(town.channel, "papers keyword", text="model", sort="votes")
    lines = seeing.text(result.response).splitlines()
    votes = [int(line.split("▲ ")[1].split(" ")[0]) for line in lines if "▲ " in line]
    assert len(votes) == 5
    assert votes == sorted(votes, reverse=True)


async def test_a_query_of_no_words_is_explained(town: Town) -> None:
    result = await town.alex.slash(town.channel, "papers keyword", text='"-"')
    assert result.ephemeral
    assert "Type a word to look for" in seeing.text(result.response)


@pytest.mark.parametrize(("period", "papers"), [("day", 9), ("week", 40), ("month", 40), ("all", 40)])
async def test_the_top_of_a_period(town: Town, period: str, papers: int) -> None:
    await town.bring(*WHOLE_SAMPLE)
    result = await town.alex.slash(town.channel, "papers top", period=period)
    assert f"{papers} papers" in seeing.text(result.response)


@pytest.mark.parametrize(
    "paper",
    ["2406.12045", "https://arxiv.org/abs/2406.12045v3", "https://huggingface.co/papers/2406.12045", "tau bench"],
)
async def test_one_paper_is_shown_whole(town: Town, paper: str) -> None:
    await town.bring(*WHOLE_SAMPLE)
    result = await town.alex.slash(town.channel, "papers show", paper=paper)
    assert result.ephemeral
    seen = seeing.text(result.response)
    assert "[τ-bench: A Benchmark" in seen
    for heading in ("What's New", "Technical Details", "Performance Highlights"):
        assert f"### {heading}" in seen
    assert "Shunyu Yao, Noah Shinn, Pedram Razavi, Karthik Narasimhan" in seen
    assert seeing.media(result.response) == [
        "https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/2406.12045.png"
    ]
    assert seeing.labels(result.response) == ["arXiv", "PDF", "Hugging Face", "BibTeX", "Share in this channel"]


async def test_bibtex(town: Town) -> None:
    await town.bring(*WHOLE_SAMPLE)
    shown = await town.alex.slash(town.channel, "papers show", paper="2406.12045")
    result = await town.alex.click(shown.response, label="BibTeX")
    assert result.ephemeral
    assert "author        = {Shunyu Yao and Noah Shinn and Pedram Razavi and Karthik Narasimhan}" in seeing.text(
        result.response
    )


async def test_an_unknown_paper(town: Town) -> None:
    result = await town.minji.slash(town.channel, "papers show", paper="2499.99999")
    assert "“2499.99999”에 맞는 논문을 가지고 있지 않아요" in seeing.text(result.response)


async def test_titles_are_completed_in_plain_spelling(town: Town) -> None:
    await town.bring(*WHOLE_SAMPLE)
    choices = await town.alex.autocomplete(town.channel, "papers show", "paper", "tau ben")
    assert [(choice["name"][:7], choice["value"]) for choice in choices] == [("τ-bench", "2406.12045")]
    assert await town.alex.autocomplete(town.channel, "papers show", "paper", "1706.03762") != []


async def test_an_answer_is_shared_with_the_channel(town: Town) -> None:
    result = await town.alex.slash(town.channel, "papers date", day="2025-12-29")
    assert town.posts() == []
    shared = await town.alex.click(result.response, label="Share in this channel")
    assert not shared.ephemeral
    (post,) = town.posts()
    assert "shared by alex" in seeing.text(post)
    opened = await town.minji.select(post, [seeing.options(post)[0][1]])
    assert opened.ephemeral
    assert "BibTeX" in seeing.labels(opened.response)


async def test_a_summary_is_shared_with_the_channel(town: Town) -> None:
    shown = await town.alex.slash(town.channel, "papers show", paper="1706.03762")
    await town.alex.click(shown.response, label="Share in this channel")
    (post,) = town.posts()
    assert "Attention Is All You Need" in seeing.text(post)
    assert "shared by alex" in seeing.text(post)


async def test_summaries_open_from_the_menu_after_a_restart(town: Town) -> None:
    result = await town.alex.slash(town.channel, "papers date", day="2025-12-29")
    await town.restart()
    opened = await town.alex.select(result.response, [seeing.options(result.response)[2][1]])
    assert "### What's New" in seeing.text(opened.response)


async def test_look_ups_work_in_direct_messages(town: Town) -> None:
    result = await town.minji.user.slash("papers top", period="all")
    assert "역대 인기 논문" in seeing.text(result.response)


async def test_a_button_of_another_version_is_explained(town: Town) -> None:
    from bot.lookup import Lookup

    result = await town.alex.slash(town.channel, "papers date", day="2025-12-29")
    original = Lookup.__str__
    try:
        Lookup.__str__ = lambda self: "zz:later"  # type: ignore[method-assign]
        await town.alex.click(result.response, label="Next")
    finally:
        Lookup.__str__ = original  # type: ignore[method-assign]
    pressed = await town.alex.click(result.response, label="Back")
    assert pressed.ephemeral
    assert "another version" in seeing.text(pressed.response)
