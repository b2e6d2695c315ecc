"""Servers on loopback that papers come from: one that answers as Hugging Face does, and what may happen to answers."""

from __future__ import annotations

import asyncio
import hashlib
import json
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Server:
    """Answers by ``answer``; those in ``happenings`` come first, one each."""

    answer: Answer
    happenings: list[Answer] = field(default_factory=list)
    requests: list[web.Request] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        self.runner = web.AppRunner(application, shutdown_timeout=0, handler_cancellation=True)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.port = self.runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await (self.happenings.pop(0) if self.happenings else self.answer)(request)
        finally:
            self.at_once -= 1


def paper(arxiv_id: str, title: str = "A paper", upvotes: int | None = 1, **more: Any) -> dict[str, Any]:
    """An object of a list of daily papers, with all that one has had in 2026."""
    summary = f"We present {title}.\nIt is\nnew."
    return {
        "paper": {
            "id": arxiv_id,
            "title": title,
            "summary": summary,
            "upvotes": upvotes,
            "authors": [{"_id": "65", "name": "Ana López", "hidden": False}, {"_id": "66", "name": "김철수"}],
            "publishedAt": "2026-01-04T18:59:59.000Z",
            "discussionId": "6541",
            "mediaUrls": [],
            "organization": {"_id": "1", "name": "lab", "fullname": "The Lab"},
        }
        | more,
        "publishedAt": "2026-01-04T13:59:59.000Z",
        "title": title,
        "summary": summary,
        "thumbnail": f"https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/{arxiv_id}.png",
        "numComments": 2,
        "submittedBy": {"fullname": "Someone", "type": "user"},
        "isAuthorParticipating": False,
    }


@dataclass
class HuggingFace(Server):
    """``/api/daily_papers`` and ``/api/papers/{id}``."""

    answer: Answer = None  # type: ignore[assignment]
    days: dict[date, list[Any]] = field(default_factory=dict)
    others: list[Any] = field(default_factory=list)
    """Papers that are in no day."""

    def __post_init__(self) -> None:
        self.answer = self._papers

    @property
    def api_url(self) -> str:
        return f"{self.url}/api"

    async def _papers(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/api/papers/"):
            wanted = request.path.removeprefix("/api/papers/")
            every = [one["paper"] for papers in (*self.days.values(), self.others) for one in papers]
            found = next((one for one in every if one["id"] == wanted), None)
            return _json(request, found) if found else web.json_response({"error": "Paper not found"}, status=404)
        if request.path != "/api/daily_papers":
            return web.Response(status=404, text="Not Found")
        try:
            day = date.fromisoformat(request.query["date"])
        except (KeyError, ValueError):
            return web.json_response({"error": "Invalid date"}, status=400)
        page, limit = int(request.query.get("p", "0")), int(request.query.get("limit", "50"))
        return _json(request, self.days.get(day, [])[page * limit : page * limit + limit])


def _json(request: web.Request, found: object) -> web.StreamResponse:
    body = json.dumps(found, ensure_ascii=False).encode()
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = {"ETag": etag, "RateLimit": '"api";r=499;t=300', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'}
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type="application/json", headers=headers)


def says(body: bytes | str, status: int = 200, **headers: str) -> Answer:
    """An answer with this body; ``_`` in a header's name is a hyphen."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        content = body.encode() if isinstance(body, str) else body
        return web.Response(body=content, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return answer


async def never(_request: web.Request) -> web.StreamResponse:
    """No answer, until who asked has gone."""
    await asyncio.Event().wait()
    raise AssertionError


async def cut_off(request: web.Request) -> web.StreamResponse:
    """A part of what was promised."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'[{"paper":')
    assert request.transport is not None
    request.transport.close()
    return response


async def closed(request: web.Request) -> web.StreamResponse:
    """The connection ends without an answer."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def drops(request: web.Request) -> web.StreamResponse:
    """A byte now and then, for ever."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.01)


def endless(most: int) -> Answer:
    """``most`` bytes, of which no header tells."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(most // 65_536):
            await response.write(b" " * 65_536)
        return response

    return answer


def bomb(megabytes: int) -> Answer:
    """A few kilobytes that are so many megabytes when they are unpacked."""
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join(packer.compress(b" " * 1_048_576) for _ in range(megabytes)) + packer.flush()

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=packed, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})

    return answer


def raw(content: bytes, *, hang: bool = False) -> Answer:
    """These bytes as they are, and the end of the connection; or nothing more."""

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(content)  # type: ignore[attr-defined]
        if hang:
            await never(request)
        request.transport.close()
        return web.Response()

    return answer


def cut_short(whole: str, at: int) -> Answer:
    """The first characters of a text whose whole length was promised."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(whole.encode())}\r\n\r\n"
    return raw((head + whole[:at]).encode())
