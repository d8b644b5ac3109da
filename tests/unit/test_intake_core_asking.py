"""Help from superiors, departments and those who know; people around a case."""

from __future__ import annotations

import pytest

from caseway.contracts import case_commands as c
from caseway.contracts.voice_commands import CheckCase
from caseway_intake.domain import life
from tests.intake_builders import (
    AGENT,
    EDGE,
    EMPLOYEE,
    MANAGER,
    NOW,
    OTHER_SUPERVISOR,
    SUPERVISOR,
    call,
    configuration,
    mail,
)
from tests.intake_voices import by, person, refusal_of, told, verbs


def opened(**changes):
    return life.open_case(mail(**changes), by(EDGE), 27).case


def escalated(**changes):
    return told(opened(**changes), c.RequestEscalation, AGENT, reason="angry", urgent=True).case


def asked():
    return told(opened(), c.AskAdvice, AGENT, area="fees", text="What about the old tariff?").case


def test_an_escalation_is_checked_called_back_and_recorded_in_the_same_case():
    """S0-05, S2-16."""
    case = escalated()
    assert refusal_of(told(case, c.RecordCallback, AGENT, outcome="reached", text="done")) == "not-checked"
    case = told(case, CheckCase, SUPERVISOR, outcome="confirmed").case
    assert case.help.escalation.checked_by == "sv-1"
    assert refusal_of(told(case, c.RecordCallback, AGENT, outcome="reached")) == "no-text"
    reached = told(case, c.RecordCallback, AGENT, outcome="reached", text="explained", duration_seconds=240)
    assert (verbs(reached), reached.facts[0].answered, reached.facts[0].duration_seconds) == (
        ["callback-recorded"], True, 240,
    )  # fmt: skip
    assert (reached.case.help.awaits_callback, reached.case.answered_at) == (False, NOW)


@pytest.mark.parametrize("outcome", ["no_answer", "busy", "voicemail", "answered_otherwise"])
def test_a_call_back_that_reached_nobody_leaves_everything_open(outcome):
    told_ = told(escalated(), c.RecordCallback, SUPERVISOR, outcome=outcome, text="later", next_attempt_at=NOW)
    assert (told_.facts[0].answered, told_.facts[0].next_attempt_at) == (False, NOW)
    assert (told_.case.help.awaits_callback, told_.case.answered_at) == (True, None)


def test_an_escalation_may_be_returned_and_nobody_checks_their_own():
    assert refusal_of(told(escalated(), CheckCase, SUPERVISOR, outcome="returned")) == "no-reason"
    returned = told(escalated(), CheckCase, SUPERVISOR, outcome="returned", reason="yours")
    assert returned.case.help.escalation is None
    own = told(opened(), c.RequestEscalation, SUPERVISOR).case
    assert refusal_of(told(own, CheckCase, SUPERVISOR, outcome="confirmed")) == "same-person"
    assert verbs(told(own, CheckCase, OTHER_SUPERVISOR, outcome="confirmed")) == ["checked"]


def test_the_named_person_a_caller_asked_for_is_kept_and_escalated_to():
    """S2-19."""
    case = life.open_case(
        call("offered", call={"call": "call-1", "event": "offered", "asked_for": "鈴木"}), by(EDGE), 1
    ).case
    assert case.circle.asked_for == "鈴木"
    assert told(case, c.RequestEscalation, AGENT).facts[0].to == "鈴木"


def test_advice_from_a_half_written_case_to_its_recorded_answers():
    """S2-14: asked, told what to ask the customer, answers recorded; open until the customer was reached."""
    case = asked()
    advice = case.help.advices[0].id
    answered = told(case, c.AdviseOnCase, SUPERVISOR, advice=advice, text="Ask first", questions=("Since when?",))
    assert answered.facts[0].questions == ("Since when?",)
    assert answered.case.help.awaits_callback
    recorded = told(answered.case, c.RecordCallback, AGENT, outcome="reached", advice=advice, answers={"since": "2019"})
    assert (recorded.facts[0].answers, recorded.facts[0].answered) == ({"since": "2019"}, True)
    assert not recorded.case.help.awaits_callback


