"""The loopback Discord itself: what other tests lean on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import ingestion, sources
from storage.database import Database
from tests.wire.discord_server import DiscordServer
from tests.wire.faults import Fault, Happening, Step
from tests.wire.limits import Limits
from tests.wire.routes import CREATE_MESSAGE
from tests.wire.serving import TOKEN
from tests.wire.test_run import running

SAMPLE = Path(__file__).parents[2] / "bot" / "sample"
MESSAGE = {"content": "x"}


class Reader(discord.AutoShardedClient):
    """A bare client that keeps the names of the channels made since."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), guild_ready_timeout=0.05)
        self.made: list[str] = []

    async def on_guild_channel_create(self, channel: discord.abc.GuildChannel) -> None:
        self.made.append(channel.name)


@asynccontextmanager
async def reading(server: DiscordServer) -> AsyncIterator[Reader]:
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = server.api_url, yarl.URL(server.gateway.url)
    client = Reader()
    try:
        await client.login(TOKEN)
        task = asyncio.create_task(client.connect())
        async with asyncio.timeout(60):
            await client.wait_until_ready()
            # It waits a moment for its servers, and then for none.
            while any(guild.unavailable for guild in client.guilds):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
        yield client
        await client.close()
        await asyncio.wait_for(task, 60)
    finally:
        await client.close()
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@asynccontextmanager
async def asking(server: DiscordServer) -> AsyncIterator[Asking]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {TOKEN}"}) as session:
        yield Asking(server, session)


