"""Papers looked up: the entries that a filter names, in an order, counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.query import Query
from bot.text import words
from storage import authors as names
from storage import search
from storage.models import Entry, Paper, Section, Sort
from storage.schema import authors, digests, entries, paper_authors, papers


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries; conditions combine. ``author`` holds a name's folded words. With ``once``, a paper that was in
    several of the digests is counted once, by its newest entry."""

    first: date | None = None
    last: date | None = None
    author: tuple[str, ...] = ()
    query: Query | None = None
    arxiv_ids: tuple[str, ...] = ()
    min_votes: int = 0
    once: bool = False


async def find(
    connection: AsyncConnection,
    which: Filter,
    sort: Sort = Sort.NEWEST,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> list[Entry]:
    """The entries of ``which`` in order; unknown votes stand last, ties by position."""
    statement = selected(which).order_by(*_order(sort, which)).limit(limit).offset(offset)
    return [entry for _, entry in await connection.run_sync(read, statement)]


async def count(connection: AsyncConnection, which: Filter) -> int:
    """How many entries ``which`` has."""
    found = selected(which).with_only_columns(entries.c.paper_id).subquery()
    return (await connection.execute(select(func.count()).select_from(found))).scalar_one()


async def titles_like(connection: AsyncConnection, typed: str, limit: int = 25) -> list[tuple[str, str]]:
    """(arXiv id, title) of the papers whose title has a word beginning with each typed word, the most voted first."""
    condition = search.title_begins(words(typed))
    votes = func.max(entries.c.votes)
    statement = (
        select(papers.c.arxiv_id, papers.c.title)
        .join(entries)
        .group_by(papers.c.id)
        .order_by(votes.desc().nulls_last(), papers.c.id.desc())
        .limit(limit)
    )
    if condition is not None:
        statement = statement.where(papers.c.id.in_(select(search.paper_words.c.rowid).where(condition)))
    return [(arxiv_id, title) for arxiv_id, title in await connection.execute(statement)]


def selected(which: Filter) -> Select[Any]:
    """The statement of the entries of ``which``, for :func:`read`."""
    joined = entries.join(digests).join(papers)
    dates: list[ColumnElement[bool]] = []
    if which.first:
        dates.append(digests.c.date >= which.first)
    if which.last:
        dates.append(digests.c.date <= which.last)
    conditions = list(dates)
    if which.query:
        joined = joined.join(search.paper_words, search.paper_words.c.rowid == papers.c.id)
        conditions.append(search.matches(which.query))
    if which.arxiv_ids:
        conditions.append(papers.c.arxiv_id.in_(which.arxiv_ids))
    if which.min_votes:
        conditions.append(entries.c.votes >= which.min_votes)
    if which.author:
        names = and_(*(func.instr(authors.c.folded, f" {word} ") > 0 for word in which.author))
        conditions.append(papers.c.id.in_(select(paper_authors.c.paper_id).join(authors).where(names)))
    if which.once:
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
        conditions.append(entries.c.digest_id == newest)
    return select(digests.c.date, entries, papers).select_from(joined).where(*conditions)


def read(
    connection: Connection, statement: Select[Any], values: Mapping[str, object] | None = None
) -> list[tuple[int, Entry]]:
    """The entries that a statement of :func:`selected` finds, with their papers' ids."""
    rows = connection.execute(statement, values).mappings().all()
    found = names.of_papers(connection, {row["paper_id"] for row in rows})
    return [(row["paper_id"], _entry(row, found.get(row["paper_id"], ()))) for row in rows]


def _order(sort: Sort, which: Filter) -> list[Any]:
    votes, newest = entries.c.votes.desc().nulls_last(), digests.c.date.desc()
    if sort is Sort.VOTES:
        return [votes, newest, entries.c.position, papers.c.id]
    if sort is Sort.RELEVANCE and which.query:
        return [search.RELEVANCE, votes, newest, papers.c.id]
    return [newest, votes, entries.c.position, papers.c.id]


def _entry(row: Any, authors: tuple[str, ...]) -> Entry:
    sections = tuple(Section(section["heading"], section["text"]) for section in row["sections"])
    paper = Paper(row["arxiv_id"], row["title"], row["url"], row["image_url"], row["video_url"], authors)
    return Entry(paper, row["date"], row["position"], row["votes"], sections)
