"""How a case becomes, or joins, an incident."""

from __future__ import annotations

from caseway.contracts.voice_commands import DeclareIncident
from caseway.contracts.voices import CaseShared, IncidentDeclared
from caseway.kernel.ids import derived_id
from caseway_intake.domain.case import Case
from caseway_intake.domain.life.steps import Outcome, Refused, Step, advance, check_length, head


def declare_incident(case: Case, command: DeclareIncident, step: Step) -> Outcome:
    """The incident's first report, and at once its sharing with everyone in the company (S0-06)."""
    if command.actor.kind not in step.rules.may_declare_incident:
        raise Refused("role", f"{command.actor.kind} may not declare an incident")
    if case.incident is not None:
        raise Refused("already-declared")
    check_length(command.text)
    incident = command.incident or f"incident_{derived_id(case.id, step.cause)}"
    title = command.title or _title(case)
    declared = advance(case, step, incident=incident)
    fact = IncidentDeclared(
        **head(declared, step),
        incident=incident,
        title=title,
        text=command.text,
        kind=command.kind,
        severity=command.severity,
        cause_department=command.cause_department,
        number=case.number,
    )
    shared = advance(declared, step)
    sharing = CaseShared(**head(shared, step), shape="incident", title=title, text=command.text)
    return Outcome(case=shared, facts=(fact, sharing))


def _title(case: Case) -> str:
    """A title without the customer's own words, which may name the customer."""
    return f"Case {case.number}: {case.nature.category}" if case.nature.category else f"Case {case.number}"
