"""A whole desk on one machine: `caseway run`."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import secrets
import signal
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import SecretStr

from caseway.contracts.topology import PARTITIONS
from caseway.kernel.clock import WallClock
from caseway.kernel.errors import CasewayError
from caseway.local import Stack
from caseway.local.mailsink import MailSink
from caseway.local.settings import LocalSettings
from caseway.runtime.kafka import create_topics
from caseway.scenario.figures import FiguresDesk
from caseway.scenario.hosting import PORTS, SMTP_PORT, Hosted, port_near
from caseway.scenario.mailserver import serve_page
from caseway.scenario.placard import placard
from caseway.scenario.progress import say
from caseway.scenario.running import Options, Scenario, opened
from caseway.scenario.settings import ScenarioSettings
from caseway.scenario.table import one_line, whole_table
from caseway.scenario.token import bearer_token

_READY_SECONDS = 120.0
_SAY_WHY_AFTER_SECONDS = 8.0
_LINE_EVERY_SECONDS = 15.0
_TABLE_AFTER_SECONDS = 60.0
_MAIL_PAGE_PORT = 8026


class Failed(CasewayError):
    """The desk could not be started, or did not last; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line says."""

    scenario: Options
    directory: Path
    has_traffic: bool = True
    lasts: dt.timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that runs."""

    services: Sequence[Hosted]
    sink: MailSink
    mail_page: str
    smtp_port: int
    key: str
    folder: Path
    settings: ScenarioSettings

    def url(self, service: str) -> str:
        """Where a service's HTTP is."""
        return next(each.url for each in self.services if each.name == service)


async def run(wanted: Wanted) -> int:
    """Start, show, and end everything; the exit status."""
    stopping = asyncio.Event()
    for which in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(which, stopping.set)
    try:
        async with _desk(wanted, stopping) as desk:
            return await _show(desk, wanted, stopping)
    except _Stopped:
        return 0


class _Stopped(CasewayError):
    """Asked to end while starting."""


@contextlib.asynccontextmanager
async def _desk(wanted: Wanted, stopping: asyncio.Event) -> AsyncIterator[Desk]:
    began = WallClock().now()
    folder = LocalSettings().folder / "run" / f"{began:%Y%m%d-%H%M%S}"
    folder.mkdir(parents=True, exist_ok=True)
    say("starting Kafka and MongoDB")
    async with contextlib.AsyncExitStack() as exits:
        stack = await exits.enter_async_context(_backends(stopping))
        say(f"Kafka is at {stack.kafka_url}, MongoDB at {stack.mongo_url}; starting the services")
        sink = await exits.enter_async_context(MailSink())
        page = await exits.enter_async_context(serve_page(sink, port_near(_MAIL_PAGE_PORT)))
        settings = _settings(wanted, stack)
        desk = _prepare(wanted, stack, sink, page, settings, folder)
        exits.push_async_callback(_stop, desk.services)
        for each in desk.services:
            each.start()
        await create_topics(settings.kafka_url, settings.namespace, PARTITIONS)
        await _until_ready(desk, stopping)
        say(f"all ready after {(WallClock().now() - began).total_seconds():.0f} s")
        yield desk


@contextlib.asynccontextmanager
async def _backends(stopping: asyncio.Event) -> AsyncIterator[Stack]:
    """Started in a thread, which cannot be interrupted: who stops now waits those few seconds."""
    stack = Stack()
    starting = asyncio.ensure_future(asyncio.to_thread(stack.start))
    try:
        await asyncio.shield(starting)
        if stopping.is_set():
            raise _Stopped
        yield stack
    finally:
        with contextlib.suppress(Exception):
            await starting
        await asyncio.to_thread(stack.stop)


def _settings(wanted: Wanted, stack: Stack) -> ScenarioSettings:
    given = ScenarioSettings()
    key = given.signing_key.get_secret_value() or secrets.token_urlsafe(32)
    return given.model_copy(
        update={"kafka_url": stack.kafka_url, "config": wanted.directory, "signing_key": SecretStr(key)}
    )


