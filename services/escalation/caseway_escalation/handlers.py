"""What becomes of each message: states in, decision out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from caseway.contracts.topology import topics_read_by
from caseway.kernel.decision import Decision, Due, Message, Moment, Ref, States
from caseway.runtime.stage import Handle
from caseway_escalation.domain.process import CASES, DUE, WARN, follow, notice


def _of_fact(message: Message[Any]) -> Iterable[Ref]:
    return (Ref(CASES, message.data.case_id),) if message.data.case_id else ()


def on_fact(message: Message[Any], states: States, moment: Moment) -> Decision:
    """A fact about a case, or about its work."""
    if not message.data.case_id:
        return Decision()
    case = states.get(CASES, message.data.case_id)
    return follow(case, message, moment.configuration.promises, moment)


def _of_timer(message: Message[Due]) -> Iterable[Ref]:
    return (Ref(CASES, message.data.data["case_id"]),)


def on_due(message: Message[Due], states: States, moment: Moment) -> Decision:
    """A warning or a deadline that has come."""
    case = states.get(CASES, message.data.data["case_id"])
    return notice(case, message, moment.configuration.promises, moment)


def handles() -> Mapping[type | str, Handle]:
    """Every fact about a case may change its promises: which ones do, milestones.yaml says."""
    models = (model for topic in topics_read_by("escalation") for model in topic.models)
    return {model: Handle(decide=on_fact, needs=_of_fact) for model in models if "case_id" in model.model_fields}


def timers() -> Mapping[str, Handle]:
    """By kind."""
    return {kind: Handle(decide=on_due, needs=_of_timer) for kind in (WARN, DUE)}
