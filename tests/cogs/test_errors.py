"""What a person is told when something goes wrong."""

from __future__ import annotations

import logging
import re

import pytest

from storage import lookups
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
