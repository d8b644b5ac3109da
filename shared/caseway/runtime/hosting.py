"""One service's moving parts, from start to stop."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Coroutine, Sequence
from typing import Any

from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from caseway.contracts.topology import PARTITIONS, TOPICS, Topic
from caseway.kernel.clock import WallClock
from caseway.kernel.errors import Transient
from caseway.runtime import metrics
from caseway.runtime.applying import Applier
from caseway.runtime.backoff import delays
from caseway.runtime.blobs import BLOBS
from caseway.runtime.claiming import Claimer
from caseway.runtime.configuration import Loaded, Reloader
from caseway.runtime.deciding import ARRIVALS, Decider
from caseway.runtime.doors import KafkaDoor
from caseway.runtime.kafka import check_topics, inspector, producer
from caseway.runtime.lanes import RunningStage
from caseway.runtime.logs import logger
from caseway.runtime.mongo import DatabaseClock, check_deployment, connect, database, prepare_collections
from caseway.runtime.outbox import Publisher
from caseway.runtime.own_lanes import LeasedLanes
from caseway.runtime.parking import PARKED
from caseway.runtime.reloading import Reloading
from caseway.runtime.running import Running
from caseway.runtime.service import Service
from caseway.runtime.settings import Settings
from caseway.runtime.stage import Collection, Stage
from caseway.runtime.subscribing import PatientBroker, Subscription
from caseway.runtime.transaction import Store

WATCH_SECONDS = 2.0
ANSWER_SECONDS = 5.0
OUTBOX = Collection(name="outbox", indexes=([("lane", 1), ("_id", 1)],))
TIMERS = Collection(name="timers", indexes=([("lane", 1), ("due_at", 1)],))
LANES = Collection(name="lanes")

_log = logger(__name__)


class Host:
    """Builds the parts, waits for the surroundings, starts, watches, and stops."""

    def __init__(self, service: Service, settings: Settings, reloader: Reloader[Any]) -> None:
        self.service = service
        self._settings = settings
        self.reloading = Reloading(service.name, settings.config, reloader, self._take)
        self.must_begin_anew = asyncio.Event()
        """Set when a changed configuration asks for it, of a service that cannot take one as it runs."""
        self._client = connect(settings.mongo_url.get_secret_value())
        self._database = database(self._client, settings.namespace, service.name)
        self._clock = DatabaseClock()
        self._make_producer = functools.partial(producer, settings.kafka_url)
        self._door = KafkaDoor(self._make_producer, settings.namespace)
        self._collections = _by_name(service)
        self._own_publisher = self._publisher(f"{service.name}.senders")
        own_lanes = LeasedLanes(
            self._client, self._database, self._collections, self._own_publisher, self._clock, PARTITIONS
        )
        self._own_lanes = own_lanes
        self.running = Running(
            settings=settings,
            configuration=reloader.current.value,
            version=reloader.current.version,
            database=self._database,
            door=self._door,
            own_lanes=own_lanes,
            clock=WallClock(),
        )
        self.broker = PatientBroker(
            settings.kafka_url,
            logger=logging.getLogger("caseway.faststream"),
            log_level=logging.DEBUG,
            graceful_timeout=15.0,
            apply_types=True,
        )
        self.broker.until_ready = self._until_ready
        self._subscriptions = [
            Subscription(self.broker, stage, settings.namespace, settings.session_seconds) for stage in service.stages
        ]
        self._stages: list[RunningStage] = []
        self._appliers: list[Applier] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._loops: list[asyncio.Task[None]] = []
        self._problems: dict[str, str] = {"start": "starting"}
        self._is_stopping = False

    def _publisher(self, name: str) -> Publisher:
        return Publisher(name, self._settings.namespace, self._make_producer, self._database)

    # --- start ------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Called before the broker starts: nothing is contacted yet."""
        _log.info("starting", version=self.running.version, namespace=self._settings.namespace)

    async def _until_ready(self) -> None:
        """Wait for Kafka, MongoDB and the topics; say meanwhile what is missing."""
        backoff = delays(first=0.2, longest=3.0)
        while self._problems["start"]:
            try:
                partitions = await self._prepare()
            except Transient as error:
                if self._problems["start"] != str(error):
                    _log.warning("waiting", reason=str(error))
                self._problems["start"] = str(error)
                await asyncio.sleep(backoff.next())
            else:
                self._own_lanes.partitions = partitions
                self._start_parts(partitions)
                self._problems["start"] = ""

    async def _prepare(self) -> int:
        await check_deployment(self._client)
        try:
            await prepare_collections(self._database, list(self._collections.values()))
        except PyMongoError as error:
            raise Transient(f"MongoDB: {type(error).__name__} while creating indexes") from error
        await self._clock.refresh(self._database)
        outputs = _written_by(self.service)
        counts = {
            await check_topics(self._settings.kafka_url, self._settings.namespace, stage.topics, outputs)
            for stage in self.service.stages
        }
        if len(counts) > 1:
            raise Transient(f"the topics of {self.service.name} have different partition counts: {sorted(counts)}")
        return counts.pop() if counts else PARTITIONS

    def _start_parts(self, partitions: int) -> None:
        for subscription in self._subscriptions:
            running = self._build_stage(subscription.stage, partitions)
            subscription.bind(running)
            self._stages.append(running)
            self._spawn(f"{subscription.stage.name} publisher", running.publisher.run())
            if subscription.stage.timers:
                self._spawn(f"{subscription.stage.name} timers", running.run_timers())
            self._spawn(f"{subscription.stage.name} ticks", running.run_ticks())
            self._spawn(f"{subscription.stage.name} housekeeping", running.run_housekeeping())
        self._spawn("own publisher", self._own_publisher.run())
        self._spawn("watch", self._watch())
        self._spawn("reloading", self.reloading.run())
        for loop in self.service.loops:
            self._loops.append(self._spawn(getattr(loop, "__name__", "loop"), _as_coroutine(loop(self.running))))

    def _build_stage(self, stage: Stage, partitions: int) -> RunningStage:
        publisher = self._publisher(stage.name)
        decider = Decider(
            stage=stage,
            service=self.service.name,
            configuration=self.running.configuration,
            version=self.running.version,
            partitions=partitions,
            max_parked=self._settings.max_parked,
            collections=self._collections,
        )
        store = Store(self._client, self._database, stage.name, self._collections)
        claimer = Claimer(
            stage=stage,
            namespace=self._settings.namespace,
            database=self._database,
            collections=self._collections,
            make_inspector=functools.partial(inspector, self._settings.kafka_url),
        )
        applier = Applier(decider, store, self._database, self._clock)
        self._appliers.append(applier)
        return RunningStage(
            stage=stage,
            namespace=self._settings.namespace,
            claimer=claimer,
            applier=applier,
            publisher=publisher,
            clock=self._clock,
            session_seconds=self._settings.session_seconds,
        )

    def _spawn(self, name: str, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine, name=name)
        self._tasks.append(task)
        return task

    def _take(self, loaded: Loaded[Any]) -> None:
        """A changed configuration."""
        if not self.service.takes_changes:
            _log.info("beginning anew, by the changed configuration", version=loaded.version)
            self.must_begin_anew.set()
            return
        self.running.configuration, self.running.version = loaded.value, loaded.version
        for applier in self._appliers:
            applier.configured(loaded.value, loaded.version)

    # --- watch ------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """See that MongoDB tells its time and Kafka answers, every two seconds."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            await self._watch_mongo()
            await self._watch_kafka()
            metrics.TIMERS_HELD.labels(self.service.name).set(not self._clock.is_trusted)
            metrics.READY.labels(self.service.name).set(not self.unready())

    async def _watch_mongo(self) -> None:
        was_trusted = self._clock.is_trusted
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._clock.refresh(self._database)
            if was_trusted and not self._clock.is_trusted:
                metrics.CLOCK_JUMPS.labels(self.service.name).inc()
                _log.warning("the database's time jumped: timers are held", now=self._clock.now().isoformat())
            self._problems["mongo"] = ""
        except (Transient, TimeoutError) as error:
            self._problems["mongo"] = str(error) or "MongoDB does not answer"

    async def _watch_kafka(self) -> None:
        consumer = next((s.consumer for s in self._subscriptions if s.consumer is not None), None)
        if consumer is None:
            return
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await consumer.topics()
            self._problems["kafka"] = ""
        except (KafkaError, TimeoutError, OSError) as error:
            self._problems["kafka"] = f"Kafka does not answer ({type(error).__name__})"

    def dead(self) -> str:
        """Why only a restart helps; empty when none is needed."""
        if self._is_stopping:
            return ""
        ended = [task for task in self._tasks if task.done()]
        if ended:
            return f"{ended[0].get_name()} ended: {_why(ended[0])}"
        if (
            self._stages
            and not self._problems["start"]
            and not all(s.is_polling for s in self._subscriptions if s.consumer)
        ):
            return "a poll loop has ended"
        return ""

    def unready(self) -> Sequence[str]:
        """What is missing, each in a sentence; empty when the service does its work."""
        reasons = [problem for problem in self._problems.values() if problem]
        reasons += [stage.unready for stage in self._stages if stage.unready]
        if self._stages and not self._clock.is_trusted:
            reasons.append("the database's clock and ours disagree: timers are held")
        if self._own_publisher.problem:
            reasons.append(self._own_publisher.problem)
        return reasons

    # --- stop -------------------------------------------------------------------------------------

    async def end(self) -> None:
        """Finish what is under way, publish what is committed, and let go."""
        self._is_stopping = True
        self._problems["start"] = "stopping"
        for stage in self._stages:
            await stage.drain()
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)  # senders record their last results here
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._own_publisher.flushed(), ANSWER_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._door.stop()
        _log.info("stopped")


def _by_name(service: Service) -> dict[str, Collection]:
    collections = [LANES, OUTBOX, TIMERS, PARKED, ARRIVALS, BLOBS, *service.collections]
    collections += [collection for stage in service.stages for collection in stage.collections]
    return {collection.name: collection for collection in collections}


def _written_by(service: Service) -> list[Topic]:
    return [topic for topic in TOPICS if any(writer.split(".")[0] == service.name for writer in topic.writers)]


def _why(task: asyncio.Task[None]) -> str:
    if task.cancelled():
        return "cancelled"
    return type(task.exception()).__name__ if task.exception() else "returned"


async def _as_coroutine(awaitable: Any) -> None:
    await awaitable
