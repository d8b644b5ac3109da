"""What each command does to a case, in each of its states."""

from __future__ import annotations

import datetime as dt

import pytest

from caseway.contracts.about_cases import CaseCommand
from caseway.contracts.case_commands import (
    AssignFacts,
    CloseCase,
    HoldCase,
    NoteCase,
    ReleaseCase,
    ReopenCase,
    ReplyToCase,
    ResolveCase,
)
from caseway.contracts.parts import Author, Party
from caseway.contracts.voice_commands import DeclareIncident
from caseway.kernel.decision import Arm, Disarm
from caseway.kernel.errors import Rejected
from caseway.kernel.vocabulary import CaseStatus, Channel, Priority, Turn
from caseway_intake.domain import life
from caseway_intake.domain.case import MOST_ENTRIES, MOST_KEYS, Case
from tests.intake_builders import (
    AGENT,
    CASE_ID,
    CUSTOMER,
    EDGE,
    FIRST,
    NOW,
    SUPERVISOR,
    call,
    chat,
    configuration,
    mail,
    step,
)

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
THIRTY_DAYS = configuration(life={"reopen_days": 30})


def agent_says(command: type[CaseCommand], **fields: object) -> CaseCommand:
    return command(**{"case_id": CASE_ID, "actor": AGENT, **fields})


def opened() -> Case:
    return life.open_case(mail(), step(), 27).case


def resolved() -> Case:
    return life.decide(opened(), agent_says(ResolveCase), step("resolve")).case


def closed(at: dt.datetime = NOW) -> Case:
    return life.decide(resolved(), agent_says(CloseCase), step("close", at=at)).case


STATES = {"open": opened, "resolved": resolved, "closed": closed}


def test_a_first_mail_opens_a_case_with_all_that_is_known():
    """S4-09: priority, category, customer data, preferred channel; S1-03."""
    contact = mail(
        customer={"state": "linked", "id": "customer-9"},
        preferred_channel="email",
        missing_fields=("order",),
        entitlement={"state": "entitled", "plan": "gold"},
        complexity="advanced",
        **{"class": "data_protection"},
    )
    outcome = life.open_case(contact, step("mail-event"), 27)
    (fact,) = outcome.facts
    assert fact.TYPE == "caseway.case.opened.v1"
    assert (fact.case_id, fact.version, fact.number) == (CASE_ID, 1, 27)
    assert (fact.at, fact.cause, fact.configuration, fact.actor) == (NOW, "mail-event", "config-1", EDGE)
    assert (fact.source_key, fact.contact, fact.channel) == (FIRST, f"contact-{FIRST}", Channel.EMAIL)
    assert (fact.subject, fact.text, fact.language) == (contact.subject, contact.text, "pl")
    assert (fact.category, fact.priority, fact.class_, fact.tags) == (
        "delivery",
        "high",
        "data_protection",
        ("parcel",),
    )
    assert (fact.customer.state, fact.customer.id) == ("linked", "customer-9")
    assert (fact.entitlement.plan, fact.preferred_channel, fact.missing_fields) == ("gold", "email", ("order",))
    assert (fact.complexity, fact.turn, fact.status) == ("advanced", Turn.DESK, CaseStatus.OPEN)
    assert fact.reply_to is None
    assert fact.message_id == FIRST
    case = outcome.case
    assert (case.version, case.status, case.turn, case.opened_at) == (1, CaseStatus.OPEN, Turn.DESK, NOW)


def test_a_call_of_ours_opens_a_case_that_waits_for_the_customer():
    case = life.open_case(call("dialled", direction="outbound"), step(), 1).case
    assert case.turn is Turn.CUSTOMER


