"""A small Discord on loopback: HTTP API and gateway. It lives in the test's process; the bot may die and come back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import discord

from tests.wire.faults import MESSAGES, Fault, Hook, Misbehaviour, Step
from tests.wire.interactions import AUTOCOMPLETE, COMMAND, Answered
from tests.wire.places import EVERYONE, THREAD, Channel, Guild, Message, User
from tests.wire.serving import Serving


class DiscordServer(Serving):
    """What a test sets up, asks, and does in people's place."""

    # What there is

    def add_guild(
        self, name: str = "", channels: int = 1, *, owner: User | None = None, everyone: discord.Permissions = EVERYONE
    ) -> Guild:
        guild = self.put_guild(name or f"town{len(self.guilds) + 1}", channels, owner, everyone)
        self.gateway.dispatch("GUILD_CREATE", guild.payload(), guild)
        return guild

    def add_channel(self, guild: Guild, name: str, *, parent: Channel | None = None, id: int | None = None) -> Channel:  # noqa: A002 - as Discord calls it
        """A text channel, or a thread in one."""
        kind = THREAD if parent else 0
        channel = self.put_channel(Channel(id or self._channel_id(), name, kind, guild=guild, parent=parent))
        self.gateway.dispatch("THREAD_CREATE" if parent else "CHANNEL_CREATE", channel.payload(), guild)
        return channel

    def delete(self, channel: Channel) -> None:
        """A channel or thread is deleted, with what is in it."""
        assert channel.guild is not None
        (channel.guild.threads if channel.parent else channel.guild.channels).remove(channel)
        del self.channels[channel.id]
        event = "THREAD_DELETE" if channel.parent else "CHANNEL_DELETE"
        self.gateway.dispatch(event, channel.payload() if channel.parent else self._gone(channel), channel.guild)

    def remove_bot(self, guild: Guild) -> None:
        """The bot is removed from a server."""
        del self.guilds[guild.id]
        for channel in (*guild.channels, *guild.threads):
            del self.channels[channel.id]
        self.gateway.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild)

    def take_bot_back(self, guild: Guild) -> None:
        """The bot is added again to a server that it was removed from."""
        self.guilds[guild.id] = guild
        self.channels |= {channel.id: channel for channel in (*guild.channels, *guild.threads)}
        # discord.py knows a server that it is added to by what is missing here.
        known = {key: value for key, value in guild.payload().items() if key != "unavailable"}
        self.gateway.dispatch("GUILD_CREATE", known, guild)

    @staticmethod
    def _gone(channel: Channel) -> dict[str, Any]:
        assert channel.guild is not None
        return {"id": str(channel.id), "type": channel.kind, "guild_id": str(channel.guild.id), "name": channel.name}

    def deny(self, channel: Channel, permissions: discord.Permissions) -> None:
        """Takes these permissions from the bot in a channel, and gives back those taken before."""
        channel.deny = permissions
        self.gateway.dispatch("CHANNEL_UPDATE", channel.payload(), channel.guild)

    def close(self, thread: Channel, *, closed: bool = True) -> None:
        """A thread is locked and archived, or opened again."""
        thread.closed = closed
        self.gateway.dispatch("THREAD_UPDATE", thread.payload(), thread.guild)

    def lose(self, guild: Guild) -> None:
        """A server is out of order at Discord, until it is found again."""
        self.gateway.dispatch("GUILD_DELETE", {"id": str(guild.id), "unavailable": True}, guild)

    def find_again(self, guild: Guild) -> None:
        self.gateway.dispatch("GUILD_CREATE", guild.payload(), guild)

    def forget_nonces(self) -> None:
        self.nonces.clear()

    # What a test asks

    def count(self, method: str, path: str) -> int:
        """How many requests there were of a method and a path (a regular expression)."""
        return sum(each.method == method and bool(re.fullmatch(path, each.path)) for each in self.requests)

    def peak(self, seconds: float = 1.0) -> int:
        """The most requests in any so many seconds, without those that count for no limit."""
        times = [each.time for each in self.requests if not each.exempt]
        most = start = 0
        for end, time in enumerate(times):
            while time - times[start] >= seconds:
                start += 1
            most = max(most, end - start + 1)
        return most

    def faults_of_bodies(self) -> list[str]:
        """What Discord's description of its API says against the bodies sent; slow."""
        return self.bodies.faults()

    def misbehave(
        self,
        fault: Fault,
        *,
        times: int = 1,
        skip: int = 0,
        method: str = "POST",
        path: str = MESSAGES,
        status: int = 500,
        seconds: float = 0.5,
    ) -> Misbehaviour:
        """A fault for the next requests of a method and a path (a regular expression); one that has no place, as a lost
        answer where nothing could be made, does not fire."""
        asked = Misbehaviour(fault, times, skip, method, re.compile(path), status, seconds)
        self.faults.asked.append(asked)
        return asked

    def at(self, step: Step, hook: Hook, *, skip: int = 0, times: int = 1) -> None:
        """Calls ``hook`` (awaits it, where it returns an awaitable) at a step of the next messages to channels."""
        self.steps.at(step, hook, skip, times)

    # What people do; where nobody is named, the owner of the first server in its first channel

    async def slash(
        self,
        command: str,
        options: Mapping[str, Any] | None = None,
        *,
        user: User | None = None,
        channel: Channel | None = None,
        guild: Guild | None = None,
        locale: str = "en-US",
        permissions: discord.Permissions | None = None,
        seconds: float = 60,
    ) -> Answered:
        """A command, such as ``papers keyword``; the value of a channel option is a :class:`Channel`. ``permissions``
        are the person's."""
        place = channel or (guild.channels[0] if guild else None)
        actor = self.interactions.actor(user, place, locale, seconds, permissions)
        return await self.interactions.command(COMMAND, actor, command, options or {})

    async def autocomplete(
        self,
        command: str,
        option: str,
        typed: str,
        options: Mapping[str, Any] | None = None,
        *,
        user: User | None = None,
        channel: Channel | None = None,
        locale: str = "en-US",
        seconds: float = 60,
    ) -> Answered:
        """The choices for what is typed into an option; in ``payload["choices"]``."""
        actor = self.interactions.actor(user, channel, locale, seconds)
        given = {**(options or {}), option: typed}
        return await self.interactions.command(AUTOCOMPLETE, actor, command, given, option)

    async def press(
        self,
        custom_id: str,
        values: Sequence[str] | None = None,
        *,
        message: Message | None = None,
        user: User | None = None,
        locale: str = "en-US",
        permissions: discord.Permissions | None = None,
        seconds: float = 60,
    ) -> Answered:
        """A button, or the choice of ``values`` in a menu; of the newest message that has it, where none is named."""
        message = message or self.holding(custom_id)
        actor = self.interactions.actor(user, message.channel, locale, seconds, permissions)
        return await self.interactions.press(actor, custom_id, values, message)

    async def submit(
        self,
        custom_id: str,
        fields: Mapping[str, str],
        *,
        user: User | None = None,
        channel: Channel | None = None,
        locale: str = "en-US",
        seconds: float = 60,
    ) -> Answered:
        """A modal that was filled in: what is in its fields, by their ids."""
        actor = self.interactions.actor(user, channel, locale, seconds)
        return await self.interactions.submit(actor, custom_id, fields)
