"""A case corrected, held, resolved, closed, reopened."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TypeVar

from caseway.contracts.case_commands import AssignFacts, CloseCase, HoldCase, ReleaseCase, ReopenCase, ResolveCase
from caseway.contracts.cases import CaseClosed, CaseHeld, CaseReleased, CaseReopened, CaseResolved, FactsAssigned
from caseway.kernel.decision import Arm, Disarm
from caseway.kernel.vocabulary import CaseStatus, Turn
from caseway_intake.domain.case import Case, Nature
from caseway_intake.domain.life.contacts import reopening
from caseway_intake.domain.life.steps import Outcome, Refused, Step, advance, head

Value = TypeVar("Value")

HOLD_IS_OVER = "hold-is-over"
"""The kind of timer that releases a case held until an instant."""
_MOST_FIELDS = 200
"""Facts by name on one case; more is a sender gone wild."""


def assign_facts(case: Case, command: AssignFacts, step: Step) -> Outcome:
    """What the case is, corrected by a person or a machine; what is absent stays."""
    nature = _corrected(case.nature, command)
    if len(nature.fields) > _MOST_FIELDS:
        raise Refused("too-many-fields", f"a case has at most {_MOST_FIELDS} fields")
    after = advance(case, step, nature=nature)
    fact = FactsAssigned(
        **head(after, step),
        category=command.category,
        priority=command.priority,
        class_=command.class_,
        language=command.language,
        complexity=command.complexity,
        tags=nature.tags if command.add_tags or command.remove_tags else None,
        subject=command.subject,
        department=command.department,
        preferred_channel=command.preferred_channel,
        missing_fields=nature.missing_fields if nature.missing_fields != case.nature.missing_fields else None,
        fields=command.fields,
        route=command.route,
    )
    return Outcome(case=after, facts=(fact,))


def hold(case: Case, command: HoldCase, step: Step) -> Outcome:
    """The case waits for someone else, for ever or until an instant."""
    if command.turn is Turn.DESK:
        raise Refused("turn", "a case is held for someone else than the desk")
    until = _to_the_millisecond(command.until)
    after = advance(case, step, turn=command.turn, is_held=True, held_until=until)
    fact = CaseHeld(**head(after, step), turn=after.turn, reason=command.reason, until=until)
    timer = Arm(key=_timer(case), kind=HOLD_IS_OVER, due_at=until, data={"case_id": case.id}) if until else None
    return Outcome(case=after, facts=(fact,), timers=(timer or Disarm(key=_timer(case)),))


def release(case: Case, command: ReleaseCase, step: Step) -> Outcome:
    """The desk goes on."""
    if not case.is_held:
        raise Refused("not-held")
    return _released(case, command.reason, step)


def release_when_due(case: Case, due_at: dt.datetime, step: Step) -> Outcome | None:
    """The desk goes on by itself; None where the hold ended, or was changed, before."""
    if not case.is_held or case.held_until != due_at:
        return None
    return _released(case, "until", step)


def resolve(case: Case, command: ResolveCase, step: Step) -> Outcome:
    """The problem is solved; the customer may still say otherwise."""
    nature = replace(case.nature, category=command.category) if command.category else case.nature
    after = advance(
        case, step, status=CaseStatus.RESOLVED, turn=Turn.CUSTOMER, nature=nature, is_held=False, held_until=None
    )
    after = replace(after, resolved_at=after.at)
    fact = CaseResolved(
        **head(after, step),
        turn=after.turn,
        reason=command.reason,
        text=command.text,
        category=command.category,
        article=command.article,
        handling_seconds=command.handling_seconds,
    )
    return Outcome(case=after, facts=(fact,))


def close(case: Case, command: CloseCase, step: Step) -> Outcome:
    """The case is over."""
    after = advance(case, step, status=CaseStatus.CLOSED, is_held=False, held_until=None)
    after = replace(after, closed_at=after.at)
    return Outcome(case=after, facts=(CaseClosed(**head(after, step), reason=command.reason),))


def reopen(case: Case, command: ReopenCase, step: Step) -> Outcome:
    """Somebody of ours finds that the case is not over (S4-24)."""
    limit = dt.timedelta(days=step.rules.reopen_days)
    if case.closed_at is not None and step.at_after(case.at) - case.closed_at > limit:
        raise Refused("too-late", f"closed more than {step.rules.reopen_days} days ago")
    after = advance(case, step, **reopening(case))
    fact = CaseReopened(**head(after, step), turn=after.turn, reason=command.reason, count=after.reopened_count)
    return Outcome(case=after, facts=(fact,))


def _released(case: Case, reason: str, step: Step) -> Outcome:
    after = advance(case, step, turn=Turn.DESK, is_held=False, held_until=None)
    fact = CaseReleased(**head(after, step), turn=after.turn, reason=reason)
    return Outcome(case=after, facts=(fact,), timers=(Disarm(key=_timer(case)),))


def _timer(case: Case) -> str:
    return f"{case.id}/hold"


def _to_the_millisecond(instant: dt.datetime | None) -> dt.datetime | None:
    """The next one, as the database remembers it: so that the timer is recognised, and never early."""
    if instant is None:
        return None
    return instant.astimezone(dt.UTC) + dt.timedelta(microseconds=-instant.microsecond % 1000)


def _corrected(nature: Nature, command: AssignFacts) -> Nature:
    kept = tuple(tag for tag in nature.tags if tag not in command.remove_tags)
    added = tuple(tag for tag in dict.fromkeys(command.add_tags) if tag not in kept)
    return Nature(
        subject=_either(command.subject, nature.subject),
        language=_either(command.language, nature.language),
        category=_either(command.category, nature.category),
        priority=_either(command.priority, nature.priority),
        class_=_either(command.class_, nature.class_),
        complexity=_either(command.complexity, nature.complexity),
        tags=kept + added,
        department=_either(command.department, nature.department),
        preferred_channel=_either(command.preferred_channel, nature.preferred_channel),
        missing_fields=tuple(name for name in nature.missing_fields if name not in command.fields),
        fields={**nature.fields, **command.fields},
    )


def _either(new: Value | None, old: Value) -> Value:
    return old if new is None else new
