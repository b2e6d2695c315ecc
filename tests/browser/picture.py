"""The picture of the daily message in the README, drawn by the real bot in ``paperboy try``.

uv run python -m tests.browser.picture
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.browser.page import browsing, trying

PICTURE = Path(__file__).with_name("daily.png")


async def draw() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with trying(Path(folder)) as tried, browsing() as browser:
            page = await browser.new_page(viewport={"width": 1000, "height": 1400}, device_scale_factor=1.5)
            await page.goto(tried.server)
            heading = page.get_by_role("heading", name="Daily Papers")
            await heading.first.wait_for()
            message = page.locator("article").filter(has=heading).last
            await page.wait_for_load_state("networkidle")
            await message.screenshot(path=PICTURE)


if __name__ == "__main__":
    asyncio.run(draw())
    print(PICTURE)