def test_advice_out_of_order_is_refused():
    case = asked()
    advice = case.help.advices[0].id
    assert refusal_of(told(case, c.AdviseOnCase, AGENT, advice=advice, text="t")) == "same-person"
    done = told(case, c.AdviseOnCase, SUPERVISOR, advice=advice, text="t").case
    assert refusal_of(told(done, c.AdviseOnCase, SUPERVISOR, advice=advice, text="t")) == "already-advised"
    assert refusal_of(told(done, c.RecordCallback, AGENT, outcome="reached", advice="other")) == "unknown-advice"
    named = told(opened(), c.AskAdvice, AGENT, area="x", of="e-9").case
    question = {"advice": named.help.advices[0].id, "text": "t"}
    assert refusal_of(told(named, c.AdviseOnCase, EMPLOYEE, **question)) == "not-asked"
    assert verbs(told(named, c.AdviseOnCase, MANAGER, **question)) == ["advised"]


def test_a_department_has_the_case_until_it_returns_it():
    """S4-11: whose time it is, is told both ways."""
    given = told(opened(), c.EscalateToDepartment, AGENT, department="commerce", person="e-4", text="price?")
    assert (given.facts[0].turn, given.case.turn, given.case.help.transfer.person) == (
        "department",
        "department",
        "e-4",
    )
    back = {"department": "system"}
    assert refusal_of(told(given.case, c.ReturnFromDepartment, EMPLOYEE, **back)) == "other-department"
    returned = told(given.case, c.ReturnFromDepartment, EMPLOYEE, department="commerce", solved=True)
    assert (returned.facts[0].turn, returned.facts[0].solved, returned.case.help.transfer) == ("desk", True, None)
    assert refusal_of(told(returned.case, c.ReturnFromDepartment, EMPLOYEE, department="commerce")) == "not-there"


def test_a_department_nobody_knows_is_refused():
    assert refusal_of(told(opened(), c.EscalateToDepartment, AGENT, department="moon")) == "unknown-department"


def test_a_hand_over_wants_the_facts_that_the_first_line_takes():
    """S2-20, S2-21: they may come with the hand-over; urgent and data-protection cases pass."""
    case = opened(missing_fields=("order", "order_email"))
    to = {"department": "commerce"}
    assert refusal_of(told(case, c.EscalateToDepartment, AGENT, **to, fields={"order": "A-1"})) == "facts-missing"
    fields = {"order": "A-1", "order_email": "none"}
    given = told(case, c.EscalateToDepartment, AGENT, **to, fields=fields)
    assert (given.case.nature.missing_fields, given.case.nature.fields) == ((), fields)
    urgent = opened(missing_fields=("order",), priority="urgent")
    assert verbs(told(urgent, c.EscalateToDepartment, AGENT, **to)) == ["escalated-to-department"]


def test_what_was_only_declared_is_confirmed_before_anybody_guides_or_resolves():
    """S2-08, S2-09: a reply that asks is never held back."""
    case = opened(to_confirm=("version",), fields={"version": "3"})
    assert refusal_of(told(case, c.ReplyToCase, AGENT, text="Click here")) == "unconfirmed"
    assert refusal_of(told(case, c.ResolveCase, AGENT)) == "unconfirmed"
    assert verbs(told(case, c.ReplyToCase, AGENT, text="Which version?", purpose="ask")) == ["replied"]
    confirmed = told(case, c.ConfirmFacts, AGENT, fields={"version": "4"})
    assert confirmed.facts[0].corrected == ("version",)
    nature = confirmed.case.nature
    assert (nature.fields, nature.confirmed, nature.to_confirm) == ({"version": "3"}, {"version": "4"}, ())
    assert verbs(told(confirmed.case, c.ResolveCase, AGENT)) == ["resolved"]
    assert refusal_of(told(case, c.ConfirmFacts, AGENT, fields={})) == "no-facts"


def test_what_a_confirmation_answers_is_told_so_that_nobody_goes_on_asking():
    """S2-20: whoever routes the case learns that less is missing."""
    case = opened(missing_fields=("name", "company"))
    fact = told(case, c.ConfirmFacts, AGENT, fields={"company": "Ożarowskie Meble"}).facts[0]
    assert fact.missing_fields == ("name",)
    assert told(case, c.ConfirmFacts, AGENT, fields={"version": "4"}).facts[0].missing_fields is None


def test_remote_support_mails_the_tool_and_writes_the_note():
    """S2-12, S2-13."""
    outcome = told(opened(), c.RequestRemote, AGENT, situation="long-call", purpose="shorten")
    assert verbs(outcome) == ["remote-requested", "noted"]
    fact, note = outcome.facts
    assert (fact.to, fact.tool, fact.url) == ("jan@example.com", "view", "https://remote.example.com/start")
    assert note.text.startswith("『遠隔案内』")
    assert outcome.case.entries[-1].text == "『遠隔案内』"


