"""How a case declares, or joins, an incident, to its end."""

from __future__ import annotations

from dataclasses import replace

from caseway.contracts.case_commands import LinkCase
from caseway.contracts.parts import Actor
from caseway.contracts.voice_commands import (
    AcceptHandOver,
    ContainIncident,
    DeclareIncident,
    EndIncident,
    HandOverCase,
    ReturnHandOver,
    ReviewIncident,
    SetIncidentRole,
    UpdateIncident,
)
from caseway.contracts.voices import (
    CaseHandedOver,
    HandOverAccepted,
    HandOverReturned,
    IncidentContained,
    IncidentDeclared,
    IncidentEnded,
    IncidentJoined,
    IncidentReviewed,
    IncidentRoleSet,
    IncidentUpdated,
)
from caseway_intake.domain.case import Case
from caseway_intake.domain.company import MOST
from caseway_intake.domain.incident import HandOver, Part, Response, Stage, declaring_case, incident_id
from caseway_intake.domain.life.sharing import share
from caseway_intake.domain.life.steps import Outcome, Refused, Step, actor_id, advance, check_length, check_room, head
from caseway_intake.domain.masking import masked

_GOING_ON = frozenset({Stage.DECLARED, Stage.CONTAINED})
_APART = {"judge": "checker", "checker": "judge"}
"""Roles that one person never has both of."""


def declare_incident(case: Case, command: DeclareIncident, step: Step) -> Outcome:
    """The incident's first report, and at once its sharing with everyone in the company (S0-06)."""
    if command.actor.kind not in step.rules.life.may_declare_incident:
        raise Refused("role", f"{command.actor.kind} may not declare an incident")
    if case.incident is not None:
        raise Refused("already-declared")
    check_length(command.text)
    if command.incident is not None and command.incident != incident_id(case.id):
        return _joined(case, command.incident, step)
    return declared(case, command, step, late=False)


def declared(case: Case, command: DeclareIncident, step: Step, *, late: bool) -> Outcome:
    """The case with the incident it declares; what the whole company reads names no customer."""
    text = command.text or (case.voice.text if case.voice else "")
    title = masked(command.title, case.names) or _title(case)
    incident = incident_id(case.id)
    after = advance(
        case,
        step,
        incident=incident,
        response=Response(declared_by=actor_id(step), title=title),
        voice=replace(case.voice, incident=True) if case.voice else None,
    )
    fact = IncidentDeclared(
        **head(after, step),
        incident=incident,
        title=title,
        text=masked(text, case.names),
        kind=command.kind,
        severity=command.severity,
        cause_department=command.cause_department,
        number=case.number,
        late=late,
    )
    shared = share(after, step, "incident", text, title)
    return Outcome(case=shared.case, facts=(fact, *shared.facts))


def _joined(case: Case, incident: str, step: Step) -> Outcome:
    """One more case of an incident that everybody knows of: nobody is told again."""
    voice = replace(case.voice, incident=True) if case.voice else None
    after = advance(case, step, incident=incident, voice=voice)
    lead = declaring_case(incident)
    links = (LinkCase(case_id=lead, actor=_me(step), other=case.id, relation="incident"),) if lead else ()
    return Outcome(case=after, facts=(IncidentJoined(**head(after, step), incident=incident),), commands=links)


def hand_over(case: Case, command: HandOverCase, step: Step) -> Outcome:
    """Those who respond are to take it (S0-07)."""
    response = _going_on(case)
    if response.hand_over is not None:
        raise Refused("already-handed-over", f"to {response.hand_over.to}")
    check_length(command.text)
    return handed_over(case, response, command.to, command.text, step)


def handed_over(case: Case, response: Response, to: str, text: str, step: Step) -> Outcome:
    """The case with its incident offered to `to`."""
    given = replace(response, hand_over=HandOver(to=to, by=actor_id(step)))
    after = advance(case, step, response=given)
    return Outcome(case=after, facts=(CaseHandedOver(**head(after, step), to=to, text=text),))


def accept_hand_over(case: Case, command: AcceptHandOver, step: Step) -> Outcome:
    """They took it."""
    response, given = _offered(case, step)
    taken = replace(response, hand_over=replace(given, accepted_by=actor_id(step)))
    after = advance(case, step, response=taken)
    return Outcome(case=after, facts=(HandOverAccepted(**head(after, step), text=command.text),))


