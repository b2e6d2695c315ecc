"""Days of the past, of a source that does not answer at once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot import polling
from bot.backfilling import backfill, waiting
from bot.errors import FetchError
from tests.sources.serving import paper, says
from tests.sources.test_polling import Kiosk, kiosk  # noqa: F401

DAY = date(2026, 1, 5)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "_FIRST_RETRY", timedelta())


async def test_it_tries_again(kiosk: Kiosk) -> None:  # noqa: F811
    kiosk.server.days = {DAY: [paper("2601.00001")]}
    kiosk.server.happenings = [says("", 429, Retry_After="0"), says("", 502), says("nothing")]
    told: list[str] = []
    polled = await backfill(kiosk.database, kiosk.fetcher, kiosk.source, DAY, told.append)
    assert polled.changed == 1
    assert [line.partition(".")[0] for line in told] == ["127"] * 2 + [
        "Hugging Face answers with something else than JSON"
    ]
    assert await kiosk.held() == {DAY: [("2601.00001", 1)]}
    assert await waiting(kiosk.database, kiosk.source, DAY, DAY) == []


async def test_not_for_ever(kiosk: Kiosk) -> None:  # noqa: F811
    kiosk.server.answer = says("", 502)
    with pytest.raises(FetchError, match="502"):
        await backfill(kiosk.database, kiosk.fetcher, kiosk.source, DAY, lambda line: None)
    assert len(kiosk.server.requests) == 4
    assert await waiting(kiosk.database, kiosk.source, DAY, DAY + timedelta(days=1)) == [DAY + timedelta(days=1), DAY]
