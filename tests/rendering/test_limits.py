"""Whatever the input, a message is within Discord's limits, pings nobody and links where it says it does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from bot import custom_ids, markdown, rendering, summary
from bot.language import ENGLISH, KOREAN, language
from bot.lookup import PAGE, Answer, Kind, Lookup, Near
from bot.query import MAX_LENGTH
from bot.text import width
from storage.models import Entry, Follows, Sort
from tests.rendering.strategies import ENTRY, TEXT

LANGUAGE = st.sampled_from([ENGLISH, KOREAN]).map(language)
LOOKUP = st.one_of(
    st.builds(
        Lookup,
        st.sampled_from([Kind.AUTHOR, Kind.KEYWORD]),
        TEXT.map(lambda text: " ".join(text.split())[:MAX_LENGTH] or "x"),
        st.sampled_from(Sort),
    ),
    st.sampled_from(
        [Lookup(Kind.DATE, "2024-06-21", Sort.VOTES), Lookup(Kind.DATE, "2024-06", Sort.VOTES)]
        + [Lookup(Kind.TOP, period, Sort.VOTES) for period in ("day", "week", "month", "all")]
    ),
)
DAY = date(2024, 6, 21)


def walk(components: list[Any]) -> Iterator[dict[str, Any]]:
    for part in components:
        yield part
        yield from walk(part.get("components") or [])
        yield from walk([part["accessory"]] if part.get("accessory") else [])


def check(view: ui.LayoutView) -> str:
    """Holds a message against Discord's limits (Components Reference); returns its text."""
    parts = list(walk(view.to_components()))
    assert len(parts) <= 40
    texts = [part["content"] for part in parts if part["type"] == 10]
    assert all(texts)
    assert sum(map(width, texts)) <= 4000
    ids = [part["custom_id"] for part in parts if part.get("custom_id")]
    assert len(ids) == len(set(ids))
    assert all(1 <= len(custom_id) <= 100 for custom_id in ids)
    for part in parts:
        kind = part["type"]
        if kind == 1:
            assert 1 <= len(part["components"]) <= 5
        elif kind == 2:
            assert 1 <= width(part["label"]) <= 80
            assert ("url" in part) != ("custom_id" in part)
            assert len(part.get("url") or "") <= 512
        elif kind == 3:
            assert 1 <= len(part["options"]) <= 25
            assert width(part.get("placeholder") or "") <= 150
            assert 1 <= part["max_values"] <= len(part["options"])
            values = [option["value"] for option in part["options"]]
            assert len(values) == len(set(values))
            for option in part["options"]:
                assert 1 <= width(option["label"]) <= 100
                assert 1 <= len(option["value"]) <= 100
        elif kind == 9:
            assert 1 <= len(part["components"]) <= 3
        elif kind == 11:
            assert part["media"]["url"].startswith(("http://", "https://"))
            assert len(part["media"]["url"]) <= 2048
            assert width(part.get("description") or "") <= 1024
        elif kind == 12:
            assert 1 <= len(part["items"]) <= 10
    # What comes back by a press must be understood.
    patterns = [value for value in vars(custom_ids).values() if isinstance(value, re.Pattern)]
    for custom_id in ids:
        assert sum(bool(pattern.fullmatch(custom_id)) for pattern in patterns) == 1, custom_id
    return "\n".join(texts)


def harmless(text: str) -> None:
    """Nothing in the text pings, and every masked link is one of Paperboy's own."""
    outside = re.sub(r"`` .*? ``|```.*?```", "", text, flags=re.DOTALL)
    bare = re.sub(r"https?://\S+", "", outside)
    assert not re.search(r"@(everyone|here)", bare)
    assert not re.search(r"(?<!\\)(?:\\\\)*<[@#:a/tid]", re.sub(r"<#\d+>", "", outside))
    for link in re.finditer(r"(?<!\\)(?:\\\\)*\]\(([^)]*)\)", outside):
        assert link[1].startswith("https://arxiv.org/abs/"), link[0]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b]", text)


@pytest.fixture(autouse=True)
async def loop() -> None:
    """discord.py's views want a running loop."""


