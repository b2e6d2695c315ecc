"""New papers held against subscriptions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot import query
from bot.errors import NotUnderstoodError
from bot.text import words
from storage.models import Entry, Follows, Subscriber, Subscription


@dataclass(frozen=True, slots=True)
class Match:
    """A new paper and what it was followed by: one or more subscriptions of one subscriber."""

    entry: Entry
    subscriptions: tuple[Subscription, ...]


def match(entries: Iterable[Entry], subscriptions: Sequence[Subscription]) -> dict[tuple[Subscriber, int], list[Match]]:
    """What each subscriber is to hear of, in the order of ``entries``."""
    queries = {follow.id: _query(follow) for follow in subscriptions if follow.kind is Follows.KEYWORD}
    names = {follow.id: set(words(follow.text)) for follow in subscriptions if follow.kind is Follows.AUTHOR}
    found: dict[tuple[Subscriber, int], list[Match]] = {}
    for entry in entries:
        document = query.document(entry.paper, entry.sections)
        authors = [set(words(name)) for name in entry.paper.authors]
        by_subscriber: dict[tuple[Subscriber, int], list[Subscription]] = {}
        for follow in subscriptions:
            if follow.kind is Follows.AUTHOR:
                fits = bool(names[follow.id]) and any(names[follow.id] <= author for author in authors)
            else:
                understood = queries[follow.id]
                fits = understood is not None and understood.matches(document)
            if fits:
                by_subscriber.setdefault((follow.subscriber, follow.subscriber_id), []).append(follow)
        for subscriber, follows in by_subscriber.items():
            found.setdefault(subscriber, []).append(Match(entry, tuple(follows)))
    return found


def _query(follow: Subscription) -> query.Query | None:
    try:
        return query.parse(follow.text)
    except NotUnderstoodError:
        # Kept by an earlier version that read it otherwise; it finds nothing rather than stopping everyone's alerts.
        return None
