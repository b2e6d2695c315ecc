"""What a keyword looks for, shown in bold where a text has it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from unicodedata import category

from bot.document import read_name
from bot.query import Query
from bot.terms import Name, Phrase
from bot.text import WHOLE, escape, fit, fold, is_cjk, is_word

Span = tuple[int, int]

_BETWEEN = r"[\W_]{0,3}"


class Marks:
    """What is to be bold: the phrases that were looked for in the index, and the authors asked for by name."""

    def __init__(self, query: Query, phrases: Collection[Phrase]) -> None:
        self._pattern = _pattern(tuple(phrases)) if phrases else None
        self._names = tuple(part for parts in query.alternatives for part in parts if isinstance(part, Name))

    def spans(self, text: str) -> list[Span]:
        """The places [start, end) in ``text`` that are to be bold, in order."""
        if not self._pattern:
            return []
        folded = fold(text)
        found = [match.span() for match in self._pattern.finditer(folded)]
        if not found or len(folded) == len(text):
            return found
        # Some characters are longer when they are folded, as τ, which is "tau".
        origin = [place for place, character in enumerate(text) for _ in fold(character)]
        if len(origin) != len(folded):
            return []
        return [(origin[start], origin[end - 1] + 1) for start, end in found]

    def has(self, text: str) -> bool:
        """Whether anything in ``text`` is to be bold."""
        return self._pattern is not None and self._pattern.search(fold(text)) is not None

    def of_names(self, names: Sequence[str]) -> dict[str, list[Span]]:
        """The authors who are looked for, each with what of the name is to be bold: all, where it was asked by name."""
        found: dict[str, list[Span]] = {}
        # Most papers are found by something else.
        for name in names if self.has("\n".join(names)) else ():
            if places := self.spans(name):
                found[name] = places
        for name in names if self._names else ():
            spelled = f" {read_name(name)} "
            if any(part.is_named(spelled) for part in self._names):
                found[name] = [(0, len(name))]
        return found

    def bold_within(self, text: str, limit: int, *, links: bool = True) -> str:
        """The longest start of ``text``, cut at a word, that fits in ``limit`` characters, escaped and marked."""
        return fit(text, limit, lambda start: bold(start, self.spans(start), links=links))


def bold(text: str, places: list[Span], *, links: bool = True) -> str:
    """``text``, escaped, with some places in bold."""
    shown: list[str] = []
    end = 0
    for start, found_to in places:
        # Accents that stand by themselves are one with the letter before them.
        stop = next((at for at in range(found_to, len(text)) if not category(text[at]).startswith("M")), len(text))
        before = escape(text[end:start], links=links)
        # Escaping does not see what the mark parts.
        everyone = before.endswith("@") and text.startswith(("everyone", "here"), start)
        shown += (before, "\u200b" * everyone, f"**{escape(text[start:stop], links=False)}**")
        end = stop
    return "".join(shown) + escape(text[end:], links=links)


@lru_cache(maxsize=500)
def _pattern(phrases: tuple[Phrase, ...]) -> re.Pattern[str]:
    # Of two that begin at one place the longer.
    spelled = sorted({_expression(phrase) for phrase in phrases}, key=len, reverse=True)
    return re.compile("|".join(spelled))


def _expression(phrase: Phrase) -> str:
    pieces = list(_pieces(phrase.tokens))
    return _BETWEEN.join(
        _bounded(piece, ends=not (phrase.begun and place == len(pieces) - 1)) for place, piece in enumerate(pieces)
    )


def _bounded(piece: str, *, ends: bool) -> str:
    if is_cjk(piece):
        return rf"{piece[0]}(?<!\w.)(?!\w)" if piece.endswith(WHOLE) else re.escape(piece)
    # Letters of Korean may stand beside those of an alphabet. What stands before is looked at when the first letter is
    # found: that is found at once, and the other way round each place of a text would be looked at.
    other = "[a-z]" if is_word(piece) else r"\d"
    first, rest = re.escape(piece[0]), re.escape(piece[1:])
    return f"{first}(?<!{other}.){rest}" + (f"(?!{other})" if ends else "")


def _pieces(tokens: Collection[str]) -> Iterator[str]:
    """The words of a phrase: pairs of neighbouring characters as the words that they were made of."""
    piece = ""
    for token in tokens:
        if piece and is_cjk(token) and len(token) <= 2 and WHOLE not in token and token[0] == piece[-1]:
            piece += token[1:]
            if len(token) == 1:
                # The last character of a word by itself ends it.
                yield piece
                piece = ""
            continue
        if piece:
            yield piece
        piece = token
        if not is_cjk(token) or WHOLE in token:
            yield piece
            piece = ""
    if piece:
        yield piece
