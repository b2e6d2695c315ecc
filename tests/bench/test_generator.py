"""Made papers are always the same, and have the shapes of real ones."""

from __future__ import annotations

import statistics
from datetime import timedelta

import pytest

from bot.parsing import parse
from storage.models import Digest
from tests.bench.generator import LAST_DAY, Generator, Settings, markdown, text_bytes
from tests.bench.names import Names
from tests.bench.prose import particle
from tests.bench.words import rare, rare_korean

SETTINGS = Settings.of(600)


@pytest.fixture(scope="module")
def digests() -> list[Digest]:
    return list(Generator(SETTINGS).digests())


def test_the_same_settings_make_the_same(digests: list[Digest]) -> None:
    assert list(Generator(SETTINGS).digests()) == digests
    assert list(Generator(Settings(600, SETTINGS.authors, seed=2)).digests()) != digests


def test_papers_are_different_and_days_follow_each_other(digests: list[Digest]) -> None:
    ids = [entry.paper.arxiv_id for digest in digests for entry in digest.entries]
    assert len(ids) == len(set(ids)) == 600
    days = [digest.date for digest in digests]
    assert days == [LAST_DAY - timedelta(days=back) for back in reversed(range(len(days)))]


def test_what_is_written_is_read_again(digests: list[Digest]) -> None:
    for digest in digests:
        parsed = parse(markdown(digest).encode(), "made")
        assert parsed.digests == (digest,)
        assert not parsed.rejects


def test_shapes(digests: list[Digest]) -> None:
    entries = [entry for digest in digests for entry in digest.entries]
    assert {len(entry.paper.title.split()) for entry in entries} <= set(range(6, 15))
    assert {len(entry.paper.authors) for entry in entries} <= set(range(1, 16))
    assert {len(entry.sections) for entry in entries} == {3, 4, 5, 6}
    assert 1_300 < statistics.mean(text_bytes([entry]) for entry in entries) < 1_900
    texts = [" ".join(section.text for section in entry.sections) for entry in entries]
    english = sum(text.isascii() for text in texts)
    assert 0.04 < english / len(texts) < 0.2
    for digest in digests:
        votes = [entry.votes for entry in digest.entries if entry.votes is not None]
        assert votes == sorted(votes, reverse=True)


def test_words_are_as_uneven_as_in_text(digests: list[Digest]) -> None:
    """Some are in most papers, and the vocabulary goes on growing."""
    entries = [entry for digest in digests for entry in digest.entries]
    texts = [" ".join(section.text for section in entry.sections) for entry in entries]
    assert sum("모델" in text for text in texts) > len(texts) / 2
    assert 0 < sum("강화학습" in text for text in texts) < len(texts) / 5
    half, whole = ({word for text in part for word in text.split()} for part in (texts[:300], texts))
    assert len(whole) > 1.2 * len(half)


@pytest.mark.parametrize("count", [1, 2, 40, 1_000, 60_000])
def test_every_name_is_another_one(count: int) -> None:
    names = Names(count)
    assert len({names[number] for number in range(count)}) == count


def test_every_rare_word_is_another_one() -> None:
    for make in (rare, rare_korean):
        numbers = [*range(20_000), *range(10**6, 10**6 + 5_000), *range(10**8, 10**8 + 5_000)]
        assert len({make(number) for number in numbers}) == len(numbers)


@pytest.mark.parametrize(
    ("word", "kind", "form"),
    [("모델", "를", "을"), ("데이터", "를", "를"), ("모델", "로", "로"), ("학습", "로", "으로"), ("RAG", "와", "와")],
)
def test_particles_fit_the_word(word: str, kind: str, form: str) -> None:
    assert particle(word, kind) == form
