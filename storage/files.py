"""The files that digests were read from, as they were then, so that a start reads only what has changed since."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import digests
from storage.digests import Stored
from storage.models import Digest
from storage.schema import read_files


async def marks(connection: AsyncConnection) -> dict[Path, str]:
    """The files that were read, each with its mark (:func:`bot.sources.mark`); with an empty one, where not all of it
    could be read."""
    found = await connection.execute(select(read_files.c.path, read_files.c.mark))
    return {Path(os.fsdecode(path)): mark for path, mark in found}


def store(connection: Connection, marks: Mapping[Path, str], found: Sequence[Digest], source: str) -> Stored:
    """Keeps the digests of files, and that these were read."""
    stored = digests.store_all(connection, found, source)
    statement = insert(read_files)
    statement = statement.on_conflict_do_update(index_elements=["path"], set_={"mark": statement.excluded.mark})
    # The name of a file is bytes, and need not be UTF-8.
    connection.execute(statement, [{"path": os.fsencode(path), "mark": mark} for path, mark in marks.items()])
    return stored
