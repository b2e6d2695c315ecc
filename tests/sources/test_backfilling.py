"""Days of the past, of a source that does not answer at once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot import polling
from bot.backfilling import backfill, waiting
from tests.sources.serving import paper, says
from tests.sources.test_polling import Kiosk, kiosk  # noqa: F401

DAY = date(2026, 1, 5)
WEEK = [DAY - timedelta(days=back) for back in range(7)]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "_FIRST_RETRY", timedelta())


async def test_it_tries_again(kiosk: Kiosk) -> None:  # noqa: F811
    kiosk.server.days = {DAY: [paper("2601.00001")]}
    kiosk.server.happenings = [says("", 429, Retry_After="0"), says("", 502), says("nothing")]
    told: list[str] = []
    report = await backfill(kiosk.database, kiosk.fetcher, kiosk.source, [DAY], told.append)
    assert (report.days, report.changed, report.failures) == (1, 1, {})
    assert kiosk.fetcher.requests == 4
    assert told == [
        f"Hugging Face, 2026-01-05: {why}. Trying again in 0 seconds."
        for why in (
            "127.0.0.1 answers 429 Too Many Requests",
            "127.0.0.1 answers 502 Bad Gateway",
            "Hugging Face answers with something else than JSON",
        )
    ]
    assert await kiosk.held() == {DAY: [("2601.00001", 1)]}
    assert await waiting(kiosk.database, kiosk.source, DAY, DAY) == []


async def test_a_day_that_was_not_over_waits(kiosk: Kiosk) -> None:  # noqa: F811
    """More papers have come since it was fetched."""
    await kiosk.poll(days=1)
    today = kiosk.now.date()
    assert await waiting(kiosk.database, kiosk.source, DAY, today) == [today]


async def test_not_for_ever(kiosk: Kiosk) -> None:  # noqa: F811
    """A server that does not answer is left after some tries at one day."""
    kiosk.server.answer = says("", 502)
    report = await backfill(kiosk.database, kiosk.fetcher, kiosk.source, WEEK)
    assert report.failures == {WEEK[0]: "127.0.0.1 answers 502 Bad Gateway."}
    assert len(kiosk.server.requests) == 4
    assert await waiting(kiosk.database, kiosk.source, WEEK[-1], WEEK[0]) == WEEK


async def test_nobody_waits_for_an_hour(kiosk: Kiosk) -> None:  # noqa: F811
    kiosk.server.answer = says("", 429, RateLimit='"api";r=0;t=3000')
    report = await backfill(kiosk.database, kiosk.fetcher, kiosk.source, WEEK)
    assert report.failures == {
        WEEK[0]: "127.0.0.1 answers 429 Too Many Requests. It wishes to be left alone for 50 minutes."
    }
    assert len(kiosk.server.requests) == 1


async def test_a_day_that_cannot_be_read_stops_no_other(kiosk: Kiosk) -> None:  # noqa: F811
    kiosk.server.days = {day: [paper(f"2601.0000{number}")] for number, day in enumerate(WEEK)}
    kiosk.server.happenings = [says("", 403), kiosk.server.answer, says("", 404), says("", 404)]
    report = await backfill(kiosk.database, kiosk.fetcher, kiosk.source, WEEK)
    assert (report.days, list(report.failures)) == (len(WEEK) - 3, [WEEK[0], WEEK[2], WEEK[3]])
    assert await waiting(kiosk.database, kiosk.source, WEEK[-1], WEEK[0]) == [WEEK[0], WEEK[2], WEEK[3]]
    # Where nothing can be read, it does not ask for the days of years.
    kiosk.server.answer = says("", 403)
    report = await backfill(kiosk.database, kiosk.fetcher, kiosk.source, WEEK)
    assert list(report.failures) == WEEK[:3]