class Asking:
    """Plain HTTP."""

    def __init__(self, server: DiscordServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session

    async def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        async with self.session.request(method, self.server.api_url + path, json=body, **more) as response:
            return response.status, await response.json()


async def test_a_client_sees_servers_and_writes_to_them() -> None:
    async with DiscordServer() as server:
        guild = server.add_guild("Town", channels=50)
        muted, person = guild.channels[1], server.add_user("alex")
        server.deny(muted, discord.Permissions(send_messages=True))
        thread = server.add_channel(guild, "thread", parent=guild.channels[0])
        async with reading(server) as client:
            seen = client.get_guild(guild.id)
            assert seen is not None
            assert len(seen.text_channels) == 50
            assert seen.get_thread(thread.id) is not None
            channels = {channel.id: channel for channel in seen.text_channels}
            assert not channels[muted.id].permissions_for(seen.me).send_messages
            assert channels[guild.channels[0].id].permissions_for(seen.me).send_messages
            with pytest.raises(discord.Forbidden) as refused:
                await channels[muted.id].send("x")
            assert refused.value.code == 50013
            view = discord.ui.LayoutView()
            view.add_item(discord.ui.Container(discord.ui.TextDisplay("Hello")))
            sent = await channels[guild.channels[0].id].send(view=view, nonce="n1")
            again = await channels[guild.channels[0].id].send(view=view, nonce="n1")
            assert (again.id, sent.author.id, sent.nonce) == (sent.id, 1, "n1")
            assert abs((sent.created_at - discord.utils.utcnow()).total_seconds()) < 60
            await sent.edit(view=view)
            assert [message.id async for message in channels[guild.channels[0].id].history()] == [sent.id]
            assert server.messages[sent.id].text == "Hello"
            conversation = await client.create_dm(discord.Object(person.id))
            assert conversation.id == server.dm(person).id
            await conversation.send("Hi")
            assert [message.text for message in server.dm(person).messages] == ["Hi"]
        assert server.unknown == []
        assert server.over_limits == []
        assert server.faults_of_bodies() == []


async def test_a_nonce_gives_the_first_message() -> None:
    async with DiscordServer() as server, asking(server) as ask:
        one, other = server.add_guild(channels=2).channels
        body = {"content": "x", "nonce": "1", "enforce_nonce": True}
        first = await ask("POST", f"/channels/{one.id}/messages", body)
        assert await ask("POST", f"/channels/{one.id}/messages", body) == first
        await ask("POST", f"/channels/{other.id}/messages", body)
        assert (len(one.messages), len(other.messages)) == (1, 1)
        await ask("POST", f"/channels/{one.id}/messages", {"content": "x", "nonce": "1"})
        assert len(one.messages) == 2
        server.forget_nonces()
        await ask("POST", f"/channels/{one.id}/messages", body)
        assert len(one.messages) == 3
        assert (await ask("POST", f"/channels/{one.id}/messages", {"content": "x", "nonce": "1" * 26}))[0] == 400


async def test_refusals() -> None:
    async with DiscordServer() as server, asking(server) as ask:
        guild = server.add_guild(channels=3)
        dead, hidden, mute = guild.channels
        person = server.add_user()
        server.refuse(dead.id, 404, 10003, "Unknown Channel")
        server.refuse(server.dm(person).id, 403, 50007, "Cannot send messages to this user")
        server.deny(hidden, discord.Permissions(view_channel=True))
        server.deny(mute, discord.Permissions(read_message_history=True))

        async def code(method: str, path: str, body: Any = None, **more: Any) -> tuple[int, int]:
            status, answer = await ask(method, path, body, **more)
            return status, answer["code"]

        assert await code("POST", f"/channels/{dead.id}/messages", MESSAGE) == (404, 10003)
        assert await code("POST", "/channels/7/messages", MESSAGE) == (404, 10003)
        assert await code("POST", f"/channels/{server.dm(person).id}/messages", MESSAGE) == (403, 50007)
        assert await code("POST", f"/channels/{hidden.id}/messages", MESSAGE) == (403, 50001)
        assert await code("GET", f"/channels/{hidden.id}/messages") == (403, 50001)
        assert (await ask("POST", f"/channels/{mute.id}/messages", MESSAGE))[0] == 200
        assert await ask("GET", f"/channels/{mute.id}/messages") == (200, [])
        assert await code("POST", "/users/@me/channels", {"recipient_id": "7"}) == (400, 50033)
        assert await code("GET", "/users/@me", headers={"Authorization": "Bot other"}) == (401, 0)
        assert await code("GET", "/sticker-packs") == (404, 0)
        assert server.unknown == [("GET", "/sticker-packs")]
        server.accept(dead.id)
        assert (await ask("POST", f"/channels/{dead.id}/messages", MESSAGE))[0] == 200


async def test_history_is_read_as_discord_gives_it() -> None:
    async with DiscordServer(create=None) as server, asking(server) as ask:
        (channel,) = server.add_guild().channels
        for number in range(9):
            await ask("POST", f"/channels/{channel.id}/messages", {"content": str(number)})
        fourth = channel.messages[4].id

        async def texts(query: str) -> str:
            _, found = await ask("GET", f"/channels/{channel.id}/messages?{query}")
            return "".join(message["content"] for message in found)

        assert await texts("") == "876543210"
        assert await texts("limit=2") == "87"
        assert await texts(f"limit=2&before={fourth}") == "32"
        assert await texts(f"limit=2&after={fourth}") == "65"
        assert await texts(f"limit=3&around={fourth}") == "543"


async def test_a_client_gets_through_the_limits() -> None:
    async with DiscordServer(create=(2, 0.3), per_second=20) as server:
        channel, other = server.add_guild(channels=2).channels
        async with reading(server) as client, asking(server) as ask:
            place = client.get_partial_messageable(channel.id)
            await asyncio.gather(*(place.send(str(number)) for number in range(5)))
            assert len(channel.messages) == 5
            made = [one.time for one in server.requests if one.method == "POST" and not one.over]
            assert made[-1] - made[0] >= 0.6
            # Who does not heed the headers is told, and remembered; however long the three take.
            usual, server.limits = server.limits, Limits({CREATE_MESSAGE: (2, 600.0)}, per_second=20)
            for _ in range(3):
                status, answer = await ask("POST", f"/channels/{other.id}/messages", MESSAGE)
            assert status == 429
            assert 0 < answer["retry_after"] <= 600
            assert answer["global"] is False
            assert [one.over for one in server.requests[-3:]] == ["", "", "user"]
            # So few a second that thirty are too many on any machine.
            server.limits = Limits({}, per_second=2)
            answers = await asyncio.gather(*(ask("GET", "/users/@me") for _ in range(30)))
            assert {status for status, _ in answers} == {200, 429}
            assert all(answer["global"] for status, answer in answers if status == 429)
            assert server.peak(600) >= 30
            server.limits = usual
            for fault in (Fault.OWN_LIMIT, Fault.GLOBAL_LIMIT, Fault.SHARED_LIMIT):
                met = server.misbehave(fault, seconds=0.1)
                await place.send(fault.name)
                assert met.fired == 1
            assert [message.text for message in channel.messages[-3:]] == ["OWN_LIMIT", "GLOBAL_LIMIT", "SHARED_LIMIT"]


@pytest.mark.parametrize(
    ("fault", "status", "made"),
    [
        (Fault.ERROR, 503, 0),
        (Fault.ERROR_AFTER, 503, 1),
        (Fault.DROPPED, None, 0),
        (Fault.LOST_ANSWER, None, 1),
        (Fault.LATE, None, 0),
        (Fault.SLOW, 200, 1),
        (Fault.SLOW_ANSWER, 200, 1),
        (Fault.MALFORMED, "ValueError", 1),
    ],
)
async def test_a_fault_does_what_it_says(fault: Fault, status: int | str | None, made: int) -> None:
    async with DiscordServer() as server, asking(server) as ask:
        place, dead = server.add_guild(channels=2).channels
        server.refuse(dead.id, 404, 10003)
        met = server.misbehave(fault, status=503, seconds=0.2, skip=1)
        assert (await ask("POST", f"/channels/{place.id}/messages", MESSAGE))[0] == 200
        assert met.fired == 0
        if fault not in (Fault.ERROR, Fault.DROPPED):
            assert (await ask("POST", f"/channels/{dead.id}/messages", MESSAGE))[0] == 404
            assert met.fired == 0
        began = time.monotonic()
        seen: int | str | None
        try:
            async with ask.session.post(f"{server.api_url}/channels/{place.id}/messages", json=MESSAGE) as response:
                seen = response.status
                await response.json(content_type=None if seen == 503 else "application/json")
        except aiohttp.ServerDisconnectedError:
            seen = None
        except ValueError:
            seen = seen if seen == 503 else "ValueError"
        assert (seen, met.fired) == (status, 1)
        if fault is not Fault.LATE:
            assert len(place.messages) == 1 + made
        if fault in (Fault.SLOW, Fault.SLOW_ANSWER):
            assert time.monotonic() - began >= 0.2
            made_at = place.messages[-1].made
            waited = made_at - server.requests[-1].time if fault is Fault.SLOW else time.monotonic() - made_at
            assert waited >= 0.2
        if fault is Fault.LATE:
            await server.until(lambda: len(place.messages) == 2)
            assert place.messages[-1].made - server.requests[-1].time >= 0.2
        assert (await ask("POST", f"/channels/{place.id}/messages", MESSAGE))[0] == 200
        assert met.fired == 1


async def test_the_steps_of_a_message() -> None:
    seen: list[tuple[Step, int]] = []
    async with DiscordServer() as server, asking(server) as ask:
        (channel,) = server.add_guild().channels

        async def note(happening: Happening) -> None:
            seen.append((happening.step, len(channel.messages)))

        for step in Step:
            server.at(step, note)
        for _ in range(2):
            await ask("POST", f"/channels/{channel.id}/messages", MESSAGE)
        await server.until(lambda: len(channel.messages) == 2)
    assert seen == [(Step.RECEIVED, 0), (Step.MADE, 1), (Step.ANSWERED, 1)]


async def test_a_bot_that_dies_while_it_speaks_breaks_nothing() -> None:
    async with DiscordServer() as server, asking(server) as ask:
        (channel,) = server.add_guild().channels
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        path = f"/api/v10/channels/{channel.id}/messages"
        writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{{".encode())
        await writer.drain()
        writer.transport.abort()
        assert (await ask("POST", f"/channels/{channel.id}/messages", MESSAGE))[0] == 200
        assert len(server.requests) == 1


async def test_what_was_missed_is_replayed() -> None:
    async with DiscordServer() as server:
        guild = server.add_guild()
        async with reading(server) as client:
            async with server.gateway.down():
                await server.until(lambda: not server.gateway.connected)
                names = [server.add_channel(guild, f"new-{number}").name for number in range(3)]
            await client.wait_for("resumed", timeout=60)
            assert client.made == names
            await server.gateway.invalidate(resumable=True)
            await server.until(lambda: server.resumed == 2)
            assert server.identified == 1
            async with server.gateway.down():
                server.gateway.sessions.clear()
            await server.until(lambda: server.identified == 2)


async def read_in(folder: Path) -> None:
    """Has the bot's database hold the sample when the bot starts."""
    database = await Database.open(f"sqlite+aiosqlite:///{folder / 'paperboy.db'}")
    try:
        await ingestion.ingest(database, sources.files([SAMPLE]))
    finally:
        await database.close()


async def test_the_bot_answers_people(tmp_path: Path) -> None:
    await read_in(tmp_path)
    async with DiscordServer() as server:
        guild = server.add_guild("Town", channels=3)
        alex = server.add_user("alex")
        async with running(server, tmp_path):
            found = await server.slash("papers keyword", {"text": "model"}, user=alex)
            assert found.message is not None
            assert (found.kind, found.message.ephemeral, found.late) == (4, True, False)
            assert found.elapsed > 0
            set_up = {"channel": guild.channels[1], "time": "09:00", "timezone": "Asia/Seoul"}
            answered = await server.slash("digest setup", set_up, locale="ko")
            assert answered.kind == 5
            assert answered.edited is not None
            assert answered.message is not None
            assert f"<#{guild.channels[1].id}>" in answered.message.text
            typed = await server.autocomplete("papers date", "day", "20")
            assert typed.kind == 8
            followed = await server.slash("subscribe keyword", {"text": "agents"}, channel=server.dm(alex))
            assert followed.message is not None
            assert "agents" in followed.message.text
            listed = await server.slash("subscriptions", channel=server.dm(alex))
            assert listed.message is not None
            menu = next(item for item in listed.message.components if item["type"] == 3)
            gone = await server.press(menu["custom_id"], [menu["options"][0]["value"]], user=alex)
            assert gone.edited is not None
            modal = await server.submit("pb:asked", {"pb:asked:text": "vision"}, channel=server.dm(alex))
            assert modal.message is not None
            assert "vision" in modal.message.text
            server.interactions.seconds = 0
            forgotten = await server.slash("papers keyword", {"text": "model"}, user=alex)
            assert (forgotten.late, forgotten.message) == (True, None)
        assert server.unknown == []
        assert server.over_limits == []
        assert server.faults_of_bodies() == []


async def test_the_bot_is_killed_where_a_test_wants_it(tmp_path: Path) -> None:
    await read_in(tmp_path)
    async with DiscordServer() as server:
        (channel,) = server.add_guild().channels
        async with running(server, tmp_path) as process:
            await server.slash("digest setup", {"channel": channel, "time": "09:00", "timezone": "Asia/Seoul"})
            server.at(Step.MADE, lambda _: process.kill())
            post = asyncio.create_task(server.slash("digest post"))
            await server.until(lambda: channel.messages and not server.gateway.connected)
            post.cancel()
        async with running(server, tmp_path):
            assert (await server.slash("digest status")).message is not None
        assert len(channel.messages) == 1
        assert server.identified == 2
        assert server.faults_of_bodies() == []
