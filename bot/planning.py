"""What is owed, written into the ledger: the daily posts whose time has come, the edits of posts whose votes have moved
since, and the alerts of new papers.

A posting time is advanced, and papers are noted as matched, in the transaction that plans what comes of it: a crash
leaves both undone or both done.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import compress
from zoneinfo import ZoneInfoNotFoundError

from bot import ranking
from bot.document import document
from bot.errors import NotFoundError
from bot.language import message
from bot.matching import Match, finds
from bot.schedule import end_of_day, next_post_at, owed
from storage import channels, deliveries, digests, lookups, matches, posts, subscriptions, targets
from storage.database import Database
from storage.deliveries import Plan
from storage.models import (
    Channel,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Digest,
    Follows,
    Reason,
    Subscriber,
    Subscription,
)

log = logging.getLogger(__name__)

NOTHING = message("There is nothing to post: no digest is held, or none of its papers has enough votes.")

_BATCH = 100
"""Channels planned in one transaction: answers get their turn in between."""

MOST_EDITS = 3
"""Of a post. Discord takes only so many edits of a message that is older than an hour."""
SPACING = timedelta(hours=2)
"""Between two edits of a post, and before the first."""

Recipient = tuple[Subscriber, int]


async def plan_posts(database: Database, now: datetime, catch_up_days: int) -> int:
    """Plans the daily posts that are due, and sets the next posting times; how many channels were looked at.

    A channel gets what came since its last digest, at most ``catch_up_days`` of them. Where nothing came, it gets the
    next one when it comes, if that is on the same local day. A day that was still growing then is not late: its posting
    time is the first after its end.
    """
    planned = 0
    while True:
        async with database.write() as connection:
            held = await digests.most_votes(connection, catch_up_days, now)
            if not planned:
                # Of a bot that was down for long some were planned before, and more come now.
                oldest = min(held) if len(held) == catch_up_days else None
                await deliveries.expire_old(connection, now - timedelta(days=catch_up_days), oldest, now)
            due = await channels.due(connection, now, await digests.newest_whole(connection), _BATCH)
            aside = await targets.reasons(connection, Subscriber.CHANNEL, [channel.channel_id for channel in due], now)
            looked_at = [_look(channel, held, aside.get(channel.channel_id), now, catch_up_days) for channel in due]
            await deliveries.plan(connection, [plan for _, plans in looked_at for plan in plans], now)
            await channels.set_posts(connection, [channel for channel, _ in looked_at])
        planned += len(due)
        if len(due) < _BATCH:
            return planned


async def plan_now(database: Database, channel_id: int, now: datetime) -> Delivery | None:
    """Plans the newest digest for a channel, whatever its posting time; None where it was posted so long ago that the
    ledger has forgotten it. What was given up is planned again, and a channel that was set aside is tried again.

    Raises:
        NotFoundError: there is nothing to post.
    """
    async with database.write() as connection:
        channel = await channels.get(connection, channel_id)
        held = await digests.most_votes(connection, 1, now)
        newest = max(held, default=None)
        if channel is None or newest is None:
            raise NotFoundError(NOTHING)
        key = (Subscriber.CHANNEL, channel_id, DeliveryKind.DAILY)
        delivery = await deliveries.of_day(connection, *key, newest)
        if delivery is None and channel.last_planned and newest <= channel.last_planned:
            # Its row was removed with age.
            return None
        if delivery and delivery.state is DeliveryState.SENT:
            return delivery
        if held[newest] < channel.min_votes:
            raise NotFoundError(NOTHING)
        await targets.keep(connection, Subscriber.CHANNEL, channel_id, channel.guild_id)
        if delivery is None:
            await deliveries.plan(connection, [Plan(*key, newest)], now)
        else:
            await deliveries.plan_again(connection, delivery.id, now)
        await channels.set_posts(connection, [replace(channel, last_planned=newest, late_until=None)])
        return await deliveries.of_day(connection, *key, newest)


async def plan_edits(database: Database, now: datetime, days: int, spacing: timedelta = SPACING) -> int:
    """Plans to edit the posts of the last ``days`` whose votes have moved; how many. What a post shows stays what it
    was: the same papers in the same order."""
    async with database.read() as connection:
        found = await posts.since(connection, now.date() - timedelta(days=days), MOST_EDITS, now - spacing)
        votes = {
            day: {entry.paper.arxiv_id: entry.votes for entry in await lookups.top_of_day(connection, day)}
            for day in {post.digest_date for post in found}
        }
    moved = [post for post in found if ranking.have_moved(post.shown, votes[post.digest_date])]
    for start in range(0, len(moved), _BATCH):
        batch = moved[start : start + _BATCH]
        async with database.write() as connection:
            channel_ids = [post.target_id for post in batch]
            set_up = await channels.get_all(connection, channel_ids)
            aside = await targets.reasons(connection, Subscriber.CHANNEL, channel_ids, now)
            plans = [
                Plan(
                    Subscriber.CHANNEL,
                    post.target_id,
                    DeliveryKind.EDIT,
                    post.digest_date,
                    post.edits,
                    message_id=post.message_id,
                )
                for post in batch
                if post.target_id in set_up.keys() - aside.keys()
            ]
            await deliveries.plan(connection, plans, now)
    return len(moved)


async def plan_alerts(database: Database, now: datetime, days: int) -> int:
    """Plans alerts of the new papers to those who follow them; how many papers were held against the subscriptions.
    Digests older than ``days`` are an archive: nobody is told of them."""
    since = now.date() - timedelta(days=days)
    async with database.read() as connection:
        unmatched = await digests.unmatched(connection, since, now)
    for digest in unmatched:
        matched = await asyncio.to_thread(_match, database, digest)
        await _plan_alerts_of(database, digest, matched, since, now)
    if not unmatched:
        async with database.write() as connection:
            await digests.set_matched(connection, [], since)
    return sum(len(digest.entries) for digest in unmatched)


def _look(
    channel: Channel, held: dict[date, int], aside: Reason | None, now: datetime, catch_up_days: int
) -> tuple[Channel, list[Plan]]:
    """What a channel that is due is owed, and how it stands afterwards."""
    try:
        following = next_post_at(now, channel.wall_time, channel.timezone)
        end_of_today = end_of_day(now, channel.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        log.warning("the time zone is not known here", extra={"channel": channel.channel_id, "zone": channel.timezone})
        following, end_of_today = now + timedelta(days=1), now
    astray = now + channels.FARTHEST
    if channel.next_post_at > astray or (channel.late_until and channel.late_until > astray):
        # The clock was set back: what was computed by the wrong one would keep the channel silent until then.
        return replace(channel, next_post_at=min(following, channel.next_post_at), late_until=None), []
    plans = [
        Plan(Subscriber.CHANNEL, channel.channel_id, DeliveryKind.DAILY, day, 0, *_state(channel, held[day], aside))
        for day in owed(held, channel.last_planned, catch_up_days)
    ]
    if not plans:
        return replace(channel, next_post_at=following, late_until=end_of_today), []
    posted = any(plan.state is DeliveryState.PLANNED for plan in plans)
    after = replace(
        channel,
        next_post_at=following,
        last_planned=plans[-1].day,
        last_post_at=now if posted else channel.last_post_at,
        late_until=None,
    )
    return after, plans


def _state(channel: Channel, most_votes: int, aside: Reason | None) -> tuple[DeliveryState, Reason | None]:
    if most_votes < channel.min_votes:
        return DeliveryState.EXPIRED, Reason.FEW_VOTES
    if aside:
        return DeliveryState.SET_ASIDE, aside
    return DeliveryState.PLANNED, None


def _match(database: Database, digest: Digest) -> dict[Recipient, list[Match]]:
    """What each subscriber is to hear of, in the order of the digest. Only what shares a word with a paper is held
    against it, so the cost is the digest's and the matches', however many subscriptions there are."""
    found: dict[Recipient, list[Match]] = {}
    with database.read_here() as connection:
        for start in range(0, len(digest.entries), subscriptions.MOST_AT_ONCE):
            entries = digest.entries[start : start + subscriptions.MOST_AT_ONCE]
            papers = [document(entry.paper, entry.sections) for entry in entries]
            by_entry: list[list[Subscription]] = [[] for _ in entries]
            found_at: dict[tuple[Follows, str], list[int]] = {}
            for followed, (text, places) in subscriptions.hung_on(connection, [one.anchors for one in papers]).items():
                held = finds(followed[0], text, [papers[place] for place in places])
                if any(held):
                    found_at[followed] = list(compress(places, held))
            for followed, follows in subscriptions.followers(connection, found_at).items():
                for place in found_at[followed]:
                    by_entry[place] += follows
            for entry, follows in zip(entries, by_entry, strict=True):
                told: dict[Recipient, list[Subscription]] = {}
                for follow in sorted(follows, key=lambda follow: follow.id):
                    told.setdefault((follow.subscriber, follow.subscriber_id), []).append(follow)
                for recipient, why in told.items():
                    found.setdefault(recipient, []).append(Match(entry, tuple(why)))
    return found


async def _plan_alerts_of(
    database: Database, digest: Digest, matched: dict[Recipient, list[Match]], since: date, now: datetime
) -> None:
    async with database.write() as connection:
        # Something may have been unfollowed since it was matched.
        ids = {follow.id for told in matched.values() for one in told for follow in one.subscriptions}
        still = await subscriptions.still(connection, sorted(ids))
        found = [
            (recipient, one.entry.paper.arxiv_id, follow.id)
            for recipient, told in matched.items()
            for one in told
            for follow in one.subscriptions
            if follow.id in still
        ]
        recipients = list(dict.fromkeys(recipient for recipient, _, _ in found))
        last = await matches.last_parts(connection, digest.date) if found else {}
        parts = {recipient: _part(*last.get(recipient, (-1, False))) for recipient in recipients}
        aside: dict[Recipient, Reason] = {}
        for target in Subscriber:
            target_ids = [target_id for one, target_id in recipients if one is target]
            reasons = await targets.reasons(connection, target, target_ids, now) if target_ids else {}
            aside |= {(target, target_id): reason for target_id, reason in reasons.items()}
        plans = [
            Plan(
                *recipient,
                DeliveryKind.ALERT,
                digest.date,
                part,
                DeliveryState.SET_ASIDE if recipient in aside else DeliveryState.PLANNED,
                aside.get(recipient),
            )
            for recipient, part in parts.items()
        ]
        await deliveries.plan(connection, plans, now)
        told_of = [
            matches.Found(*recipient, digest.date, parts[recipient], arxiv_id, follow_id)
            for recipient, arxiv_id, follow_id in found
        ]
        await matches.add(connection, digest.date, told_of)
        await digests.set_matched(connection, [digest], since)


def _part(last: int, waits: bool) -> int:
    """The alert of the day that takes a new paper: the last one, while it is still to be sent, or another."""
    return last if waits else last + 1
