"""Look-ups of papers: filters, orders, pages; held against a plain reading of all entries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import cycle, pairwise, product
from pathlib import Path

import pytest

from bot import query
from bot.document import document
from bot.text import bare, name_runs
from storage import lookups, papers
from storage.database import Database
from storage.models import Digest, Entry, Sort
from storage.papers import Filter
from tests.storage.support import MONDAY, TUESDAY, WEDNESDAY, digest, everything, paper, store

A = paper("2401.00001", "Diffusion of heat", "Ana López", "Bo Kim")
B = paper("2401.00002", "Video diffusion", "Kim Yong", "Ana Bo")
C = paper("2401.00003", "Reasoning", "Ana Maria López")
D = paper("2401.00004", "추론 학습", "김 철수")
E_ = paper("2401.00005", "Nothing of note")
DIGESTS = (
    digest(MONDAY, (A, 7, "추론을 위한 모델"), (B, None, "video"), (C, 3), (D, 12, "비디오")),
    digest(TUESDAY, (C, 50, "diffusion, 추론"), (E_, 0), (A, None, "video")),
    digest(WEDNESDAY, (D, 12, "diffusion"), (B, 12, "추론"), (E_, None, "추론과 학습")),
)


@pytest.fixture
def held(database: Database) -> Database:
    store(database, *DIGESTS)
    return database


def plainly(found: Iterable[Digest], which: Filter) -> list[Entry]:
    """The entries of ``which``, by reading each."""
    all_ = [entry for one in found for entry in one.entries]
    sections: dict[str, list[object]] = {}
    for entry in all_:
        sections.setdefault(entry.paper.arxiv_id, []).extend(entry.sections)
    kept = [
        entry
        for entry in all_
        if (which.first is None or entry.date >= which.first) and (which.last is None or entry.date <= which.last)
    ]
    if which.once:
        newest = {entry.paper.arxiv_id: entry for entry in sorted(kept, key=lambda entry: entry.date)}
        kept = list(newest.values())

    def fits(entry: Entry) -> bool:
        read = document(entry.paper, sections[entry.paper.arxiv_id])  # type: ignore[arg-type]
        return (
            (which.query is None or which.query.matches(read))
            and (not which.arxiv_ids or entry.paper.arxiv_id in which.arxiv_ids)
            and (not which.min_votes or (entry.votes is not None and entry.votes >= which.min_votes))
        )

    return [entry for entry in kept if fits(entry)]


def in_order(found: list[Entry], sort: Sort) -> list[Entry]:
    def votes(entry: Entry) -> tuple[bool, int]:
        return entry.votes is None, -(entry.votes or 0)

    def key(entry: Entry) -> tuple[object, ...]:
        if sort is Sort.VOTES:
            return (*votes(entry), -entry.date.toordinal(), entry.position)
        return (-entry.date.toordinal(), *votes(entry), entry.position)

    return sorted(found, key=key)


async def test_every_combination_of_conditions(held: Database) -> None:
    days = [(None, None), (TUESDAY, None), (None, TUESDAY), (TUESDAY, TUESDAY), (WEDNESDAY, MONDAY)]
    keywords = [
        None,
        *map(query.parse, ("diffusion", "추론 -video", "author:kim", "diffusion author:“López, A.” OR 추론")),
        query.by_author("김철수"),
    ]
    numbers = [(), (A.arxiv_id, D.arxiv_id, "9999.99999")]
    sorts = cycle(Sort)
    sizes = set()
    async with held.read() as connection:
        for (first, last), asked, arxiv_ids, min_votes, once in product(
            days, keywords, numbers, [0, 12], [False, True]
        ):
            which = Filter(first, last, asked, arxiv_ids, min_votes, once)
            wanted = plainly(DIGESTS, which)
            sort = next(sorts)
            found = await papers.find(connection, which, sort)
            if sort is Sort.RELEVANCE:
                assert in_order(found, Sort.VOTES) == in_order(wanted, Sort.VOTES), which
            else:
                assert found == in_order(wanted, sort), (which, sort)
            assert await papers.count(connection, which) == len(wanted), which
            sizes.add(len(wanted))
    assert sizes >= set(range(6)) | {10}


async def test_once_takes_the_newest_entry_within_the_days(held: Database) -> None:
    async with held.read() as connection:
        for last, votes in ((None, 12), (TUESDAY, None), (MONDAY, None)):
            found = await papers.find(connection, Filter(last=last, arxiv_ids=(B.arxiv_id,), once=True))
            assert [entry.votes for entry in found] == [votes]
        assert await papers.count(connection, Filter()) == 10
        assert await papers.count(connection, Filter(once=True)) == 5
        assert await papers.count(connection, Filter(last=MONDAY, once=True)) == 4


async def test_unknown_votes_are_last_and_ties_go_by_position(held: Database) -> None:
    async with held.read() as connection:
        found = await papers.find(connection, Filter(first=WEDNESDAY, last=WEDNESDAY), Sort.VOTES)
        assert [(entry.votes, entry.position) for entry in found] == [(12, 0), (12, 1), (None, 2)]
        found = await papers.find(connection, Filter(first=TUESDAY, last=TUESDAY), Sort.VOTES)
        assert [entry.votes for entry in found] == [50, 0, None]


async def test_the_top_of_the_first_digest(corpus: Database) -> None:
    day = date(2024, 6, 21)
    async with corpus.read() as connection:
        found = await papers.find(connection, Filter(first=day, last=day), Sort.VOTES, limit=5)
        assert [entry.votes for entry in found] == [93, 66, 63, 35, 32]
        assert found[0].paper.arxiv_id == "2406.14347"
        whole = await lookups.top_of_day(connection, day)
    assert whole[:5] == found
    assert len(whole) == 24
    assert [entry.votes for entry in whole] == sorted((entry.votes or 0 for entry in whole), reverse=True)
    ties = [(entry.votes, entry.position) for entry in whole]
    assert all(one[1] < other[1] for one, other in pairwise(ties) if one[0] == other[0])
    assert len({votes for votes, _ in ties}) < 24


async def test_newest_first(corpus: Database) -> None:
    async with corpus.read() as connection:
        found = await papers.find(connection, Filter())
    assert len(found) == 147
    assert found == in_order(found, Sort.NEWEST)


async def test_relevance_without_a_keyword_is_newest(corpus: Database) -> None:
    async with corpus.read() as connection:
        found = await papers.find(connection, Filter(), Sort.RELEVANCE)
        assert found == await papers.find(connection, Filter(), Sort.NEWEST)


@pytest.mark.parametrize("keyword", [None, "모델", "a"])
@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("once", [True, False])
async def test_pages_cover_everything_exactly_once(
    corpus: Database, sort: Sort, keyword: str | None, once: bool
) -> None:
    which = Filter(query=query.parse(keyword) if keyword else None, once=once)
    async with corpus.read() as connection:
        total = await papers.count(connection, which)
        assert total > 30
        whole = await papers.find(connection, which, sort)
        pages = [
            await papers.find(connection, which, sort, limit=13, offset=offset) for offset in range(0, total + 13, 13)
        ]
    assert [len(page) for page in pages[:-2]] == [13] * (len(pages) - 2)
    assert pages[-1] == []
    assert [entry for page in pages for entry in page] == whole
    assert len({entry.paper.arxiv_id for entry in whole}) == len(whole) == total


def begins(title: str, typed: str) -> bool:
    """Whether a title has, for each typed word, a word that begins with it; Korean is found inside words."""
    held = [bare(run) for run in name_runs(title)]
    return all(
        any(start in word if "가" <= start[0] <= "힣" else word.startswith(start) for word in held)
        for start in map(bare, name_runs(typed))
    )


async def test_titles_like(corpus: Database) -> None:
    held = await everything(corpus)
    async with corpus.read() as connection:
        for typed in ("dft", "DF", "Nabla dft", "langu mod", "LANGUAGE MODELS", "∇²dft", "zzzz", "gpt 4", "‘lang’"):
            found = await connection.run_sync(papers.titles_like, typed, limit=200)
            wanted = {number for number, (one, _) in held.items() if begins(one.title, typed)}
            assert {number for number, _ in found} == wanted, typed
            assert all(held[number][0].title == title for number, title in found)
            assert len(await connection.run_sync(papers.titles_like, typed)) == min(25, len(wanted))
        everyone = await connection.run_sync(papers.titles_like, "")
        votes = [
            max(entry.votes or 0 for entry in await papers.find(connection, Filter(arxiv_ids=(number,))))
            for number, _ in everyone
        ]
    assert len(everyone) == 25
    assert votes == sorted(votes, reverse=True)


@pytest.mark.parametrize("typed", ["a b " * 1500, "가" * 3000, '"' * 3000, "x" * 6000, "\0 a\0b", "* OR NEAR("])
async def test_anything_may_be_typed_for_a_title(corpus: Database, typed: str) -> None:
    async with corpus.read() as connection:
        assert len(await connection.run_sync(papers.titles_like, typed)) <= 25


async def test_a_filter_of_nothing_held(database: Database, path: Path) -> None:
    async with database.read() as connection:
        for which in (Filter(), Filter(once=True, query=query.parse("zebra author:ana"), min_votes=3)):
            assert await papers.find(connection, which) == []
            assert await papers.count(connection, which) == 0
        assert await connection.run_sync(papers.titles_like, "zebra") == []
