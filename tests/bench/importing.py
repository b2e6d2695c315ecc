"""The cost of reading and keeping digests, against that of markdown-it-py alone on the same bytes.

Both sides run in turn, several rounds, and the medians are compared: single times mean little on a shared machine.
Real digests (``--digests``) are repeated with other dates and arXiv numbers until there are enough papers.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path

from markdown_it import MarkdownIt

from bot import ingestion, sources
from storage.database import Database
from tests.bench import databases
from tests.bench.generator import Generator, Settings, markdown
from tests.bench.ground import Ground
from tests.bench.results import Bar, Row

Times = tuple[float, float]
"""Seconds on the wall, and of the processor over all threads."""

_NUMBER = re.compile(r"(arxiv\.org/abs/)[0-9.]+")


def measure(ground: Ground) -> Row:
    folder = ground.folder("digests")
    if ground.digests:
        paths = repeated(sources.files([ground.digests]), folder, ground.scale.papers)
    else:
        paths = laid(Settings.of(ground.scale.papers), folder)
    alone: list[Times] = []
    kept: list[Times] = []
    papers = 0
    for _ in range(ground.scale.rounds):
        alone.append(_parse_alone(paths))
        took, papers = _read_and_keep(paths, folder)
        kept.append(took)
    wall, processor = ([ours[one] / theirs[one] for theirs, ours in zip(alone, kept, strict=True)] for one in (0, 1))
    ours, theirs = (statistics.median(seconds for seconds, _ in times) for times in (kept, alone))
    # The middling one of the rounds' ratios: the machine's pace changes between the rounds.
    bar = Bar("time, ratio of a round", ours, theirs, "s", statistics.median(wall), 1.3)
    figures = {
        "papers": papers,
        "papers/s": round(papers / ours),
        "ratio of processor time": round(statistics.median(processor), 2),
        "megabytes": round(sum(path.stat().st_size for path in paths) / 1e6, 1),
    }
    kind = "real digests, repeated" if ground.digests else "made digests"
    note = f"bot.ingestion.ingest of {kind} into a fresh database; against MarkdownIt('commonmark').parse of the same"
    return Row("import", (bar,), note, figures)


def laid(settings: Settings, folder: Path) -> list[Path]:
    """Made digests as files in ``folder``."""
    paths = []
    for digest in Generator(settings).digests():
        path = folder / f"{digest.date}.md"
        path.write_text(markdown(digest), "utf-8")
        paths.append(path)
    return paths


def repeated(originals: list[Path], folder: Path, papers: int) -> list[Path]:
    """Copies of digests in ``folder``, no date and no paper twice, until there are so many papers."""
    day = date(2000, 1, 1)
    number = 0
    paths = []

    def another(match: re.Match[str]) -> str:
        nonlocal number
        number += 1
        return f"{match[1]}{number // 100_000:04}.{number % 100_000:05}"

    for original in cycle(originals):
        if number >= papers:
            break
        day += timedelta(days=1)
        text = re.sub(r"\(\d{4}-\d\d-\d\d\)", f"({day})", original.read_text("utf-8"))
        path = folder / f"{day}.md"
        path.write_text(_NUMBER.sub(another, text), "utf-8")
        paths.append(path)
    return paths


class _Stopwatch:
    """Time since it was made."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def read(self) -> Times:
        return time.perf_counter() - self._wall, time.process_time() - self._processor


def _parse_alone(paths: list[Path]) -> Times:
    texts = [path.read_text("utf-8") for path in paths]
    parser = MarkdownIt("commonmark")
    start = _Stopwatch()
    for text in texts:
        parser.parse(text)
    return start.read()


def _read_and_keep(paths: list[Path], folder: Path) -> tuple[Times, int]:
    path = folder / "imported.db"

    async def run() -> tuple[Times, int]:
        database = await Database.open(databases.url_of(path))
        start = _Stopwatch()
        report = await ingestion.ingest(database, sources.files(paths))
        took = start.read()
        await database.close()
        return took, len(report.papers)

    found = asyncio.run(run())
    databases.remove(path)
    return found
