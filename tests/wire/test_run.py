"""``paperboy run`` as its own process, against a Discord on loopback."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.wire.discord_server import DiscordServer
from tests.wire.serving import TOKEN
from tests.wire.settings import folder_of_digests

WHEN_NEEDED = (
    "alembic.",
    "babel.messages.",
    "markdown_it.",
    "PIL.",
    "rich.",
    "typer.",
    "watchfiles.",
)
"""What a start has no use for: it would be longer by them, and they would stay in memory."""


@asynccontextmanager
async def running(
    server: DiscordServer, folder: Path, token: str = TOKEN, **settings: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """``settings``: more of the environment, such as ``PAPERBOY_POSTING__TICK_SECONDS``; what is empty is left out."""
    # Compiling all modules anew would take as long as the rest of a start.
    left_out = ("PAPERBOY_", "DISCORD_", "PYTHONDONTWRITEBYTECODE")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
    environment |= {
        "DISCORD_TOKEN": token,
        "PAPERBOY_DISCORD__API_URL": server.api_url,
        "PAPERBOY_SOURCES": folder_of_digests(),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONWARNINGS": "ignore",
    } | settings
    environment = {key: value for key, value in environment.items() if value}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", cwd=folder, env=environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly(tmp_path: Path, stop: signal.Signals) -> None:
    async with DiscordServer() as server, running(server, tmp_path) as process:
        await server.until(lambda: server.identified == 1)
        process.send_signal(stop)
        _, errors = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, errors.decode()
        assert b"Traceback" not in errors
        assert TOKEN.encode() not in errors
        assert server.count("PUT", "/applications/1/commands") == 1


async def test_every_session_is_at_the_named_address(tmp_path: Path) -> None:
    """Also after a reconnect, and after an invalid session, where discord.py falls back to Discord's own gateway."""
    async with DiscordServer() as server, running(server, tmp_path):
        await server.until(lambda: server.identified == 1)
        await server.gateway.reconnect()
        await server.until(lambda: server.resumed == 1)
        await server.gateway.invalidate(resumable=False)
        await server.until(lambda: server.identified == 2)


async def test_a_second_start_gives_no_commands_and_loads_only_what_it_needs(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        for sessions in (1, 2):
            async with running(server, tmp_path, PYTHONPROFILEIMPORTTIME="1") as process:
                await server.until(lambda: server.identified == sessions)  # noqa: B023 - awaited in the loop
                process.send_signal(signal.SIGTERM)
                _, said = await asyncio.wait_for(process.communicate(), 60)
        assert server.count("PUT", "/applications/1/commands") == 1
    loaded = re.findall(r"^import time: .*\| +([\w.]+)$", said.decode(), re.MULTILINE)
    assert {"discord", "sqlalchemy.engine", "bot.views"} <= set(loaded)
    assert [name for name in loaded if f"{name}.".startswith(WHEN_NEEDED)] == []


async def test_a_wrong_token_is_one_sentence(tmp_path: Path) -> None:
    async with DiscordServer() as server, running(server, tmp_path, "wrong.secret") as process:
        _, errors = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 2
        assert b"Discord does not know this token" in errors
        assert b"Traceback" not in errors
        assert b"wrong.secret" not in errors
