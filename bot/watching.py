"""Folders that are watched: told of a change at once, and not at the next look."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_AGAIN_SECONDS = 10
_LOOK_MILLISECONDS = 5_000


async def watch(path: Path, changed: Callable[[], None]) -> None:
    """Calls ``changed`` whenever something changes at or below ``path``, until it is cancelled. While there is nothing
    there, or it cannot be watched, it is tried again now and then."""
    while True:
        try:
            with _held(path) as is_there:
                import watchfiles  # Where there is something to watch; it takes a megabyte.

                looking = watchfiles.awatch(
                    path, watch_filter=None, rust_timeout=_LOOK_MILLISECONDS, yield_on_timeout=True
                )
                async for changes in looking:
                    if changes:
                        changed()
                    if not is_there():
                        # The system goes on to watch what was there before.
                        break
        except (OSError, RuntimeError):
            # Not there yet, moved away, or more than the system watches: it is looked at all the same.
            pass
        await asyncio.sleep(_AGAIN_SECONDS)


@contextmanager
def _held(path: Path) -> Iterator[Callable[[], bool]]:
    """Tells whether what is at ``path`` is what was there first; held open, so that no other is taken for it."""
    number = os.open(path, os.O_RDONLY)
    try:
        first = os.fstat(number)
        yield lambda: os.path.samestat(path.stat(), first)
    finally:
        os.close(number)
