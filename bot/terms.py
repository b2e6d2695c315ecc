"""The parts of a keyword, and the phrases of tokens by which a paper holds one.

A part is run against the index and held against a paper by the same phrases: only the vocabulary differs, all words of
all papers or those of the one. A phrase with a word that a paper has not is not in that paper, so both agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import NamedTuple

from bot.document import LONGEST_ANCHOR, NAME_TOKENS, Document, Vocabulary, pairs
from bot.text import BREAK, WHOLE, bare, is_cjk, is_word, stem, tokens_of

MOST_SPACES = 4
"""Spaces that a Korean, Chinese or Japanese word may have in a text though it was typed without."""
LONGEST_SPACED = 20
"""Characters of the longest such word that is looked for with spaces."""


class Phrase(NamedTuple):
    """Adjoining tokens; where ``begun``, the last is the beginning of one."""

    tokens: tuple[str, ...]
    begun: bool = False


@dataclass(frozen=True)
class Term:
    """A word, or words in quotes. How it was typed makes no difference to what it means.

    A word of an alphabet is found with other endings, and in two words or with a hyphen. One of Korean is found inside
    longer words, and with spaces in it where each piece has two characters or is a whole word: 강화학습 in "심층강화
    학습", but not 의학 in "모델의 학습". In quotes, words are found as they are written.
    """

    runs: tuple[str, ...]
    exact: bool = False
    text: str = field(default="", compare=False)
    joins: tuple[str, ...] = ()

    @cached_property
    def letters(self) -> str:
        """The letters of a word of an alphabet, whether it has hyphens or not; empty for others."""
        return "".join(map(bare, self.runs)) if not self.exact and all(map(is_word, self.runs)) else ""

    @cached_property
    def characters(self) -> str:
        """The characters of a word of Korean, Chinese or Japanese; empty for others."""
        if self.exact or not all(map(is_cjk, self.runs)) or any(BREAK in tokens_of(run) for run in self.runs[:-1]):
            return ""
        return "".join(map(bare, self.runs))

    @cached_property
    def normal(self) -> str:
        if self.characters:
            return self.characters
        if self.letters:
            # Pieces are one more way to find it: three or more, and an article, which is no beginning of a word.
            parted = len(self.runs) > 2 or bare(self.runs[0]) == "a"
            return "~".join((("-" if parted else "").join(map(bare, self.runs)), *sorted(self.joins)))
        before = (_closed(run, first=place == 0)[0] for place, run in enumerate(self.runs[:-1]))
        typed = [*(token for tokens in before for token in tokens), bare(self.runs[-1])]
        return f'"{" ".join(typed)}"' if self.exact else "-".join(typed)

    def joined(self, joins: tuple[str, ...]) -> Term:
        return replace(self, joins=joins)

    @cached_property
    def _splits(self) -> list[tuple[str, str]]:
        """The beginnings of the word that may stand apart, with the stem of the rest. An article is no beginning."""
        letters = self.letters
        return [(letters[:place], stem(letters[place:])) for place in range(1, len(letters)) if letters[:place] != "a"]

    @cached_property
    def stems(self) -> frozenset[str]:
        if self.letters:
            ends = (self.letters, bare(self.runs[-1]), *self.joins)
            return frozenset((*map(stem, ends), *(end for _, end in self._splits)))
        return frozenset([stem(bare(self.runs[-1]))] if self._inflected else [])

    @cached_property
    def words(self) -> frozenset[str]:
        if self.letters:
            return frozenset(first for first, _ in self._splits)
        text = self.characters if len(self.characters) <= LONGEST_SPACED else ""
        # Beginnings may be the ends of longer words, and what is left the beginnings of such: alone, one character.
        inner = (text[start:end] for start in range(1, len(text)) for end in range(start + 2, len(text)))
        return frozenset((*inner, *(text if len(text) > 1 else "")))

    @cached_property
    def anchors(self) -> tuple[frozenset[str], ...]:
        """A paper that holds it has one of each of these among its :attr:`~bot.document.Document.anchors`."""
        if self.letters:
            begun = [bare(self.runs[0]) + bare(self.runs[1])] if len(self.runs) > 2 else []
            return (frozenset(map(stem, (self.letters, *self.joins, *begun))),)
        if text := self.characters:
            return tuple(frozenset([part]) for part in dict.fromkeys((text[:LONGEST_ANCHOR], text[-LONGEST_ANCHOR:])))
        return tuple(_anchor(bare(run)) for run in self.runs if run[0].isalnum())

    @property
    def _inflected(self) -> bool:
        return not self.exact and is_word(self.runs[-1])

    def phrases(self, vocabulary: Vocabulary) -> list[Phrase]:
        """The phrases by which a paper with this vocabulary holds the term, each once."""
        return list(dict.fromkeys(self._phrases(vocabulary)))

    def _phrases(self, vocabulary: Vocabulary) -> Iterator[Phrase]:
        last = bare(self.runs[-1])
        forms = vocabulary.forms.get(stem(last), ()) if self._inflected else [last]
        # A hyphen in a word of Korean is a space that it may have: 의-학 is no more in "모델의 학습" than 의학.
        for form in forms if not self.characters else ():
            if len(self.runs) != 2 or not self.letters or self._reads_as(bare(self.runs[0]), form):
                yield from _as_written(self.runs[:-1], form)
        for word in (self.letters, *self.joins):
            for form in vocabulary.forms.get(stem(word), ()) if word else ():
                yield Phrase((form,))
        for first, end in self._splits:
            for form in vocabulary.forms.get(end, ()) if first in vocabulary.words else ():
                if self._reads_as(first, form):
                    yield Phrase((first, form))
        if self.characters:
            yield Phrase(_open(self.characters), begun=len(self.characters) == 1)
            if len(self.characters) <= LONGEST_SPACED:
                yield from _spaced(self.characters, vocabulary)

    def _reads_as(self, first: str, second: str) -> bool:
        """Whether two words, read as one, are a form of this one."""
        return stem(first + second) == stem(self.letters)

    def is_in(self, document: Document, vocabulary: Vocabulary) -> bool:
        return any(_is_in(phrase, text) for phrase in self.phrases(vocabulary) for text in document.fields)


@dataclass(frozen=True)
class Name:
    """One author's name: all its words, in any order. A single letter is an initial."""

    runs: tuple[str, ...]
    text: str = field(default="", compare=False)

    stems = frozenset[str]()
    words = frozenset[str]()

    @cached_property
    def _words(self) -> tuple[str, ...]:
        """Its words, as far as a name of a paper is read."""
        words: list[str] = []
        room = NAME_TOKENS
        for word in map(bare, self.runs):
            words += [word[:room] if is_cjk(word) else word] if room > 0 else []
            room -= len(tokens_of(word))
        return tuple(dict.fromkeys(words))

    @cached_property
    def normal(self) -> str:
        return f"author:{'+'.join(sorted(self._words))}"

    @cached_property
    def anchors(self) -> tuple[frozenset[str], ...]:
        # Words are more often those of several authors of a paper than of one.
        longest = sorted({stem(word) for word in self._words if is_word(word)}, key=lambda word: (len(word), word))[-3:]
        return (*map(_anchor, self._words), *(frozenset([pair]) for pair in pairs(longest)))

    def joined(self, _joins: tuple[str, ...]) -> Name:
        return self

    @cached_property
    def phrases(self) -> tuple[Phrase, ...]:
        """What must all be in the name."""
        return tuple(map(_of_name, self._words))

    def is_in(self, document: Document, _vocabulary: Vocabulary) -> bool:
        return any(map(self.is_named, document.names))

    def is_named(self, name: str) -> bool:
        """Whether the tokens of a name, with spaces around, have it all."""
        return all(_is_in(phrase, name) for phrase in self.phrases)


