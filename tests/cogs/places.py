"""Digests made up for a test, and what an admin may change in a server."""

from __future__ import annotations

from typing import Any

import discord
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType
from sqlalchemy import select

from storage import channels, deliveries, targets
from storage.models import Channel, Delivery, Subscriber, Target
from storage.schema import deliveries as rows
from tests.cogs.conftest import Town

DAY = 86_400


async def bring(town: Town, day: str, *titles: str, votes: int = 9) -> None:
    """Brings a digest of ``day``; the arXiv numbers are those of the titles, so that a title is always one paper."""
    lines = [f"## Daily Papers ({day})"]
    for title in titles or (f"A model of {day}",):
        number = sum(ord(letter) * (at + 1) for at, letter in enumerate(title)) % 100_000
        lines += [f"### [{title}](https://arxiv.org/abs/2512.{number:05})", f"Vote: {votes}", f"- {title}"]
    (town.folder / f"{day}.md").write_text("\n\n".join(lines), "utf-8")
    await town.bring()


def forbid(town: Town, channel: Any, **permissions: bool) -> None:
    """Sets what the bot may and may not do in a channel, as an admin does in its settings."""
    allow, deny = discord.PermissionOverwrite(**permissions).pair()
    bot_id = town.env.bot.user.id
    one = Overwrite(target_id=bot_id, type=OverwriteType.MEMBER, allow=allow.value, deny=deny.value)
    town.env.backend.set_overwrite(channel.id, one)


def allow(town: Town, channel: Any) -> None:
    """Takes back what was forbidden."""
    town.env.backend.delete_overwrite(channel.id, town.env.bot.user.id)


def tries(town: Town, channel: Any) -> int:
    """How often the bot has tried to send something to a channel."""
    path = f"/channels/{channel.id}/messages"
    return sum(request.method == "POST" and request.path == path for request in town.env.http_requests)


async def ledger(town: Town, target: Subscriber, target_id: int) -> list[Delivery]:
    """All that the database holds of what is owed to somebody, the oldest digest first."""
    async with town.bot.database.read() as connection:
        chosen = select(rows.c.id).where(rows.c.target == target, rows.c.target_id == target_id)
        ids = list((await connection.execute(chosen.order_by(rows.c.digest_date, rows.c.part))).scalars())
        found = [await deliveries.get(connection, delivery_id) for delivery_id in ids]
    return [one for one in found if one]


async def target(town: Town, which: Subscriber, target_id: int) -> Target | None:
    async with town.bot.database.read() as connection:
        return await targets.get(connection, which, target_id)


async def channel(town: Town, channel_id: int) -> Channel | None:
    async with town.bot.database.read() as connection:
        return await channels.get(connection, channel_id)
