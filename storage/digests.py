"""Digests: kept, counted by day, and which of their papers have not been matched."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby, islice
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, func, not_, or_, select, update
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.document import Document, document
from storage import authors, search, vocabulary
from storage.models import Digest, Entry, Paper
from storage.papers import IN_A_DIGEST, LOOKED_UP, Filter, newest_entry, paper_of, read, selected
from storage.schema import digests, entries, papers
from storage.sqlite import as_json, driver_sql

_BATCH = 1_000
"""Entries stored by one statement: SQLite takes 32,766 values."""


def _kept(table: Table, key: Sequence[str], updated: Sequence[str]) -> Insert:
    """Inserts a row, or updates the one with the same key; built once, for building costs more than running."""
    statement = upsert(table)
    return statement.on_conflict_do_update(
        index_elements=key, set_={name: statement.excluded[name] for name in updated}
    )


# Where nothing else is to change, the key is set to itself: "do nothing" would return no row.
_KEEP_DIGEST = _kept(digests, ["date", "source"], ["source"]).returning(digests.c.id)
_KEEP_ENTRY = _kept(entries, ["digest_id", "paper_id"], ["votes", "position", "sections"])
_TOLD = ("title", "url", "image_url", "video_url", "repository", "stars", "project", "keywords")
_KEEP_PAPER = _kept(papers, ["arxiv_id"], _TOLD).returning(papers.c.arxiv_id, papers.c.id)
_TAKEN = select(papers.c.place).where(papers.c.place.in_(bindparam("places", expanding=True)))
_PLACES = select(papers.c.id, papers.c.place).where(papers.c.arxiv_id.in_(bindparam("arxiv_ids", expanding=True)))
_SET_PLACE = update(papers).where(papers.c.id == bindparam("paper_id")).values(place=bindparam("at"))
_LEAVE = update(papers).where(papers.c.arxiv_id.in_(bindparam("arxiv_ids", expanding=True))).values(place=None)
_NEWEST = (
    select(papers.c.id, digests.c.date, entries.c.votes, entries.c.position)
    .select_from(papers.join(entries).join(digests))
    .where(papers.c.arxiv_id.in_(bindparam("arxiv_ids", expanding=True)), newest_entry())
)
_KNOWN = (
    select(papers, func.max(digests.c.date).label("newest"))
    .select_from(papers.join(entries).join(digests))
    .where(papers.c.arxiv_id.in_(bindparam("arxiv_ids", expanding=True)))
    .group_by(papers.c.id)
)
_HELD = selected(Filter()).where(
    entries.c.digest_id.in_(bindparam("digest_ids", expanding=True)),
    papers.c.arxiv_id.in_(bindparam("arxiv_ids", expanding=True)),
)

_ONLY_LOOKED_UP = select(papers.c.id).where(
    papers.c.arxiv_id.in_(bindparam("arxiv_ids", expanding=True)),
    papers.c.id == entries.c.paper_id,
    digests.c.id == entries.c.digest_id,
    not_(IN_A_DIGEST),
)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing a digest changed."""

    new_papers: int = 0
    changed_entries: int = 0


def store(connection: Connection, digest: Digest, source: str) -> Stored:
    """Keeps a digest. The same again changes nothing; a newer copy updates votes, sections and papers' titles."""
    return _store(connection, [digest], source)


def store_all(connection: Connection, found: Sequence[Digest], source: str) -> Stored:
    """Keeps digests of one source, each as if by itself: all in one go where their papers are new, which costs far
    less."""
    together = [found] if _are_new(connection, found) else [[digest] for digest in found]
    stored = [_store(connection, group, source) for group in together]
    return Stored(sum(one.new_papers for one in stored), sum(one.changed_entries for one in stored))


def keep_looked_up(connection: Connection, entry: Entry) -> None:
    """Keeps a paper that was looked up, unless it is held: searches find it, and it is in no digest. When one brings
    it, it is as new as any other."""
    if not _known(connection, [entry]):
        _store(connection, [Digest(entry.date, (entry,))], LOOKED_UP)


