"""The votes of papers over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storage import sources, votes
from storage.database import Database
from tests.storage.support import MONDAY, TUESDAY, digest, paper, store

NOW = datetime(2024, 1, 1, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def test_history_ends_when_the_last_number_was_last_found(database: Database) -> None:
    async def take(source: str, hours: int, number: int | None) -> list[tuple[int, int]]:
        """Has a source answer so many hours later; the history since, in hours."""
        found = digest(MONDAY, (paper("2401.00001"), number))
        now = NOW + hours * HOUR
        await database.change(sources.take, source, MONDAY, [found], [(source, sources.Version())], now, grows_for=DAY)
        async with database.read() as connection:
            return [((at - NOW) // HOUR, votes) for at, votes in await votes.history(connection, "2401.00001")]

    assert await take("one", 0, 1) == [(0, 1)]
    assert await take("one", 1, 5) == [(0, 1), (1, 5)]
    assert await take("one", 2, 5) == [(0, 1), (1, 5), (2, 5)]
    # Where it is not told any more, nothing was found.
    assert await take("one", 3, None) == [(0, 1), (1, 5)]
    assert await take("one", 4, 7) == [(0, 1), (1, 5), (4, 7)]
    # A source that lags behind is not what is shown, and confirms nothing.
    assert await take("two", 6, 3) == await take("two", 7, 4) == [(0, 1), (1, 5), (4, 7)]
    # Nor does asking for another day.
    await database.change(sources.take, "one", TUESDAY, [], [("x", sources.Version())], NOW + 8 * HOUR, grows_for=DAY)
    async with database.read() as connection:
        assert len(await votes.history(connection, "2401.00001")) == 3
        assert await votes.history(connection, "2401.00002") == []


async def test_what_a_source_finds_as_another_has_told_it_is_kept(database: Database) -> None:
    """A file has no history: it begins with what a source that is asked again says."""
    store(database, digest(MONDAY, (paper("2401.00001"), 5)))
    for hours in (0, 1):
        found = digest(MONDAY, (paper("2401.00001"), 5))
        await database.change(sources.take, "one", MONDAY, [found], [], NOW + hours * HOUR, grows_for=DAY)
    async with database.read() as connection:
        assert await votes.history(connection, "2401.00001") == [(NOW, 5)]


async def test_a_paper_of_two_days_has_one_history(database: Database) -> None:
    """Another source has it a day later, and tells of the votes that it had then."""
    for hours, votes_now in enumerate((10, 10, 12)):
        for source, day, number in (("one", MONDAY, votes_now), ("two", TUESDAY, 3)):
            found, now = digest(day, (paper("2401.00001"), number)), NOW + hours * HOUR
            await database.change(sources.take, source, day, [found], [], now, grows_for=DAY)
    async with database.read() as connection:
        assert await votes.history(connection, "2401.00001") == [(NOW, 10), (NOW + 2 * HOUR, 12)]
