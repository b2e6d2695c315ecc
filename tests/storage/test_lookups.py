"""Look-ups answered from the papers held."""

from __future__ import annotations

from datetime import date

import pytest

from bot import lookup, query
from bot.errors import NotFoundError, NotUnderstoodError, UserError
from bot.lookup import PAGE, Kind, Lookup, Near, Period
from storage import digests, lookups, papers
from storage.database import Database
from storage.models import Sort
from tests.storage.support import MONDAY, TUESDAY, digest, paper, store

TODAY = date(2024, 6, 21)


async def run(database: Database, asked: Lookup, page: int = 0) -> lookup.Answer:
    async with database.read() as connection:
        return await lookups.run(connection, asked, page)


async def whole(database: Database, asked: Lookup) -> list[str]:
    """The ids of all pages, each page checked."""
    first = await run(database, asked)
    found = list(first.entries)
    for page in range(1, first.pages):
        answer = await run(database, asked, page)
        assert (answer.page, answer.total, answer.near) == (page, first.total, ())
        assert len(answer.entries) == min(PAGE, first.total - page * PAGE)
        found += answer.entries
    assert len(found) == first.total
    return [entry.paper.arxiv_id for entry in found]


async def test_the_last_month_that_there_is(corpus: Database) -> None:
    answer = await run(corpus, lookup.by_date("9999-12", TODAY))
    assert (answer.total, answer.near[0].lookup.text) == (0, "2025-02-19")


@pytest.mark.parametrize(
    ("typed", "papers_held"),
    [("2024-06-21", 24), ("2024.06.21", 24), ("today", 24), ("2024-06", 24), ("2024년 10월", 9), ("2023-11", 19)],
)
async def test_by_date(corpus: Database, typed: str, papers_held: int) -> None:
    asked = lookup.by_date(typed, TODAY)
    found = await whole(corpus, asked)
    assert len(found) == len(set(found)) == papers_held
    answer = await run(corpus, asked)
    votes = [entry.votes for entry in answer.entries]
    assert votes == sorted(votes, key=lambda n: (n is None, -(n or 0)))


async def test_a_day_without_papers_names_the_nearest_days(corpus: Database) -> None:
    asked = lookup.by_date("2024-06-22", TODAY)
    answer = await run(corpus, asked)
    assert (answer.total, answer.page, answer.pages, answer.entries) == (0, 0, 1, ())
    assert [near.lookup.text for near in answer.near] == ["2024-07-16", "2024-06-21", "2024-05-31"]
    for near in answer.near:
        assert near.papers is None
        assert (await run(corpus, near.lookup)).total > 0
    month = await run(corpus, lookup.by_date("2024-09", TODAY))
    assert month.total == 0
    assert "2024-10-18" in {near.lookup.text for near in month.near}


async def test_by_author(corpus: Database) -> None:
    found = await whole(corpus, lookup.by_author("Protasov dmitry"))
    assert found == ["2406.14347"]
    answer = await run(corpus, lookup.by_author("Dmitri Protasof"))
    assert answer.total == 0
    assert answer.near[0] == Near(Lookup(Kind.AUTHOR, "Dmitry Protasov", Sort.NEWEST))
    assert (await run(corpus, answer.near[0].lookup)).total == 1
    assert (await run(corpus, lookup.by_author("qqqqqqqqqq"))).near == ()


@pytest.mark.parametrize("sort", Sort)
async def test_by_keyword(corpus: Database, sort: Sort) -> None:
    asked = lookup.by_keyword("diffusion -video", sort)
    found = await whole(corpus, asked)
    assert len(found) == len(set(found)) > PAGE
    assert set(found) == set(await whole(corpus, lookup.by_keyword("diffusion -video")))


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("difusion", ["diffusion"]),
        ("transfomers", ["transformers"]),
        ("강화햑습", ["강화학습"]),
        ("추롱", ["추론"]),
        ('"language models" difusion', ['"language models"', '"language models" diffusion']),
        ("author:protasov difusion", ["author:protasov"]),
        ("difusion OR transfomer", ["diffusion OR transfomer"]),
        ("difusion -video", ["diffusion -video"]),
        ('"difusion" model', ["model"]),
        ("qqqqqqqq model", ["model"]),
        ("dataset zebra", ["dataset"]),
    ],
)
async def test_a_keyword_that_finds_nothing_names_what_is_near(corpus: Database, typed: str, first: list[str]) -> None:
    answer = await run(corpus, lookup.by_keyword(typed, Sort.VOTES))
    assert answer.total == 0
    assert [near.lookup.text for near in answer.near][: len(first)] == first
    assert {(near.lookup.kind, near.lookup.sort) for near in answer.near} == {(Kind.KEYWORD, Sort.VOTES)}
    assert len({near.lookup.text for near in answer.near}) == len(answer.near) <= 5
    for near in answer.near:
        assert (await run(corpus, near.lookup)).total == near.papers


