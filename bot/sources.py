"""Where digests come from: Markdown files, alone or in folders."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

from bot.errors import SourceError
from bot.parsed import Parsed
from storage.models import Reject

FILES = "files"
"""The name that digests from files are kept under."""

_READING = 1
"""Counts the changes of bot.parsing that read a file otherwise."""

_SUFFIXES = (".md", ".markdown")


def files(paths: Iterable[Path]) -> list[Path]:
    """The Markdown files at ``paths``, folders searched to their depth, in the order of their names. A file that is
    named itself is taken whatever its ending; hidden files and folders are left out.

    Raises:
        SourceError: a path is not there, or cannot be looked through.
    """
    found: dict[Path, None] = {}
    for path in paths:
        try:
            path.stat()
            found |= dict.fromkeys(sorted(_below(path)) if path.is_dir() else [path])
        except OSError as error:
            if isinstance(error, FileNotFoundError | NotADirectoryError):
                raise SourceError("There is no file or folder {path}.", path=repr(str(path))) from error
            raise SourceError("{path} cannot be read: {why}.", path=repr(str(path)), why=error.strerror) from error
    return list(found)


def mark(path: Path) -> str:
    """What changes when a file changes, when it may be read at last, or when Paperboy reads it otherwise; empty where
    it may not be read."""
    try:
        stat = path.stat()
    except OSError:
        return ""
    return f"{_READING} {stat.st_mtime_ns} {stat.st_size}" if os.access(path, os.R_OK) else ""


def is_whole(path: Path, seconds: float) -> bool:
    """Whether a file was not written to for so long; one that is gone is.

    A copy may have the time of what it is a copy of: when it was written is its ctime. What lies ahead was written by
    another clock, and nobody waits for that.
    """
    try:
        stat = path.stat()
    except OSError:
        return True
    return not 0 <= time.time() - max(stat.st_mtime, stat.st_ctime) < seconds


def read(path: Path) -> Parsed:
    """Reads one file; a file that cannot be read is a reject."""
    from bot import parsing  # With its library for Markdown, which a start with nothing to read does without.

    try:
        with path.open("rb") as file:
            # One byte more than is taken tells a file that is too large without reading it whole.
            content = file.read(parsing.MAX_BYTES + 1)
    except OSError as error:
        return Parsed((), (Reject(str(path), None, f"cannot be read: {error.strerror or error}"),))
    return parsing.parse(content, str(path))


def only_weekend(newest: date, until: date) -> bool:
    """Whether all days after the newest digest, up to ``until``, are of a weekend, on which there are seldom papers; or
    it is a Monday, whose papers have not come yet."""
    days = [newest + timedelta(days=day) for day in range(1, (until - newest).days + 1)]
    if len(days) > 1 and days[-1].weekday() == 0:
        days.pop()
    return bool(days) and all(day.weekday() >= 5 for day in days)


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in _SUFFIXES and not hidden and _may_be_file(path):
            yield path


def _may_be_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # Reading it tells why.
        return True