@pytest.mark.parametrize("state", STATES)
def test_another_mail_joins_the_case_in_any_state(state):
    """S4-24, S4-25: what the customer writes is never lost, and makes it our turn."""
    before = STATES[state]()
    outcome = life.decide(before, mail("mail.2@example.com", matched_by="message_id"), step("second"))
    added, *more = outcome.facts
    assert added.TYPE == "caseway.case.contact-added.v1"
    assert (added.version, added.source_key, added.matched_by) == (
        before.version + 1,
        "mail.2@example.com",
        "message_id",
    )
    assert added.priority is Priority.HIGH
    assert (outcome.case.status, outcome.case.turn) == (CaseStatus.OPEN, Turn.DESK)
    assert outcome.case.contacts_count == 2
    if state == "open":
        assert (more, added.turn) == ([], None)
    else:
        (reopened,) = more
        assert reopened.TYPE == "caseway.case.reopened.v1"
        assert (reopened.version, reopened.status, reopened.turn) == (before.version + 2, "open", Turn.DESK)
        assert (reopened.reason, reopened.contact, reopened.count) == ("contact", "contact-mail.2@example.com", 1)
        assert outcome.case.resolved_at is None
        assert outcome.case.closed_at is None


def test_a_repeated_mail_is_told_and_changes_nothing():
    before = resolved()
    outcome = life.decide(before, mail(), step("again"))
    (fact,) = outcome.facts
    assert fact.TYPE == "caseway.case.contact-repeated.v1"
    assert (fact.source_key, fact.version) == (FIRST, before.version + 1)
    assert (outcome.case.status, outcome.case.turn, outcome.case.contacts_count) == (
        CaseStatus.RESOLVED,
        before.turn,
        1,
    )


def test_an_automatic_mail_joins_but_neither_reopens_nor_waits_for_us():
    """Semantics 5.1: an absence note or a bounce never reopens."""
    before = resolved()
    outcome = life.decide(before, mail("ooo@example.com", automatic=True), step("ooo"))
    assert [fact.TYPE for fact in outcome.facts] == ["caseway.case.contact-added.v1"]
    assert (outcome.case.status, outcome.case.turn) == (CaseStatus.RESOLVED, Turn.CUSTOMER)
    assert outcome.case.answer == before.answer


def test_a_contact_that_never_opens_a_case_is_parked_where_there_is_none():
    with pytest.raises(Rejected) as caught:
        life.decide(None, call("ended", opens=False), step())
    assert caught.value.reason == "unknown-case"


def test_a_text_that_no_fact_can_carry_is_parked():
    with pytest.raises(Rejected) as caught:
        life.open_case(mail(text="ż" * 140_000), step(), 1)
    assert caught.value.reason == "too-large"


def test_a_chat_is_one_contact_after_another_under_one_key():
    """S1-46."""
    case = life.open_case(chat("message", "Is the shop open?"), step(), 1).case
    said = life.decide(case, chat("message", "Hello?", contact="second"), step("2"))
    assert (said.facts[0].TYPE, said.facts[0].contact) == ("caseway.case.contact-added.v1", "second")
    answered = life.decide(
        said.case, chat("message", "Yes.", author=Author(kind="agent", id="agent-07"), direction="outbound"), step("3")
    )
    assert answered.facts[0].turn is Turn.CUSTOMER
    assert answered.case.answered_at == NOW
    ended = life.decide(answered.case, chat("ended", author=Author(kind="customer")), step("4"))
    assert (ended.facts[0].TYPE, ended.facts[0].event) == ("caseway.case.contact-updated.v1", "ended")
    assert ended.facts[0].turn is None


