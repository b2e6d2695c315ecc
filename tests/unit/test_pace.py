"""How fast the bot acts, and when it stops: by a clock that leaps, so that no second is waited for."""

from __future__ import annotations

import asyncio
import logging
import selectors
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from yarl import URL

from bot.pace import Pace, Refusals


class _Leaping(selectors.DefaultSelector):
    """Waits for nothing: the clock leaps ahead instead."""

    now = 1000.0
    late = 0.0
    """Seconds by which a timer is late."""

    def select(self, timeout: float | None = None) -> Any:
        # A real clock goes on a little, too.
        self.now += timeout + self.late if timeout else 1e-6
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.now

    def be_late(self, seconds: float) -> None:
        """Has each timer be so late."""
        self._leaping.late = seconds

    def leap(self, seconds: float) -> None:
        """Has time pass in which the loop does nothing."""
        self._leaping.now += seconds


def run(work: Callable[[], Awaitable[None]], loop: _Loop | None = None) -> None:
    loop = loop or _Loop()
    try:
        loop.run_until_complete(work())  # type: ignore[arg-type]
    finally:
        loop.close()


def most_in_a_second(times: list[float]) -> int:
    return max(sum(start <= time < start + 1 for time in times) for start in times)


@pytest.mark.parametrize("rate", [1, 5, 40, 45])
@pytest.mark.parametrize("workers", [1, 60])
@pytest.mark.parametrize("late", [0, 0.005])
def test_never_more_than_a_tenth_too_many_in_a_second(rate: int, workers: int, late: float) -> None:
    loop = _Loop()
    loop.be_late(late)

    async def work() -> None:
        pace, times = Pace(rate, 1), []

        async def worker() -> None:
            for _ in range(4 * rate // workers + 2):
                await pace.request()
                times.append(asyncio.get_running_loop().time())

        await asyncio.gather(*(worker() for _ in range(workers)))
        assert most_in_a_second(times) <= rate + max(1, rate / 10)
        # And no slower than that.
        assert times[-1] - times[0] <= (len(times) + 1) / rate + late

    run(work, loop)


def test_a_turn_that_was_not_full_is_no_credit() -> None:
    async def work() -> None:
        pace, times = Pace(40, 1), []

        async def worker(after: float) -> None:
            await asyncio.sleep(after)
            await pace.request()
            times.append(asyncio.get_running_loop().time())

        await asyncio.gather(worker(0), *(worker(0.5) for _ in range(100)))
        assert most_in_a_second(times) <= 42

    run(work)


@pytest.mark.parametrize("seconds", [0.3, 0.8, 5])
def test_no_burst_follows_a_loop_that_stood_still(seconds: float) -> None:
    loop = _Loop()

    async def work() -> None:
        pace, times = Pace(40, 1), []

        async def worker() -> None:
            for _ in range(4):
                await pace.request()
                times.append(loop.time())

        async def stand_still() -> None:
            await asyncio.sleep(1)
            loop.leap(seconds)

        await asyncio.gather(stand_still(), *(worker() for _ in range(60)))
        assert most_in_a_second(times) <= 46

    run(work, loop)


def test_what_is_made_again_takes_a_turn_and_answers_take_none() -> None:
    async def work() -> None:
        pace, times = Pace(40, 1), []
        (begins,) = pace.refusals.trace.on_request_start

        async def send() -> None:
            await pace.request()
            for tries in range(3):
                await begins(None, None, None)  # type: ignore[arg-type]
                times.append(asyncio.get_running_loop().time())
                await asyncio.sleep(1 + tries * 2)

        async def answer() -> None:
            await asyncio.sleep(1)
            since = asyncio.get_running_loop().time()
            for _ in range(100):
                await begins(None, None, None)  # type: ignore[arg-type]
            assert asyncio.get_running_loop().time() - since < 0.1

        await asyncio.gather(answer(), *(send() for _ in range(100)))
        assert len(times) == 300
        assert most_in_a_second(times) <= 44

    run(work)


def test_direct_messages_are_opened_at_their_own_rate() -> None:
    async def work() -> None:
        pace, times = Pace(40, 1), []
        for _ in range(5):
            await pace.direct_message()
            times.append(round(asyncio.get_running_loop().time() - 1000, 3))
        assert times == pytest.approx([0, 1, 2, 3, 4], abs=0.01)

    run(work)


def test_nothing_is_asked_while_discord_takes_nothing_and_no_burst_follows() -> None:
    async def work() -> None:
        pace, times = Pace(40, 1), []
        pace.refusals.limit(3)

        async def worker() -> None:
            await pace.request()
            times.append(asyncio.get_running_loop().time())

        await asyncio.gather(*(worker() for _ in range(120)))
        assert min(times) >= 1003
        assert most_in_a_second(times) <= 44

    run(work)


def test_refusals_stop_the_sender_at_their_limit(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        refusals = Refusals(limit=10)
        for _ in range(50):
            refusals.count(200)
            refusals.count(404)
            refusals.count(500)
            refusals.count(429, "shared")
        assert not refusals.must_wait()
        for _ in range(3):
            refusals.count(403)
            refusals.count(429, "user")
            refusals.count(429, "global")
        assert not refusals.must_wait()
        refusals.count(403)
        assert refusals.must_wait()
        # Those in flight still come back; they are told once.
        refusals.count(403)
        await asyncio.sleep(599)
        assert refusals.must_wait()
        await asyncio.sleep(2)
        assert not refusals.must_wait()

    with caplog.at_level(logging.ERROR):
        run(work)
    assert [one.getMessage() for one in caplog.records] == [
        "Discord has refused 10 requests in ten minutes; nothing is sent for 0:10:00"
    ]


def test_refusals_long_ago_do_not_count() -> None:
    async def work() -> None:
        refusals = Refusals(limit=10)
        for _ in range(9):
            refusals.count(403)
        await asyncio.sleep(601)
        refusals.count(403)
        assert not refusals.must_wait()

    run(work)


async def answered(refusals: Refusals, status: int, path: str) -> None:
    response = SimpleNamespace(status=status, headers={})
    (ended,) = refusals.trace.on_request_end
    await ended(None, None, SimpleNamespace(response=response, url=URL(f"https://discord.com{path}")))  # type: ignore[arg-type]


def test_a_token_that_is_not_taken_stops_the_sender_at_once(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        refusals = Refusals()
        await answered(refusals, 401, "/api/v10/webhooks/1/token/messages/@original")
        assert not refusals.must_wait()
        await answered(refusals, 401, "/api/v10/channels/1/messages")
        assert refusals.must_wait()
        await asyncio.sleep(601)
        assert not refusals.must_wait()

    with caplog.at_level(logging.ERROR):
        run(work)
    assert ["does not take the token" in one.getMessage() for one in caplog.records] == [True]
