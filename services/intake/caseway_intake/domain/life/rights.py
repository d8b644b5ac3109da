"""How a person's rights to their data are carried out."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, Literal

from caseway.contracts.cases import FactsAssigned
from caseway.contracts.customers import CustomerRecorded
from caseway.contracts.parts import Actor
from caseway.contracts.voice_commands import DecideDataAction, EraseCase, RequestDataAction
from caseway.contracts.voices import (
    ConsentChanged,
    DataActionDecided,
    DataActionRequested,
    PersonalDataErased,
    PersonalDataRestricted,
)
from caseway.kernel.decision import Arm, Disarm
from caseway.kernel.errors import Superseded
from caseway.kernel.ids import derived_id
from caseway_intake.domain.case import Case
from caseway_intake.domain.company import MOST
from caseway_intake.domain.facts import facts_of
from caseway_intake.domain.life.forgetting import erased
from caseway_intake.domain.life.steps import (
    Outcome,
    Refused,
    Search,
    Step,
    Trace,
    actor_id,
    advance,
    check_length,
    check_room,
    head,
)
from caseway_intake.domain.privacy import DataRequest, kept_by, purposes

RETENTION_ENDS = "retention-ends"
"""The kind of timer that erases what a law wanted kept."""
PROTECTED = "data_protection"
"""The class of cases about personal data: before every priority (S4-05)."""
_CORRECTED = {"name", "email", "phone"}
"""What a correction changes on the case itself; everything goes on to CRM."""


def request_data_action(case: Case, command: RequestDataAction, step: Step) -> Outcome:
    """A person requests a right (S4-05); a consent withdrawn holds at once."""
    check_length(command.text)
    check_room(len(case.privacy.requests), MOST, "requests about data")
    asked = DataRequest(
        id=f"request_{derived_id(case.id, step.cause)}",
        action=command.action,
        at=step.at_after(case.at),
        customer=command.customer or case.customer.id,
        fields=command.fields,
    )
    if asked.action == "consent" and not list(purposes(asked.fields)):
        raise Refused("no-purpose", "`fields.purpose` says what is allowed or forbidden")
    withdraws = asked.action == "consent" and asked.fields.get("given") is not True
    if withdraws:
        asked = replace(asked, granted=True)
    after = advance(case, step, privacy=replace(case.privacy, requests=(*case.privacy.requests, asked)))
    told = {"action": asked.action, "customer": asked.customer, "fields": command.fields, "text": command.text}
    outcome = Outcome(case=after, facts=(DataActionRequested(**head(after, step), request=asked.id, **told),))
    outcome = _consented(outcome, asked, step, given=False) if withdraws else outcome
    return _protected(outcome, step)


def decide_data_action(case: Case, command: DecideDataAction, step: Step) -> Outcome:
    """The officer decides, and says how the person's identity was checked."""
    asked = case.privacy.request(command.request)
    if asked is None:
        raise Refused("unknown-request")
    if asked.granted is not None:
        raise Refused("already-decided")
    if command.granted and not command.identity.strip():
        raise Refused("identity", "nothing is granted before the person's identity is checked")
    if not command.granted and not command.reason.strip():
        raise Refused("no-reason", "a person is told why")
    decided = replace(asked, granted=command.granted, decided_by=actor_id(step))
    requests = tuple(decided if each.id == asked.id else each for each in case.privacy.requests)
    after = advance(case, step, privacy=replace(case.privacy, requests=requests))
    fact = DataActionDecided(
        **head(after, step),
        request=asked.id,
        granted=command.granted,
        reason=command.reason,
        identity=command.identity,
        action=asked.action,
        customer=asked.customer,
        fields=dict(asked.fields),
    )
    outcome = Outcome(case=after, facts=(fact,))
    return _granted(outcome, decided, step) if command.granted else outcome


def erase(case: Case, command: EraseCase, step: Step) -> Outcome:
    """A person's data leaves this case; where a law wants it kept, it is only kept."""
    if not step.is_ours:
        raise Refused("role", "an officer decides on a request; the rest follows by itself")
    privacy = case.privacy
    if command.request in {privacy.erased_by, privacy.restricted_by}:
        raise Superseded("it is done")
    if command.action == "restriction":
        return _restricted(case, command, "request", None, step)
    law = kept_by(step.rules.privacy.retention, facts_of(case), case.at)
    if law is not None and law[1] > step.now:
        return _restricted(case, command, *law, step)
    return _erased(case, command.request, command.customer, step)


