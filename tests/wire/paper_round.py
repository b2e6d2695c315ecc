"""A paper round: channels and people who are owed a digest, the bot as its own process, and what is at each door."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot import ingestion, sources
from storage import channels, targets
from storage.database import Database
from storage.models import Channel, DeliveryState, Subscriber
from tests.storage.follows import follow
from tests.wire import places
from tests.wire.discord_server import DiscordServer
from tests.wire.settings import folder_of_digests
from tests.wire.test_run import running

MARK = "pb:summary:"
Door = tuple[Subscriber, int, str]
"""A target and the mark of a delivery."""


class PaperRound:
    """Everything in ``folder``, as the bot has it. ``days`` are the digests that were laid down."""

    def __init__(self, server: DiscordServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.path = folder / "paperboy.db"
        self.days: list[date] = []
        self.channels: list[places.Channel] = []
        self.people: list[places.User] = []
        self.starts: list[float] = []
        """When the bot was started, by the event loop's time."""
        self.said = ""
        self._hearing: asyncio.Task[None]
        self._running = False
        (folder / "digests").mkdir()

    async def begin(self, channels_: int, people: int = 0, *, each: int = 250, opened: bool = False) -> None:
        """Sets channels up, so many in each server, whose next digest is the next that is laid down; and has people
        follow a keyword, whose direct messages were opened already, or were not."""
        for number in range(-(-channels_ // each)):
            guild = self.server.add_guild(channels=min(each, channels_ - number * each))
            self.channels += guild.channels
        self.people = [self.server.add_user() for _ in range(people)]
        database = await Database.open(self.url)
        try:
            async with database.write() as connection:
                for channel in self.channels:
                    assert channel.guild is not None
                    await channels.keep(connection, self.set_up(channel))
                    await targets.keep(connection, Subscriber.CHANNEL, channel.id, channel.guild.id)
                for person in self.people:
                    await follow(connection, Subscriber.USER, person.id, "model")
                    if opened:
                        await targets.set_dm_channel(connection, person.id, self.server.dm(person).id)
        finally:
            await database.close()

    @property
    def url(self) -> str:
        return f"sqlite+aiosqlite:///{self.path}"

    @staticmethod
    def set_up(channel: places.Channel) -> Channel:
        assert channel.guild is not None
        now = datetime.now(UTC)
        # Noon or so where the channel is, for what comes late is posted until the end of its day; and a posting time
        # that does not come during the test: due() has it come.
        zone, following = f"Etc/GMT{now.hour - 12:+d}", now + timedelta(hours=12)
        wall = following.astimezone(ZoneInfo(zone)).time().replace(second=0, microsecond=0)
        return Channel(channel.id, channel.guild.id, wall, zone, 3, 0, "en", False, following)

    def lay(self, day: date) -> None:
        """Lays a digest down."""
        papers = "\n".join(
            f"### [A Model of {day:%d %B}, Part {number}](https://arxiv.org/abs/{day:%y%m}.{day:%d}{number:03})\n\n"
            f"Vote: {number}\n\n- What it brings.\n"
            for number in range(1, 4)
        )
        unfinished = self.folder / "laid.part"
        unfinished.write_text(f"## Daily Papers ({day})\n\n{papers}", "utf-8")
        unfinished.rename(self.folder / "digests" / f"{day}.md")
        self.days.append(day)

    async def read(self) -> None:
        """Has the database hold what was laid down when the bot starts, which may else read and post one by one."""
        database = await Database.open(self.url)
        try:
            await ingestion.ingest(database, sources.files([self.folder / "digests"]))
        finally:
            await database.close()

    def due(self) -> None:
        """Has the posting time of every channel come."""
        self.execute("UPDATE channels SET next_post_at = ?", _stored(datetime.now(UTC) - timedelta(seconds=1)))

    async def pass_time(self, passed: timedelta) -> None:
        """Has time pass since the last claims, here and at Discord."""
        if not self._running:
            # What a bot asked for just before it was killed, Discord has done long ago.
            await self.server.heard_out()
        earlier = "{0} = strftime('%Y-%m-%d %H:%M:%f', {0}, ?1) || '000'"
        columns = ", ".join(earlier.format(column) for column in ("claimed_at", "due_at", "updated_at"))
        self.execute(f"UPDATE deliveries SET {columns}", f"-{int(passed.total_seconds())} seconds")  # noqa: S608
        self.server.forget_nonces()

    def execute(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with contextlib.closing(sqlite3.connect(self.path, timeout=30, isolation_level=None)) as connection:
            return connection.execute(statement, values).fetchall()

    @asynccontextmanager
    async def bot(self, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """The bot, fast; what it says is in ``said``. SIGKILLed at the end unless it has ended."""
        fast = {
            "PAPERBOY_POSTING__TICK_SECONDS": "0.2",
            "PAPERBOY_SOURCES": folder_of_digests(1),
            "PAPERBOY_POSTING__DMS_PER_SECOND": "40",
        }
        self.starts.append(asyncio.get_running_loop().time())
        self.said = ""
        async with running(self.server, self.folder, **(fast | settings)) as process:
            # A pipe that nobody reads fills up, and stops who writes to it.
            self._hearing = asyncio.create_task(self._hear(process))
            self._running = True
            try:
                yield process
            finally:
                if process.returncode is None:
                    process.kill()
                await self._hearing
                self._running = False

    async def _hear(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while line := await process.stderr.readline():
            self.said += line.decode()
        await process.wait()

    async def end(self, process: asyncio.subprocess.Process, how: signal.Signals = signal.SIGTERM) -> str:
        """Ends the bot; what it said."""
        if process.returncode is None:
            process.send_signal(how)
        return await self.hear()

    async def hear(self) -> str:
        """Waits until the bot, which was told to, has ended; what it said. It gives up what takes longer than eight
        seconds, and ten more at the most."""
        await asyncio.wait_for(asyncio.shield(self._hearing), 45)
        return self.said

    async def until_said(self, words: str, seconds: float = 60) -> None:
        """Waits until the bot has said so."""
        async with asyncio.timeout(seconds):
            while words not in self.said:  # noqa: ASYNC110 - another process says it
                await asyncio.sleep(0.05)

    @asynccontextmanager
    async def no_pauses(self) -> AsyncIterator[None]:
        """The bot's pauses between tries pass at once."""

        async def pass_them() -> None:
            while True:
                self.execute("UPDATE deliveries SET due_at = updated_at WHERE state IN ('failed', 'claimed')")
                await asyncio.sleep(0.1)

        passing = asyncio.create_task(pass_them())
        try:
            yield
        finally:
            passing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await passing

    def at_the_doors(self) -> Counter[Door]:
        """How many copies of each delivery are at each door."""
        people = {self.server.dm(person).id: person.id for person in self.people}
        found: Counter[Door] = Counter()
        for channel in self.server.channels.values():
            who = (Subscriber.USER, people[channel.id]) if channel.id in people else (Subscriber.CHANNEL, channel.id)
            for message in channel.messages:
                (mark,) = {
                    one["custom_id"].removeprefix(MARK)
                    for one in message.components
                    if str(one.get("custom_id")).startswith(MARK)
                }
                found[*who, mark] += 1
        return found

    def owed(self, days: list[date] | None = None) -> Counter[Door]:
        """One copy of each digest at each door."""
        found: Counter[Door] = Counter()
        for day in self.days if days is None else days:
            found.update({(Subscriber.CHANNEL, channel.id, f"d{day:%y%m%d}"): 1 for channel in self.channels})
            found.update({(Subscriber.USER, person.id, f"a{day:%y%m%d}"): 1 for person in self.people})
        return found

    def made(self) -> int:
        return sum(len(channel.messages) for channel in self.server.channels.values())

    def states(self) -> Counter[str]:
        """The ledger: how many messages owed are in each state; edits are of messages that are there."""
        return Counter(
            {
                str(state): int(str(number))
                for state, number in self.execute(
                    "SELECT state, count(*) FROM deliveries WHERE kind != 'edit' GROUP BY 1"
                )
            }
        )

    async def until_settled(self, seconds: float = 60) -> None:
        """Waits until every delivery owed is sent and written down so."""
        owed = sum(self.owed().values())
        await self.server.until(lambda: self.made() >= owed, seconds)
        await self.until_ledger(lambda states: states == {DeliveryState.SENT.value: owed}, seconds)

    async def until_rows(self, statement: str, *values: object, rows: list[tuple[object, ...]]) -> None:
        """Waits until the database answers so."""
        async with asyncio.timeout(60):
            while self.execute(statement, *values) != rows:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.05)

    async def until_ledger(self, settled: Callable[[Counter[str]], bool], seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while not settled(self.states()):  # noqa: ASYNC110 - another process writes it, and tells nobody
                await asyncio.sleep(0.05)


def _stored(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
