"""Authors: found by what is typed of their names, and the names of papers' authors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.query import MAX_LENGTH
from bot.text import words
from storage import search
from storage.models import Author
from storage.schema import authors, paper_authors

_BATCH = 10_000
"""Papers asked for by one statement: SQLite takes 32,766 values."""
_NAMES = (
    select(paper_authors.c.paper_id, authors.c.name)
    .join(authors)
    .where(paper_authors.c.paper_id.in_(bindparam("paper_ids", expanding=True)))
    .order_by(paper_authors.c.paper_id, paper_authors.c.position)
)


async def like(connection: AsyncConnection, typed: str, limit: int = 25) -> list[Author]:
    """Authors with a word beginning with each typed word, those with the most papers first."""
    conditions = [func.instr(authors.c.folded, f" {word}") > 0 for word in words(typed[:MAX_LENGTH])]
    number = func.count(paper_authors.c.paper_id)
    statement = (
        select(authors.c.name, number)
        .join(paper_authors)
        .where(*conditions)
        .group_by(authors.c.id)
        .order_by(number.desc(), authors.c.name)
        .limit(limit)
    )
    return [Author(name, papers) for name, papers in await connection.execute(statement)]


async def nearest(connection: AsyncConnection, words: Sequence[str], limit: int = 3) -> list[str]:
    """The names spelled most like ``words``."""
    held = select(paper_authors.c.author_id)
    rows = (await connection.execute(select(authors.c.name, authors.c.folded).where(authors.c.id.in_(held)))).all()
    spelled = " ".join(words)
    found = await search.closest(spelled, {row.name: row.folded.strip() for row in rows}, limit)
    if not found and len(words) == 1:
        # A family name alone is far from any whole name.
        by_word = {f"{row.name}\n{word}": word for row in rows for word in row.folded.split() if len(word) > 2}
        found = [key.partition("\n")[0] for key in await search.closest(spelled, by_word, limit)]
    return found


def of_papers(connection: Connection, paper_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The names of the authors of papers by id, in the order of their digest."""
    names: dict[int, list[str]] = defaultdict(list)
    different = list(paper_ids)
    for start in range(0, len(different), _BATCH):
        for paper_id, name in connection.execute(_NAMES, {"paper_ids": different[start : start + _BATCH]}):
            names[paper_id].append(name)
    return {paper_id: tuple(found) for paper_id, found in names.items()}
