"""``paperboy try``: the real bot against SimCord's simulated Discord, in the browser.

Two people sit in a server: Alex reads English, Minji (민지) reads Korean and manages the server; each has direct
messages with Paperboy. Digests are laid at the door one by one, as a source would bring them: all but the newest
before anyone comes; the newest when the channel is set up; of the bundled sample, one more with ``/next-day``. Or they
are fetched from a server, and the clock is that of the real world.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import sys
import tempfile
import webbrowser
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.app import Paperboy, create_bot
from bot.config import DatabaseSettings, HuggingFaceSource, Settings, SourceSettings, SubscriptionSettings
from bot.doorstep import Doorstep, deliver
from bot.errors import ConfigurationError
from bot.fetching import Fetcher
from bot.finding import Finder
from bot.language import ENGLISH, KOREAN
from bot.live import Live
from bot.pace import Pace
from bot.schedule import Clock
from storage import digests, servers
from storage.database import Database
from storage.models import Entry

if TYPE_CHECKING:
    import simcord
    from simcord.preview import Preview

SAMPLE = Path(__file__).parent / "sample"
ZONE = "Asia/Seoul"


async def simulate(
    settings: Settings,
    *,
    paths: Sequence[Path] = (),
    live: HuggingFaceSource | None = None,
    port: int = 0,
    keep: Path | None = None,
    tell: Callable[[str], None] = print,
) -> None:
    """Runs until Ctrl-C, SIGTERM, or the end of the session in the browser.

    Raises:
        ConfigurationError: SimCord is not installed, the port is taken, ``paths`` hold no digest, or ``live`` has none.
        SourceError: a path is not there, or cannot be looked through.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt instead.
            loop.add_signal_handler(name, stop.set)
    async with session(settings, paths=paths, live=live, port=port, keep=keep) as (server, direct, said):
        tell(f"The server, with #papers:         {server.url}")
        for who, preview in direct.items():
            tell(f"What {who} gets in direct messages: {preview.url}")
        tell(f"Type / in the page to see the commands. {said} Ctrl-C ends it.")
        if _has_screen():
            webbrowser.open(server.url)
        done = [asyncio.create_task(stop.wait()), asyncio.create_task(server.wait_closed())]
        await asyncio.wait(done, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.cancel()


@contextlib.asynccontextmanager
async def session(
    settings: Settings,
    *,
    paths: Sequence[Path] = (),
    live: HuggingFaceSource | None = None,
    port: int = 0,
    keep: Path | None = None,
) -> AsyncIterator[tuple[Preview, dict[str, Preview], str]]:
    """The page of the server, those of the direct messages by name, and what brings more papers, while the bot runs."""
    try:
        import simcord
    except ImportError:
        raise ConfigurationError(
            "paperboy try needs SimCord, which comes with the extra “try”: uv sync --extra try"
        ) from None
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="paperboy-")))
        source = Live(live) if live else Doorstep(paths or [SAMPLE], folder / "digests", held_back=0 if paths else 1)
        bot = create_bot(_simulated(settings, keep or folder / "paperboy.db", source.source))
        bot.pace = Pace()
        bot.clock = Clock(looks=False)
        bot.poll_sources = _nothing  # type: ignore[method-assign]  # Live does it, and says why.
        await stack.enter_async_context(_borrowed(bot.settings.database.url))
        stack.push_async_callback(bot.close)
        env = await stack.enter_async_context(simcord.run(bot, shard_count=1, check_errors=False))
        if live:
            # Settling in takes as long.
            env.backend.advance_clock(_behind(env) - _Town.SECONDS)
            # The bot's commands go by SimCord's clock and what is done beside it by the real one. A client that is
            # used by both sees time run back, and its pace would have it wait for as long.
            bot.finder = Finder(bot.database, await stack.enter_async_context(Fetcher()), live, bot.now)
        town = _Town(env, bot, source.follows)
        bot.tree.add_command(source.command(bot))
        await bot.tree.sync()
        if newest := await source.open(bot):
            # A database that was kept has seen it; the people who follow things are new.
            async with bot.database.write() as connection:
                await digests.set_unmatched(connection, newest)
        entries = await source.entries(bot)
        if not entries:
            raise ConfigurationError("There is no digest to show: " + ", ".join(str(path) for path in paths))
        await town.settle_in()
        pictures = _pictures(entries)
        try:
            server, direct = await town.open(stack, pictures, port)
        except simcord.SetupError as error:
            raise ConfigurationError(f"The pages cannot be served: {error}. Choose another --port.") from error
        pages = [server, *direct.values()]

        def fetched(entries: Sequence[Entry]) -> None:
            pictures.update(_pictures(one for one in entries if one.paper.image_url not in pictures))
            for page in pages:
                # SimCord takes pictures when a page is opened, and no others afterwards.
                page._explicit_assets.update(pictures)

        beside = [_show_what_is_sent(env, pages)]
        if isinstance(source, Live):
            beside += [source.keep_asking(bot, fetched), _keep_time(env)]
        stack.push_async_callback(_end, [asyncio.create_task(one) for one in beside])
        yield server, direct, source.said


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Ends them before what they use is closed."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


