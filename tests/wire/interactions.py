"""What people do: commands, buttons, menus; each sent through the gateway, and its answer awaited."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import discord

from tests.wire.gateway import Gateway
from tests.wire.places import APPLICATION_ID, EPHEMERAL, LOADING, Channel, Message, User, World
from tests.wire.refused import Refused

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
ANSWER, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES = 4, 5, 6, 7, 8
CHANNEL_OPTION = 7
SECONDS = 3.0
"""Discord forgets an interaction that is not answered for so long; the judge is more patient, unless this is tried."""


@dataclass(eq=False)
class Answered:
    """How the bot answered: ``elapsed`` seconds after it was sent came the callback, of the ``kind`` (4 answer, 5 and 6
    deferred, 7 update, 8 choices, 9 modal); ``edited`` after so many the edit that a deferred answer waits for.
    ``payload`` is what was said: the callback's data, or the edit's body. ``late``: the callback came too late."""

    elapsed: float
    kind: int
    payload: dict[str, Any]
    message: Message | None = None
    edited: float | None = None
    late: bool = False
    followups: list[Message] = field(default_factory=list)


@dataclass(frozen=True)
class Actor:
    """Who acts where, in which language and with which permissions, and for how long the answer is awaited."""

    user: User
    channel: Channel
    locale: str
    permissions: discord.Permissions | None
    seconds: float


@dataclass(eq=False)
class _Asked:
    """An interaction, until its token is forgotten."""

    id: int
    kind: int
    actor: Actor
    pressed: Message | None
    sent: float
    done: asyncio.Future[Answered]
    answered: Answered | None = None

    def finish(self) -> None:
        if not self.done.done():
            assert self.answered is not None
            self.done.set_result(self.answered)


def _words(options: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    for option in options:
        if option["name"] == name:
            return option
    raise AssertionError(f"the bot has no {name!r}; it has {[option['name'] for option in options]}")


class Interactions:
    """``until`` waits for a condition; an interaction is forgotten that is not answered for ``seconds``: a machine that
    stands still for longer than Discord waits is no fault of the bot."""

    def __init__(self, world: World, gateway: Gateway, until: Callable[..., Awaitable[None]]) -> None:
        self.seconds = 30.0
        self._world = world
        self._gateway = gateway
        self._until = until
        self._asked: dict[str, _Asked] = {}

    async def command(
        self, kind: int, actor: Actor, path: str, options: Mapping[str, Any], focused: str | None = None
    ) -> Answered:
        await self._until(lambda: self._gateway.connected and self._world.commands)
        name, *rest = path.split()
        command = described = _words(self._world.commands, name)
        for word in rest:
            described = _words(described["options"], word)
        resolved: dict[str, Any] = {}
        given: list[dict[str, Any]] = []
        for option, value in options.items():
            option_type = _words(described.get("options", []), option)["type"]
            if option_type == CHANNEL_OPTION:
                resolved.setdefault("channels", {})[str(value.id)] = self._resolved(value, actor.permissions)
                value = str(value.id)
            given.append({"name": option, "type": option_type, "value": value})
            if option == focused:
                given[-1]["focused"] = True
        for depth, word in reversed(list(enumerate(rest))):
            given = [{"name": word, "type": 1 if depth == len(rest) - 1 else 2, "options": given}]
        data = {"id": command["id"], "name": name, "type": 1, "options": given}
        if resolved:
            data["resolved"] = resolved
        return await self._ask(kind, actor, data)

    async def press(self, actor: Actor, custom_id: str, values: Sequence[str] | None, message: Message) -> Answered:
        await self._until(lambda: self._gateway.connected)
        item = next(found for found in message.components if found.get("custom_id") == custom_id)
        data = {"custom_id": custom_id, "component_type": item["type"], "id": item["id"]}
        if values is not None:
            data["values"] = list(values)
        return await self._ask(COMPONENT, actor, data, message)

    async def submit(self, actor: Actor, custom_id: str, fields: Mapping[str, str]) -> Answered:
        await self._until(lambda: self._gateway.connected)
        items = [{"type": 4, "id": 2, "custom_id": name, "value": value} for name, value in fields.items()]
        components = [{"type": 18, "id": 1, "component": item} for item in items]
        return await self._ask(MODAL, actor, {"custom_id": custom_id, "components": components})

    def _resolved(self, channel: Channel, permissions: discord.Permissions | None) -> dict[str, Any]:
        member = (permissions or discord.Permissions.all_channel()).value
        return channel.payload() | {"permissions": str(member), "app_permissions": str(channel.permissions().value)}

    async def _ask(self, kind: int, actor: Actor, data: dict[str, Any], pressed: Message | None = None) -> Answered:
        loop = asyncio.get_running_loop()
        token = secrets.token_urlsafe(40)
        user, channel, guild = actor.user, actor.channel, actor.channel.guild
        payload: dict[str, Any] = {
            "id": str(self._world.snowflakes.next()),
            "application_id": str(APPLICATION_ID),
            "type": kind,
            "token": token,
            "version": 1,
            "data": data,
            "channel_id": str(channel.id),
            "channel": channel.payload(),
            "app_permissions": str(channel.permissions().value),
            "locale": actor.locale,
            "entitlements": [],
            "attachment_size_limit": 10_485_760,
            "context": 1 if guild is None else 0,
            "authorizing_integration_owners": {"0": str(guild.id if guild else 0)},
        }
        if guild is None:
            payload["user"] = user.payload()
        else:
            may = actor.permissions or (discord.Permissions.all() if guild.owner is user else guild.everyone)
            payload["member"] = guild.member(user) | {"permissions": str(may.value)}
            payload["guild_id"] = str(guild.id)
            payload["guild"] = {"id": str(guild.id), "locale": guild.locale, "features": []}
            payload["guild_locale"] = guild.locale
        if pressed is not None:
            payload["message"] = pressed.payload
        asked = _Asked(int(payload["id"]), kind, actor, pressed, loop.time(), loop.create_future())
        self._asked[token] = asked
        self._gateway.dispatch("INTERACTION_CREATE", payload, guild)
        return await asyncio.wait_for(asked.done, actor.seconds)

    def _known(self, token: str) -> _Asked:
        if token not in self._asked:
            raise Refused(404, 10015, "Unknown Webhook")
        return self._asked[token]

    def _write(self, asked: _Asked, body: dict[str, Any], now: float) -> Message:
        metadata = {
            "id": str(asked.id),
            "type": asked.kind,
            "user": asked.actor.user.payload(),
            "authorizing_integration_owners": {},
        }
        more = {"webhook_id": str(APPLICATION_ID), "application_id": str(APPLICATION_ID)}
        return self._world.make(asked.actor.channel, body, now, interaction_metadata=metadata, **more)

    def callback(self, interaction: int, token: str, body: dict[str, Any], now: float) -> dict[str, Any]:
        """Takes the first answer; what Discord says of it to those who ask."""
        asked = self._asked.get(token)
        if asked is None or asked.id != interaction:
            raise Refused(404, 10062, "Unknown interaction")
        if asked.answered is not None and not asked.answered.late:
            raise Refused(400, 40060, "Interaction has already been acknowledged.")
        kind, data = body["type"], body.get("data") or {}
        answered = Answered(now - asked.sent, kind, data)
        if answered.elapsed > self.seconds:
            answered.late = True
            asked.answered = answered
            asked.finish()
            raise Refused(404, 10062, "Unknown interaction")
        message = asked.pressed
        if kind == ANSWER:
            message = self._write(asked, data, now)
        elif kind == DEFERRED:
            message = self._write(asked, {"flags": LOADING | (int(data.get("flags") or 0) & EPHEMERAL)}, now)
        elif kind == UPDATE and message is not None:
            self._world.edit(message, data)
        answered.message = message
        asked.answered = answered
        if kind not in (DEFERRED, DEFERRED_UPDATE):
            asked.finish()
        said: dict[str, Any] = {"interaction": {"id": str(asked.id), "type": asked.kind}}
        if message is not None and kind in (ANSWER, DEFERRED, DEFERRED_UPDATE, UPDATE):
            said["interaction"] |= {
                "response_message_id": str(message.id),
                "response_message_loading": kind == DEFERRED,
                "response_message_ephemeral": message.ephemeral,
            }
            said["resource"] = {"type": kind, "message": message.payload}
        return said

    def original(self, token: str) -> Message:
        answered = self._known(token).answered
        if answered is None or answered.message is None:
            raise Refused(404, 10008, "Unknown Message")
        return answered.message

    def edit(self, token: str, body: dict[str, Any], now: float) -> Message:
        """Takes the edit of the first answer."""
        asked, message = self._known(token), self.original(token)
        self._world.edit(message, body)
        assert asked.answered is not None
        if asked.answered.edited is None:
            asked.answered.edited = now - asked.sent
        if asked.answered.kind in (DEFERRED, DEFERRED_UPDATE):
            asked.answered.payload = body
        asked.finish()
        return message

    def follow_up(self, token: str, body: dict[str, Any], now: float) -> Message:
        """Takes a follow-up; the first one after a deferral is the answer."""
        asked = self._known(token)
        if asked.answered is None:
            raise Refused(404, 10015, "Unknown Webhook")
        if asked.answered.kind == DEFERRED and asked.answered.edited is None:
            return self.edit(token, body, now)
        message = self._write(asked, body, now)
        asked.answered.followups.append(message)
        asked.finish()
        return message

    def actor(
        self,
        user: User | None,
        channel: Channel | None,
        locale: str,
        seconds: float,
        permissions: discord.Permissions | None = None,
    ) -> Actor:
        """Where no channel is named: the first one of the first server, or the person's direct messages; where nobody
        is: the other one in direct messages, or the server's owner."""
        if channel is None and self._world.guilds:
            channel = next(iter(self._world.guilds.values())).channels[0]
        if user is None and channel is not None:
            user = channel.recipient or (channel.guild.owner if channel.guild else None)
        if user is None:
            user = next(each for each in self._world.users.values() if not each.bot)
        return Actor(user, channel or self._world.dm(user), locale, permissions, seconds)
