"""SimCord gives the bot five seconds for what somebody does, and a busy machine may stand still for as long."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import simcord

from bot import schedule

_AT_ONCE, _SECONDS = 5, 60


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute instead. Not at once: it waits for all timers that end within its time."""
    settle = simcord.Env._settle_internal

    async def settle_by_and_by(env: simcord.Env, **more: Any) -> None:
        if more.get("_deadline") is not None:
            # While the clock is moved, no timer is waited for.
            return await settle(env, **more)
        more["timeout"] = _AT_ONCE
        for _ in range(_SECONDS // _AT_ONCE - 1):
            with suppress(TimeoutError):
                return await settle(env, **more)
        return await settle(env, **more)

    monkeypatch.setattr(simcord.Env, "_settle_internal", settle_by_and_by)
    monkeypatch.setitem(simcord.Env.__init__.__kwdefaults__, "settle_timeout", _SECONDS)
    # With a clock that looks at the time by itself, it would wait for as long.
    monkeypatch.setattr(schedule, "_WATCH_SECONDS", 0)
