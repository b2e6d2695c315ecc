"""The order of answers, against a plain sort of all papers: title, authors, sections, then votes and date."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot import query
from bot.document import Document
from bot.query import Query
from bot.terms import Name
from storage import papers
from storage.database import Database
from storage.models import Entry, Sort
from storage.papers import Filter
from tests.storage.searching import documents, read_plainly
from tests.storage.support import MONDAY, TUESDAY, digest, paper, store

KEYWORDS = (
    "diffusion",
    "model",
    "모델",
    "추론",
    "language model",
    '"language model"',
    "diffusion OR agent",
    "video generation OR 추론 -benchmark",
    "model -language",
    "모델 -author:wang",
    "author:wang",
    "author:wang model",
    "author:zhang OR diffusion",
    "author:zhang 모델 OR video -추론",
    "zhang",
    "yang",
    "a",
)


def tier(read: Document, asked: Query) -> int:
    """0 where a title has the words of an alternative, 1 where the authors are among them, 2 elsewhere."""
    in_title = replace(read, authors="", sections="")
    in_names = replace(read, title="", sections="")
    terms = [[part for part in parts if not isinstance(part, Name)] for parts in asked.alternatives]
    held = read.vocabulary
    if any(parts and all(part.is_in(in_title, held) for part in parts) for parts in terms):
        return 0
    if any(all(part.is_in(in_names, held) for part in parts) for parts in asked.alternatives):
        return 1
    return 2


def in_order(found: list[Entry], read: Mapping[str, Document], asked: Query, sort: Sort) -> list[str]:
    def key(entry: Entry) -> tuple[object, ...]:
        votes = -1 if entry.votes is None else entry.votes
        day = entry.date.toordinal()
        if sort is Sort.NEWEST:
            return (-day, -votes, entry.position)
        rank = tier(read[entry.paper.arxiv_id], asked) if sort is Sort.RELEVANCE else 0
        return (rank, -votes, -day, entry.position)

    return [entry.paper.arxiv_id for entry in sorted(found, key=key)]


async def check(database: Database, asked: list[Query]) -> dict[str, set[int]]:
    """Holds each answer against the plain sort, in each order, by pages of some sizes; the tiers that each had."""
    read = await documents(database)
    tiers = {}
    async with database.read() as connection:
        newest = await papers.find(connection, Filter(once=True))
        for one in asked:
            wanted = read_plainly(read, one)
            found = [entry for entry in newest if entry.paper.arxiv_id in wanted]
            tiers[one.normal] = {tier(read[number], one) for number in wanted}
            which = Filter(query=one, once=True)
            for sort in Sort:
                right = in_order(found, read, one, sort)
                for size in (1, 3, 50) if len(right) < 20 else (7, 50):
                    paged = [
                        entry.paper.arxiv_id
                        for start in range(0, len(right) + size, size)
                        for entry in await papers.find(connection, which, sort, limit=size, offset=start)
                    ]
                    assert paged == right, (one.text, sort, size)
            assert await papers.count(connection, which) == len(wanted)
            for days in (0, 100, 500):
                first = newest[0].date - timedelta(days=days)
                late = [entry for entry in found if entry.date >= first]
                recent = await papers.find(connection, replace(which, first=first), Sort.RELEVANCE)
                assert [entry.paper.arxiv_id for entry in recent] == in_order(late, read, one, Sort.RELEVANCE)
                assert await papers.count(connection, replace(which, first=first)) == len(late)
    return tiers


async def test_the_real_digests(corpus: Database) -> None:
    tiers = await check(corpus, [*map(query.parse, KEYWORDS), query.by_author("Wang"), query.by_author("Y. Zhang")])
    assert {1} <= tiers["zhang"]
    assert {0, 2} <= tiers["diffusion"]
    assert {0, 1, 2} <= set.union(*tiers.values())


async def test_a_paper_is_where_the_best_of_its_fields_has_the_keyword(database: Database) -> None:
    store(
        database,
        digest(
            MONDAY,
            (paper("2401.00001", "Of other things", "Ana Li"), 99, "zebra and lion"),
            (paper("2401.00002", "Of other things", "Zebra Kim", "Bo Lion"), 50, "words"),
            (paper("2401.00003", "Of a zebra", "Lion King"), 70, "words"),
            (paper("2401.00004", "Of zebras and lions", "Ana"), 1, "words"),
            (paper("2401.00005", "Zebra, lion", "Ana"), None, "words"),
        ),
    )
    async with database.read() as connection:
        for keyword, numbers in {
            "zebra": [3, 4, 5, 2, 1],
            "zebra lion": [4, 5, 2, 1, 3],
            "zebra -king": [4, 5, 2, 1],
            "zebra author:ana": [4, 5, 1],
            "lion OR king": [4, 5, 3, 2, 1],
        }.items():
            found = await papers.find(connection, Filter(query=query.parse(keyword), once=True), Sort.RELEVANCE)
            assert [int(entry.paper.arxiv_id[-1]) for entry in found] == numbers, keyword


@pytest.mark.parametrize("seed", range(3))
async def test_made_up_papers(database: Database, seed: int) -> None:
    """Few words, votes and days, so that ties are many; some papers are in several digests."""
    chance = random.Random(seed)
    words = ["zebra", "lions", "lion", "ant", "강화", "학습", "강화학습을", "bee-hive"]

    def some(most: int) -> str:
        return " ".join(chance.choices(words, k=chance.randint(0, most)))

    for day in range(8):
        numbers = chance.sample(range(40), 12)
        store(
            database,
            digest(
                date(2024, 1, 1) + timedelta(days=70 * day),
                *(
                    (
                        paper(f"2401.{number:05}", some(2), *dict.fromkeys((some(2), some(1)))),
                        chance.choice([None, 0, 1, 5]),
                        some(4),
                    )
                    for number in numbers
                ),
            ),
        )
    asked = [
        "zebra", "lion", "강화학습", "학습 강화", "lion OR 강화", "zebra -lion", "lion author:zebra",
        "author:ant OR bee", "ant -author:lion", "zebra ant OR author:lion 강화 -bee", "beehive", '"zebra lion" OR ant',
    ]  # fmt: skip
    tiers = await check(database, [*map(query.parse, asked), query.by_author("lion")])
    assert tiers["lion"] == {0, 1, 2}


async def test_the_votes_of_the_newest_entry_rank_a_paper(database: Database) -> None:
    one, other = paper("2401.00001", "Zebra one"), paper("2401.00002", "Zebra two")
    which = Filter(query=query.parse("zebra"), once=True)

    async def order() -> list[str]:
        async with database.read() as connection:
            return [entry.paper.title for entry in await papers.find(connection, which, Sort.RELEVANCE)]

    store(database, digest(MONDAY, (one, 9), (other, 5)))
    assert await order() == ["Zebra one", "Zebra two"]
    store(database, digest(TUESDAY, (one, 1)))
    assert await order() == ["Zebra two", "Zebra one"]
    # An older digest says nothing of how a paper stands now, but a newer copy of the newest does.
    store(database, digest(MONDAY, (one, 99), (other, 5)))
    assert await order() == ["Zebra two", "Zebra one"]
    store(database, digest(TUESDAY, (one, 6)))
    assert await order() == ["Zebra one", "Zebra two"]
    store(database, digest(TUESDAY, (one, None)))
    assert await order() == ["Zebra two", "Zebra one"]
