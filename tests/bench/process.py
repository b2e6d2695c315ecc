"""A bot as its own process at a Discord of its own on loopback: Paperboy, or the bare one."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from storage import commands
from storage.database import Database
from tests.wire.discord_server import DiscordServer
from tests.wire.places import APPLICATION_ID
from tests.wire.serving import TOKEN
from tests.wire.settings import folder_of_digests

_ROOT = Path(__file__).parents[2]
UNLIMITED = 10**9
"""Requests a second of a Discord that limits nobody."""


class Bot:
    """What is run with Python in ``folder``, and whom it talks to; its log is kept there."""

    def __init__(
        self, server: DiscordServer, folder: Path, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self.server = server
        self.process: asyncio.subprocess.Process
        self._folder = folder
        self._arguments = arguments
        self._environment = environment
        self._log = folder / "bot.log"

    @property
    def pid(self) -> int:
        return self.process.pid

    async def start(self, seconds: float = 120) -> float:
        """Starts it; the seconds until Discord sent it READY."""
        # Compiling all modules anew would take as long as the rest of a start.
        left_out = ("PAPERBOY_", "DISCORD_", "BARE_", "PYTHONDONTWRITEBYTECODE")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
        common = {"PYTHONPATH": str(_ROOT), "PYTHONWARNINGS": "ignore"}
        sessions = self.server.identified
        begun = time.perf_counter()
        with self._log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._arguments,
                cwd=self._folder,
                env=kept | common | dict(self._environment),
                stdout=log,
                stderr=log,
            )
        try:
            await self._ready(sessions, seconds)
        except BaseException:
            await self.stop()
            raise
        return time.perf_counter() - begun

    async def _ready(self, sessions: int, seconds: float) -> None:
        """Waits for a session more than there were."""
        ended = asyncio.create_task(self.process.wait())
        ready = asyncio.create_task(self.server.until(lambda: self.server.identified > sessions, seconds))
        await asyncio.wait((ended, ready), return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            ended.cancel()
            await ready
        else:
            ready.cancel()
            raise RuntimeError(f"the bot ended before it was ready: {self.said()[-1000:]}")

    async def stop(self) -> None:
        """Ends it, by its process id; kills it where it does not end."""
        if self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), 30)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Bot]:
        await self.start()
        try:
            yield self
        finally:
            await self.stop()

    def said(self) -> str:
        """What it has logged."""
        return self._log.read_text("utf-8", "replace")

    def processor_seconds(self) -> float:
        return processor_seconds(self.pid)

    def resident_bytes(self) -> int:
        """The memory that it holds (VmRSS)."""
        for line in Path(f"/proc/{self.pid}/status").read_text("utf-8").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("the bot is not there any more")


def processor_seconds(pid: int) -> float:
    """The processor time so far of all threads that a process has (Linux, sched-stats: schedstat)."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text("utf-8").split()[0]) for thread in threads) / 1e9


async def paperboy(server: DiscordServer, folder: Path, url: str, digests: Path | None = None, **settings: str) -> Bot:
    """``paperboy run`` with the database at ``url`` and the digests of a folder, all else as it is by default."""
    database = await Database.open(url)
    try:
        async with database.write() as connection:
            # This Discord is a new one, and was not given the commands that an earlier one was given.
            await commands.set_fingerprint(connection, APPLICATION_ID, "")
    finally:
        await database.close()
    if digests is None:
        digests = folder / "digests"
        digests.mkdir(exist_ok=True)
    environment = {
        "DISCORD_TOKEN": TOKEN,
        "PAPERBOY_DISCORD__API_URL": server.api_url,
        "PAPERBOY_DATABASE__URL": url,
        "PAPERBOY_SOURCES": folder_of_digests(60, digests),
    }
    return Bot(server, folder, ("-m", "bot", "run"), environment | settings)


def bare(server: DiscordServer, folder: Path, components: list[dict[str, Any]], *, sync: bool = True) -> Bot:
    """The bare bot, whose answer are these components."""
    path = folder / "layout.json"
    path.write_text(json.dumps(components), "utf-8")
    environment = {"BARE_API_URL": server.api_url, "BARE_TOKEN": TOKEN, "BARE_LAYOUT": str(path)}
    if sync:
        environment["BARE_SYNC"] = "1"
    return Bot(server, folder, ("-m", "tests.bench.bare_bot"), environment)