def retention_ends(case: Case, due_at: dt.datetime, step: Step) -> Outcome | None:
    """No law wants it kept any longer; None where it is gone, or wanted longer."""
    privacy = case.privacy
    if privacy.restricted_by is None or privacy.restricted_until != due_at:
        return None
    return _erased(case, privacy.restricted_by, case.customer.id, step)


def _granted(outcome: Outcome, asked: DataRequest, step: Step) -> Outcome:
    """What follows: from access nothing here, the export may now be read."""
    match asked.action:
        case "access":
            return outcome
        case "consent":
            return _consented(outcome, asked, step, given=True)
        case "correction":
            return _corrected(outcome, asked, step)
        case "erasure" | "restriction":
            return _spread(outcome, asked)


def _spread(outcome: Outcome, asked: DataRequest) -> Outcome:
    """This case is told at once; a loop looks for the customer's others. The registration stays, nameless (S2-17)."""
    case = outcome.case
    action: Literal["erasure", "restriction"] = "erasure" if asked.action == "erasure" else "restriction"
    actor = Actor(kind="machine", id="intake.core")
    told = EraseCase(case_id=case.id, actor=actor, request=asked.id, customer=asked.customer, action=action)
    search = Search(id=asked.id, case_id=case.id, action=action, customer=asked.customer, email=case.answer.email)
    nameless = (CustomerRecorded(customer=asked.customer, at=case.at),) if asked.customer else ()
    records = nameless if action == "erasure" else ()
    return replace(outcome, commands=(told,), errands=(search,), records=records)


def _consented(outcome: Outcome, asked: DataRequest, step: Step, *, given: bool) -> Outcome:
    case, facts = outcome.case, list(outcome.facts)
    for purpose in purposes(asked.fields):
        case = advance(case, step)
        facts.append(ConsentChanged(**head(case, step), customer=asked.customer, purpose=purpose, given=given))
    return replace(outcome, case=case, facts=tuple(facts))


def _corrected(outcome: Outcome, asked: DataRequest, step: Step) -> Outcome:
    """The case has the right values; CRM, which owns the record, learns them from the decision."""
    values = {name: value for name, value in asked.fields.items() if name in _CORRECTED and isinstance(value, str)}
    if not values:
        return outcome
    case = outcome.case
    customer = replace(case.customer, name=values.get("name", case.customer.name))
    answer = replace(case.answer, email=values.get("email", case.answer.email))
    after = advance(case, step, customer=customer, answer=answer)
    fact = FactsAssigned(**head(after, step), fields=values, route=False)
    return replace(outcome, case=after, facts=(*outcome.facts, fact))


def _protected(outcome: Outcome, step: Step) -> Outcome:
    """Requests about data go before everything else."""
    case = outcome.case
    if case.nature.class_ is not None:
        return outcome
    after = advance(case, step, nature=replace(case.nature, class_=PROTECTED))
    fact = FactsAssigned(**head(after, step), class_=PROTECTED)
    return replace(outcome, case=after, facts=(*outcome.facts, fact))


def _restricted(case: Case, command: EraseCase, reason: str, until: dt.datetime | None, step: Step) -> Outcome:
    privacy = replace(case.privacy, restricted_by=command.request, restricted_until=until)
    after = advance(case, step, privacy=privacy)
    fact = PersonalDataRestricted(
        **head(after, step), customer=command.customer, request=command.request, reason=reason, until=until
    )
    key = f"{case.id}/retention"
    timer = Arm(key=key, kind=RETENTION_ENDS, due_at=until, data={"case_id": case.id}) if until else Disarm(key=key)
    return Outcome(case=after, facts=(fact,), timers=(timer,))


def _erased(case: Case, request: str, customer: str | None, step: Step) -> Outcome:
    after = advance(case, step)
    privacy = replace(
        after.privacy,
        restricted_by=None,
        restricted_until=None,
        erased_by=request,
        erased_at=after.at,
        requests=tuple(replace(each, fields={}) for each in after.privacy.requests),
    )
    after, fields = erased(replace(after, privacy=privacy))
    fact = PersonalDataErased(
        **head(after, step), customer=customer, request=request, erased=fields, digests=case.files[-MOST * 5 :]
    )
    trace = Trace(
        id=f"{case.id}/{request}",
        case_id=case.id,
        keys=case.keys,
        addresses=tuple(dict.fromkeys(each for each in (case.answer.email, case.answer.to) if each and "@" in each)),
        files=case.files,
    )
    timers: tuple[Any, ...] = (Disarm(key=f"{case.id}/retention"),)
    return Outcome(case=after, facts=(fact,), errands=(trace,), timers=timers)


def is_only_kept(case: Case) -> bool:
    """Whether nothing may be done with the case but what the person's rights ask for."""
    return case.privacy.restricted_by is not None
