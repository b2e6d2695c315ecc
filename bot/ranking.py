"""The top of a day."""

from __future__ import annotations

from collections.abc import Iterable

from storage.models import Entry

MAX_TOP = 10
"""Papers in a daily post: with a picture each, more would not fit into a message's 40 components."""


def top(entries: Iterable[Entry], number: int, min_votes: int = 0) -> list[Entry]:
    """The ``number`` entries with most votes, at least ``min_votes``; unknown votes stand last, ties by position."""
    enough = (entry for entry in entries if (entry.votes or 0) >= min_votes)
    return sorted(enough, key=lambda entry: (entry.votes is None, -(entry.votes or 0), entry.position))[:number]
