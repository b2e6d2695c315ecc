"""What is searched of a paper: the tokens of its fields, and the words they hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations, islice
from typing import NamedTuple

from bot.text import BREAK, is_cjk, is_word, name_runs, pieces, spelled, stem, tokens_of, words_of
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
    """The fields of a paper as tokens with single spaces between them, and the pieces of text that they are of."""

    title: str
    authors: str
    sections: str
    pieces: frozenset[str]

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
        held = words_of(self.pieces)
        forms: dict[str, list[str]] = {}
        for word in filter(is_word, held):
            forms.setdefault(stem(word), []).append(word)
        return Vocabulary(forms, held)

    @cached_property
    def anchors(self) -> set[str]:
        """What keywords that find this paper hang on (:attr:`bot.query.Query.anchors`): the stems of its words
        and of neighbouring ones as one, its numbers, up to three characters in a row of Korean, Chinese or Japanese,
        and the initials of its authors, whose names have each two of theirs together besides."""
        found = {token[0] for name in self.names for token in name.split()}
        for name in self.names:
            letters = [token for token in name.split() if is_word(token)]
            found.update(pairs([*map(stem, letters), *(token[0] for token in letters)]))
        for text in (self.title, self.authors, self.sections):
            found.update(_anchors(text.split()))
        return found


def pairs(words: Iterable[str]) -> Iterator[str]:
    """Each two different words of one name, as an anchor."""
    return map("+".join, combinations(sorted(set(words)), 2))


def document(paper: Paper, sections: Iterable[Section]) -> Document:
    """What is searched of a paper with the sections of all its entries."""
    title = pieces([paper.title])
    names = pieces(paper.authors)
    texts = pieces([part for section in sections for part in (section.heading, section.text) if part])
    authors = filter(None, map(read_name, paper.authors))
    return Document(
        spelled(title), _BETWEEN_NAMES.join(authors), spelled(texts), frozenset[str]().union(title, names, texts)
    )


@lru_cache(maxsize=50_000)
def read_name(name: str) -> str:
    """The tokens of a name."""
    found = (token for run in name_runs(name) for token in tokens_of(run))
    return " ".join(islice(found, NAME_TOKENS))


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
