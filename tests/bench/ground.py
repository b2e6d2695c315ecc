"""What the rows measure on: how large everything is, and the made databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tests.bench import databases
from tests.bench.databases import Made
from tests.bench.generator import Settings


@dataclass(frozen=True)
class Scale:
    """How large and how long.

    ``papers`` and ``many`` are the two sizes of a database; ``subscriptions`` and ``many`` those of the followed;
    ``asks`` questions a side, ``posts`` daily posts a side, ``starts`` starts a side, ``rounds`` imports a side; a row
    begins no new round after ``seconds``.
    """

    papers: int = 6_000
    many: int = 1_000_000
    subscriptions: int = 1_000
    asks: int = 300
    posts: int = 2_000
    starts: int = 7
    rounds: int = 5
    settle: float = 20.0
    seconds: float = 300.0


@dataclass
class Ground:
    """``scratch`` is gone afterwards; ``kept`` holds the made databases. ``digests`` are real ones, to be imported in
    place of made ones."""

    scale: Scale
    scratch: Path
    kept: Path
    console: Console
    digests: Path | None = None
    _made: dict[int, Made] = field(default_factory=dict)

    def made(self, papers: int) -> Made:
        """The database of so many papers; made now, if it was not."""
        if papers not in self._made:
            with self._progress(papers) as advance:
                self._made[papers] = databases.make(Settings.of(papers), self.kept, advance)
        return self._made[papers]

    @contextmanager
    def _progress(self, papers: int) -> Iterator[Callable[[int], None]]:
        """A bar on a terminal; in a file, a line for each tenth."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, TimeRemainingColumn(), console=self.console, transient=True) as progress:
            task = progress.add_task("making papers", total=papers)
            done = 0

            def advance(number: int) -> None:
                nonlocal done
                tenths = done * 10 // papers
                done += number
                progress.advance(task, number)
                if not self.console.is_terminal and done * 10 // papers > tenths:
                    self.console.print(f"making papers: {done:,} of {papers:,}")

            yield advance

    def folder(self, name: str) -> Path:
        """A new folder for a row."""
        path = self.scratch / f"{name}-{len(list(self.scratch.iterdir()))}"
        path.mkdir()
        return path
