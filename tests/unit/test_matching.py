"""New papers held against what is followed."""

from __future__ import annotations

import pytest

from bot.document import document
from bot.errors import NotUnderstoodError
from bot.matching import finds, understood
from bot.query import parse
from storage.models import Entry, Follows, Section
from tests.unit import real

KEYWORD, AUTHOR = Follows.KEYWORD, Follows.AUTHOR
DIFFUSION = real.made_up("Video Diffusion", authors=("Kaiming He", "Ann Lee"), arxiv_id="2401.00001")
REASONING = real.made_up(
    "On Thought", authors=("Guédon, Antoine",), sections=(Section(None, "모델의 추론을 돕는다"),), arxiv_id="2401.00002"
)


def found(kind: Follows, text: str, *entries: Entry) -> list[str]:
    chosen = entries or (DIFFUSION, REASONING)
    held = finds(kind, text, [document(one.paper, one.sections) for one in chosen])
    return [one.paper.arxiv_id for one, found in zip(chosen, held, strict=True) if found]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("diffusion", ["2401.00001"]),
        ("추론", ["2401.00002"]),
        ("audio", []),
        ("diffusion -video", []),
        ("thought -audio", ["2401.00002"]),
        ("video OR thought", ["2401.00001", "2401.00002"]),
        ("author:he diffusion", ["2401.00001"]),
        ('"video diffusion"', ["2401.00001"]),
    ],
)
def test_keywords(text: str, wanted: list[str]) -> None:
    assert found(KEYWORD, text) == wanted


def test_authors_in_any_order_without_accents() -> None:
    for name in ("he kaiming", "KAIMING", "K. He", "He"):
        assert found(AUTHOR, name) == ["2401.00001"]
    for name in ("Antoine Guedon", "guédon"):
        assert found(AUTHOR, name) == ["2401.00002"]


def test_a_name_does_not_reach_from_one_author_to_the_next() -> None:
    assert found(AUTHOR, "Kaiming Lee") == []
    assert found(AUTHOR, "Kai") == []


def test_a_name_is_no_keyword() -> None:
    # What would part, exclude or quote words of a keyword is a word of a name.
    assert found(AUTHOR, "Kaiming -He") == ["2401.00001"]
    assert found(AUTHOR, "Kaiming OR Antoine") == []


def test_an_author_is_no_word_of_a_summary() -> None:
    named = real.made_up("After Kaiming He", sections=(Section(None, "Kaiming He"),))
    assert found(AUTHOR, "Kaiming He", named) == []
    assert found(KEYWORD, "Kaiming He", named) == ["2401.00001"]


@pytest.mark.parametrize("text", ["-only", "x" * 200, "", "…"])
def test_what_an_earlier_version_kept_finds_nothing_and_stops_nobody(text: str) -> None:
    assert found(KEYWORD, text) == []
    with pytest.raises(NotUnderstoodError):
        understood(KEYWORD, text)
    assert found(AUTHOR, "+") == []


@real.needed
def test_every_real_author_can_be_followed() -> None:
    for entry in real.entries("2024/06/21.md"):
        for name in entry.paper.authors:
            assert found(AUTHOR, name, entry) == [entry.paper.arxiv_id]


@real.needed
def test_a_subscription_means_what_a_search_means() -> None:
    entries = real.every_entry()
    for text in ("diffusion", "추론", '"language model"', "video -diffusion", "tau-bench", "gpt4o", "벤치마크 LLM"):
        searched = [one.paper.arxiv_id for one in entries if parse(text).matches(document(one.paper, one.sections))]
        assert searched
        assert found(KEYWORD, text, *entries) == searched