def test_a_call_goes_on_under_one_key_and_its_answer_is_the_first():
    """S1-02, S4-29: the answered call is the first response."""
    case = life.open_case(call("offered"), step(), 1).case
    rung = life.decide(
        case,
        call("answered", call={"call": "call-1", "event": "answered", "agent": "agent-07"}),
        step("2", at=NOW + HOUR),
    )
    fact = rung.facts[0]
    assert (fact.TYPE, fact.event, fact.agent, fact.turn) == (
        "caseway.case.contact-updated.v1",
        "answered",
        "agent-07",
        None,
    )
    assert rung.case.answered_at == NOW + HOUR
    ended = life.decide(
        rung.case,
        call("ended", call={"call": "call-1", "event": "ended", "duration_seconds": 61, "wrap_up_seconds": 5}),
        step("3"),
    )
    assert (ended.facts[0].duration_seconds, ended.facts[0].wrap_up_seconds) == (61, 5)
    assert ended.case.turn is Turn.DESK


def test_a_voicemail_on_a_resolved_case_reopens_it():
    case = life.open_case(call("offered"), step(), 1).case
    done = life.decide(case, agent_says(ResolveCase), step("2")).case
    outcome = life.decide(done, call("voicemail", text="Please call me back."), step("3"))
    assert [fact.TYPE.split(".")[2] for fact in outcome.facts] == ["contact-updated", "reopened"]
    assert outcome.facts[0].turn is Turn.DESK


def test_a_call_that_ends_after_resolving_does_not_reopen():
    case = life.open_case(call("offered"), step(), 1).case
    done = life.decide(case, agent_says(ResolveCase), step("2")).case
    assert life.decide(done, call("ended"), step("3")).case.status is CaseStatus.RESOLVED


def test_a_bot_answers_nobody():
    case = life.open_case(chat("message", "Hi"), step(), 1).case
    outcome = life.decide(
        case, chat("message", "I am a bot.", author=Author(kind="bot"), direction="outbound"), step("2")
    )
    assert (outcome.case.turn, outcome.case.answered_at) == (Turn.DESK, None)


def test_a_reply_goes_by_mail_within_its_conversation():
    second = mail("mail.2@example.com", references=(FIRST,), in_reply_to=(FIRST,), copies=("anna@example.com",))
    case = life.decide(opened(), second, step("2")).case
    outcome = life.decide(
        case, agent_says(ReplyToCase, text="It is on its way."), step("3", at=NOW + HOUR, actor=AGENT)
    )
    (fact,) = outcome.facts
    assert fact.TYPE == "caseway.case.replied.v1"
    assert (fact.channel, fact.to, fact.mailbox) == (Channel.EMAIL, CUSTOMER, "support@example.com")
    assert (fact.in_reply_to, fact.references) == ("mail.2@example.com", (FIRST, "mail.2@example.com"))
    assert fact.copies == ("anna@example.com",)
    assert (fact.subject, fact.language, fact.number) == ("Re: Gdzie jest moja paczka?", "pl", 27)
    assert (fact.turn, fact.first, fact.actor) == (Turn.CUSTOMER, True, AGENT)
    assert outcome.case.answered_at == NOW + HOUR


def test_only_the_first_reply_of_a_person_is_the_first():
    """Semantics 5.2: automatic answers never count as first response."""
    robot = life.decide(opened(), ReplyToCase(case_id=CASE_ID, actor=EDGE, text="We are looking."), step("1"))
    person = life.decide(robot.case, agent_says(ReplyToCase, text="Found."), step("2"))
    again = life.decide(person.case, agent_says(ReplyToCase, text="And sent."), step("3"))
    assert [robot.facts[0].first, person.facts[0].first, again.facts[0].first] == [False, True, False]
    assert again.facts[0].turn is None, "the turn did not change"
    assert len({robot.facts[0].contact, person.facts[0].contact, again.facts[0].contact}) == 3


def test_a_reply_in_an_open_chat_stays_in_the_chat_and_goes_by_mail_once_it_ended():
    case = life.open_case(chat("message", "Hi", party=Party(email=CUSTOMER)), step(), 1).case
    fact = life.decide(case, agent_says(ReplyToCase, text="Hello"), step("2")).facts[0]
    assert (fact.channel, fact.conversation, fact.platform, fact.in_reply_to) == (Channel.CHAT, "c-1", "chat", None)
    over = life.decide(case, chat("ended"), step("3")).case
    fact = life.decide(over, agent_says(ReplyToCase, text="Hello"), step("4")).facts[0]
    assert (fact.channel, fact.to, fact.conversation) == (Channel.EMAIL, CUSTOMER, None)


