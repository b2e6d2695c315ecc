"""What goes wrong on demand, and the steps of a message at which a test may act."""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

MESSAGES = r"/channels/\d+/messages"


class Fault(enum.Enum):
    """``status`` and ``seconds`` are given to ``misbehave``."""

    OWN_LIMIT = "429 of the bot's own bucket, to be waited for `seconds`"
    GLOBAL_LIMIT = "429 of all routes, for `seconds`"
    SHARED_LIMIT = "429 of a bucket that others used up, for `seconds`"
    ERROR = "`status` (5xx), and nothing is made"
    DROPPED = "the connection is closed, and nothing is made"
    SLOW = "made after `seconds`, then answered"
    LATE = "the connection is closed at once, and it is made `seconds` later"
    ERROR_AFTER = "`status` (5xx), though it was made"
    LOST_ANSWER = "made, and the connection closed without an answer"
    SLOW_ANSWER = "made at once, answered after `seconds`"
    MALFORMED = "made, and answered with broken JSON"


SCOPES = {Fault.OWN_LIMIT: "user", Fault.GLOBAL_LIMIT: "global", Fault.SHARED_LIMIT: "shared"}


@dataclass
class Misbehaviour:
    """A fault still to come for ``times`` requests, after ``skip`` others; ``fired`` counts those it came to."""

    fault: Fault
    times: int
    skip: int
    method: str
    path: re.Pattern[str]
    status: int
    seconds: float
    fired: int = 0


class Faults:
    """In the order in which they were asked for; a request meets one at most."""

    def __init__(self) -> None:
        self.asked: list[Misbehaviour] = []

    def take(self, method: str, path: str) -> Misbehaviour | None:
        """What this request meets. It is to be given back where it finds no place."""
        for each in self.asked:
            if not each.times or each.method != method or not each.path.fullmatch(path):
                continue
            if each.skip:
                each.skip -= 1
                continue
            each.times -= 1
            each.fired += 1
            return each
        return None

    @staticmethod
    def give_back(unused: Misbehaviour) -> None:
        unused.times += 1
        unused.fired -= 1


class Step(enum.Enum):
    """Of a POST that makes a message in a channel."""

    RECEIVED = "read, and nothing done yet"
    MADE = "the message is there, its answer not yet written"
    ANSWERED = "the answer is written"


@dataclass(frozen=True)
class Happening:
    """``message`` is None before it is made."""

    step: Step
    request: Any
    message: Any


Hook = Callable[[Happening], Awaitable[None] | None]


class Steps:
    def __init__(self) -> None:
        self._hooks: list[tuple[Step, Hook, list[int]]] = []

    def at(self, step: Step, hook: Hook, skip: int, times: int) -> None:
        self._hooks.append((step, hook, [skip, times]))

    async def happen(self, happening: Happening) -> None:
        for step, hook, left in self._hooks:
            if step is not happening.step or not left[1]:
                continue
            if left[0]:
                left[0] -= 1
                continue
            left[1] -= 1
            returned = hook(happening)
            if inspect.isawaitable(returned):
                await returned
