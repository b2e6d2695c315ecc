"""Every HTTP body that the bot produced in this run of the tests, for Discord's own description to judge."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

bodies: list[tuple[str, str, Any]] = []
"""(method, path, body)"""


def collect(requests: Iterable[Any]) -> None:
    """Takes the requests of a simulated Discord."""
    bodies.extend((request.method, request.path, request.json) for request in requests if request.json is not None)