@pytest.mark.parametrize("typed", ["qz", "쒫", "qqqqqqqqqqqq", "-a qqqqqqqqqqqq", "author:zzzzz", '"diffusion zebra"'])
async def test_a_keyword_that_nothing_is_near(corpus: Database, typed: str) -> None:
    answer = await run(corpus, lookup.by_keyword(typed))
    assert (answer.total, answer.entries, answer.near) == (0, (), ())


async def test_what_papers_held_once_is_near_while_they_do(database: Database) -> None:
    store(database, digest(MONDAY, (paper("2401.00001", "Zebras of 강화학습으로"), 1)))
    for typed, near in {"zebrs": "zebras", "강하학습": "강화학습"}.items():
        assert Near(lookup.by_keyword(near), 1) in (await run(database, lookup.by_keyword(typed))).near
    store(database, digest(MONDAY, (paper("2401.00001", "Lions"), 1)))
    assert (await run(database, lookup.by_keyword("zebrs"))).near == ()


@pytest.mark.parametrize(
    "typed",
    [
        '"-video" qqqqqq',
        '"--" "- a" qqqqqq',
        "“-gpt” qqqqqq",
        '"gpt qqqqqq',
        "qq'qq gpt\"x",
        "-gpt qqqqqq zzzzzz",
        "a" * 80,
        "가 " * 40,
        '"' + "a " * 39 + '"',
        '"-' + "q" * 75 + '" x',
        "0x 1e5 qqqqqq",
        "NEAR( * OR qqqqqq",
        "\0 qqqqqq",
    ],
)
async def test_any_keyword_has_an_answer(corpus: Database, typed: str) -> None:
    asked = lookup.by_keyword(typed)
    answer = await run(corpus, asked)
    assert Lookup.read(str(asked)) == asked
    for near in answer.near:
        assert near.papers is not None
        assert near.papers > 0
        assert len(str(near.lookup)) <= 83
        assert (await run(corpus, near.lookup)).total == near.papers


@pytest.mark.parametrize("period", Period)
async def test_the_top(corpus: Database, period: Period) -> None:
    found = await whole(corpus, lookup.top(period))
    assert len(found) == {Period.ALL: 147}.get(period, 68)
    answer = await run(corpus, lookup.top(period))
    votes = [entry.votes for entry in answer.entries]
    assert None not in votes
    assert votes == sorted(votes, key=lambda n: -(n or 0))


async def test_the_days_of_a_top_are_counted_from_the_newest_digest(database: Database) -> None:
    for number, day in enumerate(
        [date(2024, 3, 31), date(2024, 3, 25), date(2024, 3, 24), date(2024, 3, 2), date(2024, 3, 1)]
    ):
        store(database, digest(day, (paper(f"2401.0000{number}"), number)))
    sizes = {period: (await run(database, lookup.top(period))).total for period in Period}
    assert sizes == {Period.DAY: 1, Period.WEEK: 2, Period.MONTH: 4, Period.ALL: 5}


async def test_a_page_beyond_the_end_is_the_last_and_one_before_the_start_the_first(corpus: Database) -> None:
    asked = lookup.by_date("2024-06-21", TODAY)
    last = await run(corpus, asked, 4)
    assert (last.page, last.pages, len(last.entries)) == (4, 5, 4)
    for page in (5, 6, 10**9, 2**70):
        assert await run(corpus, asked, page) == last
    assert await run(corpus, asked, -1) == await run(corpus, asked, 0)