def return_hand_over(case: Case, command: ReturnHandOver, step: Step) -> Outcome:
    """They gave it back: whoever handed it over looks for another."""
    response, _ = _offered(case, step)
    if not command.reason.strip():
        raise Refused("no-reason", "what is given back needs a reason")
    after = advance(case, step, response=replace(response, hand_over=None))
    return Outcome(case=after, facts=(HandOverReturned(**head(after, step), reason=command.reason),))


def set_incident_role(case: Case, command: SetIncidentRole, step: Step) -> Outcome:
    """Somebody assumes or renounces a role; the judge and the checker are never one person (S0-09)."""
    response = _response(case)
    holds = response.holds(command.role, command.person)
    if holds is not command.renounced:
        raise Refused("no-such-role" if command.renounced else "already-assumed")
    if not command.renounced and response.holds(_APART.get(command.role, ""), command.person):
        raise Refused("same-person", "the judge and the checker are two people")
    parts = tuple(each for each in response.parts if (each.role, each.person) != (command.role, command.person))
    if not command.renounced:
        check_room(len(parts), MOST, "roles in its incident")
        parts = (*parts, Part(role=command.role, person=command.person, since_at=step.at_after(case.at)))
    after = advance(case, step, response=replace(response, parts=parts))
    fact = IncidentRoleSet(**head(after, step), role=command.role, person=command.person, renounced=command.renounced)
    return Outcome(case=after, facts=(fact,))


def update_incident(case: Case, command: UpdateIncident, step: Step) -> Outcome:
    """How it stands: for those who act, or for those who decide."""
    _going_on(case)
    for text in (command.conditions, command.actions, command.needs):
        check_length(text)
    after = advance(case, step)
    told = {name: masked(getattr(command, name), case.names) for name in ("conditions", "actions", "needs")}
    return Outcome(case=after, facts=(IncidentUpdated(**head(after, step), report=command.report, **told),))


def contain_incident(case: Case, command: ContainIncident, step: Step) -> Outcome:
    """It harms no further."""
    response = _going_on(case)
    if response.stage is Stage.CONTAINED:
        raise Refused("contained")
    after = _staged(case, response, Stage.CONTAINED, command.text, step)
    text = masked(command.text, case.names)
    return Outcome(case=after, facts=(IncidentContained(**head(after, step), text=text),))


def end_incident(case: Case, command: EndIncident, step: Step) -> Outcome:
    """It is over."""
    after = _staged(case, _going_on(case), Stage.ENDED, command.text, step)
    return Outcome(case=after, facts=(IncidentEnded(**head(after, step), text=masked(command.text, case.names)),))


def review_incident(case: Case, command: ReviewIncident, step: Step) -> Outcome:
    """What was learnt, once it is over (S0-12, S0-13)."""
    response = _response(case)
    if response.stage is not Stage.ENDED:
        raise Refused(response.stage.value, f"the incident is {response.stage.value}, not ended")
    after = _staged(case, response, Stage.REVIEWED, command.text, step)
    fact = IncidentReviewed(
        **head(after, step), forum=command.forum, text=command.text, improvements=command.improvements
    )
    return Outcome(case=after, facts=(fact,))


def _staged(case: Case, response: Response, stage: Stage, text: str, step: Step) -> Case:
    check_length(text)
    return advance(case, step, response=replace(response, stage=stage))


def _response(case: Case) -> Response:
    if case.response is None:
        raise Refused("no-incident", "the case declared none" if case.incident is None else "another case declared it")
    return case.response


def _going_on(case: Case) -> Response:
    response = _response(case)
    if response.stage not in _GOING_ON:
        raise Refused(response.stage.value, f"the incident is {response.stage.value}")
    return response


def _offered(case: Case, step: Step) -> tuple[Response, HandOver]:
    """What was handed over and nobody took yet; who handed it over cannot take it for the others."""
    response = _going_on(case)
    given = response.hand_over
    if given is None:
        raise Refused("not-handed-over")
    if given.accepted_by is not None:
        raise Refused("already-accepted", f"by {given.accepted_by}")
    if given.by == actor_id(step):
        raise Refused("same-person", "who handed it over cannot answer for the others")
    return response, given


def _me(step: Step) -> Actor:
    return step.actor or Actor(kind="machine", id="intake.core")


def _title(case: Case) -> str:
    """A title without the customer's own words, which may name the customer."""
    if case.voice is not None and case.voice.title:
        return masked(case.voice.title, case.names)
    return f"Case {case.number}: {case.nature.category}" if case.nature.category else f"Case {case.number}"
