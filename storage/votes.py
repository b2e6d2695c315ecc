"""The votes of papers over time, of sources that are fetched again and again: only changes are kept."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, and_, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.schema import digests, entries, fetches, papers, votes


def note(connection: Connection, day: date, now: datetime) -> None:
    """Keeps the votes of a day's papers that are not what was kept last: the most that any source tells of, on
    whatever day. A source that had the paper on another day would else take turns with this one."""
    papers_of_day = select(entries.c.paper_id).join(digests).where(digests.c.date == day)
    theirs = entries.c.paper_id.in_(papers_of_day)
    told = select(entries.c.paper_id, func.max(entries.c.votes)).where(theirs, entries.c.votes.is_not(None))
    kept = select(votes.c.paper_id, votes.c.votes).where(votes.c.paper_id.in_(papers_of_day)).order_by(votes.c.at)
    # The last one counts.
    last = {paper_id: number for paper_id, number in connection.execute(kept)}
    changed = [
        {"paper_id": paper_id, "at": now, "votes": number}
        for paper_id, number in connection.execute(told.group_by(entries.c.paper_id))
        if last.get(paper_id) != number
    ]
    if changed:
        connection.execute(insert(votes).on_conflict_do_nothing(), changed)


def histories(connection: Connection, day: date) -> dict[str, list[tuple[datetime, int]]]:
    """The votes over time of each paper of a day, by arXiv id, the oldest first."""
    of_day = select(entries.c.paper_id).join(digests).where(digests.c.date == day)
    statement = (
        select(papers.c.arxiv_id, votes.c.at, votes.c.votes)
        .select_from(votes.join(papers))
        .where(papers.c.id.in_(of_day))
        .order_by(votes.c.at)
    )
    found: dict[str, list[tuple[datetime, int]]] = {}
    for arxiv_id, at, number in connection.execute(statement):
        found.setdefault(arxiv_id, []).append((at, number))
    return found


async def history(connection: AsyncConnection, arxiv_id: str) -> list[tuple[datetime, int]]:
    """The votes of a paper over time, the oldest first: each change, and when the last number was last found again."""
    this = papers.c.arxiv_id == arxiv_id
    changes = select(votes.c.at, votes.c.votes).join(papers).where(this).order_by(votes.c.at)
    found = [(at, number) for at, number in await connection.execute(changes)]
    if found:
        changed_at, last = found[-1]
        of_digest = and_(fetches.c.source == digests.c.source, fetches.c.day == digests.c.date)
        fetched = select(func.max(fetches.c.fetched_at)).join(digests, of_digest).join(entries).join(papers)
        found_at = await connection.scalar(fetched.where(this, entries.c.votes == last))
        found += [(found_at, last)] if found_at and found_at > changed_at else []
    return found
