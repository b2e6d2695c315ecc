"""The command ``paperboy``, run as a person runs it: a process of its own, in an empty folder and environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared" / "digests"
ROOT = Path(__file__).parents[2]
TOKEN = "c2VjcmV0.dG9rZW4.bmV2ZXItc2hvd24"
"""No token of anybody's; where there is one, it is this, and it is never to be seen."""

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


def run_at(folder: Path, *arguments: str | bytes, **environment: str) -> Done:
    command = Path(sys.executable).with_name("paperboy")
    done = subprocess.run(
        [command, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=100,
        check=False,
        text=True,
        encoding="utf-8",
    )
    seen = done.stdout + done.stderr
    for part in (TOKEN, *TOKEN.split(".")):
        assert part not in seen
    assert "Traceback" not in seen, seen
    return done


@pytest.fixture
def paperboy(tmp_path: Path) -> Run:
    """Runs ``paperboy`` in an empty folder: the arguments, and the environment by keywords."""
    return lambda *arguments, **environment: run_at(tmp_path, *arguments, **environment)


def all_at(folder: Path, commands: Iterable[tuple[str, ...]]) -> list[Done]:
    """Several commands, some at a time."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda command: run_at(folder, *command), commands))


@pytest.fixture(scope="session")
def shared_digests() -> Path:
    if not SHARED.is_dir():
        message = f"the real digests are not at {SHARED}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return SHARED


@pytest.fixture(scope="session")
def imported(shared_digests: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """A folder with a database of the real digests, and how the import ended. It is only read."""
    folder = tmp_path_factory.mktemp("imported")
    return folder, run_at(folder, "import", "--json", str(shared_digests))
