"""The index of papers' words (SQLite FTS5), and keywords run against it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from rapidfuzz import fuzz, process
from sqlalchemy import ColumnElement, Connection, bindparam, column, func, literal_column, select, table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.query import Document, Query, Term

paper_words = table("paper_words", column("rowid"), column("paper_words"))
_vocabulary = table("paper_vocabulary", column("term"), column("doc"))

# A word in the title says more than one among the authors, and that more than one in the text.
RELEVANCE: ColumnElement[float] = func.bm25(literal_column("paper_words"), 10.0, 5.0, 1.0)
"""Lower is better; only where ``paper_words`` is matched."""

_CLOSE = 70.0
_DELETE = text("DELETE FROM paper_words WHERE rowid = :paper_id")
_INSERT = text(
    "INSERT INTO paper_words (rowid, title, authors, sections) VALUES (:paper_id, :title, :authors, :sections)"
)


def matches(query: Query) -> ColumnElement[bool]:
    """The condition that a row of the index is in the answer to ``query``."""
    wanted = " AND ".join(map(_phrase, query.wanted))
    excluded = "".join(f" NOT {_phrase(term)}" for term in query.excluded)
    condition: ColumnElement[bool] = paper_words.c.paper_words.op("MATCH", is_comparison=True)(
        bindparam("words", f"({wanted}){excluded}", unique=True)
    )
    return condition


def title_begins(words: Sequence[str]) -> ColumnElement[bool] | None:
    """The condition that a title has a word beginning with each of ``words``; None for no words."""
    if not words:
        return None
    condition: ColumnElement[bool] = paper_words.c.paper_words.op("MATCH", is_comparison=True)(
        "title : (" + " AND ".join(f'"{word}" *' for word in words) + ")"
    )
    return condition


async def closest(spelled: str, names: Mapping[str, str], limit: int) -> list[str]:
    """The keys of ``names`` whose values are spelled most like ``spelled``; off the event loop, for names are many."""
    found = await asyncio.to_thread(
        process.extract, spelled, names, scorer=fuzz.ratio, limit=limit, score_cutoff=_CLOSE
    )
    return [key for _, _, key in found]


def index(connection: Connection, documents: Iterable[tuple[int, Document, bool]]) -> None:
    """Puts papers into the index by their ids; True where the paper may be in it already."""
    rows = list(documents)
    if old := [{"paper_id": paper_id} for paper_id, _, known in rows if known]:
        connection.execute(_DELETE, old)
    if new := [
        {"paper_id": paper_id, "title": found.title, "authors": found.authors, "sections": found.sections}
        for paper_id, found, _ in rows
    ]:
        connection.execute(_INSERT, new)


async def nearest_words(connection: AsyncConnection, words: Sequence[str], limit: int = 3) -> list[tuple[str, int]]:
    """For each word that no paper holds, the words spelled most like it, with the papers that hold each."""
    near: dict[str, int] = {}
    for word in words:
        if len(word) < 3 or await _holds(connection, word):
            continue
        lengths = func.length(_vocabulary.c.term).between(len(word) - 2, len(word) + 2)
        rows = await connection.execute(select(_vocabulary.c.term, _vocabulary.c.doc).where(lengths))
        papers = {term: doc for term, doc in rows}
        near |= {term: papers[term] for term in await closest(word, {term: term for term in papers}, limit)}
    return list(near.items())


async def _holds(connection: AsyncConnection, word: str) -> bool:
    row = await connection.execute(select(_vocabulary.c.doc).where(_vocabulary.c.term == word))
    return row.scalar() is not None


def _phrase(term: Term) -> str:
    # Tokens hold letters or digits alone, so nothing in the quotes can end them.
    return f'"{" ".join(term.tokens)}"'
