"""Whatever the input, a message is within Discord's limits, pings nobody and links where it says it does."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import layouts, markdown, rendering, summary
from bot.language import ENGLISH, KOREAN, language
from bot.lookup import PAGE, Answer, Kind, Lookup, Near
from bot.query import MAX_LENGTH
from bot.ranking import Riser
from bot.text import clean, start
from storage.models import Entry, Follows, Sort
from tests.rendering.payload import check, shaped, texts, walk
from tests.rendering.reader import read
from tests.rendering.strategies import ENTRY, TEXT

LANGUAGE = st.sampled_from([ENGLISH, KOREAN]).map(language)
LOOKUP = st.one_of(
    st.builds(
        Lookup,
        st.sampled_from([Kind.AUTHOR, Kind.KEYWORD]),
        TEXT.map(lambda text: start(clean(text), MAX_LENGTH) or "x"),
        st.sampled_from(Sort),
    ),
    st.sampled_from(
        [Lookup(Kind.DATE, "2024-06-21", Sort.VOTES), Lookup(Kind.DATE, "2024-06", Sort.VOTES)]
        + [Lookup(Kind.TOP, period, Sort.VOTES) for period in ("day", "week", "month", "all")]
    ),
)
DAY = date(2024, 6, 21)
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


@pytest.fixture(autouse=True)
async def loop() -> None:
    """discord.py's views want a running loop."""


@given(
    entries=st.lists(ENTRY, min_size=1, max_size=10),
    language=LANGUAGE,
    total=st.integers(1, 10**6),
    riser=st.none() | st.builds(Riser, ENTRY, st.none() | st.integers(0, 10**6)),
)
async def test_daily(entries: list[Entry], language: Any, total: int, riser: Riser | None) -> None:
    readings = check(rendering.daily(DAY, total, entries, language, "123456789012345678", riser))
    shaped(readings, headings=1, cards=len(entries))


@given(
    matches=st.lists(st.tuples(ENTRY, st.lists(TEXT, min_size=1, max_size=5)), min_size=1, max_size=40),
    follows=st.lists(st.tuples(st.integers(1, 10**15), TEXT), max_size=20, unique_by=lambda follow: follow[0]),
    language=LANGUAGE,
)
async def test_alert(matches: Any, follows: Any, language: Any) -> None:
    readings = check(rendering.alert(DAY, matches, follows, language, "1"))
    cards = min(len(matches), 8)
    shaped(readings, headings=1, cards=cards, items=sum(len(one.of("link")) for one in readings) - cards)


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
    shaped(check(rendering.answer(found, language, shared_by=shared_by)), headings=1, cards=len(entries))


@given(
    lookup=LOOKUP, near=st.lists(st.tuples(LOOKUP, st.none() | st.integers(1, 10**6)), max_size=8), language=LANGUAGE
)
async def test_nothing_found(lookup: Any, near: Any, language: Any) -> None:
    fitting = [Near(one, number) for one, number in near if one.kind in (Kind.AUTHOR, Kind.KEYWORD)]
    unique = tuple({str(one.lookup): one for one in fitting}.values())
    shaped(check(rendering.answer(Answer(lookup, 0, 0, (), unique), language)), headings=1)


@given(entry=ENTRY, page=st.integers(0, 30), language=LANGUAGE, shared_by=st.none() | TEXT.filter(str.strip))
async def test_summary(entry: Entry, page: int, language: Any, shared_by: str | None) -> None:
    head, *rest = check(summary.summary(entry, page, language, shared_by=shared_by))
    shaped([head], headings=1)
    assert len(head.of("link")) == 1
    # A section keeps its own lists, emphasis, code and addresses; headings are the sections' own.
    known = {"heading", "list", "bold", "italics", "code", "fence", "address"}
    *rest, last = rest
    assert all(reading.kinds <= known for reading in rest)
    assert last.kinds <= known or (last.kinds == {"subtext"} and rest)
    assert sum(len(reading.of("heading")) for reading in rest) <= sum(bool(one.heading) for one in entry.sections)
    for heading in (seen for reading in rest for seen in reading.of("heading")):
        assert not read(heading.within).seen


@settings(max_examples=30)
@given(entry=ENTRY, language=LANGUAGE)
async def test_summary_with_votes_over_time(entry: Entry, language: Any) -> None:
    history = [(datetime(2026, 1, day, tzinfo=UTC), 10**day) for day in (1, 9)]
    plain, drawn = (summary.summary(entry, 0, language, shared_by="x" * 40, history=one) for one in ((), history))
    assert len(check(drawn)) == len(check(plain)) + 1


@given(entry=ENTRY)
async def test_bibtex(entry: Entry) -> None:
    (reading,) = check(summary.bibtex(entry))
    assert reading.words == ""
    (code,) = reading.seen
    assert code.kind == "fence"
    assert code.shown.startswith("@misc{arxiv")
    assert code.shown.endswith("\n}")
    assert "`" not in code.shown


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
    readings = check(rendering.followed(text, kind, new, where, len(entries) + more, entries, 10**15, language))
    shaped(readings, items=sum(len(one.of("link")) for one in readings))


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
    readings = check(rendering.followed_list(rows, page, language))
    mentions = sum(len(one.of("mention")) for one in readings)
    shaped(readings, headings=bool(rows), items=mentions)
    assert mentions <= 25


@given(text=TEXT, buttons=st.lists(TEXT.filter(str.strip), max_size=5))
async def test_note(text: str, buttons: list[str]) -> None:
    said = f"“{layouts.quoted(text)}” is no time of day."
    (reading,) = check(layouts.note(said, *(layouts.button(label, f"pb:list:{n}") for n, label in enumerate(buttons))))
    assert not reading.seen


@given(entry=ENTRY, language=LANGUAGE)
async def test_a_summary_is_whole_over_its_pages(entry: Entry, language: Any) -> None:
    """Every letter and digit of every section is on one of the pages, in order."""

    def letters(text: str) -> str:
        return re.sub(r"[\W_]", "", text)

    pages = []
    for page in range(200):
        view = summary.summary(entry, page, language)
        pages.append("".join(text for text in texts(view)[1:] if not text.startswith("-# ")))
        if not any(part.get("label") in ("Read on", "더 읽기") for part in walk(view.to_components())):
            break
    shown = letters("".join(pages))
    for section in entry.sections:
        for block in markdown.blocks(section.text):
            assert letters(block) in shown
