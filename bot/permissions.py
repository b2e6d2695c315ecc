"""What Paperboy may do in a channel."""

from __future__ import annotations

import discord

from bot.language import message

VIEW = message("View Channel")
SEND = message("Send Messages")
SEND_IN_THREADS = message("Send Messages in Threads")
READ_HISTORY = message("Read Message History")


def missing(channel: discord.TextChannel | discord.Thread) -> list[str]:
    """The names of the permissions that a daily post needs in ``channel`` and the bot lacks there."""
    may = channel.permissions_for(channel.guild.me)
    in_thread = isinstance(channel, discord.Thread)
    send = may.send_messages_in_threads if in_thread else may.send_messages
    return [
        name
        for name, granted in ((VIEW, may.view_channel), (SEND_IN_THREADS if in_thread else SEND, send))
        if not granted
    ]


def wanting(channel: discord.TextChannel | discord.Thread) -> list[str]:
    """The names of the permissions that are of use, and that the bot lacks in ``channel``: by its history it can tell
    after a breakdown whether a post is there."""
    return [] if channel.permissions_for(channel.guild.me).read_message_history else [READ_HISTORY]


def may_look(channel: object) -> bool:
    """Whether the bot may post in ``channel``, and read what is there."""
    return isinstance(channel, discord.TextChannel | discord.Thread) and suffice(channel) and not wanting(channel)


def suffice(channel: object) -> bool:
    """Whether nothing stands in the way of a daily post in ``channel``."""
    if isinstance(channel, discord.Thread) and (channel.locked or channel.archived):
        return False
    return isinstance(channel, discord.TextChannel | discord.Thread) and not missing(channel)
