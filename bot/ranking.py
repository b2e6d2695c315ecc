"""The top of a day, and what becomes of it as votes rise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from storage.models import Entry, Shown

_FEW = 5

MAX_TOP = 10
"""Papers in a daily post: with a picture each, more would not fit into a message's 40 components."""


def top(entries: Iterable[Entry], number: int, min_votes: int = 0) -> list[Entry]:
    """The ``number`` entries with most votes, at least ``min_votes``; unknown votes stand last, ties by position."""
    enough = (entry for entry in entries if (entry.votes or 0) >= min_votes)
    return sorted(enough, key=lambda entry: (entry.votes is None, -(entry.votes or 0), entry.position))[:number]


def have_moved(shown: Shown, votes: Mapping[str, int | None]) -> bool:
    """Whether the votes that a post shows are so far from those that there are, more or fewer, that it is worth an
    edit, of one paper at least. Votes that nobody knows any more have not moved."""
    return any(
        _rose(before, now) or _rose(now, before)
        for arxiv_id, before in shown.papers
        if (now := votes.get(arxiv_id)) is not None
    )


@dataclass(frozen=True, slots=True)
class Riser:
    """A paper that has risen after its own day was posted; ``before`` are the votes that it had then."""

    entry: Entry
    before: int | None


def riser(ranked: Iterable[Entry], before: Mapping[str, int]) -> Riser | None:
    """The first of ``ranked`` that has risen from the votes ``before``, by arXiv id."""
    for entry in ranked:
        votes = before.get(entry.paper.arxiv_id)
        if _rose(votes, entry.votes):
            return Riser(entry, votes)
    return None


def _rose(before: int | None, now: int | None) -> bool:
    """By a quarter, and by five."""
    return (now or 0) - (before or 0) >= max(_FEW, (before or 0) / 4)
