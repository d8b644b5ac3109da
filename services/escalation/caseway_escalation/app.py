"""Which message goes to which handler."""

from __future__ import annotations

import datetime as dt

from caseway.runtime.application import ServiceApp
from caseway.runtime.application import application as assembled
from caseway.runtime.service import Service
from caseway.runtime.stage import Stage
from caseway_escalation.adapters.cases import CASES, COUNTS
from caseway_escalation.adapters.recomputing import keep_up
from caseway_escalation.adapters.routes import routes
from caseway_escalation.handlers import handles, timers
from caseway_escalation.metrics import watch
from caseway_escalation.settings import Configuration


def build() -> Service:
    """Escalation: one stage over what happens to cases, their work, and notices of ladders."""
    return Service(
        name="escalation",
        stages=(
            Stage(
                name="escalation",
                linger=dt.timedelta(milliseconds=60),  # a promise is timed by its timer, not by when its case was read
                topics=("cases", "work", "milestone.commands", "notifications"),
                handles=handles(),
                timers=timers(),
                collections=(CASES, COUNTS),
                cached_states=2_000,  # of 2 to 4 KB each
            ),
        ),
        configuration=Configuration,
        http_port=8083,
        routes=routes,
        loops=(watch, keep_up),
        takes_changes=True,
    )


def application() -> ServiceApp:
    """For `faststream run --factory caseway_escalation.app:application`."""
    return assembled(build())
