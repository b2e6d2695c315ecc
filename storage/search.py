"""The index of papers' words (SQLite FTS5), and keywords run against it.

A paper's row is its *place*, which orders papers by votes, then date, then position in the digest. SQLite reads an
index in the order of its rows, either way, so the best of a million papers are found without looking at the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from operator import itemgetter

from sqlalchemy import ColumnElement, Connection, column, text

from bot.document import NAME_TOKENS, Document
from bot.lookup import MOST_COUNTED
from bot.query import Query
from bot.terms import Name, Part, Phrase, Term, beginning
from bot.text import BREAK
from storage import vocabulary
from storage.models import Sort
from storage.sqlite import rows

_EPOCH = date(2000, 1, 1)
_VOTES_BIT, _DAY_BIT = 27, 12
_MOST_VOTES, _LAST_DAY, _LAST_POSITION = 2**20 - 2, 2**15 - 1, 2**12 - 1
_DAY = f"((rowid >> {_DAY_BIT}) & {_LAST_DAY})"

_FIELDS = {"paper_words": ("title", "authors", "sections"), "paper_titles": ("title",), "paper_names": ("authors",)}
_INSERT = {
    f"INSERT INTO {index} (rowid, {', '.join(fields)}) VALUES (?{', ?' * len(fields)})": fields  # noqa: S608
    for index, fields in _FIELDS.items()
}
# The index keeps no text, so it is told what to forget (FTS5, The 'delete' command).
_DELETE = {
    f"INSERT INTO {index} ({index}, rowid, {', '.join(fields)}) VALUES ('delete', ?{', ?' * len(fields)})": fields  # noqa: S608
    for index, fields in _FIELDS.items()
}

_IN_TITLE = "SELECT rowid FROM paper_titles WHERE paper_titles MATCH :title"
_IN_NAMES = "SELECT rowid FROM paper_names WHERE paper_names MATCH :names"
_IN_ALL = "SELECT rowid FROM paper_words WHERE paper_words MATCH :all"


def place(votes: int | None, day: date, position: int) -> int:
    """Where a paper stands among all by its newest entry: the higher the better. 47 bits, few of which differ from one
    paper to the next, as the index keeps differences."""
    return (
        (0 if votes is None else min(votes, _MOST_VOTES) + 1) << _VOTES_BIT
        | min(max((day - _EPOCH).days, 0), _LAST_DAY) << _DAY_BIT
        | _LAST_POSITION - min(position, _LAST_POSITION)
    )


def index(connection: Connection, documents: Iterable[tuple[int, Document]]) -> None:
    """Puts papers into the index at their places, which are free."""
    _change(connection, documents, _INSERT)


def remove(connection: Connection, documents: Iterable[tuple[int, Document]]) -> None:
    """Takes papers out of the index, which hold what was put in."""
    _change(connection, documents, _DELETE)


def begins(typed: Sequence[str]) -> str:
    """What has a word beginning with each of these words, in FTS5's language."""
    return " AND ".join(quoted(beginning(word)) for word in typed)


def in_answer(at: ColumnElement[int]) -> ColumnElement[bool]:
    """The condition that a paper's place is in an answer: :attr:`Match.values`."""
    return at.in_(text(_IN_ALL).columns(column("rowid")))


