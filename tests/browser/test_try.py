"""``paperboy try`` in a real browser, as somebody does who has just cloned the repository."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from storage import papers, servers
from storage.database import Database
from tests.browser.page import Tried, browsing, choose_first, chromium, trying, type_command
from tests.conftest import LONG

pytestmark = [
    pytest.mark.browser,
    pytest.mark.long,
    pytest.mark.skipif(
        not LONG,
        reason="SimCord gives the bot five seconds for a command, which are few beside other tests",
    ),
    pytest.mark.timeout(180),
    pytest.mark.skipif(
        chromium() is None and not os.environ.get("CI"),
        reason="no Chromium on this machine (Debian: apt-get install chromium fonts-noto-cjk)",
    ),
]


@pytest.fixture
async def tried(tmp_path: Path) -> AsyncIterator[Tried]:
    async with trying(tmp_path) as tried:
        yield tried


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as browser:
        yield browser


async def opened(browser: Browser, address: str) -> Page:
    page = await browser.new_page(viewport={"width": 1000, "height": 1100})
    page.set_default_timeout(30_000)
    await page.goto(address)
    return page


async def test_the_main_job_is_seen(tried: Tried, browser: Browser) -> None:
    page = await opened(browser, tried.server)
    await page.get_by_role("heading", name="Daily Papers · Wednesday, 31 December 2025").wait_for()
    await page.get_by_role("link", name="τ-bench: A Benchmark for Tool-Agent-User Interaction").first.wait_for()

    # A look-up by author, its name completed while typing.
    await type_command(page, "#papers", "papers author", "ilya", completed="Ilya Sutskever")
    await page.get_by_role("heading", name="Papers by Ilya Sutskever").wait_for()

    # A summary from its menu.
    await choose_first(page, "Read a summary", page.get_by_role("heading", name="What's New").last)
    await page.get_by_role("button", name="BibTeX").last.wait_for()

    # The alerts that came by direct message.
    alert = await opened(browser, tried.direct["Alex"])
    await alert.get_by_text("for “agent”").first.wait_for()


async def test_a_reader_of_korean(tried: Tried, browser: Browser) -> None:
    page = await opened(browser, tried.server)
    await page.get_by_role("heading", name="Daily Papers").first.wait_for()
    await page.get_by_label("Viewing as").select_option(label="민지 Minji")
    await page.get_by_text("그날의 인기 논문 5편을 올릴게요").last.wait_for()

    await type_command(page, "#papers", "papers keyword", "추론")
    await page.get_by_role("heading", name="“추론” 논문").wait_for()

    # A keyword followed, then the next day: its alert comes by itself.
    await type_command(page, "#papers", "subscribe keyword", "강화 학습")
    await page.get_by_text("이제 “강화 학습”을(를) 구독해요").last.wait_for()
    direct = await opened(browser, tried.direct["Minji"])
    await direct.get_by_text("구독: “추론”").first.wait_for()
    await type_command(page, "#papers", "next-day")
    await page.get_by_text("다음 다이제스트가 도착했어요").last.wait_for()
    await page.get_by_role("heading", name="Daily Papers · Thursday, 1 January 2026").wait_for()
    await direct.get_by_text("구독: “강화 학습”").first.wait_for()


async def test_ctrl_c_ends_it_and_the_papers_are_kept(tmp_path: Path) -> None:
    async with trying(tmp_path, "--keep", "kept.db") as tried:
        pass
    assert tried.process.returncode == 0
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'kept.db'}")
    async with database.read() as connection:
        assert await papers.count(connection, papers.Filter()) > 0
        assert not await servers.known(connection)
    await database.close()


async def test_a_database_that_is_kept_shows_the_same_again(tmp_path: Path, browser: Browser) -> None:
    for _ in range(2):
        async with trying(tmp_path, "--keep", "kept.db") as tried:
            page = await opened(browser, tried.server)
            await page.get_by_role("heading", name="Daily Papers · Wednesday, 31 December 2025").wait_for()
            alert = await opened(browser, tried.direct["Alex"])
            await alert.get_by_text("for “agent”").first.wait_for()
