"""New papers held against what is followed."""

from __future__ import annotations

from dataclasses import dataclass

from bot import query
from bot.document import Document
from bot.errors import NotUnderstoodError
from storage.models import Entry, Follows, Subscription


@dataclass(frozen=True, slots=True)
class Match:
    """A new paper and what it was followed by: one or more subscriptions of one subscriber."""

    entry: Entry
    subscriptions: tuple[Subscription, ...]


def understood(kind: Follows, text: str) -> query.Query:
    """What is followed by a text.

    Raises:
        NotUnderstoodError: there is nothing to look for in it.
    """
    return query.by_author(text) if kind is Follows.AUTHOR else query.parse(text)


def finds(kind: Follows, text: str, paper: Document) -> bool:
    """Whether what is followed finds a paper."""
    try:
        return understood(kind, text).matches(paper)
    except NotUnderstoodError:
        # Kept by an earlier version that read it otherwise; it finds nothing rather than stopping everyone's alerts.
        return False
