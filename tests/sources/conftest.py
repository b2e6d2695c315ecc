"""An empty database for the sources to fill."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage.database import Database
from tests.storage.support import url_of


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new database, made once by the migrations; each test has a copy."""
    path = tmp_path_factory.mktemp("empty") / "paperboy.db"

    async def make() -> None:
        await (await Database.open(url_of(path))).close()

    # In a thread, for pytest-asyncio may have set the loop of this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, make()).result()
    return path
