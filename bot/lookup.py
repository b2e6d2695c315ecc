"""Look-ups: what a reader asked for, written small enough to travel in a button, and the form of its answer."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot import query
from bot.errors import NotUnderstoodError
from bot.terms import Phrase
from bot.text import clean, start
from storage.models import Entry, Sort

PAGE = 5
"""Cards on a page."""
MOST_COUNTED = 1_000
"""Papers that a keyword finds are counted so far: who has 200 pages to turn does not ask how many more there are."""

_DATE = re.compile(r"(\d{4})\s*[-./년]?\s*(\d{1,2}|(?<=\d{4})\d{2})\s*(?:[-./월]?\s*(\d{1,2})\s*일?|월)?")


class Kind(StrEnum):
    DATE = "d"
    AUTHOR = "a"
    KEYWORD = "k"
    TOP = "t"


class Period(StrEnum):
    """The days that a top is taken of, counted back from the newest digest held."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"

    @property
    def days(self) -> int | None:
        return {"day": 1, "week": 7, "month": 30}.get(self.value)


_SORTS = {"r": Sort.RELEVANCE, "n": Sort.NEWEST, "v": Sort.VOTES}


@dataclass(frozen=True, slots=True)
class Lookup:
    """What was asked: a date or month (ISO 8601), an author's name, a keyword or a period."""

    kind: Kind
    text: str
    sort: Sort

    def __str__(self) -> str:
        """At most 3 characters more than ``text``, which has at most 80."""
        return f"{self.kind}{self.sort[0]}:{self.text}"

    @classmethod
    def read(cls, text: str) -> Lookup:
        """The look-up of ``str(lookup)``.

        Raises:
            NotUnderstoodError: it is none, as in a button that a later version made.
        """
        try:
            return cls(Kind(text[0]), text[3:], _SORTS[text[1]])
        except (IndexError, KeyError, ValueError):
            raise NotUnderstoodError("This button is from another version. Please ask again.") from None


@dataclass(frozen=True, slots=True)
class Near:
    """Something close to what was asked; ``papers`` is None where it was not counted."""

    lookup: Lookup
    papers: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One page of an answer. ``page`` counts from 0; ``near`` is given where ``total`` is 0. ``asked`` is a
    keyword or name, and ``phrases`` what the papers were found by."""

    lookup: Lookup
    total: int
    page: int
    entries: tuple[Entry, ...]
    near: tuple[Near, ...] = ()
    asked: query.Query | None = None
    phrases: tuple[Phrase, ...] = ()

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


def by_date(text: str, today: date) -> Lookup:
    """The papers of a day or a month.

    Raises:
        NotUnderstoodError: the text is neither; the error says which forms there are.
    """
    text = clean(text)
    word = text.casefold()
    if word in ("today", "오늘"):
        return Lookup(Kind.DATE, today.isoformat(), Sort.VOTES)
    if word in ("yesterday", "어제"):
        return Lookup(Kind.DATE, (today - timedelta(days=1)).isoformat(), Sort.VOTES)
    match = _DATE.fullmatch(text)
    try:
        if not match:
            raise ValueError
        year, month, day = int(match[1]), int(match[2]), match[3]
        found = date(year, month, int(day or 1))
    except ValueError:
        raise NotUnderstoodError(
            "{text} is no date. Type a day as 2024-06-21, a month as 2024-06, or “today”.", text=f"“{text[:40]}”"
        ) from None
    return Lookup(Kind.DATE, found.isoformat() if day else found.isoformat()[:7], Sort.VOTES)


def by_author(name: str) -> Lookup:
    """The papers of an author.

    Raises:
        NotUnderstoodError: there is no letter in the name.
    """
    query.by_author(name)
    return Lookup(Kind.AUTHOR, start(clean(name), query.MAX_LENGTH), Sort.NEWEST)


def by_keyword(text: str, sort: Sort = Sort.RELEVANCE) -> Lookup:
    """The papers that a keyword finds.

    Raises:
        NotUnderstoodError: it has no word to look for, or is too long.
    """
    return Lookup(Kind.KEYWORD, query.parse(text).text, sort)


def query_of(lookup: Lookup) -> query.Query | None:
    """What a look-up by keyword or author looks for; None for the others.

    Raises:
        NotUnderstoodError: it has nothing to look for.
    """
    if lookup.kind is Kind.AUTHOR:
        return query.by_author(lookup.text)
    return query.parse(lookup.text) if lookup.kind is Kind.KEYWORD else None


def top(period: Period) -> Lookup:
    """The papers with the most votes."""
    return Lookup(Kind.TOP, period.value, Sort.VOTES)


def days_of(text: str) -> tuple[date, date]:
    """The first and last day of an ISO 8601 day or month.

    Raises:
        ValueError: it is neither.
    """
    if len(text) > 7:
        day = date.fromisoformat(text)
        return day, day
    first = date.fromisoformat(f"{text}-01")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])
