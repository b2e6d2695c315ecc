"""Authors: found by what is typed of their names, and the names of papers' authors."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from operator import itemgetter

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.document import read_name
from bot.query import MAX_LENGTH
from bot.text import fold, words
from storage.models import Author
from storage.schema import authors, paper_authors
from storage.search import begins
from storage.sqlite import as_json, driver_sql, each, rows
from storage.vocabulary import closest

_BATCH = 10_000
"""Authors asked for by one statement: SQLite takes 32,766 values."""
_RANKED = 200
"""Names of which the ones with the most papers are shown."""
_ID_BITS = 40
_ID = 2**_ID_BITS - 1
_MOST_PAPERS = "SELECT name, papers FROM authors WHERE papers > 0 ORDER BY papers DESC, name LIMIT ?"
_BEGUN = f"""
SELECT name, papers FROM authors WHERE id IN (
    SELECT rowid & {_ID} FROM author_names WHERE author_names MATCH ? ORDER BY rowid DESC LIMIT ?
)
ORDER BY papers DESC, name LIMIT ?
"""  # noqa: S608
# A name is kept where the first value is NULL. The index keeps no text, so it is told what to forget where that is
# 'delete' (FTS5, The 'delete' command).
_CHANGE_NAME = "INSERT INTO author_names (author_names, rowid, name) VALUES (?, ?, ?)"
_SET_COUNT = "UPDATE authors SET papers = ? WHERE id = ?"
# As one value, for a digest may have more names than SQLite takes values.
_IDS = select(authors.c.name, authors.c.id).where(authors.c.name.in_(each("names")))
_NEW = insert(authors).returning(authors.c.name, authors.c.id)
_LINK = insert(paper_authors)
_LINKED = select(paper_authors.c.author_id).where(paper_authors.c.paper_id.in_(bindparam("paper_ids", expanding=True)))
_UNLINK = paper_authors.delete().where(paper_authors.c.paper_id.in_(bindparam("paper_ids", expanding=True)))
_HELD = select(authors.c.id, authors.c.name, authors.c.papers).where(
    authors.c.id.in_(bindparam("author_ids", expanding=True))
)
_Count = tuple[int, str, int, int]
"""An author's id and name, and their papers before and now."""
_NAMES = (
    select(paper_authors.c.paper_id, authors.c.name)
    .join(authors)
    .where(paper_authors.c.paper_id.in_(each("paper_ids")))
    .order_by(paper_authors.c.paper_id, paper_authors.c.position)
)


def like(connection: Connection, typed: str, limit: int = 25) -> list[Author]:
    """Authors with a word beginning with each typed word, those with the most papers first."""
    if begun := words(typed[:MAX_LENGTH]):
        found = rows(connection, _BEGUN, (begins(begun), max(limit, _RANKED), limit))
    else:
        found = rows(connection, _MOST_PAPERS, (limit,))
    return [Author(name, papers) for name, papers in found]


def store(connection: Connection, named: Iterable[tuple[int, Iterable[str]]], known: Collection[int]) -> None:
    """Names the authors of papers by id, of which some are ``known`` and have had others."""
    links = [(paper_id, name, place) for paper_id, found in named for place, name in enumerate(found)]
    changes: Counter[int] = Counter()
    if known:
        changes.subtract(connection.execute(_LINKED, {"paper_ids": list(known)}).scalars())
        connection.execute(_UNLINK, {"paper_ids": list(known)})
    numbers = Counter(name for _, name, _ in links)
    ids = {name: author_id for name, author_id in connection.execute(_IDS, {"names": as_json(list(numbers))})}
    changes.update({author_id: numbers[name] for name, author_id in ids.items()})
    counts: list[_Count] = []
    if new := [{"name": name, "papers": number} for name, number in numbers.items() if name not in ids]:
        made = {name: author_id for name, author_id in connection.execute(_NEW, new)}
        counts = [(author_id, name, 0, numbers[name]) for name, author_id in made.items()]
        ids |= made
    if links:
        connection.exec_driver_sql(driver_sql(_LINK), [(paper_id, ids[name], place) for paper_id, name, place in links])
    _index(connection, counts + _counted(connection, changes))


def rank(connection: Connection, changes: Mapping[int, int]) -> None:
    """Adds to how many papers authors have, by id, and ranks their names by it."""
    _index(connection, _counted(connection, changes))


def _counted(connection: Connection, changes: Mapping[int, int]) -> list[_Count]:
    different = sorted(author_id for author_id, change in changes.items() if change)
    counts: list[_Count] = []
    for start in range(0, len(different), _BATCH):
        held = connection.execute(_HELD, {"author_ids": different[start : start + _BATCH]})
        counts += [(row.id, row.name, row.papers, row.papers + changes[row.id]) for row in held]
    if counts:
        connection.exec_driver_sql(_SET_COUNT, [(now, author_id) for author_id, _, _, now in counts])
    return counts


def _index(connection: Connection, counts: Iterable[_Count]) -> None:
    """Ranks names: those with many papers last. Not by the very number, which would have the names of each new paper
    written anew."""
    rows: list[tuple[str | None, int, str]] = []
    for author_id, name, before, now in counts:
        for change, papers in (("delete", before), (None, now)):
            if papers and before.bit_length() != now.bit_length():
                rows.append((change, papers.bit_length() << _ID_BITS | author_id, read_name(name)))
    if rows:
        # In the order of their rows: FTS5 ends a segment where a row is before the last one.
        connection.exec_driver_sql(_CHANGE_NAME, sorted(rows, key=itemgetter(1)))


async def nearest(connection: AsyncConnection, spelled: str, limit: int = 3) -> list[str]:
    """The names spelled most like ``spelled``, which is folded."""
    return await connection.run_sync(_nearest, spelled, limit)


def _nearest(connection: Connection, spelled: str, limit: int) -> list[str]:
    held = connection.execute(select(authors.c.name).where(authors.c.papers > 0)).scalars()
    folded = {name: fold(name) for name in held}
    found = closest(spelled, folded, limit)
    if not found and " " not in spelled:
        # A family name alone is far from any whole name.
        by_word = {f"{name}\n{word}": word for name in folded for word in folded[name].split() if len(word) > 2}
        found = [key.partition("\n")[0] for key in closest(spelled, by_word, limit)]
    return found


def of_papers(connection: Connection, paper_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The names of the authors of papers by id, in the order of their digest."""
    names: dict[int, list[str]] = defaultdict(list)
    for paper_id, name in rows(connection, driver_sql(_NAMES), (as_json(list(paper_ids)),)):
        names[paper_id].append(name)
    return {paper_id: tuple(found) for paper_id, found in names.items()}
