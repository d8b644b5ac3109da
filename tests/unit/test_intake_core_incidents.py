"""An incident from its declaration to its review."""

from __future__ import annotations

import pytest

from caseway.contracts import voice_commands as v
from caseway.kernel.ids import case_id
from caseway_intake.domain import life
from tests.intake_builders import AGENT, EDGE, EMPLOYEE, MANAGER, SUPERVISOR, mail
from tests.intake_voices import by, person, refusal_of, told, verbs

RESPONDER = person("employee", "risk-1")


def opened(key: str = "mail.1@example.com"):
    return life.open_case(mail(key, case_id=case_id(key)), by(EDGE), 27).case


def declared():
    return told(opened(), v.DeclareIncident, EMPLOYEE, title="Till", text="Jan Kowalski cannot pay").case


def handed_over():
    return told(declared(), v.HandOverCase, EMPLOYEE, to="risk", text="please").case


def ended():
    return told(declared(), v.EndIncident, RESPONDER).case


def test_an_incident_goes_from_declared_to_reviewed():
    """S0-06, S0-07, S0-12; semantics 5.8."""
    case = told(handed_over(), v.AcceptHandOver, RESPONDER).case
    for model, actor, expected in (
        (v.SetIncidentRole, RESPONDER, "incident-role-set"),
        (v.UpdateIncident, RESPONDER, "incident-updated"),
        (v.ContainIncident, RESPONDER, "incident-contained"),
        (v.UpdateIncident, RESPONDER, "incident-updated"),
        (v.EndIncident, RESPONDER, "incident-ended"),
        (v.ReviewIncident, MANAGER, "incident-reviewed"),
    ):
        fields = {"role": "commander", "person": "risk-1"} if model is v.SetIncidentRole else {}
        outcome = told(case, model, actor, **fields)
        assert verbs(outcome) == [expected]
        case = outcome.case
    assert case.response.stage == "reviewed"


def test_what_the_company_reads_names_no_customer():
    outcome = told(opened(), v.DeclareIncident, EMPLOYEE, title="Jan Kowalski", text="jan@example.com, +48 225 550 123")
    assert [(fact.title, fact.text) for fact in outcome.facts] == [("***", "***, ***")] * 2
    updated = told(outcome.case, v.UpdateIncident, EMPLOYEE, conditions="Kowalski waits").facts[0]
    assert updated.conditions == "*** waits"


@pytest.mark.parametrize(
    ("case", "model", "fields", "reason"),
    [
        (declared, v.ReviewIncident, {}, "declared"),
        (declared, v.AcceptHandOver, {}, "not-handed-over"),
        (handed_over, v.HandOverCase, {"to": "other"}, "already-handed-over"),
        (handed_over, v.ReturnHandOver, {}, "no-reason"),
        (ended, v.UpdateIncident, {}, "ended"),
        (ended, v.ContainIncident, {}, "ended"),
        (ended, v.EndIncident, {}, "ended"),
        (ended, v.HandOverCase, {"to": "risk"}, "ended"),
        (lambda: told(declared(), v.ContainIncident, RESPONDER).case, v.ContainIncident, {}, "contained"),
        (lambda: told(ended(), v.ReviewIncident, MANAGER).case, v.ReviewIncident, {}, "reviewed"),
    ],
)
def test_what_is_out_of_order_is_refused(case, model, fields, reason):
    actor = MANAGER if model is v.ReviewIncident else RESPONDER
    assert refusal_of(told(case(), model, actor, **fields)) == reason


def test_a_hand_over_is_accepted_once_and_by_others():
    assert refusal_of(told(handed_over(), v.AcceptHandOver, EMPLOYEE)) == "same-person"
    taken = told(handed_over(), v.AcceptHandOver, RESPONDER).case
    assert refusal_of(told(taken, v.AcceptHandOver, SUPERVISOR)) == "already-accepted"
    returned = told(handed_over(), v.ReturnHandOver, RESPONDER, reason="not ours").case
    assert verbs(told(returned, v.HandOverCase, EMPLOYEE, to="system")) == ["handed-over"]


def test_roles_are_assumed_and_renounced_and_four_eyes_are_two_peoples():
    case = told(declared(), v.SetIncidentRole, AGENT, role="judge", person="o-1").case
    assert refusal_of(told(case, v.SetIncidentRole, AGENT, role="judge", person="o-1")) == "already-assumed"
    assert refusal_of(told(case, v.SetIncidentRole, AGENT, role="checker", person="o-1")) == "same-person"
    off = {"role": "judge", "person": "o-1", "renounced": True}
    renounced = told(case, v.SetIncidentRole, AGENT, **off).case
    assert refusal_of(told(renounced, v.SetIncidentRole, AGENT, **off)) == "no-such-role"
    assert verbs(told(renounced, v.SetIncidentRole, AGENT, role="checker", person="o-1")) == ["incident-role-set"]


def test_a_case_joins_an_incident_that_is_known_without_telling_the_company_again():
    """Linked cases: the declaring case learns of each."""
    lead = declared()
    outcome = told(opened("mail.2@example.com"), v.DeclareIncident, AGENT, incident=lead.incident)
    assert verbs(outcome) == ["incident-joined"]
    (link,) = outcome.commands
    assert (link.case_id, link.relation) == (lead.id, "incident")
    assert refusal_of(told(outcome.case, v.UpdateIncident, AGENT)) == "no-incident"
