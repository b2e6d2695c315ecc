"""Papers looked up: the entries that a filter names, in an order, counted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.query import Query
from bot.text import words
from storage import authors as names
from storage import search
from storage.models import Entry, Paper, Section, Sort
from storage.schema import digests, entries, papers, sources
from storage.sqlite import as_json, driver_sql, each, rows

_Told = tuple[str, int | None, str | None, tuple[Section, ...]]
"""What a source tells of a paper: the day (ISO 8601), votes, whom it is owed to, and sections."""

_BATCH = 10_000
"""Values in one statement: SQLite takes 32,766."""

LOOKED_UP = " looked up"
"""What papers that were looked up, and are in no digest, are kept under in place of a source: its name begins with a
space, and no source's does. Of a paper that comes in a digest no such entry is kept."""
IN_A_DIGEST = digests.c.source != LOOKED_UP
"""The condition that an entry is one of a digest, and was not only looked up."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries; conditions combine. With ``first`` or ``last``, only those of digests, and not of papers that were
    looked up alone. With ``once``, a paper that was in several of the digests is counted once, by its newest entry."""

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
    return _told_by_all(connection, read(connection, statement, match.values if match else None))


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
    found = rows(connection, driver_sql(_AT), (as_json(places),))
    named = names.of_papers(connection, {paper_id for _, paper_id, *_ in found})
    by_place: dict[int, tuple[str, Entry]] = {}
    told: dict[int, dict[str, _Told]] = {}
    for place, paper_id, day, position, votes, source, language, attribution, text, *of_paper in found:
        sections = _sections(json.loads(text), language)
        # The newest of a source comes last.
        told.setdefault(place, {})[source] = (day, votes, attribution, sections)
        arxiv_id, title, url, image_url, video_url, repository, stars, project, keywords = of_paper
        kept = tuple(json.loads(keywords)) if keywords else ()
        authors = named.get(paper_id, ())
        paper = Paper(arxiv_id, title, url, image_url, video_url, authors, repository, stars, project, kept)
        by_place[place] = source, Entry(paper, date.fromisoformat(day), position, votes, sections)
    return [_whole(*by_place[place], told[place]) for place in places]


def _whole(own: str, entry: Entry, told: Mapping[str, _Told]) -> Entry:
    """An entry of the source ``own`` with what the others tell of its paper."""
    others = [sections for source, (_, _, _, sections) in told.items() if source != own]
    # An older entry tells of the votes that there were then.
    newest = told[own][0] == entry.date.isoformat()
    votes = [votes for _, votes, _, _ in told.values() if votes is not None and newest]
    attributions = dict.fromkeys(attribution for _, _, attribution, _ in told.values() if attribution)
    return replace(
        entry,
        votes=max(votes, default=entry.votes),
        sections=tuple(chain(entry.sections, *others)),
        attributions=tuple(attributions),
    )


def selected(which: Filter) -> Select[Any]:
    """The statement of the entries of ``which``, for :func:`read`."""
    dates: list[ColumnElement[bool]] = []
    if which.first:
        dates.append(digests.c.date >= which.first)
    if which.last:
        dates.append(digests.c.date <= which.last)
    if dates:
        dates.append(IN_A_DIGEST)
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


def _told_by_all(connection: Connection, found: list[tuple[int, Entry]]) -> list[Entry]:
    """Entries with what the other sources tell of their papers."""
    told: dict[int, dict[str, _Told]] = {}
    of: dict[tuple[int, str], tuple[str, str | None]] = {}
    asked = as_json(sorted({paper_id for paper_id, _ in found}))
    for paper_id, day, votes, source, language, attribution, text in rows(connection, driver_sql(_BY_ALL), (asked,)):
        told.setdefault(paper_id, {})[source] = (day, votes, attribution, _sections(json.loads(text), language))
        of[paper_id, day] = source, language
    whole = []
    for paper_id, entry in found:
        own, language = of[paper_id, entry.date.isoformat()]
        sections = tuple(replace(section, language=language) for section in entry.sections)
        whole.append(_whole(own, replace(entry, sections=sections), told[paper_id]))
    return whole


def _order(sort: Sort) -> list[Any]:
    votes, newest = entries.c.votes.desc().nulls_last(), digests.c.date.desc()
    if sort is Sort.VOTES:
        return [votes, newest, entries.c.position, papers.c.id]
    return [newest, votes, entries.c.position, papers.c.id]


def _entry(row: Any, authors: tuple[str, ...]) -> Entry:
    return Entry(paper_of(row, authors), row["date"], row["position"], row["votes"], _sections(row["sections"]))


def _sections(told: Iterable[Mapping[str, Any]], language: str | None = None) -> tuple[Section, ...]:
    return tuple(Section(section["heading"], section["text"], language) for section in told)


def paper_of(row: Any, authors: tuple[str, ...]) -> Paper:
    """The paper of a row of its table."""
    return Paper(
        row["arxiv_id"],
        row["title"],
        row["url"],
        row["image_url"],
        row["video_url"],
        authors,
        row["repository"],
        row["stars"],
        row["project"],
        tuple(row["keywords"] or ()),
    )


def _batches(places: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(places), _BATCH):
        yield places[start : start + _BATCH]


# Of each paper all entries, the newest last; by the source, its language and whom it is owed to.
_EVERY = entries.join(digests).join(papers).outerjoin(sources, sources.c.name == digests.c.source)
_OF_SOURCE = (digests.c.source, sources.c.language, sources.c.attribution, entries.c.sections)
_AT = (
    select(
        papers.c.place,
        papers.c.id,
        digests.c.date,
        entries.c.position,
        entries.c.votes,
        *_OF_SOURCE,
        papers.c.arxiv_id,
        papers.c.title,
        papers.c.url,
        papers.c.image_url,
        papers.c.video_url,
        papers.c.repository,
        papers.c.stars,
        papers.c.project,
        papers.c.keywords,
    )
    .select_from(_EVERY)
    .where(papers.c.place.in_(each("places")))
    .order_by(digests.c.date, digests.c.id.desc())
)
_BY_ALL = (
    select(entries.c.paper_id, digests.c.date, entries.c.votes, *_OF_SOURCE)
    .select_from(_EVERY)
    .where(entries.c.paper_id.in_(each("paper_ids")))
    .order_by(digests.c.date, digests.c.id.desc())
)
_BEST_TITLES = "SELECT arxiv_id, title FROM papers ORDER BY place DESC LIMIT ?"
_TITLES = """
SELECT arxiv_id, title FROM papers
WHERE place IN (SELECT rowid FROM paper_titles WHERE paper_titles MATCH ? ORDER BY rowid DESC LIMIT ?)
ORDER BY place DESC
"""
