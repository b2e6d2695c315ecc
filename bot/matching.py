"""New papers held against what is followed."""

from __future__ import annotations

from collections.abc import Iterable
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


def finds(kind: Follows, text: str, papers: Iterable[Document]) -> list[bool]:
    """Whether what is followed finds a paper, for each."""
    try:
        wanted = understood(kind, text)
    except NotUnderstoodError:
        # Kept by an earlier version that read it otherwise; it finds nothing rather than stopping everyone's alerts.
        return [False for _ in papers]
    return [wanted.matches(paper) for paper in papers]
