"""The cost of reading and keeping digests, against that of markdown-it-py alone on the same bytes, in one run.

    uv run python -m tests.bench.importing [--digests FOLDER] [--times N]

The digests are repeated with other dates and arXiv numbers until there are some thousands of papers. Both sides run in
turn, several rounds, and the medians are compared: single times mean little on a shared machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from markdown_it import MarkdownIt

from bot import ingestion, sources
from storage.database import Database


def repeated(originals: list[Path], folder: Path, times: int) -> list[Path]:
    """``times`` copies of the digests in ``folder``, no date and no paper twice."""
    day = date(2000, 1, 1)
    number = 0
    paths = []
    for _ in range(times):
        for original in originals:
            day += timedelta(days=1)
            text = re.sub(r"\(\d{4}-\d\d-\d\d\)", f"({day})", original.read_text("utf-8"))

            def another(match: re.Match[str]) -> str:
                nonlocal number
                number += 1
                return f"{match[1]}{number // 100_000:04}.{number % 100_000:05}"

            text = re.sub(r"(arxiv\.org/abs/)[0-9.]+", another, text)
            path = folder / f"{day}.md"
            path.write_text(text, "utf-8")
            paths.append(path)
    return paths


class Stopwatch:
    """Seconds on the wall, and of the processor over all threads, since it was made."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        return time.perf_counter() - self._wall, time.process_time() - self._processor


def parse_alone(paths: list[Path]) -> tuple[float, float]:
    texts = [path.read_text("utf-8") for path in paths]
    parser = MarkdownIt("commonmark")
    start = Stopwatch()
    for text in texts:
        parser.parse(text)
    return start.read()


def read_and_keep(paths: list[Path], folder: Path) -> tuple[tuple[float, float], int]:
    async def run() -> tuple[tuple[float, float], int]:
        database = await Database.open(f"sqlite+aiosqlite:///{folder / f'{time.monotonic_ns()}.db'}")
        start = Stopwatch()
        report = await ingestion.ingest(database, sources.files(paths))
        took = start.read()
        await database.close()
        return took, len(report.papers)

    return asyncio.run(run())


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--digests", type=Path, default=Path("../shared/digests"))
    arguments.add_argument("--times", type=int, default=35, help="copies of each digest")
    arguments.add_argument("--rounds", type=int, default=5)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = repeated(sources.files([chosen.digests]), folder, chosen.times)
        alone, kept = [], []
        papers = 0
        for _ in range(chosen.rounds):
            alone.append(parse_alone(paths))
            took, papers = read_and_keep(paths, folder)
            kept.append(took)
    wall = [ours[0] / theirs[0] for theirs, ours in zip(alone, kept, strict=True)]
    processor = [ours[1] / theirs[1] for theirs, ours in zip(alone, kept, strict=True)]
    figures = {
        "papers": papers,
        "parser_alone_s": round(statistics.median(seconds for seconds, _ in alone), 3),
        "import_s": round(statistics.median(seconds for seconds, _ in kept), 3),
        "ratio": round(statistics.median(wall), 2),
        "ratio_of_processor_time": round(statistics.median(processor), 2),
        "papers_per_s": round(papers / statistics.median(seconds for seconds, _ in kept)),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
