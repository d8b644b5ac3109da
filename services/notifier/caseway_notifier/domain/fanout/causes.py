"""When a notice has lost its cause.

A notice that waits (for quiet hours, a bundle, a mail server) names what it waits on. When that is over, an obstacle
with the same name is put in its way; should the cause come back, the obstacle is removed.
"""

from __future__ import annotations

from collections.abc import Iterable

from caseway.contracts.cases import CaseClosed, CaseMerged, CaseReopened, CaseResolved
from caseway.contracts.milestones import (
    MilestoneCancelled,
    MilestoneFact,
    MilestoneMet,
    MilestoneViolated,
    MilestoneWarned,
)
from caseway.contracts.work import WorkAccepted, WorkDeclined, WorkExpired, WorkOffered, WorkWithdrawn
from caseway.kernel.decision import NOTHING, Decision, Delete, Moment, Put
from caseway.kernel.values import replace
from caseway_notifier.domain.case import KnownCase
from caseway_notifier.domain.fanout.learning import CaseOccasion
from caseway_notifier.domain.kept import OBSTACLES
from caseway_notifier.domain.obstacle import MOOT, Obstacle
from caseway_notifier.domain.subscription import Moot

_GONE = "gone:"


def cause_of(moot: Moot, fact: CaseOccasion, case_id: str) -> str:
    """What a notice of this fact waits on; empty where nothing makes it pointless."""
    if moot is Moot.NEVER or not case_id:
        return ""
    match fact:
        case WorkOffered() if moot is Moot.OVER:
            return f"offer/{fact.work_item}/{fact.agent}"
        case MilestoneWarned() if moot is Moot.OVER:
            return _promise("warned", fact)
        case MilestoneViolated() if moot is Moot.OVER:
            return _promise("violated", fact)
        case _:
            return f"solved/{case_id}"


def begun(known: KnownCase, cause: str) -> tuple[KnownCase, Decision]:
    """The case with this cause; an obstacle that an earlier end left is removed."""
    if not cause or cause in known.causes:
        return known, NOTHING
    was_gone = _GONE + cause in known.causes
    known = replace(known, causes=(known.causes - {_GONE + cause}) | {cause})
    return known, Decision(changes=(Delete(collection=OBSTACLES, id=cause),) if was_gone else ())


def ended(known: KnownCase, fact: CaseOccasion, moment: Moment) -> tuple[KnownCase, Decision]:
    """The case after what this fact ends, with an obstacle for each cause that notices waited on."""
    if not known.causes:
        return known, NOTHING
    if isinstance(fact, CaseReopened):
        return begun(known, f"solved/{known.id}") if f"{_GONE}solved/{known.id}" in known.causes else (known, NOTHING)
    gone = [each for each in _ends(fact) if each in known.causes]
    if not gone:
        return known, NOTHING
    causes = known.causes.difference(gone) | {_GONE + each for each in gone}
    obstacles = (Obstacle(id=each, reason=MOOT, since=moment.now) for each in gone)
    changes = tuple(Put(collection=OBSTACLES, id=each.id, value=each) for each in obstacles)
    return replace(known, causes=causes), Decision(changes=changes)


def _ends(fact: CaseOccasion) -> Iterable[str]:
    match fact:
        case CaseResolved() | CaseClosed():
            yield f"solved/{fact.case_id}"
        case CaseMerged() if fact.into != fact.case_id:
            yield f"solved/{fact.case_id}"
        case WorkAccepted() | WorkDeclined() | WorkExpired() | WorkWithdrawn():
            yield f"offer/{fact.work_item}/{fact.agent}"
        case MilestoneMet() | MilestoneCancelled():
            yield _promise("warned", fact)
            yield _promise("violated", fact)
        case MilestoneViolated():
            yield _promise("warned", fact)
        case _:
            return


def _promise(word: str, fact: MilestoneFact) -> str:
    return f"{word}/{fact.milestone}/{fact.instance}"
