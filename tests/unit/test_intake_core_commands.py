"""Every command: by whom, on which case, twice, out of order; each has one clear outcome."""

from __future__ import annotations

import typing

import pytest

from caseway.contracts import case_commands as c
from caseway.contracts import voice_commands as v
from caseway.contracts.parts import Actor
from caseway.contracts.topology import topic_named
from caseway.kernel.errors import Rejected
from caseway_intake.domain import life
from caseway_intake.domain.roles import DEFAULTS, FIXED, may, verb_of
from tests.intake_builders import CASE_ID, EDGE, mail
from tests.intake_voices import by, person, refusal_of, told, verbs

KINDS = typing.get_args(Actor.model_fields["kind"].annotation)

# by command: who may say it, with what, and what a fresh case answers
COMMANDS = {
    c.ReplyToCase: ("agent", {"text": "Hej"}, "replied"),
    c.NoteCase: ("employee", {"text": "n"}, "noted"),
    c.AssignFacts: ("agent", {"category": "lost"}, "facts-assigned"),
    c.ConfirmFacts: ("agent", {"fields": {"version": "4"}}, "facts-confirmed"),
    c.HoldCase: ("agent", {}, "held"),
    c.ReleaseCase: ("agent", {}, "not-held"),
    c.ResolveCase: ("agent", {}, "resolved"),
    c.CloseCase: ("agent", {}, "closed"),
    c.ReopenCase: ("agent", {}, "open"),
    c.RequestEscalation: ("agent", {}, "escalation-requested"),
    c.RecordCallback: ("agent", {"outcome": "busy"}, "callback-recorded"),
    c.MergeCase: ("agent", {"other": CASE_ID}, "same-case"),
    c.UnmergeCase: ("agent", {}, "not-merged"),
    c.LinkCase: ("agent", {"other": "case_y"}, "linked"),
    c.LinkCustomer: ("agent", {"customer": "k-1"}, "customer-linked"),
    c.ProposeCustomerMerge: ("agent", {"customers": ("k-1", "k-2")}, "customer-merge-proposed"),
    c.DecideCustomerMerge: ("supervisor", {"proposal": "p", "merge": False}, "unknown-proposal"),
    c.StampCase: ("agent", {"stamp": "済", "occurrence": "call-1"}, "stamped"),
    c.WhisperToAgent: ("supervisor", {"text": "psst"}, "whispered"),
    c.WatchCase: ("supervisor", {"reason": "a complaint"}, "watched"),
    c.FollowCase: ("employee", {"follower": "e-1"}, "followed"),
    c.SetTeam: ("agent", {"team": "first"}, "team-changed"),
    c.EscalateToDepartment: ("agent", {"department": "commerce"}, "escalated-to-department"),
    c.ReturnFromDepartment: ("employee", {"department": "commerce"}, "not-there"),
    c.AskAdvice: ("agent", {"area": "fees"}, "advice-asked"),
    c.AdviseOnCase: ("supervisor", {"advice": "a", "text": "t"}, "unknown-advice"),
    c.RequestRemote: ("agent", {"situation": "long-call"}, "remote-requested"),
    v.DeclareIncident: ("employee", {}, "incident-declared"),
    v.HandOverCase: ("employee", {"to": "risk"}, "no-incident"),
    v.AcceptHandOver: ("employee", {}, "no-incident"),
    v.ReturnHandOver: ("employee", {"reason": "r"}, "no-incident"),
    v.JudgeCase: ("officer", {"genre": "g", "complaint": True, "incident": False}, "no-voice"),
    v.CheckCase: ("manager", {"outcome": "confirmed"}, "no-voice"),
    v.SubmitCase: ("employee", {}, "no-voice"),
    v.ApproveCase: ("supervisor", {}, "not-submitted"),
    v.RejectCase: ("supervisor", {"reason": "r"}, "not-submitted"),
    v.EditVoice: ("employee", {"text": "t"}, "no-voice"),
    v.RequestDataAction: ("agent", {"action": "access"}, "data-action-requested"),
    v.DecideDataAction: ("officer", {"request": "r", "granted": False}, "unknown-request"),
    v.SetIncidentRole: ("employee", {"role": "scribe", "person": "e-1"}, "no-incident"),
    v.UpdateIncident: ("employee", {}, "no-incident"),
    v.ContainIncident: ("employee", {}, "no-incident"),
    v.EndIncident: ("employee", {}, "no-incident"),
    v.ReviewIncident: ("manager", {}, "no-incident"),
}
OWN = {c.AddContact, c.OpenCase, c.AbsorbCase, c.RefuseContact, v.EraseCase}
"""Said by stages, or about a case that is not there yet; tested where they belong."""

