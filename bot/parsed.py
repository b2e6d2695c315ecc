"""What a file or an answer held when it was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from storage.models import Digest, Reject


@dataclass(frozen=True, slots=True)
class Parsed:
    """Digests, and what could not be read."""

    digests: tuple[Digest, ...]
    rejects: tuple[Reject, ...]


def without_future(parsed: Parsed, path: str, today: date) -> Parsed:
    """Without digests of days to come: a mistyped year would be the newest digest for years, and no other would be
    posted. In some place it is tomorrow already."""
    last = today + timedelta(days=1)
    kept = tuple(digest for digest in parsed.digests if digest.date <= last)
    ahead = [digest.date for digest in parsed.digests if digest.date > last]
    rejects = tuple(Reject(path, None, f"the date {day} is in the future") for day in ahead)
    return Parsed(kept, parsed.rejects + rejects)
