"""A database of the first schema, with data, brought to the newest."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from storage import channels, deliveries, digests, search, targets
from storage.database import Database
from storage.models import Channel, Delivery, DeliveryState, Follows, Reason, Subscription, Target
from storage.schema import metadata
from tests.storage.follows import every
from tests.storage.ledger import ALERT, BIG, CHANNEL, DAILY, MINUTE, USER, claim
from tests.storage.support import MONDAY, TUESDAY, dump, url_of
from tests.storage.test_database import MIGRATIONS, described

NOW = datetime(2026, 1, 1, tzinfo=UTC)

AT = datetime(2024, 1, 2, 0, 5, tzinfo=UTC)
DATA = """
INSERT INTO papers VALUES (1, '2401.00001', 'A zebra', 'https://arxiv.org/abs/2401.00001', NULL, NULL, 1);
INSERT INTO authors VALUES (1, 'Ana López', ' ana lopez ');
INSERT INTO paper_authors VALUES (1, 1, 0);
INSERT INTO digests VALUES (1, '2024-01-01', 'files');
INSERT INTO entries VALUES (1, 1, 3, 0, '[]');
INSERT INTO paper_words (rowid, title, authors, sections) VALUES (1, 'zebra', 'ana lopez', '');
INSERT INTO channels VALUES
    (1, 10, '09:05', 'Asia/Seoul', 5, 10, 'ko', 0, '2024-01-02 00:05:00.000000', '2024-01-01'),
    (9223372036854775807, 20, '18:30', 'UTC', 3, 0, 'en', 1, '2024-01-02 00:05:00.000000', NULL);
INSERT INTO subscriptions VALUES
    (3, 'user', 7, 'keyword', 'Zebra', 'zebra', 'en'),
    (4, 'user', 7, 'author', 'Ana', 'ana', 'en'),
    (5, 'channel', 1, 'keyword', 'Zebra', 'zebra', 'ko'),
    (6, 'channel', 2, 'keyword', 'Zebra', 'zebra', 'ko');
INSERT INTO deliveries VALUES
    (1, 'channel', 1, 'daily', '2024-01-01', 'sent', 2, 'nonce1', NULL, 555, '2024-01-02 00:05:00.000000'),
    (2, 'channel', 1, 'daily', '2024-01-02', 'claimed', 1, 'nonce2', NULL, NULL, '2024-01-02 00:05:00.000000'),
    (3, 'channel', 1, 'alert', '2024-01-01', 'failed', 3, 'nonce3', 'Forbidden', NULL, '2024-01-02 00:05:00.000000'),
    (7, 'user', 7, 'alert', '2024-01-01', 'sent', 1, 'nonce7', NULL, 556, '2024-01-02 00:05:00.000000');
INSERT INTO synced_commands VALUES (1, 'one');
"""


@pytest.fixture
def first(path: Path) -> Path:
    """A database of the first schema, with data."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    connection = sqlite3.connect(path)
    connection.executescript(DATA)
    connection.close()
    return path


async def test_the_schema_is_the_declared_one(first: Path, tmp_path: Path) -> None:
    await (await Database.open(url_of(first))).close()
    declared = tmp_path / "declared.db"
    engine = create_engine(f"sqlite:///{declared}")
    metadata.create_all(engine)
    engine.dispose()
    found, wanted = described(first), described(declared)
    # A column that was added stands at the end.
    table = "table channels of channels"
    for one in (found, wanted):
        assert str(one.pop(table)).startswith("createtablechannels(")
    assert found == wanted
    connection = sqlite3.connect(first)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


