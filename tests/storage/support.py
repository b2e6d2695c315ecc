"""Digests made by hand, what a database file holds, and a plain reading of it."""

from __future__ import annotations

import sqlite3
from datetime import date
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from bot import query
from storage import digests, papers, schema
from storage.database import Database
from storage.digests import Stored
from storage.models import Digest, Entry, Paper, Section

SOURCE = "files"
MONDAY, TUESDAY, WEDNESDAY = date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 3)


def url_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def paper(number: str, title: str = "A paper", *authors: str, **more: Any) -> Paper:
    return Paper(number, title, f"https://arxiv.org/abs/{number}", authors=authors, **more)


def digest(day: date, *found: tuple[Paper, int | None, str] | tuple[Paper, int | None]) -> Digest:
    """A digest of (paper, votes, text) in their order."""
    return Digest(
        day,
        tuple(
            Entry(one[0], day, place, one[1], (Section("What's New", one[2]),) if len(one) > 2 else ())
            for place, one in enumerate(found)
        ),
    )


def store(database: Database, *several: Digest) -> Stored:
    """Keeps digests, one transaction each; what the last one changed."""
    stored = Stored()
    for one in several:
        with database.write_here() as connection:
            stored = digests.store(connection, one, SOURCE)
    return stored


def dump(path: Path) -> dict[str, list[Any]]:
    """All rows of all tables, the inner ones of the indexes among them, and the tokens of the indexes."""
    connection = sqlite3.connect(path)
    try:
        made = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
        indexes = {name for name, sql in made.items() if "USING fts5(" in (sql or "")}
        tables = made.keys() - indexes
        held = {name: sorted(connection.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in tables}  # noqa: S608
        return held | {f"tokens of {index}": _tokens(connection, index) for index in indexes}
    finally:
        connection.close()


def _tokens(connection: sqlite3.Connection, index: str) -> list[tuple[int, list[tuple[str, int, str]]]]:
    """What an index holds, by its rows: (column, place, token). It keeps no text that could be read."""
    connection.execute(f"CREATE VIRTUAL TABLE temp.tokens USING fts5vocab(main, {index}, instance)")
    rows = connection.execute("SELECT doc, col, offset, term FROM temp.tokens ORDER BY 1, 2, 3").fetchall()
    connection.execute("DROP TABLE temp.tokens")
    return [(row, [token[1:] for token in tokens]) for row, tokens in groupby(rows, key=itemgetter(0))]


async def ids(database: Database, text: str) -> set[str]:
    """The papers that a keyword finds, by the index."""
    async with database.read() as connection:
        found = await papers.find(connection, papers.Filter(query=query.parse(text), once=True))
    assert len(found) == len({entry.paper.arxiv_id for entry in found})
    return {entry.paper.arxiv_id for entry in found}


async def everything(database: Database) -> dict[str, tuple[Paper, tuple[Section, ...]]]:
    """Every paper with the sections of all its entries, by arXiv id."""
    found: dict[str, tuple[Paper, tuple[Section, ...]]] = {}
    async with database.read() as connection:
        held = papers.selected(papers.Filter()).order_by(schema.digests.c.date)
        for _, entry in await connection.run_sync(papers.read, held):
            _, sections = found.get(entry.paper.arxiv_id, (None, ()))
            found[entry.paper.arxiv_id] = (entry.paper, (*sections, *entry.sections))
    return found