def _store(connection: Connection, found: Sequence[Digest], source: str) -> Stored:
    ids = {digest.date: _keep_digest(connection, digest.date, source) for digest in found}
    new_papers = changed_entries = 0
    for batch in _batches([entry for digest in found for entry in digest.entries], _BATCH):
        known = _known(connection, batch)
        asked = {"digest_ids": list(ids.values()), "arxiv_ids": list(known)}
        held = {entry for _, entry in read(connection, _HELD, asked)} if known else set()
        merged = [_merged(entry, *known.get(entry.paper.arxiv_id, (None, None))) for entry in batch]
        if changed := [entry for entry in merged if entry not in held]:
            new_papers += _store_entries(connection, ids, changed, known.keys())
            changed_entries += len(changed)
    return Stored(new_papers, changed_entries)


def _keep_digest(connection: Connection, day: date, source: str) -> int:
    digest_id: int = connection.execute(_KEEP_DIGEST, {"date": day, "source": source}).scalar_one()
    return digest_id


def _are_new(connection: Connection, found: Iterable[Digest]) -> bool:
    """Whether no paper of digests is held, nor in two of them."""
    told = [entry for digest in found for entry in digest.entries]
    different = {entry.paper.arxiv_id for entry in told}
    return len(different) == len(told) and not any(_known(connection, batch) for batch in _batches(told, _BATCH))


async def days(connection: AsyncConnection, *, prefix: str = "", limit: int = 25) -> list[tuple[date, int]]:
    """The dates of the digests held, newest first, with their papers; ``prefix`` is the start of YYYY-MM-DD."""
    statement = (
        select(digests.c.date, func.count(entries.c.paper_id.distinct()))
        .join(entries)
        .where(func.strftime("%Y-%m-%d", digests.c.date).startswith(prefix, autoescape=True), IN_A_DIGEST)
        .group_by(digests.c.date)
        .order_by(digests.c.date.desc())
        .limit(limit)
    )
    return [(day, papers) for day, papers in await connection.execute(statement)]


async def months(connection: AsyncConnection, *, prefix: str = "", limit: int = 5) -> list[tuple[date, int]]:
    """The months of the digests held, by their first days, newest first, with their papers; ``prefix`` as for days."""
    month = func.strftime("%Y-%m", digests.c.date)
    statement = (
        select(month, func.count(entries.c.paper_id.distinct()))
        .join(entries)
        .where(month.startswith(prefix, autoescape=True), IN_A_DIGEST)
        .group_by(month)
        .order_by(month.desc())
        .limit(limit)
    )
    return [(date.fromisoformat(f"{name}-01"), papers) for name, papers in await connection.execute(statement)]


async def nearest(connection: AsyncConnection, day: date, limit: int = 3) -> list[date]:
    """The dates of the digests held that are closest to ``day``."""
    distance = func.abs(func.julianday(digests.c.date) - func.julianday(day.isoformat()))
    statement = select(digests.c.date).where(IN_A_DIGEST).group_by(digests.c.date).order_by(distance).limit(limit)
    return sorted((await connection.execute(statement)).scalars(), reverse=True)


async def newest(connection: AsyncConnection) -> date | None:
    """The date of the newest digest held."""
    statement = select(func.max(digests.c.date)).where(IN_A_DIGEST)
    newest_date: date | None = (await connection.execute(statement)).scalar()
    return newest_date


async def growing(connection: AsyncConnection, now: datetime) -> tuple[date, datetime] | None:
    """The date of the newest digest held, and when all its papers will have come; None where they have."""
    statement = (
        select(digests.c.date, func.min(digests.c.ready_at), func.max(_ready(now)))
        .where(IN_A_DIGEST)
        .group_by(digests.c.date)
        .order_by(digests.c.date.desc())
        .limit(1)
    )
    newest = (await connection.execute(statement)).first()
    if newest is None or newest[2]:
        return None
    return newest[0], newest[1]


async def most_votes(connection: AsyncConnection, number: int, now: datetime) -> dict[date, int]:
    """The dates of the newest ``number`` days whose papers have all come, each with the votes of its most voted one,
    oldest first."""
    statement = (
        select(digests.c.date, func.max(func.coalesce(entries.c.votes, 0)))
        .join(entries)
        .where(_ready(now), IN_A_DIGEST)
        .group_by(digests.c.date)
        .order_by(digests.c.date.desc())
        .limit(number)
    )
    return dict(sorted((day, votes) for day, votes in await connection.execute(statement)))


async def newest_whole(connection: AsyncConnection) -> date | None:
    """The date of the newest digest that was whole when it came, so that it may have come late."""
    papers_of_it = select(entries.c.paper_id).where(entries.c.digest_id == digests.c.id).exists()
    statement = (
        select(digests.c.date)
        .where(digests.c.ready_at.is_(None), IN_A_DIGEST, papers_of_it)
        .order_by(digests.c.date.desc())
        .limit(1)
    )
    found: date | None = (await connection.execute(statement)).scalar()
    return found


