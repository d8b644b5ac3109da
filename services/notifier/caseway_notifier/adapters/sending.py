"""How deliveries leave: lease, attempt, record.

One loop looks ten times a second for what is due in the buckets that this process holds. What it takes is written as
leased *before* any attempt, and what became of it after; both are fenced by the bucket's epoch, so that a sender that
slept through its lease records nothing. Between the two, the same delivery may go out twice after a crash: always with
the same Message-ID, and told as such.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import itertools
from collections import Counter, defaultdict
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

from pymongo.errors import PyMongoError

from caseway.contracts.topology import SENDERS
from caseway.kernel.decision import Decision, Put
from caseway.kernel.errors import Transient
from caseway.kernel.ids import derived_id
from caseway.runtime.backoff import delays
from caseway.runtime.failpoints import hit
from caseway.runtime.logs import logger
from caseway.runtime.running import Running
from caseway_notifier import metrics
from caseway_notifier.adapters.buckets import Buckets
from caseway_notifier.adapters.composing import Composer
from caseway_notifier.adapters.errands import Errands
from caseway_notifier.adapters.hand import Hand
from caseway_notifier.adapters.pacing import Pacing
from caseway_notifier.adapters.waiting import Waiting
from caseway_notifier.domain.content import Content
from caseway_notifier.domain.delivery import Accepted, Delivery, NotTried, Outcome, Refused, State, Urgency
from caseway_notifier.domain.fanout.record import settled, taken
from caseway_notifier.domain.kept import DELIVERIES
from caseway_notifier.domain.restraint import STORM, together_sent
from caseway_notifier.domain.subscription import Plan
from caseway_notifier.domain.taking import Hands
from caseway_notifier.ports import Signer, Transport

_POLL_SECONDS = 0.1
"""A new delivery leaves within this and two transactions."""
_HAND = 800
"""Deliveries in hand at one time; a quarter is kept free of broadcasts."""
_ROOM_FOR_HURRIED = _HAND // 4
_REFILL = (_HAND - _ROOM_FOR_HURRIED) // 3
"""Broadcasts are taken in such lots or larger: one by one, each would cost a transaction of its own."""
_QUEUE_A_SLOT = 75
"""Leased for each attempt that a destination may have at one time: enough to lease many in one transaction."""
_LEASED_ATTEMPTS = 2
"""How many attempts' time a lease lasts: waiting in the queue, and the attempt itself."""
_MOST_CONTENTS = 200
_LINGER_SECONDS = 0.25
"""How long a broadcast's results wait for others of their bucket; so much longer may a crash double a copy."""
_WATCH_SECONDS = 5.0
_DRAIN_SECONDS = 8.0

_log = logger(__name__)