def _prepare(wanted: Wanted, stack: Stack, sink: MailSink, page: str, settings: ScenarioSettings, folder: Path) -> Desk:
    smtp_port = port_near(SMTP_PORT)
    key = settings.signing_key.get_secret_value()
    environment = {
        "CASEWAY_KAFKA_URL": stack.kafka_url,
        "CASEWAY_MONGO_URL": stack.mongo_url,
        "CASEWAY_NAMESPACE": settings.namespace,
        "CASEWAY_CONFIG": str(wanted.directory),
        "CASEWAY_SMTP_URL": sink.url,
        "CASEWAY_SMTP_PORT": str(smtp_port),
        "CASEWAY_HTTP_HOST": "127.0.0.1",
        "CASEWAY_SIGNING_KEY": key,
        "CASEWAY_ENVIRONMENT": "development",
    }
    services = [Hosted(name, port_near(port), environment, folder / f"{name}.log") for name, port in PORTS.items()]
    urls = {each.name: each.url for each in services}
    (folder / "token").write_text(bearer_token(key, WallClock().now()), encoding="utf-8")
    return Desk(
        services=services,
        sink=sink,
        mail_page=page,
        smtp_port=smtp_port,
        key=key,
        folder=folder,
        settings=settings.model_copy(update={"intake_url": urls["intake"], "intake_smtp": f"127.0.0.1:{smtp_port}"}),
    )


async def _stop(services: Sequence[Hosted]) -> None:
    say("ending the services")
    await asyncio.gather(*(each.stop() for each in services))


async def _until_ready(desk: Desk, stopping: asyncio.Event) -> None:
    """Wait for all; say what keeps those that take long."""
    loop = asyncio.get_running_loop()
    began, told = loop.time(), loop.time()
    async with httpx.AsyncClient(timeout=5) as client:
        waiting = list(desk.services)
        while waiting:
            reasons = [(each, await each.why_not_ready(client)) for each in waiting]
            waiting = [each for each, reason in reasons if reason]
            _judge(reasons, loop.time() - began, stopping)
            if waiting and loop.time() - told > _SAY_WHY_AFTER_SECONDS:
                told = loop.time()
                say("waiting for " + "; ".join(f"{each.name}: {reason}" for each, reason in reasons if reason))
            await asyncio.sleep(0.1 if waiting else 0)


def _judge(reasons: Sequence[tuple[Hosted, str]], seconds: float, stopping: asyncio.Event) -> None:
    if stopping.is_set():
        raise _Stopped
    for each, reason in reasons:
        if each.ended is not None:
            raise Failed(f"{each.name} {reason}. The end of {each.log}:\n{each.last_words()}")
        if reason and seconds > _READY_SECONDS:
            raise Failed(f"{each.name} is not ready after {seconds:.0f} s: {reason}. Its log: {each.log}")


async def _show(desk: Desk, wanted: Wanted, stopping: asyncio.Event) -> int:
    """The scenario, with a line now and then, until it is stopped or something ends."""
    say(placard(desk))
    async with opened(desk.settings, wanted.scenario) as scenario:
        watching = asyncio.create_task(_watch(desk, scenario, wanted.lasts, stopping))
        playing = asyncio.create_task(scenario.play()) if wanted.has_traffic else None
        watching.add_done_callback(lambda _: scenario.stopping.set())
        try:
            died = await watching
            if playing is not None:
                await playing
        finally:
            watching.cancel()
        say("\n" + whole_table(scenario.scene.journal, await _figures(desk).read()))
        return 1 if died else 0


def _figures(desk: Desk) -> FiguresDesk:
    return FiguresDesk(desk.url("analytics"), desk.url("intake"))


async def _watch(desk: Desk, scenario: Scenario, lasts: dt.timedelta | None, stopping: asyncio.Event) -> bool:
    """Say how it goes; whether a service died."""
    loop, died = asyncio.get_running_loop(), set[str]()
    began = told = loop.time()
    has_shown = False
    while not stopping.is_set() and (lasts is None or loop.time() - began < lasts.total_seconds()):
        for each in desk.services:
            if each.ended is not None and each.name not in died:
                died.add(each.name)
                say(f"{each.name} ended with status {each.ended}; the end of {each.log}:\n{each.last_words()}")
        if loop.time() - told >= _LINE_EVERY_SECONDS:
            told = loop.time()
            say(one_line(scenario.scene.journal, await _figures(desk).read()))
        if not has_shown and loop.time() - began >= _TABLE_AFTER_SECONDS:
            has_shown = True
            say("after a minute:\n" + whole_table(scenario.scene.journal, await _figures(desk).read()))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), 0.5)
    return bool(died)
