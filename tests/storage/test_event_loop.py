"""An import of hundreds of papers leaves the event loop to others."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot import ingestion, lookup, query
from storage import commands, lookups, papers
from storage.database import Database

PAPERS = 960
WORDS = [
    "diffusion",
    "model",
    "추론을",
    "학습합니다",
    "transformer",
    "데이터셋",
    "attention",
    "3.5",
    "성능",
    "GPT-4o",
    "zebra",
]


def written(folder: Path, files: int) -> list[Path]:
    """Digests of ``PAPERS`` papers in all, in so many files."""
    chance = random.Random(1)
    paths = []
    each = PAPERS // files
    for number in range(files):
        day = date(2024, 1, 1) + timedelta(days=number)
        lines = [f"## Daily Papers ({day})\n"]
        for one in range(each):
            text = " ".join(chance.choices(WORDS, k=90))
            lines += [
                f"### [{' '.join(chance.choices(WORDS, k=8))}](https://arxiv.org/abs/24{number:02}.{one:05})\n",
                f"Vote: {chance.randrange(200)}\n",
                f"Authors: Ana {chance.choice('ABC')}. López, Bo {one}th Kim\n",
                *(f"- **{heading}**: {text}" for heading in ("What's New", "Technical Details", "Highlights")),
                "",
            ]
        path = folder / f"{day}.md"
        path.write_text("\n".join(lines), "utf-8")
        paths.append(path)
    return paths


@pytest.mark.parametrize("files", [12, 1])
async def test_look_ups_go_on_during_an_import(database: Database, tmp_path: Path, files: int) -> None:
    paths = written(tmp_path, files)
    done = asyncio.Event()
    beats: list[float] = []
    seen: list[tuple[float, int]] = []

    async def heartbeat() -> None:
        while not done.is_set():
            beats.append(time.process_time())
            # A millisecond, so that the heart does not take the processor from what it watches.
            await asyncio.sleep(0.001)

    async def look_up() -> None:
        asked = lookup.by_keyword("zebra")
        while not done.is_set():
            async with database.read() as connection:
                held = await papers.count(connection, papers.Filter())
                answer = await lookups.run(connection, asked)
                assert answer.total <= held
            seen.append((time.process_time(), held))

    async def bring() -> ingestion.Imported:
        try:
            return await ingestion.ingest(database, paths)
        finally:
            done.set()

    async with database.read() as connection:
        # The first of its kind is compiled; that is not what is measured.
        await lookups.run(connection, lookup.by_keyword("zebra"))
    start = time.process_time()
    report, *_ = await asyncio.gather(bring(), heartbeat(), look_up())
    end = time.process_time()
    assert (len(report.papers), report.rejected) == (PAPERS, [])

    # By the time of the processor: how long others have it says nothing.
    whole = end - start
    gaps = [after - before for before, after in zip([start, *beats], [*beats, end], strict=True)]
    assert len(beats) > 50
    assert max(gaps) < whole / 3
    # Look-ups are answered all along, in each third of the import, and never of half a digest.
    assert len(seen) >= 12
    for third in range(3):
        assert any(start + whole * third / 3 <= at <= start + whole * (third + 1) / 3 for at, _ in seen), third
    assert {held % (PAPERS // files) for _, held in seen} == {0}
    assert [held for _, held in seen] == sorted(held for _, held in seen)


async def test_others_write_during_an_import(database: Database, tmp_path: Path) -> None:
    """Between any two files, and not only at the end: they take turns."""
    paths = written(tmp_path, 24)
    done = asyncio.Event()
    among: list[int] = []
    imported = 0

    def count(_path: Path) -> None:
        nonlocal imported
        imported += 1

    async def write() -> None:
        number = 0
        while not done.is_set():
            async with database.write() as connection:
                number += 1
                await commands.set_fingerprint(connection, 1, str(number))
            among.append(imported)

    async def bring() -> None:
        try:
            await ingestion.ingest(database, paths, count)
        finally:
            done.set()

    await asyncio.gather(bring(), write())
    assert imported == 24
    assert set(among) >= set(range(1, 24))
    async with database.read() as connection:
        assert await papers.count(connection, papers.Filter(query=query.parse("zebra"))) > 0
        assert await commands.fingerprint(connection, 1) == str(len(among))
