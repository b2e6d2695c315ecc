"""A real database; nothing of Discord."""

from __future__ import annotations

from tests.storage.conftest import database, empty, path

__all__ = ["database", "empty", "path"]
