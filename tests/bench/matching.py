"""A day's papers held against a thousand subscriptions and against a million, from papers to ledger rows."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import time
from collections.abc import Iterable
from datetime import timedelta
from itertools import chain
from pathlib import Path

from sqlalchemy import Connection, delete, func, select

from bot import planning
from storage import digests
from storage.database import Database
from storage.models import Digest
from storage.schema import deliveries, matches
from tests.bench.databases import AFTER, ALERT_DAYS, SOURCE, checkpoint, url_of
from tests.bench.following import Followed, finding, keep, passing
from tests.bench.generator import LAST_DAY, Generator
from tests.bench.ground import Ground
from tests.bench.results import Bar, Row, ratio

_PAPERS = 68
"""As many as the largest real day had."""
_DAY = LAST_DAY + timedelta(days=1)
_NOW = AFTER + timedelta(days=1)


def measure(ground: Ground) -> Row:
    made = ground.made(ground.scale.papers)
    checkpoint(made.path)
    digest = Generator(made.settings).digest(_DAY, _PAPERS)
    few, many = ground.scale.subscriptions, max(ground.scale.many, ground.scale.subscriptions)
    folder = ground.folder("matching")
    some = list(finding(digest, few))
    begun = time.perf_counter()
    small = _laid(made.path, folder / "few.db", digest, some)
    large = _laid(made.path, folder / "many.db", digest, chain(some, passing(digest, many - few)))
    laid = time.perf_counter() - begun
    (of_few, found), (of_many, also_found) = asyncio.run(_matched(ground, small, large))
    bars = (
        ratio("median", of_many, of_few, "s", 2),
        Bar(f"median with {many:,}", of_many, None, "s", of_many, 1, "s", strict=True),
    )
    note = (
        f"bot.planning.plan_alerts of a digest of {_PAPERS} papers, from papers not yet matched to ledger rows, with "
        f"{many:,} subscriptions against {few:,}. The same {few:,} find something in both. The others find nothing, "
        "but half of them are two words of the digest that none of its papers holds together; the rest are a word of "
        "it with one of another day (15%), words of other days (15%), and authors that share given and family names "
        "with its authors (20%)"
    )
    figures: dict[str, float | str] = {
        "matches": f"{also_found:,} against {found:,}",
        "seconds to subscribe all": round(laid, 1),
    }
    return Row("matching", bars, note, figures)


def _laid(made: Path, path: Path, digest: Digest, followed: Iterable[Followed]) -> Path:
    """A copy of a made database with a new digest and subscriptions."""
    shutil.copyfile(made, path)

    def lay(connection: Connection) -> None:
        digests.store(connection, digest, SOURCE)
        keep(connection, followed)

    async def run() -> None:
        database = await Database.open(url_of(path))
        try:
            with database.write_here() as connection:
                lay(connection)
        finally:
            await database.close()

    asyncio.run(run())
    checkpoint(path)
    return path


async def _matched(ground: Ground, few: Path, many: Path) -> tuple[tuple[float, int], tuple[float, int]]:
    """The middling seconds of each side, and the matches that it found."""
    sides = [(await Database.open(url_of(path)), times) for path, times in ((few, []), (many, []))]  # type: ignore[var-annotated]
    end = time.monotonic() + ground.scale.seconds
    found = [0, 0]
    try:
        # The first time, statements are compiled.
        await _match_once(sides[0][0])
        for number in range(ground.scale.rounds):
            if number and time.monotonic() > end:
                break
            for side, (database, times) in enumerate(sides):
                took, found[side] = await _match_once(database)
                times.append(took)
    finally:
        for database, _ in sides:
            await database.close()
    return (statistics.median(sides[0][1]), found[0]), (statistics.median(sides[1][1]), found[1])


async def _match_once(database: Database) -> tuple[float, int]:
    """The seconds that it takes, and the matches found; undone before it is measured."""
    async with database.write() as connection:
        await connection.execute(delete(deliveries))
        await digests.set_unmatched(connection, _DAY)
    begun = time.perf_counter()
    papers = await planning.plan_alerts(database, _NOW, ALERT_DAYS)
    took = time.perf_counter() - begun
    if papers != _PAPERS:
        raise RuntimeError(f"{papers} papers were matched, not {_PAPERS}")
    async with database.read() as connection:
        found = (await connection.execute(select(func.count()).select_from(matches))).scalar_one()
    return took, found
