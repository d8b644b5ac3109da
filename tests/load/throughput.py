"""How many events a second one process gets through.

A process is warmed up with a few records and stopped (SIGSTOP); the topic is filled; the process goes on (SIGCONT) and
from that instant runs the clock, until Kafka has the last output. The yardstick runs the same way just before and just
after, so that a ratio compares two things measured within the same minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from caseway.contracts.topology import TOPICS
from caseway.local.ports import free_ports
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually
from tests.load import corner, crowd, grown, payloads
from tests.load.corner import Record
from tests.load.crowd import RETAIL
from tests.load.steps import Steps, since, steps

ROOT = Path(__file__).parents[2]
WARM_UP = 300
Make = Callable[[str, int], Iterator[Record]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing to measure."""

    title: str
    service: str
    stage: str
    make: Make
    share: float = 1.0
    """Of the run's count of events: less for what is slow."""
    agents: int = 0
    """How many there are, each with room for everything; 0: those of the scenario."""
    aim: float | None = None
    """Times the raw loop; printed, never asserted."""


CASES = (
    Case(title="intake core, contacts open cases", service="intake", stage="intake.core", make=payloads.add_contacts, aim=0.5),
    Case(title="router edge, cases to work", service="router", stage="router.edge", make=payloads.case_openings, aim=0.5),
    Case(title="router core, work to offers", service="router", stage="router.core", make=payloads.queue_commands, share=0.5, agents=200, aim=0.3),
    Case(title="intake edge, forms chats messages", service="intake", stage="intake.edge", make=payloads.talks, share=0.5),
    Case(title="intake edge, mails of 2 KB", service="intake", stage="intake.edge", make=payloads.mails, share=0.2, aim=0.08),
    Case(title="escalation, cases opened", service="escalation", stage="escalation", make=payloads.case_openings, share=0.5),
    Case(title="notifier, cases opened", service="notifier", stage="notifier", make=payloads.case_openings, share=0.5),
    Case(title="analytics, cases opened", service="analytics", stage="analytics", make=payloads.case_openings, share=0.5),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """What one process did."""

    events: int
    seconds: float
    """From going on to the last output."""
    processor_seconds: float
    """Of the process alone, without Kafka's and MongoDB's."""

    steps: Steps = field(default_factory=dict)
    """Where the stage says its time went; publishing goes on beside the rest."""

    @property
    def rate(self) -> float:
        return self.events / self.seconds

    @property
    def processor_micros(self) -> float:
        return self.processor_seconds / self.events * 1e6


class Bench:
    """Measures stages and the yardstick on one Kafka and one MongoDB."""

    def __init__(self, kafka_url: str, mongo_url: str, folder: Path, prefix: str, stored: int = 0) -> None:
        """`stored`: so many cases and Message-IDs stand in the store before intake is measured."""
        self._stored = stored
        self._grown: Namespace | None = None
        self._kafka_url = kafka_url
        self._mongo_url = mongo_url
        self._folder = folder
        self._prefix = prefix
        self._numbers = itertools.count(1)

    @contextlib.asynccontextmanager
    async def _corner(self) -> AsyncIterator[Namespace]:
        prefix = f"{self._prefix}{next(self._numbers)}_"
        namespace = await corner.opened(prefix, self._kafka_url, self._mongo_url)
        try:
            yield namespace
        finally:
            await namespace.clean()

    @contextlib.asynccontextmanager
    async def _corner_of(self, case: Case) -> AsyncIterator[Namespace]:
        """A corner of the case's own; on a grown store, which takes minutes to fill, all of intake's stages share one."""
        if not self._stored or case.service != "intake":
            async with self._corner() as namespace:
                yield namespace
            return
        if self._grown is None:
            self._grown = await corner.opened(f"{self._prefix}grown_", self._kafka_url, self._mongo_url)
            seconds = await asyncio.to_thread(grown.fill_store, self._grown, self._stored, RETAIL)
            sys.stdout.write(f"  a store of {self._stored:,} cases and Message-IDs, filled in {seconds:.0f} s\n")
            sys.stdout.flush()
        yield self._grown

    async def close(self) -> None:
        """Remove the grown store."""
        if self._grown is not None:
            await self._grown.clean()

    async def raw(self, count: int) -> Speed:
        """The yardstick: the same commands that intake's core reads, to another topic."""
        async with self._corner() as namespace:
            environment = {
                "BENCH_KAFKA_URL": self._kafka_url,
                "BENCH_SOURCE": namespace.topic("case.commands"),
                "BENCH_TARGET": namespace.topic("cases"),
            }

            async def done(fed: int) -> bool:
                return sum((await corner.ends(namespace, ["cases"])).values()) >= fed

            with self._process(["tests.load.raw_loop"], environment, "raw") as process:
                return await self._measure(process, namespace, payloads.add_contacts, count, done, ["cases"])

    async def stage(self, case: Case, count: int) -> Speed:
        """One stage of one service."""
        async with self._corner_of(case) as namespace:
            before = sum((await corner.ends(namespace, _inputs(case.stage))).values())
            (port,) = free_ports(1)
            environment = {
                **namespace.environment(),
                "CASEWAY_CONFIG": str(self._scenario(case)),
                "CASEWAY_SIGNING_KEY": "bench",
                "CASEWAY_HTTP_PORT": str(port),
                "CASEWAY_SMTP_PORT": "-1",
                "CASEWAY_LOG_LEVEL": "WARNING",
                "CASEWAY_SESSION_SECONDS": "120",
            }

            async def done(fed: int) -> bool:
                reached = await corner.progress(namespace, case.service, case.stage)
                return sum(reached.values()) >= before + fed and await self._has_published(namespace, case)

            arguments = ["tests.load.one_stage", case.service, case.stage]
            with self._process(arguments, environment, case.stage) as process:
                url = f"http://127.0.0.1:{port}"
                return await self._measure(process, namespace, case.make, count, done, _outputs(case.stage), url)

    def _scenario(self, case: Case) -> Path:
        if case.agents:
            return crowd.scenario(self._folder / "crowd", case.agents)
        return corner.busy_copy(RETAIL, self._folder / "scenario")

    @staticmethod
    async def _has_published(namespace: Namespace, case: Case) -> bool:
        """All that the lanes have given a number to is on Kafka."""
        written = sum((await corner.ends(namespace, _outputs(case.stage))).values())
        return written >= await corner.sequence(namespace, case.service, case.stage)

    async def _measure(
        self,
        process: psutil.Process,
        namespace: Namespace,
        make: Make,
        count: int,
        done: Callable[[int], Awaitable[bool]],
        outputs: list[str],
        url: str = "",
    ) -> Speed:
        await corner.fill(namespace, make("warm", WARM_UP))
        await eventually(lambda: done(WARM_UP), f"{process.name()} warm", seconds=60, every=0.2)
        before = await steps(url) if url else {}
        process.send_signal(signal.SIGSTOP)
        await corner.fill(namespace, make("run", count))
        used, began = _used(process), time.time()
        process.send_signal(signal.SIGCONT)
        await eventually(lambda: done(WARM_UP + count), f"{count} events", seconds=240, every=0.05)
        processor_seconds, seen = _used(process) - used, time.time()
        spent = since(before, await steps(url)) if url else {}
        last = await corner.last_written_at(namespace, outputs) if outputs else None
        return Speed(events=count, seconds=(last or seen) - began, processor_seconds=processor_seconds, steps=spent)

    @contextlib.contextmanager
    def _process(self, arguments: list[str], environment: Mapping[str, str], name: str) -> Iterator[psutil.Process]:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("CASEWAY_")}
        if profiles := inherited.get("BENCH_PROFILES"):
            inherited["BENCH_PROFILE"] = str(Path(profiles) / f"{name}.prof")
        with (self._folder / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                env={**inherited, **environment},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            yield psutil.Process(child.pid)
            if (
                self._grown is not None or "BENCH_PROFILES" in os.environ
            ):  # so that the next one need not wait for its lanes
                child.terminate()
                child.wait(20)
        finally:
            child.kill()
            child.wait()


def _inputs(stage: str) -> list[str]:
    return [topic.name for topic in TOPICS if stage in topic.readers]


def _outputs(stage: str) -> list[str]:
    return [topic.name for topic in TOPICS if stage in topic.writers]


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
