"""``paperboy try`` as its own process, and Debian's Chromium to look at it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

ROOT = Path(__file__).parents[2]


def chromium() -> str | None:
    """The browser that the machine has."""
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )


@dataclass
class Tried:
    """The addresses that were printed: of the server, and of each one's direct messages."""

    server: str
    direct: dict[str, str]
    process: asyncio.subprocess.Process


@asynccontextmanager
async def trying(folder: Path, *arguments: str) -> AsyncIterator[Tried]:
    """Starts ``paperboy try``, and ends it with Ctrl-C's signal."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PAPERBOY_", "DISCORD_"))}
    environment |= {"PYTHONPATH": str(ROOT), "CI": "true", "PYTHONWARNINGS": "ignore"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "try", *arguments, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        printed = ""
        while "Ctrl-C" not in printed:
            line = await asyncio.wait_for(process.stdout.readline(), 60)
            assert line, printed
            printed += line.decode()
        server, *direct = re.findall(r"http://127\.0\.0\.1:\d+/#\S+", printed)
        names = re.findall(r"What (\w+) gets", printed)
        yield Tried(server, dict(zip(names, direct, strict=True)), process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            try:
                await asyncio.wait_for(process.wait(), 30)
            except TimeoutError:
                process.kill()
                raise


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """A headless Chromium that asks nobody but the addresses it is given."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
            ],
        )
        yield browser
        await browser.close()


async def type_command(page: Page, channel: str, name: str, value: str = "", *, completed: str = "") -> None:
    """Types a slash command and sends it; ``completed`` is the offer that is taken for what was typed."""
    composer = page.get_by_placeholder(f"Message {channel}")
    await composer.click()
    await composer.press_sequentially(f"/{name}")
    await page.get_by_role("listbox", name="Application commands").get_by_text(f"/{name}").first.wait_for()
    await composer.press("Enter")
    chip = page.locator(".command-chip")
    await chip.wait_for()
    if value:
        field = page.locator(".command-option-input").first
        await field.press_sequentially(value)
        await expect(field).to_have_value(value)
        if completed:
            await page.get_by_role("option", name=completed).first.wait_for()
            await field.press("Enter")

    async def send() -> None:
        await page.keyboard.press("Enter")
        await chip.wait_for(state="detached", timeout=4000)

    await _persist(send)


async def choose_first(page: Page, menu: str, shown: Locator) -> None:
    """Opens the newest menu of this name and takes its first option, which has ``shown`` appear."""

    async def choose() -> None:
        await page.get_by_role("combobox", name=menu).last.click()
        await page.locator(".select-option:visible").first.click(timeout=4000)
        await shown.wait_for(timeout=4000)

    await _persist(choose)


async def _persist(act: Callable[[], Awaitable[None]]) -> None:
    """Does again what the page did not take: while it reports a change of its own size, or is drawn anew, it drops what
    is pressed, and a person presses again."""
    for _ in range(5):
        with contextlib.suppress(PlaywrightTimeout):
            return await act()
    raise AssertionError("the page took it in none of five tries")
