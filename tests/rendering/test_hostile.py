"""Hostile text followed from a digest file to what Discord shows; and that no cluster of characters is torn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

import pytest
from discord import ui
from hypothesis import event, given, settings
from hypothesis import strategies as st

from bot import layouts, rendering, summary
from bot.document import document
from bot.errors import NotUnderstoodError
from bot.language import ENGLISH, KOREAN, language
from bot.lookup import Answer, Kind, Lookup, Near, query_of
from bot.parsing import parse
from bot.query import Query
from bot.terms import Phrase, Term
from bot.text import clean, start
from storage.models import Entry, Follows, Paper, Section, Sort
from tests.rendering.payload import check, shaped, strings
from tests.rendering.strategies import PIECES, TEXT, WHOLE

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
DAY = date(2024, 6, 21)
CHANNEL = "<#123456789012345678>"
HISTORY = [(datetime(2024, 6, day, tzinfo=UTC), day) for day in (21, 22)]
line = st.lists(PIECES, max_size=8).map(lambda pieces: " ".join("".join(pieces).split("\n"))) | TEXT


@pytest.fixture(autouse=True)
async def loop() -> None:
    """discord.py's views want a running loop."""


Marked = tuple[Query | None, tuple[Phrase, ...]]


def marked(kind: Kind, text: str, entries: Sequence[Entry]) -> Marked:
    """What papers are found by, as an answer has it."""
    try:
        asked = query_of(Lookup(kind, text, Sort.NEWEST))
    except NotUnderstoodError:
        asked = None
    if asked is None:
        return None, ()
    terms = [part for part in asked.parts if isinstance(part, Term)]
    held = [document(entry.paper, entry.sections).vocabulary for entry in entries]
    phrases = tuple({phrase for term in terms for vocabulary in held for phrase in term.phrases(vocabulary)})
    event(f"marked: {bool(phrases)}")
    return asked, phrases


def messages(entries: Sequence[Entry], keyword: str) -> Iterator[ui.LayoutView]:
    """Every message that shows papers, in both languages."""
    follows = [(number, keyword) for number in range(1, 4)]
    asked = start(clean(keyword), 80) or "x"
    for one in (language(ENGLISH), language(KOREAN)):
        yield rendering.daily(DAY, len(entries), entries[:10], one, "1")
        yield rendering.alert(DAY, [(entry, [keyword, keyword]) for entry in entries], follows, one, "1")
        for kind in (Kind.KEYWORD, Kind.AUTHOR):
            lookup = Lookup(kind, asked, Sort.NEWEST)
            yield rendering.answer(Answer(lookup, 99, 3, tuple(entries[:5])), one)
            yield rendering.answer(Answer(lookup, 99, 3, tuple(entries[:5])), one, shared_by=keyword.strip() or "x")
            yield rendering.answer(Answer(lookup, 0, 0, (), (Near(lookup, 3),)), one)
            for text in (keyword, entries[0].paper.title, " ".join(entries[0].paper.authors)):
                marks = marked(kind, start(clean(text), 80), entries)
                yield rendering.answer(Answer(lookup, 99, 3, tuple(entries[:5]), (), *marks), one)
        yield rendering.followed(keyword, Follows.KEYWORD, True, CHANNEL, 9, entries[:5], 1, one)
        yield rendering.followed_list([(number, keyword, CHANNEL) for number in range(30)], 0, one)
        for entry in entries:
            yield from (summary.summary(entry, page, one) for page in range(3))
            yield summary.summary(entry, 0, one, shared_by=keyword.strip() or "x", history=HISTORY)


@settings(max_examples=50)
@given(papers=st.lists(st.tuples(line, line, line, TEXT), min_size=1, max_size=3), keyword=TEXT)
async def test_from_a_digest_file(papers: list[tuple[str, str, str, str]], keyword: str) -> None:
    written = "## Daily Papers (2024-06-21)\n\n" + "".join(
        f"### [{title}](https://arxiv.org/abs/2406.{number:05})\n\n![](https://cdn.example/a.png)\n\nVote: 3\n\n"
        f"Authors: {authors}, {authors}\n\n- **{heading}**: {text}\n\n"
        for number, (title, authors, heading, text) in enumerate(papers)
    )
    found = parse(written.encode(errors="surrogatepass"), "a.md")
    entries = [entry for digest in found.digests for entry in digest.entries]
    event(f"{len(entries)} of {len(papers)} papers are read")
    for view in messages(entries, keyword) if entries else ():
        check(view)
    for entry in entries:
        (reading,) = check(summary.bibtex(entry))
        assert [seen.kind for seen in reading.seen] == ["fence"]


@pytest.mark.parametrize(
    "title",
    ["@everyone <@1> [a](https://evil.example)", "https://evil.example/a", "||a|| > b `c` **d**", "\u202e\u2066\u200b",
     "<https://evil.example>", r"words \[words", r"a\] b \[c\](", "-# a", "👩\u200d" * 400, "e" + "\u0301" * 5000],
)  # fmt: skip
async def test_a_hostile_title_is_read_and_shown(title: str) -> None:
    written = f"## 2024-06-21\n\n### [{title}](https://arxiv.org/abs/2406.00001)\n\nAuthors: {title}\n\nWords.\n"
    (digest,) = parse(written.encode(), "a.md").digests
    readings = check(rendering.daily(DAY, 1, digest.entries, language(ENGLISH), "1"))
    shaped(readings, headings=1, cards=1)
    (link,) = (seen for reading in readings for seen in reading.of("link"))
    assert link.target == "https://arxiv.org/abs/2406.00001"
    if "[words" in title:
        assert re.fullmatch(r"words \\?\[words", link.shown)


whole = st.builds(
    lambda pieces, count: "".join(pieces) * count,
    st.lists(st.sampled_from([*WHOLE, "word ", " ", "가", "*"]), min_size=1, max_size=5),
    st.integers(1, 120),
)
_WHOLE = re.compile("|".join(sorted(map(re.escape, WHOLE), key=len, reverse=True)))
_PART = re.compile("[" + "".join(sorted(set("".join(WHOLE)) - set("e1"))) + "]")


@settings(max_examples=20)
@given(title=whole, author=whole, heading=whole, text=whole, code=whole, keyword=whole)
async def test_what_is_one_is_never_torn(
    title: str, author: str, heading: str, text: str, code: str, keyword: str
) -> None:
    sections = (Section(heading, text), Section(None, f"```\n{code}\n```"), Section(heading, text * 9))
    address = "https://arxiv.org/abs/2406.00001"
    paper = Paper("2406.00001", title, address, "https://cdn.example/a.png", None, (author,) * 3)
    entry = Entry(paper, DAY, 0, 1, sections)
    views = [*messages([entry, entry], keyword), summary.bibtex(entry), layouts.note(f"“{layouts.quoted(keyword)}”")]
    views += [summary.summary(entry, page, language(ENGLISH)) for page in range(3, 9)]
    for view in views:
        for string in strings(view):
            assert not _PART.search(_WHOLE.sub("", string)), ascii(string)