async def unmatched(connection: AsyncConnection, since: date, now: datetime) -> list[Digest]:
    """The papers of the digests of ``since`` and later, where all of these have come, that have not been held against
    the subscriptions, by their newest digests, oldest first; with the sections of all their entries, as a search finds
    them."""
    new = selected(Filter(first=since, once=True)).where(not_(papers.c.matched), _ready(now))
    found = await connection.run_sync(read, new.order_by(digests.c.date, entries.c.position))
    whole = await connection.run_sync(_with_all_sections, [paper_id for paper_id, _ in found])
    told = [replace(entry, sections=whole[paper_id].sections) for paper_id, entry in found]
    return [Digest(day, tuple(group)) for day, group in groupby(told, key=lambda entry: entry.date)]


async def set_matched(connection: AsyncConnection, matched: Iterable[Digest], since: date) -> None:
    """Notes that papers have been held against the subscriptions, and that those of digests before ``since`` never
    will be."""
    arxiv_ids = [entry.paper.arxiv_id for digest in matched for entry in digest.entries]
    for batch in _batches(arxiv_ids, 10_000):
        await connection.execute(update(papers).where(papers.c.arxiv_id.in_(batch)).values(matched=True))
    later = select(entries.c.paper_id).join(digests).where(digests.c.date >= since)
    archive = update(papers).where(not_(papers.c.matched), papers.c.id.not_in(later))
    await connection.execute(archive.values(matched=True))


async def set_unmatched(connection: AsyncConnection, day: date) -> None:
    """Has the papers of a day held against the subscriptions once more."""
    of_day = select(entries.c.paper_id).join(digests).where(digests.c.date == day)
    await connection.execute(update(papers).where(papers.c.id.in_(of_day)).values(matched=False))


def _ready(now: datetime) -> ColumnElement[bool]:
    return or_(digests.c.ready_at.is_(None), digests.c.ready_at <= now)


def _known(connection: Connection, batch: Iterable[Entry]) -> dict[str, tuple[Paper, date]]:
    """The papers of ``batch`` that are held, each with the date of its newest digest."""
    rows = connection.execute(_KNOWN, {"arxiv_ids": [entry.paper.arxiv_id for entry in batch]}).all()
    named = authors.of_papers(connection, [row.id for row in rows])
    return {
        row.arxiv_id: (
            paper_of(row._mapping, named.get(row.id, ())),
            row.newest,
        )
        for row in rows
    }


def _merged(entry: Entry, held: Paper | None, newest: date | None) -> Entry:
    """``entry`` with what is held of its paper beside it: the newest digest names a paper, and what it leaves out
    (authors, a picture) the others tell. So an older digest that is read again does not rename it."""
    if held is None or newest is None:
        return entry
    first, second = (held, entry.paper) if newest > entry.date else (entry.paper, held)
    paper = replace(
        first,
        image_url=first.image_url or second.image_url,
        video_url=first.video_url or second.video_url,
        authors=first.authors or second.authors,
        repository=first.repository or second.repository,
        stars=first.stars if first.repository else second.stars,
        project=first.project or second.project,
        keywords=first.keywords or second.keywords,
    )
    return replace(entry, paper=paper)


def _store_entries(
    connection: Connection, digest_ids: Mapping[date, int], batch: list[Entry], held: Collection[str]
) -> int:
    """Stores changed entries; ``held`` has the papers that are held. Returns how many were in no digest."""
    new = [entry for entry in batch if entry.paper.arxiv_id not in held]
    known = [entry.paper.arxiv_id for entry in batch if entry.paper.arxiv_id in held]
    come = 0
    if known:
        search.remove(connection, _documents(connection, known))
        come = _take_from_looked_up(connection, known)
        # A new paper may stand where one of them stood.
        connection.execute(_LEAVE, {"arxiv_ids": known})
    places = _free(connection, [search.place(entry.votes, entry.date, entry.position) for entry in new])
    placed: dict[str, int | None] = {entry.paper.arxiv_id: at for entry, at in zip(new, places, strict=True)}
    ids = _store_papers(connection, [(entry.paper, placed.get(entry.paper.arxiv_id)) for entry in batch])
    named = [(ids[entry.paper.arxiv_id], entry.paper.authors) for entry in batch]
    authors.store(connection, named, {ids[arxiv_id] for arxiv_id in known})
    connection.exec_driver_sql(
        driver_sql(_KEEP_ENTRY),
        [
            (
                digest_ids[entry.date],
                ids[entry.paper.arxiv_id],
                entry.votes,
                entry.position,
                as_json([{"heading": section.heading, "text": section.text} for section in entry.sections]),
            )
            for entry in batch
        ],
    )
    _index(connection, [(at, document(entry.paper, entry.sections)) for entry, at in zip(new, places, strict=True)])
    if known:
        index(connection, known)
    return len(new) + come


