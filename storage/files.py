"""The files that digests were read from, as they were then, so that a start reads only what has changed since."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import digests
from storage.models import Digest
from storage.schema import read_files


async def marks(connection: AsyncConnection) -> dict[Path, str]:
    """The files that were read, each with its mark (:func:`bot.sources.mark`); with an empty one, where not all of it
    could be read."""
    found = await connection.execute(select(read_files.c.path, read_files.c.mark))
    return {Path(os.fsdecode(path)): mark for path, mark in found}


def store(connection: Connection, path: Path, mark: str, found: Iterable[Digest], source: str) -> int:
    """Keeps the digests of a file, and that it was read; returns how many entries changed."""
    changed = digests.store_all(connection, found, source)
    # The name of a file is bytes, and need not be UTF-8.
    statement = insert(read_files).values(path=os.fsencode(path), mark=mark)
    connection.execute(statement.on_conflict_do_update(index_elements=["path"], set_={"mark": mark}))
    return changed
