"""Paperboy: opens what it owns, loads its cogs, and closes in reverse."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import datetime
from typing import Any

import discord
import yarl
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import custom_ids, jobs, views
from bot.answering import explain, sent
from bot.config import DISCORD_API, Settings
from bot.schedule import Clock
from bot.translator import CatalogueTranslator
from storage import commands as synced
from storage.database import Database

log = logging.getLogger(__name__)

# Paperboy never speaks; discord.py would warn at each start that it cannot.
discord.VoiceClient.warn_nacl = False
discord.VoiceClient.warn_dave = False

COGS = ("cogs.papers", "cogs.subscriptions", "cogs.digest")


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

    def __init__(self, settings: Settings) -> None:
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
        )
        self.settings = settings
        self.folder = jobs.Folder(settings.digests.path)
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
        self.add_dynamic_items(*views.ITEMS)
        await self.tree.set_translator(CatalogueTranslator())
        for cog in COGS:
            await self.load_extension(cog)
        await self.sync_commands()
        self.clock.every(self.settings.digests.poll_seconds, self.read_digests)
        self.clock.every(self.settings.posting.tick_seconds, self.post_due)
        self.clock.start()

    async def sync_commands(self) -> None:
        """Gives Discord the commands, where they are not what it was given last."""
        translator = self.tree.translator or CatalogueTranslator()
        payload = [await command.get_translated_payload(self.tree, translator) for command in self.tree.get_commands()]
        fingerprint = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
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
        """Reads new digests and tells those who follow what is in them."""
        await self.folder.ingest(self.database)
        await jobs.alert(self, self.database, self.now(), self.settings.subscriptions.alert_days)

    async def post_due(self) -> None:
        """Posts where the posting time has come."""
        await jobs.post_due(self, self.database, self.now())

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await jobs.forget_channel(self.database, channel.id)

    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        await jobs.forget_channel(self.database, payload.thread_id)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if interaction.type is discord.InteractionType.modal_submit:
            if sent(interaction).get("custom_id") == custom_ids.ASKED:
                await views.asked(interaction)

    async def close(self) -> None:
        if self.is_closed():
            return
        await self.clock.stop()
        await super().close()
        if hasattr(self, "database"):
            await self.database.close()


def create_bot(settings: Settings) -> Paperboy:
    """The unstarted bot: the one way in for ``run``, ``try`` and the tests."""
    return Paperboy(settings)
