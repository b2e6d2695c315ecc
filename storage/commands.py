"""The slash commands as Discord was last given them, so that they are given again only when they change."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.schema import synced_commands


async def fingerprint(connection: AsyncConnection, application_id: int) -> str | None:
    """The fingerprint of the commands that the application was given; None where it was given none."""
    statement = select(synced_commands.c.fingerprint).where(synced_commands.c.application_id == application_id)
    return (await connection.execute(statement)).scalar()


async def set_fingerprint(connection: AsyncConnection, application_id: int, value: str) -> None:
    """Notes what the application was given."""
    statement = insert(synced_commands).values(application_id=application_id, fingerprint=value)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["application_id"], set_={"fingerprint": value})
    )
