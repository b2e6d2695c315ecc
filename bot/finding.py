"""One paper that is not held: fetched from Hugging Face when somebody asks for it, and kept.

Polling comes first: people have a part of the requests that Hugging Face allows, one request of theirs is under way at
a time, and nobody waits for long.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from aiolimiter import AsyncLimiter
from cachetools import TTLCache
from discord.ext.commands import CooldownMapping

from bot import arxiv, remote
from bot.config import HuggingFaceSource
from bot.errors import FetchError, LimitError, NotFoundError, SourceError
from bot.fetching import Fetcher
from storage import digests, lookups
from storage.database import Database
from storage.models import Entry

log = logging.getLogger(__name__)

_PACE = (30, 60)
"""Requests, and in how many seconds: 150 of the 500 that Hugging Face allows in 5 minutes."""
_PACE_OF_ONE = (10, 60)
"""Requests of one person: whoever looks up much leaves some to the others."""
_PATIENCE = 25
"""Seconds that somebody waits for an answer."""
_TOO_MANY = 429
_PAUSE = timedelta(minutes=1)
"""How long Hugging Face is left alone where it says no more than that it was asked too much."""
_REMEMBERED = timedelta(minutes=15)
"""That Hugging Face does not know a paper."""
_MOST_REMEMBERED = 1_000


class Finder:
    """Finds papers at ``source``, and keeps them in ``database``."""

    def __init__(
        self, database: Database, fetcher: Fetcher, source: HuggingFaceSource, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._fetcher = fetcher
        self._source = source
        self._now = now
        self._asking = asyncio.Lock()
        self._pace = AsyncLimiter(*_PACE)
        self._paces: CooldownMapping[int] = CooldownMapping.from_cooldown(*_PACE_OF_ONE, lambda person: person)
        self._paused_until: datetime | None = None
        self._unknown: TTLCache[str, None] = TTLCache(
            _MOST_REMEMBERED, _REMEMBERED.total_seconds(), timer=lambda: now().timestamp()
        )

    async def find(self, arxiv_id: str, person: int) -> Entry:
        """The paper, which is held from now on. ``person`` is the user id of who asks.

        Raises:
            NotFoundError: Hugging Face does not know it, or does not answer.
            LimitError: too many are asked for, by this person or by all.
        """
        try:
            self._check_known(arxiv_id)
            async with asyncio.timeout(_PATIENCE) as patience, self._asking:
                # While this one waited, another may have asked for the same paper.
                async with self._database.read() as connection:
                    with suppress(NotFoundError):
                        return await lookups.show(connection, arxiv_id)
                self._check_known(arxiv_id)
                found = await self._fetch(arxiv_id, person)
                # What has come is kept, however long that takes.
                patience.reschedule(None)
                await self._database.change(digests.keep_looked_up, found)
        except (SourceError, TimeoutError) as error:
            log.warning("%s was looked up, and cannot be fetched: %s", arxiv_id, error or "it takes too long")
            raise NotFoundError(
                "I do not hold arXiv:{arxiv_id}, and Hugging Face, where I would look for it, does not answer at the "
                "moment. Please try again in a few minutes, or read it at {address}",
                arxiv_id=arxiv_id,
                address=arxiv.abstract_address(arxiv_id),
            ) from error
        async with self._database.read() as connection:
            return await lookups.show(connection, arxiv_id)

    async def _fetch(self, arxiv_id: str, person: int) -> Entry:
        if self._paused_until and self._now() < self._paused_until:
            raise FetchError("{host} takes no more requests for now.", host=self._source.name)
        if not self._pace.has_capacity():
            raise LimitError("Many new papers are being looked up. Please try again in a minute.")
        if self._paces.update_rate_limit(person, self._now().timestamp()):
            raise LimitError("You have looked up many new papers. Please go on in a minute.")
        await self._pace.acquire()
        try:
            return await remote.fetch_paper(self._fetcher, self._source, arxiv_id, self._now().date())
        except FetchError as error:
            if error.status in remote.UNKNOWN:
                self._unknown[arxiv_id] = None
                self._check_known(arxiv_id)
            if error.wait or error.status == _TOO_MANY:
                self._paused_until = self._now() + (error.wait or _PAUSE)
            raise

    def _check_known(self, arxiv_id: str) -> None:
        if arxiv_id in self._unknown:
            raise NotFoundError(
                "Hugging Face does not know arXiv:{arxiv_id} yet. If the number is right, the paper is at {address}",
                arxiv_id=arxiv_id,
                address=arxiv.abstract_address(arxiv_id),
            )
