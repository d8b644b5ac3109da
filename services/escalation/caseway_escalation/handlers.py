"""What becomes of each message: states in, decision out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from caseway.contracts.milestone_commands import (
    AcknowledgeLadder,
    RecomputeMilestones,
    ReportUnreached,
    TakeOverLadder,
    TakeOverMilestone,
)
from caseway.contracts.notifications import NotificationAcknowledged, NotificationGivenUp
from caseway.contracts.topology import topics_read_by
from caseway.kernel.decision import Decision, Due, Message, Moment, Ref, States
from caseway.runtime.stage import Handle
from caseway_escalation.domain.process import CASES, NEXT, answer, climb_on, follow, notice, recompute, take_over

_NOTICES = (NotificationAcknowledged, NotificationGivenUp)
"""What is worth hearing of notifications: they climb no ladder, but hold it, or find nobody there."""


def _of_fact(message: Message[Any]) -> Iterable[Ref]:
    return (Ref(CASES, message.data.case_id),) if message.data.case_id else ()


def on_fact(message: Message[Any], states: States, moment: Moment) -> Decision:
    """A fact about a case, or about its work."""
    if not message.data.case_id:
        return Decision()
    case = states.get(CASES, message.data.case_id)
    return follow(case, message, moment.configuration.promises, moment)


def on_recompute(message: Message[RecomputeMilestones], states: States, moment: Moment) -> Decision:
    """The configuration changed under running clocks."""
    case = states.get(CASES, message.data.case_id)
    return recompute(case, message, moment.configuration.promises, moment)


def on_take_over(message: Message[TakeOverMilestone], states: States, moment: Moment) -> Decision:
    """A merged case passes a promise on."""
    case = states.get(CASES, message.data.case_id)
    return take_over(case, message, moment.configuration.promises, moment)


def on_take_over_ladder(message: Message[TakeOverLadder], states: States, moment: Moment) -> Decision:
    """A merged case passes on whom it had begun to tell."""
    case = states.get(CASES, message.data.case_id)
    return climb_on(case, message, moment.configuration.promises, moment)


def on_passed_on(message: Message[AcknowledgeLadder | ReportUnreached], states: States, moment: Moment) -> Decision:
    """A merged case passes on an answer, or that there will be none."""
    case = states.get(CASES, message.data.case_id)
    return answer(case, message, moment.configuration.promises, moment)


def _of_timer(message: Message[Due]) -> Iterable[Ref]:
    return (Ref(CASES, message.data.key),)


def on_due(message: Message[Due], states: States, moment: Moment) -> Decision:
    """An instant that has come."""
    case = states.get(CASES, message.data.key)
    return notice(case, message, moment.configuration.promises, moment)


def handles() -> Mapping[type | str, Handle]:
    """Every fact about a case may change its promises: which ones do, milestones.yaml says."""
    read: dict[type | str, Handle] = {
        RecomputeMilestones: Handle(decide=on_recompute, needs=_of_fact),
        TakeOverMilestone: Handle(decide=on_take_over, needs=_of_fact),
        TakeOverLadder: Handle(decide=on_take_over_ladder, needs=_of_fact),
        AcknowledgeLadder: Handle(decide=on_passed_on, needs=_of_fact),
        ReportUnreached: Handle(decide=on_passed_on, needs=_of_fact),
    }
    topics = (topic for topic in topics_read_by("escalation") if topic.kind == "fact")
    facts = (model for topic in topics for model in (_NOTICES if topic.name == "notifications" else topic.models))
    return read | {model: Handle(decide=on_fact, needs=_of_fact) for model in facts if "case_id" in model.model_fields}


def timers() -> Mapping[str, Handle]:
    """By kind."""
    return {NEXT: Handle(decide=on_due, needs=_of_timer)}
