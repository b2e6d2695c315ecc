"""A paper that several sources have is one paper, and each reader sees their language first."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot import lookup, rendering, summary
from bot.language import language
from storage import digests, lookups, papers, sources
from storage.database import Database
from storage.models import Digest, Entry, Section, SourceState
from tests.rendering.payload import texts
from tests.storage.support import MONDAY, TUESDAY, digest, paper

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOURCES = [SourceState("files", "ko", ""), SourceState("HF", "en", "Hugging Face Daily Papers")]
ZEBRA = paper("2401.00001", "Of zebras", "Ana López")


def told(day: object, text: str, votes: int | None = None) -> Digest:
    return Digest(day, (Entry(ZEBRA, day, 0, votes, (Section("Summary", text),)),))  # type: ignore[arg-type]


@pytest.fixture
async def both(database: Database) -> Database:
    async with database.write() as connection:
        await sources.keep(connection, SOURCES)
    with database.write_here() as connection:
        digests.store(connection, told(MONDAY, "얼룩말의 줄무늬", 3), "files")
        digests.store(connection, told(MONDAY, "Stripes of zebras", 30), "HF")
        digests.store(connection, digest(MONDAY, (paper("2401.00002", "Of lions"), 5, "사자")), "files")
    return database


async def zebra(database: Database, asked: lookup.Lookup) -> Entry:
    async with database.read() as connection:
        answer = await lookups.run(connection, asked)
    (found,) = [entry for entry in answer.entries if entry.paper.arxiv_id == "2401.00001"]
    return found


@pytest.mark.parametrize("asked", [lookup.by_keyword("zebra"), lookup.by_date(str(MONDAY), MONDAY)])
async def test_one_paper_with_the_sections_of_both(both: Database, asked: lookup.Lookup) -> None:
    found = await zebra(both, asked)
    assert {(one.text, one.language) for one in found.sections} == {
        ("얼룩말의 줄무늬", "ko"),
        ("Stripes of zebras", "en"),
    }
    assert (found.votes, found.attributions) == (30, ("Hugging Face Daily Papers",))


@pytest.mark.parametrize(("code", "first", "then"), [("ko", "얼룩말의", "Stripes"), ("en", "Stripes", "얼룩말의")])
async def test_the_readers_language_comes_first(both: Database, code: str, first: str, then: str) -> None:
    found = await zebra(both, lookup.by_date(str(MONDAY), MONDAY))
    words = language(code)
    (post,) = ["\n".join(texts(rendering.daily(MONDAY, 2, [found], words, "d240101")))]
    assert first in post
    assert then not in post
    assert "Hugging Face Daily Papers" in post
    whole = "\n".join(texts(summary.summary(found, 0, words)))
    assert whole.index(first) < whole.index(then)
    assert "Hugging Face Daily Papers" in whole


async def test_the_newest_of_a_source_tells(both: Database) -> None:
    with both.write_here() as connection:
        digests.store(connection, told(TUESDAY, "새 줄무늬", 4), "files")
    found = await zebra(both, lookup.by_keyword("zebra"))
    assert [one.text for one in found.sections] == ["새 줄무늬", "Stripes of zebras"]
    assert (found.date, found.votes) == (TUESDAY, 30)
    # Each of the days as it was.
    async with both.read() as connection:
        every = await papers.find(connection, papers.Filter(arxiv_ids=("2401.00001",)))
    assert sorted((one.date, one.sections[0].text) for one in every) == [
        (MONDAY, "Stripes of zebras"),
        (MONDAY, "얼룩말의 줄무늬"),
        (TUESDAY, "새 줄무늬"),
    ]


async def test_a_source_that_is_not_set_up_any_more(both: Database) -> None:
    async with both.write() as connection:
        await sources.keep(connection, [])
    found = await zebra(both, lookup.by_keyword("zebra"))
    assert {one.language for one in found.sections} == {None}
    assert found.attributions == ()


async def test_what_a_source_tells_besides(database: Database) -> None:
    rich = paper(
        "2401.00001",
        "Of zebras",
        repository="https://github.com/lab/zebra",
        stars=1200,
        project="https://zebra.example",
        keywords=("stripes", "얼룩말"),
    )
    with database.write_here() as connection:
        digests.store(connection, digest(MONDAY, (rich, 1)), "HF")
        # Who does not know of it takes nothing away.
        digests.store(connection, digest(MONDAY, (ZEBRA, 1)), "files")
    found = (await zebra(database, lookup.by_keyword("zebra"))).paper
    assert (found.repository, found.stars, found.project) == (rich.repository, 1200, rich.project)
    assert found.keywords == rich.keywords
