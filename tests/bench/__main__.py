"""How fast, how small: Paperboy against what cannot be beaten, in one run on one machine.

    uv run python -m tests.bench
    uv run python -m tests.bench --papers 600 --many 20000 --posts 200      a quick look
    uv run python -m tests.bench --only import,lookup --keep ../made        some rows, with the databases kept

It prints a table of what was measured, of the bar that each figure is to stay under, and of whether it was held, and
writes the same as JSON (``--json bench.json``). Nothing leaves the machine: Discord is a server on loopback, and all
papers are made (tests/bench/generator.py). A whole run makes a million papers, some ten gigabytes, and takes an hour;
``--keep FOLDER`` keeps the databases for the next run, which uses them where it would make the same.

Each side is measured in turn with the other, round by round, so that a busy machine meets both. The rows:

    import        papers read and kept, against markdown-it-py alone on the same bytes
    lookup        a look-up over the wire, against a bare discord.py bot that answers with a constant
    common        the same at a million papers, for common words, best match first
    autocomplete  what is offered while somebody types at a million papers, against 25 constant choices
    matching      a day's papers held against a million subscriptions, against a thousand
    posts         processor time of a daily post, against a bare loop of channel.send
    memory        resident memory of an idle bot, against the bare bot
    start         process start to READY, against the bare bot
    size          bytes of the database, against those of the texts in it
"""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import discord
from rich.console import Console

from tests.bench import autocompleting, idling, importing, lookups, matching, posting, results, sizes
from tests.bench.ground import Ground, Scale
from tests.bench.results import Row

ROWS: dict[str, Callable[[Ground], Row]] = {
    "import": importing.measure,
    "lookup": lookups.measure,
    "common": lookups.measure_common,
    "autocomplete": autocompleting.measure,
    "matching": matching.measure,
    "posts": posting.measure,
    "memory": idling.measure_memory,
    "start": idling.measure_start,
    "size": sizes.measure,
}


def main(arguments: list[str] | None = None) -> int:
    """1 where a row could not be measured; a bar that is not held is no error."""
    chosen = _options().parse_args(arguments)
    scale = replace(Scale(), **{name: getattr(chosen, name) for name in asdict(Scale())})
    # Where it is written to a file, the table is not squeezed into 80 columns.
    console = Console(width=None if sys.stdout.isatty() else 140)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="paperboy-bench-") as name:
        scratch = Path(name)
        kept = chosen.keep or scratch / "made"
        kept.mkdir(parents=True, exist_ok=True)
        ground = Ground(scale, scratch, kept.resolve(), console, chosen.digests)
        for row in chosen.only:
            console.print(f"measuring: {row}")
            rows.append(_measured(row, ground))
            # After each row: what was measured is not lost where the next one takes too long.
            results.write(chosen.json, rows, _made(scale))
    console.print(results.table(rows))
    for note in results.notes(rows):
        console.print(note, highlight=False, markup=False)
    return int(any(row.failed for row in rows))


def _measured(name: str, ground: Ground) -> Row:
    begun = time.perf_counter()
    try:
        row = ROWS[name](ground)
    except Exception as error:  # noqa: BLE001 - the other rows are measured all the same
        traceback.print_exc()
        row = Row(name, (), "", failed=f"{type(error).__name__}: {error}")
    return replace(row, seconds=round(time.perf_counter() - begun, 1))


def _made(scale: Scale) -> dict[str, object]:
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "scale": asdict(scale),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "discord.py": discord.__version__,
    }


def _rows(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in ROWS]:
        raise argparse.ArgumentTypeError(f"there is no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    return names


def _options() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    scale = Scale()
    found.add_argument("--only", type=_rows, default=list(ROWS), metavar="ROWS", help="rows, with commas between them")
    found.add_argument("--json", type=Path, default=Path("bench.json"), metavar="FILE", help="default: bench.json")
    found.add_argument("--keep", type=Path, metavar="FOLDER", help="where made databases are kept, and used again")
    found.add_argument(
        "--digests", type=Path, metavar="FOLDER", help="real digests, to be imported in place of made ones"
    )
    for name, meaning in (
        ("papers", "papers in the small database"),
        ("many", "papers in the large one, and subscriptions"),
        ("subscriptions", "subscriptions that find something"),
        ("asks", "look-ups and autocompletes a side"),
        ("posts", "daily posts a side"),
        ("starts", "starts a side"),
        ("rounds", "imports and matchings a side"),
        ("settle", "seconds at most until memory has settled"),
        ("seconds", "of a row, after which no new round is begun"),
    ):
        default = getattr(scale, name)
        found.add_argument(f"--{name}", type=type(default), default=default, help=f"{meaning}; default: {default:,}")
    return found


if __name__ == "__main__":
    sys.exit(main())
