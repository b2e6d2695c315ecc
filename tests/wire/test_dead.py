"""Channels, people and servers that take nothing any more: tried once, set aside with the reason, taken up again."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import discord
import pytest

from storage.models import DeliveryState, Reason
from tests.conftest import LONG
from tests.wire.discord_server import DiscordServer
from tests.wire.faults import MESSAGES
from tests.wire.paper_round import PaperRound
from tests.wire.places import Channel

pytestmark = pytest.mark.long

CHANNELS = 1_000 if LONG else 60
TODAY = datetime.now(UTC).date()
REFUSALS = (
    (404, 10003, Reason.CHANNEL_GONE),
    (403, 50001, Reason.NO_ACCESS),
    (403, 50013, Reason.NO_PERMISSION),
    (404, 10004, Reason.SERVER_LEFT),
    (400, 160005, Reason.THREAD_CLOSED),
)
MENDED = (Reason.NO_ACCESS, Reason.NO_PERMISSION, Reason.THREAD_CLOSED)
"""What an admin can mend there."""


def tried(server: DiscordServer) -> Counter[int]:
    """How often each channel was sent to. What was over a limit was not tried, and is in ``over_limits``."""
    posts = (one for one in server.requests if one.method == "POST" and not one.over)
    return Counter(int(one.path.split("/")[2]) for one in posts if re.fullmatch(MESSAGES, one.path))


def lay(paper_round: PaperRound, days_ago: int) -> None:
    paper_round.lay(TODAY - timedelta(days=days_ago))


async def come(paper_round: PaperRound, channels: list[Channel], dead: list[Channel], days: int) -> None:
    """Waits until those who live have so many digests, and those who do not are set aside with as many."""
    states = {"sent": len(channels) * days - len(dead) * days, "set aside": len(dead) * days}
    await paper_round.until_ledger(lambda found: found == {state: n for state, n in states.items() if n})


async def knows_its_servers(paper_round: PaperRound) -> None:
    """Waits until the bot has held what it knows against the servers that Discord has named to it."""
    paper_round.execute("INSERT INTO targets (target, target_id, guild_id) VALUES ('channel', 7, 7)")
    await paper_round.until_rows("SELECT reason FROM targets WHERE target_id = 7", rows=[(Reason.SERVER_LEFT.value,)])
    paper_round.execute("DELETE FROM targets WHERE target_id = 7")


@pytest.mark.timeout(300)
async def test_channels_that_are_dead(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(CHANNELS)
        channels = paper_round.channels
        dead = channels[::2]
        reasons = {}
        for number, channel in enumerate(dead):
            status, code, reasons[channel.id] = REFUSALS[number % len(REFUSALS)]
            server.refuse(channel.id, status, code)
        async with paper_round.bot() as process:
            await knows_its_servers(paper_round)
            lay(paper_round, 1)
            await paper_round.until_said("entries changed")
            paper_round.due()
            await come(paper_round, channels, dead, 1)
            assert tried(server) == {channel.id: 1 for channel in channels}
            rows = paper_round.execute("SELECT target_id, reason FROM targets WHERE set_aside_at IS NOT NULL")
            assert dict(rows) == {channel: reason.value for channel, reason in reasons.items()}
            lay(paper_round, 0)
            await paper_round.until_rows("SELECT count(*) FROM papers", rows=[(6,)])
            paper_round.due()
            await come(paper_round, channels, dead, 2)
            living = set(channels) - set(dead)
            assert tried(server) == {one.id: 2 if one in living else 1 for one in channels}
            # An admin gives the permissions back; both digests come.
            mended = [one for one in dead if reasons[one.id] in MENDED]
            for channel in dead:
                server.accept(channel.id)
            for channel in mended[:4]:
                server.deny(channel, discord.Permissions.none())
            # A server's channels are looked at together: what it mends in one, it has in all.
            guilds = {channel.guild for channel in mended[:4]}
            up = living | {one for one in mended if one.guild in guilds}
            # They are taken up one after another, and none may be open in between.
            await come(paper_round, channels, [one for one in channels if one not in up], 2)
            said = await paper_round.end(process)
        assert {channel: len(channel.messages) for channel in channels} == {one: 2 * (one in up) for one in channels}
        assert max(paper_round.at_the_doors().values()) == 1
        assert "Traceback" not in said
        assert not server.over_limits
        print(f"{CHANNELS} channels, {len(dead)} dead; {sum(tried(server).values())} requests to post")


async def test_people_with_closed_direct_messages(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(0, 2)
        closed, open_ = paper_round.people
        dm = server.dm(closed)
        server.refuse(dm.id, 403, 50007)
        async with paper_round.bot() as process:
            for day in range(1, 5):
                lay(paper_round, 5 - day)
                settled = {DeliveryState.SENT.value: day, DeliveryState.SET_ASIDE.value: day}
                await paper_round.until_ledger(lambda states: states == settled)  # noqa: B023 - awaited in the loop
                ((refusals, aside),) = paper_round.execute(
                    "SELECT refusals, set_aside_at IS NOT NULL FROM targets WHERE target_id = ?", closed.id
                )
                assert (refusals, aside) == (min(day, 3), day >= 3)
                assert tried(server)[dm.id] == min(day, 3)
                # As if it had been yesterday.
                paper_round.execute("UPDATE targets SET refused_on = date(refused_on, '-1 day')")
            # What was missed is in the list; and whoever uses the bot is tried again.
            listed = await server.slash("subscriptions", user=closed, channel=dm)
            assert listed.message is not None
            ids = [str(one.get("custom_id")) for one in listed.message.components]
            assert sum(one.startswith("pb:missed:") for one in ids) == 4
            server.accept(dm.id)
            # They are taken up beside the answer.
            target = "SELECT refusals, set_aside_at FROM targets WHERE target_id = ?"
            await paper_round.until_rows(target, closed.id, rows=[(0, None)])
            lay(paper_round, 0)
            await server.until(lambda: len(dm.messages) == 1)
            await paper_round.until_ledger(lambda states: states == {"sent": 6, "set aside": 4})
            await paper_round.end(process)
        assert len(server.dm(open_).messages) == 5
        assert max(paper_round.at_the_doors().values()) == 1


async def test_a_server_that_the_bot_is_removed_from(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(6, each=2)
        stays, goes, comes_back = server.guilds.values()
        left = "SELECT DISTINCT guild_id FROM targets WHERE reason = ? ORDER BY 1"
        async with paper_round.bot() as process:
            await server.slash("digest status", guild=stays)
            server.remove_bot(goes)
            server.remove_bot(comes_back)
            await paper_round.until_rows(left, Reason.SERVER_LEFT.value, rows=[(goes.id,), (comes_back.id,)])
            lay(paper_round, 0)
            await paper_round.until_said("entries changed")
            paper_round.due()
            await paper_round.until_ledger(lambda states: states == {"sent": 2, "set aside": 4})
            assert set(tried(server)) == {channel.id for channel in stays.channels}
            server.take_bot_back(comes_back)
            await paper_round.until_rows(left, Reason.SERVER_LEFT.value, rows=[(goes.id,)])
            await paper_round.end(process)
        # A month later one of them is forgotten.
        paper_round.execute("UPDATE targets SET set_aside_at = datetime(set_aside_at, '-31 days') || '.000000'")
        async with paper_round.bot():
            kept = [(stays.id,), (comes_back.id,)]
            await paper_round.until_rows("SELECT DISTINCT guild_id FROM channels ORDER BY 1", rows=kept)
        assert paper_round.execute("SELECT DISTINCT guild_id FROM targets ORDER BY 1") == kept
        assert set(paper_round.at_the_doors().values()) == {1}


async def test_a_token_that_is_taken_back(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(150)
        for channel in paper_round.channels[10:]:
            server.refuse(channel.id, 401, 0)
        paper_round.lay(TODAY)
        paper_round.due()
        async with paper_round.bot() as process:
            await paper_round.until_said("Discord does not take the token any more")
            # What was under way comes to its end; then nothing is asked.
            await paper_round.until_ledger(lambda states: states["claimed"] == 0)
            asked = sum(tried(server).values())
            # A hundred are in hand at most, and all of them may have been asked for before the first answer is read.
            assert asked <= 110
            for _ in range(10):
                await server.slash("papers keyword", {"text": "model"})
            assert sum(tried(server).values()) == asked
            await paper_round.end(process)
        assert process.returncode == 0
        for channel in paper_round.channels:
            server.accept(channel.id)
        async with paper_round.bot(), paper_round.no_pauses():
            await paper_round.until_settled()
        assert paper_round.at_the_doors() == paper_round.owed()
