"""paperboy import"""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from tests.terminal.conftest import Done, Run, all_at

GOOD = """## Daily Papers (2024-02-02)

### [Of zebras](https://arxiv.org/abs/2402.00001)

Vote: 7

### [No paper](https://example.org/a)

### [Of lions](https://arxiv.org/abs/2402.00002v2)
"""


def rows(folder: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(folder / "paperboy.db")
    try:
        return connection.execute(
            "SELECT arxiv_id, title, votes, position, sections FROM papers JOIN entries ON id = paper_id ORDER BY 1"
        ).fetchall()
    finally:
        connection.close()


def test_a_folder_of_real_digests(imported: tuple[Path, Done]) -> None:
    folder, done = imported
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"digests": 7, "entries": 147, "papers": 147, "rejected": []}
    assert done.stdout.count("\n") == 1
    # In the folder where it ran, for there is no config.toml.
    assert {path.name for path in folder.iterdir()} >= {"paperboy.db"}
    assert len(rows(folder)) == 147


def test_reading_them_again_changes_nothing(paperboy: Run, shared_digests: Path, tmp_path: Path) -> None:
    day = str(shared_digests / "2024" / "06" / "21.md")
    first = paperboy("import", day)
    assert (first.returncode, first.stdout, first.stderr) == (0, "Read 1 digests, 24 entries, 24 papers.\n", "")
    before = rows(tmp_path)
    again = paperboy("import", str(shared_digests / "2024" / "06"), day)
    assert (again.returncode, again.stdout, again.stderr) == (0, first.stdout, "")
    assert rows(tmp_path) == before
    assert len(before) == 24


def test_the_good_is_kept_and_the_bad_told_by_line(paperboy: Run, tmp_path: Path) -> None:
    (tmp_path / "day.md").write_text(GOOD, "utf-8")
    done = paperboy("import", "--json", "day.md")
    assert done.returncode == 1
    reason = "no arXiv link in the heading “[No paper](https://example.org/a)”"
    assert json.loads(done.stdout) == {
        "digests": 1,
        "entries": 2,
        "papers": 2,
        "rejected": [{"path": "day.md", "line": 7, "reason": reason}],
    }
    assert done.stderr == ""
    assert [row[:4] for row in rows(tmp_path)] == [
        ("2402.00001", "Of zebras", 7, 0),
        ("2402.00002", "Of lions", None, 1),
    ]
    done = paperboy("import", "day.md")
    assert (done.returncode, done.stdout) == (1, "Read 1 digests, 2 entries, 2 papers.\n")
    assert done.stderr == f"! day.md:7: {reason}\n"


def test_a_file_that_is_named_must_hold_a_digest(paperboy: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("a.md", "b.txt", "c", "d.md", "folder/README.md"):
        (tmp_path / name).write_text("These are notes.\n", "utf-8")
    (tmp_path / "day.md").write_text(GOOD.replace("### [No paper](https://example.org/a)\n", ""), "utf-8")
    # Those of a folder may be anything; those that are named are told, in their order.
    done = paperboy("import", "--json", "d.md", "folder", "b.txt", "day.md", "a.md", "c", "b.txt")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "digests": 1,
        "entries": 2,
        "papers": 2,
        "rejected": [
            {"path": name, "line": None, "reason": "no digest in it"} for name in ("d.md", "b.txt", "a.md", "c")
        ],
    }
    assert len(rows(tmp_path)) == 2
    done = paperboy("import", "folder")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Read 0 digests, 0 entries, 0 papers.\n", "")


