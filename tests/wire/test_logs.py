"""The log of ``paperboy run``, in both forms and at its most talkative: the token is not in it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.wire.discord_server import DiscordServer
from tests.wire.settings import folder_of_digests

TOKEN = "loopback.token"
ROOT = Path(__file__).parents[2]


async def run(server: DiscordServer, folder: Path, style: str, token: str, *, until: int | None) -> tuple[int, str]:
    """Runs ``paperboy run`` until so many sessions were begun, or until it ends; all that it has said."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PAPERBOY_", "DISCORD_"))}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        cwd=folder,
        env=kept
        | {
            "DISCORD_TOKEN": token,
            "PAPERBOY_DISCORD__API_URL": server.api_url,
            "PAPERBOY_SOURCES": folder_of_digests(),
            "PAPERBOY_LOG_LEVEL": "DEBUG",
            "PAPERBOY_LOG_FORMAT": style,
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            "PYTHONASYNCIODEBUG": "1",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    # What is said is read all the while: a full pipe would hold the process up.
    saying = asyncio.create_task(process.communicate())
    try:
        if until is not None:
            await server.until(lambda: server.identified == until)
            await server.gateway.reconnect()
            await server.until(lambda: server.resumed == 1)
            process.send_signal(signal.SIGTERM)
        said, _ = await asyncio.wait_for(saying, 60)
    finally:
        if process.returncode is None:
            process.kill()
            await saying
    assert process.returncode is not None
    return process.returncode, said.decode()


@pytest.mark.parametrize("style", ["text", "json"])
async def test_the_token_is_nowhere(tmp_path: Path, style: str) -> None:
    async with DiscordServer() as server:
        code, said = await run(server, tmp_path, style, TOKEN, until=1)
    assert code == 0, said
    assert TOKEN not in said
    assert " stopping" in said if style == "text" else '"message": "stopping"' in said
    assert "IDENTIFY" in said
    if style == "json":
        for line in said.splitlines():
            assert {"time", "level", "logger", "message"} <= set(json.loads(line))


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize("token", ["wrong.secret", "never\nseen"])
async def test_what_ends_it_is_told_in_the_same_form(tmp_path: Path, style: str, token: str) -> None:
    """A token that Discord refuses, and one that no header can hold: that one is an error nobody has foreseen."""
    async with DiscordServer() as server:
        code, said = await run(server, tmp_path, style, token, until=None)
    assert code == (2 if token == "wrong.secret" else 1), said
    for part in (token, *token.split()):
        assert part not in said
    if style == "json":
        last = [json.loads(line) for line in said.splitlines()][-1]
        assert last["level"] == "CRITICAL"
        assert "Discord does not know this token" in last["message"] or "ValueError: " in last["exception"]
    elif code == 2:
        assert said.splitlines()[-1].startswith("✗ Discord does not know this token")
