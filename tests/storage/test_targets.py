"""Targets, and servers that come, go and come back."""

from __future__ import annotations

from storage import channels, commands, deliveries, digests, servers, subscriptions, targets
from storage.database import Database
from storage.models import DeliveryState, Follows, Reason, Subscriber, Target
from storage.servers import Forgotten
from tests.storage.follows import every, follow
from tests.storage.ledger import BIG, CHANNEL, DAY, HOUR, MINUTE, NOW, USER, alert, channel, held, plan, post
from tests.storage.support import MONDAY, SOURCE, TUESDAY, digest, paper


async def test_a_target_is_kept(database: Database) -> None:
    async with database.write() as connection:
        await targets.keep(connection, CHANNEL, BIG, BIG - 1)
        await targets.keep(connection, USER, BIG)
        await targets.set_dm_channel(connection, BIG, 7)
        await targets.keep(connection, USER, 8)
        await targets.set_dm_channel(connection, 8, 9)
        await targets.set_dm_channel(connection, 8, 10)
        # Who keeps it next does not know its server, or where the direct messages are.
        await targets.keep(connection, CHANNEL, BIG)
        await targets.keep(connection, USER, BIG)
        assert await targets.get(connection, CHANNEL, BIG) == Target(CHANNEL, BIG, BIG - 1)
        assert await targets.get(connection, USER, BIG) == Target(USER, BIG, None, 7)
        assert await targets.get(connection, USER, 5) is None
        assert await targets.of_guild(connection, BIG - 1) == [Target(CHANNEL, BIG, BIG - 1)]
        assert await targets.dm_channels(connection, [BIG, 8, 5]) == {BIG: 7, 8: 10}
        await targets.remove(connection, USER, BIG)
        assert await targets.get(connection, USER, BIG) is None
        assert await targets.get(connection, CHANNEL, BIG) is not None


async def test_keeping_takes_a_target_up(database: Database) -> None:
    async with database.write() as connection:
        for number in (1, 2):
            await targets.keep(connection, CHANNEL, number)
        assert await connection.run_sync(targets.refuse, CHANNEL, 1, Reason.NO_ACCESS, "why", NOW, 1) is True
        assert await connection.run_sync(targets.refuse, CHANNEL, 2, Reason.NO_ACCESS, "why", NOW, 2) is False
        assert await targets.reasons(connection, CHANNEL, [1, 2, 3], NOW) == {1: Reason.NO_ACCESS}
        assert await targets.reasons(connection, USER, [1], NOW) == {}
        await targets.keep(connection, CHANNEL, 1, 5)
        assert await targets.get(connection, CHANNEL, 1) == Target(CHANNEL, 1, 5)
        assert await targets.reasons(connection, CHANNEL, [1, 2, 3], NOW) == {}


async def test_those_that_are_set_aside_the_longest_first(database: Database) -> None:
    async with database.write() as connection:
        for number, at in ((1, NOW), (2, NOW - HOUR), (3, NOW + HOUR)):
            await targets.keep(connection, CHANNEL, number)
            await connection.run_sync(targets.refuse, CHANNEL, number, Reason.NO_ACCESS, None, at, 1)
        await targets.keep(connection, USER, 4)
        await connection.run_sync(targets.refuse, USER, 4, Reason.DMS_CLOSED, None, NOW, 3)
        assert [one.target_id for one in await targets.set_aside(connection)] == [2, 1, 3]
        assert await targets.people_refused(connection) == {4}
        await connection.run_sync(targets.accepted, [(USER, 4), (CHANNEL, 2), (CHANNEL, 9)])
        assert await targets.people_refused(connection) == set()
        assert [one.target_id for one in await targets.set_aside(connection)] == [1, 3]


async def kept(database: Database) -> None:
    """Two servers: 10 with channels 1 (a daily post) and 2 (follows), 20 with channel 3; and person 7."""
    async with database.write() as connection:
        for number, guild in ((1, 10), (2, 10), (3, 20)):
            await targets.keep(connection, CHANNEL, number, guild)
        await channels.keep(connection, channel(1, 10))
        await channels.keep(connection, channel(3, 20))
        for who, who_id in ((CHANNEL, 2), (USER, 7), (USER, 2)):
            await follow(connection, who, who_id, "zebra")
        await follow(connection, USER, 7, "Ana", Follows.AUTHOR)
        await targets.keep(connection, USER, 7)
        await targets.set_dm_channel(connection, 7, 70)
        await commands.set_fingerprint(connection, 1, "one")
        await connection.run_sync(digests.store, digest(MONDAY, (paper("2401.00001", "zebra"), 1)), SOURCE)
    await plan(database, post(1), post(1, TUESDAY), alert(2), post(3), alert(7, target=USER), alert(2, target=USER))


async def states(database: Database, *which: tuple[Subscriber, int]) -> list[tuple[DeliveryState, Reason | None]]:
    return [(one.state, one.reason) for one in await held(database, *which)]


WAITS = (DeliveryState.PLANNED, None)
LEFT = (DeliveryState.SET_ASIDE, Reason.SERVER_LEFT)


