"""What a service is: stages, doors and loops under one name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel
from starlette.routing import BaseRoute

from caseway.runtime.stage import Collection, Stage

if TYPE_CHECKING:
    from caseway.runtime.running import Running


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One deployable service, as data; `caseway.runtime.application` makes it run."""

    name: str
    """`intake`, `router` …: database, parking topic and metrics carry it."""
    stages: Sequence[Stage]
    configuration: type[BaseModel]
    """What it reads from the configuration directory; each field is a file, `<field>.yaml`, or a folder."""
    http_port: int
    routes: Callable[[Running], Sequence[BaseRoute]] = lambda _: ()
    """HTTP beside the probes: called once, when the runtime is built."""
    loops: Sequence[Callable[[Running], Awaitable[None]]] = ()
    """Coroutines that run as long as the service does (senders, an SMTP door); cancelled at stop."""
    collections: Sequence[Collection] = ()
    """Collections beside those of the stages."""
    takes_changes: bool = False
    """Whether it takes a changed configuration as it runs: all that it keeps in memory is asked for anew each time. One
    that does not drains, and begins anew in the same process."""
