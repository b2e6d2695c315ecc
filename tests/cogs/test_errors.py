"""What a person is told when something goes wrong."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from storage import lookups
from storage.database import Database
from storage.sqlite import refusals
from tests.cogs import seeing
from tests.cogs.conftest import Town

pytestmark = pytest.mark.provokes_errors


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(lookups, "run", fail)
    monkeypatch.setattr(lookups, "show", fail)


async def test_a_reference_leads_to_the_log(town: Town, broken: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        result = await town.minji.slash(town.channel, "papers top")
    assert result.ephemeral
    said = seeing.text(result.response)
    assert "문제가 생겨 로그에 남겨 두었어요" in said
    assert "fire" not in said
    reference = re.search(r"[0-9a-f]{8}", said)
    assert reference is not None
    assert reference[0] in caplog.text
    assert "the disk is on fire" in caplog.text
    town.env.errors  # noqa: B018 - acknowledges what was provoked


async def test_a_button_is_answered_too(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    result = await town.alex.slash(town.channel, "papers date", day="2025-12-29")

    async def fail(*_: object) -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(lookups, "run", fail)
    monkeypatch.setattr(lookups, "show", fail)
    for pressed in (
        await town.alex.click(result.response, label="Next"),
        await town.alex.click(result.response, label="Share in this channel"),
        await town.alex.select(result.response, [seeing.options(result.response)[0][1]]),
    ):
        assert pressed.acknowledged
        assert "Reference: " in seeing.text(pressed.response)


async def test_a_deferred_command_is_answered_too(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr("bot.following.follow", fail)
    result = await town.alex.slash(town.channel, "subscribe keyword", text="diffusion")
    assert "Reference: " in seeing.text(result.response)
    town.env.errors  # noqa: B018


async def test_a_value_that_was_never_offered(town: Town) -> None:
    result = await town.alex.slash(town.channel, "papers author", name="!!!")
    assert "Type a name" in seeing.text(result.response)
    town.env.errors  # noqa: B018


async def test_a_database_out_of_reach_is_said_kindly(
    town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A command, in either language, and a button; and all is well again with the database."""
    shown = await town.alex.slash(town.channel, "papers top")

    @asynccontextmanager
    async def damaged(_: object) -> AsyncIterator[None]:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        with refusals(Path("paperboy.db")):
            raise error
        yield

    with monkeypatch.context() as patched:
        patched.setattr(Database, "read", damaged)
        for person, said in (
            (town.alex, "I cannot reach my papers at the moment"),
            (town.minji, "논문 보관함을 열 수"),
        ):
            result = await person.slash(town.channel, "papers top")
            assert result.ephemeral
            assert said in seeing.text(result.response)
            reference = re.search(r"[0-9a-f]{8}", seeing.text(result.response))
            assert reference is not None
            assert reference[0] in caplog.text
        pressed = await town.alex.click(shown.response, label="Next")
        assert "I cannot reach my papers at the moment" in seeing.text(pressed.response)
    assert "The database 'paperboy.db' is damaged" in caplog.text
    again = await town.alex.slash(town.channel, "papers top")
    assert "I cannot reach" not in seeing.text(again.response)
    town.env.errors  # noqa: B018