def _take_from_looked_up(connection: Connection, known: list[str]) -> int:
    """Makes papers that were only looked up, which a digest brings now, as new as those that were not held; how many
    there are."""
    paper_ids = connection.execute(_ONLY_LOOKED_UP, {"arxiv_ids": known}).scalars().all()
    if paper_ids:
        connection.execute(delete(entries).where(entries.c.paper_id.in_(paper_ids)))
        connection.execute(update(papers).where(papers.c.id.in_(paper_ids)).values(matched=False))
    return len(paper_ids)


def index(connection: Connection, known: list[str]) -> None:
    """Puts papers by arXiv id, which are not in it, into the index, at the places of their newest entries."""
    _replace(connection, known)
    _index(connection, _documents(connection, known))


def _index(connection: Connection, documents: list[tuple[int, Document]]) -> None:
    search.index(connection, documents)
    vocabulary.keep(connection, set().union(*(found.pieces for _, found in documents)))


def _store_papers(connection: Connection, found: list[tuple[Paper, int | None]]) -> dict[str, int]:
    """Keeps what papers are called, new ones with their places; returns their ids by arXiv id."""
    rows = [
        {
            "arxiv_id": paper.arxiv_id,
            "title": paper.title,
            "url": paper.url,
            "image_url": paper.image_url,
            "video_url": paper.video_url,
            "repository": paper.repository,
            "stars": paper.stars,
            "project": paper.project,
            "keywords": list(paper.keywords) or None,
            "matched": False,
            "place": at,
        }
        for paper, at in found
    ]
    return {arxiv_id: paper_id for arxiv_id, paper_id in connection.execute(_KEEP_PAPER, rows)}


def _free(connection: Connection, wanted: list[int]) -> list[int]:
    """Places for papers: those wanted, or the next below where another paper stands."""
    asked = set(wanted)
    taken = set(connection.execute(_TAKEN, {"places": wanted}).scalars()) if wanted else set()
    found: dict[int, int] = {}
    places: list[int] = []
    for first in wanted:
        # Those above one that was found from the same place are taken.
        at = found.get(first, first)
        while at in taken or (at not in asked and connection.execute(_TAKEN, {"places": [at]}).scalar()):
            at -= 1
        found[first] = at
        taken.add(at)
        places.append(at)
    return places


def _replace(connection: Connection, known: list[str]) -> None:
    """Gives known papers, which have none, the places of their newest entries."""
    newest = connection.execute(_NEWEST, {"arxiv_ids": known}).all()
    places = _free(connection, [search.place(row.votes, row.date, row.position) for row in newest])
    rows = [{"paper_id": row.id, "at": at} for row, at in zip(newest, places, strict=True)]
    connection.execute(_SET_PLACE, rows)


def _documents(connection: Connection, known: list[str]) -> list[tuple[int, Document]]:
    """What the index holds, or is to hold, of known papers: their places, with the sections of all their entries."""
    rows = connection.execute(_PLACES, {"arxiv_ids": known}).all()
    whole = _with_all_sections(connection, [row.id for row in rows])
    return [(row.place, document(whole[row.id].paper, whole[row.id].sections)) for row in rows]


def _with_all_sections(connection: Connection, paper_ids: list[int]) -> dict[int, Entry]:
    """Each paper with the sections of all its entries."""
    if not paper_ids:
        return {}
    statement = selected(Filter()).where(entries.c.paper_id.in_(paper_ids)).order_by(digests.c.date)
    found: dict[int, Entry] = {}
    for paper_id, entry in read(connection, statement):
        earlier = found[paper_id].sections if paper_id in found else ()
        found[paper_id] = replace(entry, sections=(*earlier, *entry.sections))
    return found


def _batches(items: Sequence[_T], size: int) -> Iterator[list[_T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
