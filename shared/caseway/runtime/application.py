"""Makes a service run: composition root of every service.

`run` is what `python -m caseway_<name>` does; `application` is for `faststream run --factory`. HTTP answers from the
first moment; the stages begin when Kafka, MongoDB, topics and indexes are as they must be, and whatever goes missing
later shows at `/readyz` until it is back.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from types import FrameType
from typing import Any

import uvicorn
from faststream.asgi import AsgiFastStream
from faststream.specification import AsyncAPI
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from caseway.kernel.errors import Misconfigured
from caseway.runtime import failpoints
from caseway.runtime.configuration import Reloader
from caseway.runtime.hosting import Host
from caseway.runtime.logs import logger, setup
from caseway.runtime.probes import probe_routes
from caseway.runtime.service import Service
from caseway.runtime.settings import Settings

STOP_SECONDS = 20.0
"""From SIGTERM to the end of the last batch; an orchestrator must grant more."""

_log = logger(__name__)


class ServiceApp(AsgiFastStream):
    """FastStream's application, with the service's own HTTP beneath it."""

    def __init__(self, host: Host, http: Starlette, **options: Any) -> None:
        super().__init__(host.broker, **options)
        self.host = host
        self._http = http

    async def not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Every path that is not FastStream's own."""
        await self._http(scope, receive, send)


def application(service: Service, settings: Settings | None = None) -> ServiceApp:
    """The service as an ASGI application.

    Raises:
        Misconfigured: the configuration directory or the fault plan is wrong; every fault is named with its place.
    """
    settings = settings or Settings()
    setup(service.name, settings.log_level)
    failpoints.install(settings.failpoints, settings.failpoints_journal, settings.environment)
    host = Host(service, settings, Reloader(settings.config, service.configuration))
    routes = [*probe_routes(service.name, host.dead, host.unready), *service.routes(host.running)]
    return ServiceApp(
        host,
        Starlette(routes=routes),
        logger=None,
        on_startup=[_collect_seldom, host.begin],
        on_shutdown=[host.end],
        specification=AsyncAPI(
            title=f"caseway-{service.name}",
            version="1.0.0",
            description=f"What {service.name} reads and writes.",
            schema_version="3.0.0",
        ),
    )


async def _collect_seldom() -> None:
    """Spare the garbage collector what stays for ever (modules, configuration), and let it look less often.

    A backlog's turn makes some two hundred thousand objects, nearly all of them gone with it and without cycles. At
    Python's defaults the collector went over everything several times a turn, a third of all the processor time; looking
    at every 50,000 it still took a tenth (29 µs a record), at every 300,000 a thirtieth (measured). Where it does look, in a
    large backlog, it stops a process for up to a quarter of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(300_000, 3, 20)


def run(service: Service) -> None:
    """Run the service until SIGTERM or SIGINT; exits 1 with every fault listed when the configuration is wrong."""
    try:
        settings = Settings()
        app = application(service, settings)
    except Misconfigured as error:
        sys.exit(f"caseway-{service.name}: {error}")
    port = service.http_port if settings.http_port is None else settings.http_port
    # uvicorn drains at SIGTERM, then raises the signal again for whoever is outside: that is us, and it went well
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    asyncio.run(_serve(app, settings, port))
    if app.host.must_begin_anew.is_set():
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - our own command line, in the same process


class _Server(uvicorn.Server):
    """Tells endless answers that it stops: it waits for every answer's end before anything else is drained."""

    def __init__(self, stopping: asyncio.Event, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called in the middle of whatever runs, so the event is set by the loop."""
        asyncio.get_event_loop().call_soon_threadsafe(self._stopping.set)
        super().handle_exit(sig, frame)


async def _serve(app: ServiceApp, settings: Settings, port: int) -> None:
    server = _Server(
        app.host.running.stopping,
        uvicorn.Config(
            app,
            host=settings.http_host,
            port=port,
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=int(STOP_SECONDS),
        ),
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, app.host.reloading.ask)
    ending = asyncio.create_task(_end_for_anew(server, app.host))
    await server.serve()
    ending.cancel()


async def _end_for_anew(server: _Server, host: Host) -> None:
    """Drain as at SIGTERM when a changed configuration wants the service to begin anew."""
    await host.must_begin_anew.wait()
    host.running.stopping.set()
    server.should_exit = True