def test_a_mail_address_once_known_is_used_after_a_call():
    """S4-02: one case, several channels."""
    case = life.decide(opened(), call("offered"), step("2")).case
    fact = life.decide(case, agent_says(ReplyToCase, text="As we said."), step("3")).facts[0]
    assert (fact.channel, fact.to, fact.in_reply_to) == (Channel.EMAIL, CUSTOMER, FIRST)


@pytest.mark.parametrize(
    ("case", "fields", "reason"),
    [
        (lambda: life.open_case(call("offered"), step(), 1).case, {}, "no-address"),
        (lambda: life.open_case(chat("message", "Hi"), step(), 1).case, {"channel": "message"}, "no-conversation"),
        (opened, {"channel": "chat"}, "no-conversation"),
        (opened, {"to": "nobody", "channel": "email"}, "no-address"),
        (opened, {"text": "ż" * 140_000}, "too-long"),
        (closed, {}, "closed"),
    ],
)
def test_a_reply_that_cannot_reach_anybody_is_refused(case, fields, reason):
    before = case()
    outcome = life.decide(before, agent_says(ReplyToCase, **{"text": "Hello", **fields}), step("reply"))
    (fact,) = outcome.facts
    assert (fact.TYPE, fact.command) == ("caseway.case.refused.v1", "caseway.case.reply.v1")
    assert (fact.reason, fact.version, fact.turn) == (reason, before.version + 1, None)
    assert (outcome.case.turn, outcome.case.answered_at) == (before.turn, before.answered_at)


@pytest.mark.parametrize("state", STATES)
def test_a_note_may_be_written_in_any_state(state):
    before = STATES[state]()
    outcome = life.decide(before, agent_says(NoteCase, text="Called the carrier."), step("note"))
    (fact,) = outcome.facts
    assert (fact.TYPE, fact.text, fact.turn) == ("caseway.case.noted.v1", "Called the carrier.", None)
    assert (outcome.case.status, outcome.case.turn) == (before.status, before.turn)
    assert outcome.case.entries[-1].kind == "note"


def test_facts_assigned_change_only_what_is_given():
    """S4-20."""
    command = agent_says(AssignFacts, priority="urgent", add_tags=("vip", "parcel"), fields={"order": "A-1", "size": 2})
    before = life.open_case(mail(missing_fields=("order", "phone")), step(), 1).case
    outcome = life.decide(before, command, step("assign"))
    (fact,) = outcome.facts
    assert (fact.TYPE, fact.priority, fact.category) == ("caseway.case.facts-assigned.v1", Priority.URGENT, None)
    assert (fact.tags, fact.fields, fact.missing_fields) == (("parcel", "vip"), {"order": "A-1", "size": 2}, ("phone",))
    nature = outcome.case.nature
    assert (nature.priority, nature.category, nature.tags) == (Priority.URGENT, "delivery", ("parcel", "vip"))
    removed = life.decide(outcome.case, agent_says(AssignFacts, remove_tags=("parcel",)), step("2"))
    assert removed.facts[0].tags == ("vip",)
    assert removed.case.nature.fields == {"order": "A-1", "size": 2}


def test_facts_without_end_are_refused():
    command = agent_says(AssignFacts, fields={f"f{index}": index for index in range(201)})
    assert life.decide(opened(), command, step()).facts[0].reason == "too-many-fields"


