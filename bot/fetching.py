"""One HTTP client for all sources: bounded in time and size, one request in flight a host, and never led astray.

A redirect is followed by hand, so that each address on the way is held against the same rules as the first. A private
network is refused where its address is looked up, not before: between two look-ups a name may change its mind.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import socket
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from importlib.metadata import version as distribution
from typing import Any, Self

import aiohttp
import yarl
from aiohttp.abc import ResolveResult
from aiohttp.http_exceptions import ContentEncodingError
from aiolimiter import AsyncLimiter

from bot.errors import FetchError
from bot.language import message
from storage.models import Version

MOST_BYTES = 10 * 1024 * 1024
"""Of an answer, unpacked. A hundred papers of Hugging Face have half a megabyte."""
_REDIRECTS = 5
_PACE = (400, 300)
"""Requests a host, and in how many seconds: Hugging Face allows 500 in 300."""
_TIMEOUT = aiohttp.ClientTimeout(total=60, sock_connect=10, sock_read=20)
LONGEST_WAIT = timedelta(days=1)
"""Nobody is left alone for longer, whatever they wish."""
_REFUSED = (400, 401, 403, 404, 410)
_REDIRECTED = (301, 302, 303, 307, 308)
_CONDITIONS = ("If-None-Match", "If-Modified-Since")
_LEFT = re.compile(r";\s*([rt])=(\d{1,9})\b", re.ASCII)
_MOST_TAG = 500
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

NEVER = Version()
"""Of what was never fetched."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. ``body`` is None where it has not changed since the version that was asked about."""

    body: bytes | None
    version: Version


class Fetcher:
    """The client; closed at the end of ``async with``."""

    def __init__(self, timeout: aiohttp.ClientTimeout = _TIMEOUT, most_bytes: int = MOST_BYTES) -> None:
        self._timeout = timeout
        self._most_bytes = most_bytes
        self._hosts: defaultdict[yarl.URL, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._paces: defaultdict[yarl.URL, AsyncLimiter] = defaultdict(partial(AsyncLimiter, *_PACE))
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._closed_until: dict[yarl.URL, float] = {}
        self._waiting: set[asyncio.Task[Any]] = set()
        self.requests = 0
        """Those that were begun, whatever came of them."""
        self.stopped = False
        """Whether nobody may ask any more."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def stop(self) -> None:
        """Cancels those who wait for an answer, and who come to ask."""
        self.stopped = True
        for task in self._waiting:
            task.cancel()

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()

    async def get(
        self, address: str, *, known: Version = NEVER, token: str | None = None, allow_private: bool = False
    ) -> Fetched:
        """Fetches an address, which may lead elsewhere. ``known`` is the version that is held already; ``token`` is
        given to the host of ``address`` alone (``Authorization: Bearer``).

        Raises:
            FetchError: it cannot be fetched; why, and how long its server wishes to be left alone.
        """
        first = current = _checked(address)
        for _ in range(_REDIRECTS + 1):
            headers = _conditions(known)
            if token and current.origin() == first.origin():
                headers["Authorization"] = f"Bearer {token}"
            with self._stoppable():
                async with self._hosts[current.origin()], self._paces[current.origin()]:
                    found = await self._ask(current, headers, allow_private)
            if not isinstance(found, str):
                body, version = found
                return Fetched(body, known if body is None else version)
            current = _led(current, found)
        raise FetchError("{host} leads from one address to the next, and never to an answer.", host=_host(first))

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        task = asyncio.current_task()
        if self.stopped or task is None:
            raise asyncio.CancelledError
        self._waiting.add(task)
        try:
            yield
        finally:
            self._waiting.discard(task)

    async def _ask(
        self, address: yarl.URL, headers: dict[str, str], allow_private: bool
    ) -> tuple[bytes | None, Version] | str:
        """An answer, or the address that it is said to be at."""
        host, now = _host(address), asyncio.get_running_loop().time()
        if (left := self._closed_until.get(address.origin(), now) - now) > 0:
            raise FetchError("{host} takes no more requests for now.", host=host, wait=timedelta(seconds=left))
        try:
            if not allow_private:
                _check_literal(address)
            self.requests += 1
            async with self._session(allow_private).get(address, headers=headers, allow_redirects=False) as response:
                exhausted = _exhausted(response.headers)
                if exhausted:
                    self._closed_until[address.origin()] = now + exhausted.total_seconds()
                if response.status in _REDIRECTED and (location := response.headers.get("Location")):
                    return location
                if response.status == 304 and not headers.keys().isdisjoint(_CONDITIONS):
                    return None, NEVER
                if response.status != 200:
                    wait = _wait(response.headers, datetime.now(UTC))
                    raise FetchError(
                        "{host} answers {answer}.",
                        host=host,
                        answer=_status(response.status),
                        status=response.status,
                        wait=exhausted if wait is None else wait,
                        lasting=response.status in _REFUSED,
                    )
                body = await self._read(address, response)
                return body, Version(_tag(response.headers, "ETag"), _tag(response.headers, "Last-Modified"))
        except TimeoutError as error:
            raise FetchError("{host} does not answer in time.", host=host) from error
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise FetchError(_trouble(error), host=host, why=_word(error)) from error

    async def _read(self, address: yarl.URL, response: aiohttp.ClientResponse) -> bytes:
        # What a header promises binds nobody. aiohttp unpacks piece by piece, as this asks for them.
        pieces: list[bytes] = []
        size = 0
        async for piece in response.content.iter_any():
            size += len(piece)
            if size > self._most_bytes:
                raise FetchError(
                    "{host} answers with more than {most} bytes.", host=_host(address), most=f"{self._most_bytes:,}"
                )
            pieces.append(piece)
        return b"".join(pieces)

    def _session(self, allow_private: bool) -> aiohttp.ClientSession:
        if allow_private not in self._sessions:
            connector = aiohttp.TCPConnector(resolver=None if allow_private else _PublicResolver())
            self._sessions[allow_private] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": f"Paperboy/{distribution('paperboy')}"},
                timeout=self._timeout,
            )
        return self._sessions[allow_private]


class _PublicResolver(aiohttp.ThreadedResolver):
    """Looks names up, and refuses those that lead to a private network."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        for one in found:
            _check_public(host, one["host"])
        return found


def _checked(address: str) -> yarl.URL:
    if (url := _usable(address)) is None:
        raise FetchError("{address} is no http(s) address.", address=repr(address[:100]), lasting=True)
    return url


def _usable(address: str) -> yarl.URL | None:
    try:
        url = yarl.URL(address)
        usable = url.scheme in ("http", "https") and bool(url.host)
    except ValueError:
        return None
    # A password would travel on to where the address leads.
    return url.with_user(None) if usable else None


def _led(address: yarl.URL, location: str) -> yarl.URL:
    """Where a redirect leads."""
    try:
        led = str(address.join(yarl.URL(location)))
    except ValueError:
        led = location
    if (found := _usable(led)) is None:
        raise FetchError(
            "{host} leads to {address}, which is no http(s) address.",
            host=_host(address),
            address=repr(led[:100]),
            lasting=True,
        )
    if (address.scheme, found.scheme) == ("https", "http"):
        # Whoever stands in between could answer in its place.
        raise FetchError("{host} leads to an address without encryption.", host=_host(address), lasting=True)
    return found


def _host(address: yarl.URL) -> str:
    """Its name as it is looked up, and no longer than a name can be."""
    return (address.raw_host or "")[:253]


def _check_literal(address: yarl.URL) -> None:
    """An address of numbers is never looked up."""
    host = address.host or ""
    with suppress(ValueError):
        ipaddress.ip_address(host)
        _check_public(host, host)


def _check_public(host: str, number: str) -> None:
    found = ipaddress.ip_address(number.partition("%")[0])
    meant = _meant(found)
    if not meant.is_global or meant.is_multicast:
        raise FetchError(
            "{host} leads to a private network; allow_private = true of the source would allow it.",
            host=host,
            lasting=True,
        )


def _meant(found: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address that one of IPv6 stands for, where that is one of IPv4 (RFC 4291, 2.5.5.2; RFC 3056; RFC 6052)."""
    if isinstance(found, ipaddress.IPv4Address):
        return found
    if found in _NAT64:
        return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return found.ipv4_mapped or found.sixtofour or found


def _conditions(known: Version) -> dict[str, str]:
    return {name: value for name, value in zip(_CONDITIONS, (known.etag, known.modified), strict=True) if value}


def _tag(headers: Mapping[str, str], name: str) -> str | None:
    """A header that is kept and given back; None where it is more than a server needs."""
    said = headers.get(name, "")
    return said if 0 < len(said) <= _MOST_TAG and said.isascii() and said.isprintable() else None


def _wait(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long the server wishes to be left alone (RFC 9110, 10.2.3): seconds, or a date."""
    said = headers.get("Retry-After", "").strip()
    try:
        wait = timedelta(seconds=int(said)) if said.isdecimal() else parsedate_to_datetime(said) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta()), LONGEST_WAIT)