_CALL = {"channel": "phone", "author": {}, "party": {}, "event": "offered"}


def test_a_caller_is_mailed_the_tool_at_the_address_they_say():
    """S2-13: whoever is on the telephone has written no address."""
    said = told(opened(**_CALL), c.RequestRemote, AGENT, situation="long-call", to="anna@example.com")
    assert said.facts[0].to == "anna@example.com"
    noted = told(opened(**_CALL), c.AssignFacts, AGENT, fields={"email": "anna@example.com"}).case
    assert told(noted, c.RequestRemote, AGENT, situation="long-call").facts[0].to == "anna@example.com"


@pytest.mark.parametrize(
    ("fields", "changes", "reason"),
    [
        ({"situation": "boredom"}, {}, "unknown-situation"),
        ({"situation": "long-call", "purpose": "fun"}, {}, "unknown-purpose"),
        ({"situation": "long-call", "tool": "other"}, {}, "unknown-tool"),
        ({"situation": "long-call"}, _CALL, "no-address"),
        ({"situation": "long-call", "to": "anna"}, _CALL, "no-address"),
    ],
)
def test_remote_support_that_cannot_be_is_refused(fields, changes, reason):
    assert refusal_of(told(opened(**changes), c.RequestRemote, AGENT, **fields)) == reason


def test_the_done_stamp_is_put_and_taken_off_by_name_and_time():
    """S2-11."""
    stamp = {"stamp": "済", "occurrence": "call-1"}
    put = told(opened(), c.StampCase, AGENT, **stamp)
    assert (put.facts[0].by, put.facts[0].at, put.case.circle.stamps[0].by) == ("Ewa", NOW, "Ewa")
    off = told(put.case, c.StampCase, SUPERVISOR, **stamp, remove=True)
    assert (off.facts[0].removed, off.facts[0].by, off.case.circle.stamps) == (True, "sv-1", ())
    assert refusal_of(told(off.case, c.StampCase, AGENT, **stamp, remove=True)) == "not-stamped"


def test_teams_followers_and_mentions():
    """S1-23, S1-24."""
    case = told(opened(), c.SetTeam, AGENT, team="first", members=({"agent": "agent-09", "role": "writer"},)).case
    assert [(each.agent, each.role) for each in case.circle.members] == [
        ("agent-07", "owner"), ("agent-08", "translator"), ("agent-09", "writer"),
    ]  # fmt: skip
    assert refusal_of(told(case, c.SetTeam, AGENT, team="none")) == "unknown-team"
    case = told(case, c.FollowCase, EMPLOYEE, follower="sales-1").case
    text = "@品質会議 と @sales-1 へ。 #手数料 の件。@stranger"
    note = told(case, c.NoteCase, AGENT, text=text, mentions=("sv-7",)).facts[0]
    assert (note.mentions, note.topics) == (("sv-7", "sales-1", "品質会議"), ("手数料",))
    assert refusal_of(told(case, c.FollowCase, EMPLOYEE, follower="e-2", stop=True)) == "not-following"
    assert told(case, c.FollowCase, EMPLOYEE, follower="sales-1", stop=True).case.circle.followers == ()


def test_a_whisper_is_told_and_shown_in_no_conversation():
    """S1-47, S4-28."""
    outcome = told(opened(), c.WhisperToAgent, SUPERVISOR, text="offer a discount", to="agent-07")
    assert (outcome.facts[0].text, outcome.case.entries) == ("offer a discount", opened().entries)
    assert refusal_of(told(opened(), c.WhisperToAgent, SUPERVISOR, text="x", to="sv-1")) == "to-oneself"


def test_whoever_looks_into_a_conversation_is_named_and_changes_nothing_else():
    """S4-28: opening a chat is shown to the agent and recorded."""
    outcome = told(opened(), c.WatchCase, SUPERVISOR, reason="a complaint")
    assert (outcome.facts[0].actor, outcome.facts[0].reason) == (SUPERVISOR, "a complaint")
    assert (outcome.case.entries, outcome.case.status, outcome.case.turn) == (
        opened().entries,
        opened().status,
        opened().turn,
    )
    assert refusal_of(told(opened(), c.WatchCase, AGENT)) == "role"


def test_an_agent_whispers_back():
    """S4-28: two ways."""
    back = told(opened(), c.WhisperToAgent, AGENT, text="may I refund it?", to="sv-1")
    assert (back.facts[0].actor, back.facts[0].to) == (AGENT, "sv-1")


