"""The import contract covers the whole project, and the layout is what was agreed."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def modules() -> set[str]:
    found = set()
    for package in ("bot", "cogs", "storage"):
        for path in (ROOT / package).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if not name.endswith("__init__") and ".migrations" not in name:
                found.add(name)
    return found


def test_every_module_has_its_place() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    layers = [name.strip() for line in settings["contracts"][0]["layers"] for name in line.split("|")]
    assert len(layers) == len(set(layers))
    assert {name for name in modules() if not name.startswith("cogs.")} | {"cogs"} == set(layers)
    assert "ignore_imports" not in str(settings)


def test_the_contract_is_kept() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_no_module_is_longer_than_400_lines() -> None:
    for name in modules():
        path = ROOT / Path(*name.split(".")).with_suffix(".py")
        assert len(path.read_text("utf-8").splitlines()) <= 400, name


def test_nothing_names_where_packages_came_from() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
    assert "--index" not in lock
    assert "uv.lock" in (ROOT / ".gitignore").read_text("utf-8")
