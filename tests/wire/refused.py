"""An answer of Discord that is no success."""

from __future__ import annotations

from typing import Any


class Refused(Exception):  # noqa: N818 - what Discord says
    """An answer of Discord that is no success."""

    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.body = {"message": message, "code": code} | more
