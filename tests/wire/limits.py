"""Discord's rate limits: a bucket for each channel, and one number for all requests of a bot."""

from __future__ import annotations

import math
import time
from collections import deque
from typing import NamedTuple


class Limited(NamedTuple):
    """``scope``: user (a bucket of the bot's own), shared (others used the bucket up) or global."""

    scope: str
    retry_after: float

    def body(self) -> dict[str, object]:
        message = "You are being rate limited."
        return {"message": message, "retry_after": self.retry_after, "global": self.scope == "global"}

    def headers(self) -> dict[str, str]:
        # discord.py takes a 429 without Via for a ban by Cloudflare.
        headers = {"Via": "1.1 google", "Retry-After": str(math.ceil(self.retry_after))}
        headers["X-RateLimit-Scope"] = self.scope
        if self.scope == "global":
            headers["X-RateLimit-Global"] = "true"
        if self.scope == "user":
            headers["X-RateLimit-Remaining"] = "0"
            headers["X-RateLimit-Reset"] = f"{time.time() + self.retry_after:.3f}"
            headers["X-RateLimit-Reset-After"] = f"{self.retry_after:.3f}"
        return headers


class _Bucket:
    def __init__(self) -> None:
        self.used = 0
        self.resets = 0.0


class Limits:
    """``buckets``: (how many, in how many seconds) of a route, for each channel. ``per_second``: of all routes
    together, in any second."""

    def __init__(self, buckets: dict[str, tuple[int, float]], per_second: int) -> None:
        self.buckets = buckets
        self.per_second = per_second
        self._used: dict[tuple[str, str], _Bucket] = {}
        self._recent: deque[float] = deque()

    def take(self, route: str, channel: str, now: float) -> tuple[Limited | None, dict[str, str]]:
        """Counts a request; what it is over, if it is, and the headers of its bucket."""
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if len(self._recent) >= self.per_second:
            return Limited("global", _milliseconds(self._recent[0] + 1 - now)), {}
        self._recent.append(now)
        if route not in self.buckets:
            return None, {}
        limit, seconds = self.buckets[route]
        bucket = self._used.setdefault((route, channel), _Bucket())
        if now >= bucket.resets:
            bucket.used, bucket.resets = 0, now + seconds
        over = bucket.used >= limit
        bucket.used += not over
        after = _milliseconds(bucket.resets - now)
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(limit - bucket.used),
            "X-RateLimit-Reset": f"{time.time() + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": f"{hash(route) & 0xFFFFFFFF:08x}",
        }
        return (Limited("user", after) if over else None), headers


def _milliseconds(seconds: float) -> float:
    """Rounded up: who waits so long is not early."""
    return math.ceil(seconds * 1000) / 1000
