"""Paperboy: opens what it owns, loads its cogs, and closes in reverse."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any

import discord
import yarl
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import custom_ids, permissions, planning, polling, views
from bot.answering import explain, sent
from bot.config import DISCORD_API, Settings
from bot.delivery import Sender
from bot.errors import DatabaseError
from bot.fetching import Fetcher
from bot.finding import Finder
from bot.ingestion import Folder
from bot.language import catalogues
from bot.pace import Pace
from bot.refusals import MENDABLE
from bot.remote import RemoteSource
from bot.schedule import Clock
from bot.translator import CatalogueTranslator
from bot.watching import watch
from storage import accounts, deliveries, notices, servers, targets
from storage import commands as synced
from storage.database import Database
from storage.models import Subscriber

log = logging.getLogger(__name__)

# Paperboy never speaks; discord.py would warn at each start that it cannot.
discord.VoiceClient.warn_nacl = False
discord.VoiceClient.warn_dave = False

COGS = ("cogs.papers", "cogs.anywhere", "cogs.subscriptions", "cogs.digest", "cogs.privacy")

_TIDY_SECONDS = 3600
_LONG = timedelta(days=1)
"""A source that has failed for so long is told of."""
_ALERT_SECONDS = 300
_EDIT_SECONDS = 600
_STOP_SECONDS = 8


class Tree(app_commands.CommandTree["Paperboy"]):
    """The commands; what they raise is explained to the person."""

    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /) -> None:
        if interaction.type is discord.InteractionType.autocomplete:
            log.error("Autocomplete failed", exc_info=error)
            return
        await explain(interaction, error)


class Paperboy(commands.AutoShardedBot):
    """The bot. It needs no privileged intent, and keeps neither members nor messages in memory."""

    database: Database
    sender: Sender
    finder: Finder | None = None

    def __init__(self, settings: Settings) -> None:
        self.pace = Pace(settings.posting.requests_per_second, settings.posting.dms_per_second)
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=Tree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            http_trace=self.pace.refusals.trace,
            # One that waits longer is tried another time, and keeps no other waiting.
            max_ratelimit_timeout=30,
        )
        self.settings = settings
        self._news = timedelta(days=settings.posting.catch_up_days)
        self._folders = [
            (one, Folder(one.path, one.name, one.whole_seconds)) for one in settings.sources if one.kind == "folder"
        ]
        self.fetcher = Fetcher()
        self._remote = [one for one in settings.sources if one.kind != "folder"]
        self._watches: list[asyncio.Task[None]] = []
        self.clock = Clock()

    def now(self) -> datetime:
        """The time, in UTC."""
        return discord.utils.utcnow()

    async def login(self, token: str) -> None:
        # discord.py keeps the address in the class; it is set anew so that two bots of one process do not mix.
        Route.BASE = self.settings.discord.api_url
        await super().login(token)

    async def setup_hook(self) -> None:
        if self.settings.discord.api_url != DISCORD_API:
            # A reconnect or an invalid session would fall back to Discord's own gateway.
            _, gateway, _ = await self.http.get_bot_gateway()
            DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
        self.database = await Database.open(self.settings.database.url)
        await self.database.hold()
        self.add_dynamic_items(*views.ITEMS)
        await self.tree.set_translator(CatalogueTranslator())
        for cog in COGS:
            await self.load_extension(cog)
        await self.sync_commands()
        self.sender = Sender(self, self.database, self.pace, self.now, self._news)
        await self.sender.start()
        if hugging_face := self.settings.hugging_face:
            self.finder = Finder(self.database, self.fetcher, hugging_face, self.now)
        await polling.keep_sources(self.database, self.settings)
        log.info("papers come from: %s", ", ".join(one.name for one in self.settings.sources) or "nowhere")
        if self._folders:
            self._read_soon = self._every(min(one.poll_seconds for one, _ in self._folders), self.read_digests)
        for source in self._remote:
            self._every(self.settings.posting.tick_seconds, self._polling(source))
        self._every(_ALERT_SECONDS, self.plan_alerts)
        self._edit_soon = self._every(_EDIT_SECONDS, self.plan_edits)
        self._every(self.settings.posting.tick_seconds, self.plan_posts)
        self._every(_TIDY_SECONDS, self.tidy)
        self.clock.start()
        self._watches = [asyncio.create_task(watch(one.path, self._read_soon)) for one, _ in self._folders if one.watch]

    def _every(self, seconds: float, job: Callable[[], Coroutine[None, None, None]]) -> Callable[[], None]:
        async def run() -> None:
            try:
                await job()
            except DatabaseError as error:
                # It is tried again at the next turn; the sentence says all that a trace would.
                log.error("%s", error)

        run.__qualname__ = job.__qualname__
        return self.clock.every(seconds, run)

    async def sync_commands(self) -> None:
        """Gives Discord the commands, where they are not what it was given last."""
        # By what they are translated with, for to read the catalogues takes longer than the rest of this.
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        fingerprint = hashlib.sha256(json.dumps(payload, sort_keys=True).encode() + catalogues()).hexdigest()
        application = self.application_id or 0
        async with self.database.read() as connection:
            known = await synced.fingerprint(connection, application)
        if known == fingerprint:
            return
        await self.tree.sync()
        async with self.database.write() as connection:
            await synced.set_fingerprint(connection, application, fingerprint)
        log.info("gave Discord the commands")

    async def read_digests(self) -> None:
        """Reads new digests, and plans to tell those who follow what is in them."""
        for source, folder in self._folders:
            await folder.ingest(self.database)
            if folder.being_written:
                self.loop.call_later(source.whole_seconds, self._read_soon)
        await self.plan_alerts()
        await self._plan_notices()

    def _polling(self, source: RemoteSource) -> Callable[[], Coroutine[None, None, None]]:
        """A job for each source: one that is slow keeps no other waiting."""

        async def poll_source() -> None:
            await self.poll_sources([source])

        return poll_source

    async def poll_sources(self, found: Sequence[RemoteSource] | None = None) -> None:
        """Fetches what is due of sources at an address (of all), and plans to tell those who follow what is in it."""
        days = max(self.settings.posting.catch_up_days, self.settings.votes.days)
        which = self._remote if found is None else found
        try:
            changed = await polling.poll(self.database, self.fetcher, which, self.now(), days)
        except asyncio.CancelledError:
            if not self.fetcher.stopped:
                raise
            # The bot ends, and waits for no answer.
            return
        if changed:
            await self.plan_alerts()
            self._edit_soon()
        await self._plan_notices()

    async def _plan_notices(self) -> None:
        owner_id, now = self._owner_id(), self.now()
        async with self.database.read() as connection:
            due = owner_id is not None and await notices.are_due(connection, now, _LONG)
        if due and owner_id:
            async with self.database.write() as connection:
                await notices.plan(connection, owner_id, now, _LONG)
            self.sender.wake()

    def _owner_id(self) -> int | None:
        """The person, or the owner of the team, that the application is of; None where nobody said."""
        if self.application is None:
            return None
        return self.application.team.owner_id if self.application.team else self.application.owner.id

    async def plan_alerts(self) -> None:
        """Plans to tell those who follow what is in new papers, once all of a day have come."""
        await planning.plan_alerts(self.database, self.now(), self.settings.subscriptions.alert_days)
        self.sender.wake()

    async def plan_edits(self) -> None:
        """Plans to edit the posts of the last days whose votes have moved."""
        await planning.plan_edits(self.database, self.now(), self.settings.votes.days)
        self.sender.wake()

    async def plan_posts(self) -> None:
        """Plans the daily posts whose time has come."""
        await planning.plan_posts(self.database, self.now(), self.settings.posting.catch_up_days)
        self.sender.wake()

    async def tidy(self) -> None:
        """Forgets what nobody needs any more."""
        async with self.database.write() as connection:
            await servers.tidy(connection, self.now())

    async def take_up(self, target: Subscriber, target_id: int, guild_id: int | None = None) -> None:
        """Delivers again to a target that was set aside, to a channel also what it has missed of late."""
        now = self.now()
        async with self.database.write() as connection:
            if target is Subscriber.USER:
                # They may just have been forgotten, on their wish.
                await targets.take_up(connection, target, target_id)
            else:
                await targets.keep(connection, target, target_id, guild_id)
                await deliveries.plan_set_aside_again(connection, target, target_id, self._news_since(), now)
        self.sender.wake()

    def _news_since(self) -> datetime:
        """What was planned before is not news any more."""
        return self.now() - self._news

    async def on_ready(self) -> None:
        async with self.database.write() as connection:
            await servers.are(connection, {guild.id for guild in self.guilds}, self._news_since(), self.now())
            aside = {target.guild_id for target in await targets.set_aside(connection)}
        for guild in self.guilds:
            # What was mended while it did not run, nobody tells it.
            if guild.id in aside:
                await self._look_at_permissions(guild)
        self.sender.wake()

    async def on_guild_available(self, guild: discord.Guild) -> None:
        # At the start there is one of these for each server, and then on_ready.
        if self.is_ready():
            await self._look_at_permissions(guild)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        async with self.database.write() as connection:
            await servers.leave(connection, guild.id, self.now())

    async def on_guild_join(self, guild: discord.Guild) -> None:
        async with self.database.write() as connection:
            await servers.come_back(connection, guild.id, self._news_since(), self.now())
        self.sender.wake()

    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        await self._look_at_permissions(after.guild)

    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        await self._look_at_permissions(after.guild)

    async def on_guild_role_delete(self, role: discord.Role) -> None:
        await self._look_at_permissions(role.guild)

    async def on_thread_update(self, before: discord.Thread, after: discord.Thread) -> None:
        await self._look_at_permissions(after.guild)

    async def on_thread_join(self, thread: discord.Thread) -> None:
        # To discord.py, one that is opened again is a new one.
        await self._look_at_permissions(thread.guild)

    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        if after.id == after.guild.me.id:
            await self._look_at_permissions(after.guild)

    async def _look_at_permissions(self, guild: discord.Guild) -> None:
        """Takes up the channels that were set aside for a permission which the bot has now, and those that it can look
        into now for what may be there."""
        async with self.database.read() as connection:
            held = await targets.of_guild(connection, guild.id)
            unknown = await accounts.unconfirmed(connection, [target.target_id for target in held])
        doubted = {delivery.target_id for delivery in unknown}
        for target in held:
            channel = guild.get_channel_or_thread(target.target_id)
            if target.set_aside_at:
                mended = target.reason in MENDABLE and permissions.suffice(channel)
            else:
                mended = target.target_id in doubted and permissions.may_look(channel)
            if mended:
                await self.take_up(target.target, target.target_id, guild.id)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self._forget_channel(channel.id)

    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        await self._forget_channel(payload.thread_id)

    async def _forget_channel(self, channel_id: int) -> None:
        async with self.database.write() as connection:
            await servers.forget_channel(connection, channel_id)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if interaction.type is discord.InteractionType.modal_submit:
            if sent(interaction).get("custom_id") == custom_ids.ASKED:
                await views.asked(interaction)
        if interaction.user.id in self.sender.refused_people:
            # Whoever uses the bot may have opened their direct messages again.
            await self.take_up(Subscriber.USER, interaction.user.id)
            self.sender.refused_people.discard(interaction.user.id)

    async def close(self) -> None:
        if self.is_closed():
            return
        if hasattr(self, "sender"):
            await self.sender.stop(_STOP_SECONDS)
        for watching in self._watches:
            watching.cancel()
        self.fetcher.stop()
        await self.clock.stop()
        await self.fetcher.close()
        await super().close()
        if hasattr(self, "database"):
            await self.database.close()


def create_bot(settings: Settings) -> Paperboy:
    """The unstarted bot: the one way in for ``run``, ``try`` and the tests."""
    return Paperboy(settings)