Part = Term | Name


def _anchor(word: str) -> frozenset[str]:
    return frozenset([stem(word) if is_word(word) else word[:LONGEST_ANCHOR] if is_cjk(word) else word])


def beginning(word: str) -> Phrase:
    """The phrase of a word that is still being typed."""
    return Phrase(_open(word) if is_cjk(word) else (word,), begun=len(word) == 1 or not is_cjk(word))


def _of_name(run: str) -> Phrase:
    if is_cjk(run):
        return Phrase(_open(run), begun=len(run) == 1)
    return Phrase((run,), begun=len(run) == 1 and is_word(run))


def _open(characters: str) -> tuple[str, ...]:
    """The tokens of characters that may stand inside a longer word."""
    return tuple(tokens_of(characters)[: max(len(characters) - 1, 1)])


def _closed(run: str, *, first: bool) -> list[tuple[str, ...]]:
    """The tokens of a run that ends where its word ends; of a first one it is open where the word begins."""
    tokens = tuple(tokens_of(run))
    if first and is_cjk(run) and len(bare(run)) == 1:
        return [(bare(run) + end, *tokens[1:]) for end in ("", WHOLE)]
    return [tokens]


def _as_written(runs: tuple[str, ...], last: str) -> Iterator[Phrase]:
    ends = _open(last) if is_cjk(last) else (last,)
    for before in product(*(_closed(run, first=place == 0) for place, run in enumerate(runs))):
        tokens = (token for piece in before for token in piece)
        yield Phrase((*tokens, *ends), begun=is_cjk(last) and len(last) == 1)


def _spaced(characters: str, vocabulary: Vocabulary) -> Iterator[Phrase]:
    """The word with one or more spaces in it, each piece of two characters or more, or a whole word."""

    def pieces(start: int, before: tuple[str, ...], spaces: int) -> Iterator[Phrase]:
        rest = characters[start:]
        if before and (len(rest) > 1 or rest in vocabulary.words):
            yield Phrase((*before, *(_open(rest) if len(rest) > 1 else (rest + WHOLE,))))
        if spaces == MOST_SPACES:
            return
        for end in range(start + 1, len(characters)):
            piece = characters[start:end]
            if piece in vocabulary.words or (len(piece) > 1 and not before):
                alone = (piece + WHOLE,) if len(piece) == 1 else tokens_of(piece)
                yield from pieces(end, (*before, *alone), spaces + 1)

    return pieces(0, (), 0)


def _is_in(phrase: Phrase, text: str) -> bool:
    end = "" if phrase.begun else " "
    return f" {' '.join(phrase.tokens)}{end}" in text