def test_resolving_makes_it_the_customers_turn():
    outcome = life.decide(
        opened(), agent_says(ResolveCase, text="Sent again.", category="lost"), step("2", at=NOW + HOUR)
    )
    (fact,) = outcome.facts
    assert (fact.TYPE, fact.status, fact.turn, fact.text) == (
        "caseway.case.resolved.v1",
        "resolved",
        "customer",
        "Sent again.",
    )
    assert (outcome.case.resolved_at, outcome.case.nature.category) == (NOW + HOUR, "lost")


REFUSED = [
    ("resolved", ResolveCase),
    ("closed", ResolveCase),
    ("closed", CloseCase),
    ("open", ReopenCase),
    ("closed", AssignFacts),
    ("resolved", HoldCase),
    ("closed", HoldCase),
    ("resolved", ReleaseCase),
    ("closed", DeclareIncident),
]


@pytest.mark.parametrize(("state", "command"), REFUSED)
def test_what_cannot_be_in_this_state_is_told_as_refused(state, command):
    before = STATES[state]()
    outcome = life.decide(before, agent_says(command), step("late"))
    (fact,) = outcome.facts
    assert (fact.TYPE, fact.command, fact.reason) == ("caseway.case.refused.v1", command.TYPE, state)
    assert (fact.version, fact.cause, outcome.case.version) == (before.version + 1, "late", before.version + 1)
    assert (outcome.case.status, outcome.case.turn) == (before.status, before.turn)


@pytest.mark.parametrize("state", ["open", "resolved"])
def test_a_case_may_be_closed_and_keeps_its_turn(state):
    before = STATES[state]()
    outcome = life.decide(before, agent_says(CloseCase, reason="spam"), step("close"))
    assert (outcome.facts[0].TYPE, outcome.facts[0].status) == ("caseway.case.closed.v1", CaseStatus.CLOSED)
    assert (outcome.case.closed_at, outcome.case.turn) == (NOW, before.turn)


@pytest.mark.parametrize(("after", "expected"), [(30 * DAY, "reopened"), (30 * DAY + HOUR, "continued")])
def test_a_closed_case_is_reopened_by_hand_within_the_limit_only(after, expected):
    """S4-24: within N days; afterwards the matter goes on in a new case."""
    outcome = life.decide(closed(), agent_says(ReopenCase), step("reopen", at=NOW + after, rules=THIRTY_DAYS))
    assert f"caseway.case.{expected}.v1" == outcome.facts[0].TYPE
    assert [command.TYPE for command in outcome.commands] == (
        ["caseway.case.open.v1"] if expected == "continued" else []
    )


def test_a_hold_ends_by_itself_at_its_instant_and_at_no_other():
    until = NOW + HOUR
    held = life.decide(opened(), agent_says(HoldCase, turn="third", until=until, reason="carrier"), step("hold"))
    assert (held.facts[0].TYPE, held.facts[0].turn, held.facts[0].until) == ("caseway.case.held.v1", Turn.THIRD, until)
    (timer,) = held.timers
    assert isinstance(timer, Arm)
    assert (timer.due_at, timer.kind, timer.data) == (until, life.HOLD_IS_OVER, {"case_id": CASE_ID})
    assert life.release_when_due(held.case, until + HOUR, step("timer")) is None
    outcome = life.release_when_due(held.case, until, step("hold", at=until, actor=None))
    assert outcome is not None
    assert (outcome.facts[0].TYPE, outcome.facts[0].turn, outcome.facts[0].at) == (
        "caseway.case.released.v1",
        Turn.DESK,
        until,
    )
    assert life.release_when_due(outcome.case, until, step("timer")) is None


def test_a_hold_until_part_of_a_millisecond_is_never_early():
    until = NOW + dt.timedelta(microseconds=1)
    held = life.decide(opened(), agent_says(HoldCase, until=until), step("hold"))
    assert held.case.held_until == NOW + dt.timedelta(milliseconds=1)
    assert held.timers[0].due_at == held.case.held_until


