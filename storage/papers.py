"""Papers looked up: the entries that a filter names, in an order, counted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.query import Query
from bot.text import words
from storage import authors as names
from storage import search
from storage.models import Entry, Paper, Section, Sort
from storage.schema import digests, entries, papers
from storage.sqlite import as_json, driver_sql, each, rows

_BATCH = 10_000
"""Values in one statement: SQLite takes 32,766."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries; conditions combine. With ``once``, a paper that was in several of the digests is counted once, by
    its newest entry."""

    first: date | None = None
    last: date | None = None
    query: Query | None = None
    arxiv_ids: tuple[str, ...] = ()
    min_votes: int = 0
    once: bool = False

    @property
    def by_index(self) -> bool:
        """Whether the index alone knows the answer and its order."""
        return bool(self.query and self.once and not (self.last or self.arxiv_ids or self.min_votes))


async def find(
    connection: AsyncConnection,
    which: Filter,
    sort: Sort = Sort.NEWEST,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> list[Entry]:
    """The entries of ``which`` in order; unknown votes stand last, ties by position."""
    return await connection.run_sync(_find, which, sort, limit, offset)


async def count(connection: AsyncConnection, which: Filter) -> int:
    """How many entries ``which`` has; of a keyword's answer, at most one more than ``bot.lookup.MOST_COUNTED``."""
    return await connection.run_sync(_count, which)


def titles_like(connection: Connection, typed: str, limit: int = 25) -> list[tuple[str, str]]:
    """(arXiv id, title) of the papers whose title has a word beginning with each typed word, the most voted first."""
    begun = words(typed)
    found = (
        rows(connection, _TITLES, (search.begins(begun), limit)) if begun else rows(connection, _BEST_TITLES, (limit,))
    )
    return [(arxiv_id, title) for arxiv_id, title in found]


def found_by(connection: Connection, match: search.Match, sort: Sort, limit: int, offset: int) -> list[Entry]:
    """A part of a keyword's answer: each paper by its newest entry."""
    return _at(connection, match.find(sort, limit, offset))


def number(connection: Connection) -> int:
    """How many papers are held."""
    return connection.execute(select(func.count()).select_from(papers)).scalar_one()


def best(connection: Connection, limit: int, offset: int) -> list[Entry]:
    """The papers with the most votes of all: each by its newest entry."""
    places = select(papers.c.place).order_by(papers.c.place.desc()).limit(limit).offset(offset)
    return _at(connection, list(connection.execute(places).scalars()))


def _find(connection: Connection, which: Filter, sort: Sort, limit: int | None, offset: int) -> list[Entry]:
    match = search.Match(connection, which.query) if which.query else None
    if match and which.by_index:
        places = match.find(sort, limit, offset, which.first)
        return [entry for batch in _batches(places) for entry in _at(connection, batch)]
    statement = selected(which).order_by(*_order(sort)).limit(limit).offset(offset)
    return [entry for _, entry in read(connection, statement, match.values if match else None)]


def _count(connection: Connection, which: Filter) -> int:
    match = search.Match(connection, which.query) if which.query else None
    if match and which.by_index:
        return match.count(which.first)
    found = selected(which).with_only_columns(entries.c.paper_id).subquery()
    values = match.values if match else None
    return connection.execute(select(func.count()).select_from(found), values).scalar_one()


def _at(connection: Connection, places: list[int]) -> list[Entry]:
    """The newest entries of the papers at these places, in this order."""
    if not places:
        return []
    found = rows(connection, _AT, (as_json(places),))
    named = names.of_papers(connection, {paper_id for _, paper_id, *_ in found})
    by_place = {}
    for place, paper_id, day, position, votes, told, arxiv_id, title, url, image_url, video_url in found:
        paper = Paper(arxiv_id, title, url, image_url, video_url, named.get(paper_id, ()))
        by_place[place] = Entry(paper, date.fromisoformat(day), position, votes, _sections(json.loads(told)))
    return [by_place[place] for place in places]


def selected(which: Filter) -> Select[Any]:
    """The statement of the entries of ``which``, for :func:`read`."""
    dates: list[ColumnElement[bool]] = []
    if which.first:
        dates.append(digests.c.date >= which.first)
    if which.last:
        dates.append(digests.c.date <= which.last)
    conditions = list(dates)
    if which.query:
        conditions.append(search.in_answer(papers.c.place))
    if which.arxiv_ids:
        conditions.append(papers.c.arxiv_id.in_(which.arxiv_ids))
    if which.min_votes:
        conditions.append(entries.c.votes >= which.min_votes)
    if which.once:
        conditions.append(newest_entry(*dates))
    return select(digests.c.date, entries, papers).select_from(entries.join(digests).join(papers)).where(*conditions)


def newest_entry(*dates: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition that an entry is the newest of its paper, of those on ``dates``."""
    other = entries.alias()
    newest = (
        select(other.c.digest_id)
        .select_from(other.join(digests, digests.c.id == other.c.digest_id))
        .where(other.c.paper_id == papers.c.id, *dates)
        .order_by(digests.c.date.desc(), digests.c.id)
        .limit(1)
        .correlate(papers)
        .scalar_subquery()
    )
    return entries.c.digest_id == newest


def read(
    connection: Connection, statement: Select[Any], values: Mapping[str, object] | None = None
) -> list[tuple[int, Entry]]:
    """The entries that a statement of :func:`selected` finds, with their papers' ids."""
    held = connection.execute(statement, values).mappings().all()
    found = names.of_papers(connection, {row["paper_id"] for row in held})
    return [(row["paper_id"], _entry(row, found.get(row["paper_id"], ()))) for row in held]


def _order(sort: Sort) -> list[Any]:
    votes, newest = entries.c.votes.desc().nulls_last(), digests.c.date.desc()
    if sort is Sort.VOTES:
        return [votes, newest, entries.c.position, papers.c.id]
    return [newest, votes, entries.c.position, papers.c.id]


def _entry(row: Any, authors: tuple[str, ...]) -> Entry:
    paper = Paper(row["arxiv_id"], row["title"], row["url"], row["image_url"], row["video_url"], authors)
    return Entry(paper, row["date"], row["position"], row["votes"], _sections(row["sections"]))


def _sections(told: Iterable[Mapping[str, Any]]) -> tuple[Section, ...]:
    return tuple(Section(section["heading"], section["text"]) for section in told)


def _batches(places: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(places), _BATCH):
        yield places[start : start + _BATCH]


# The newest entry of a paper last.
_AT = driver_sql(
    select(
        papers.c.place,
        papers.c.id,
        digests.c.date,
        entries.c.position,
        entries.c.votes,
        entries.c.sections,
        papers.c.arxiv_id,
        papers.c.title,
        papers.c.url,
        papers.c.image_url,
        papers.c.video_url,
    )
    .select_from(entries.join(digests).join(papers))
    .where(papers.c.place.in_(each("places")))
    .order_by(digests.c.date, digests.c.id.desc())
)
_BEST_TITLES = "SELECT arxiv_id, title FROM papers ORDER BY place DESC LIMIT ?"
_TITLES = """
SELECT arxiv_id, title FROM papers
WHERE place IN (SELECT rowid FROM paper_titles WHERE paper_titles MATCH ? ORDER BY rowid DESC LIMIT ?)
ORDER BY place DESC
"""
