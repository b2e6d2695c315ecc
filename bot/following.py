"""Following and unfollowing keywords and authors."""

from __future__ import annotations

from dataclasses import dataclass

from bot import lookup
from bot.errors import LimitError, NotAllowedError, NotFoundError
from bot.matching import understood
from storage import lookups, subscriptions
from storage.database import Database
from storage.models import Entry, Follows, Subscriber, Subscription


@dataclass(frozen=True, slots=True)
class Followed:
    """A subscription, whether it is new, and what it would have matched in the last 30 days of papers held."""

    subscription: Subscription
    new: bool
    recent: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Follower:
    """Who follows; ``limit`` is how many things they may follow."""

    subscriber: Subscriber
    id: int
    language: str
    limit: int


async def follow(database: Database, follower: Follower, kind: Follows, text: str) -> Followed:
    """Follows a keyword or author.

    Raises:
        NotUnderstoodError: there is nothing to look for in the text.
        LimitError: as many are followed already as may be.
    """
    asked = lookup.by_author(text) if kind is Follows.AUTHOR else lookup.by_keyword(text)
    followed = understood(kind, asked.text)
    async with database.write() as connection:
        held = await subscriptions.of(connection, follower.subscriber, [follower.id])
        same = next(
            (held_one for held_one in held if (held_one.kind, held_one.normal) == (kind, followed.normal)), None
        )
        if same is None and len(held) >= follower.limit:
            raise LimitError(
                "No more than {limit} things can be followed. Remove one with /subscriptions first.",
                limit=follower.limit,
            )
        kept = same or await subscriptions.add(
            connection, follower.subscriber, follower.id, kind, followed, follower.language
        )
    if kept is None:
        raise AssertionError("the write lock is held between the look and the change")
    async with database.read() as connection:
        recent, entries = await lookups.recent(connection, asked)
    return Followed(kept, same is None, recent, tuple(entries))


async def unfollow(
    database: Database, subscription_ids: list[int], allowed: set[tuple[Subscriber, int]]
) -> list[Subscription]:
    """Ends subscriptions of those who are ``allowed``; returns the ended ones.

    Raises:
        NotFoundError: there is none of these any more.
        NotAllowedError: there is, but it is another's.
    """
    async with database.write() as connection:
        found = [await subscriptions.get(connection, subscription_id) for subscription_id in subscription_ids]
        ended = [one for one in found if one and (one.subscriber, one.subscriber_id) in allowed]
        await subscriptions.remove(connection, [one.id for one in ended])
    if not ended and any(found):
        raise NotAllowedError("Only those who follow this, or manage the server, can stop it.")
    if not ended:
        raise NotFoundError("This is not followed any more.")
    return ended
