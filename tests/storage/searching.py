"""Answers of the index, and plain readings of the papers held."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from bot import query
from bot.document import Document, document
from bot.query import Query
from storage import schema, search
from storage.database import Database
from storage.models import Paper, Section, Sort
from tests.storage.support import everything

INDEXES = ("paper_words", "paper_titles", "paper_names", "author_names")


async def documents(database: Database) -> dict[str, Document]:
    """What is searched of every paper held, by arXiv id."""
    return {number: document(*found) for number, found in (await everything(database)).items()}


def read_plainly(held: dict[str, Document], asked: Query | str) -> set[str]:
    """The papers that a keyword fits, by reading each of them."""
    understood = query.parse(asked) if isinstance(asked, str) else asked
    return {number for number, found in held.items() if understood.matches(found)}


async def answers(database: Database, asked: Iterable[Query | str]) -> list[set[str]]:
    """The papers that each keyword finds, by the index."""
    async with database.read() as connection:
        papers = select(schema.papers.c.place, schema.papers.c.arxiv_id)
        numbers = {at: number for at, number in await connection.execute(papers)}
        found = []
        for one in asked:
            understood = query.parse(one) if isinstance(one, str) else one
            # By their places alone, for reading each paper takes longer than finding it.
            places = await connection.run_sync(_places, understood)
            assert len(places) == len(set(places))
            found.append({numbers[at] for at in places})
    return found


def _places(connection: Connection, asked: Query) -> list[int]:
    match = search.Match(connection, asked)
    found = match.find(Sort.VOTES, None)
    assert match.count() == len(found)
    return found


def texts_of(found: tuple[Paper, tuple[Section, ...]]) -> list[str]:
    """What is searched of a paper, each part as it was written."""
    one, sections = found
    return [
        one.title,
        *one.authors,
        *(part for section in sections for part in (section.heading, section.text) if part),
    ]
