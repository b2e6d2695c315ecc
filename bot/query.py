"""What a keyword means: one :class:`Query`, parsed once, run against the index or held against a paper.

Words in any order; ``"as written"`` in its order; ``-word`` and ``-"as written"`` excluded, from all of the answer;
``a OR b`` parts a keyword into alternatives; ``author:name``. Nothing typed is a syntax error: a quote without its
partner, or an OR that has nothing on one side, is read as a word or as nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import product

from bot.document import Document
from bot.errors import NotUnderstoodError
from bot.terms import Name, Part, Term
from bot.text import clean, is_cjk, name_runs, runs, width

MAX_LENGTH = 80
"""Characters of a keyword, as :func:`bot.text.width` counts them: it travels in the buttons below an answer, whose ids
hold 100 in all (Discord)."""

_PART = re.compile(r'([-−–]?)((?:author|저자)[:：]\s*)?(?:"([^"]*)"|(\S+))', re.IGNORECASE)


@dataclass(frozen=True)
class Query:
    """A keyword, understood: papers that hold all of one of the alternatives, and nothing that is excluded. There is
    at least one alternative, and something in each."""

    text: str
    alternatives: tuple[tuple[Part, ...], ...]
    excluded: tuple[Part, ...] = ()

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        return (*(part for alternative in self.alternatives for part in alternative), *self.excluded)

    @cached_property
    def normal(self) -> str:
        """The same for every spelling that means the same: the key of a subscription."""
        alternatives = sorted({" ".join(sorted({part.normal for part in parts})) for parts in self.alternatives})
        return " ".join((" OR ".join(alternatives), *sorted({f"-{part.normal}" for part in self.excluded})))

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems whose words must be known to run it: see :class:`~bot.document.Vocabulary`."""
        return frozenset().union(*(part.stems for part in self.parts))

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of which must be known whether any paper has them."""
        return frozenset().union(*(part.words for part in self.parts))

    @cached_property
    def anchors(self) -> frozenset[tuple[str, str]]:
        """Pairs, of which each paper in the answer has both among its own (:attr:`~bot.document.Document.anchors`), for
        one pair at least; where nothing more is asked than one word, the second is empty."""
        found: set[tuple[str, str]] = set()
        for parts in self.alternatives:
            asked = [(anchors, place) for place, part in enumerate(parts) for anchors in part.anchors]
            asked.sort(key=lambda one: (-max(map(_weight, one[0])), sorted(one[0])))
            first, of = asked[0]
            # Another word tells more than the rest of the same one, which seldom stands without it.
            others = sorted(asked[1:], key=lambda one: one[1] == of)
            found.update(product(first, others[0][0] if others else [""]))
        return frozenset(found)

    def hangs_on(self, anchors: Collection[str]) -> bool:
        """Whether a paper with these anchors may be in the answer."""
        return any(first in anchors and (not second or second in anchors) for first, second in self.anchors)

    def narrowed(self, author: Query) -> Query:
        """What of this keyword's papers is an author's."""
        return replace(self, alternatives=tuple((*parts, *author.alternatives[0]) for parts in self.alternatives))

    def matches(self, document: Document) -> bool:
        """Whether the paper is in the answer to this keyword; the index gives the same answer."""
        vocabulary = document.vocabulary
        return any(all(part.is_in(document, vocabulary) for part in parts) for parts in self.alternatives) and not any(
            part.is_in(document, vocabulary) for part in self.excluded
        )


@lru_cache(maxsize=10_000)
def parse(text: str) -> Query:
    """Reads a keyword.

    Raises:
        NotUnderstoodError: it is too long, or has no word to look for.
    """
    text = clean(text)
    if width(text) > MAX_LENGTH:
        raise NotUnderstoodError("A keyword may have at most {limit} characters.", limit=MAX_LENGTH)
    # Curly quotes come from phones.
    typed = _PART.findall(re.sub(r"[“”„«»「」『』]", '"', text))
    alternatives: list[list[Part]] = [[]]
    excluded: list[Part] = []
    for place, (minus, author, phrase, word) in enumerate(typed):
        if word == "OR" and not minus and not author and alternatives[-1] and place < len(typed) - 1:
            alternatives.append([])
        elif part := _part(author, phrase, word):
            (excluded if minus else alternatives[-1]).append(part)
    wanted = tuple(dict.fromkeys(tuple(_joined(list(dict.fromkeys(parts)))) for parts in alternatives if parts))
    if not wanted:
        raise NotUnderstoodError("Type a word to look for, such as {example}.", example="diffusion -video")
    return Query(text, wanted, tuple(dict.fromkeys(excluded)))


def by_author(name: str) -> Query:
    """The papers of those whose name has all these words, in any order; a single letter is an initial.

    Raises:
        NotUnderstoodError: there is no letter in it.
    """
    words = name_runs(name[:MAX_LENGTH])
    if not words:
        raise NotUnderstoodError("Type a name, such as {example}.", example="Kaiming He")
    return Query(clean(name), ((Name(words, name),),))


def one(part: Part) -> str:
    """The keyword that asks for a part alone."""
    if isinstance(part, Name):
        return f'author:"{part.text}"' if " " in part.text else f"author:{part.text}"
    return f'"{part.text}"' if part.exact or part.text.startswith("-") else part.text


def _part(author: str, phrase: str, word: str) -> Part | None:
    if author and (name := name_runs(phrase or word)):
        return Name(name, phrase or word)
    found = tuple(runs([author + phrase if author else phrase or word]))
    while found and not found[-1][0].isalnum():
        found = found[:-1]
    while found and not found[0][0].isalnum():
        found = found[1:]
    return Term(found, exact=bool(phrase), text=phrase or word) if found else None


def _joined(parts: Sequence[Part]) -> Iterable[Part]:
    """Each part with how it would read in one word with its neighbours: who types "fine tuning" means "finetuning"."""
    for place, part in enumerate(parts):
        pairs = (parts[max(place - 1, 0) : place + 1], parts[place : place + 2])
        both = [tuple(map(_letters, pair)) for pair in pairs if len(pair) == 2]
        yield part.joined(tuple("".join(pair) for pair in both if all(pair)))


def _letters(part: Part) -> str:
    """The letters of a part that is one typed word of an alphabet; empty for others."""
    return part.letters if isinstance(part, Term) else ""


def _weight(anchor: str) -> int:
    """How few papers are likely to have it: long words are rare. Two letters weigh as much as a character of Korean."""
    return len(anchor) * (2 if is_cjk(anchor) else 1)
