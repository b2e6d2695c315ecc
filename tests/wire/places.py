"""What a Discord on loopback knows: people, servers, channels and the messages in them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import discord

from tests.wire.uploads import Files, attached, referred

BOT_ID = 1
APPLICATION_ID = 1
EPHEMERAL, LOADING = 1 << 6, 1 << 7
TEXT_CHANNEL, DM_CHANNEL, THREAD = 0, 1, 11
EVERYONE = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    read_message_history=True,
    use_application_commands=True,
)
JOINED = "2025-01-01T00:00:00+00:00"


UNKNOWN_CHANNEL = (404, 10003, "Unknown Channel")
UNKNOWN_MESSAGE = (404, 10008, "Unknown Message")
MISSING_ACCESS = (403, 50001, "Missing Access")
MISSING_PERMISSIONS = (403, 50013, "Missing Permissions")
THREAD_LOCKED = (400, 160005, "Thread is locked")


class Snowflakes:
    """Ids by the current time; each is above the one before."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        self._last = max(self._last + 1, (time.time_ns() // 1_000_000 - discord.utils.DISCORD_EPOCH) << 22)
        return self._last


@dataclass(frozen=True)
class User:
    id: int
    name: str
    bot: bool = False

    def payload(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "username": self.name,
            "discriminator": "0",
            "global_name": None,
            "avatar": None,
            "bot": self.bot,
        }


BOT = User(BOT_ID, "Paperboy", bot=True)


@dataclass(eq=False)
class Message:
    """``made`` is the event loop's time."""

    id: int
    channel: Channel
    payload: dict[str, Any]
    made: float
    files: Files = field(default_factory=dict)

    @property
    def nonce(self) -> str | None:
        return self.payload.get("nonce")

    @property
    def ephemeral(self) -> bool:
        return bool(self.payload["flags"] & EPHEMERAL)

    @property
    def components(self) -> list[dict[str, Any]]:
        """All of them, nested ones too, in the order of reading."""
        return list(_nested(self.payload["components"]))

    @property
    def text(self) -> str:
        shown = [self.payload["content"], *(component.get("content", "") for component in self.components)]
        return "\n".join(filter(None, shown))


def _nested(found: Any) -> Any:
    for component in found if isinstance(found, list) else [found]:
        if component:
            yield component
            for key in ("components", "accessory", "component"):
                yield from _nested(component.get(key, []))


@dataclass(eq=False)
class Channel:
    """A text channel, a thread of one (``parent``), or a direct conversation (``recipient``). ``closed``: a thread that
    is locked and archived."""

    id: int
    name: str
    kind: int = TEXT_CHANNEL
    guild: Guild | None = None
    parent: Channel | None = None
    recipient: User | None = None
    allow: discord.Permissions = field(default_factory=discord.Permissions.none)
    deny: discord.Permissions = field(default_factory=discord.Permissions.none)
    messages: list[Message] = field(default_factory=list)
    closed: bool = False

    def permissions(self) -> discord.Permissions:
        """What the bot may do here."""
        if self.guild is None:
            return discord.Permissions.all_channel()
        place = self.parent or self
        value = (self.guild.everyone.value & ~place.deny.value) | place.allow.value
        permissions = discord.Permissions(value)
        return permissions if permissions.view_channel else discord.Permissions.none()

    def may(self, name: str) -> bool:
        return bool(getattr(self.permissions(), name))

    def payload(self) -> dict[str, Any]:
        last = str(self.messages[-1].id) if self.messages else None
        known = {"id": str(self.id), "type": self.kind, "last_message_id": last, "flags": 0}
        if self.recipient is not None:
            return known | {"recipients": [self.recipient.payload()]}
        assert self.guild is not None
        known |= {"guild_id": str(self.guild.id), "name": self.name, "rate_limit_per_user": 0}
        if self.parent is not None:
            metadata = {
                "archived": self.closed,
                "auto_archive_duration": 1440,
                "archive_timestamp": JOINED,
                "locked": self.closed,
                "create_timestamp": JOINED,
            }
            counts = {"message_count": len(self.messages), "total_message_sent": len(self.messages), "member_count": 1}
            owner = {"parent_id": str(self.parent.id), "owner_id": str(self.guild.owner.id)}
            return known | owner | counts | {"thread_metadata": metadata}
        overwrite = {"id": str(BOT_ID), "type": 1, "allow": str(self.allow.value), "deny": str(self.deny.value)}
        overwrites = [overwrite] if self.allow.value or self.deny.value else []
        place = {"position": self.guild.channels.index(self), "parent_id": None, "topic": None, "nsfw": False}
        return known | place | {"permission_overwrites": overwrites}


@dataclass(eq=False)
class Guild:
    id: int
    name: str
    owner: User
    everyone: discord.Permissions
    locale: str = "en-US"
    channels: list[Channel] = field(default_factory=list)
    threads: list[Channel] = field(default_factory=list)

    def member(self, user: User) -> dict[str, Any]:
        return {
            "user": user.payload(),
            "roles": [],
            "joined_at": JOINED,
            "deaf": False,
            "mute": False,
            "flags": 0,
            "nick": None,
            "avatar": None,
            "premium_since": None,
            "pending": False,
            "communication_disabled_until": None,
        }

    def payload(self) -> dict[str, Any]:
        role = {
            "id": str(self.id),
            "name": "@everyone",
            "permissions": str(self.everyone.value),
            "position": 0,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner.id),
            "icon": None,
            "features": [],
            "preferred_locale": self.locale,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "system_channel_flags": 0,
            "joined_at": JOINED,
            "large": False,
            "unavailable": False,
            "member_count": 2,
            "members": [self.member(BOT)],
            "roles": [role],
            "channels": [channel.payload() for channel in self.channels],
            "threads": [thread.payload() for thread in self.threads if not thread.closed],
            "emojis": [],
            "stickers": [],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }


