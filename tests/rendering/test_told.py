"""What is told of posts and sources is within Discord's limits too, whatever a source or Discord has said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import cards, rendering, status, summary
from bot.language import ENGLISH, KOREAN, language
from storage.models import (
    Channel,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Entry,
    Notice,
    Reason,
    Sentence,
    SourceState,
    Subscriber,
    Target,
)
from tests.rendering.payload import check
from tests.rendering.strategies import ENTRY, TEXT

LANGUAGE = st.sampled_from([ENGLISH, KOREAN]).map(language)
NOW = datetime(2024, 6, 21, 9, tzinfo=UTC)
ID = 123456789012345678
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


@pytest.fixture(autouse=True)
async def loop() -> None:
    """discord.py's views want a running loop."""


def _delivery(number: int, state: DeliveryState, reason: Reason, why: str) -> Delivery:
    day = date(2024, 6, 21) - timedelta(days=number)
    ids = {"channel_id": ID, "message_id": ID} if state is DeliveryState.SENT else {}
    key = (number, Subscriber.CHANNEL, ID, DeliveryKind.DAILY, day, 0)
    return Delivery(*key, state, 1, "nonce", NOW, NOW, NOW, reason, why, **ids)


def _sentence(why: str) -> Sentence:
    """The longest that a source's failure comes to."""
    values = dict.fromkeys(("name", "day", "why"), why)
    return Sentence("No paper that {name} has for {day} can be read: {why}.", values)


@st.composite
def standings(draw: st.DrawFn) -> status.Standing:
    reasons = st.sampled_from(Reason)
    channel = Channel(ID, ID, NOW.time(), "Asia/Seoul", 5, 0, "en", draw(st.booleans()), NOW)
    target = Target(Subscriber.CHANNEL, ID, set_aside_at=NOW, reason=draw(reasons), why=draw(TEXT))
    states = draw(st.lists(st.sampled_from(DeliveryState), max_size=9))
    posts = [_delivery(number, state, draw(reasons), draw(TEXT)) for number, state in enumerate(states)]
    lacking = draw(st.sampled_from([[], ["View Channels", "Send Messages"]]))
    return status.Standing(channel, posts, draw(st.sampled_from([None, target])), lacking, ["Read Message History"])


DAYS = st.none() | st.just(date(2024, 6, 1))
ROW_ID = st.integers(1, 10**15)
ROWS = st.lists(st.tuples(ROW_ID, TEXT, st.just("keyword")), min_size=1, max_size=60, unique_by=lambda row: row[0])
MISSED = st.lists(
    st.tuples(ROW_ID, st.just(NOW.date()), st.integers(0, 10**5)), max_size=25, unique_by=lambda row: row[0]
)
SOURCE = st.builds(
    lambda name, why, failing: SourceState(name, "en", "", NOW, NOW if failing else None, 1, NOW, _sentence(why)),
    TEXT,
    TEXT,
    st.booleans(),
)


@settings(max_examples=30)
@given(
    st.none() | st.just(date(2024, 6, 1)),
    st.none() | st.just(NOW),
    st.lists(SOURCE, max_size=15),
    st.lists(standings(), max_size=9),
    LANGUAGE,
)
async def test_status(newest: date | None, until: Any, sources: Any, of_channels: Any, language: Any) -> None:
    (reading,) = check(status.status(newest, until, sources, of_channels, language))
    assert not reading.kinds & {"bold", "italics", "code", "fence"}, reading.seen


@settings(max_examples=30)
@given(TEXT, TEXT, st.booleans(), st.lists(SOURCE, max_size=15), LANGUAGE)
async def test_of_sources(name: str, why: str, back: bool, sources: Any, language: Any) -> None:
    (told,) = check(status.notice(Notice(name, NOW, back, _sentence(why)), "n240621", [language, language]))
    (now,) = check(status.standing(sources, language))
    assert told.kinds | now.kinds <= {"mention"}


@settings(max_examples=30)
@given(st.lists(ENTRY, min_size=1, max_size=30), st.integers(0, 3), LANGUAGE)
async def test_a_summary_with_all_that_it_can_have(entries: list[Entry], page: int, language: Any) -> None:
    titles = {f"2406.{number:05}": entry.paper.title for number, entry in enumerate(entries)}
    menu = cards.paper_menu(titles, language.text("More papers in this message…"), "m")
    history = [(NOW, 1), (NOW + timedelta(days=1), 10**9)]
    check(summary.summary(entries[0], page, language, history=history, rows=menu))


@settings(max_examples=30)
@given(ROWS, MISSED, LANGUAGE)
async def test_what_is_followed_and_was_missed(rows: Any, missed: Any, language: Any) -> None:
    check(rendering.followed_list(rows, 0, language, missed))
