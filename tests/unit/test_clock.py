"""The clock that asks what is due."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta, tzinfo

import pytest
from apscheduler.schedulers import base
from apscheduler.triggers import interval

from bot import schedule
from bot.schedule import Clock


async def test_a_job_runs_at_once_and_again_also_after_it_failed(caplog: pytest.LogCaptureFixture) -> None:
    runs = 0
    thrice = asyncio.Event()

    async def job() -> None:
        nonlocal runs
        runs += 1
        if runs == 3:
            thrice.set()
        raise RuntimeError("a bad day")

    clock = Clock()
    clock.every(0.01, job)
    clock.start()
    with caplog.at_level(logging.CRITICAL, "apscheduler"):
        await asyncio.wait_for(thrice.wait(), 30)
        await clock.stop()


async def test_stopping_waits_for_what_is_running() -> None:
    begun, go_on, ended = asyncio.Event(), asyncio.Event(), False

    async def job() -> None:
        nonlocal ended
        begun.set()
        await go_on.wait()
        ended = True

    clock = Clock()
    clock.every(3600, job)
    clock.start()
    await asyncio.wait_for(begun.wait(), 30)
    stopping = asyncio.create_task(clock.stop())
    await asyncio.sleep(0)
    assert not stopping.done()
    go_on.set()
    await asyncio.wait_for(stopping, 30)
    assert ended


async def test_stopping_does_not_wait_for_ever() -> None:
    begun = asyncio.Event()
    cancelled = asyncio.Event()

    async def job() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    clock = Clock()
    clock.every(3600, job)
    clock.start()
    await asyncio.wait_for(begun.wait(), 30)
    await asyncio.wait_for(clock.stop(seconds=0.01), 30)
    await asyncio.wait_for(cancelled.wait(), 30)


async def test_a_clock_that_is_set_back_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = 0
    ran = asyncio.Event()

    async def job() -> None:
        nonlocal runs
        runs += 1
        ran.set()

    class Back(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) - timedelta(days=1)

    monkeypatch.setattr(schedule, "_WATCH_SECONDS", 0.05)
    clock = Clock()
    clock.every(0.02, job)
    clock.start()
    await asyncio.wait_for(ran.wait(), 30)
    for module in (base, interval, schedule):
        monkeypatch.setattr(module, "datetime", Back)
    for _ in range(5):
        ran.clear()
        await asyncio.wait_for(ran.wait(), 30)
    await clock.stop()