async def test_a_paper_of_two_digests_is_shown_once(database: Database) -> None:
    both = paper("2401.00001", "Zebra", "Ana López")
    store(database, digest(MONDAY, (both, 9, "stripes")), digest(TUESDAY, (both, 4, "hooves")))
    for asked in (
        lookup.by_keyword("zebra"),
        lookup.by_keyword("stripes hooves"),
        lookup.by_author("lopez"),
        lookup.by_date("2024-01", TODAY),
        lookup.top(Period.ALL),
    ):
        answer = await run(database, asked)
        assert [(entry.date, entry.votes) for entry in answer.entries] == [(TUESDAY, 4)], asked
    assert [entry.votes for entry in (await run(database, lookup.by_date("2024-01-01", TODAY))).entries] == [9]


async def test_nothing_is_held(database: Database) -> None:
    for asked in (
        lookup.by_keyword("zebra lion"),
        lookup.by_author("lopez"),
        lookup.by_date("2024-01", TODAY),
        *map(lookup.top, Period),
    ):
        answer = await run(database, asked)
        assert (answer.total, answer.pages, answer.entries, answer.near) == (0, 1, (), ())
    async with database.read() as connection:
        assert await lookups.recent(connection, lookup.by_keyword("zebra")) == (0, [])
        with pytest.raises(NotFoundError):
            await lookups.show(connection, "zebra")


@pytest.mark.parametrize(
    "text",
    [
        "dv:",
        "dv:yesterday",
        "dv:2024-13",
        "dv:2024-06-31",
        "tv:year",
        "tv:",
        "dv:999999",
        "an:",
        "kr:",
        "kr:-a",
        "an:$",
    ],
)
async def test_a_button_that_holds_nonsense(corpus: Database, text: str) -> None:
    asked = Lookup.read(text)
    with pytest.raises(UserError):
        await run(corpus, asked)


@pytest.mark.parametrize(
    "typed",
    [
        "2406.14347",
        " 2406.14347v3 ",
        "arXiv:2406.14347",
        "https://arxiv.org/abs/2406.14347",
        "https://arxiv.org/pdf/2406.14347v2.pdf",
        "https://huggingface.co/papers/2406.14347",
        "universal quantum chemistry",
        "DATASET of drug-like",
        "∇²DFT",
        "nabla dft",
    ],
)
async def test_show(corpus: Database, typed: str) -> None:
    async with corpus.read() as connection:
        found = await lookups.show(connection, typed)
        (wanted,) = await papers.find(connection, papers.Filter(arxiv_ids=("2406.14347",)))
    assert found == wanted
    assert found.votes == 93


@pytest.mark.parametrize(
    "typed",
    [
        "2406.99999",
        "https://arxiv.org/abs/1234.56789",
        "zebra hooves",
        "https://example.org/x",
        "!!!",
        "$",
        " ",
        "",
        '"',
    ],
)
async def test_show_of_what_is_not_held(corpus: Database, typed: str) -> None:
    async with corpus.read() as connection:
        with pytest.raises(NotFoundError, match="No paper is held for"):
            await lookups.show(connection, typed)


async def test_show_gives_the_newest_entry(database: Database) -> None:
    one = paper("2401.00001", "Zebra")
    store(database, digest(TUESDAY, (one, 4, "new")), digest(MONDAY, (one, 9, "old")))
    async with database.read() as connection:
        assert (await lookups.show(connection, "zebra")).votes == 4


async def test_recent(corpus: Database) -> None:
    asked = lookup.by_keyword("diffusion")
    async with corpus.read() as connection:
        number, found = await lookups.recent(connection, asked)
        which = papers.Filter(first=date(2025, 1, 21), query=query.parse("diffusion"))
        assert number == await papers.count(connection, which)
        assert len(found) == min(PAGE, number) > 0
        assert {entry.date for entry in found} == {date(2025, 2, 19)}
        newest = await digests.newest(connection)
        assert newest is not None
        everyone, some = await lookups.recent(connection, asked, days=10_000)
    assert everyone == (await run(corpus, asked)).total
    assert [entry.date for entry in some] == sorted((entry.date for entry in some), reverse=True)


def test_a_button_of_another_version() -> None:
    for text in ("", "x", "zz:a", "kz:a"):
        with pytest.raises(NotUnderstoodError):
            Lookup.read(text)
