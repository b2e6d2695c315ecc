"""The people and channels that deliveries go to: whether Discord takes what is sent to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, delete, func, literal, or_, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.models import Reason, Subscriber, Target
from storage.schema import Instant, targets

TRIED_AGAIN_AFTER = timedelta(days=7)
"""A channel's refusal may be a stray one, or be mended while the bot is down: one that is set aside is tried again this
seldom. A person is tried again when they use the bot."""
_TAKEN_UP = {"refusals": 0, "refused_on": None, "set_aside_at": None, "reason": None, "why": None}


async def keep(connection: AsyncConnection, target: Subscriber, target_id: int, guild_id: int | None = None) -> None:
    """Has a target be delivered to, also one that was set aside."""
    values = {"target": target, "target_id": target_id, "guild_id": guild_id}
    changed = _TAKEN_UP | ({"guild_id": guild_id} if guild_id is not None else {})
    await connection.execute(
        insert(targets).values(**values).on_conflict_do_update(index_elements=["target", "target_id"], set_=changed)
    )


async def take_up(connection: AsyncConnection, target: Subscriber, target_id: int) -> None:
    """Has a target that is held be delivered to again; one that was forgotten stays so."""
    await connection.execute(update(targets).where(*_is(target, target_id)).values(**_TAKEN_UP))


async def get(connection: AsyncConnection, target: Subscriber, target_id: int) -> Target | None:
    """One target."""
    row = (await connection.execute(select(targets).where(*_is(target, target_id)))).mappings().first()
    return _target(row) if row else None


async def of_guild(connection: AsyncConnection, guild_id: int) -> list[Target]:
    """The channels of a server that are delivered to."""
    statement = select(targets).where(targets.c.guild_id == guild_id).order_by(targets.c.target_id)
    return [_target(row) for row in (await connection.execute(statement)).mappings()]


async def set_aside(connection: AsyncConnection) -> list[Target]:
    """All that are set aside, the longest first."""
    statement = select(targets).where(targets.c.set_aside_at.is_not(None)).order_by(targets.c.set_aside_at)
    return [_target(row) for row in (await connection.execute(statement)).mappings()]


async def reasons(
    connection: AsyncConnection, target: Subscriber, target_ids: Collection[int], now: datetime
) -> dict[int, Reason]:
    """Why targets are set aside, of those that are; without the channels that were last refused so long ago that they
    are tried once more."""
    recently = targets.c.refused_on > (now.astimezone(UTC) - TRIED_AGAIN_AFTER).date()
    statement = select(targets.c.target_id, targets.c.reason).where(
        targets.c.target == target,
        targets.c.target_id.in_(target_ids),
        targets.c.set_aside_at.is_not(None),
        or_(targets.c.target == Subscriber.USER, targets.c.reason == Reason.SERVER_LEFT, recently),
    )
    return {target_id: Reason(reason) for target_id, reason in await connection.execute(statement)}


async def people_refused(connection: AsyncConnection) -> set[int]:
    """The people whom Discord last refused a message."""
    statement = select(targets.c.target_id).where(targets.c.target == Subscriber.USER, targets.c.refusals > 0)
    return set((await connection.execute(statement)).scalars())


async def set_dm_channel(connection: AsyncConnection, user_id: int, channel_id: int | None) -> None:
    """Keeps the channel of a person's direct messages, unless the person was forgotten meanwhile; None forgets it."""
    statement = update(targets).where(*_is(Subscriber.USER, user_id))
    await connection.execute(statement.values(dm_channel_id=channel_id))


async def dm_channels(connection: AsyncConnection, user_ids: Collection[int]) -> dict[int, int]:
    """The channels of people's direct messages, of those that are known."""
    statement = select(targets.c.target_id, targets.c.dm_channel_id).where(
        targets.c.target == Subscriber.USER, targets.c.target_id.in_(user_ids), targets.c.dm_channel_id.is_not(None)
    )
    return {user_id: channel_id for user_id, channel_id in await connection.execute(statement)}


