"""Intake on topics of its own, to be killed, stopped and doubled."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from caseway.runtime.kafka import create_topics
from caseway.testkit.chaos.checkers import COLLECTIONS, TOPICS, violations
from caseway.testkit.chaos.dump import Dump, dump
from caseway.testkit.chaos.load import Journal, Load, commands, contacts
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually

RETAIL = Path(__file__).parents[1] / "deploy/scenarios/retail"
PARTITIONS = 4
SESSION_SECONDS = 3


class Desk:
    """Intake on its own topics: processes come and go, the load is journaled."""

    def __init__(self, namespace: Namespace, folder: Path) -> None:
        self.namespace = namespace
        self.load = Load(namespace, commands(secrets.token_hex(3)))
        self.contacts = Load(namespace, contacts(secrets.token_hex(3)))
        self.folder = folder
        self.processes: list[ServiceProcess] = []

    def intake(self, *module: str, **environment: str) -> ServiceProcess:
        """Start another intake; `module` is what runs in its place (a mutant)."""
        settings = {
            **self.namespace.environment(),
            "CASEWAY_CONFIG": str(RETAIL),
            "CASEWAY_SMTP_PORT": "-1",
            "CASEWAY_SESSION_SECONDS": str(SESSION_SECONDS),
            "CASEWAY_FAILPOINTS_JOURNAL": str(self.folder / "failpoints.log"),
        }
        process = ServiceProcess("intake", settings, self.folder, *module).start(**environment)
        self.processes.append(process)
        return process

    @property
    def journal(self) -> Journal:
        """Everything that was sent, to the core and to the edge."""
        both = Journal()
        for load in (self.load, self.contacts):
            both.fates |= load.journal.fates
            both.contacts |= load.journal.contacts
        return both

    def journaled(self) -> str:
        """What the failpoints wrote down."""
        path = self.folder / "failpoints.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    async def verdict(self, seconds: float = 60.0) -> dict[str, list[str]]:
        """What is still wrong when all has settled; waits as long as something is."""
        with contextlib.suppress(AssertionError):
            await eventually(self._is_clean, "all checkers green", seconds=seconds, every=0.5)
        return violations(await self.dump(), self.journal)

    async def _is_clean(self) -> bool:
        return not violations(await self.dump(), self.journal)

    async def dump(self) -> Dump:
        """Everything on the topics and in the database."""
        return await dump(self.namespace, "intake", TOPICS, COLLECTIONS)

    def end(self) -> None:
        """Kill what still runs."""
        for process in self.processes:
            if process.process.poll() is None:
                process.resume()
                process.kill()


@contextlib.asynccontextmanager
async def opened(namespace: Namespace, folder: Path) -> AsyncIterator[Desk]:
    """A desk, its topics made; whatever it started is ended."""
    await create_topics(namespace.kafka_url, namespace.prefix, PARTITIONS)
    desk = Desk(namespace, folder)
    try:
        yield desk
    finally:
        desk.end()
