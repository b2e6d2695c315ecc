"""What deliveries say: rows of the ledger -> messages."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from discord import AllowedMentions, ui
from discord.http import handle_message_parameters

from bot import ranking, rendering, status
from bot.language import ENGLISH, KOREAN, language
from bot.ranking import Riser
from bot.risers import Risers
from storage import channels, lookups, matches, notices, papers, posts, subscriptions
from storage.database import Database
from storage.models import (
    Channel,
    Delivery,
    DeliveryKind,
    Entry,
    Notice,
    Post,
    Reason,
    Shown,
    Subscription,
    mark_of,
)

log = logging.getLogger(__name__)


class Message:
    """A message that is drawn, to be sent to as many as it is for."""

    def __init__(self, view: ui.LayoutView, shown: Shown | None = None) -> None:
        self.view = view
        self.shown = shown
        """Of a daily post: its papers, with their votes."""

    @cached_property
    def payload(self) -> dict[str, Any]:
        """What Discord is sent; discord.py would make it anew for each channel."""
        with handle_message_parameters(view=self.view, allowed_mentions=AllowedMentions.none()) as parameters:
            return dict(parameters.payload or {})


Composed = Message | Reason
"""A message, or why there is none: nothing is left to say, or it cannot be drawn."""


class Composer:
    """Draws deliveries; of posts that say the same it draws one, and so of their edits. It keeps what it has read, and
    is for a short while. ``paused``: also for channels that are paused."""

    def __init__(self, database: Database, *, paused: bool = False) -> None:
        self._database = database
        self._paused = paused
        self._days: dict[date, list[Entry]] = {}
        self._daily: dict[tuple[date, int, int, str, Riser | None], Message | None] = {}
        self._edited: dict[tuple[date, tuple[str, ...], str, Riser | None], Message] = {}
        self._risers = Risers(database)

    async def compose(self, batch: Sequence[Delivery]) -> dict[int, Composed]:
        """The message of each delivery, by its id."""
        async with self._database.read() as connection:
            daily = [one for one in batch if one.kind is DeliveryKind.DAILY]
            edits = [one for one in batch if one.kind is DeliveryKind.EDIT]
            set_up = await channels.get_all(connection, [one.target_id for one in (*daily, *edits)])
            for day in {one.digest_date for one in (*daily, *edits)} - self._days.keys():
                self._days[day] = await lookups.top_of_day(connection, day)
            oldest = min((one.digest_date for one in edits), default=date.max)
            held = await posts.of_channels(connection, [one.target_id for one in edits], oldest) if edits else {}
            edited = {(post.target_id, post.digest_date): post for of_channel in held.values() for post in of_channel}
            alerts = [one.id for one in batch if one.kind is DeliveryKind.ALERT]
            told = await matches.of(connection, alerts) if alerts else {}
            ended_with = {post.shown.riser[0] for post in edited.values() if post.shown.riser}
            arxiv_ids = sorted({arxiv_id for papers_of in told.values() for arxiv_id in papers_of} | ended_with)
            which = papers.Filter(arxiv_ids=tuple(arxiv_ids), once=True)
            entries = await papers.find(connection, which) if arxiv_ids else []
            follow_ids = {one for papers_of in told.values() for found_by in papers_of.values() for one in found_by}
            notified = [one.id for one in batch if one.kind is DeliveryKind.NOTICE]
            said = await notices.of(connection, notified) if notified else {}
            follows = await subscriptions.get_all(connection, follow_ids) if follow_ids else {}
        risen = await self._risen(daily, set_up)
        found = {entry.paper.arxiv_id: entry for entry in entries}
        composed: dict[int, Composed] = {}
        for delivery in batch:
            try:
                if delivery.kind is DeliveryKind.DAILY:
                    message = self._post(delivery, set_up.get(delivery.target_id), risen.get(delivery.id))
                elif delivery.kind is DeliveryKind.EDIT:
                    post = edited.get((delivery.target_id, delivery.digest_date))
                    message = self._edit(post, set_up.get(delivery.target_id), found)
                elif delivery.kind is DeliveryKind.NOTICE:
                    message = _notice(delivery, said.get(delivery.id))
                else:
                    message = _alert(delivery, told.get(delivery.id, {}), found, follows)
                composed[delivery.id] = message or Reason.WITHDRAWN
            except Exception:
                log.exception("a delivery cannot be drawn", extra={"delivery": delivery.id})
                composed[delivery.id] = Reason.NOT_DRAWN
        return composed

    async def _risen(self, daily: Sequence[Delivery], set_up: Mapping[int, Channel]) -> dict[int, Riser]:
        """What each post ends with, by its delivery's id."""
        found: dict[int, Riser] = {}
        for day in {one.digest_date for one in daily}:
            of_day = {one.target_id: one.id for one in daily if one.digest_date == day and one.target_id in set_up}
            shown = {channel_id: self._chosen(day, set_up[channel_id]) for channel_id in of_day}
            for channel_id, riser in (await self._risers.find(day, shown, set_up)).items():
                found[of_day[channel_id]] = riser
        return found

    def _chosen(self, day: date, channel: Channel) -> list[Entry]:
        return ranking.top(self._days[day], channel.top, channel.min_votes)

    def _post(self, delivery: Delivery, channel: Channel | None, riser: Riser | None) -> Message | None:
        if channel is None or (channel.paused and not self._paused):
            return None
        day = delivery.digest_date
        key = (day, channel.top, channel.min_votes, channel.language, riser)
        if key not in self._daily:
            chosen = self._chosen(day, channel)
            words, total = language(channel.language), len(self._days[day])
            # Its mark is the same in each channel, and so is the whole message.
            view = rendering.daily(day, total, chosen, words, delivery.mark, riser) if chosen else None
            self._daily[key] = Message(view, shown_in(chosen, riser)) if view else None
        return self._daily[key]

    def _edit(self, post: Post | None, channel: Channel | None, found: Mapping[str, Entry]) -> Message | None:
        """A post as it was, with the votes that there are."""
        if post is None or channel is None:
            return None
        day, words = post.digest_date, language(channel.language)
        arxiv_ids = tuple(arxiv_id for arxiv_id, _ in post.shown.papers)
        arxiv_id, before = post.shown.riser or ("", None)
        riser = Riser(found[arxiv_id], before) if arxiv_id in found else None
        key = (day, arxiv_ids, channel.language, riser)
        if key not in self._edited:
            entries = {entry.paper.arxiv_id: entry for entry in self._days[day]}
            chosen = [entries[arxiv_id] for arxiv_id in arxiv_ids if arxiv_id in entries]
            mark = mark_of(DeliveryKind.DAILY, day)
            view = rendering.daily(day, len(entries), chosen, words, mark, riser)
            self._edited[key] = Message(view, shown_in(chosen, riser))
        return self._edited[key]


