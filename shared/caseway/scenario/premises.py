"""A desk that runs on this machine, and how it is opened."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import yaml
from pydantic import SecretStr

from caseway.contracts.topology import PARTITIONS
from caseway.kernel.clock import WallClock
from caseway.kernel.errors import CasewayError
from caseway.local import Stack, StackError
from caseway.local.mailsink import MailSink
from caseway.local.settings import LocalSettings
from caseway.runtime.kafka import create_topics
from caseway.scenario.hosting import PORTS, SMTP_PORT, Hosted
from caseway.scenario.mailserver import serve_page
from caseway.scenario.ports import Claims
from caseway.scenario.progress import say
from caseway.scenario.settings import ScenarioSettings
from caseway.scenario.token import bearer_token

_READY_SECONDS = 120.0
_SAY_WHY_EVERY_SECONDS = 8.0
_MAIL_PAGE_PORT = 8026


class NotOpened(CasewayError):
    """The desk could not be started; the message says why."""


class Stopped(CasewayError):
    """Asked to end while starting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """Where everything is."""

    services: Sequence[Hosted]
    mail_page: str
    smtp_port: int
    folder: Path
    """Logs, and a token for the doors."""
    settings: ScenarioSettings

    @property
    def pool(self) -> str:
        """The first that its queues.yaml names."""
        return str(next(iter(_read(self.settings.config / "queues.yaml")["pools"])))

    @property
    def mailbox(self) -> str:
        """The first that its mailboxes.yaml names."""
        return str(_read(self.settings.config / "mailboxes.yaml")["mailboxes"][0]["address"])

    def url(self, service: str) -> str:
        """Of a service's HTTP."""
        return next(each.url for each in self.services if each.name == service)


@contextlib.asynccontextmanager
async def opened_desk(directory: Path, stopping: asyncio.Event) -> AsyncIterator[Premises]:
    """Kafka, MongoDB, a mail server and the five services, ready; all are ended afterwards.

    Raises:
        StackError: there is no Kafka or no MongoDB.
        NotOpened: a service ended or did not get ready.
        Stopped: `stopping` was set meanwhile.
    """
    began = WallClock().now()
    folder = LocalSettings().folder / "run" / f"{began:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    folder.mkdir(parents=True)
    say("starting Kafka and MongoDB")
    async with contextlib.AsyncExitStack() as exits:
        stack = await exits.enter_async_context(_backends(stopping))
        say(f"Kafka is at {stack.kafka_url}, MongoDB at {_place(stack.mongo_url)}; starting the services")
        claims = Claims()
        exits.callback(claims.release)
        sink = await exits.enter_async_context(MailSink())
        page = await exits.enter_async_context(serve_page(sink, claims.take(_MAIL_PAGE_PORT)))
        settings = _settings(directory, stack.kafka_url, claims)
        services = _services(settings, {"MONGO_URL": stack.mongo_url, "SMTP_URL": sink.url}, folder, claims)
        exits.push_async_callback(_stop, services)
        for each in services:
            each.start()
        await create_topics(settings.kafka_url, settings.namespace, PARTITIONS)
        await _until_ready(services, stopping)
        say(f"all ready after {(WallClock().now() - began).total_seconds():.0f} s")
        yield _premises(services, page, settings, folder)


@contextlib.asynccontextmanager
async def _backends(stopping: asyncio.Event) -> AsyncIterator[Stack]:
    """Started in a thread, which cannot be interrupted: who stops now waits those few seconds."""
    stack = Stack()
    starting = asyncio.ensure_future(asyncio.to_thread(stack.start))
    try:
        await asyncio.shield(starting)
        if stopping.is_set():
            raise Stopped
        yield stack
    finally:
        with contextlib.suppress(StackError, OSError):
            await starting
        await asyncio.to_thread(stack.stop)


def _place(url: str) -> str:
    """Without user and password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _settings(directory: Path, kafka_url: str, claims: Claims) -> ScenarioSettings:
    """As the environment says, with a signing key of this run's own where it names none."""
    given = ScenarioSettings()
    key = given.signing_key.get_secret_value() or secrets.token_urlsafe(32)
    return given.model_copy(
        update={
            "kafka_url": kafka_url,
            "config": directory,
            "signing_key": SecretStr(key),
            "intake_smtp": f"127.0.0.1:{claims.take(SMTP_PORT)}",
        }
    )


def _services(settings: ScenarioSettings, urls: Mapping[str, str], folder: Path, claims: Claims) -> tuple[Hosted, ...]:
    environment = {
        "CASEWAY_KAFKA_URL": settings.kafka_url,
        "CASEWAY_NAMESPACE": settings.namespace,
        "CASEWAY_CONFIG": str(settings.config),
        "CASEWAY_SMTP_PORT": str(_port(settings)),
        "CASEWAY_HTTP_HOST": "127.0.0.1",
        "CASEWAY_SIGNING_KEY": settings.signing_key.get_secret_value(),
        "CASEWAY_ENVIRONMENT": "development",
        **{f"CASEWAY_{name}": url for name, url in urls.items()},
    }
    return tuple(Hosted(name, claims.take(port), environment, folder / f"{name}.log") for name, port in PORTS.items())


def _port(settings: ScenarioSettings) -> int:
    return int((settings.intake_smtp or "").rpartition(":")[2])


def _premises(services: Sequence[Hosted], page: str, settings: ScenarioSettings, folder: Path) -> Premises:
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(bearer_token(settings.signing_key.get_secret_value(), WallClock().now()), encoding="utf-8")
    intake = next(each.url for each in services if each.name == "intake")
    return Premises(
        services=services,
        mail_page=page,
        smtp_port=_port(settings),
        folder=folder,
        settings=settings.model_copy(update={"intake_url": intake}),
    )


def _read(file: Path) -> Any:
    """A file that services have read already, so that it is right."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))


async def _stop(services: Sequence[Hosted]) -> None:
    say("ending the services")
    await asyncio.gather(*(each.stop() for each in services))


async def _until_ready(services: Sequence[Hosted], stopping: asyncio.Event) -> None:
    """Wait for all; say what keeps those that take long."""
    loop = asyncio.get_running_loop()
    began = told = loop.time()
    async with httpx.AsyncClient(timeout=5) as client:
        while reasons := [(each, reason) for each in services if (reason := await each.why_not_ready(client))]:
            if stopping.is_set():
                raise Stopped
            _judge(reasons, loop.time() - began)
            if loop.time() - told > _SAY_WHY_EVERY_SECONDS:
                told = loop.time()
                say("waiting for " + "; ".join(f"{each.name}: {reason}" for each, reason in reasons))
            await asyncio.sleep(0.1)


def _judge(reasons: Sequence[tuple[Hosted, str]], seconds: float) -> None:
    for each, reason in reasons:
        if each.ended:
            raise NotOpened(f"{each.name} {each.ended}. The end of {each.log}:\n{each.last_words()}")
        if seconds > _READY_SECONDS:
            raise NotOpened(f"{each.name} is not ready after {seconds:.0f} s: {reason}. Its log: {each.log}")
