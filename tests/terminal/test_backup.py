"""paperboy backup"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal.conftest import ROOT, Done, Run, run_at

PART = 200_000


def test_a_copy_gives_the_same_answers(imported: tuple[Path, Done], tmp_path: Path) -> None:
    folder, _ = imported
    copy = tmp_path / "copy.db"
    done = run_at(folder, "backup", str(copy))
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(rf"{re.escape(str(copy))}: [\d.]+ [kM]B\n", done.stdout)
    asked = ("papers", "--json", "--keyword", "diffusion")
    answer = run_at(folder, *asked).stdout
    assert len(answer) > 1000
    assert run_at(tmp_path, *asked, "--database", f"sqlite+aiosqlite:///{copy}").stdout == answer


def test_a_folder_takes_one_that_is_named_by_the_time(imported: tuple[Path, Done], tmp_path: Path) -> None:
    folder, _ = imported
    done = run_at(tmp_path, "backup", ".", "--database", f"sqlite+aiosqlite:///{folder / 'paperboy.db'}")
    assert done.returncode == 0, done.stderr
    (made,) = tmp_path.iterdir()
    assert re.fullmatch(r"paperboy-\d{8}-\d{6}\.db", made.name)
    assert done.stdout.startswith(f"{made.name}: ")


def test_what_is_there_is_left(imported: tuple[Path, Done], tmp_path: Path) -> None:
    folder, _ = imported
    (tmp_path / "dear.db").write_text("dear")
    done = run_at(folder, "backup", str(tmp_path / "dear.db"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"✗ '{tmp_path / 'dear.db'}' is there already, and is left as it is. Name another file.\n"
    assert (tmp_path / "dear.db").read_text() == "dear"


def test_without_a_database(paperboy: Run, tmp_path: Path) -> None:
    done = paperboy("backup", "copy.db")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "✗ There is no database 'paperboy.db', so there is nothing to copy.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_disk_with_no_room(imported: tuple[Path, Done], tmp_path: Path) -> None:
    """No file of the process may grow beyond a part of what is needed."""
    folder, _ = imported
    assert (folder / "paperboy.db").stat().st_size > PART
    done = subprocess.run(
        [sys.executable, "-m", "bot", "backup", str(tmp_path / "copy.db")],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (PART, PART)),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert re.fullmatch(rf"✗ The disk .*'{re.escape(str(tmp_path / 'copy.db'))}'.*\n", done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_put_back_leaves_all_as_it_is(imported: tuple[Path, Done], tmp_path: Path) -> None:
    folder, _ = imported
    assert run_at(folder, "backup", str(tmp_path / "paperboy.db")).returncode == 0
    held = (tmp_path / "paperboy.db").read_bytes()
    (tmp_path / "no.db").write_text("no database" * 1_000)
    for name, said in (("no.db", "'no.db' is no database."), ("none.db", "There is no database 'none.db'")):
        done = run_at(tmp_path, "restore", name)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
        assert (tmp_path / "paperboy.db").read_bytes() == held
    assert {path.name for path in tmp_path.iterdir()} <= {"paperboy.db", "paperboy.db.lock", "no.db"}


def test_a_copy_is_put_where_none_is(imported: tuple[Path, Done], tmp_path: Path) -> None:
    folder, _ = imported
    run_at(folder, "backup", str(tmp_path / "copy.db"))
    done = run_at(tmp_path, "restore", "copy.db")
    assert (done.returncode, done.stdout) == (0, "The database is as it was in copy.db.\n"), done.stderr
    asked = ("papers", "--json", "--keyword", "diffusion")
    assert run_at(tmp_path, *asked).stdout == run_at(folder, *asked).stdout


@pytest.mark.parametrize("arguments", [(), ("a.db", "b.db")])
def test_one_path_is_needed(paperboy: Run, arguments: tuple[str, ...]) -> None:
    assert paperboy("backup", *arguments).returncode == 2
