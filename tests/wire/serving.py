"""How a Discord on loopback answers: rate limits, faults and steps around the routes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from tests.wire.faults import SCOPES, Fault, Faults, Happening, Misbehaviour, Step, Steps
from tests.wire.gateway import Gateway
from tests.wire.interactions import Interactions
from tests.wire.judge import Bodies
from tests.wire.limits import Limited, Limits
from tests.wire.places import Message, World
from tests.wire.refused import Refused
from tests.wire.routes import CREATE_MESSAGE, Answer, Call, Route, find, refuse
from tests.wire.uploads import given, read

TOKEN = "loopback.token"
STALL = 0.1
"""Seconds in which four requests come at the bot's pace, of the six or more that there is room for in a second."""
PREFIX = "/api/v10"


@dataclass(eq=False)
class Request:
    """``time`` is the event loop's when it came; ``status`` is 0 where none was answered; exempt ones count for no
    rate limit; ``over`` is the scope of the limit that it was over."""

    time: float
    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    files: Mapping[int, bytes]
    exempt: bool
    status: int = 0
    over: str = ""


class Serving(World):
    """``buckets``: (how many, in how many seconds) of a route and channel; ``per_second``: of all requests together;
    ``nonce_seconds``: for how long a nonce is known."""

    def __init__(
        self, *, nonce_seconds: float = 300, create: tuple[int, float] | None = (5, 5.0), per_second: int = 50
    ) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self.unknown: list[tuple[str, str]] = []
        self.stalls: list[tuple[float, float]] = []
        """When this judge itself stood still: what came meanwhile seems to have come at once."""
        self.nonce_seconds = nonce_seconds
        self.nonces: dict[tuple[int, str], Message] = {}
        self.limits = Limits({CREATE_MESSAGE: create} if create else {}, per_second)
        self.gateway = Gateway(TOKEN, self.guilds, self._changed)
        self.interactions = Interactions(self, self.gateway, self.until)
        self.port = 0
        self.faults = Faults()
        self.steps = Steps()
        self.bodies = Bodies()
        self._waiting: list[tuple[Callable[[], Any], asyncio.Future[None]]] = []
        self._broken: list[Exception] = []
        self._late: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", PREFIX + "/{path:.*}", self._http)
        app.router.add_get("/gateway/", self.gateway.serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.gateway.url = f"ws://127.0.0.1:{self.port}/gateway/"
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        assert self._runner is not None
        self._watching.cancel()
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)
        async with self.gateway.down():
            pass
        await self._runner.cleanup()
        if kind is None and self._broken:
            raise self._broken[0]

    @property
    def over_limits(self) -> list[Request]:
        """The requests over a limit, but for those of which nobody knows when they were made."""
        return [
            one
            for one in self.requests
            if one.over and not any(start <= one.time <= end + 1 for start, end in self.stalls)
        ]

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(0.01)
            if loop.time() - before > STALL:
                self.stalls.append((before, loop.time()))

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PREFIX}"

    @property
    def identified(self) -> int:
        return self.gateway.identified

    @property
    def resumed(self) -> int:
        return self.gateway.resumed

    async def until(self, condition: Callable[[], Any], seconds: float = 60) -> None:
        """Waits until it holds; it is looked at when anything changes here."""
        if condition():
            return
        waiting = (condition, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        try:
            await asyncio.wait_for(waiting[1], seconds)
        finally:
            self._waiting.remove(waiting)

    async def heard_out(self) -> None:
        """Waits until all has been read that was said by bots that are dead; none may be alive."""
        assert self._runner is not None
        assert self._runner.server is not None
        server = self._runner.server
        # One that is answered slowly stays among them when it is over.
        while any(connection.transport is not None for connection in server.connections):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        # What was read last is under way.
        await asyncio.sleep(0.01)

    def _changed(self) -> None:
        for condition, future in self._waiting:
            if future.done():
                continue
            try:
                if condition():
                    future.set_result(None)
            except Exception as error:  # noqa: BLE001 - it is the waiting test's
                future.set_exception(error)

    async def _http(self, incoming: web.Request) -> web.StreamResponse:
        try:
            return await self._serve(incoming)
        except (ConnectionError, web.RequestPayloadError):
            # The bot died while it spoke, or was spoken to.
            return web.Response()
        except Exception as error:
            # The bot would take it for Discord's; it is the test's, and raised there in the end.
            self._broken.append(error)
            raise

    async def _serve(self, incoming: web.Request) -> web.StreamResponse:
        path = "/" + incoming.match_info["path"]
        body, files = await read(incoming)
        found = find(incoming.method, path)
        exempt = found is not None and found[0].exempt
        now = asyncio.get_running_loop().time()
        request = Request(now, incoming.method, path, dict(incoming.query), body, files, exempt)
        self.requests.append(request)
        if found is None:
            self.unknown.append((incoming.method, path))
            return self._say(request, Answer({"message": "404: Not Found", "code": 0}, 404))
        route, params = found
        if body is not None:
            self.bodies.take(route.method, route.name, path, body)
        if not exempt:
            if incoming.headers.get("Authorization") != f"Bot {TOKEN}":
                return self._say(request, Answer({"message": "401: Unauthorized", "code": 0}, 401))
            limited, headers = self.limits.take(route.name, params.get("channel", ""), now)
            if limited is not None:
                request.over = limited.scope
                return self._limit(request, limited, headers)
        else:
            headers = {}
        if route.name == CREATE_MESSAGE:
            await self.steps.happen(Happening(Step.RECEIVED, request, None))
        response = await self._answer(route, params, request, headers)
        if response is None:
            if incoming.transport is not None:
                incoming.transport.close()
            self._changed()
            return web.Response()
        if route.name == CREATE_MESSAGE:
            await response.prepare(incoming)
            await response.write_eof()
            await self.steps.happen(Happening(Step.ANSWERED, request, None))
        return response

    async def _answer(
        self, route: Route, params: Mapping[str, str], request: Request, headers: Mapping[str, str]
    ) -> web.Response | None:
        """None where the connection is to be closed instead."""
        asked = self.faults.take(request.method, request.path)
        match asked:
            case Misbehaviour(fault=fault, seconds=seconds) if fault in SCOPES:
                return self._limit(request, Limited(SCOPES[fault], seconds), headers)
            case Misbehaviour(fault=Fault.ERROR, status=status):
                return self._fail(request, status)
            case Misbehaviour(fault=Fault.DROPPED):
                return None
        try:
            refuse(self, route.name, params)
            if asked is not None and asked.fault is Fault.LATE:
                task = asyncio.create_task(self._make_late(route, params, request, asked.seconds))
                self._late.add(task)
                task.add_done_callback(self._late.discard)
                return None
            if asked is not None and asked.fault is Fault.SLOW:
                await asyncio.sleep(asked.seconds)
            answer = await self._handle(route, params, request)
        except Refused as refused:
            if asked is not None:
                self.faults.give_back(asked)
            return self._say(request, Answer(refused.body, refused.status), headers)
        match asked:
            case Misbehaviour(fault=Fault.ERROR_AFTER, status=status):
                return self._fail(request, status)
            case Misbehaviour(fault=Fault.LOST_ANSWER):
                return None
            case Misbehaviour(fault=Fault.SLOW_ANSWER, seconds=seconds):
                await asyncio.sleep(seconds)
            case Misbehaviour(fault=Fault.MALFORMED):
                return self._write(request, b'{"id": "1', answer.status, headers)
        return self._say(request, answer, headers)

    async def _handle(self, route: Route, params: Mapping[str, str], request: Request) -> Answer:
        now = asyncio.get_running_loop().time() if not request.exempt else request.time
        answer = route.handler(self, Call(params, request.query, given(request.body, request.files), now))
        self._changed()
        if answer.made is not None:
            await self.steps.happen(Happening(Step.MADE, request, answer.made))
        return answer

    async def _make_late(self, route: Route, params: Mapping[str, str], request: Request, seconds: float) -> None:
        await asyncio.sleep(seconds)
        with suppress(Refused):
            await self._handle(route, params, request)

    def _limit(self, request: Request, limited: Limited, headers: Mapping[str, str]) -> web.Response:
        return self._say(request, Answer(limited.body(), 429), {**headers, **limited.headers()})

    def _fail(self, request: Request, status: int) -> web.Response:
        if status == 500:
            return self._say(request, Answer({"message": "500: Internal Server Error", "code": 0}, 500))
        return self._write(request, b"upstream connect error", status, {}, "text/plain")

    def _say(self, request: Request, answer: Answer, headers: Mapping[str, str] | None = None) -> web.Response:
        body = json.dumps(answer.body).encode() if answer.status != 204 else b""
        return self._write(request, body, answer.status, headers or {})

    # discord.py reads JSON only where the header says exactly this.
    def _write(
        self, request: Request, body: bytes, status: int, headers: Mapping[str, str], kind: str = "application/json"
    ) -> web.Response:
        request.status = status
        self._changed()
        return web.Response(body=body, status=status, headers={"Content-Type": kind, **headers})
