"""Two sides measured in turn: a round of the one, a round of the other. What the machine does meanwhile meets both."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def no_garbage() -> Iterator[None]:
    """The judge looks for no garbage meanwhile: it would stand still for a third of a second."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def in_turn(
    ours: Callable[[], Awaitable[list[float]]],
    theirs: Callable[[], Awaitable[list[float]]],
    rounds: int,
    seconds: float,
) -> tuple[list[float], list[float]]:
    """What the rounds of each give. After ``seconds`` no further round is begun, but there is one of each at least."""
    end = time.monotonic() + seconds
    our_times: list[float] = []
    their_times: list[float] = []
    for number in range(rounds):
        if number and time.monotonic() > end:
            break
        with no_garbage():
            our_times += await ours()
            their_times += await theirs()
    return our_times, their_times


def percentile(values: Sequence[float], share: float) -> float:
    """The value that a ``share`` of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def milliseconds(values: Sequence[float], share: float = 0.5) -> float:
    """The median of seconds, or another percentile, in milliseconds."""
    return 1000 * (statistics.median(values) if share == 0.5 else percentile(values, share))