def shown_in(chosen: Sequence[Entry], riser: Riser | None) -> Shown:
    """What a daily post of these shows."""
    papers = tuple((entry.paper.arxiv_id, entry.votes) for entry in chosen)
    return Shown(papers, (riser.entry.paper.arxiv_id, riser.before) if riser else None)


def _notice(delivery: Delivery, told: Notice | None) -> Message | None:
    words = [language(code) for code in (ENGLISH, KOREAN)]
    return Message(status.notice(told, delivery.mark, words)) if told else None


def _alert(
    delivery: Delivery,
    told: dict[str, list[int]],
    found: dict[str, Entry],
    follows: dict[int, Subscription],
) -> Message | None:
    by_entry = [
        (found[arxiv_id], [follows[one] for one in ids if one in follows])
        for arxiv_id, ids in told.items()
        if arxiv_id in found
    ]
    by_entry = [(entry, why) for entry, why in by_entry if why]
    if not by_entry:
        return None
    ranked = {
        entry.paper.arxiv_id: place
        for place, entry in enumerate(ranking.top([entry for entry, _ in by_entry], len(by_entry)))
    }
    by_entry.sort(key=lambda one: ranked[one[0].paper.arxiv_id])
    shown = [(entry, [follow.text for follow in why]) for entry, why in by_entry]
    followed = {follow.id: follow.text for _, why in by_entry for follow in why}
    words = language(by_entry[0][1][0].language)
    return Message(rendering.alert(delivery.digest_date, shown, list(followed.items()), words, delivery.mark))