async def test_leaving_a_server_and_coming_back(database: Database) -> None:
    await kept(database)
    async with database.write() as connection:
        assert await targets.guilds(connection) == {10: False, 20: False}
        # One that was set aside before is one of a server that was left now.
        await connection.run_sync(targets.refuse, CHANNEL, 2, Reason.NO_ACCESS, "why", NOW - HOUR, 1)
        await servers.leave(connection, 10, NOW)
        await servers.leave(connection, 30, NOW)
        assert await targets.guilds(connection) == {10: True, 20: False}
        found = await targets.of_guild(connection, 10)
        assert [(one.target_id, one.set_aside_at, one.reason) for one in found] == [
            (1, NOW, Reason.SERVER_LEFT),
            (2, NOW, Reason.SERVER_LEFT),
        ]
    assert await states(database, (CHANNEL, 1), (CHANNEL, 2)) == [LEFT] * 3
    assert await states(database, (CHANNEL, 3), (USER, 7), (USER, 2)) == [WAITS] * 3
    async with database.write() as connection:
        await servers.leave(connection, 10, NOW + HOUR)
        assert await targets.gone_before(connection, NOW) == []
        assert await targets.gone_before(connection, NOW + MINUTE) == [1, 2]
        await targets.come_back(connection, 10)
        assert await targets.of_guild(connection, 10) == [Target(CHANNEL, 1, 10), Target(CHANNEL, 2, 10)]
        assert await targets.guilds(connection) == {10: False, 20: False}
        assert await targets.gone_before(connection, NOW + DAY) == []


async def test_coming_back_leaves_what_was_refused_there(database: Database) -> None:
    await kept(database)
    async with database.write() as connection:
        await connection.run_sync(targets.refuse, CHANNEL, 2, Reason.NO_ACCESS, "why", NOW, 1)
        await targets.come_back(connection, 10)
        assert await targets.reasons(connection, CHANNEL, [1, 2], NOW) == {2: Reason.NO_ACCESS}


async def test_what_happened_while_it_did_not_run(database: Database) -> None:
    await kept(database)
    async with database.write() as connection:
        await servers.are(connection, [20, 30], NOW, NOW)
        assert await targets.guilds(connection) == {10: True, 20: False}
        await servers.are(connection, {20}, NOW, NOW + HOUR)
        assert await targets.gone_before(connection, NOW + MINUTE) == [1, 2]
        await servers.are(connection, {10}, NOW, NOW + HOUR)
        assert await targets.guilds(connection) == {10: False, 20: True}
    assert await states(database, (CHANNEL, 3), (USER, 7)) == [LEFT, WAITS]


async def test_a_server_is_forgotten_a_month_after_it_was_left(database: Database) -> None:
    await kept(database)
    async with database.write() as connection:
        await servers.leave(connection, 10, NOW)
        await servers.tidy(connection, NOW + 30 * DAY)
        assert len(await targets.of_guild(connection, 10)) == 2
        assert await channels.get(connection, 1) is not None
        await servers.tidy(connection, NOW + 30 * DAY + MINUTE)
        assert await targets.of_guild(connection, 10) == []
        assert await channels.of_guild(connection, 10) == []
        assert await subscriptions.of(connection, CHANNEL, [2]) == []
        assert len(await channels.of_guild(connection, 20)) == 1
        # The person with the number of the channel.
        assert len(await subscriptions.of(connection, USER, [2, 7])) == 3
    assert await held(database, (CHANNEL, 1), (CHANNEL, 2)) == []
    assert await states(database, (CHANNEL, 3), (USER, 7), (USER, 2)) == [WAITS] * 3


async def test_the_ledger_keeps_what_is_over_for_ninety_days(database: Database) -> None:
    await plan(database, post(1), post(2, state=DeliveryState.EXPIRED, reason=Reason.FEW_VOTES))
    async with database.write() as connection:
        await servers.tidy(connection, NOW + 90 * DAY)
    assert len(await held(database, (CHANNEL, 1), (CHANNEL, 2))) == 2
    async with database.write() as connection:
        await servers.tidy(connection, NOW + 90 * DAY + MINUTE)
    assert [one.target_id for one in await held(database, (CHANNEL, 1), (CHANNEL, 2))] == [1]


async def test_forgetting_a_person(database: Database) -> None:
    await kept(database)
    async with database.write() as connection:
        assert await servers.forget_person(connection, 7) == Forgotten(2, 1)
        assert await servers.forget_person(connection, 7) == Forgotten(0, 0)
        assert await subscriptions.of(connection, USER, [7]) == []
        assert await targets.get(connection, USER, 7) is None
        assert len(await every(connection)) == 2
    assert await held(database, (USER, 7)) == []
    assert await states(database, (USER, 2), (CHANNEL, 2)) == [WAITS] * 2


async def test_forgetting_a_channel(database: Database) -> None:
    await kept(database)
    async with database.write() as connection:
        for number in (1, 2):
            await servers.forget_channel(connection, number)
        assert await channels.get(connection, 1) is None
        assert await targets.of_guild(connection, 10) == []
        assert {one.subscriber for one in await every(connection)} == {USER}
        assert await deliveries.remove_all(connection, CHANNEL, 1) == 0
    assert await states(database, (CHANNEL, 3), (USER, 2)) == [WAITS] * 2


async def test_forgetting_all_but_the_papers(database: Database) -> None:
    await kept(database)
    async with database.write() as connection:
        assert await servers.known(connection) is True
        await servers.forget_all(connection)
        assert await servers.known(connection) is False
        assert await every(connection) == []
        assert await targets.guilds(connection) == {}
        assert await targets.dm_channels(connection, [7]) == {}
        assert await digests.newest(connection) == MONDAY
    assert await held(database, *((which, one) for which in Subscriber for one in (1, 2, 3, 7))) == []


async def test_whether_anybody_is_known(database: Database) -> None:
    async with database.write() as connection:
        assert await servers.known(connection) is False
        await channels.keep(connection, channel(1))
        assert await servers.known(connection) is True
        await servers.forget_channel(connection, 1)
        assert await servers.known(connection) is False
        await follow(connection, USER, 7, "zebra")
        assert await servers.known(connection) is True
