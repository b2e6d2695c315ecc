"""What a keyword means: one :class:`Query`, parsed once, for searches and for subscriptions alike.

Words in any order; ``"a phrase"`` in its order; ``-word`` and ``-"a phrase"`` excluded. Nothing typed is a syntax
error: a quote without its partner is read as none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.errors import NotUnderstoodError
from bot.text import clean, tokens, tokens_of, width, words
from storage.models import Paper, Section

MAX_LENGTH = 80
"""Characters of a keyword, as :func:`bot.text.width` counts them: it travels in the buttons below an answer, whose ids
hold 100 in all (Discord)."""

_PART = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')


@dataclass(frozen=True, slots=True)
class Term:
    """Adjoining tokens, wanted or excluded. How they were typed makes no difference to what they mean."""

    tokens: tuple[str, ...]
    excluded: bool = False
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Document:
    """What is searched of a paper: each field as tokens with single spaces between and around them."""

    title: str
    authors: str
    sections: str


@dataclass(frozen=True, slots=True)
class Query:
    """A keyword, understood. At least one term is wanted."""

    text: str
    terms: tuple[Term, ...]

    @property
    def wanted(self) -> tuple[Term, ...]:
        return tuple(term for term in self.terms if not term.excluded)

    @property
    def excluded(self) -> tuple[Term, ...]:
        return tuple(term for term in self.terms if term.excluded)

    @property
    def normal(self) -> str:
        """The same for every spelling that means the same: the key of a subscription."""
        return " ".join(sorted(("-" if term.excluded else "") + "_".join(term.tokens) for term in set(self.terms)))

    def matches(self, document: Document) -> bool:
        """Whether the paper is in the answer to this keyword; the index gives the same answer."""
        fields = (document.title, document.authors, document.sections)

        def holds(term: Term) -> bool:
            phrase = f" {' '.join(term.tokens)} "
            return any(phrase in text for text in fields)

        return all(holds(term) != term.excluded for term in self.terms)


def parse(text: str) -> Query:
    """Reads a keyword.

    Raises:
        NotUnderstoodError: it is too long, or has no word to look for.
    """
    text = clean(text)
    if width(text) > MAX_LENGTH:
        raise NotUnderstoodError("A keyword may have at most {limit} characters.", limit=MAX_LENGTH)
    terms = []
    # Curly quotes come from phones.
    for minus, phrase, word in _PART.findall(re.sub(r"[“”„«»「」『』]", '"', text)):
        if found := tuple(tokens(phrase or word)):
            terms.append(Term(found, excluded=bool(minus), text=phrase or word))
    query = Query(text, tuple(dict.fromkeys(terms)))
    if not query.wanted:
        raise NotUnderstoodError("Type a word to look for, such as {example}.", example="diffusion -video")
    return query


def document(paper: Paper, sections: Iterable[Section]) -> Document:
    """What is searched of a paper with the sections of all its entries."""
    parts = [part for section in sections for part in (section.heading, section.text) if part]
    return Document(_field([paper.title]), _field(paper.authors), _field(parts))


def author(text: str) -> tuple[str, ...]:
    """The words of a name, in the form that names are compared in; their order means nothing.

    Raises:
        NotUnderstoodError: there is no letter in it.
    """
    found = tuple(words(text[:MAX_LENGTH]))
    if not found:
        raise NotUnderstoodError("Type a name, such as {example}.", example="Kaiming He")
    return found


def _field(parts: Iterable[str]) -> str:
    return f" {' '.join(tokens_of(parts))} "