def _exhausted(headers: Mapping[str, str]) -> timedelta | None:
    """How long no request is left, by ``RateLimit: "api";r=0;t=117``: r requests within t seconds (the IETF's
    draft-ietf-httpapi-ratelimit-headers, as Hugging Face has it); the longest of several policies."""
    policies = [dict(_LEFT.findall(policy)) for policy in headers.get("RateLimit", "").split(",")]
    waits = [int(policy["t"]) for policy in policies if "t" in policy and int(policy.get("r", "1")) == 0]
    return min(timedelta(seconds=max(waits)), LONGEST_WAIT) if waits else None


def _status(status: int) -> str:
    """With the words of the standard: the server's own may be anything."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _trouble(error: Exception) -> str:
    """What went wrong, for people: aiohttp says it to programmers."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return message("{host} cannot be found: nobody knows an address of this name.")
        case aiohttp.ClientSSLError():
            return message("{host} does not prove that it is the one: its certificate cannot be trusted.")
        case aiohttp.ServerDisconnectedError():
            return message("{host} ends the connection without an answer.")
        case aiohttp.ClientPayloadError() if not isinstance(error.__cause__, ContentEncodingError):
            return message("{host} breaks off in the middle of its answer.")
        case OSError(errno=int(number)) if number > 0:
            return message("{host} cannot be reached: {why}.")
        case aiohttp.ClientConnectionError():
            return message("{host} cannot be reached.")
        case aiohttp.ClientError() if not isinstance(error, aiohttp.InvalidURL):
            return message("{host} answers in a way that cannot be read.")
        case _:
            return message("{host} has an address that cannot be used.")


def _word(error: Exception) -> str:
    """The system's own word on an error; empty where it has none."""
    number = getattr(error, "errno", None)
    return os.strerror(number) if isinstance(number, int) and number > 0 else ""
