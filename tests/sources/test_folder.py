"""A folder of digests: a file is read when it is whole, and soon after it was laid there."""

from __future__ import annotations

import asyncio
import os
import shutil
from datetime import timedelta
from pathlib import Path

import time_machine

from bot.ingestion import Folder
from bot.watching import watch
from storage import papers
from storage.database import Database
from tests.storage.support import url_of

FIRST = "## Daily Papers (2026-01-05)\n\n### [A](https://arxiv.org/abs/2601.00001)\n\n- first\n\n"
SECOND = "### [B](https://arxiv.org/abs/2601.00002)\n\n- second\n"


async def held(database: Database) -> set[str]:
    async with database.read() as connection:
        return {entry.paper.arxiv_id for entry in await papers.find(connection, papers.Filter())}


async def test_a_half_written_file_waits(tmp_path: Path) -> None:
    digests = tmp_path / "digests"
    digests.mkdir()
    database = await Database.open(url_of(tmp_path / "paperboy.db"))
    folder = Folder(digests, whole_seconds=2)
    path = digests / "today.md"
    path.write_text(FIRST, "utf-8")
    with time_machine.travel(0, tick=False) as clock:
        clock.move_to(os.stat(path).st_ctime + 1)  # noqa: PTH116
        await folder.ingest(database)
        assert (await held(database), folder.being_written) == (set(), True)
        with path.open("a", encoding="utf-8") as file:
            file.write(SECOND)
        # A copy that keeps the times of what it is a copy of is as young.
        os.utime(path, (0, 0))
        clock.move_to(os.stat(path).st_ctime + 1.9)  # noqa: PTH116
        await folder.ingest(database)
        assert (await held(database), folder.being_written) == (set(), True)
        clock.shift(timedelta(seconds=0.2))
        await folder.ingest(database)
        assert (await held(database), folder.being_written) == ({"2601.00001", "2601.00002"}, False)
        # What another clock says will be written is there.
        later = digests / "later.md"
        later.write_text(FIRST.replace("00001", "00003"), "utf-8")
        clock.move_to(os.stat(later).st_ctime - 3600)  # noqa: PTH116
        await folder.ingest(database)
        assert "2601.00003" in await held(database)
    await database.close()


async def test_a_change_is_told_at_once(tmp_path: Path) -> None:
    digests = tmp_path / "digests"
    digests.mkdir()
    told = asyncio.Event()
    watching = asyncio.create_task(watch(digests, told.set))
    try:
        number = 0
        # The system begins to watch at some moment after it was asked to.
        while not told.is_set():
            number += 1
            (digests / f"{number}.md").write_text(FIRST, "utf-8")
            await asyncio.wait({asyncio.create_task(told.wait())}, timeout=0.3)
            assert number < 60
        told.clear()
        (digests / "within").mkdir()
        shutil.copy(digests / "1.md", digests / "within" / "new.md")
        await asyncio.wait_for(told.wait(), 20)
    finally:
        watching.cancel()


async def test_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    watching = asyncio.create_task(watch(tmp_path / "nowhere", lambda: None))
    await asyncio.sleep(0)
    done, _ = await asyncio.wait({watching}, timeout=0.2)
    assert not done
    watching.cancel()
