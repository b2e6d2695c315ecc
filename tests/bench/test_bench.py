"""The bench runs, at a size at which its figures mean nothing: what it measures and writes down has its shape."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from rich.console import Console

from tests.bench import results
from tests.bench.__main__ import main
from tests.bench.autocompleting import typing
from tests.bench.generator import Settings
from tests.bench.results import Bar, Row, ratio

TINY = (
    *("--papers", "60", "--many", "200", "--subscriptions", "20", "--asks", "6", "--posts", "4"),
    *("--starts", "1", "--rounds", "1", "--settle", "0.5", "--seconds", "5"),
)
CHEAP = ["import", "lookup", "matching", "posts", "size"]
"""Those that start few bots; the others go the same ways."""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what processes use is read from /proc")


@pytest.mark.timeout(300)
def test_rows_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bench.json"
    assert main([*TINY, "--only", ",".join(CHEAP), "--json", str(path), "--keep", str(tmp_path / "made")]) == 0
    written = json.loads(path.read_text("utf-8"))
    assert written["made"]["scale"]["papers"] == 60
    assert [row["name"] for row in written["rows"]] == CHEAP
    for row in written["rows"]:
        assert row["bars"], row
        assert row["note"]
        assert not row["failed"]
        for bar in row["bars"]:
            assert bar["ours"] > 0
            assert bar["held"] == (bar["measured"] < bar["limit"] or bar["measured"] == bar["limit"] != bar["strict"])
    shown = capsys.readouterr().out
    assert all(name in shown for name in CHEAP)
    assert {path.name for path in (tmp_path / "made").glob("*.json")} == {"papers-60.json", "papers-200.json"}


def test_kept_databases_are_used_again(tmp_path: Path) -> None:
    arguments = [*TINY, "--only", "size", "--json", str(tmp_path / "bench.json"), "--keep", str(tmp_path)]
    made = tmp_path / "papers-60.db"
    assert main(arguments) == 0
    first = made.stat().st_mtime_ns
    assert main(arguments) == 0
    assert made.stat().st_mtime_ns == first
    told = tmp_path / "papers-60.json"
    told.write_text(told.read_text("utf-8").replace('"fingerprint": "', '"fingerprint": "another'), "utf-8")
    assert main(arguments) == 0
    assert made.stat().st_mtime_ns > first


def test_the_table_tells_what_was_held() -> None:
    rows = [
        Row("fast", (ratio("median", 1.5, 1.0, "ms", 1.5),), "-"),
        Row("slow", (Bar("more than bare", 110, 10, "ms", 100, 100, "ms", strict=True),), "-", {"asks": 3}),
        Row("broken", (), "", failed="it broke"),
    ]
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(results.table(rows))
    fast, slow, broken = (line for line in console.export_text().splitlines() if line.startswith("│"))
    assert "1.50×" in fast
    assert "not held" not in fast
    assert "not held" in slow
    assert "it broke" in broken
    assert results.notes(rows)[1] == "slow: - (asks 3)"


def test_what_is_typed_begins_like_names_and_titles() -> None:
    typed = typing(Settings.of(60))
    assert set(map(len, typed["author names"])) == {1, 2, 3, 4, 5, 6}
    assert max(map(len, typed["paper titles"])) == 20
    assert all(len(texts) == len(set(texts)) for texts in typed.values())


def test_an_unknown_row_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "speed"])
    assert "there is no row speed" in capsys.readouterr().err
