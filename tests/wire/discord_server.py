"""A very small Discord on loopback: enough of the HTTP API and gateway for a bot to start, and to be thrown out."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

USER = {"id": "1", "username": "Paperboy", "discriminator": "0", "avatar": None, "bot": True, "global_name": None}
APPLICATION = {
    "id": "1",
    "name": "Paperboy",
    "icon": None,
    "description": "",
    "summary": "",
    "bot_public": True,
    "bot_require_code_grant": False,
    "verify_key": "0" * 64,
    "flags": 0,
    "team": None,
    "owner": USER,
}


class DiscordServer:
    """``identified`` counts the sessions that were begun, ``resumed`` those gone on with."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.identified = 0
        self.resumed = 0
        self.sockets: list[web.WebSocketResponse] = []
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def __aenter__(self) -> DiscordServer:
        app = web.Application()
        app.router.add_route("*", "/api/v10/{path:.*}", self._http)
        app.router.add_get("/gateway/", self._gateway)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v10"

    async def until(self, sessions: int, resumed: int = 0) -> None:
        """Waits until so many sessions were begun, and gone on with."""
        async with self._changed:
            await asyncio.wait_for(
                self._changed.wait_for(lambda: self.identified >= sessions and self.resumed >= resumed), 30
            )

    async def throw_out(self, *, resumable: bool) -> None:
        """Ends the newest session with INVALID_SESSION, or asks it to reconnect."""
        message = {"op": 7, "d": None} if resumable else {"op": 9, "d": False}
        await self.sockets[-1].send_str(json.dumps(message))

    async def _http(self, request: web.Request) -> web.Response:
        path = "/" + request.match_info["path"]
        self.requests.append((request.method, path))
        answers: dict[tuple[str, str], Any] = {
            ("GET", "/users/@me"): USER,
            ("GET", "/oauth2/applications/@me"): APPLICATION,
            ("GET", "/gateway/bot"): {
                "url": f"ws://127.0.0.1:{self.port}/gateway/",
                "shards": 1,
                "session_start_limit": {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1},
            },
            ("PUT", "/applications/1/commands"): [],
        }
        if (request.method, path) not in answers:
            return self._json({"message": "404: Not Found", "code": 0}, 404)
        if request.headers.get("Authorization") != "Bot loopback.token":
            return self._json({"message": "401: Unauthorized", "code": 0}, 401)
        return self._json(answers[request.method, path])

    @staticmethod
    def _json(body: Any, status: int = 200) -> web.Response:
        # discord.py reads JSON only where the header says exactly this.
        return web.Response(body=json.dumps(body).encode(), status=status, headers={"Content-Type": "application/json"})

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        await socket.send_str(json.dumps({"op": 10, "d": {"heartbeat_interval": 45_000}}))
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            received = json.loads(message.data)
            if received["op"] == 1:
                await socket.send_str(json.dumps({"op": 11}))
            elif received["op"] == 2:
                await self._begin(socket)
            elif received["op"] == 6:
                await socket.send_str(json.dumps({"op": 0, "t": "RESUMED", "s": 2, "d": {}}))
                await self._count(resumed=1)
        return socket

    async def _begin(self, socket: web.WebSocketResponse) -> None:
        ready = {
            "v": 10,
            "user": USER,
            "guilds": [],
            "session_id": f"session-{self.identified}",
            "resume_gateway_url": f"ws://127.0.0.1:{self.port}/gateway/",
            "shard": [0, 1],
            "application": {"id": "1", "flags": 0},
        }
        await socket.send_str(json.dumps({"op": 0, "t": "READY", "s": 1, "d": ready}))
        await self._count(identified=1)

    async def _count(self, *, identified: int = 0, resumed: int = 0) -> None:
        async with self._changed:
            self.identified += identified
            self.resumed += resumed
            self._changed.notify_all()
