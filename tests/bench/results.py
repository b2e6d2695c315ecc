"""What was measured: rows of bars, as a table to read and as JSON to compare."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table


@dataclass(frozen=True)
class Bar:
    """One figure that is to stay at or under a limit (under it, where it is ``strict``).

    ``ours`` and ``against`` are what was measured of Paperboy and of what cannot be beaten, in ``unit``; ``measured``
    is what is held against ``limit``, in ``of``: × for a ratio of the two.
    """

    what: str
    ours: float
    against: float | None
    unit: str
    measured: float
    limit: float
    of: str = "×"
    strict: bool = False

    @property
    def held(self) -> bool:
        return self.measured < self.limit if self.strict else self.measured <= self.limit


def ratio(what: str, ours: float, against: float, unit: str, limit: float) -> Bar:
    """A bar for how many times as much Paperboy takes."""
    return Bar(what, ours, against, unit, ours / against if against else float("inf"), limit)


@dataclass(frozen=True)
class Row:
    """What was measured of one thing. ``figures`` are more that a reader may want, ``note`` says what was held against
    what, ``failed`` why nothing could be measured, ``seconds`` for how long it went on."""

    name: str
    bars: tuple[Bar, ...]
    note: str
    figures: Mapping[str, float | str] = field(default_factory=dict)
    failed: str = ""
    seconds: float = 0.0


def table(rows: Sequence[Row]) -> Table:
    """A line a bar."""
    shown = Table(title="Paperboy against what cannot be beaten", title_justify="left", caption_justify="left")
    for name in ("row", "what", "Paperboy", "against", "measured", "bar", ""):
        shown.add_column(name, justify="right" if name in ("Paperboy", "against", "measured", "bar") else "left")
    for row in rows:
        if row.failed:
            shown.add_row(row.name, f"[red]not measured: {row.failed}[/red]")
        for index, bar in enumerate(row.bars):
            shown.add_row(
                row.name if index == 0 else "",
                bar.what,
                _figure(bar.ours, bar.unit),
                "" if bar.against is None else _figure(bar.against, bar.unit),
                _figure(bar.measured, bar.of),
                f"{'<' if bar.strict else '≤'} {_figure(bar.limit, bar.of)}",
                "[green]held[/green]" if bar.held else "[bold red]not held[/bold red]",
            )
        shown.add_section()
    return shown


def notes(rows: Sequence[Row]) -> list[str]:
    """What each row held against what, with its further figures."""
    lines = []
    for row in rows:
        more = ", ".join(f"{name} {value}" for name, value in row.figures.items())
        lines.append(f"{row.name}: {row.note}" + (f" ({more})" if more else ""))
    return lines


def write(path: Path, rows: Sequence[Row], made: Mapping[str, Any]) -> None:
    """Writes all as JSON; ``made`` says how and with what it was measured."""
    found = [
        asdict(row) | {"bars": [asdict(bar) | {"held": bar.held} for bar in row.bars], "figures": dict(row.figures)}
        for row in rows
    ]
    path.write_text(json.dumps({"made": made, "rows": found}, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _figure(value: float, unit: str) -> str:
    digits = 0 if value >= 1000 else 1 if value >= 100 else 2
    return f"{value:,.{digits}f}{'' if unit == '×' else ' '}{unit}"