def refuse(
    connection: Connection,
    target: Subscriber,
    target_id: int,
    reason: Reason,
    why: str | None,
    now: datetime,
    days: int,
) -> bool:
    """Notes that Discord refused; sets the target aside when it did so on ``days`` different days in a row. Whether it
    is set aside."""
    today = now.astimezone(UTC).date()
    first_today = or_(targets.c.refused_on.is_(None), targets.c.refused_on != today)
    refusals = targets.c.refusals + case((first_today, 1), else_=0)
    # That the bot was removed is more than that it is refused.
    left = func.coalesce(targets.c.reason, "") == Reason.SERVER_LEFT
    statement = (
        update(targets)
        .where(*_is(target, target_id))
        .values(
            refusals=refusals,
            refused_on=today,
            reason=case((left, targets.c.reason), else_=reason.value),
            why=case((left, targets.c.why), else_=why),
            set_aside_at=case(
                (refusals >= days, func.coalesce(targets.c.set_aside_at, literal(now, Instant))),
                else_=targets.c.set_aside_at,
            ),
        )
        .returning(targets.c.set_aside_at)
    )
    return connection.execute(statement).scalar() is not None


def accepted(connection: Connection, sent_to: Iterable[tuple[Subscriber, int]]) -> None:
    """Notes that Discord took what was sent: refusals before it do not count any more."""
    for target in Subscriber:
        ids = [target_id for one, target_id in sent_to if one is target]
        if ids:
            refused = and_(targets.c.target == target, targets.c.target_id.in_(ids), targets.c.refusals > 0)
            connection.execute(update(targets).where(refused).values(**_TAKEN_UP))


async def leave(connection: AsyncConnection, guild_id: int, now: datetime) -> None:
    """Sets the channels of a server aside that the bot was removed from; one that was before keeps its date."""
    fresh = or_(targets.c.reason.is_(None), targets.c.reason != Reason.SERVER_LEFT)
    await connection.execute(
        update(targets)
        .where(targets.c.guild_id == guild_id, fresh)
        .values(set_aside_at=now, reason=Reason.SERVER_LEFT, why=None)
    )


async def come_back(connection: AsyncConnection, guild_id: int) -> None:
    """Takes up the channels of a server that the bot was added to again."""
    left = and_(targets.c.guild_id == guild_id, targets.c.reason == Reason.SERVER_LEFT)
    await connection.execute(update(targets).where(left).values(**_TAKEN_UP))


async def guilds(connection: AsyncConnection) -> dict[int, bool]:
    """The servers that have channels which are delivered to, and whether the bot has left them."""
    statement = select(targets.c.guild_id, func.max(targets.c.reason == Reason.SERVER_LEFT)).where(
        targets.c.guild_id.is_not(None)
    )
    rows = await connection.execute(statement.group_by(targets.c.guild_id))
    return {guild_id: bool(left) for guild_id, left in rows}


async def gone_before(connection: AsyncConnection, moment: datetime) -> list[int]:
    """The channels that were gone before ``moment``, or that the bot was removed from with their servers."""
    statement = select(targets.c.target_id).where(
        targets.c.target == Subscriber.CHANNEL,
        targets.c.reason.in_([Reason.SERVER_LEFT, Reason.CHANNEL_GONE]),
        targets.c.set_aside_at < moment,
    )
    return list((await connection.execute(statement)).scalars())


async def remove(connection: AsyncConnection, target: Subscriber, target_id: int) -> None:
    """Forgets a target."""
    await connection.execute(delete(targets).where(*_is(target, target_id)))


def _is(target: Subscriber, target_id: int) -> tuple[Any, Any]:
    return targets.c.target == target, targets.c.target_id == target_id


def _target(row: Any) -> Target:
    return Target(
        target=Subscriber(row["target"]),
        target_id=row["target_id"],
        guild_id=row["guild_id"],
        dm_channel_id=row["dm_channel_id"],
        refusals=row["refusals"],
        refused_on=row["refused_on"],
        set_aside_at=row["set_aside_at"],
        reason=Reason(row["reason"]) if row["reason"] else None,
        why=row["why"],
    )
