"""The client, against servers that do what servers do."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import fetching
from bot.errors import FetchError
from bot.fetching import NEVER, Fetcher
from storage.models import Version
from tests.sources import serving
from tests.sources.serving import Answer, Server, says

BRIEF = aiohttp.ClientTimeout(total=0.5, sock_connect=0.3, sock_read=0.3)
ODD_HOSTS = ("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.1.2.3", "169.254.169.254", "192.168.0.1", "0.0.0.0")  # noqa: S104


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server(says("hello")) as server:
        yield server


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    async with Fetcher(most_bytes=200_000) as fetcher:
        yield fetcher


async def get(fetcher: Fetcher, address: str, **more: Any) -> fetching.Fetched:
    return await fetcher.get(address, allow_private=True, **more)


async def test_an_answer(server: Server, fetcher: Fetcher) -> None:
    server.answer = says("안녕", ETag='"1"', Last_Modified="Sun, 04 Jan 2026 00:00:00 GMT")
    found = await get(fetcher, f"{server.url}/a?b=c%20d")
    assert (found.body, fetcher.requests) == ("안녕".encode(), 1)
    assert found.version == Version('"1"', "Sun, 04 Jan 2026 00:00:00 GMT")
    assert server.requests[0].path_qs == "/a?b=c%20d"
    assert server.requests[0].headers["User-Agent"].startswith("Paperboy/")
    assert "Cookie" not in server.requests[0].headers


async def test_what_has_not_changed(server: Server, fetcher: Fetcher) -> None:
    known = Version('"1"', "Sun, 04 Jan 2026 00:00:00 GMT")
    server.answer = says("", 304)
    found = await get(fetcher, server.url, known=known)
    assert found == fetching.Fetched(None, known)
    asked = server.requests[0].headers
    assert (asked["If-None-Match"], asked["If-Modified-Since"]) == (known.etag, known.modified)
    server.answer = says("hello")
    await get(fetcher, server.url, known=NEVER)
    assert not {"If-None-Match", "If-Modified-Since"} & server.requests[1].headers.keys()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (serving.closed, "ends the connection without an answer"),
        (serving.cut_off, "breaks off in the middle of its answer"),
        (serving.endless(200_000_000), "more than 200,000 bytes"),
        (serving.bomb(200), "more than 200,000 bytes"),
        (says(b"\x1f\x8bnothing", Content_Encoding="gzip"), "in a way that cannot be read"),
        (says("", 304), "answers 304"),
        (says("", 404), "answers 404 Not Found.$"),
        (says("", 500), "answers 500"),
        (says("", 302), "answers 302"),
        (says("", 301, Location="/"), "and never to an answer"),
        (says("", 302, Location="ftp://example.org/a"), "is no http"),
        (says("", 302, Location="file:///etc/passwd"), "is no http"),
        (says("", 302, Location="http://xn--/.."), "is no http"),
    ],
)
async def test_what_is_no_answer(server: Server, fetcher: Fetcher, answer: Answer, said: str) -> None:
    server.answer = answer
    with pytest.raises(FetchError, match=said):
        await asyncio.wait_for(get(fetcher, server.url), 20)
    # It is as good as new.
    server.answer = says("hello")
    assert (await get(fetcher, server.url)).body == b"hello"


@pytest.mark.parametrize("answer", [serving.never, serving.drops])
async def test_what_does_not_answer_in_time(server: Server, answer: Answer) -> None:
    server.answer = answer
    async with Fetcher(BRIEF) as fetcher:
        with pytest.raises(FetchError, match="does not answer in time"):
            await asyncio.wait_for(get(fetcher, server.url), 20)
        # It is as good as new, on a busy machine perhaps not at once.
        server.answer = says("hello")
        for _ in range(20):
            with contextlib.suppress(FetchError):
                assert (await get(fetcher, server.url)).body == b"hello"
                break
        else:
            pytest.fail("it answers no more")


async def test_a_bomb_takes_no_room(server: Server, fetcher: Fetcher) -> None:
    server.answer = serving.bomb(200)
    with pytest.raises(FetchError):
        await get(fetcher, server.url)
    tracemalloc.start()
    try:
        with pytest.raises(FetchError):
            await get(fetcher, server.url)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


async def test_nobody_is_there(fetcher: Fetcher) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        # Nobody listens, and nobody else is given the port.
        with pytest.raises(FetchError, match=r"127\.0\.0\.1 cannot be reached"):
            await get(fetcher, f"http://127.0.0.1:{free.getsockname()[1]}")


@pytest.mark.parametrize(
    "address", ["", "papers", "ftp://e.org", "file:///etc/passwd", "javascript:1", "http://", "http://[", "http://e:x"]
)
async def test_what_is_no_address(fetcher: Fetcher, address: str) -> None:
    with pytest.raises(FetchError):
        await get(fetcher, address)


async def test_no_cookie_is_given_back(server: Server, fetcher: Fetcher) -> None:
    server.answer = says("hello", Set_Cookie="who=paperboy")
    for _ in range(2):
        # Those of a host without a name are kept by nobody.
        await get(fetcher, f"http://localhost:{server.port}")
    assert [request.headers.get("Cookie") for request in server.requests] == [None, None]


async def test_a_redirect(server: Server, fetcher: Fetcher) -> None:
    server.happenings = [says("", 301, Location="/b"), says("", 307, Location=f"{server.url}/c")]
    found = await get(fetcher, f"{server.url}/a", token="secret")
    assert (found.body, fetcher.requests) == (b"hello", 3)
    assert [request.path for request in server.requests] == ["/a", "/b", "/c"]
    assert {request.headers["Authorization"] for request in server.requests} == {"Bearer secret"}


async def test_a_token_stays_with_its_host(server: Server, fetcher: Fetcher) -> None:
    async with Server(says("there")) as other:
        server.answer = says("", 302, Location=other.url)
        found = await get(fetcher, server.url.replace("//", "//me:password@"), token="secret")
        assert found.body == b"there"
        assert "Authorization" not in other.requests[0].headers
    assert server.requests[0].headers["Authorization"] == "Bearer secret"


@pytest.mark.parametrize("host", [*ODD_HOSTS, "localhost", "2130706433", "0x7f.1"])
async def test_a_private_network(server: Server, fetcher: Fetcher, host: str) -> None:
    with pytest.raises(FetchError, match=r"private network|cannot be used"):
        await fetcher.get(f"http://{host}:{server.port}")
    assert server.requests == []


async def test_a_redirect_to_a_private_network(
    server: Server, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first address is a public one, as far as can be told."""
    monkeypatch.setattr(fetching, "_check_public", lambda host, number: None)
    server.answer = says("", 302, Location=f"http://localhost:{server.port}/secret")
    checked = fetching._check_literal

    def only_first(address: Any) -> None:
        if address.host != "127.0.0.1":
            monkeypatch.undo()
        checked(address)

    monkeypatch.setattr(fetching, "_check_literal", only_first)
    with pytest.raises(FetchError, match="localhost leads to a private network"):
        await fetcher.get(server.url)
    assert [request.path for request in server.requests] == ["/"]