@given(entries=st.lists(ENTRY, min_size=1, max_size=10), language=LANGUAGE, total=st.integers(1, 10**6))
async def test_daily(entries: list[Entry], language: Any, total: int) -> None:
    harmless(check(rendering.daily(DAY, total, entries, language, "123456789012345678")))


@given(
    matches=st.lists(st.tuples(ENTRY, st.lists(TEXT, min_size=1, max_size=5)), min_size=1, max_size=40),
    follows=st.lists(st.tuples(st.integers(1, 10**15), TEXT), max_size=20, unique_by=lambda follow: follow[0]),
    language=LANGUAGE,
)
async def test_alert(matches: Any, follows: Any, language: Any) -> None:
    harmless(check(rendering.alert(DAY, matches, follows, language, "1")))


@given(
    lookup=LOOKUP,
    entries=st.lists(ENTRY, min_size=1, max_size=PAGE),
    page=st.integers(0, 20),
    more=st.integers(0, 10**5),
    language=LANGUAGE,
    shared_by=st.none() | TEXT.filter(str.strip),
)
async def test_answer(lookup: Any, entries: Any, page: int, more: int, language: Any, shared_by: str | None) -> None:
    found = Answer(lookup, page * PAGE + len(entries) + more, page, tuple(entries))
    harmless(check(rendering.answer(found, language, shared_by=shared_by)))


@given(
    lookup=LOOKUP, near=st.lists(st.tuples(LOOKUP, st.none() | st.integers(1, 10**6)), max_size=8), language=LANGUAGE
)
async def test_nothing_found(lookup: Any, near: Any, language: Any) -> None:
    fitting = [Near(one, number) for one, number in near if one.kind in (Kind.AUTHOR, Kind.KEYWORD)]
    unique = tuple({str(one.lookup): one for one in fitting}.values())
    harmless(check(rendering.answer(Answer(lookup, 0, 0, (), unique), language)))


@given(entry=ENTRY, page=st.integers(0, 30), language=LANGUAGE, shared_by=st.none() | TEXT.filter(str.strip))
async def test_summary(entry: Entry, page: int, language: Any, shared_by: str | None) -> None:
    harmless(check(summary.summary(entry, page, language, shared_by=shared_by)))


@given(entry=ENTRY)
async def test_bibtex(entry: Entry) -> None:
    text = check(summary.bibtex(entry))
    assert text.count("```") == 2


@given(
    text=TEXT,
    kind=st.sampled_from(Follows),
    new=st.booleans(),
    where=st.none() | st.just("<#123456789012345678>"),
    entries=st.lists(ENTRY, max_size=5),
    more=st.integers(0, 10**6),
    language=LANGUAGE,
)
async def test_followed(
    text: str, kind: Any, new: bool, where: str | None, entries: Any, more: int, language: Any
) -> None:
    harmless(check(rendering.followed(text, kind, new, where, len(entries) + more, entries, 10**15, language)))


@given(
    rows=st.lists(
        st.tuples(st.integers(1, 10**15), TEXT, st.just("keyword · <#123456789012345678>")),
        max_size=60,
        unique_by=lambda row: row[0],
    ),
    page=st.integers(0, 9),
    language=LANGUAGE,
)
async def test_followed_list(rows: Any, page: int, language: Any) -> None:
    harmless(check(rendering.followed_list(rows, page, language)))


@given(entry=ENTRY, language=LANGUAGE)
async def test_a_summary_is_whole_over_its_pages(entry: Entry, language: Any) -> None:
    """Every letter and digit of every section is on one of the pages, in order."""

    def letters(text: str) -> str:
        return re.sub(r"[\W_]", "", text)

    pages = []
    for page in range(200):
        view = summary.summary(entry, page, language)
        texts = [part["content"] for part in walk(view.to_components()) if part["type"] == 10]
        pages.append("".join(text for text in texts[1:] if not text.startswith("-# ")))
        if not any(part.get("label") in ("Read on", "더 읽기") for part in walk(view.to_components())):
            break
    shown = letters("".join(pages))
    for section in entry.sections:
        for block in markdown.blocks(section.text):
            assert letters(block) in shown
