"""The HTTP door's routes."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute

from caseway.runtime.running import Running
from caseway_intake.gateway.commands import command_routes
from caseway_intake.gateway.contacts import contact_routes
from caseway_intake.gateway.reading import reading_routes
from caseway_intake.handlers.core import COMMANDS


def routes(running: Running) -> Sequence[BaseRoute]:
    """Contacts, commands and reading; what is switched off is not there."""
    doors = running.configuration.doors.http
    return [
        *(contact_routes(running) if doors.contacts else ()),
        *(command_routes(running, COMMANDS) if doors.commands else ()),
        *(reading_routes(running) if doors.reading else ()),
    ]
