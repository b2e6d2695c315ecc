"""Look-ups answered from the papers held."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import arxiv, query
from bot.errors import NotFoundError, NotUnderstoodError
from bot.lookup import PAGE, Answer, Kind, Lookup, Near, Period, days_of, query_of, top
from bot.terms import Term
from bot.text import clean, width, words
from storage import authors, digests, papers, search, vocabulary
from storage.models import Entry, Sort

_SPELLED = 4
"""Words that others are looked for which are spelled like them."""
_NEAR = 5
"""What is near that is shown."""


async def run(connection: AsyncConnection, lookup: Lookup, page: int = 0) -> Answer:
    """One page of the answer to a look-up; a page past the last is the last."""
    if asked := query_of(lookup):
        answer = await connection.run_sync(by_query, lookup, asked, page)
        return answer if answer.total else replace(answer, near=tuple(await _near(connection, lookup)))
    if lookup == top(Period.ALL):
        return await connection.run_sync(_best, lookup, page)
    which = await _filter(connection, lookup)
    total = await papers.count(connection, which)
    if not total:
        return Answer(lookup, 0, 0, (), tuple(await _near(connection, lookup)))
    page = _page(page, total)
    found = await papers.find(connection, which, lookup.sort, limit=PAGE, offset=page * PAGE)
    return Answer(lookup, total, page, tuple(found))


def by_query(connection: Connection, lookup: Lookup, asked: query.Query, page: int = 0) -> Answer:
    """One page of the answer to a keyword or an author's name."""
    match = search.Match(connection, asked)
    found = papers.found_by(connection, match, lookup.sort, PAGE, 0) if page <= 0 else []
    # A first page that is not full is all there is.
    total = len(found) if page <= 0 and len(found) < PAGE else match.count()
    page = _page(page, total)
    found = found or papers.found_by(connection, match, lookup.sort, PAGE, page * PAGE)
    return Answer(lookup, total, page, tuple(found), asked=asked, phrases=match.phrases)


def _best(connection: Connection, lookup: Lookup, page: int) -> Answer:
    total = papers.number(connection)
    page = _page(page, total)
    return Answer(lookup, total, page, tuple(papers.best(connection, PAGE, page * PAGE)))


def _page(page: int, total: int) -> int:
    return min(max(page, 0), max(total - 1, 0) // PAGE)


async def show(connection: AsyncConnection, text: str) -> Entry:
    """The newest entry of the paper that ``text`` names: an id, an address, or a title.

    Raises:
        NotFoundError: no such paper is held.
    """
    arxiv_id = arxiv.id_of_text(text)
    if arxiv_id is None and words(text):
        titles = await connection.run_sync(papers.titles_like, text, limit=1)
        arxiv_id = titles[0][0] if titles else None
    found = await papers.find(connection, papers.Filter(arxiv_ids=(arxiv_id,), once=True)) if arxiv_id else []
    if not found:
        raise NotFoundError(
            "No paper is held for {text}. Type an arXiv number, an arXiv link or words of the title.",
            text=f"“{clean(text)[:80]}”",
        )
    return found[0]


async def top_of_day(connection: AsyncConnection, day: date) -> list[Entry]:
    """All papers of a day, each once."""
    return await papers.find(connection, papers.Filter(first=day, last=day, once=True), Sort.VOTES)


async def recent(connection: AsyncConnection, lookup: Lookup, days: int = 30) -> tuple[int, list[Entry]]:
    """How many papers of the last ``days`` of digests held are in the answer, and the newest of them."""
    newest = await digests.newest(connection)
    if newest is None:
        return 0, []
    which = replace(await _filter(connection, lookup), first=newest - timedelta(days=days - 1))
    return await papers.count(connection, which), await papers.find(connection, which, Sort.NEWEST, limit=PAGE)


async def _filter(connection: AsyncConnection, lookup: Lookup) -> papers.Filter:
    if asked := query_of(lookup):
        return papers.Filter(query=asked, once=True)
    try:
        if lookup.kind is Kind.DATE:
            first, last = days_of(lookup.text)
            return papers.Filter(first=first, last=last, once=True)
        days = Period(lookup.text).days
    except ValueError:
        raise NotUnderstoodError("This button is from another version. Please ask again.") from None
    newest = await digests.newest(connection) if days else None
    return papers.Filter(first=newest - timedelta(days=days - 1) if days and newest else None, once=True)


async def _near(connection: AsyncConnection, lookup: Lookup) -> list[Near]:
    if lookup.kind is Kind.DATE:
        first, _ = days_of(lookup.text)
        nearest = await digests.nearest(connection, first)
        return [Near(replace(lookup, text=day.isoformat())) for day in nearest]
    if lookup.kind is Kind.AUTHOR:
        names = await authors.nearest(connection, " ".join(words(lookup.text)))
        return [Near(replace(lookup, text=name)) for name in names if width(name) <= query.MAX_LENGTH]
    if lookup.kind is Kind.KEYWORD:
        return await _near_keyword(connection, lookup)
    return []


async def _near_keyword(connection: AsyncConnection, lookup: Lookup) -> list[Near]:
    """The keyword with a word spelled otherwise, for each that no paper holds; and, where there are several, each part
    alone. Each with the papers it would give."""
    asked = query.parse(lookup.text)
    wanted = list(dict.fromkeys(part for parts in asked.alternatives for part in parts))
    texts = []
    for part in wanted[:_SPELLED]:
        alone = query.parse(query.one(part)[: query.MAX_LENGTH])
        if isinstance(part, Term) and not await papers.count(connection, papers.Filter(query=alone, once=True)):
            spelled = part.letters or part.characters
            near = await connection.run_sync(vocabulary.nearest, spelled) if len(spelled) > 1 else []
            texts += [lookup.text.replace(part.text, word) for word in near]
            texts += near if len(wanted) > 1 else []
        elif len(wanted) > 1:
            texts.append(alone.text)
    found: list[Near] = []
    for text in dict.fromkeys(texts):
        if len(found) < _NEAR and width(text) <= query.MAX_LENGTH:
            which = papers.Filter(query=query.parse(text), once=True)
            if number := await papers.count(connection, which):
                found.append(Near(replace(lookup, text=text), number))
    return found
