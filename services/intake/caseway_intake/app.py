"""Which message goes to which handler."""

from __future__ import annotations

import functools

from caseway.runtime.application import ServiceApp
from caseway.runtime.application import application as assembled
from caseway.runtime.service import Service
from caseway.runtime.stage import Stage
from caseway_intake.adapters.cases import CASES, NUMBERS
from caseway_intake.adapters.errands import ERRANDS
from caseway_intake.edge import edge_stage
from caseway_intake.gateway.erasure import erasure
from caseway_intake.gateway.routes import routes
from caseway_intake.gateway.smtp import smtp_door
from caseway_intake.handlers import core
from caseway_intake.settings import Configuration


def build() -> Service:
    """Intake: two stages and the doors."""
    return Service(
        name="intake",
        stages=(
            edge_stage(),
            Stage(
                name="intake.core",
                topics=("case.commands",),
                handles=core.handles(),
                timers=core.timers(),
                collections=(CASES, NUMBERS, ERRANDS),
                keyed_by="case_id",
            ),
        ),
        configuration=Configuration,
        http_port=8081,
        routes=functools.partial(routes, cases=CASES),
        loops=(smtp_door, erasure),
    )


def application() -> ServiceApp:
    """For `faststream run --factory caseway_intake.app:application`."""
    return assembled(build())
