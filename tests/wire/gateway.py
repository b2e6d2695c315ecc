"""Discord's gateway: sessions that outlive their sockets, and replay what was missed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.wire.places import APPLICATION_ID, BOT, Guild

HELLO = json.dumps({"op": 10, "d": {"heartbeat_interval": 45_000}})


@dataclass(eq=False)
class Session:
    """The event with the sequence number n is the n-th of ``events``."""

    id: str
    shard: int
    shards: int
    events: list[str] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def dispatch(self, event: str, data: str) -> None:
        """``data`` is JSON."""
        self.events.append(f'{{"op":0,"t":"{event}","s":{len(self.events) + 1},"d":{data}}}')
        self.news.set()

    async def pump(self, socket: web.WebSocketResponse, at: int) -> None:
        """Sends the events after the first ``at``, and those to come."""
        with suppress(ConnectionError):
            while self.socket is socket:
                while at < len(self.events):
                    await socket.send_str(self.events[at])
                    at += 1
                self.news.clear()
                await self.news.wait()


class Gateway:
    """``identified`` counts the sessions that were begun, ``resumed`` those gone on with."""

    def __init__(self, token: str, guilds: dict[int, Guild], changed: Callable[[], None]) -> None:
        self.url = ""
        self.identified = 0
        self.resumed = 0
        self.sessions: dict[str, Session] = {}
        self._token = token
        self._guilds = guilds
        self._changed = changed
        self._open = asyncio.Event()
        self._open.set()
        self._sockets: dict[web.WebSocketResponse, web.Request] = {}
        self._pumps: dict[web.WebSocketResponse, asyncio.Task[None]] = {}

    @property
    def connected(self) -> bool:
        return any(session.socket is not None for session in self.sessions.values())

    def dispatch(self, event: str, data: dict[str, Any], guild: Guild | None = None) -> None:
        """An event to every session that sees the server, or the direct messages."""
        text = json.dumps(data)
        for session in self.sessions.values():
            if session.shard == (0 if guild is None else (guild.id >> 22) % session.shards):
                session.dispatch(event, text)

    async def invalidate(self, *, resumable: bool) -> None:
        """INVALID_SESSION to all; one that is not resumable is forgotten."""
        for session in list(self.sessions.values()):
            if not resumable:
                del self.sessions[session.id]
            await self._say(session, {"op": 9, "d": resumable})

    async def reconnect(self) -> None:
        """Asks all to connect anew and resume."""
        for session in list(self.sessions.values()):
            await self._say(session, {"op": 7, "d": None})

    @staticmethod
    async def _say(session: Session, message: dict[str, Any]) -> None:
        if session.socket is not None:
            with suppress(ConnectionError):
                await session.socket.send_str(json.dumps(message))

    def drop(self) -> None:
        """Breaks all sockets off; the sessions stay."""
        for request in self._sockets.values():
            if request.transport is not None:
                request.transport.abort()

    @asynccontextmanager
    async def down(self) -> AsyncIterator[None]:
        """Breaks all sockets off, and greets nobody until the end."""
        self._open.clear()
        self.drop()
        try:
            yield
        finally:
            self._open.set()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets[socket] = request
        session: Session | None = None
        try:
            await self._open.wait()
            with suppress(ConnectionError):
                await socket.send_str(HELLO)
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    break
                session = await self._hear(socket, json.loads(message.data)) or session
        except ConnectionError:
            pass
        finally:
            self._leave(socket, session)
        return socket

    async def _hear(self, socket: web.WebSocketResponse, received: dict[str, Any]) -> Session | None:
        match received["op"]:
            case 1:
                await socket.send_str('{"op":11,"d":null}')
            case 2 | 6 if received["d"]["token"] != self._token:
                await socket.close(code=4004, message=b"Authentication failed.")
            case 2:
                return self._identify(socket, received["d"])
            case 6:
                session = self.sessions.get(received["d"]["session_id"])
                if session is None or received["d"]["seq"] > len(session.events):
                    await socket.send_str('{"op":9,"d":false}')
                    return None
                session.dispatch("RESUMED", "{}")
                self.resumed += 1
                return self._take(socket, session, received["d"]["seq"])
        return None

    def _identify(self, socket: web.WebSocketResponse, said: dict[str, Any]) -> Session:
        shard, shards = said.get("shard", [0, 1])
        session = Session(f"session-{self.identified}", shard, shards)
        self.sessions[session.id] = session
        seen = [guild for guild in self._guilds.values() if (guild.id >> 22) % shards == shard]
        ready = {
            "v": 10,
            "user": BOT.payload(),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in seen],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": [shard, shards],
            "application": {"id": str(APPLICATION_ID), "flags": 0},
        }
        session.dispatch("READY", json.dumps(ready))
        for guild in seen:
            session.dispatch("GUILD_CREATE", json.dumps(guild.payload()))
        self.identified += 1
        return self._take(socket, session, 0)

    def _take(self, socket: web.WebSocketResponse, session: Session, at: int) -> Session:
        session.socket = socket
        session.news.set()
        self._pumps[socket] = asyncio.create_task(session.pump(socket, at))
        self._changed()
        return session

    def _leave(self, socket: web.WebSocketResponse, session: Session | None) -> None:
        del self._sockets[socket]
        if (pump := self._pumps.pop(socket, None)) is not None:
            pump.cancel()
        if session is not None and session.socket is socket:
            session.socket = None
            # Who says goodbye like this does not come back.
            if socket.close_code in (1000, 1001):
                self.sessions.pop(session.id, None)
        self._changed()
