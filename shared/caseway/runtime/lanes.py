"""A running stage: takes lanes, applies records, fires timers.

The story of one poll: FastStream hands over raw records → those of armed lanes at their next offset become items →
the items are decided and written as one transaction → the rows go to the publisher. Timers take the same way. One
lock, the `turn`, is held by whoever touches the lanes: a poll, a firing, a claim's last step, a revocation.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from caseway.kernel.errors import Transient
from caseway.runtime import failpoints, firing, metrics
from caseway.runtime.accepting import accept, gather, is_backlog
from caseway.runtime.applying import Applier, Verdict
from caseway.runtime.backoff import Backoff, delays, jitter
from caseway.runtime.claiming import Claimed, Claimer, refill
from caseway.runtime.ends import Ends
from caseway.runtime.items import Item
from caseway.runtime.lane import Lane
from caseway.runtime.logs import logger
from caseway.runtime.measuring import measure_lag, report_lanes
from caseway.runtime.mongo import DatabaseClock
from caseway.runtime.outbox import Publisher, tidy
from caseway.runtime.stage import Stage
from caseway.runtime.watching import watch

TICK_SECONDS = 0.25
HOUSEKEEPING_SECONDS = 1.0
LONGEST_REST_SECONDS = 0.1
"""After a slow transaction."""
PROMPT_SECONDS = 0.005
"""A poll that is there within this time after a rest did not wait for a record: it lay fetched all along."""
IDLE_SECONDS = 0.5
"""How long the timer loop sleeps when nothing is due: new timers wake it."""

_log = logger(__name__)


class RunningStage:
    """One stage's share of the work in this process."""

    def __init__(
        self,
        *,
        stage: Stage,
        namespace: str,
        claimer: Claimer,
        applier: Applier,
        publisher: Publisher,
        clock: DatabaseClock,
        session_seconds: float,
    ) -> None:
        self.stage = stage
        self.publisher = publisher
        self._namespace = namespace
        self._claimer = claimer
        self._applier = applier
        self._clock = clock
        self._session_seconds = session_seconds
        self._consumer: Callable[[], AIOKafkaConsumer | None] = lambda: None
        self._ends = Ends(claimer.make_inspector, [namespace + topic for topic in stage.topics])
        self._turn = asyncio.Lock()
        self._lanes: dict[int, Lane] = {}
        self._assigned: frozenset[int] = frozenset()
        self._claims: set[asyncio.Task[None]] = set()
        self._advanced = asyncio.Event()
        self._last_tick = time.monotonic()
        self._rested_at = 0.0
        self._is_stopping = False
        self.problem = "starting"
        """Why this stage is not ready; empty when it is."""

    def attach(self, consumer: Callable[[], AIOKafkaConsumer | None]) -> None:
        """Say where the stage's consumer is found once it is started."""
        self._consumer = consumer

    # --- partitions come and go -------------------------------------------------------------------

    async def on_assigned(self, partitions: set[TopicPartition]) -> None:
        """Claim every lane whose number came in all topics of the stage; until then nothing of it is read."""
        consumer = self._consumer()
        if consumer is None or self._is_stopping:
            return
        consumer.pause(*partitions)
        held = {
            topic: {p.partition for p in partitions if p.topic == self._namespace + topic}
            for topic in self.stage.topics
        }
        self._assigned = frozenset(set.intersection(*held.values()))
        self._report_lanes()
        if self._assigned:
            self._start_claim(sorted(self._assigned))
        else:
            self.problem = ""

    async def on_revoked(self, _: set[TopicPartition]) -> None:
        """Finish the running batch, then let go: aiokafka revokes everything at each rebalance."""
        self._assigned = frozenset()
        self._cancel_claims()
        async with self._turn:
            leaving = list(self._lanes.values())
            self._lanes.clear()
        self._report_lanes()
        with contextlib.suppress(PyMongoError):
            await tidy(self._claimer.database, leaving)

    def _cancel_claims(self) -> None:
        for task in self._claims:
            task.cancel()
        self._claims.clear()

    def _start_claim(self, numbers: Sequence[int], wait: float = 0.0) -> None:
        task = asyncio.create_task(self._claim(list(numbers), wait), name=f"claim {self.stage.name}")
        self._claims.add(task)
        task.add_done_callback(self._claims.discard)

    async def _claim(self, numbers: Sequence[int], wait: float) -> None:
        await asyncio.sleep(wait)
        backoff = delays(first=0.2)
        while wanted := [n for n in numbers if n in self._assigned and n not in self._lanes]:
            try:
                claimed = await self._claimer.claim(wanted, self._clock.now())
            except Transient as error:
                self.problem = str(error)
                await asyncio.sleep(backoff.next())
                continue
            async with self._turn:
                self._arm(claimed)
            return

    def _arm(self, claimed: Sequence[Claimed]) -> None:
        """Seek and arm in one step, without an `await`: a poll in between would leave a hole (delivery.md)."""
        consumer = self._consumer()
        for each in claimed:
            lane = each.lane
            if consumer is None or lane.number not in self._assigned:
                continue
            self._lanes[lane.number] = lane
            self.publisher.enqueue(each.parcels)
            if lane.progress.halted:
                continue
            for topic in self.stage.topics:
                self._seek(consumer, lane, topic)
            failpoints.hit("claim.after_seek")
            lane.is_armed = True
            consumer.resume(*self._partitions(lane))
        self._advanced.set()
        self.problem = ""
        self._report_lanes()

    def _seek(self, consumer: AIOKafkaConsumer, lane: Lane, topic: str) -> None:
        offset = lane.progress.next[topic]
        consumer.seek(TopicPartition(self._namespace + topic, lane.number), offset)
        lane.sought[topic] = offset

    def _partitions(self, lane: Lane) -> list[TopicPartition]:
        return [TopicPartition(self._namespace + topic, lane.number) for topic in self.stage.topics]

    def _drop(self, numbers: Sequence[int], wait: float) -> None:
        """Let lanes go that are no longer surely ours; if the group still says they are, claim them again later."""
        consumer = self._consumer()
        for number in numbers:
            lane = self._lanes.pop(number, None)
            if lane is not None and consumer is not None and number in self._assigned:
                consumer.pause(*self._partitions(lane))
        self._report_lanes()
        if again := [number for number in numbers if number in self._assigned]:
            self._start_claim(again, wait)

    # --- records ----------------------------------------------------------------------------------

    async def on_records(self, records: Sequence[ConsumerRecord]) -> None:
        """Apply one poll; returns only when its effects are committed, or its lanes are no longer ours."""
        backoff = delays()
        is_stale = time.monotonic() - self._rested_at < PROMPT_SECONDS
        await self.publisher.room()
        records = await gather(self._consumer(), records, self.stage.max_records, is_stale=is_stale)
        while not self._is_stopping:
            began = time.monotonic()
            async with self._turn:
                is_settled = await self._apply_records(records)
            if is_settled:
                await self._linger(len(records), time.monotonic() - began)
                self._rested_at = time.monotonic()
                return
            await asyncio.sleep(backoff.next())

    async def _linger(self, count: int, took: float) -> None:
        """After a small poll, let the next one gather: a transaction costs the same for one record as for twenty.

        The slower the transaction was, the longer the rest: on a machine that is full, batches grow by themselves.
        """
        if not is_backlog(count, self.stage.max_records):
            rest = self.stage.linger.total_seconds()
            await asyncio.sleep(max(rest, min(took, LONGEST_REST_SECONDS)))

    async def _apply_records(self, records: Sequence[ConsumerRecord]) -> bool:
        self._let_go_after_sleep()
        consumer = self._consumer()
        if consumer is None:
            return True
        started = time.monotonic()
        items, gaps = accept(records, self._lanes, self.stage, self._namespace, self._applier.partitions)
        for lane, topic in gaps:
            self._seek(consumer, lane, topic)
        metrics.STEP_SECONDS.labels(self.stage.name, "decode").observe(time.monotonic() - started)
        return await self._apply(items)

    async def _apply(self, items: Sequence[Item]) -> bool:
        """Apply items, and report whether that is settled (True) or must be tried again (False)."""
        if not items:
            return True
        verdict = await self._applier.apply(items, self._lanes)
        self.publisher.enqueue(verdict.parcels)
        if verdict.lost:
            self._drop(verdict.lost, wait=jitter(self._session_seconds / 3))
        for number in verdict.halted:
            self._halt(number)
        self._advanced.set()
        return self._is_settled(verdict)

    def _is_settled(self, verdict: Verdict) -> bool:
        if verdict.unsettled is None:
            self.problem = ""
            return True
        if not isinstance(verdict.unsettled, Transient):
            raise verdict.unsettled
        self.problem = str(verdict.unsettled)
        _log.warning("not_applied", stage=self.stage.name, reason=self.problem)
        return False

    def _halt(self, number: int) -> None:
        consumer = self._consumer()
        lane = self._lanes[number]
        lane.is_armed = False
        if consumer is not None:
            consumer.pause(*self._partitions(lane))
        self._report_lanes()

    def _let_go_after_sleep(self) -> None:
        """A process that slept past half its session may have lost its lanes without knowing."""
        slept = time.monotonic() - self._last_tick
        self._last_tick = time.monotonic()
        if slept > self._session_seconds / 2 and self._lanes:
            _log.warning("slept", stage=self.stage.name, seconds=round(slept, 1))
            self._drop(list(self._lanes), wait=self._session_seconds / 3)

    # --- timers -----------------------------------------------------------------------------------

    async def run_timers(self) -> None:
        """Fire what falls due, for ever."""
        backoff = delays()
        try:
            while True:
                await self._fire_next(backoff)
        finally:
            await self._ends.close()

    async def _fire_next(self, backoff: Backoff) -> None:
        try:
            await self._ends.open()
            await self._wait_for_due()
            began = time.monotonic()
            fired = await self._fire() if self._clock.is_trusted else 0
            await asyncio.sleep(firing.rest(fired, time.monotonic() - began))
            backoff.reset()
        except (Transient, KafkaError, TimeoutError) as error:
            self.problem = f"timers: {error or type(error).__name__}"
            await asyncio.sleep(backoff.next())

    async def _wait_for_due(self) -> None:
        while True:
            self._advanced.clear()
            firsts = [at for lane in self._armed() if (at := lane.horizon.first_at()) is not None]
            wait = IDLE_SECONDS
            if firsts:
                wait = min(wait, (min(firsts) - self._clock.now()).total_seconds())
            if wait <= 0:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._advanced.wait(), wait)

    async def _fire(self) -> int:
        """Fire what is due on lanes that have read all that was recorded before; how many that were."""
        now = self._clock.now()
        due = firing.are_due(self._armed(), now)
        if asking := [lane for lane in due if lane.barrier is None]:
            await firing.raise_barriers(self._ends, asking, self.stage, self._namespace, self._clock.now())
        async with self._turn:
            ours = [lane for lane in due if lane.is_armed and self._lanes.get(lane.number) is lane]
            items = firing.taken(ours, self.stage, self._clock.now())
            failpoints.hit("timer.after_read")
            if not items or not await self._apply(items):
                return 0
        firing.report(self.stage, items, now)
        await self.publisher.room()
        return len(items)

    # --- housekeeping -----------------------------------------------------------------------------

    async def run_ticks(self) -> None:
        """Notice a sleep of the whole process, even when no record comes."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self._let_go_after_sleep()

    async def run_housekeeping(self) -> None:
        """Advise Kafka of the offsets, look for lanes an operator resumed, refill horizons, tidy the outbox, measure."""
        while True:
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            try:
                await self._advise()
                await self._keep_house()
            except (PyMongoError, KafkaError, Transient, TimeoutError) as error:
                _log.info("housekeeping_failed", stage=self.stage.name, error=type(error).__name__)
            self._measure()

    async def _advise(self) -> None:
        """Tell Kafka the offsets, for its lag tools; nothing here ever reads them back."""
        failpoints.hit("advise.before")
        consumer = self._consumer()
        offsets = {
            TopicPartition(self._namespace + topic, lane.number): lane.progress.next[topic]
            for lane in self._armed()
            for topic in self.stage.topics
        }
        if consumer is not None and offsets:
            await asyncio.wait_for(consumer.commit(offsets), 5.0)

    async def _keep_house(self) -> None:
        now = self._clock.now()
        for number in list(self._lanes):
            async with self._turn:
                lane = self._lanes.get(number)
                if lane is None:
                    continue
                if lane.progress.halted:
                    await self._look_for_resumption(lane)
                elif lane.horizon.is_short(now):
                    await refill(lane, self._claimer.database, now)
                    self._advanced.set()
                    await watch(lane, self._claimer.database, self._claimer.collections)
        await tidy(self._claimer.database, list(self._lanes.values()))

    async def _look_for_resumption(self, lane: Lane) -> None:
        document = await self._claimer.database.lanes.find_one({"_id": lane.id}, {"halted": 1})
        if document is not None and not document["halted"]:
            self._drop([lane.number], wait=0.0)

    def _armed(self) -> list[Lane]:
        return [lane for lane in self._lanes.values() if lane.is_armed]

    @property
    def unready(self) -> str:
        """Why the stage is not ready, in one sentence; empty when it is."""
        if halted := [f"{lane.id}: {lane.progress.halted}" for lane in self._lanes.values() if lane.progress.halted]:
            return f"halted: {'; '.join(halted)}"
        if self.problem:
            return self.problem
        if waiting := sorted(self._assigned - self._lanes.keys()):
            return f"{self.stage.name}: lanes {waiting} are not claimed yet"
        return self.publisher.problem

    def _report_lanes(self) -> None:
        report_lanes(self.stage, len(self._assigned), list(self._lanes.values()))

    def _measure(self) -> None:
        metrics.OUTBOX_AGE.labels(self.stage.name).set(self.publisher.age_seconds)
        if (consumer := self._consumer()) is not None:
            for lane in self._armed():
                measure_lag(lane, self.stage, self._namespace, consumer, self._applier.last_stamp)

    async def drain(self) -> None:
        """Finish the running batch, let every lane go, and publish what is committed; bounded."""
        self._is_stopping = True
        self._assigned = frozenset()
        self._cancel_claims()
        async with self._turn:
            leaving = list(self._lanes.values())
            self._lanes.clear()
        with contextlib.suppress(TimeoutError, PyMongoError):
            await asyncio.wait_for(self.publisher.flushed(), 5.0)
            await asyncio.wait_for(tidy(self._claimer.database, leaving), 2.0)