async def test_a_name_that_leads_home(server: Server, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused where it is looked up: at one time it may lead here, at another there."""

    async def resolve(*_: object, **__: object) -> list[dict[str, object]]:
        one = {"hostname": "rebound.example", "port": server.port, "family": socket.AF_INET, "proto": 0, "flags": 0}
        return [one | {"host": "8.8.8.8"}, one | {"host": "127.0.0.1"}]

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolve)
    with pytest.raises(FetchError, match=r"rebound\.example leads to a private network"):
        await fetcher.get(f"http://rebound.example:{server.port}")
    assert server.requests == []


async def test_one_request_a_host(fetcher: Fetcher) -> None:
    async def slow(_request: Any) -> aiohttp.web.StreamResponse:
        await asyncio.sleep(0.01)
        return aiohttp.web.Response(text="hello")

    async with Server(slow) as one, Server(slow) as other:
        await asyncio.gather(*(get(fetcher, server.url) for server in (one, other) for _ in range(5)))
        assert (one.most_at_once, other.most_at_once) == (1, 1)


async def test_no_more_requests_than_a_host_takes(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_PACE", (2, 3600))
    async with Fetcher() as paced, Server(says("there")) as other:
        for _ in range(2):
            await get(paced, server.url)
        third = asyncio.create_task(get(paced, server.url))
        # Another host is asked meanwhile.
        assert (await get(paced, other.url)).body == b"there"
        assert not third.done()
        assert len(server.requests) == 2
        third.cancel()


async def test_nobody_waits_for_an_answer_when_the_bot_ends(server: Server, fetcher: Fetcher) -> None:
    begun = asyncio.Event()

    async def never(request: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
        begun.set()
        return await serving.never(request)

    server.answer = never
    asking = asyncio.create_task(get(fetcher, server.url))
    await begun.wait()
    fetcher.stop()
    for late in (asking, asyncio.create_task(get(fetcher, server.url))):
        with pytest.raises(asyncio.CancelledError):
            await late
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta()),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("99999999999999999999", None),
        ("9999999", timedelta(days=1)),
    ],
)
async def test_how_long_a_server_wishes_to_be_left_alone(
    server: Server, fetcher: Fetcher, said: str, wait: timedelta | None
) -> None:
    server.answer = says("", 429, Retry_After=said)
    with pytest.raises(FetchError) as raised:
        await get(fetcher, server.url)
    assert (raised.value.status, raised.value.wait) == (429, wait)


async def test_until_when_a_server_wishes_to_be_left_alone(server: Server, fetcher: Fetcher) -> None:
    at = datetime.now(UTC) + timedelta(minutes=5)
    server.answer = says("", 503, Retry_After=format_datetime(at, usegmt=True))
    with pytest.raises(FetchError) as raised:
        await get(fetcher, server.url)
    assert raised.value.wait is not None
    assert timedelta(minutes=4) < raised.value.wait <= timedelta(minutes=5)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ('"api";r=0;t=117', 117),
        ('"api"; r=0; t=117', 117),
        ('"pages";r=0;t=5, "api";t=300;r=00', 300),
        ('"api";r=1;t=117', None),
        ('"api";r=0', None),
        ('"api";t=117', None),
        ('"api";r=0;t=-3', None),
        ('"api";r=0;t=999999999', 86_400),
        ("", None),
        ("junk;r=;t=", None),
    ],
)
def test_how_long_no_request_is_left(said: str, seconds: int | None) -> None:
    wait = fetching._exhausted({"RateLimit": said})
    assert wait == (None if seconds is None else timedelta(seconds=seconds))


async def test_a_server_that_takes_no_more_requests_is_not_asked(server: Server, fetcher: Fetcher) -> None:
    server.answer = says("hello", RateLimit='"api";r=0;t=3600')
    assert (await get(fetcher, server.url)).body == b"hello"
    with pytest.raises(FetchError, match="takes no more requests for now") as raised:
        await get(fetcher, server.url)
    assert raised.value.wait is not None
    assert timedelta(minutes=30) < raised.value.wait <= timedelta(hours=1)
    assert len(server.requests) == 1
    # Another is.
    async with Server(says("there")) as other:
        assert (await get(fetcher, other.url)).body == b"there"


async def test_a_connection_that_was_closed_meanwhile(server: Server, fetcher: Fetcher) -> None:
    """A server ends connections that are idle; the next request makes a new one."""
    await get(fetcher, server.url)
    for connection in server.runner.server.connections:  # type: ignore[union-attr]
        connection.force_close()
    assert (await get(fetcher, server.url)).body == b"hello"


async def test_a_redirect_never_gives_up_encryption(fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str | None]] = []

    async def ask(self: Fetcher, address: Any, headers: dict[str, str], allow_private: bool) -> Any:
        asked.append((str(address), headers.get("Authorization")))
        return {"a.example": "https://b.example/", "b.example": "http://b.example/"}[address.host]

    monkeypatch.setattr(Fetcher, "_ask", ask)
    with pytest.raises(FetchError, match=r"b\.example leads to an address without encryption"):
        await fetcher.get("https://a.example", token="secret")
    assert asked == [("https://a.example", "Bearer secret"), ("https://b.example/", None)]


@pytest.mark.parametrize("said", ["\udcff", "a\x7fb", "a" * 501, ""])
def test_a_version_that_is_not_kept(said: str) -> None:
    """It would be given back to its server, and kept in between."""
    assert fetching._tag({"ETag": said}, "ETag") is None


@pytest.mark.parametrize(
    ("number", "public"),
    [
        ("8.8.8.8", True),
        ("::ffff:8.8.8.8", True),
        ("2606:4700::1111", True),
        ("64:ff9b::8.8.8.8", True),
        ("64:ff9b::10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("::ffff:169.254.169.254", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("::", False),
    ],
)
def test_what_is_public(number: str, public: bool) -> None:
    if public:
        fetching._check_public("a.example", number)
    else:
        with pytest.raises(FetchError, match=r"a\.example leads to a private network"):
            fetching._check_public("a.example", number)


@given(said=st.text())
def test_any_wish_is_bounded(said: str) -> None:
    wait = fetching._wait({"Retry-After": said}, datetime(2026, 1, 1, tzinfo=UTC))
    assert wait is None or timedelta() <= wait <= timedelta(days=1)
