"""One HTTP client for all sources: bounded in time and size, one request in flight a host, and never led astray.

A redirect is followed by hand, so that each address on the way is held against the same rules as the first. A private
network is refused where its address is looked up, not before: between two look-ups a name may change its mind.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from importlib.metadata import version as distribution
from typing import Self

import aiohttp
import yarl
from aiohttp.abc import ResolveResult
from aiolimiter import AsyncLimiter

from bot.errors import FetchError
from storage.models import Version

MOST_BYTES = 10 * 1024 * 1024
"""Of an answer, unpacked. A hundred papers of Hugging Face have half a megabyte."""
_REDIRECTS = 5
_PACE = (400, 300)
"""Requests a host, and in how many seconds: Hugging Face allows 500 in 300."""
_TIMEOUT = aiohttp.ClientTimeout(total=60, sock_connect=10, sock_read=20)
_LONGEST_WAIT = timedelta(days=1)
_REFUSED = (400, 401, 403, 404, 410)
_REDIRECTED = (301, 302, 303, 307, 308)


NEVER = Version()
"""Of what was never fetched."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. ``body`` is None where it has not changed since the version that was asked about; ``requests`` counts
    those that it took."""

    body: bytes | None
    version: Version
    requests: int


class Fetcher:
    """The client; closed at the end of ``async with``."""

    def __init__(self, timeout: aiohttp.ClientTimeout = _TIMEOUT, most_bytes: int = MOST_BYTES) -> None:
        self._timeout = timeout
        self._most_bytes = most_bytes
        self._hosts: defaultdict[yarl.URL, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._paces: defaultdict[yarl.URL, AsyncLimiter] = defaultdict(partial(AsyncLimiter, *_PACE))
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

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
        for requests in range(1, _REDIRECTS + 2):
            headers = _conditions(known)
            if token and current.origin() == first.origin():
                headers["Authorization"] = f"Bearer {token}"
            async with self._hosts[current.origin()], self._paces[current.origin()]:
                found = await self._ask(current, headers, allow_private)
            if not isinstance(found, yarl.URL):
                body, version = found
                return Fetched(body, known if body is None else version, requests)
            current = _checked(str(current.join(found)))
        raise FetchError(f"{first.host} leads from one address to the next, and never to an answer")

    async def _ask(
        self, address: yarl.URL, headers: dict[str, str], allow_private: bool
    ) -> tuple[bytes | None, Version] | yarl.URL:
        """An answer, or the address that it is said to be at."""
        try:
            if not allow_private:
                _check_literal(address)
            async with self._session(allow_private).get(address, headers=headers, allow_redirects=False) as response:
                if response.status in _REDIRECTED and (location := response.headers.get("Location")):
                    return yarl.URL(location)
                if response.status == 304:
                    return None, NEVER
                if response.status != 200:
                    raise FetchError(
                        f"{address.host} answers {response.status} {response.reason or ''}".rstrip(),
                        status=response.status,
                        wait=_wait(response.headers, datetime.now(UTC)),
                        lasting=response.status in _REFUSED,
                    )
                body = await self._read(address, response)
                return body, Version(response.headers.get("ETag"), response.headers.get("Last-Modified"))
        except TimeoutError as error:
            raise FetchError(f"{address.host} does not answer in time") from error
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise FetchError(f"{address.host} cannot be reached: {_reason(error)}") from error

    async def _read(self, address: yarl.URL, response: aiohttp.ClientResponse) -> bytes:
        # What a header promises binds nobody. aiohttp unpacks piece by piece, as this asks for them.
        pieces: list[bytes] = []
        size = 0
        async for piece in response.content.iter_any():
            size += len(piece)
            if size > self._most_bytes:
                raise FetchError(f"{address.host} answers with more than {self._most_bytes:,} bytes")
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
    try:
        url = yarl.URL(address)
    except ValueError:
        raise FetchError(f"{address[:100]!r} is no address", lasting=True) from None
    if url.scheme not in ("http", "https") or not url.host:
        raise FetchError(f"{address[:100]!r} is no http(s) address", lasting=True)
    # A password would travel on to where the address leads.
    return url.with_user(None)


def _check_literal(address: yarl.URL) -> None:
    """An address of numbers is never looked up."""
    host = address.host or ""
    with suppress(ValueError):
        ipaddress.ip_address(host)
        _check_public(host, host)


def _check_public(host: str, number: str) -> None:
    found = ipaddress.ip_address(number.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    if not (mapped or found).is_global or found.is_multicast:
        said = f"{host} leads to a private network; allow_private = true of the source would allow it"
        raise FetchError(said, lasting=True)


def _conditions(known: Version) -> dict[str, str]:
    asked = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
    return {name: value for name, value in asked.items() if value}


def _wait(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long the server wishes to be left alone (RFC 9110, 10.2.3): seconds, or a date."""
    said = headers.get("Retry-After", "").strip()
    try:
        wait = timedelta(seconds=int(said)) if said.isdecimal() else parsedate_to_datetime(said) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta()), _LONGEST_WAIT)


def _reason(error: Exception) -> str:
    return str(error).strip() or type(error).__name__
