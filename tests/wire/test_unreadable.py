"""A post that was begun, in a channel that cannot be read: it is not sent again, an admin is told, and settles it."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import discord

from storage.models import DeliveryState, Reason
from tests.wire.discord_server import DiscordServer
from tests.wire.faults import Fault
from tests.wire.interactions import Answered
from tests.wire.paper_round import PaperRound

NO_HISTORY = discord.Permissions(read_message_history=True)
NOTHING_SEEN = discord.Permissions(view_channel=True)


def text(answered: Answered) -> str:
    assert answered.message is not None
    return answered.message.text


async def test_what_cannot_be_looked_for(tmp_path: Path) -> None:
    """Discord says that the channel is empty, or refuses; the message is there, or is not."""
    async with DiscordServer() as server:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(4)
        paper_round.lay(datetime.now(UTC).date())
        paper_round.due()
        made, faults = [True, False, True, False], []
        for channel, there in zip(paper_round.channels, made, strict=True):
            kind = Fault.LOST_ANSWER if there else Fault.DROPPED
            # However often it is tried before it is killed.
            faults.append(server.misbehave(kind, path=f"/channels/{channel.id}/messages", times=100))
        async with paper_round.bot() as process:
            await server.until(lambda: all(one.fired for one in faults))
            await paper_round.end(process, signal.SIGKILL)
        for channel, permissions in zip(paper_round.channels, [NO_HISTORY] * 2 + [NOTHING_SEEN] * 2, strict=True):
            server.deny(channel, permissions)
        await paper_round.pass_time(timedelta(minutes=10))
        for fault in faults:
            fault.times = 0
        async with paper_round.bot():
            # The first look may be before the bot knows its permissions.
            async with paper_round.no_pauses():
                await paper_round.until_ledger(lambda states: states == {DeliveryState.SET_ASIDE.value: 4})
            assert paper_round.execute("SELECT DISTINCT reason FROM deliveries") == [(Reason.UNCONFIRMED.value,)]
            said = text(await server.slash("digest status"))
            assert said.count("It was begun, and I cannot tell whether it is there.") == 4
            # Asked for while it still cannot be read, it is still not sent.
            said = text(await server.slash("digest post", {"channel": paper_round.channels[1]}))
            assert "I cannot tell whether it is there" in said
            assert paper_round.made() == 2
            for channel in paper_round.channels:
                server.deny(channel, discord.Permissions.none())
            # The bot sees it, and looks.
            await paper_round.until_ledger(lambda states: states == {DeliveryState.SENT.value: 4})
            assert "posted" in text(await server.slash("digest status"))
        assert paper_round.at_the_doors() == paper_round.owed()
