"""How fast Paperboy may act of its own accord, by Discord's rules (Rate Limits; User, Create DM).

discord.py waits for each route's own limit. What is here is what it does not do: staying under the limit of all routes
together, opening direct messages slowly, and stopping before too many refusals have Discord block the bot's address.
Answers to interactions are free of the limit, and nothing here delays them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextvars import ContextVar
from datetime import timedelta
from types import SimpleNamespace

import aiohttp

log = logging.getLogger(__name__)

REFUSALS = 5_000
"""Answers of 401, 403 and 429 in ten minutes at which the sender stops; at 10,000 Discord blocks the address."""
_WINDOW = 600.0


doubts: ContextVar[list[str]] = ContextVar("doubts")
"""What went wrong with the present task's requests so that they may have been done all the same: server errors, and
answers that were lost. discord.py tries again by itself and tells of the last answer alone."""


_turn: ContextVar[bool] = ContextVar("turn")
"""Whether the present task has a turn that it has not used; not set in what needs none, as in answers."""


class Pace:
    """Waits before requests, and before each time that discord.py makes one again; not at all where no rate is given,
    for a simulated Discord that stops the clock."""

    def __init__(self, requests_per_second: float | None = None, dms_per_second: float | None = None) -> None:
        self._requests = _Turns(requests_per_second) if requests_per_second else None
        self._dms = _Turns(dms_per_second) if dms_per_second else None
        self.refusals = Refusals()
        self.refusals.trace.on_request_start.append(self._begins)

    async def request(self) -> None:
        """Waits until the present task may make a request."""
        if not self._requests:
            return
        await self._requests.next()
        # What would be made now, discord.py would hold back and make all at once.
        while (seconds := self.refusals.limited_for()) > 0:
            await asyncio.sleep(seconds)
            await self._requests.next()
        _turn.set(True)

    async def _begins(self, *_: object) -> None:
        # What Discord fails, discord.py makes again by itself, all that failed at the same time.
        if (unused := _turn.get(None)) is None:
            return
        if not unused:
            await self.request()
        _turn.set(False)

    async def direct_message(self) -> None:
        """Waits until another person's direct messages may be opened."""
        if self._dms:
            await self._dms.next()


class Refusals:
    """Counts Discord's answers of 401, 403 and 429 (Rate Limits, Invalid Request Limit), by a trace of all requests."""

    def __init__(self, limit: int = REFUSALS) -> None:
        self._limit = limit
        self._times: deque[float] = deque()
        self._until = 0.0
        self._limited_until = 0.0
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_end.append(self._ended)
        self.trace.on_request_exception.append(self._broken)

    def must_wait(self) -> bool:
        """Whether nothing may be sent for now."""
        now = asyncio.get_running_loop().time()
        while self._times and self._times[0] <= now - _WINDOW:
            self._times.popleft()
        return now < self._until

    def limited_for(self) -> float:
        """For how many seconds Discord takes no request of any route."""
        return self._limited_until - asyncio.get_running_loop().time()

    def limit(self, seconds: float) -> None:
        """Notes that Discord takes no request of any route for so long."""
        self._limited_until = max(self._limited_until, asyncio.get_running_loop().time() + seconds)

    def count(self, status: int, scope: str | None = None, *, own: bool = True) -> None:
        """Counts an answer. A 429 of the scope ``shared`` is another's doing, and does not count. Not ``own``: it was
        asked by the token of an interaction, and a 401 says that this one is over."""
        if status not in (401, 403, 429) or (status == 429 and scope == "shared"):
            return
        now = asyncio.get_running_loop().time()
        waits = self.must_wait()
        self._times.append(now)
        if waits:
            return
        if status == 401 and own:
            self._until = now + _WINDOW
            log.error("Discord does not take the token any more; nothing is sent for ten minutes. Was it reset?")
        elif len(self._times) >= self._limit:
            # Until the older half of them is out of the window.
            self._until = self._times[len(self._times) // 2] + _WINDOW
            log.error(
                "Discord has refused %s requests in ten minutes; nothing is sent for %s",
                len(self._times),
                timedelta(seconds=round(self._until - now)),
            )

    async def _ended(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, ended: aiohttp.TraceRequestEndParams
    ) -> None:
        status, headers = ended.response.status, ended.response.headers
        self.count(status, headers.get("X-RateLimit-Scope"), own="/webhooks/" not in ended.url.path)
        if status == 429 and "X-RateLimit-Global" in headers:
            self.limit(_seconds(headers.get("Retry-After")))
        if status >= 500:
            doubts.get([]).append(str(status))

    async def _broken(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, broken: aiohttp.TraceRequestExceptionParams
    ) -> None:
        doubts.get([]).append(type(broken.exception).__name__)


def _seconds(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0


_LATE = 0.02
"""Seconds by which a timer may well be late; that is made up for, or it would be fewer a second than may be."""


class _Turns:
    """Lets three pass together, and the next when their time is over: to wake for each costs more, and more at once are
    hardly cheaper. At 40 a second it is 42 in the worst of seconds and at 45 it is 48, of the 50 that Discord takes;
    where there are few a second, they pass one by one."""

    def __init__(self, per_second: float) -> None:
        self._most = min(3, max(1, int(per_second / 10)))
        self._seconds = self._most / per_second
        self._at = 0.0
        self._passing = 0
        """How many pass at that time."""
        self._line = asyncio.Lock()

    async def next(self) -> None:
        """Waits for a turn."""
        loop = asyncio.get_running_loop()
        # Only the first in the line has a time: where all had theirs, a loop that stood still would let all of those
        # pass at once whose times are over.
        async with self._line:
            if self._passing == self._most:
                self._at += self._seconds
                self._passing = 0
            if self._at > loop.time():
                await asyncio.sleep(self._at - loop.time())
            # Whoever comes late has all that follow wait: what is sent in a second may arrive in a shorter time.
            if loop.time() - self._at > _LATE:
                self._at = loop.time()
            self._passing += 1
