"""The top of a day, and what becomes of it as votes rise."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from storage.models import Entry, Shown

_FEW = 5

MAX_TOP = 10
"""Papers in a daily post: with a picture each, more would not fit into a message's 40 components."""


def top(entries: Iterable[Entry], number: int, min_votes: int = 0) -> list[Entry]:
    """The ``number`` entries with most votes, at least ``min_votes``; unknown votes stand last, ties by position."""
    enough = (entry for entry in entries if (entry.votes or 0) >= min_votes)
    return sorted(enough, key=lambda entry: (entry.votes is None, -(entry.votes or 0), entry.position))[:number]


def have_moved(shown: Shown, votes: Mapping[str, int | None]) -> bool:
    """Whether the votes that a post shows are so far from those that there are that it is worth an edit: of one paper
    at least, a quarter and five more."""
    return any(
        (votes.get(arxiv_id) or 0) - (before or 0) >= max(_FEW, (before or 0) / 4) for arxiv_id, before in shown.papers
    )


def riser(entries: Iterable[Entry], shown: Collection[str]) -> Entry | None:
    """The most voted of a day's papers that were not in its post (``shown``, by arXiv id) and would be in it by now."""
    every = list(entries)
    in_post = [entry.votes or 0 for entry in every if entry.paper.arxiv_id in shown]
    if not in_post:
        return None
    risen = [one for one in every if one.paper.arxiv_id not in shown and (one.votes or 0) > min(in_post)]
    return next(iter(top(risen, 1)), None)
