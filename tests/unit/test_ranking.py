from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ranking import Riser, have_moved, riser, top
from storage.models import Entry, Shown
from tests.unit import real


def entries(*votes: int | None) -> list[Entry]:
    return [real.made_up(votes=count, position=position) for position, count in enumerate(votes)]


def positions(found: list[Entry]) -> list[int]:
    return [entry.position for entry in found]


def test_most_votes_first() -> None:
    assert positions(top(entries(1, 5, 3), 3)) == [1, 2, 0]


def test_ties_by_position() -> None:
    assert positions(top(entries(2, 5, 2, 5), 4)) == [1, 3, 0, 2]
    assert positions(top(entries(2, 5, 2, 5)[::-1], 4)) == [1, 3, 0, 2]


def test_unknown_votes_stand_last() -> None:
    assert positions(top(entries(None, 0, None, 1), 4)) == [3, 1, 0, 2]


def test_no_more_than_asked_for() -> None:
    assert positions(top(entries(1, 2, 3), 2)) == [2, 1]
    assert top(entries(1, 2, 3), 0) == []
    assert len(top(entries(1, 2, 3), 10)) == 3


def test_at_least_so_many_votes() -> None:
    assert positions(top(entries(1, 5, None, 3), 10, 3)) == [1, 3]
    assert positions(top(entries(None, 0), 10, 0)) == [1, 0]
    assert top(entries(None), 10, 1) == []


@given(st.lists(st.none() | st.integers(0, 5), max_size=20), st.integers(0, 12), st.integers(0, 4))
def test_nobody_left_out_has_more(votes: list[int | None], number: int, least: int) -> None:
    given_entries = entries(*votes)
    found = top(given_entries, number, least)
    enough = [entry for entry in given_entries if (entry.votes or 0) >= least]
    assert len(found) == min(number, len(enough))
    for chosen in found:
        assert chosen in enough
        for other in enough:
            if other not in found:
                assert other.votes is None or (chosen.votes is not None and chosen.votes >= other.votes)


@real.needed
def test_the_largest_real_day() -> None:
    day = real.entries("2025/02/19.md")
    assert [entry.votes for entry in top(day, 5)] == sorted((entry.votes or 0 for entry in day), reverse=True)[:5]
    assert [entry.votes for entry in top(day, 3)] == [71, 62, 51]


@pytest.mark.parametrize(
    ("before", "now", "moved"),
    [
        (0, 4, False),
        (0, 5, True),
        (None, 5, True),
        (100, 124, False),
        (100, 125, True),
        (30, 26, False),
        (30, 20, True),
        (125, 101, False),
        (125, 100, True),
        (30, None, False),
        (5, None, False),
    ],
)
def test_a_post_is_edited_where_votes_have_moved_enough(before: int | None, now: int | None, moved: bool) -> None:
    assert have_moved(Shown((("2401.00001", before), ("2401.00002", 3))), {"2401.00001": now, "2401.00002": 3}) is moved
    assert not have_moved(Shown(()), {"2401.00001": now})


def test_a_paper_that_rose() -> None:
    found = [
        replace(entry, paper=replace(entry.paper, arxiv_id=f"2401.0000{number}"))
        for number, entry in enumerate(entries(50, 3, 20, 9, None))
    ]
    ids = [entry.paper.arxiv_id for entry in found]
    held = {ids[0]: 40, ids[1]: 3, ids[2]: 15, ids[3]: 1}
    assert riser(found, held) == Riser(found[0], 40)
    assert riser(found[1:], held) == Riser(found[2], 15)
    # One vote more is no rise; nor are votes that nobody knows.
    assert riser([found[1], found[4]], held | {ids[1]: 2}) is None
    # It came after the post.
    assert riser([found[3]], {}) == Riser(found[3], None)