class World:
    """The state. Ids are counted up, so that a test can write them into the bot's database beforehand: users from 2, 3
    and 4 × 10^17, direct conversations from 5 × 10^17."""

    def __init__(self) -> None:
        self.owner = User(100_000_000_000_000_001, "operator")
        """Whose application it is."""
        self.users: dict[int, User] = {BOT_ID: BOT, self.owner.id: self.owner}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, Message] = {}
        self.commands: list[dict[str, Any]] = []
        self.dead: dict[int, tuple[int, int, str]] = {}
        self.snowflakes = Snowflakes()
        self._conversations: dict[int, Channel] = {}

    def add_user(self, name: str = "", id: int | None = None) -> User:  # noqa: A002 - as Discord calls it
        # The bot counts, its owner does not.
        number = len(self.users) - 1
        user = User(id or 200_000_000_000_000_000 + number, name or f"person{number}")
        self.users[user.id] = user
        return user

    def put_guild(self, name: str, channels: int, owner: User | None, everyone: discord.Permissions) -> Guild:
        assert channels <= 500, "a server of Discord has 500 channels at most"
        owner = owner or self.add_user(f"{name}-owner")
        guild = Guild(300_000_000_000_000_000 + len(self.guilds) + 1, name, owner, everyone)
        self.guilds[guild.id] = guild
        for number in range(1, channels + 1):
            self.put_channel(Channel(self._channel_id(), f"papers-{number}", guild=guild))
        return guild

    def put_channel(self, channel: Channel) -> Channel:
        """Takes a channel of a server, or a thread."""
        assert channel.guild is not None
        (channel.guild.threads if channel.parent else channel.guild.channels).append(channel)
        self.channels[channel.id] = channel
        return channel

    def _channel_id(self) -> int:
        return 400_000_000_000_000_000 + len(self.channels) + 1

    def dm(self, user: User) -> Channel:
        """The conversation of the bot with a person."""
        if user.id not in self._conversations:
            channel_id = 500_000_000_000_000_000 + len(self._conversations) + 1
            channel = Channel(channel_id, user.name, DM_CHANNEL, recipient=user)
            self._conversations[user.id] = self.channels[channel_id] = channel
        return self._conversations[user.id]

    def refuse(self, place: int, status: int, code: int, message: str = "Refused") -> None:
        """Everything that is asked of a channel from now on, or a conversation with a person (by the person's id, when
        it is opened), is refused. :meth:`accept` ends it."""
        self.dead[place] = (status, code, message)

    def accept(self, place: int) -> None:
        self.dead.pop(place, None)

    def make(self, channel: Channel, body: dict[str, Any], now: float, **more: Any) -> Message:
        """A message of the bot."""
        message_id = self.snowflakes.next()
        files = attached({}, body, self.snowflakes.next)
        flags = int(body.get("flags") or 0)
        payload = {
            "id": str(message_id),
            "channel_id": str(channel.id),
            "type": 0,
            "author": BOT.payload(),
            "content": body.get("content") or "",
            "components": _numbered(referred(body.get("components") or [], files)),
            "embeds": body.get("embeds") or [],
            "attachments": [],  # Those that components show are not told of here.
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": False,
            "pinned": False,
            "tts": False,
            "timestamp": datetime.now(UTC).isoformat(),
            "edited_timestamp": None,
            "flags": flags,
        }
        if body.get("nonce") is not None:
            payload["nonce"] = body["nonce"]
        message = Message(message_id, channel, payload | more, now, files)
        self.messages[message_id] = message
        if not message.ephemeral:
            channel.messages.append(message)
        return message

    def edit(self, message: Message, body: dict[str, Any]) -> None:
        payload = message.payload
        files = attached(message.files, body, self.snowflakes.next)
        components = _numbered(referred(body.get("components") or [], files))
        message.files = files
        payload.update({key: body[key] or "" for key in ("content",) if key in body})
        payload.update({key: body[key] or [] for key in ("embeds",) if key in body})
        if "components" in body:
            payload["components"] = components
        kept = payload["flags"] & (EPHEMERAL | 1 << 15)
        payload["flags"] = kept | int(body.get("flags") or 0)
        payload["edited_timestamp"] = datetime.now(UTC).isoformat()

    def holding(self, custom_id: str) -> Message:
        """The newest message with such a button or menu."""
        for message in reversed(self.messages.values()):
            if any(component.get("custom_id") == custom_id for component in message.components):
                return message
        raise AssertionError(f"no message has {custom_id!r}")


def _numbered(components: Any) -> Any:
    """The components as Discord gives them back: each with a number of its own."""
    count = 0

    def number(found: Any) -> Any:
        nonlocal count
        if isinstance(found, list):
            return [number(each) for each in found]
        if isinstance(found, dict) and "type" in found and not isinstance(found["type"], str):
            count += 1
            here = count
            return {"id": here} | {key: number(value) for key, value in found.items()}
        return found

    return number(components)
