"""The HTTP door's routes."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute

from caseway.runtime.running import Running
from caseway.runtime.stage import Collection
from caseway_intake.gateway.backgrounds import background_routes
from caseway_intake.gateway.commands import command_routes
from caseway_intake.gateway.contacts import contact_routes
from caseway_intake.gateway.files import file_routes
from caseway_intake.gateway.forms import form_routes
from caseway_intake.gateway.lists import list_routes
from caseway_intake.gateway.reading import reading_routes


def routes(running: Running, cases: Collection) -> Sequence[BaseRoute]:
    """Contacts, commands and reading of `cases`; what is switched off is not there."""
    doors = running.configuration.doors.http
    return [
        *(contact_routes(running) if doors.contacts else ()),
        *(form_routes(running) if doors.forms else ()),
        *(command_routes(running) if doors.commands else ()),
        *(_reading(running, cases) if doors.reading else ()),
    ]


def _reading(running: Running, cases: Collection) -> Sequence[BaseRoute]:
    return [
        *file_routes(running),
        *reading_routes(running, cases),
        *background_routes(running, cases),
        *list_routes(running, cases),
    ]
