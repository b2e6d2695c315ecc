"""Folders that are watched: told of a change at once, and not at the next look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import watchfiles

_AGAIN_SECONDS = 10


async def watch(path: Path, changed: Callable[[], None]) -> None:
    """Calls ``changed`` whenever something changes at or below ``path``, until it is cancelled. While there is nothing
    there, or it cannot be watched, it is tried again now and then."""
    while True:
        try:
            began = _place(path)
            async for changes in watchfiles.awatch(path, watch_filter=None, yield_on_timeout=True):
                if changes:
                    changed()
                if _place(path) != began:
                    # The system goes on to watch what was there before.
                    break
        except (OSError, RuntimeError):
            # Not there yet, moved away, or more than the system watches: it is looked at all the same.
            pass
        await asyncio.sleep(_AGAIN_SECONDS)


def _place(path: Path) -> int:
    """What stays as long as it is the same file or folder."""
    return path.stat().st_ino
