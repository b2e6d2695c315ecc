"""A backup is put in the place of the database: what was sent since it was made is not sent again."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.terminal.conftest import run_at
from tests.wire.discord_server import DiscordServer
from tests.wire.paper_round import PaperRound


async def post(paper_round: PaperRound, digests: int) -> None:
    """When so many digests are held, their time comes."""
    await paper_round.until_rows("SELECT count(*) FROM digests", rows=[(digests,)])
    paper_round.due()
    await paper_round.until_settled()


async def test_what_it_does_not_know_of_is_not_sent_again(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    async with DiscordServer() as server:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(3, 2)
        paper_round.lay(today - timedelta(days=2))
        async with paper_round.bot() as process:
            await post(paper_round, 1)
            assert (await asyncio.to_thread(run_at, tmp_path, "backup", "copy.db")).returncode == 0
            paper_round.lay(today - timedelta(days=1))
            await post(paper_round, 2)
            done = await asyncio.to_thread(run_at, tmp_path, "restore", "copy.db")
            assert (done.returncode, done.stdout) == (2, "")
            assert done.stderr == "✗ Paperboy runs on the database 'paperboy.db'. End it first.\n"
            # Its log stays beside it; in the place of the copy's own, it would damage that.
            await paper_round.end(process, signal.SIGKILL)
        assert (tmp_path / "paperboy.db-wal").stat().st_size
        server.forget_nonces()
        done = await asyncio.to_thread(run_at, tmp_path, "restore", "copy.db")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith("The one before is kept as paperboy.replaced.db.\n")
        assert (tmp_path / "paperboy.replaced.db-wal").stat().st_size
        async with paper_round.bot():
            await post(paper_round, 2)
            paper_round.lay(today)
            await post(paper_round, 3)
        assert paper_round.at_the_doors() == paper_round.owed()
