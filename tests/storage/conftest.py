"""Databases: an empty one, and one with the seven real digests."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot import ingestion, sources
from storage.database import Database
from tests.storage.support import url_of

SHARED = Path(__file__).parents[3] / "shared" / "digests"


@pytest.fixture(scope="session")
def shared_digests() -> Path:
    if not SHARED.is_dir():
        message = f"the real digests are not at {SHARED}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return SHARED


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "paperboy.db"


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new database, made once by the migrations; each test has a copy."""
    path = tmp_path_factory.mktemp("empty") / "paperboy.db"
    _made(path, [])
    return path


@pytest.fixture
async def database(empty: Path, path: Path) -> AsyncIterator[Database]:
    shutil.copy(empty, path)
    database = await Database.open(url_of(path))
    yield database
    await database.close()


@pytest.fixture(scope="session")
def corpus_path(shared_digests: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the real digests; it is only read."""
    path = tmp_path_factory.mktemp("corpus") / "paperboy.db"

    _made(path, sources.files([shared_digests]))
    return path


@pytest.fixture
async def corpus(corpus_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(url_of(corpus_path))
    yield database
    await database.close()


def _made(path: Path, files: list[Path]) -> None:
    async def bring() -> None:
        database = await Database.open(url_of(path))
        await ingestion.ingest(database, files)
        await database.close()

    # In a thread, for pytest-asyncio may have set the loop of this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, bring()).result()
