"""A server with a reader of English, a reader of Korean and an admin; the real bot with the bundled sample."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot.app import Paperboy, create_bot
from bot.config import (
    DatabaseSettings,
    FolderSource,
    HuggingFaceSource,
    PostingSettings,
    Settings,
    SubscriptionSettings,
)
from bot.pace import Pace
from bot.schedule import Clock
from bot.simulation import SAMPLE, read_in
from tests.cogs.patience import patience  # noqa: F401 - a fixture
from tests.storage.conftest import empty  # noqa: F401 - a fixture
from tests.wire import judged

NEVER = 86_400


@dataclass
class Town:
    """``alex`` reads English, ``minji`` Korean; ``boss`` manages the server and reads English."""

    env: simcord.Env
    folder: Path
    guild: Any
    channel: Any
    alex: Any
    minji: Any
    boss: Any
    locales: dict[int, str]

    @property
    def bot(self) -> Paperboy:
        bot = self.env.bot
        assert isinstance(bot, Paperboy)
        return bot

    async def bring(self, *days: str) -> None:
        """Brings digests of the sample, and has the bot look."""
        for day in days:
            shutil.copy(SAMPLE / f"{day}.md", self.folder)
        await self.bot.read_digests()
        await self.deliver()

    async def deliver(self) -> None:
        """Has the bot send what is in its ledger."""
        await self.bot.sender.send_due()
        await self.bot.sender.open_dms()
        await self.env.settle()

    async def post_due(self, after: float = 0) -> None:
        """Lets the time pass, and has the bot post what is due."""
        self.env.backend.advance_clock(after)
        await self.bot.plan_posts()
        await self.deliver()

    async def set_up(self, **options: Any) -> Any:
        """Sets the daily post up, ten minutes from now on the clock of UTC."""
        options = {"channel": self.channel, "time": f"00:{10:02}", "timezone": "UTC"} | options
        return await self.boss.slash(self.channel, "digest setup", **options)

    async def restart(self) -> None:
        """Stops the bot and starts another one on the same database."""
        settings = self.bot.settings
        await self.bot.close()
        another = simulated(settings)
        await self.env.restart_bot(another)
        read_in(another, self.locales)

    def posts(self) -> list[Any]:
        """The bot's messages in the channel that all may see."""
        return [message for message in self.channel.history() if not message.flags.ephemeral]


def simulated(settings: Settings) -> Paperboy:
    """The bot, for SimCord's clock."""
    bot = create_bot(settings)
    bot.pace = Pace()
    bot.clock = Clock(looks=False)
    return bot


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.simcord(shard_count=1))


@pytest.fixture
def more_sources() -> tuple[HuggingFaceSource, ...]:
    """Sources besides the folder; a module may have its own."""
    return ()


@pytest.fixture
async def simcord_bot(
    tmp_path: Path,
    empty: Path,  # noqa: F811
    request: pytest.FixtureRequest,
    more_sources: tuple[HuggingFaceSource, ...],
) -> AsyncIterator[Paperboy]:
    (tmp_path / "digests").mkdir()
    shutil.copy(empty, tmp_path / "paperboy.db")
    marker = request.node.get_closest_marker("limit")
    laid = {"kind": "folder", "name": "files", "poll_seconds": NEVER, "whole_seconds": 0, "watch": False}
    bot = simulated(
        Settings(
            database=DatabaseSettings(url=f"sqlite+aiosqlite:///{tmp_path / 'paperboy.db'}"),
            sources=(FolderSource.model_validate(laid | {"path": tmp_path / "digests"}), *more_sources),
            posting=PostingSettings(tick_seconds=300),
            subscriptions=SubscriptionSettings(limit=marker.args[0] if marker else 50),
        )
    )
    yield bot
    await bot.close()


@pytest.fixture
async def town(simcord_env: simcord.Env, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    env = simcord_env
    guild = env.create_guild("Reading group")
    channel = guild.create_text_channel("papers")
    users = [env.create_user(name) for name in ("alex", "minji", "boss")]
    locales = {users[0].id: "en-GB", users[1].id: "ko", users[2].id: "en-US"}
    manage = guild.create_role("Admins", permissions=discord.Permissions(manage_guild=True))
    alex, minji = (guild.add_member(user) for user in users[:2])
    boss = guild.add_member(users[2], roles=[manage])
    bot = env.bot
    assert isinstance(bot, Paperboy)
    read_in(bot, locales)
    town = Town(env, tmp_path / "digests", guild, channel, alex, minji, boss, locales)
    await town.bring("2025-12-29", "2025-12-30")
    yield town
    judged.collect(env.http_requests)
    await town.bot.close()
    if request.node.get_closest_marker("provokes_errors") is None:
        # What a person typed wrongly is said to them; it is no error of the bot.
        env.raise_errors()
