"""What is searched of a paper, and what the keywords that find it hang on."""

from __future__ import annotations

import contextlib
import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.document import NAME_TOKENS, Document, document
from bot.errors import NotUnderstoodError
from bot.query import Query, by_author, parse
from bot.text import BREAK
from storage.models import Section
from tests.unit import real

# Few letters, so that words, endings, pieces and spaces of papers and keywords are the same by chance.
LETTERS = [
    *"ab",
    "s",
    "ing",
    "ed",
    " ",
    " ",
    "-",
    "'s",
    ",",
    "1",
    "가",
    "나",
    "의",
    "학",
    "습",
    "강화",
    "é",
    "$a$",
    "τ",
]
text = st.lists(st.sampled_from(LETTERS), max_size=12).map("".join)
part = st.builds(
    "{}{}".format,
    st.sampled_from(["", "", "", "-", "author:", "-author:", "저자:"]),
    text | text.map('"{}"'.format),
)
keywords = st.lists(part, min_size=1, max_size=4).flatmap(
    lambda parts: st.lists(st.sampled_from([" ", " ", " OR "]), min_size=len(parts), max_size=len(parts)).map(
        lambda between: "".join(map("".join, zip(parts, between, strict=True)))
    )
)
papers = st.builds(
    lambda title, authors, sections: document(
        real.made_up(title, authors=tuple(authors)).paper, tuple(Section(*one) for one in sections)
    ),
    text,
    st.lists(text, max_size=3, unique=True),
    st.lists(st.tuples(st.none() | text, text), max_size=3),
)


def understood(keyword: str) -> Query | None:
    with contextlib.suppress(NotUnderstoodError):
        return parse(keyword)
    return None


def test_fields() -> None:
    entry = real.made_up(
        "A U-Net", authors=("Ana López", "...", "김철수"), sections=(Section("New", "one"), Section(None, ""))
    )
    found = document(entry.paper, entry.sections)
    between = f" {' '.join([BREAK] * NAME_TOKENS)} "
    assert found.title == "a u net"
    assert found.authors == f"ana lopez{between}김철 철수 수"
    assert found.names == (" ana lopez ", " 김철 철수 수 ")
    assert found.sections == f"new {BREAK} one"
    assert {"a", "u", "net", "ana", "lopez", "김철수", "new", "one"} <= set(found.vocabulary.words)


def test_a_paper_of_nothing() -> None:
    found = document(real.made_up("").paper, ())
    assert found == Document("", "", "", frozenset())
    assert not parse("a").matches(found)
    assert not by_author("a").matches(found)


@pytest.mark.parametrize("initial", ["k", "h", "김"])
def test_initials_are_anchors(initial: str) -> None:
    found = document(real.made_up("T", authors=("Kaiming He", "김철수")).paper, ())
    assert initial in found.anchors


@settings(max_examples=250)
@given(found=papers, asked=st.lists(keywords, min_size=1, max_size=6), name=text)
def test_a_keyword_that_finds_a_paper_hangs_on_it(found: Document, asked: list[str], name: str) -> None:
    queries = [query for query in map(understood, asked) if query]
    with contextlib.suppress(NotUnderstoodError):
        queries.append(by_author(name))
    for query in queries:
        if query.matches(found):
            assert query.hangs_on(found.anchors), query


@settings(max_examples=200)
@given(several=st.lists(papers, min_size=1, max_size=3), asked=keywords, mixed=st.randoms(use_true_random=False))
def test_what_has_one_normal_form_has_one_answer(several: list[Document], asked: str, mixed: object) -> None:
    """A keyword, and others that differ from it in what may make no difference."""
    variants = {asked, asked.upper(), asked.replace("-", ""), asked.replace(" ", "-"), asked.replace("-", " ")}
    variants |= {asked.replace('"', ""), asked.replace(",", "."), asked.replace("é", "e"), asked + " a", "a " + asked}
    by_normal: dict[str, list[Query]] = {}
    for query in map(understood, sorted(variants)):
        if query:
            by_normal.setdefault(query.normal, []).append(query)
    for same, found in product(by_normal.values(), several):
        assert len({query.matches(found) for query in same}) == 1, same


@pytest.mark.parametrize(
    ("asked", "authors", "title"),
    [
        (by_author("Ann He"), ("Kaiming He", "Ann Lee"), "Of zebras"),
        (by_author("A. He"), ("Kaiming He", "Ann Lee"), "Of zebras"),
        (parse("Of 강화학습"), ("Ann Lee",), "강화학습"),
        (parse('zebra author:"Ann He"'), ("Kaiming He", "Ann Lee"), "zebra"),
    ],
    ids=lambda one: getattr(one, "text", None),
)
def test_a_paper_that_has_a_part_of_what_is_asked_is_not_looked_at(
    asked: Query, authors: tuple[str, ...], title: str
) -> None:
    assert not asked.hangs_on(document(real.made_up(title, authors=authors).paper, ()).anchors)


def test_an_author_who_finds_a_name_hangs_on_it() -> None:
    """Each name asked for against each name of a few pieces."""
    names = [
        " ".join(some) for size in (1, 2, 3) for some in product(("a", "as", "assed", "b'd", "가나", "1"), repeat=size)
    ]
    documents = [document(real.made_up("T", authors=(name,)).paper, ()) for name in names]
    found = 0
    for query in map(by_author, names):
        held = [one for one in documents if query.matches(one)]
        found += len(held)
        assert all(query.hangs_on(one.anchors) for one in held), query.text
    assert found > len(names) * 5


def test_short_keywords_and_texts_without_exception() -> None:
    """Each keyword against each text of a few pieces: those that match hang on it, and those of one normal form give
    one answer."""
    typed = {"".join(some).strip() for size in (1, 2, 3) for some in product("as-1가나, ", repeat=size)}
    queries = [query for word in sorted(typed) for query in (understood(word), understood(f'"{word}"')) if query]
    chance = random.Random(20261122)
    texts = {"".join(some) for size in (1, 2) for some in product("as1가나 ", repeat=size)}
    texts |= {"".join(chance.choices("aas1가나나  ,", k=chance.randint(3, 6))) for _ in range(150)}
    documents = [document(real.made_up(word).paper, ()) for word in sorted(texts)]
    by_normal: dict[str, dict[tuple[bool, ...], str]] = {}
    for query in queries:
        answer = tuple(query.matches(found) for found in documents)
        by_normal.setdefault(query.normal, {})[answer] = query.text
        assert all(query.hangs_on(found.anchors) for found, held in zip(documents, answer, strict=True) if held), query
    assert [set(answers.values()) for answers in by_normal.values() if len(answers) > 1] == []
