"""A folder of digests: a file is read when it is whole, and soon after it was laid there."""

from __future__ import annotations

import asyncio
import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from bot import watching
from bot.ingestion import Folder
from bot.watching import watch
from storage import papers, sources
from storage.database import Database
from storage.models import SourceState
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


@pytest.mark.parametrize("way", ["made again", "swapped", "a file that is replaced"])
async def test_what_is_watched_is_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """The system goes on to watch the one that is gone."""
    monkeypatch.setattr(watching, "_AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(watching, "_LOOK_MILLISECONDS", 100)
    digests = tmp_path / "digests"
    digests.mkdir()
    path = digests / "1.md"
    path.write_text(FIRST, "utf-8")
    told = asyncio.Event()
    watched = path if way == "a file that is replaced" else digests
    watch_ = asyncio.create_task(watch(watched, told.set))

    async def until_told() -> None:
        told.clear()
        async with asyncio.timeout(20):
            while not told.is_set():
                path.write_text(FIRST, "utf-8")
                await asyncio.wait({asyncio.create_task(told.wait())}, timeout=0.2)

    try:
        await until_told()
        if way == "made again":
            shutil.rmtree(digests)
            digests.mkdir()
        elif way == "swapped":
            digests.rename(tmp_path / "old")
            digests.mkdir()
        else:
            (tmp_path / "new").write_text(FIRST, "utf-8")
            (tmp_path / "new").replace(path)
        await asyncio.sleep(0)
        await until_told()
        await until_told()
    finally:
        watch_.cancel()


async def test_what_is_no_file_and_what_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Costs nothing else, and is read when it may be."""
    digests = tmp_path / "digests"
    digests.mkdir()
    database = await Database.open(url_of(tmp_path / "paperboy.db"))
    folder = Folder(digests)
    (digests / "a.md").mkdir()
    os.mkfifo(digests / "b.md")
    (digests / "c.md").symlink_to(tmp_path / "nowhere")
    (digests / os.fsdecode(b"\xff.md")).write_text(FIRST, "utf-8")
    huge = digests / "huge.md"
    with huge.open("wb") as file:
        file.truncate(200_000_000)
    locked = digests / "locked.md"
    locked.write_text(FIRST.replace("00001", "00002"), "utf-8")
    may, opened = os.access, Path.open

    def refused(self: Path, *arguments: Any, **more: Any) -> Any:
        # The tests may run as root, who may read everything.
        if self == locked:
            raise PermissionError(13, "Permission denied")
        return opened(self, *arguments, **more)

    with monkeypatch.context() as forbidden:
        forbidden.setattr(os, "access", lambda path, mode: path != locked and may(path, mode))
        forbidden.setattr(Path, "open", refused)
        report = await folder.ingest(database)
        assert sorted(one.reason.partition(" ")[0] for one in report.rejected) == ["cannot", "the"]
        assert await held(database) == {"2601.00001"}
        # It is not told again and again.
        assert (await folder.ingest(database)).rejected == []
    assert (await folder.ingest(database)).rejected == []
    assert await held(database) == {"2601.00001", "2601.00002"}
    await database.close()


async def test_a_folder_fails_where_it_is_gone(tmp_path: Path) -> None:
    """Not before anything was read from it; also across a start; and nothing is read twice."""
    digests = tmp_path / "digests"
    database = await Database.open(url_of(tmp_path / "paperboy.db"))
    async with database.write() as connection:
        await sources.keep(connection, [SourceState("lab", "ko", "")])

    async def state(folder: Folder) -> SourceState:
        await folder.ingest(database)
        async with database.read() as connection:
            (found,) = await sources.all_of_them(connection)
        return found

    folder = Folder(digests, "lab")
    assert (await state(folder)).failing_since is None
    digests.mkdir()
    (digests / "1.md").write_text(FIRST, "utf-8")
    assert (await state(folder)).failing_since is None
    digests.rename(tmp_path / "elsewhere")
    gone = await state(folder)
    assert (gone.failures, str(gone.why)) == (1, f"There is no file or folder '{digests}'.")
    again = await state(Folder(digests, "lab"))
    assert again.failing_since == gone.failing_since
    (tmp_path / "elsewhere").rename(digests)
    assert (await state(Folder(digests, "lab"))).failing_since is None
    assert (await folder.ingest(database)).entries == 0
    assert await held(database) == {"2601.00001"}
    await database.close()


async def test_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    watching = asyncio.create_task(watch(tmp_path / "nowhere", lambda: None))
    await asyncio.sleep(0)
    done, _ = await asyncio.wait({watching}, timeout=0.2)
    assert not done
    watching.cancel()
