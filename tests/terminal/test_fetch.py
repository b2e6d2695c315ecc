"""paperboy fetch"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from tests.sources.serving import HuggingFace, Server, never, paper, says
from tests.terminal.conftest import Done, run_at

MONDAY, TUESDAY = date(2026, 1, 5), date(2026, 1, 6)
WEEK = ("--from", "2026-01-04", "--to", "2026-01-06")


@pytest.fixture
async def hugging_face() -> AsyncIterator[HuggingFace]:
    async with HuggingFace() as server:
        server.days = {
            MONDAY: [paper("2601.00001", "Zebras", upvotes=3), paper("2601.00002", "Lions")],
            TUESDAY: [paper("2601.00003", "Of zebras")],
        }
        yield server


def environment(folder: Path, sources: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "PAPERBOY_SOURCES": sources}


async def run(server: HuggingFace, folder: Path, *arguments: str, **source: object) -> Done:
    made = {"kind": "huggingface", "name": "HF", "api_url": server.api_url, "allow_private": True} | source
    sources = json.dumps([made, {"kind": "folder", "name": "files", "path": "digests"}])
    return await asyncio.to_thread(run_at, folder, *arguments, PAPERBOY_SOURCES=sources)


async def test_days_of_the_past(hugging_face: HuggingFace, tmp_path: Path) -> None:
    done = await run(hugging_face, tmp_path, "fetch", *WEEK)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Fetched 2026-01-04 to 2026-01-06: 3 entries changed, 3 requests.\n"
    assert [one.query["date"] for one in hugging_face.requests] == ["2026-01-06", "2026-01-05", "2026-01-04"]
    # Days that are whole are not asked for again.
    done = await run(hugging_face, tmp_path, "fetch", "--from", "2026-01-03", "--to", "2026-01-06")
    assert done.stdout == "Fetched 2026-01-03 to 2026-01-06: 0 entries changed, 1 requests.\n"
    assert re.search(
        r"^✓ HF answered \d minutes? ago\.$", (await run(hugging_face, tmp_path, "check")).stdout, re.MULTILINE
    )
    found = await run(hugging_face, tmp_path, "papers", "--keyword", "zebra", "--json")
    assert [one["arxiv_id"] for one in json.loads(found.stdout)] == ["2601.00003", "2601.00001"]


async def test_it_goes_on_where_it_was_stopped(hugging_face: HuggingFace, tmp_path: Path) -> None:
    hugging_face.happenings = [hugging_face.answer, says("", 403)]
    done = await run(hugging_face, tmp_path, "fetch", *WEEK)
    assert done.returncode == 2
    assert done.stdout == "Fetched 2 days from 2026-01-04 to 2026-01-06: 1 entries changed, 3 requests.\n"
    assert done.stderr.splitlines() == [
        "✗ HF, 2026-01-05: 127.0.0.1 answers 403 Forbidden.",
        "What was fetched is kept; the same command fetches the rest.",
    ]
    done = await run(hugging_face, tmp_path, "fetch", *WEEK)
    assert done.stdout == "Fetched 2026-01-04 to 2026-01-06: 2 entries changed, 1 requests.\n"


async def test_it_goes_on_where_it_was_killed(hugging_face: HuggingFace, tmp_path: Path) -> None:
    """Each day is kept as it comes."""
    ordinary = hugging_face.answer
    hugging_face.happenings = [ordinary, ordinary, never]
    sources = json.dumps(
        [{"kind": "huggingface", "name": "HF", "api_url": hugging_face.api_url, "allow_private": True}]
    )
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("paperboy"), "fetch", *WEEK, cwd=tmp_path, env=environment(tmp_path, sources)
    )
    async with asyncio.timeout(60):
        while len(hugging_face.requests) < 3:  # noqa: ASYNC110 - another process makes them
            await asyncio.sleep(0.02)
    process.kill()
    await process.wait()
    hugging_face.requests.clear()
    done = await run(hugging_face, tmp_path, "fetch", *WEEK)
    assert done.stdout == "Fetched 2026-01-04 to 2026-01-06: 0 entries changed, 1 requests.\n"
    assert [one.query["date"] for one in hugging_face.requests] == ["2026-01-04"]


async def test_a_source_that_fails_stops_no_other(hugging_face: HuggingFace, tmp_path: Path) -> None:
    async with Server(says("", 429, Retry_After="3600")) as busy:
        bad = {
            "kind": "markdown",
            "name": "[/red]",
            "address": f"{busy.url}/{{date:%Y-%m-%d}}.md",
            "allow_private": True,
        }
        good = {"kind": "huggingface", "name": "HF", "api_url": hugging_face.api_url, "allow_private": True}
        sources = json.dumps([bad, good])
        done = await asyncio.to_thread(run_at, tmp_path, "fetch", *WEEK, PAPERBOY_SOURCES=sources)
    assert done.returncode == 2
    assert done.stdout == "Fetched 3 days from 2026-01-04 to 2026-01-06: 3 entries changed, 4 requests.\n"
    assert done.stderr.splitlines()[0] == (
        "✗ [/red], 2026-01-06: 127.0.0.1 answers 429 Too Many Requests. It wishes to be left alone for 60 minutes."
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--source", "files"), "those at an address are: 'HF'"),
        (("--source", "ArXiv"), "those at an address are: 'HF'"),
        (("--from", "2026-01-07", "--to", "2026-01-06"), "2026-01-07 is after 2026-01-06"),
        (("--from", "yesterday"), "yesterday"),
    ],
)
async def test_what_cannot_be_fetched(
    hugging_face: HuggingFace, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = await run(hugging_face, tmp_path, "fetch", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert hugging_face.requests == []


async def test_a_private_network_is_refused(hugging_face: HuggingFace, tmp_path: Path) -> None:
    done = await run(hugging_face, tmp_path, "fetch", *WEEK, allow_private=False)
    assert done.returncode == 2
    assert "allow_private = true" in done.stderr
    assert hugging_face.requests == []
