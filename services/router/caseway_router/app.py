"""Which message goes to which handler: read this first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from caseway.contracts.cases import (
    CallbackRecorded,
    CaseClosed,
    CaseHeld,
    CaseMerged,
    CaseOpened,
    CaseReleased,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    CaseUnmerged,
    ContactAdded,
    ContactUpdated,
    CustomerLinked,
    EscalatedToDepartment,
    EscalationRequested,
    FactsAssigned,
    ReturnedFromDepartment,
)
from caseway.contracts.milestones import (
    LadderRungReached,
    MilestoneCancelled,
    MilestoneMet,
    MilestonePaused,
    MilestoneResumed,
    MilestoneStarted,
    MilestoneViolated,
    MilestoneWarned,
)
from caseway.contracts.voices import CaseHandedOver, HandOverReturned, PersonalDataErased
from caseway.contracts.work_commands import (
    AcceptWork,
    CompleteWork,
    DeclineWork,
    FinishWrapUp,
    PauseWork,
    QueueWork,
    RaiseWork,
    ReleaseWork,
    SendHeartbeat,
    SetPresence,
    StartWork,
    TakeWork,
    TransferWork,
    WithdrawWork,
)
from caseway.runtime.application import ServiceApp
from caseway.runtime.application import application as assembled
from caseway.runtime.service import Service
from caseway.runtime.stage import Collection, Handle, Resident, Stage
from caseway_router import handlers
from caseway_router.adapters import documents, routed_documents
from caseway_router.adapters.gauges import keep_gauges
from caseway_router.adapters.reading import routes
from caseway_router.domain.assignment.falling_due import BY_KIND, FOLLOWING, open_timers
from caseway_router.domain.demand.asking import OPENING
from caseway_router.domain.ledger import ATTENDANCES, DECISIONS, HOLDERS, MOVED, WORK_ITEMS
from caseway_router.domain.pool import Pools
from caseway_router.settings import Configuration

_ON_CASE = Handle(decide=handlers.on_case, needs=handlers.its_case)
_ON_MILESTONE = Handle(decide=handlers.on_milestone, needs=handlers.its_case)
_ON_PROMISE = Handle(decide=handlers.on_promise, needs=handlers.its_case)
_ON_RUNG = Handle(decide=handlers.on_rung, needs=handlers.its_case)
_ON_OPENING = Handle(decide=handlers.on_opening, needs=handlers.its_waiting_case)
_ON_COMMAND = Handle(decide=handlers.on_command)
_ON_QUEUE = Handle(decide=handlers.on_queue, needs=handlers.its_last_holder)
_ON_HEARTBEAT = Handle(decide=handlers.on_command, remembers_arrivals=False)
_ON_DUE = Handle(decide=handlers.on_due)

_CASES = (
    CaseOpened, ContactAdded, FactsAssigned, CaseReplied, CaseHeld, CaseReleased, CaseResolved, CaseClosed,
    CaseReopened, CaseMerged, CaseUnmerged, EscalatedToDepartment, ReturnedFromDepartment, CaseHandedOver,
    HandOverReturned, ContactUpdated, CustomerLinked, EscalationRequested, CallbackRecorded, PersonalDataErased,
)  # fmt: skip
_MILESTONES = (MilestoneWarned, MilestoneViolated)
_PROMISES = (MilestoneStarted, MilestoneResumed, MilestonePaused, MilestoneMet, MilestoneCancelled)
_COMMANDS = (
    WithdrawWork, RaiseWork, TransferWork, SetPresence, AcceptWork, DeclineWork, StartWork, PauseWork, TakeWork,
    CompleteWork, FinishWrapUp, ReleaseWork,
)  # fmt: skip


def build() -> Service:
    """The router: rules at its edge, one writer a pool at its core."""
    return Service(
        name="router",
        stages=(_edge(), _core()),
        configuration=Configuration,
        http_port=8082,
        routes=routes,
        loops=(keep_gauges,),
    )


def _edge() -> Stage:
    return Stage(
        name="router.edge",
        topics=("cases", "milestones"),
        handles={
            **dict.fromkeys(_CASES, _ON_CASE),
            **dict.fromkeys(_MILESTONES, _ON_MILESTONE),
            **dict.fromkeys(_PROMISES, _ON_PROMISE),
            LadderRungReached: _ON_RUNG,
        },
        timers={OPENING: _ON_OPENING},
        collections=(
            Collection(
                name=handlers.ROUTED_CASES,
                dump=routed_documents.dump_routed,
                load=routed_documents.load_routed,
                expires_after=dt.timedelta(days=730),
            ),
        ),
    )


def _core() -> Stage:
    return Stage(
        name="router.core",
        topics=("work.commands",),
        keyed_by="pool",
        handles={QueueWork: _ON_QUEUE, **dict.fromkeys(_COMMANDS, _ON_COMMAND), SendHeartbeat: _ON_HEARTBEAT},
        timers=dict.fromkeys(BY_KIND, _ON_DUE),
        collections=(
            Collection(
                name=WORK_ITEMS,
                dump=documents.dump_item,
                load=documents.load_item,
                indexes=([("pool", 1), ("standing.is", 1), ("queue", 1), ("queued_at", 1)], [("_lane", 1)]),
            ),
            Collection(
                name=ATTENDANCES,
                dump=documents.dump_attendance,
                load=documents.load_attendance,
                indexes=([("pool", 1)], [("_lane", 1)]),
            ),
            Collection(name=MOVED, dump=documents.dump_moved, load=documents.load_moved, indexes=([("_lane", 1)],)),
            Collection(
                name=DECISIONS,
                dump=documents.dump_offer,
                load=documents.load_offer,
                indexes=([("case_id", 1), ("at", 1)],),
                expires_after=dt.timedelta(days=400),
            ),
            Collection(
                name=HOLDERS,
                dump=documents.dump_holder,
                load=documents.load_holder,
                expires_after=dt.timedelta(days=730),
            ),
        ),
        resident=Resident(
            collections=(WORK_ITEMS, ATTENDANCES, MOVED), build=_pools, kinds=FOLLOWING, timers=open_timers
        ),
    )


def _pools(_: int, values: Mapping[str, Sequence[Any]]) -> Pools:
    return Pools.rebuilt(values[WORK_ITEMS], values[ATTENDANCES], values[MOVED])


def application() -> ServiceApp:
    """For `faststream run --factory caseway_router.app:application`."""
    return assembled(build())