class Match:
    """A query in FTS5's language, made once for all that is asked of it."""

    def __init__(self, connection: Connection, query: Query) -> None:
        self._connection = connection
        words = vocabulary.of(connection, query)
        spelled: dict[Part, str] = {}
        phrases: dict[Phrase, None] = {}
        for part in query.parts:
            if isinstance(part, Term):
                found = part.phrases(words)
                spelled[part] = f"({' OR '.join(map(quoted, found))})" if found else ""
                phrases |= dict.fromkeys(found if part not in query.excluded else ())
            else:
                # Further apart are only words of two names.
                spelled[part] = f"authors : NEAR({' '.join(map(quoted, part.phrases))}, {NAME_TOKENS - 1})"
        self.phrases = tuple(phrases)
        """What papers are found by."""
        possible = [parts for parts in query.alternatives if all(spelled[part] for part in parts)]
        terms = [[part for part in parts if isinstance(part, Term)] for parts in possible]

        def wanted(alternatives: Iterable[Iterable[Part]]) -> str:
            return " OR ".join(f"({' AND '.join(spelled[part] for part in parts)})" for parts in alternatives if parts)

        everywhere = wanted(possible)
        excluded = " OR ".join(spelled[part] for part in query.excluded if spelled[part])
        # No paper has a break and nothing else.
        answer = f"({everywhere}) NOT ({excluded})" if everywhere and excluded else everywhere or f'"{BREAK * 2}"'
        self.values: dict[str, object] = {"title": wanted(terms), "names": everywhere, "all": answer}
        # Where titles and names alone do not tell whether a paper is in the answer.
        self._narrowed = bool(excluded) or any(isinstance(part, Name) for part in query.parts)

    def count(self, first: date | None = None) -> int:
        """How many papers are in the answer, at most one more than ``MOST_COUNTED``; with ``first``, of those whose
        newest digest is of that day or later."""
        statement = f"SELECT count(*) FROM ({_IN_ALL}{_since(first)} LIMIT :most)"  # noqa: S608
        more = {"most": MOST_COUNTED + 1, "first": _days(first)}
        ((number,),) = rows(self._connection, statement, self.values | more)
        return int(number)

    def find(self, sort: Sort, limit: int | None, offset: int = 0, first: date | None = None) -> list[int]:
        """The places of the papers in the answer, in order."""
        if sort is not Sort.RELEVANCE:
            order = f"{_DAY} DESC, rowid DESC" if sort is Sort.NEWEST else "rowid DESC"
            return self._places(_IN_ALL, first, order, limit, offset)
        found: dict[int, None] = {}
        end = None if limit is None else offset + limit
        for tier in self._tiers() if self.values["names"] else ():
            # It may begin with all that those before it have found, which is all that they had.
            found |= dict.fromkeys(self._places(tier, first, "rowid DESC", end))
            if end is not None and len(found) >= end:
                break
        return list(found)[offset:end]

    def _places(self, which: str, first: date | None, order: str, limit: int | None, offset: int = 0) -> list[int]:
        statement = f"{which}{_since(first)} ORDER BY {order} LIMIT :limit OFFSET :offset"
        more = {"first": _days(first), "limit": -1 if limit is None else limit, "offset": offset}
        return [at for (at,) in rows(self._connection, statement, self.values | more)]

    def _tiers(self) -> list[str]:
        """The statements of the papers that have the words of an alternative in the title, of those that have them
        among the authors, and of all."""
        in_title = [_IN_TITLE + self._in_answer("paper_titles")] if self.values["title"] else []
        return [*in_title, _IN_NAMES + self._in_answer("paper_names"), _IN_ALL]

    def _in_answer(self, index: str) -> str:
        one = f"SELECT 1 FROM paper_words WHERE paper_words MATCH :all AND paper_words.rowid = {index}.rowid"  # noqa: S608
        return f" AND EXISTS ({one})" if self._narrowed else ""


def quoted(phrase: Phrase) -> str:
    """A phrase in FTS5's language."""
    # Tokens hold letters or digits alone, so nothing in the quotes can end them.
    return f'"{" ".join(phrase.tokens)}"' + (" *" if phrase.begun else "")


def _since(first: date | None) -> str:
    return f" AND {_DAY} >= :first" if first else ""


def _days(first: date | None) -> int | None:
    return (first - _EPOCH).days if first else None


def _change(
    connection: Connection, documents: Iterable[tuple[int, Document]], statements: Mapping[str, Sequence[str]]
) -> None:
    # In the order of their rows: FTS5 ends a segment where a row is before the last one, and a digest has its best
    # papers, whose places are the highest, first.
    found = sorted(documents, key=itemgetter(0))
    for statement, fields in statements.items() if found else ():
        connection.exec_driver_sql(statement, [(at, *(getattr(one, field) for field in fields)) for at, one in found])