def test_what_cannot_be_read_does_not_stop_the_rest(paperboy: Run, tmp_path: Path) -> None:
    folder = tmp_path / "digests"
    (folder / ".hidden").mkdir(parents=True)
    (folder / "1.md").write_bytes(
        b"## Daily Papers (2024-02-01)\n\n\xff\xfe\n\n### [A](https://arxiv.org/abs/2402.00003)\n"
    )
    (folder / "2.markdown").write_text(GOOD, "utf-8")
    (folder / "3.MD").write_text("## Daily Papers (2024-02-30)\n\n### [B](https://arxiv.org/abs/2402.00004)\n", "utf-8")
    (folder / "4.txt").write_text(GOOD, "utf-8")
    (folder / "5.md").write_bytes(b"")
    (folder / ".hidden" / "6.md").write_text(GOOD, "utf-8")
    (folder / "7.md").symlink_to("nowhere")
    done = paperboy("import", "--json", "digests")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert {key: told[key] for key in ("digests", "entries", "papers")} == {"digests": 2, "entries": 3, "papers": 3}
    assert [(one["path"], one["line"]) for one in told["rejected"]] == [
        ("digests/1.md", 3),
        ("digests/2.markdown", 7),
        ("digests/3.MD", 1),
    ]
    assert all(one["reason"] for one in told["rejected"])
    assert [row[0] for row in rows(tmp_path)] == ["2402.00001", "2402.00002", "2402.00003"]


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "day.md").write_text(GOOD, "utf-8")
    long = "x" * 300
    # The brackets would be read as a format by rich.
    missing, below, too_long, none = all_at(
        tmp_path,
        [
            ("import", "--json", "day.md", "no[/such].md"),
            ("import", "day.md/below.md"),
            ("import", long),
            ("import",),
        ],
    )
    for done, sentence in (
        (missing, "✗ There is no file or folder 'no[/such].md'.\n"),
        (below, "✗ There is no file or folder 'day.md/below.md'.\n"),
        (too_long, f"✗ '{long}' cannot be read: File name too long.\n"),
    ):
        assert (done.returncode, done.stdout, done.stderr) == (2, "", sentence)
    assert none.returncode == 2
    assert "Missing argument" in none.stderr
    # Nothing was begun.
    assert [path.name for path in tmp_path.iterdir()] == ["day.md"]


def test_names_that_are_no_words(paperboy: Run, tmp_path: Path) -> None:
    """A name of brackets, and one whose bytes are no UTF-8."""
    (tmp_path / "[red]x[-x].md").write_text(GOOD, "utf-8")
    try:
        (Path(os.fsdecode(os.fsencode(tmp_path))) / os.fsdecode(b"bad\xff.md")).write_text(GOOD, "utf-8")
    except OSError:
        pytest.skip("this file system takes no such name")
    done = paperboy("import", "[red]x[-x].md", b"bad\xff.md")
    assert done.returncode == 1
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == ["! [red]x[-x].md:7", "! bad\ufffd.md:7"]
    done = paperboy("import", "--json", b"bad\xff.md")
    assert done.returncode == 1
    assert [one["path"] for one in json.loads(done.stdout)["rejected"]] == ["bad\ufffd.md"]


def test_the_database_that_is_named(paperboy: Run, tmp_path: Path) -> None:
    (tmp_path / "day.md").write_text(GOOD, "utf-8")
    third = {"PAPERBOY_DATABASE__URL": "sqlite+aiosqlite:///third.db"}
    assert paperboy("import", "day.md", "--database", "sqlite+aiosqlite:///other.db", **third).returncode == 1
    assert [path.name for path in tmp_path.glob("*.db")] == ["other.db"]
    assert paperboy("import", "day.md", **third).returncode == 1
    assert {path.name for path in tmp_path.glob("*.db")} == {"other.db", "third.db"}


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite:///paperboy.db", "✗ The database address 'sqlite:///paperboy.db' cannot be used: "),
        ("sqlite+aiosqlite:///day.md", "✗ 'day.md' is no database. Move it away"),
    ],
)
def test_a_database_that_cannot_be_used(paperboy: Run, tmp_path: Path, url: str, sentence: str) -> None:
    (tmp_path / "day.md").write_text(GOOD * 20, "utf-8")
    done = paperboy("import", "day.md", "--database", url)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(sentence)
    assert [path.name for path in tmp_path.iterdir()] == ["day.md"]
    assert (tmp_path / "day.md").read_text("utf-8") == GOOD * 20
