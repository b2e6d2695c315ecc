"""Daily posts are kept true: where votes have moved enough, the counts of a post are edited, a few times at most.

What a post shows stays what it was: the same papers in the same order. An edit that is lost is made another time, and
one that is made twice shows the same.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import aiohttp
import discord
from discord.http import MultipartParameters

from bot import ranking, rendering
from bot.composing import Message, shown_in
from bot.language import language
from bot.pace import Pace
from bot.ranking import Riser
from storage import channels, lookups, papers, posts
from storage.database import Database
from storage.models import Channel, DeliveryKind, Entry, Post, mark_of

log = logging.getLogger(__name__)

MOST_EDITS = 3
"""Of a post. Discord takes only so many edits of a message that is older than an hour."""
_TOO_MANY = 30046
"""Its code for that."""
_PASSING = (401, 429)
"""What is refused to the bot as a whole, or for a while."""
SPACING = timedelta(hours=2)
"""Between two edits of a post, and before the first."""


class Editor:
    """Edits the posts of the last ``days``."""

    def __init__(
        self, client: discord.Client, database: Database, pace: Pace, now: Callable[[], datetime], days: int
    ) -> None:
        self._client = client
        self._database = database
        self._pace = pace
        self._now = now
        self._days = timedelta(days=days)
        self._round = asyncio.Lock()
        self._stopping = False

    async def edit_due(self, spacing: timedelta = SPACING) -> int:
        """Edits the posts whose votes have moved; how many it were."""
        async with self._round:
            now = self._now()
            async with self._database.read() as connection:
                found = await posts.since(connection, now.date() - self._days, MOST_EDITS, now - spacing)
                set_up = await channels.get_all(connection, [post.target_id for post in found])
                days = {
                    day: {entry.paper.arxiv_id: entry for entry in await lookups.top_of_day(connection, day)}
                    for day in {post.digest_date for post in found}
                }
                told = sorted({post.shown.riser[0] for post in found if post.shown.riser})
                which = papers.Filter(arxiv_ids=tuple(told), once=True)
                risers = {one.paper.arxiv_id: one for one in await papers.find(connection, which)} if told else {}
            number = 0
            for post in found:
                channel, entries = set_up.get(post.target_id), days[post.digest_date]
                votes = {arxiv_id: entry.votes for arxiv_id, entry in entries.items()}
                if channel and ranking.have_moved(post.shown, votes):
                    if self._stopping or self._pace.refusals.must_wait():
                        break
                    number += await self._edit(post, drawn(post, entries, channel, risers))
            return number

    async def stop(self) -> None:
        """Ends after the edit that is being made."""
        self._stopping = True
        async with self._round:
            pass

    async def _edit(self, post: Post, message: Message) -> bool:
        await self._pace.request()
        parameters = MultipartParameters(payload=message.payload, multipart=None, files=None)
        try:
            await self._client.http.edit_message(post.channel_id, post.message_id, params=parameters)
        except discord.HTTPException as error:
            refused = 400 <= error.status < 500 and error.status not in _PASSING
            if refused or error.code == _TOO_MANY:
                # It was deleted, or may not be edited any more: it stays as it is.
                log.info("a post is not edited any more: %s", error, extra={"delivery": post.delivery_id})
                async with self._database.write() as connection:
                    await posts.leave(connection, post.delivery_id)
            return False
        except (aiohttp.ClientError, OSError, discord.RateLimited):
            return False
        async with self._database.write() as connection:
            await posts.edited(connection, post.delivery_id, message.shown or post.shown, self._now())
        return True


def drawn(post: Post, entries: Mapping[str, Entry], channel: Channel, risers: Mapping[str, Entry]) -> Message:
    """A post as it was, with the votes that there are; ``entries`` of its day, and ``risers``, by arXiv id."""
    chosen = [entries[arxiv_id] for arxiv_id, _ in post.shown.papers if arxiv_id in entries]
    words = language(channel.language)
    arxiv_id, before = post.shown.riser or ("", None)
    riser = Riser(risers[arxiv_id], before) if arxiv_id in risers else None
    mark = mark_of(DeliveryKind.DAILY, post.digest_date)
    view = rendering.daily(post.digest_date, len(entries), chosen, words, mark, riser)
    return Message(view, shown_in(chosen, riser))
