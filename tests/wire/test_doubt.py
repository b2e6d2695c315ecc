"""discord.py tries again by itself, and tells of the last answer alone: what came before it is not forgotten."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import discord

from tests.wire.discord_server import DiscordServer
from tests.wire.faults import Fault, Step
from tests.wire.paper_round import PaperRound

NOBODY_SENDS = discord.Permissions(send_messages=True)


async def test_refused_after_it_was_made(tmp_path: Path) -> None:
    """502, though it was made; the next answer is that the bot may not."""
    async with DiscordServer() as server:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(1)
        (channel,) = paper_round.channels
        paper_round.lay(datetime.now(UTC).date())
        paper_round.due()
        server.misbehave(Fault.ERROR_AFTER)
        server.at(Step.MADE, lambda _: server.deny(channel, NOBODY_SENDS))
        async with paper_round.bot() as process:
            await paper_round.until_ledger(
                lambda states: "claimed" in states and server.count("POST", r".*/messages") > 1
            )
            await server.until(lambda: paper_round.made() == 1)
            await paper_round.pass_time(timedelta(minutes=10))
            # It is found, though nothing can be sent there.
            async with paper_round.no_pauses():
                await paper_round.until_ledger(lambda states: states == {"sent": 1})
            server.deny(channel, discord.Permissions())
            await paper_round.end(process)
        assert paper_round.at_the_doors() == paper_round.owed()


async def test_killed_and_then_refused(tmp_path: Path) -> None:
    """Killed when it was asked for, and made all the same; then the bot may read there, and not send."""
    async with DiscordServer() as server:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(1)
        (channel,) = paper_round.channels
        paper_round.lay(datetime.now(UTC).date())
        paper_round.due()
        async with paper_round.bot() as process:
            server.at(Step.RECEIVED, lambda _: process.send_signal(signal.SIGKILL))
            await process.wait()
        server.deny(channel, NOBODY_SENDS)
        async with paper_round.bot() as process:
            await server.until(lambda: server.count("POST", r".*/messages") > 1)
            await paper_round.pass_time(timedelta(minutes=10))
            # The pause after the refusal may be written down just now.
            async with paper_round.no_pauses():
                await paper_round.until_ledger(lambda states: states == {"sent": 1})
            await paper_round.end(process)
        assert paper_round.at_the_doors() == paper_round.owed()


async def test_the_channel_of_direct_messages_is_gone(tmp_path: Path) -> None:
    """As after a change of the application: the person has another channel with the bot."""
    async with DiscordServer() as server:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(0, 1)
        today = datetime.now(UTC).date()
        paper_round.lay(today - timedelta(days=1))
        async with paper_round.bot() as process:
            await paper_round.until_settled()
            paper_round.execute("UPDATE targets SET dm_channel_id = 999999999999")
            paper_round.lay(today)
            await server.until(lambda: server.count("POST", r"/channels/999999999999/messages") == 1)
            async with paper_round.no_pauses():
                await paper_round.until_settled()
            await paper_round.end(process)
        assert paper_round.at_the_doors() == paper_round.owed()


async def test_the_channel_of_direct_messages_is_another_bots(tmp_path: Path) -> None:
    """As after a change of the application, where Discord still has it."""
    async with DiscordServer() as server:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(0, 1)
        theirs = server.dm(server.add_user())
        server.refuse(theirs.id, 403, 50001)
        today = datetime.now(UTC).date()
        (person,) = paper_round.people
        async with paper_round.bot() as process:
            insert = "INSERT INTO targets (target, target_id, dm_channel_id) VALUES ('user', ?, ?)"
            paper_round.execute(insert, person.id, theirs.id)
            paper_round.lay(today - timedelta(days=1))
            await paper_round.until_ledger(lambda states: states == {"set aside": 1})
            paper_round.lay(today)
            await paper_round.until_ledger(lambda states: states == {"set aside": 1, "sent": 1})
            await paper_round.end(process)
        assert paper_round.at_the_doors() == paper_round.owed([today])


async def test_channels_that_must_wait_keep_no_other_waiting(tmp_path: Path) -> None:
    """Not though there are more of them than are in hand at once, and come first."""
    async with DiscordServer() as server:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(130)
        paper_round.lay(datetime.now(UTC).date())
        paper_round.due()
        for channel in paper_round.channels[:110]:
            # However often it is tried.
            server.misbehave(Fault.OWN_LIMIT, times=100, path=f"/channels/{channel.id}/messages", seconds=60)
        async with paper_round.bot() as process:
            await server.until(lambda: paper_round.made() == 20)
            # What is sent is written down, though the others are still under way or wait.
            await paper_round.until_ledger(lambda states: states["sent"] == 20)
            await paper_round.end(process)
