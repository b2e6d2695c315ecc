"""The one sender of all that Paperboy sends of its own accord: claimed in the ledger, sent, confirmed."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

import discord

from bot.attempt import Attempt
from bot.composing import Composed, Composer
from bot.errors import DatabaseError
from bot.pace import Pace
from storage import accounts, claims, deliveries, outcomes, targets
from storage.database import Database
from storage.models import Delivery, DeliveryState, Subscriber
from storage.outcomes import Claim, Outcome

log = logging.getLogger(__name__)

_CLAIM = timedelta(minutes=10)
_UNDERWAY = 100
"""Deliveries in hand at once: few enough to finish when the bot is told to stop, and more than some slow channels."""
_WRITE_SECONDS = 1
"""How often what came of deliveries is written down and more are claimed, unless all in hand have come to an end."""
_DMS = 10
"""People whose direct messages are to be opened, read at once."""
_DRAWN_SECONDS = 60


class Sender:
    """Sends what is due in the ledger, in order within a target, at the pace that Discord allows.

    ``refused_people`` are those whom Discord last refused a direct message; when one of them uses the bot, their
    deliveries are taken up again.
    """

    def __init__(
        self, client: discord.Client, database: Database, pace: Pace, now: Callable[[], datetime], news: timedelta
    ) -> None:
        self._client = client
        self._news = news
        self._database = database
        self._pace = pace
        self._now = now
        self._run = secrets.token_hex(4)
        self._round = asyncio.Lock()
        self._opening = asyncio.Lock()
        self._claiming = asyncio.Lock()
        self._writing = asyncio.Lock()
        self._underway: dict[int, asyncio.Task[None]] = {}
        self._outcomes: list[Outcome] = []
        self._stopping = False
        self._errands = (_Errand(self.send_due), _Errand(self.open_dms))
        self.refused_people: set[int] = set()

    async def start(self) -> None:
        """Takes over what earlier runs have claimed. Nobody else may be sending from this database."""
        async with self._database.write() as connection:
            await claims.take_over(connection, self._run, self._now())
            self.refused_people = await targets.people_refused(connection)

    def wake(self) -> None:
        """Has it send what is due."""
        if not self._stopping:
            for errand in self._errands:
                errand.ask()

    async def send_due(self) -> None:
        """Sends until nothing is due, but to people whose direct messages were never opened."""
        async with self._round:
            composer, drawn_since = Composer(self._database), time.monotonic()
            while not self._holds():
                if time.monotonic() - drawn_since > _DRAWN_SECONDS:
                    composer, drawn_since = Composer(self._database), time.monotonic()
                await self._begin(composer, limit=max(0, _UNDERWAY - len(self._underway)))
                if not self._underway:
                    break
                await asyncio.wait(self._underway.values(), timeout=_WRITE_SECONDS)
            if self._underway:
                await asyncio.wait(self._underway.values())
            await self._write()

    async def open_dms(self) -> None:
        """Sends what is due to people whose direct messages were never opened, slowly."""
        async with self._opening:
            begun: set[asyncio.Task[None]] = set()
            while not self._holds():
                async with self._database.read() as connection:
                    waiting = await claims.unreachable(connection, self._now(), _DMS)
                waiting = [one for one in waiting if one.id not in self._in_hand()]
                if not waiting:
                    break
                for one in waiting:
                    await self._pace.direct_message()
                    await self._begin(Composer(self._database), limit=1, only=one.id)
                    # One whose answer does not come keeps no other waiting.
                    begun |= {task for task in (self._underway.get(one.id),) if task}
            if begun:
                await asyncio.wait(begun)
            await self._write()

    async def send_now(self, delivery_id: int) -> Delivery | None:
        """Sends one delivery, if it is open, without waiting for its time, and those of its kind and target that come
        before it; how it stands then."""
        await self._write()
        async with self._database.read() as connection:
            in_order = [*await accounts.open_before(connection, delivery_id), delivery_id]
        for one in in_order:
            if one not in self._in_hand() and not self._holds():
                await self._begin(Composer(self._database, paused=True), limit=1, only=one)
            if task := self._underway.get(one):
                await asyncio.wait((task,))
        await self._write()
        async with self._database.read() as connection:
            return await deliveries.get(connection, delivery_id)

    async def stop(self, seconds: float) -> None:
        """Claims nothing any more, and finishes what is claimed within ``seconds``; the rest is given back."""
        self._stopping = True
        async with self._claiming:
            # What was being claimed is in hand now, and nothing more will be.
            pass
        tasks = {*self._underway.values(), *(errand.task for errand in self._errands if errand.task)}
        late = (await asyncio.wait(tasks, timeout=seconds))[1] if tasks else set()
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        try:
            await self._write()
        except DatabaseError as error:
            log.error("what was sent last is not confirmed, and is looked for at the next start: %s", error)

    def _holds(self) -> bool:
        return self._stopping or self._pace.refusals.must_wait()

    def _in_hand(self) -> set[int]:
        return self._underway.keys() | {one.delivery.id for one in self._outcomes}

    async def _begin(self, composer: Composer, limit: int, only: int | None = None) -> None:
        """Claims what is due and begins to send it."""
        # One at a time: what another is claiming is not in hand yet.
        async with self._claiming:
            if self._holds():
                return
            batch = await self._write(limit, only)
            try:
                composed = await composer.compose(batch) if batch else {}
            except BaseException:
                self._outcomes += [Outcome(delivery, DeliveryState.PLANNED) for delivery in batch]
                raise
            for delivery in batch:
                task = asyncio.create_task(self._deliver(delivery, composed[delivery.id]))
                self._underway[delivery.id] = task
                task.add_done_callback(partial(self._ended, delivery.id))

    async def _write(self, limit: int = 0, only: int | None = None) -> list[Delivery]:
        """Writes down what came of deliveries, and claims more in the same transaction. What cannot be written stays
        here, and nothing is done about these deliveries until it is."""
        async with self._writing:
            ended = list(self._outcomes)
            if not (ended or limit):
                return []
            in_hand = self._in_hand() - {one.delivery.id for one in ended}
            claim = Claim(self._run, _CLAIM, limit, only, in_hand)
            batch = await self._database.change(outcomes.settle, ended, claim, self._now())
            del self._outcomes[: len(ended)]
        for one in ended:
            if one.delivery.target is Subscriber.USER and one.refused:
                self.refused_people.add(one.delivery.target_id)
            elif one.delivery.target is Subscriber.USER and one.state is DeliveryState.SENT:
                self.refused_people.discard(one.delivery.target_id)
        return batch

    def _ended(self, delivery_id: int, _task: asyncio.Task[None]) -> None:
        del self._underway[delivery_id]

    async def _deliver(self, delivery: Delivery, composed: Composed) -> None:
        begun = time.monotonic()
        outcome = await Attempt(self._client, self._database, self._pace, self._now, self._news, delivery).run(composed)
        _tell(outcome, time.monotonic() - begun)
        self._outcomes.append(outcome)


class _Errand:
    """Work that is done once more whenever it is asked for, by one task at a time."""

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work = work
        self._asked = False
        self.task: asyncio.Task[None] | None = None

    def ask(self) -> None:
        self._asked = True
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._asked:
            self._asked = False
            try:
                await self._work()
            except DatabaseError as error:
                # What was not done is still due the next time; the sentence says all that a trace would.
                log.error("%s", error)
            except Exception:
                log.exception("sending has failed")


def _tell(outcome: Outcome, seconds: float) -> None:
    """One line of the log a delivery: ids and states, no text."""
    delivery = outcome.delivery
    log.log(
        logging.INFO if outcome.state is DeliveryState.SENT else logging.WARNING,
        "delivery %s",
        outcome.state.value,
        extra={
            "delivery": delivery.id,
            "kind": delivery.kind.value,
            "target": delivery.target.value,
            "target_id": delivery.target_id,
            "day": delivery.digest_date.isoformat(),
            "part": delivery.part,
            "attempt": delivery.attempts,
            "reason": outcome.reason.value if outcome.reason else None,
            "channel": outcome.channel_id,
            "message_id": outcome.message_id,
            "ms": round(seconds * 1000),
        },
    )
