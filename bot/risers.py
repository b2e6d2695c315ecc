"""Papers that have risen after their own day was posted: a channel's next daily post tells of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from bot import ranking
from bot.ranking import Riser
from storage import lookups, posts, votes
from storage.database import Database
from storage.models import Channel, Entry, Post

_DAYS = timedelta(days=4)
"""How old a post may be whose papers are told of: what rose since Friday's, Tuesday's tells."""

Histories = Mapping[str, Sequence[tuple[datetime, int]]]


class Risers:
    """What has risen since the earlier posts of channels. It keeps what it has read, and is for a short while."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._days: dict[date, list[Entry]] = {}
        self._tops: dict[tuple[date, int, int], list[Entry]] = {}
        self._histories: dict[date, Histories] = {}

    async def find(
        self, day: date, shown: Mapping[int, Sequence[Entry]], set_up: Mapping[int, Channel]
    ) -> dict[int, Riser]:
        """What channels tell of in their posts of ``day``, which have the papers ``shown``."""
        async with self._database.read() as connection:
            held = await posts.of_channels(connection, list(shown), day - _DAYS)
        found = {}
        for channel_id, entries in shown.items():
            earlier = [post for post in held.get(channel_id, ()) if post.digest_date < day]
            if riser := await self._highest(set_up[channel_id], earlier, entries):
                found[channel_id] = riser
        return found

    async def _highest(self, channel: Channel, earlier: Sequence[Post], shown: Iterable[Entry]) -> Riser | None:
        """What has risen highest since the ``earlier`` posts, and is in none of them, nor in what is ``shown`` now."""
        told = {entry.paper.arxiv_id for entry in shown}
        told |= {arxiv_id for post in earlier for arxiv_id, _ in post.shown.papers}
        told |= {post.shown.riser[0] for post in earlier if post.shown.riser}
        found = []
        for post in earlier:
            top = await self._top(post.digest_date, channel)
            if new := [entry for entry in top if entry.paper.arxiv_id not in told]:
                before = _at(post.posted_at, await self._histories_of(post.digest_date))
                if riser := ranking.riser(new, before):
                    found.append(riser)
        return max(found, key=lambda riser: riser.entry.votes or 0, default=None)

    async def _top(self, day: date, channel: Channel) -> list[Entry]:
        key = (day, channel.top, channel.min_votes)
        if key not in self._tops:
            if day not in self._days:
                async with self._database.read() as connection:
                    self._days[day] = await lookups.top_of_day(connection, day)
            self._tops[key] = ranking.top(self._days[day], channel.top, channel.min_votes)
        return self._tops[key]

    async def _histories_of(self, day: date) -> Histories:
        if day not in self._histories:
            self._histories[day] = await self._database.look(votes.histories, day)
        return self._histories[day]


def _at(moment: datetime, histories: Histories) -> dict[str, int]:
    """The votes that papers had then."""
    return {arxiv_id: number for arxiv_id, history in histories.items() for at, number in history if at <= moment}