class Sender:
    """One process's senders."""

    def __init__(self, running: Running, plan: Plan, transport: Transport, composer: Composer, sign: Signer) -> None:
        self._running = running
        self._plan = plan
        self._transport = transport
        self._composer = composer
        self._sign = sign
        self._pacing = Pacing(plan.rates)
        self._contents: dict[str, Content] = {}
        """What was read lately: the words of a broadcast are read once, not with every lot of recipients."""
        pace = plan.pace
        self._hand = Hand(_HAND, pace.per_destination * _QUEUE_A_SLOT)
        self._buckets = Buckets(running, pace.lease, self._hand.is_busy)
        self._waiting = Waiting(running.database)
        self._connections = asyncio.Semaphore(pace.connections)
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._results: dict[int, list[tuple[Delivery, Outcome]]] = defaultdict(list)
        self._recording: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._dropped: set[str] = set()
        """Let go of since the present look began: what was read of them may be older than what was recorded."""
        self._is_stopping = False
        self._freed = asyncio.Event()
        """Set when there is room for another lot: the next look need not wait for its turn."""

    async def run(self) -> None:
        """Send until cancelled; then finish what is in hand.

        Raises:
            Exception: the defect that ended one of the loops: a sender without any of them would only seem to live.
        """
        errands = Errands(self._running, self._buckets.held, self._commit)
        polling = asyncio.create_task(self._poll())
        keeping = [asyncio.create_task(each) for each in (self._buckets.keep(), self._watch(), errands.run())]
        try:
            ended, _ = await asyncio.wait([polling, *keeping], return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            polling.cancel()
            await self._drain()
            for task in keeping:
                task.cancel()
            with contextlib.suppress(Transient, PyMongoError):
                await self._buckets.release()
            await self._transport.close()

    async def _poll(self) -> None:
        backoff = delays(first=_POLL_SECONDS, longest=5.0)
        while True:
            try:
                found = await self._look()
            except (Transient, PyMongoError) as error:
                _log.warning("deliveries not read", reason=str(error))
                await asyncio.sleep(backoff.next())
                continue
            backoff.reset()
            metrics.IN_HAND.set(len(self._hand))
            if not found or not self._hand.free:
                self._freed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._freed.wait(), _POLL_SECONDS)

    async def _look(self) -> bool:
        """Take what is due and fits; whether there was any."""
        held = self._buckets.held()
        if not held or self._hand.free <= 0:
            return False
        self._dropped.clear()
        now, full = self._running.clock.now(), self._hand.full_destinations()
        found = await self._waiting.hurried(held, now, full, self._hand.free)
        found += await self._waiting.companions(found)
        room = self._hand.free - _ROOM_FOR_HURRIED - len(found)
        if room >= _REFILL:
            found += await self._waiting.bulk(held, now, full, room)
        still = self._buckets.held()
        ours = [each for each in found if held[each.bucket] == still.get(each.bucket) and each.id not in self._dropped]
        mine = sorted(self._hand.take(ours), key=lambda each: each.bucket)
        for bucket, group in itertools.groupby(mine, key=lambda each: each.bucket):
            self._spawn(self._take(bucket, held[bucket], list(group)))
        return bool(mine)

    async def _take(self, bucket: int, epoch: int, deliveries: Sequence[Delivery]) -> None:
        """Write these as leased, then attempt each."""
        leased: Sequence[Delivery] = ()
        try:
            kept = await self._waiting.kept(deliveries, self._contents)
            hands = self._hands(epoch)
            after = taken(hands, deliveries, kept, self._running.version)
            cause = derived_id("lease", str(epoch), *(f"{each.id}/{each.attempts}/{each.epoch}" for each in deliveries))
            if await self._commit(bucket, epoch, cause, after.decision):
                hit("delivery.after_lease")
                count(after.decision)
                leased = after.leased
                for group in together_sent(leased):
                    self._spawn(self._attempt(group, self._composer.one(group, kept.contents), hands.until))
        except (Transient, PyMongoError) as error:
            _log.warning("not leased", bucket=bucket, reason=str(error))
        finally:
            in_hand = {each.id for each in leased}
            self._drop(each for each in deliveries if each.id not in in_hand)
            while len(self._contents) > _MOST_CONTENTS:
                self._contents.pop(next(iter(self._contents)))

    def _hands(self, epoch: int) -> Hands:
        now = self._running.clock.now()
        return Hands(
            epoch=epoch,
            now=now,
            until=now + self._plan.pace.attempt * _LEASED_ATTEMPTS,
            patience=self._plan.patience_for,
            allowance=self._plan.allowance,
            limits=self._plan.limits,
            sign=self._sign,
            linked=self._composer.linked,
        )

    async def _attempt(self, group: Sequence[Delivery], content: Content | None, until: dt.datetime) -> None:
        """One try, when its destination has a free slot; what became of it waits to be recorded."""
        leader = group[0]
        slot = self._slots.setdefault(leader.destination, asyncio.Semaphore(self._plan.pace.per_destination))
        try:
            await self._pacing.turn(leader.destination)
            async with slot, self._connections:
                outcome = await self._outcome(leader, content, until)
            if isinstance(outcome, Accepted):
                hit("delivery.after_250")
        except Transient as error:
            _log.warning("attempt abandoned", notification=leader.id, case_id=leader.case_id, reason=str(error))
            self._drop(group)
            return
        self._results[leader.bucket] += [(each, outcome) for each in group]
        if leader.bucket not in self._recording:
            self._recording.add(leader.bucket)
            self._spawn(self._record(leader.bucket))

    async def _outcome(self, delivery: Delivery, content: Content | None, until: dt.datetime) -> Outcome:
        is_ours = self._buckets.is_ours(delivery.bucket, delivery.epoch)
        if self._is_stopping or not is_ours or until - self._running.clock.now() < self._plan.pace.attempt:
            return NotTried()
        if content is None:
            return Refused("no-content")
        return await self._transport.attempt(delivery, content)

    async def _record(self, bucket: int) -> None:
        """Write what became of attempts: all of a bucket that came meanwhile, in one transaction."""
        try:
            while self._results.get(bucket):
                if all(each.urgency is Urgency.BULK for each, _ in self._results[bucket]):
                    await asyncio.sleep(_LINGER_SECONDS)
                results = self._results.pop(bucket)
                for epoch in sorted({each.epoch for each, _ in results}):
                    await self._record_some(bucket, epoch, [each for each in results if each[0].epoch == epoch])
        finally:
            self._recording.discard(bucket)

    async def _record_some(self, bucket: int, epoch: int, results: Sequence[tuple[Delivery, Outcome]]) -> None:
        now = self._running.clock.now()
        decision = settled(results, self._plan.patience_for, now, self._running.version)
        cause = derived_id("settle", str(epoch), *(f"{each.id}/{each.attempts}" for each, _ in results))
        backoff = delays()
        try:
            while True:  # whether the bucket is still ours is for the guard to say, however long MongoDB was away
                try:
                    hit("delivery.before_record")
                    if await self._commit(bucket, epoch, cause, decision):
                        count(decision)
                    break
                except (Transient, PyMongoError) as error:
                    _log.warning("not recorded", bucket=bucket, reason=str(error))
                    await asyncio.sleep(backoff.next())
        finally:
            self._drop(each for each, _ in results)

    async def _commit(self, bucket: int, epoch: int, cause: str, decision: Decision) -> bool:
        is_ours = await self._running.own_lanes.commit(SENDERS, bucket, epoch, cause, decision)
        if not is_ours:
            self._buckets.lost(bucket, epoch)
        return is_ours

    def _drop(self, deliveries: Iterable[Delivery]) -> None:
        for each in deliveries:
            self._hand.drop(each)
            self._dropped.add(each.id)
            if not self._hand.has(each.destination):
                self._slots.pop(each.destination, None)
        if self._hand.free - _ROOM_FOR_HURRIED >= _REFILL:
            self._freed.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a sender's defect", exc_info=error)

    async def _drain(self) -> None:
        """Attempt nothing more, and record what is under way."""
        self._is_stopping = True
        deadline = asyncio.get_running_loop().time() + _DRAIN_SECONDS
        while self._tasks and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._tasks, timeout=left)
        for task in self._tasks:
            task.cancel()

    async def _watch(self) -> None:
        """Measure what waits."""
        while True:
            with contextlib.suppress(PyMongoError):
                pending, oldest = await self._waiting.backlog(self._buckets.held())
                age = (self._running.clock.now() - oldest).total_seconds() if oldest else 0.0
                metrics.PENDING.set(pending)
                metrics.OLDEST_DUE_SECONDS.set(max(0.0, age))
            await asyncio.sleep(_WATCH_SECONDS)


def count(decision: Decision) -> None:
    """Measure what became of deliveries, once it is written."""
    outcomes: Counter[tuple[str, str]] = Counter()
    for change in decision.changes:
        if not isinstance(change, Put) or change.collection != DELIVERIES:
            continue
        delivery: Delivery = change.value
        if delivery.state is State.LEASED:
            continue
        if delivery.state is State.PENDING and delivery.reason == STORM and delivery.attempts == 0:
            metrics.STORMS.labels(delivery.channel).inc()
            _log.warning(
                "too much for one recipient: the rest comes as one", notification=delivery.id, channel=delivery.channel
            )
            continue
        outcomes[delivery.channel, "failed" if delivery.state is State.PENDING else delivery.state.value] += 1
        if delivery.may_have_doubled and delivery.concluded_at is not None:
            metrics.MAYBE_DOUBLED.labels(delivery.channel).inc()
        if delivery.state is State.DELIVERED and delivery.concluded_at is not None:
            waited = (delivery.concluded_at - delivery.requested_at).total_seconds()
            metrics.handed_over(delivery.channel, delivery.urgency.value).observe(max(0.0, waited))
    for (channel, outcome), number in outcomes.items():
        metrics.OUTCOMES.labels(channel, outcome).inc(number)