def test_customers_are_linked_by_a_person_and_doubles_merged_by_a_supervisor_reversibly():
    """S2-06, S2-17: nobody deletes a registration."""
    case = opened(customer={"state": "candidates", "candidates": ("k-1", "k-2")})
    linked = told(case, c.LinkCustomer, AGENT, customer="k-1")
    assert (linked.case.customer.state, linked.case.customer.candidates, linked.facts[0].customer.matched_by) == (
        "linked", (), "person",
    )  # fmt: skip
    proposed = told(
        linked.case, c.ProposeCustomerMerge, AGENT, customers=("k-1", "k-2"), urls=("https://crm.example.com/k-2",)
    )
    decide = {"proposal": proposed.facts[0].proposal}
    assert refusal_of(told(proposed.case, c.DecideCustomerMerge, SUPERVISOR, **decide, merge=True)) == "no-survivor"
    merged = told(proposed.case, c.DecideCustomerMerge, SUPERVISOR, **decide, merge=True, survivor="k-1")
    assert [(each.customer, each.into, each.reverted) for each in merged.records] == [("k-2", "k-1", False)]
    again = {**decide, "merge": True, "survivor": "k-1"}
    assert refusal_of(told(merged.case, c.DecideCustomerMerge, SUPERVISOR, **again)) == "already-decided"
    undone = told(merged.case, c.DecideCustomerMerge, SUPERVISOR, **decide, merge=False, reason="two people")
    assert [(each.customer, each.into, each.reverted) for each in undone.records] == [("k-2", "k-1", True)]
    assert refusal_of(told(case, c.ProposeCustomerMerge, AGENT, customers=("k-1", "k-1"))) == "one-customer"


def test_a_form_beyond_the_quota_opens_as_nobodys_turn_here():
    assert opened(waits=True).turn == "third"


def test_a_stranger_is_heard_and_not_answered():
    case = opened()
    author = {"kind": "customer", "address": "evil@example.net"}
    heard = mail("x@example.net", author=author, party={}, reply_to="evil@example.net", stranger=True)
    after = life.decide(case, heard, by(EDGE)).case
    assert (after.answer, after.contacts_count) == (case.answer, 2)


def test_a_campaigns_tag_is_written_once_and_exactly():
    """S2-23."""
    once = told(opened(), c.AssignFacts, AGENT, campaign="【DMをみた】")
    assert once.facts[0].subject == "【DMをみた】Gdzie jest moja paczka?"
    assert told(once.case, c.AssignFacts, AGENT, campaign="【DMをみた】").case.nature.subject == once.facts[0].subject


def test_roles_may_be_set_and_are_asked_in_the_core():
    rules = configuration(life={"roles": {"resolve": ["supervisor"]}})
    command = c.ResolveCase(case_id=opened().id, actor=AGENT)
    assert refusal_of(life.decide(opened(), command, by(AGENT, rules=rules))) == "role"
    assert person("supervisor", "x").kind == "supervisor"


def test_another_category_asks_for_other_facts():
    """S2-20, S2-21."""
    rules = configuration(
        gates={
            "required": {"order": ["order", "email"]},
            "confirm_first": {"channels": ["email"], "categories": ["order"], "facts": ["device"]},
        }
    )
    command = c.AssignFacts(case_id=opened().id, actor=AGENT, category="order")
    outcome = life.decide(opened(), command, by(AGENT, rules=rules))
    assert (outcome.facts[0].missing_fields, outcome.case.nature.to_confirm) == (("order",), ("device",))
    urgent = life.decide(opened(priority="urgent"), command, by(AGENT, rules=rules))
    assert (urgent.case.nature.missing_fields, urgent.case.nature.to_confirm) == ((), ())


def test_a_record_moves_between_its_types_own_states_only():
    """S1-25."""
    types = {"case": {"states": ["new", "working", "done"], "moves": {"new": ["working"]}}}
    rules = configuration(triage={"languages": {"known": ["pl"], "default": "pl"}, "record_types": types})
    answers = []
    for state in ("working", "done", "nowhere"):
        command = c.AssignFacts(case_id=opened().id, actor=AGENT, state=state)
        outcome = life.decide(opened(state="new"), command, by(AGENT, rules=rules))
        answers.append((verbs(outcome)[0], outcome.case.nature.state))
    assert answers == [("facts-assigned", "working"), ("refused", "new"), ("refused", "new")]
