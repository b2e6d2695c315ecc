"""The real digests that lie beside the repository, as test data only, and papers made up for tests."""

from __future__ import annotations

import os
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from bot.parsed import Parsed
from bot.parsing import parse
from storage.models import Entry, Paper, Section

FOLDER = Path(__file__).parents[3] / "shared" / "digests"
NAMES = (
    "2023/11/20.md",
    "2023/11/22.md",
    "2024/05/31.md",
    "2024/06/21.md",
    "2024/07/16.md",
    "2024/10/18.md",
    "2025/02/19.md",
)

needed = pytest.mark.skipif(
    not FOLDER.is_dir() and not os.environ.get("CI"), reason=f"the real digests are not at {FOLDER}"
)


@cache
def content(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


@cache
def parsed(name: str) -> Parsed:
    return parse(content(name), name)


def entries(name: str) -> tuple[Entry, ...]:
    (digest,) = parsed(name).digests
    return digest.entries


def every_entry() -> list[Entry]:
    return [entry for name in NAMES for entry in entries(name)]


def entry(name: str, arxiv_id: str) -> Entry:
    (found,) = (entry for entry in entries(name) if entry.paper.arxiv_id == arxiv_id)
    return found


def made_up(
    title: str = "A Title",
    *,
    authors: tuple[str, ...] = (),
    sections: tuple[Section, ...] = (),
    votes: int | None = None,
    position: int = 0,
    arxiv_id: str = "2401.00001",
) -> Entry:
    paper = Paper(arxiv_id, title, f"https://arxiv.org/abs/{arxiv_id}", authors=authors)
    return Entry(paper, date(2024, 1, 2), position, votes, sections)
