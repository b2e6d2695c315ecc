"""A source that misbehaves all the time, and another that brings papers: the bot as its own process."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from functools import partialmethod
from itertools import cycle
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.app import create_bot
from bot.config import DatabaseSettings, HuggingFaceSource, Settings
from bot.fetching import Fetcher
from bot.schedule import Clock
from storage.database import Database
from tests.sources import serving
from tests.sources.serving import HuggingFace, Server, paper, raw, says
from tests.wire.discord_server import DiscordServer
from tests.wire.paper_round import PaperRound
from tests.wire.settings import folder_of_digests

TODAY = datetime.now(UTC).date()
WAYS = [
    serving.endless(200_000_000),
    serving.bomb(200),
    serving.cut_off,
    says("", 429, Retry_After="0"),
    raw(b"HTTP/1.1 500 \xff\xfe\r\n\r\n"),
    says("", 302, Location="http://xn--/.."),
    says("<!doctype html>"),
    says(b"[" + b"{}," * 50_000 + b"{}]"),
]


def source(kind: str, name: str, server: Server) -> dict[str, object]:
    address = {"address": f"{server.url}/{{date:%Y-%m-%d}}.md"} if kind == "markdown" else {"api_url": server.url}
    return {"kind": kind, "name": name, "allow_private": True} | address


def resident(process: asyncio.subprocess.Process) -> int:
    """Megabytes."""
    for line in Path(f"/proc/{process.pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    raise AssertionError


async def test_the_posts_go_out_in_time(tmp_path: Path) -> None:
    """One source never answers, and one answers with something else each time; a folder and a fourth one are well."""
    ways = cycle(WAYS)

    async def misbehave(request: web.Request) -> web.StreamResponse:
        return await next(ways)(request)

    async with (
        DiscordServer() as server,
        Server(serving.never) as hanging,
        Server(misbehave) as odd,
        HuggingFace() as well,
    ):
        well.days = {TODAY - timedelta(days=2): [paper("2601.00001", "Of lions")]}
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(2, 1)
        sources = [
            *json.loads(folder_of_digests(1)),
            source("huggingface", "Hanging", hanging),
            source("markdown", "Odd", odd),
            source("huggingface", "Well", well) | {"api_url": well.api_url},
        ]
        async with paper_round.bot(PAPERBOY_SOURCES=json.dumps(sources)) as process:
            await paper_round.until_said("Odd has failed")
            for day in (TODAY - timedelta(days=2), TODAY - timedelta(days=1)):
                paper_round.lay(day)
                paper_round.due()
                await paper_round.until_settled()
            before = len(odd.requests)
            async with asyncio.timeout(90):
                while len(odd.requests) < before + 2 * len(WAYS):
                    paper_round.execute("UPDATE sources SET retry_at = '2000-01-01 00:00:00.000000' WHERE name = 'Odd'")
                    await asyncio.sleep(0.05)
            states = dict(
                paper_round.execute("SELECT name, failing_since IS NOT NULL FROM sources WHERE name != ' looked up'")
            )
            assert resident(process) < 200
            hanging_before = len(hanging.requests)
            said = await paper_round.end(process)
        assert "Traceback" not in said, said
        assert len(hanging.requests) == hanging_before
        # Whether the one that hangs has failed is a matter of how long this took.
        assert states | {"Hanging": 0} == {"files": 0, "Hanging": 0, "Odd": 1, "Well": 0}
        assert paper_round.execute("SELECT count(*) FROM entries JOIN digests ON digests.id = digest_id") == [(7,)]
        assert paper_round.at_the_doors() == paper_round.owed()
        assert hanging.most_at_once == odd.most_at_once == 1


async def test_it_waits_for_no_answer_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process: here it would wait for an hour for what its clock has begun, and not for ten seconds."""
    monkeypatch.setattr(Clock, "stop", partialmethod(Clock.stop, 3600))
    async with Server(serving.never) as hanging:
        settings = Settings(
            sources=[HuggingFaceSource.model_validate(source("huggingface", "Hanging", hanging))],
            database=DatabaseSettings(url=f"sqlite+aiosqlite:///{tmp_path / 'paperboy.db'}"),
        )
        bot = create_bot(settings)
        bot.database = await Database.open(settings.database.url)
        bot.fetcher = Fetcher(aiohttp.ClientTimeout(total=None))
        try:
            async with asyncio.timeout(30), bot:
                bot.clock.every(3600, bot.poll_sources)
                bot.clock.start()
                while not hanging.at_once:  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.01)
        finally:
            bot.fetcher.stop()
            await bot.database.close()
