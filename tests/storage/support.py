"""Digests made by hand, what a database file holds, and a plain reading of it."""

from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path
from typing import Any

from bot import query
from storage import digests, papers
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
    """All rows of all tables, those of the search index and its inner tables among them."""
    connection = sqlite3.connect(path)
    try:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        held = {name: sorted(connection.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in tables}  # noqa: S608
        held["words by rowid"] = connection.execute("SELECT rowid, * FROM paper_words ORDER BY rowid").fetchall()
        return held
    finally:
        connection.close()


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
        for entry in await papers.find(connection, papers.Filter()):
            _, sections = found.get(entry.paper.arxiv_id, (None, ()))
            found[entry.paper.arxiv_id] = (entry.paper, (*sections, *entry.sections))
    return found


def read_plainly(held: dict[str, query.Document], text: str) -> set[str]:
    """The papers that a keyword fits, by reading each of them."""
    understood = query.parse(text)
    return {number for number, document in held.items() if understood.matches(document)}
