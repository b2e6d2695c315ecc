"""What is searched of a paper: the tokens of its fields, and the words they hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from bot.text import BREAK, Kept, bare, is_cjk, is_word, name_runs, runs, spelled, stem
from storage.models import Paper, Section

NAME_TOKENS = 7
"""Tokens of an author's name that are read. Between two names stand as many breaks, so that words that are no further
apart are of one name (FTS5's NEAR)."""

_BETWEEN_NAMES = f" {' '.join([BREAK] * NAME_TOKENS)} "
LONGEST_ANCHOR = 3
"""Characters of Korean, Chinese or Japanese that make an anchor."""


class Vocabulary(NamedTuple):
    """Words: the forms of each stem, and all there are (words of an alphabet, and of Korean, Chinese or Japanese)."""

    forms: Mapping[str, Collection[str]]
    words: Collection[str]


@dataclass(frozen=True)
class Document:
    """The fields of a paper as tokens with single spaces between them, and the runs that they were made of."""

    title: str
    authors: str
    sections: str
    runs: frozenset[str]

    @cached_property
    def fields(self) -> tuple[str, str, str]:
        """Each with spaces around, so that a token is what stands between two."""
        return (f" {self.title} ", f" {self.authors} ", f" {self.sections} ")

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(f" {name} " for name in self.authors.split(_BETWEEN_NAMES))

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of this paper."""
        held = words_of(self.runs)
        forms: dict[str, list[str]] = {}
        for word in filter(is_word, held):
            forms.setdefault(stem(word), []).append(word)
        return Vocabulary(forms, held)

    @cached_property
    def anchors(self) -> set[str]:
        """What keywords that find this paper hang on (:attr:`bot.query.Query.anchors`): the stems of its words
        and of neighbouring ones as one, its numbers, up to three characters in a row of Korean, Chinese or Japanese,
        and the initials of its authors."""
        found = {token[0] for name in self.names for token in name.split()}
        for text in (self.title, self.authors, self.sections):
            found.update(_anchors(text.split()))
        return found


def document(paper: Paper, sections: Iterable[Section]) -> Document:
    """What is searched of a paper with the sections of all its entries."""
    title = runs([paper.title])
    names = [read_name(name) for name in paper.authors]
    texts = runs([part for section in sections for part in (section.heading, section.text) if part])
    return Document(
        spelled(title),
        _BETWEEN_NAMES.join(name for name, _ in names if name),
        spelled(texts),
        frozenset(title).union(texts, *(found for _, found in names)),
    )


def words_of(found: Iterable[str]) -> set[str]:
    """The words among runs: those of alphabets, and of Korean, Chinese or Japanese."""
    return {word for word in map(_WORDS.__getitem__, found) if word}


_WORDS = Kept(lambda run: bare(run) if is_word(run) or is_cjk(run) else "")


@lru_cache(maxsize=50_000)
def read_name(name: str) -> tuple[str, tuple[str, ...]]:
    """The tokens of a name, and the runs that they were made of."""
    found = name_runs(name)
    return " ".join(spelled(found).split(" ")[:NAME_TOKENS]), found


def _anchors(tokens: list[str]) -> Iterator[str]:
    before = ""
    characters = ""
    for token in tokens:
        if is_cjk(token):
            before, characters = "", characters[1 - LONGEST_ANCHOR :] + token[0]
            for start in range(len(characters)):
                yield characters[start:]
            continue
        characters = ""
        if is_word(token):
            yield stem(token)
            if before:
                yield stem(before + token)
            before = token
        else:
            before = ""
            yield token
