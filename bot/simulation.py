"""``paperboy try``: the real bot against SimCord's simulated Discord, in the browser.

Two people sit in a server: Alex reads English, Minji (민지) reads Korean and manages the server; each has direct
messages with Paperboy. Digests are laid at the door one by one, as a source would bring them: all but the newest
before anyone comes; the newest when the channel is set up; of the bundled sample, one more with ``/next-day``.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import os
import shutil
import signal
import sys
import tempfile
import webbrowser
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import discord
from discord import app_commands

from bot import layouts, planning, sources
from bot.answering import answer, reader
from bot.app import Paperboy, create_bot
from bot.config import DatabaseSettings, FolderSource, Settings, SubscriptionSettings
from bot.errors import ConfigurationError, SourceError
from bot.language import ENGLISH, KOREAN
from bot.pace import Pace
from storage import channels, digests, servers
from storage.database import Database
from storage.models import Entry

if TYPE_CHECKING:
    import simcord
    from simcord.preview import Preview

SAMPLE = Path(__file__).parent / "sample"
ZONE = "Asia/Seoul"

_FOREVER = 86_400.0
log = logging.getLogger(__name__)


class Doorstep:
    """A folder that digests are laid into one by one, those of the oldest day first."""

    def __init__(self, paths: Sequence[Path], folder: Path, held_back: int) -> None:
        self._paths = paths
        self._folder = folder
        self._held_back = held_back
        self._laid: dict[Path, tuple[int, int]] = {}
        self.entries: list[Entry] = []

    def lay_old(self) -> None:
        """Lays down all but the newest and those that are held back."""
        files = self._waiting()
        for _, path in files[: max(0, len(files) - 1 - self._held_back)]:
            self._lay(path)

    def lay_next(self) -> date | None:
        """Lays down the next one; its day, None where there is none. A file that has changed is next as well."""
        for day, path in self._waiting()[:1]:
            self._lay(path)
            return day
        return None

    def _waiting(self) -> list[tuple[date, Path]]:
        found: list[tuple[date, Path]] = []
        for path in sources.files(self._paths):
            if self._laid.get(path) != _mark(path):
                read = sources.read(path).digests
                self.entries += [entry for digest in read for entry in digest.entries]
                found.append((max((digest.date for digest in read), default=date.min), path))
        return sorted(found)

    def _lay(self, path: Path) -> None:
        self._laid[path] = _mark(path)
        shutil.copyfile(path, self._folder / f"{len(self._laid):05}-{path.name}")


async def simulate(
    settings: Settings,
    *,
    paths: Sequence[Path] = (),
    port: int = 0,
    keep: Path | None = None,
    tell: Callable[[str], None] = print,
) -> None:
    """Runs until Ctrl-C, SIGTERM, or the end of the session in the browser.

    Raises:
        ConfigurationError: SimCord is not installed, or the port is taken.
        SourceError: ``paths`` hold no digest.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt instead.
            loop.add_signal_handler(name, stop.set)
    async with session(settings, paths=paths, port=port, keep=keep) as (server, direct):
        tell(f"The server, with #papers:         {server.url}")
        for who, preview in direct.items():
            tell(f"What {who} gets in direct messages: {preview.url}")
        tell("Type / in the page to see the commands; /next-day brings the next digest. Ctrl-C ends it.")
        if _has_screen():
            webbrowser.open(server.url)
        done = [asyncio.create_task(stop.wait()), asyncio.create_task(server.wait_closed())]
        await asyncio.wait(done, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.cancel()


@contextlib.asynccontextmanager
async def session(
    settings: Settings, *, paths: Sequence[Path] = (), port: int = 0, keep: Path | None = None
) -> AsyncIterator[tuple[Preview, dict[str, Preview]]]:
    """The page of the server, and those of the direct messages by name, while the bot runs."""
    try:
        import simcord
    except ImportError:
        raise ConfigurationError(
            "paperboy try needs SimCord, which comes with the extra “try”: uv sync --extra try"
        ) from None
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="paperboy-")))
        door = Doorstep(paths or [SAMPLE], _made(folder / "digests"), held_back=0 if paths else 1)
        door.lay_old()
        if not door.entries:
            raise SourceError("There is no digest to show: " + ", ".join(str(path) for path in paths))
        database = keep or folder / "paperboy.db"
        bot = create_bot(_simulated(settings, database, folder / "digests"))
        bot.pace = Pace()
        await stack.enter_async_context(_borrowed(bot.settings.database.url))
        stack.push_async_callback(bot.close)
        env = await stack.enter_async_context(simcord.run(bot, shard_count=1, check_errors=False))
        town = _Town(env, bot)
        bot.tree.add_command(_next_day(door, bot))
        await bot.tree.sync()
        await bot.read_digests()
        if newest := door.lay_next():
            # A database that was kept has seen it; the people who follow things are new.
            async with bot.database.write() as connection:
                await digests.set_unmatched(connection, newest)
        await town.settle_in()
        assets = _pictures(door.entries)
        try:
            server, direct = await town.open(stack, assets, port)
        except simcord.SetupError as error:
            raise ConfigurationError(f"The pages cannot be served: {error}. Choose another --port.") from error
        watcher = asyncio.create_task(_show_what_is_sent(env, [server, *direct.values()]))
        stack.callback(watcher.cancel)
        yield server, direct


