"""Authors found by what is typed of their names."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.text import words
from storage import authors
from storage.database import Database
from storage.models import Author
from tests.storage.support import MONDAY, TUESDAY, digest, everything, paper, store


@pytest.fixture
def held(database: Database) -> Database:
    store(
        database,
        digest(
            MONDAY,
            (paper("2401.00001", "T", "Dilek Hakkani-Tür", "Ana López", "Kaiming He"), 1),
            (paper("2401.00002", "T", "Kaiming He", "Ana Bo López García"), 1),
            (paper("2401.00003", "T", "김철수", "He Kai"), 1),
        ),
        digest(TUESDAY, (paper("2401.00001", "T", "Dilek Hakkani-Tür", "Ana López", "Kaiming He"), 2)),
    )
    return database


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("lopez", ["Ana Bo López García", "Ana López"]),
        ("LÓPEZ", ["Ana Bo López García", "Ana López"]),
        ("lop an", ["Ana Bo López García", "Ana López"]),
        ("gar ana", ["Ana Bo López García"]),
        ("ópez", []),
        ("pez", []),
        ("hakkani tur", ["Dilek Hakkani-Tür"]),
        ("tür", ["Dilek Hakkani-Tür"]),
        ("tuer", []),
        ("kai", ["Kaiming He", "He Kai"]),
        ("he kai", ["Kaiming He", "He Kai"]),
        ("김철", ["김철수"]),
        ("철수", ["김철수"]),
        ("%", ["Kaiming He", "Ana Bo López García", "Ana López", "Dilek Hakkani-Tür", "He Kai", "김철수"]),
        ("ana zebra", []),
    ],
)
async def test_like(held: Database, typed: str, names: list[str]) -> None:
    async with held.read() as connection:
        assert [author.name for author in await connection.run_sync(authors.like, typed)] == names


async def test_a_paper_of_two_digests_counts_once(held: Database) -> None:
    async with held.read() as connection:
        assert await connection.run_sync(authors.like, "kai") == [Author("Kaiming He", 2), Author("He Kai", 1)]


async def test_like_in_the_real_digests(corpus: Database) -> None:
    names = Counter(name for one, _ in (await everything(corpus)).values() for name in one.authors)
    async with corpus.read() as connection:
        for typed in ("", "a", "yang", "wang y", "zh li", "jos"):
            begins = words(typed)
            wanted = {
                name: number
                for name, number in names.items()
                if all(any(word.startswith(start) for word in words(name)) for start in begins)
            }
            found = await connection.run_sync(authors.like, typed, limit=10_000)
            assert {author.name: author.papers for author in found} == wanted, typed
            assert [(-author.papers, author.name) for author in found] == sorted(
                (-n, name) for name, n in wanted.items()
            )
            assert await connection.run_sync(authors.like, typed) == found[:25], typed
        assert len(await connection.run_sync(authors.like, "a")) == 25


@pytest.mark.parametrize("typed", ["a b " * 1500, "가" * 3000, "x" * 6000, "' OR 1=1 --", "\0"])
async def test_anything_may_be_typed_for_a_name(corpus: Database, typed: str) -> None:
    async with corpus.read() as connection:
        assert len(await connection.run_sync(authors.like, typed)) <= 25


async def test_nearest(held: Database) -> None:
    async with held.read() as connection:
        assert (await authors.nearest(connection, "kaimng he"))[0] == "Kaiming He"
        assert (await authors.nearest(connection, "hakani tur dilek")) == []
        assert (await authors.nearest(connection, "dilek hakani tur")) == ["Dilek Hakkani-Tür"]
        assert (await authors.nearest(connection, "ana lopes"))[0] == "Ana López"
        assert len(await authors.nearest(connection, "ana lopes", limit=1)) == 1
        assert await authors.nearest(connection, "qqqqqqqq") == []


async def test_nearest_in_the_real_digests(corpus: Database) -> None:
    async with corpus.read() as connection:
        assert (await authors.nearest(connection, "dmitri protasov"))[0] == "Dmitry Protasov"


async def test_a_name_that_no_paper_has_any_more_is_not_offered(database: Database) -> None:
    store(database, digest(MONDAY, (paper("2401.00001", "T", "Kaimin Hee"), 1)))
    store(database, digest(MONDAY, (paper("2401.00001", "T", "Zoe Zebra"), 1)))
    async with database.read() as connection:
        assert await connection.run_sync(authors.like, "kaimin") == []
        assert await authors.nearest(connection, "kaiming he") == []