def test_a_customer_who_writes_ends_the_hold():
    held = life.decide(opened(), agent_says(HoldCase), step("hold")).case
    outcome = life.decide(held, mail("mail.2@example.com"), step("2"))
    assert outcome.facts[0].turn is Turn.DESK
    assert not outcome.case.is_held


@pytest.mark.parametrize(
    ("command", "reason"), [(agent_says(HoldCase, turn="desk"), "turn"), (agent_says(ReleaseCase), "not-held")]
)
def test_a_hold_for_the_desk_and_a_release_of_nothing_are_refused(command, reason):
    assert life.decide(opened(), command, step()).facts[0].reason == reason


def test_a_hold_without_an_end_forgets_an_earlier_one():
    held = life.decide(opened(), agent_says(HoldCase, until=NOW + HOUR), step("1")).case
    again = life.decide(held, agent_says(HoldCase), step("2"))
    assert isinstance(again.timers[0], Disarm)
    released = life.decide(again.case, agent_says(ReleaseCase, reason="answer came"), step("3"))
    assert (released.facts[0].turn, released.facts[0].reason) == (Turn.DESK, "answer came")


def test_an_incident_is_declared_and_at_once_shared_without_the_customers_words():
    """S0-06, S0-03."""
    outcome = life.decide(
        opened(), agent_says(DeclareIncident, text="The till is down.", severity="high"), step("tick")
    )
    declared, shared = outcome.facts
    assert (declared.TYPE, shared.TYPE) == ("caseway.case.incident-declared.v1", "caseway.case.shared.v1")
    assert (declared.version, shared.version, outcome.case.version) == (2, 3, 3)
    assert (declared.incident, declared.severity, declared.number) == (outcome.case.incident, "high", 27)
    assert (shared.shape, shared.text, shared.title) == ("incident", "The till is down.", "Case 27: delivery")


def test_an_incident_is_declared_once_and_by_those_who_may():
    declared = life.decide(opened(), agent_says(DeclareIncident), step("1")).case
    assert life.decide(declared, agent_says(DeclareIncident), step("2")).facts[0].reason == "already-declared"
    rules = configuration(life={"may_declare_incident": ["supervisor"]})
    assert life.decide(opened(), agent_says(DeclareIncident), step("3", rules=rules)).facts[0].reason == "role"
    by_supervisor = DeclareIncident(case_id=CASE_ID, actor=SUPERVISOR, incident="incident-1")
    assert life.decide(opened(), by_supervisor, step("4", rules=rules)).case.incident == "incident-1"


def test_a_command_about_no_case_is_parked():
    with pytest.raises(Rejected) as caught:
        life.decide(None, agent_says(ResolveCase), step())
    assert caught.value.reason == "unknown-case"


@pytest.mark.parametrize(
    ("sent", "now", "expected"),
    [
        (NOW + HOUR, NOW + 2 * HOUR, NOW + HOUR),
        (NOW - HOUR, NOW + 2 * HOUR, NOW),
        (NOW + 3 * HOUR, NOW + 2 * HOUR, NOW + 2 * HOUR),
    ],
)
def test_a_fact_happens_between_the_cases_last_and_now(sent, now, expected):
    """delivery.md: a command's own time, held between the case's last `at` and now."""
    outcome = life.decide(opened(), agent_says(NoteCase, text="n"), step("2", at=sent, now=now))
    assert (outcome.facts[0].at, outcome.case.at) == (expected, expected)


def test_a_case_with_very_many_contacts_stays_small():
    case = opened()
    for index in range(MOST_KEYS + 5):
        case = life.decide(case, mail(f"m{index}@example.com", text=f"word {index} " * 100), step(f"c{index}")).case
    assert len(case.keys) == MOST_KEYS
    assert case.keys[-1] == f"m{MOST_KEYS + 4}@example.com"
    assert len(case.entries) == MOST_ENTRIES
    assert all(len(entry.text) <= 280 for entry in case.entries)
    assert case.contacts_count == MOST_KEYS + 6
