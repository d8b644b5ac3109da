"""Which fact goes to which handler."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.milestones import HandlingMeasured, LadderFact, LadderRungReached, MilestoneFact
from caseway.contracts.notifications import NotificationFact
from caseway.contracts.quality import QualityRecord
from caseway.contracts.topology import topics_read_by
from caseway.contracts.work import AgentPresenceChanged, WorkFact, WorkRefused
from caseway.runtime.application import ServiceApp
from caseway.runtime.application import application as assembled
from caseway.runtime.service import Service
from caseway.runtime.stage import Folding, Handle, Stage
from caseway_analytics import handlers
from caseway_analytics.adapters import upkeep
from caseway_analytics.adapters.states import RUNS, STATES
from caseway_analytics.ports import CASES
from caseway_analytics.settings import Configuration
from caseway_analytics.web.board import Board
from caseway_analytics.web.routes import routes

_OF_CASES = Handle(decide=handlers.on_fact_of_case, needs=handlers.needs_case)
_FOLDED = Handle(decide=handlers.fold_fact_of_case, needs=handlers.needs_case)
_OF_NOTIFICATIONS = Handle(decide=handlers.on_notification)
_OF_QUALITY = Handle(decide=handlers.on_record, needs=handlers.needs_record)
_OF_AGENTS = Handle(decide=handlers.on_presence, needs=handlers.needs_agent)

HANDLES: Mapping[type, Handle] = {
    CaseFact: _OF_CASES,
    WorkFact: _OF_CASES,
    MilestoneFact: _OF_CASES,
    LadderFact: _OF_CASES,
    LadderRungReached: _OF_CASES,
    HandlingMeasured: _OF_CASES,
    NotificationFact: _OF_NOTIFICATIONS,
    AgentPresenceChanged: _OF_AGENTS,
    QualityRecord: _OF_QUALITY,
}
"""By kind of fact; a refused command changes no figure."""


def build() -> Service:
    """Analytics: one stage, the figures' HTTP, and the board that keeps the wall fresh."""
    board = Board()
    return Service(
        name="analytics",
        stages=(
            Stage(
                name="analytics",
                topics=tuple(topic.name for topic in topics_read_by("analytics")),
                handles=_handles(HANDLES),
                collections=STATES,
                linger=dt.timedelta(milliseconds=80),
                max_records=2000,
                folding=Folding(
                    handles=_handles({kind: _FOLDED for kind, handle in HANDLES.items() if handle is _OF_CASES}),
                    adds={CASES: handlers.counted_of_case},
                ),
            ),
        ),
        configuration=Configuration,
        http_port=8085,
        routes=lambda running: routes(running, board),
        loops=(board.keep, upkeep.gather, upkeep.erase, upkeep.index, upkeep.publish),
        collections=(RUNS,),
    )


def _handles(kinds: Mapping[type, Handle]) -> dict[type | str, Handle]:
    """Each type of the topics under the handle of its kind."""
    models = [model for topic in topics_read_by("analytics") for model in topic.models if model is not WorkRefused]
    return {model: handle for model in models for kind, handle in kinds.items() if issubclass(model, kind)}


def application() -> ServiceApp:
    """For `faststream run --factory caseway_analytics.app:application`."""
    return assembled(build())
