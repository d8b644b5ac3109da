"""A case corrected, held, resolved, closed, reopened."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TypeVar

from caseway.contracts.case_commands import (
    AssignFacts,
    CloseCase,
    ConfirmFacts,
    HoldCase,
    OpenCase,
    ReleaseCase,
    ReopenCase,
    ResolveCase,
)
from caseway.contracts.cases import (
    CaseClosed,
    CaseContinued,
    CaseHeld,
    CaseReleased,
    CaseReopened,
    CaseResolved,
    FactsAssigned,
    FactsConfirmed,
)
from caseway.contracts.parts import CustomerLink
from caseway.kernel.decision import Arm, Disarm
from caseway.kernel.ids import derived_id
from caseway.kernel.vocabulary import CaseStatus, Turn
from caseway_intake.domain.campaigns import with_tag
from caseway_intake.domain.case import Case, Nature
from caseway_intake.domain.gates import blocks_guidance, corrected, is_exempt, missing_facts, to_confirm
from caseway_intake.domain.life.contacts import is_long_over, reopening
from caseway_intake.domain.life.steps import Outcome, Refused, Step, advance, head
from caseway_intake.domain.triage import may_move

Value = TypeVar("Value")

HOLD_IS_OVER = "hold-is-over"
"""The kind of timer that releases a case held until an instant."""
_MOST_FIELDS = 200
"""Facts by name on one case; more is a sender gone wild."""


def assign_facts(case: Case, command: AssignFacts, step: Step) -> Outcome:
    """What the case is, corrected by a person or a machine; what is absent stays."""
    if command.subject is not None and case.voice is not None and case.voice.approval is not None:
        raise Refused("locked", "the voice waits for its approval")
    if command.state is not None:
        _check_move(case, command.state, step)
    nature = _gated(case, _corrected(case.nature, command), step)
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
        subject=nature.subject if nature.subject != case.nature.subject else command.subject,
        department=command.department,
        preferred_channel=command.preferred_channel,
        product=command.product,
        state=command.state,
        campaign=command.campaign,
        missing_fields=nature.missing_fields if nature.missing_fields != case.nature.missing_fields else None,
        fields=command.fields,
        route=command.route,
    )
    return Outcome(case=after, facts=(fact,))


def _check_move(case: Case, state: str, step: Step) -> None:
    """A record goes from state to state as its type's path allows (S1-25)."""
    if not may_move(step.rules.triage.record_types.get(case.record_type), case.nature.state, state):
        raise Refused("state", f"a {case.record_type} does not go from {case.nature.state or 'none'} to {state}")


def _gated(case: Case, nature: Nature, step: Step) -> Nature:
    """In another category, other facts are required and to be confirmed."""
    if nature.category == case.nature.category:
        return nature
    if is_exempt(nature.priority, nature.class_):
        return replace(nature, missing_fields=(), to_confirm=())
    number = case.answer.to if case.answer.to and "@" not in case.answer.to else None
    known = {"name": case.customer.name, "email": case.answer.email, "phone": number}
    given = {**{name: value for name, value in known.items() if value}, **nature.fields, **nature.confirmed}
    gates = step.rules.gates
    return replace(
        nature,
        missing_fields=missing_facts(gates, nature.category, given),
        to_confirm=to_confirm(gates, case.channel.value, nature.category, given, nature.confirmed),
    )


def confirm_facts(case: Case, command: ConfirmFacts, step: Step) -> Outcome:
    """The customer was asked: what they said counts, and what they had declared otherwise is told (S2-08, S2-09)."""
    nature = case.nature
    if not command.fields:
        raise Refused("no-facts")
    confirmed = {**nature.confirmed, **command.fields}
    if len(confirmed) > _MOST_FIELDS:
        raise Refused("too-many-fields", f"a case has at most {_MOST_FIELDS} fields")
    after = advance(
        case,
        step,
        nature=replace(
            nature,
            confirmed=confirmed,
            to_confirm=tuple(name for name in nature.to_confirm if name not in command.fields),
            missing_fields=tuple(name for name in nature.missing_fields if name not in command.fields),
        ),
    )
    missing = after.nature.missing_fields
    fact = FactsConfirmed(
        **head(after, step),
        fields=command.fields,
        corrected=corrected(nature.fields, command.fields),
        missing_fields=missing if missing != nature.missing_fields else None,
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
    nature = case.nature
    if reason := blocks_guidance(nature.to_confirm, nature.priority, nature.class_):
        raise Refused("unconfirmed", reason)
    nature = replace(case.nature, category=command.category) if command.category else case.nature
    after = advance(
        case,
        step,
        status=CaseStatus.RESOLVED,
        turn=Turn.CUSTOMER,
        nature=nature,
        is_held=False,
        held_until=None,
        help=replace(case.help, transfer=None),
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
    """The case is over; a voice, once all employees have seen it and its judgement is checked (S0-03, S0-09)."""
    voice = case.voice
    if voice is not None and voice.sharing is None:
        raise Refused("not-shared", "every voice is shown to all employees")
    if voice is not None and (voice.judgement is None or voice.judgement.checked_by is None):
        raise Refused("not-checked", "internal control judges and checks every voice")
    after = advance(case, step, status=CaseStatus.CLOSED, is_held=False, held_until=None)
    after = replace(after, closed_at=after.at)
    return Outcome(case=after, facts=(CaseClosed(**head(after, step), reason=command.reason),))


def reopen(case: Case, command: ReopenCase, step: Step) -> Outcome:
    """Somebody of ours finds that the case is not over (S4-24); after so long, a new one goes on beside it."""
    if is_long_over(case, step):
        return _continued(case, command, step)
    after = advance(case, step, **reopening(case))
    fact = CaseReopened(**head(after, step), turn=after.turn, reason=command.reason, count=after.reopened_count)
    return Outcome(case=after, facts=(fact,))


def _continued(case: Case, command: ReopenCase, step: Step) -> Outcome:
    if case.ties.continued_in is not None:
        raise Refused("continued", f"it goes on in {case.ties.continued_in}")
    into = f"case_{derived_id(case.id, step.cause)}"
    after = advance(case, step, ties=replace(case.ties, continued_in=into).with_link(into, "continuation"))
    fact = CaseContinued(**head(after, step), into=into, reason=command.reason)
    return Outcome(case=after, facts=(fact,), commands=(_successor(after, command, into),))


def _successor(case: Case, command: ReopenCase, into: str) -> OpenCase:
    """The new case, with what is known of the old one."""
    nature, customer = case.nature, case.customer
    return OpenCase(
        case_id=into,
        actor=command.actor,
        subject=nature.subject,
        text=command.reason,
        language=nature.language,
        category=nature.category,
        priority=nature.priority,
        class_=nature.class_,
        tags=nature.tags,
        complexity="advanced" if nature.complexity == "advanced" else "basic",
        product=nature.product,
        department=nature.department,
        fields=dict(nature.fields),
        customer=CustomerLink.model_validate(
            {"state": customer.state, "id": customer.id, "candidates": customer.candidates, "name": customer.name}
        ),
        reply_to=case.answer.email,
        mailbox=case.answer.mailbox,
        about_case=case.id,
    )


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
    subject = _either(command.subject, nature.subject)
    return replace(
        nature,
        subject=with_tag(subject, command.campaign) if command.campaign else subject,
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
        product=_either(command.product, nature.product),
        state=_either(command.state, nature.state),
    )


def _either(new: Value | None, old: Value) -> Value:
    return old if new is None else new