class _Town:
    """A server with two people, one of whom sets Paperboy up; each follows a keyword."""

    SECONDS = 5 * 60
    """Until the posting time comes."""

    def __init__(self, env: simcord.Env, bot: Paperboy, follows: tuple[str, str]) -> None:
        self._env = env
        self._bot = bot
        self._follows = follows
        env.backend.edit_bot_profile("Paperboy")
        alex = env.create_user("alex", global_name="Alex")
        minji = env.create_user("minji", global_name="민지 Minji")
        read_in(bot, {alex.id: "en-US", minji.id: KOREAN})
        guild = env.create_guild("Reading group", owner=minji, preferred_locale="en-US")
        self._channel = guild.create_text_channel("papers")
        self._people = {"Alex": guild.add_member(alex), "Minji": guild.add_member(minji)}

    async def settle_in(self) -> None:
        """Sets the channel up, follows a few things, and lets the newest digest and the posting time come."""
        minji = self._people["Minji"]
        posting = self._bot.now().astimezone(ZoneInfo(ZONE)) + timedelta(seconds=self.SECONDS)
        await minji.slash(
            self._channel,
            "digest setup",
            channel=self._channel,
            time=f"{posting:%H:%M}",
            timezone=ZONE,
            language=ENGLISH,
        )
        for person, keyword in zip(self._people.values(), self._follows, strict=True):
            await person.slash(self._channel, "subscribe keyword", text=keyword)
        await self._bot.read_digests()
        await self._env.advance_time(self.SECONDS)
        await self._bot.plan_posts()
        await deliver(self._bot)

    async def open(
        self, stack: AsyncExitStack, assets: Mapping[str, tuple[str, bytes]], port: int
    ) -> tuple[Preview, dict[str, Preview]]:
        """Opens the page of the server on ``port``, those of the direct messages on the ports after it."""
        direct: dict[str, Preview] = {}
        look: dict[str, Any] = {"layout": "channel", "timezone": ZONE, "assets": assets}
        alex, minji = self._people.values()
        server = await self._serve(stack, self._channel, [alex, minji], port=port, **look)
        for number, (name, person) in enumerate(self._people.items(), 1):
            channel = person.user.dm_channel
            locale = KOREAN if person is minji else "en-US"
            at = port + number if port else 0
            direct[name] = await self._serve(stack, channel, [person.user], port=at, locale=locale, **look)
        return server, direct

    async def _serve(self, stack: AsyncExitStack, channel: Any, viewers: list[Any], **look: Any) -> Preview:
        # SimCord lets an environment have one page at a time, though nothing in it shares state between pages but the
        # reference that it checks; a reader's direct messages are another page than the server's.
        self._env._preview = None
        return await stack.enter_async_context(self._env.preview(channel, viewers=viewers, **look))


def read_in(bot: Paperboy, locales: Mapping[int, str]) -> None:
    """Has people act in their locales, by user id; SimCord's are all en-US."""
    parsers = bot._connection.parsers
    original = parsers["INTERACTION_CREATE"]

    def with_locale(data: dict[str, Any]) -> None:
        user = data["member"]["user"] if "member" in data else data["user"]
        original({**data, "locale": locales.get(int(user["id"]), "en-US")})

    parsers["INTERACTION_CREATE"] = with_locale


async def _show_what_is_sent(env: simcord.Env, pages: Sequence[Preview]) -> None:
    """Has the pages show what the bot sends by itself."""
    import simcord

    def sent() -> int:
        return sum(
            request.method in ("POST", "PATCH") and request.path.startswith(("/channels/", "/webhooks/"))
            for request in env.http_requests
        )

    seen = sent()
    while True:
        await asyncio.sleep(0.5)
        if sent() == seen:
            continue
        now_sent = sent()
        try:
            for page in pages:
                await page.refresh()
        except simcord.SetupError:
            continue  # Somebody is acting in a page; it is shown after.
        seen = now_sent


async def _keep_time(env: simcord.Env) -> None:
    """Has SimCord's clock, which goes by what happens, show the time."""
    while True:
        await asyncio.sleep(1)
        env.backend.advance_clock(max(0.0, _behind(env)))


def _behind(env: simcord.Env) -> float:
    behind: timedelta = datetime.now(UTC) - env.now()
    return behind.total_seconds()


async def _nothing(found: object = None) -> None:
    pass


@contextlib.asynccontextmanager
async def _borrowed(url: str) -> AsyncIterator[None]:
    """A database of papers alone, and left so: at each start the simulated Discord is another one.

    Raises:
        ConfigurationError: it holds a bot's channels or subscriptions.
    """
    database = await Database.open(url)
    try:
        async with database.read() as connection:
            if await servers.known(connection):
                raise ConfigurationError(
                    "This database holds a bot's channels or subscriptions, and trying would end them. Name another."
                )
        yield
        async with database.write() as connection:
            await servers.forget_all(connection)
    finally:
        await database.close()


def _simulated(settings: Settings, database: Path, source: SourceSettings) -> Settings:
    return settings.model_copy(
        update={
            "database": DatabaseSettings(url=f"sqlite+aiosqlite:///{database}"),
            "sources": (source,),
            # The digests may be years old, and their alerts are wanted all the same.
            "subscriptions": SubscriptionSettings(limit=settings.subscriptions.limit, alert_days=100_000),
        }
    )


def _pictures(entries: Iterable[Entry]) -> dict[str, tuple[str, bytes]]:
    """A picture for each address of one: the page fetches nothing from outside."""
    from PIL import Image, ImageDraw, ImageFont

    pictures: dict[str, tuple[str, bytes]] = {}
    for entry in entries:
        address = entry.paper.image_url
        if not address or address in pictures or not address.endswith((".png", ".jpg", ".jpeg", ".webp")):
            continue
        hue = sum(entry.paper.arxiv_id.encode()) * 37 % 360
        image = Image.new("RGB", (480, 252), f"hsl({hue}, 45%, 32%)")
        draw = ImageDraw.Draw(image)
        draw.text((240, 126), entry.paper.arxiv_id, "white", ImageFont.load_default(40), anchor="mm")
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        pictures[address] = (f"{entry.paper.arxiv_id.replace('/', '-')}.png", buffer.getvalue())
    return pictures


def _has_screen() -> bool:
    if os.environ.get("CI") or not sys.stdout.isatty():
        return False
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
