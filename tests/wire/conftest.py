"""The judge of what crosses a network stands still as little as it can."""

from __future__ import annotations

import gc

import pytest


@pytest.fixture(autouse=True)
def what_came_before_is_let_be() -> None:
    """After many other tests the collector of garbage would look at all they have left, and have the judge stand still
    for a third of a second."""
    gc.collect()
    gc.freeze()