CLOSED_TAKES = {
    c.NoteCase, c.ReopenCase, c.MergeCase, c.UnmergeCase, c.LinkCase, c.LinkCustomer, c.ProposeCustomerMerge,
    c.DecideCustomerMerge, c.StampCase, c.WatchCase, c.FollowCase, v.HandOverCase, v.AcceptHandOver, v.ReturnHandOver,
    v.SetIncidentRole, v.UpdateIncident, v.ContainIncident, v.EndIncident, v.ReviewIncident, v.EditVoice,
    v.RequestDataAction, v.DecideDataAction,
}  # fmt: skip


def fresh():
    return life.open_case(mail(), by(EDGE), 27).case


def answer_of(outcome):
    first = outcome.facts[0]
    return first.reason if first.TYPE.endswith("refused.v1") else first.TYPE.split(".")[2]


def test_every_command_of_the_topic_is_tested_here_or_where_it_belongs():
    assert set(topic_named("case.commands").models) == set(COMMANDS) | OWN


@pytest.mark.parametrize("model", COMMANDS, ids=lambda each: each.__name__)
def test_a_fresh_case_answers(model):
    kind, fields, expected = COMMANDS[model]
    assert answer_of(told(fresh(), model, person(kind, "p-1"), **fields)) == expected


@pytest.mark.parametrize("model", COMMANDS, ids=lambda each: each.__name__)
def test_a_closed_case_answers_or_says_that_it_is_closed(model):
    kind, fields, _ = COMMANDS[model]
    closed = told(fresh(), c.CloseCase, person("agent", "a-1")).case
    answer = answer_of(told(closed, model, person(kind, "p-1"), **fields))
    assert (answer != "closed") == (model in CLOSED_TAKES)


@pytest.mark.parametrize("model", COMMANDS, ids=lambda each: each.__name__)
def test_the_wrong_role_is_told_so_and_changes_nothing(model):
    """S1-49."""
    _, fields, _ = COMMANDS[model]
    verb, before = verb_of(model.TYPE), fresh()
    wrong = [kind for kind in KINDS if kind not in DEFAULTS[verb]]
    assert "customer" in wrong
    for kind in wrong:
        outcome = told(before, model, person(kind, "p-1"), **fields)
        assert refusal_of(outcome) == "role"
        assert (outcome.commands, outcome.records, outcome.errands, outcome.timers) == ((), (), (), ())


@pytest.mark.parametrize("model", COMMANDS, ids=lambda each: each.__name__)
def test_a_command_about_nobody_is_parked(model):
    kind, fields, _ = COMMANDS[model]
    with pytest.raises(Rejected, match="unknown-case"):
        life.decide(None, model(case_id=CASE_ID, actor=person(kind, "p"), **fields), by(person(kind, "p")))


TWICE = {
    c.CloseCase: "closed",
    c.ResolveCase: "resolved",
    c.RequestEscalation: "already-requested",
    c.LinkCase: "already-linked",
    c.LinkCustomer: "already-linked",
    c.ProposeCustomerMerge: "already-proposed",
    c.StampCase: "already-stamped",
    c.FollowCase: "already-following",
    c.EscalateToDepartment: "already-there",
    v.DeclareIncident: "already-declared",
}


@pytest.mark.parametrize("model", TWICE, ids=lambda each: each.__name__)
def test_said_twice_it_happens_once(model):
    kind, fields, _ = COMMANDS[model]
    actor = person(kind, "p-1")
    once = told(fresh(), model, actor, **fields)
    again = told(once.case, model, actor, **fields)
    # a department that has the case makes it wait: it may be asked again only after it returned
    assert refusal_of(again) == TWICE[model]


def test_a_setting_moves_a_verb_to_other_roles_but_never_those_of_four_eyes():
    """S1-49."""
    settings = {"resolve": frozenset({"supervisor"})}
    assert (may("agent", "resolve", settings), may("supervisor", "resolve", settings)) == (False, True)
    assert (may("agent", "reply", settings), may("agent", "no-such-verb", settings)) == (True, False)
    assert set(DEFAULTS) >= FIXED


def test_a_case_is_opened_without_a_contact_once():
    """S4-12, S1-08: proactive support."""
    command = c.OpenCase(
        case_id=CASE_ID,
        actor=person("agent", "a-1"),
        subject="Wymiana baterii",
        text="Zadzwonić",
        reply_to="jan@example.com",
    )
    outcome = life.open_without_contact(command, by(command.actor, "open"), 9)
    (fact,) = outcome.facts
    assert (fact.number, fact.source_key, fact.channel, fact.turn) == (9, f"open:{CASE_ID}", "desk", "desk")
    assert (fact.author.kind, outcome.case.answer.email) == ("agent", "jan@example.com")
    assert refusal_of(life.decide(outcome.case, command, by(command.actor))) == "already-open"
    assert verbs(told(outcome.case, c.ReplyToCase, person("agent", "a-1"), text="Dzień dobry")) == ["replied"]


def test_a_customer_opens_no_case_by_command():
    command = c.OpenCase(case_id=CASE_ID, actor=person("customer", "x"))
    with pytest.raises(Rejected, match="refused"):
        life.open_without_contact(command, by(command.actor), 9)
