"""What ``paperboy try --live`` brings: the papers of a server given by address, and ``/fetch-now``."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import discord
from discord import app_commands

from bot import layouts, planning, polling
from bot.answering import answer, reader
from bot.app import Paperboy
from bot.config import HuggingFaceSource
from bot.doorstep import deliver, post_now
from bot.errors import ConfigurationError, NotFoundError, SourceError
from bot.language import Language
from storage import digests, papers
from storage.models import Entry

_WEEK = 7
_LOOK_SECONDS = 20.0


class Live:
    """A source that is asked: a week back before anyone comes, then as ``paperboy run`` asks it, and at once by
    ``/fetch-now``.

    SimCord lets nothing that a bot does take longer than some seconds, and a source may. So the bot's own clock does
    not ask it; this does, beside the bot.
    """

    follows = ("agent", "reasoning")
    """What Alex follows, and what Minji does."""

    def __init__(self, source: HuggingFaceSource) -> None:
        self.source = source
        self.said = f"{source.api_url} is asked now and then, and at once by /fetch-now."
        self._wishes: asyncio.Queue[discord.Interaction] = asyncio.Queue()

    async def open(self, bot: Paperboy) -> date | None:
        """Fetches the papers of a week; its newest day that is posted by now and has some; None where only today has.

        Raises:
            ConfigurationError: there are none, or the source does not answer as Hugging Face does.
        """
        today = bot.now().date()
        try:
            await self._fetch(bot)
        except SourceError as error:
            raise ConfigurationError(
                f"{self.source.api_url} gives no papers: {error} After --live comes an address that answers as "
                "https://huggingface.co/api does."
            ) from None
        async with bot.database.read() as connection:
            if not await papers.count(connection, papers.Filter(first=today - timedelta(days=_WEEK))):
                raise ConfigurationError(
                    f"{self.source.api_url} has no papers of the last week, from {today - timedelta(days=_WEEK)} to "
                    f"{today}. Try again when it has some, or paperboy try without --live."
                )
            newest = max(await digests.most_votes(connection, 1, bot.now()), default=None)
        # Nobody follows anything yet: what is there already is not new to anyone.
        await bot.plan_alerts()
        if newest is None:
            self.said = f"So far there are papers of today alone, which are posted from 22:00 UTC on. {self.said}"
        return newest

    async def entries(self, bot: Paperboy) -> Sequence[Entry]:
        """What is there by now, of the last week."""
        async with bot.database.read() as connection:
            since = bot.now().date() - timedelta(days=_WEEK)
            return await papers.find(connection, papers.Filter(first=since))

    def command(self, bot: Paperboy) -> app_commands.Command[Any, ..., Any]:
        """``/fetch-now``"""

        @app_commands.command(
            name="fetch-now", description="Only here: asks the source again, posts what is new, edits what has moved"
        )
        async def fetch_now(interaction: discord.Interaction) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            self._wishes.put_nowait(interaction)

        return fetch_now

    async def keep_asking(self, bot: Paperboy, fetched: Callable[[Sequence[Entry]], None]) -> None:
        """Asks the source when it is time, and when somebody wishes it, until it is cancelled; ``fetched`` is told what
        is there, before it is shown."""
        while True:
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    interaction = await self._wishes.get()
            except TimeoutError:
                await Paperboy.poll_sources(bot)
                fetched(await self.entries(bot))
            else:
                text = await self._look(bot, reader(interaction), fetched)
                await answer(interaction, layouts.note(text))

    async def _look(self, bot: Paperboy, words: Language, fetched: Callable[[Sequence[Entry]], None]) -> str:
        try:
            news = await self._fetch(bot)
        except SourceError as error:
            return words.text("The source gives no papers: {why}", why=layouts.said(error.why, words))
        fetched(await self.entries(bot))
        await bot.plan_alerts()
        # What was asked for before may have become ready since, and papers have come without this command.
        with contextlib.suppress(NotFoundError):  # Only today has papers, and is not over.
            news += await post_now(bot)
        news += await planning.plan_edits(bot.database, bot.now(), bot.settings.votes.days, spacing=timedelta())
        await deliver(bot)
        if not news:
            return words.text("Nothing has changed since it was last asked.")
        return words.text("There is something new. Look at the channel and at your direct messages.")

    async def _fetch(self, bot: Paperboy) -> int:
        """How many entries changed."""
        now = bot.now()
        days = (now.date() - timedelta(days=back) for back in range(_WEEK + 1))
        return sum([await polling.take(bot.database, bot.fetcher, self.source, day, now) for day in days])
