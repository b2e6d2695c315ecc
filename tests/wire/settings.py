"""Settings of a bot on loopback, as the environment gives them."""

from __future__ import annotations

import json
from pathlib import Path


def folder_of_digests(poll_seconds: float = 60, path: Path | str = "digests") -> str:
    """``PAPERBOY_SOURCES`` of a folder alone: nothing is fetched, and a file is read as soon as it is there."""
    source = {"kind": "folder", "name": "files", "path": str(path), "poll_seconds": poll_seconds, "whole_seconds": 0}
    return json.dumps([source | {"watch": False}])