class _Town:
    """A server with two people, one of whom sets Paperboy up."""

    def __init__(self, env: simcord.Env, bot: Paperboy) -> None:
        self._env = env
        self._bot = bot
        env.backend.edit_bot_profile("Paperboy")
        alex = env.create_user("alex", global_name="Alex")
        minji = env.create_user("minji", global_name="민지 Minji")
        read_in(bot, {alex.id: "en-US", minji.id: KOREAN})
        guild = env.create_guild("Reading group", owner=minji, preferred_locale="en-US")
        self._channel = guild.create_text_channel("papers")
        self._people = {"Alex": guild.add_member(alex), "Minji": guild.add_member(minji)}

    async def settle_in(self) -> None:
        """Sets the channel up, follows a few things, and lets the newest digest and the posting time come."""
        alex, minji = self._people.values()
        posting = self._bot.now().astimezone(ZoneInfo(ZONE)) + timedelta(minutes=5)
        await minji.slash(
            self._channel,
            "digest setup",
            channel=self._channel,
            time=f"{posting:%H:%M}",
            timezone=ZONE,
            language=ENGLISH,
        )
        await alex.slash(self._channel, "subscribe keyword", text="agent")
        await minji.slash(self._channel, "subscribe keyword", text="추론")
        await self._bot.read_digests()
        await self._env.advance_time(5 * 60)
        await self._bot.plan_posts()
        await _deliver(self._bot)

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


def _next_day(door: Doorstep, bot: Paperboy) -> app_commands.Command[Any, ..., Any]:
    @app_commands.command(name="next-day", description="Only here: the next digest arrives and is posted")
    async def next_day(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        words = reader(interaction)
        if not door.lay_next():
            text = words.text("There is no newer digest.")
        else:
            await bot.read_digests()
            await _post_now(bot)
            await _deliver(bot)
            text = words.text("The next digest has arrived. Look at the channel and at your direct messages.")
        await answer(interaction, layouts.note(text))

    return next_day


async def _deliver(bot: Paperboy) -> None:
    """Sends what is planned without waiting for the clock."""
    await bot.sender.send_due()
    await bot.sender.open_dms()


async def _post_now(bot: Paperboy) -> None:
    """Plans the newest digest for each channel without waiting for its time."""
    now = bot.now()
    async with bot.database.read() as connection:
        newest = await digests.newest(connection)
        every = await channels.due(connection, now + timedelta(days=2), newest)
    for channel in every:
        await planning.plan_now(bot.database, channel.channel_id, now)


async def _show_what_is_sent(env: simcord.Env, pages: Sequence[Preview]) -> None:
    """Has the pages show what the bot sends by itself."""
    import simcord

    def sent() -> int:
        return sum(request.method == "POST" and request.path.startswith("/channels/") for request in env.http_requests)

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


def _simulated(settings: Settings, database: Path, folder: Path) -> Settings:
    return settings.model_copy(
        update={
            "database": DatabaseSettings(url=f"sqlite+aiosqlite:///{database}"),
            "sources": (_laid(folder),),
            # The digests may be years old, and their alerts are wanted all the same.
            "subscriptions": SubscriptionSettings(limit=settings.subscriptions.limit, alert_days=100_000),
        }
    )


def _laid(folder: Path) -> FolderSource:
    # It is read when something is laid there, and only then.
    return FolderSource(
        kind="folder", name=sources.FILES, path=folder, poll_seconds=_FOREVER, whole_seconds=0, watch=False
    )


def _pictures(entries: Sequence[Entry]) -> dict[str, tuple[str, bytes]]:
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


def _mark(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
