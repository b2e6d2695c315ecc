"""paperboy run, as far as it goes without Discord; and the help."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal.conftest import ROOT, TOKEN, Run, run_at


@pytest.mark.parametrize("environment", [{}, {"DISCORD_TOKEN": "  ", "DISCORD_TOKEN_FILE": ""}])
def test_without_a_token(paperboy: Run, tmp_path: Path, environment: dict[str, str]) -> None:
    done = paperboy("run", **environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "DISCORD_TOKEN" in done.stderr
    assert "paperboy try" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_the_token_that_is_not_there(paperboy: Run) -> None:
    done = paperboy("run", DISCORD_TOKEN_FILE="secrets/token")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("✗ DISCORD_TOKEN_FILE names a file that cannot be read: ")


def test_a_token_in_the_place_of_its_file_is_not_shown(paperboy: Run) -> None:
    done = paperboy("run", DISCORD_TOKEN_FILE=TOKEN)
    assert done.returncode == 2
    assert TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("config", "environment", "named"),
    [
        ("[posting]\ntick_seconds = 'soon'\n", {}, "posting.tick_seconds"),
        ("[discord]\napi_url = 'discord.com'\n", {}, "discord.api_url"),
        ("", {"PAPERBOY_LOG_LEVEL": "LOUD"}, "log_level"),
        ("", {"PAPERBOY_CONFIG": "other.toml"}, "other.toml"),
        (f"[discord]\ntoken = '{TOKEN}'\n", {}, "discord.token"),
    ],
)
def test_a_setting_that_cannot_be_used(
    paperboy: Run, tmp_path: Path, config: str, environment: dict[str, str], named: str
) -> None:
    (tmp_path / "config.toml").write_text(config, "utf-8")
    done = paperboy("run", DISCORD_TOKEN=TOKEN, **environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert named in done.stderr


def test_a_discord_that_cannot_be_reached(paperboy: Run, tmp_path: Path) -> None:
    """The token is there, and is not shown, whatever is logged; nobody listens at the address."""
    (tmp_path / "token").write_text(f"{TOKEN}\n", "utf-8")
    (tmp_path / "config.toml").write_text('log_level = "DEBUG"\n[discord]\napi_url = "http://127.0.0.1:1"\n', "utf-8")
    done = paperboy("run", DISCORD_TOKEN_FILE="token")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("✗ Discord cannot be reached at http://127.0.0.1:1: ")


def test_the_module_is_the_same_command(tmp_path: Path) -> None:
    module = subprocess.run(
        [sys.executable, "-m", "bot", "--help"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    assert module.stderr == ""
    for command in ("run", "try", "import", "papers", "backup"):
        assert f" {command} " in module.stdout
    # The name in the first line aside, the same.
    assert module.stdout.splitlines()[2:] == run_at(tmp_path, "--help").stdout.splitlines()[2:]


def test_an_unknown_command(paperboy: Run) -> None:
    done = paperboy("deliver")
    assert done.returncode == 2
    assert "No such command 'deliver'" in done.stderr
