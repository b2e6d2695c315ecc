"""Look-ups answered from the papers held."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import arxiv, query
from bot.errors import NotFoundError, NotUnderstoodError
from bot.lookup import PAGE, Answer, Kind, Lookup, Near, Period, days_of
from bot.text import clean, width, words
from storage import authors, digests, papers, search
from storage.models import Entry, Sort

_SPELLED = 4
"""Words that others are looked for which are spelled like them."""


async def run(connection: AsyncConnection, lookup: Lookup, page: int = 0) -> Answer:
    """One page of the answer to a look-up; a page past the last is the last."""
    which = await _filter(connection, lookup)
    total = await papers.count(connection, which)
    if not total:
        return Answer(lookup, 0, 0, (), tuple(await _near(connection, lookup)))
    page = min(max(page, 0), (total - 1) // PAGE)
    found = await papers.find(connection, which, lookup.sort, limit=PAGE, offset=page * PAGE)
    return Answer(lookup, total, page, tuple(found))


async def show(connection: AsyncConnection, text: str) -> Entry:
    """The newest entry of the paper that ``text`` names: an id, an address, or a title.

    Raises:
        NotFoundError: no such paper is held.
    """
    arxiv_id = arxiv.id_of_text(text)
    if arxiv_id is None and words(text):
        titles = await papers.titles_like(connection, text, limit=1)
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
    if lookup.kind is Kind.AUTHOR:
        return papers.Filter(author=query.author(lookup.text), once=True)
    if lookup.kind is Kind.KEYWORD:
        return papers.Filter(query=query.parse(lookup.text), once=True)
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
        names = await authors.nearest(connection, query.author(lookup.text))
        return [Near(replace(lookup, text=name)) for name in names if width(name) <= query.MAX_LENGTH]
    if lookup.kind is Kind.KEYWORD:
        return await _near_keyword(connection, lookup)
    return []


async def _near_keyword(connection: AsyncConnection, lookup: Lookup) -> list[Near]:
    """Each wanted part alone, where there are several; and the words spelled most like those that no paper holds."""
    wanted = query.parse(lookup.text).wanted
    near = []
    for term in wanted if len(wanted) > 1 else ():
        text = f'"{term.text}"' if " " in term.text or term.text.startswith("-") else term.text
        alone = replace(lookup, text=text[: query.MAX_LENGTH])
        if number := await papers.count(connection, papers.Filter(query=query.parse(alone.text), once=True)):
            near.append(Near(alone, number))
    spelled = [word for term in wanted for word in term.tokens]
    for word, number in await search.nearest_words(connection, spelled[:_SPELLED]):
        near.append(Near(replace(lookup, text=word), number))
    # A word and its misspelling lead to the same one; two buttons may not.
    return list({one.lookup.text: one for one in near}.values())[:5]
