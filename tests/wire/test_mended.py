"""What stood in the way of a post is mended: a thread that was closed, a permission that was given back unseen."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import discord

from storage.models import DeliveryState
from tests.wire.discord_server import DiscordServer
from tests.wire.paper_round import PaperRound
from tests.wire.test_dead import knows_its_servers

NOBODY_SENDS = discord.Permissions(send_messages=True)


async def test_each_goes_on_when_it_can(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(3, each=1)
        away, lost, parent = paper_round.channels
        assert lost.guild is not None
        assert parent.guild is not None
        thread = server.add_channel(parent.guild, "a thread", parent=parent)
        for table, column in (("channels", "channel_id"), ("targets", "target_id")):
            paper_round.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", thread.id, parent.id)  # noqa: S608
        paper_round.channels[2] = thread
        async with paper_round.bot() as process:
            await knows_its_servers(paper_round)
            server.close(thread)
            for channel in (away, lost):
                server.deny(channel, NOBODY_SENDS)
            paper_round.lay(datetime.now(UTC).date())
            await paper_round.until_said("entries changed")
            paper_round.due()
            await paper_round.until_ledger(lambda states: states == {DeliveryState.SET_ASIDE.value: 3})
            # A thread that is opened is a new one to discord.py.
            server.close(thread, closed=False)
            await server.until(lambda: len(thread.messages) == 1)
            # While Discord has lost a server, it tells nothing of what changes there.
            server.lose(lost.guild)
            lost.deny = discord.Permissions.none()
            server.find_again(lost.guild)
            await server.until(lambda: len(lost.messages) == 1)
            await paper_round.end(process)
        away.deny = discord.Permissions.none()
        async with paper_round.bot():
            await paper_round.until_settled()
        assert paper_round.at_the_doors() == paper_round.owed()