async def test_nothing_is_lost(first: Path) -> None:
    before = dump(first)
    database = await Database.open(url_of(first))
    async with database.read() as connection:
        assert await channels.of_guild(connection, 10) == [
            Channel(1, 10, time(9, 5), "Asia/Seoul", 5, 10, "ko", False, AT, date(2024, 1, 1))
        ]
        assert await channels.of_guild(connection, 20) == [Channel(BIG, 20, time(18, 30), "UTC", 3, 0, "en", True, AT)]
        assert await every(connection) == [
            Subscription(3, USER, 7, Follows.KEYWORD, "Zebra", "zebra", "en"),
            Subscription(4, USER, 7, Follows.AUTHOR, "Ana", "author:ana", "en"),
            Subscription(5, CHANNEL, 1, Follows.KEYWORD, "Zebra", "zebra", "ko"),
            Subscription(6, CHANNEL, 2, Follows.KEYWORD, "Zebra", "zebra", "ko"),
        ]
        assert await digests.most_votes(connection, 5, NOW) == {MONDAY: 3}
        wanted = [
            Target(CHANNEL, 1, 10),
            Target(CHANNEL, 2),
            Target(CHANNEL, BIG, 20),
            Target(USER, 7),
        ]
        assert [await targets.get(connection, one.target, one.target_id) for one in wanted] == wanted
        assert await targets.set_aside(connection) == []
    await database.close()
    after = dump(first)
    assert len(after["targets"]) == 4
    for table in ("paper_authors", "entries", "synced_commands"):
        assert after[table] == before[table] != []
    assert after["digests"] == [(*row, None) for row in before["digests"]] != []
    at = search.place(3, MONDAY, 0)
    assert after["papers"] == [(*before["papers"][0], at, None, None, None, None)]
    assert after["authors"] == [(1, "Ana López", 1)]
    title, names = [("title", 0, "a"), ("title", 1, "zebra")], [("authors", 0, "ana"), ("authors", 1, "lopez")]
    assert after["tokens of paper_words"] == [(at, [*names, *title])]
    assert (after["tokens of paper_titles"], after["tokens of paper_names"]) == ([(at, title)], [(at, names)])
    assert [token for _, found in after["tokens of author_names"] for *_, token in found] == ["ana", "lopez"]


def row(number: int, target: object, target_id: int, kind: object, day: date, state: DeliveryState, attempts: int,
        **more: object) -> Delivery:  # fmt: skip
    return Delivery(
        number, target, target_id, kind, day, 0, state, attempts, f"nonce{number}", AT, AT, AT, **more  # type: ignore[arg-type]
    )  # fmt: skip


async def test_each_delivery_has_its_state(first: Path) -> None:
    database = await Database.open(url_of(first))
    wanted = [
        row(1, CHANNEL, 1, DAILY, MONDAY, DeliveryState.SENT, 2, channel_id=1, message_id=555),
        # Its message carries another mark, so nobody can look whether it is there.
        row(
            2,
            CHANNEL,
            1,
            DAILY,
            TUESDAY,
            DeliveryState.SET_ASIDE,
            1,
            reason=Reason.UNCONFIRMED,
            claimed_at=AT,
            channel_id=1,
        ),
        row(
            3, CHANNEL, 1, ALERT, MONDAY, DeliveryState.EXPIRED, 3, reason=Reason.REFUSED, why="Forbidden", channel_id=1
        ),
        row(7, USER, 7, ALERT, MONDAY, DeliveryState.SENT, 1, message_id=556),
    ]
    async with database.read() as connection:
        assert [await deliveries.get(connection, one.id) for one in wanted] == wanted
    assert len(dump(first)["deliveries"]) == 4
    # None of them is sent again.
    assert await claim(database, AT + 1_000 * MINUTE) == []
    await database.close()


async def test_a_migration_that_breaks_off_leaves_the_database_as_it_was(first: Path) -> None:
    before = dump(first)
    connection = sqlite3.connect(first)
    connection.execute("CREATE TABLE matches (mine TEXT)")
    connection.close()
    with pytest.raises(Exception, match="table matches already exists"):
        await Database.open(url_of(first))
    after = dump(first)
    assert after.pop("matches") == []
    assert {name: rows for name, rows in after.items() if not name.startswith("sqlite_")} == {
        name: rows for name, rows in before.items() if not name.startswith("sqlite_")
    }
