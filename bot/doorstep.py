"""What ``paperboy try`` brings from files: digests laid at the door one by one, and ``/next-day``."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import discord
from discord import app_commands

from bot import layouts, planning, sources
from bot.answering import answer, reader
from bot.app import Paperboy
from bot.config import FolderSource
from storage import channels, digests
from storage.models import DeliveryState, Entry

_FOREVER = 86_400.0


class Doorstep:
    """A folder that digests are laid into one by one, those of the oldest day first."""

    follows = ("agent", "추론")
    """What Alex follows, and what Minji does."""
    said = "/next-day brings the next digest."

    def __init__(self, paths: Sequence[Path], folder: Path, held_back: int) -> None:
        folder.mkdir()
        self._paths = paths
        self._folder = folder
        self._held_back = held_back
        self._laid: dict[Path, tuple[int, int]] = {}
        self._entries: list[Entry] = []
        # It is read when something is laid there, and only then.
        self.source = FolderSource(
            kind="folder", name=sources.FILES, path=folder, poll_seconds=_FOREVER, whole_seconds=0, watch=False
        )

    async def open(self, bot: Paperboy) -> date | None:
        """Has all but the newest digest and those that are held back read, and lays that one down; its day, None where
        there is none."""
        files = self._waiting()
        for _, path in files[: max(0, len(files) - 1 - self._held_back)]:
            self._lay(path)
        await bot.read_digests()
        return self._lay_next()

    async def entries(self, bot: Paperboy) -> Sequence[Entry]:
        """What was there when it was last looked at."""
        return self._entries

    def command(self, bot: Paperboy) -> app_commands.Command[Any, ..., Any]:
        """``/next-day``"""

        @app_commands.command(name="next-day", description="Only here: the next digest arrives and is posted")
        async def next_day(interaction: discord.Interaction) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            words = reader(interaction)
            if not self._lay_next():
                text = words.text("There is no newer digest.")
            else:
                await bot.read_digests()
                await post_now(bot)
                await deliver(bot)
                text = words.text("The next digest has arrived. Look at the channel and at your direct messages.")
            await answer(interaction, layouts.note(text))

        return next_day

    def _lay_next(self) -> date | None:
        """Lays down the next one; its day, None where there is none. A file that has changed is next as well."""
        for day, path in self._waiting()[:1]:
            self._lay(path)
            return day
        return None

    def _waiting(self) -> list[tuple[date, Path]]:
        found: list[tuple[date, Path]] = []
        for path in sources.files(self._paths):
            if self._laid.get(path) != _mark(path):
                read = sources.read(path).digests
                self._entries += [entry for digest in read for entry in digest.entries]
                found.append((max((digest.date for digest in read), default=date.min), path))
        return sorted(found)

    def _lay(self, path: Path) -> None:
        self._laid[path] = _mark(path)
        shutil.copyfile(path, self._folder / f"{len(self._laid):05}-{path.name}")


async def post_now(bot: Paperboy) -> int:
    """Plans the newest digest for each channel without waiting for its time; for how many it was not posted yet."""
    now = bot.now()
    async with bot.database.read() as connection:
        newest = await digests.newest(connection)
        every = await channels.due(connection, now + timedelta(days=2), newest)
    planned = [await planning.plan_now(bot.database, channel.channel_id, now) for channel in every]
    return sum(delivery is not None and delivery.state is not DeliveryState.SENT for delivery in planned)


async def deliver(bot: Paperboy) -> None:
    """Sends what is planned without waiting for the clock."""
    await bot.sender.send_due()
    await bot.sender.open_dms()


def _mark(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size
