"""Whom a fact is told to, and what is said of those who are not told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest

from caseway.contracts.cases import CaseResolved, ContactAdded, ContactBounced, ContactUpdated, CustomerLinked
from caseway.contracts.customers import CustomerRecorded
from caseway.contracts.milestones import MilestoneViolated
from caseway.contracts.notifications import (
    NotificationDelivered,
    NotificationGivenUp,
    NotificationRequested,
    NotificationSuppressed,
)
from caseway.contracts.outbound import OutboundMessage
from caseway.contracts.parts import Author, CustomerLink, Party
from caseway.kernel.decision import Arm, Decision, Due, Message
from caseway_notifier import handlers
from caseway_notifier.domain.delivery import Automatic, State, Urgency
from tests.notifier_builders import (
    CASE_ID,
    CUSTOMER,
    FIRST,
    INCIDENT,
    LISTS,
    NOW,
    OPENED,
    REPLY,
    SENDERS,
    chat_opened,
    configuration,
    declared,
    message,
    moment,
    opened,
    put,
    replied,
    written,
)


class Desk:
    """The notifier's lane, as far as handlers see it: states that earlier decisions left."""

    resident = None

    def __init__(self, rules: Any = None) -> None:
        self.moment = moment(rules)
        self.states: dict[tuple[str, str], Any] = {}

    def get(self, collection: str, id: str) -> Any:  # noqa: A002 - the port's word
        return self.states.get((collection, id))

    def hears(self, fact: Any, id: str = "cause-1") -> Decision:  # noqa: A002 - the field's word
        received = message(fact, id)
        if isinstance(fact, CustomerRecorded):
            return self._keep(handlers.on_customer_recorded(received, self, self.moment))
        needed = set(handlers.about_case(received))
        assert ("cases", fact.case_id) in needed
        return self._keep(handlers.on_case_fact(received, self, self.moment))

    def is_due(self, timer: Arm) -> Decision:
        due = Due(key=timer.key, kind=timer.kind, due_at=timer.due_at, armed_by="cause-1", data=timer.data)
        fired = Message(
            topic="timer", partition=3, offset=-1, key=timer.key, id=f"timer-{timer.key}", source="", type="timer",
            data=due, time=NOW, recorded_at=NOW,
        )  # fmt: skip
        (frozen, _) = handlers.about_broadcast(fired)
        assert frozen in self.states
        return self._keep(handlers.on_spread(fired, self, self.moment))

    def _keep(self, decision: Decision) -> Decision:
        self.states.update({(each.collection, each.id): each.value for each in decision.changes})
        return decision


def kinds(decision: Decision) -> list[type]:
    return [type(each) for each in decision.emits]


def test_a_mail_is_answered_in_the_customers_language_and_thread() -> None:
    """S1-21, S4-23: an automatic answer after creation."""
    decision = Desk().hears(opened())

    (delivery,) = put(decision.changes, "deliveries")
    (content,) = written(decision.changes)
    assert (delivery.recipient, delivery.state, delivery.due_at) == (CUSTOMER, State.PENDING, NOW)
    assert (content.subject, content.text) == ("Mamy [#27]", "Dzień dobry Anna Nowak, to 27.\n")
    assert delivery.mailing.automatic is Automatic.REPLIED
    assert delivery.mailing.in_reply_to == f"<{FIRST}>"
    assert delivery.mailing.references == ("<first@example.com>", f"<{FIRST}>")
    (told,) = decision.emits
    assert isinstance(told, NotificationRequested)
    assert (told.case_id, told.notification, told.cause) == (CASE_ID, delivery.id, "cause-1")
    assert told.key() == CASE_ID
    assert (told.at, told.configuration, told.occurrence) == (NOW, "v1", f"{CASE_ID}/1")
    assert CUSTOMER not in told.model_dump_json(), "facts name recipients without their address"


def test_the_same_fact_gives_the_same_notification() -> None:
    first, again = Desk().hears(opened()), Desk().hears(opened())
    assert first == again


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"automatic": True}, "automatic"),
        ({"reply_to": "no-reply@example.net"}, "never-read"),
        ({"reply_to": "MAILER-DAEMON@example.net"}, "never-read"),
        ({"reply_to": "desk@example.com"}, "own-mailbox"),
        ({"subject": "Re: [#27] Re: [#27] paczka"}, "loop"),
        ({"subject": "Re: Re: Re: paczka"}, "loop"),
    ],
)
def test_machines_are_never_answered_by_a_machine(changes: Mapping[str, Any], reason: str) -> None:
    """S1-21 with semantics 5.1: loops are not fed, and that is told."""
    decision = Desk().hears(opened(**changes))

    (delivery,) = put(decision.changes, "deliveries")
    assert (delivery.state, delivery.due_at, delivery.reason) == (State.SUPPRESSED, None, reason)
    assert kinds(decision) == [NotificationRequested, NotificationSuppressed]
    assert decision.emits[1].reason == reason


def test_an_agents_reply_goes_to_an_automaton_all_the_same() -> None:
    desk = Desk()
    desk.hears(opened(automatic=True, reply_to="no-reply@example.net", subject="Re: Re: Re: x"))
    decision = desk.hears(replied(to="no-reply@example.net"))

    (delivery,) = put(decision.changes, "deliveries")
    assert delivery.state is State.PENDING
    assert delivery.recipient == "no-reply@example.net"
    assert delivery.mailing.automatic is Automatic.NO
    assert not delivery.is_budgeted


def test_nobody_to_tell_is_a_fact() -> None:
    """An empty recipient at run time is never silence."""
    decision = Desk().hears(opened(channel="web", reply_to=None, author=Author(), party=Party(name="Anna")))

    assert kinds(decision) == [NotificationRequested, NotificationGivenUp]
    assert decision.emits[1].reason == "no-recipient"
    (delivery,) = put(decision.changes, "deliveries")
    assert delivery.state is State.GIVEN_UP


def test_an_address_that_would_write_headers_is_no_recipient() -> None:
    hostile = "anna@example.com\r\nBcc: all@example.com"
    decision = Desk().hears(opened(reply_to=hostile, author=Author(address=hostile), party=Party(email=hostile)))
    assert kinds(decision) == [NotificationRequested, NotificationGivenUp]


def test_a_chat_is_answered_in_the_chat() -> None:
    """S4-02: the gateway is told by a command, keyed by the conversation."""
    decision = Desk().hears(chat_opened())

    requested, command, delivered = decision.emits
    assert isinstance(requested, NotificationRequested)
    assert isinstance(delivered, NotificationDelivered)
    assert isinstance(command, OutboundMessage)
    assert (command.topic(), command.key()) == ("outbound.chat", "conv-1")
    assert (command.text, command.case_id) == ("Hello Anna, it is 27.", CASE_ID)
    assert command.notification == requested.notification == delivered.notification


def test_a_message_is_answered_on_its_platform() -> None:
    decision = Desk().hears(chat_opened(channel="message", platform="whatsapp", conversation="wa-1"))
    command = decision.emits[1]
    assert (command.topic(), command.platform, command.conversation) == ("outbound.message", "whatsapp", "wa-1")


def test_a_public_post_is_not_answered_by_a_machine() -> None:
    decision = Desk().hears(chat_opened(channel="message", platform="social", public=True))
    assert kinds(decision) == [NotificationRequested, NotificationSuppressed]


def test_an_agents_reply_is_mailed_into_the_thread() -> None:
    desk = Desk()
    desk.hears(opened())
    decision = desk.hears(replied(in_reply_to="later@example.com", references=(FIRST, "later@example.com")), "cause-2")

    (delivery,) = put(decision.changes, "deliveries")
    (content,) = written(decision.changes)
    assert content.text == "It is on its way.\n"
    assert content.subject == "Re: Gdzie paczka?"
    assert delivery.mailing.in_reply_to == "<later@example.com>"
    assert delivery.mailing.references == (f"<{FIRST}>", "<later@example.com>")


def test_an_agents_reply_into_a_chat_is_said_there() -> None:
    desk = Desk()
    desk.hears(chat_opened())
    decision = desk.hears(replied(channel="chat", to=None, conversation="conv-1", platform="chat", in_reply_to=None))
    (command,) = [each for each in decision.emits if isinstance(each, OutboundMessage)]
    assert (command.conversation, command.text) == ("conv-1", "It is on its way.")


def test_an_agents_reply_to_a_chat_that_is_over_goes_by_mail() -> None:
    desk = Desk()
    desk.hears(chat_opened(party=Party(email=CUSTOMER)))
    decision = desk.hears(replied(channel="email", in_reply_to=None))
    (delivery,) = put(decision.changes, "deliveries")
    assert (delivery.channel, delivery.recipient) == ("email", CUSTOMER)


def test_those_who_get_copies_read_the_same_mail() -> None:
    desk = Desk()
    desk.hears(opened())
    decision = desk.hears(replied(copies=("jan@example.net", CUSTOMER, "bad\r\nBcc: x@example.com")))

    first, copy = put(decision.changes, "deliveries")
    assert [first.recipient, copy.recipient] == [CUSTOMER, "jan@example.net"]
    assert copy.mailing.to == CUSTOMER
    assert first.mailing.copies == copy.mailing.copies == ("jan@example.net", CUSTOMER)
    assert first.content == copy.content


def test_a_mailbox_answers_in_its_own_name() -> None:
    """The customer wrote to desk@: they hear from desk@, not from the rule's sender."""
    decision = Desk().hears(opened(mailbox="desk@example.com"))
    (delivery,) = put(decision.changes, "deliveries")
    assert delivery.mailing.sender == "desk"


def test_a_registered_customers_record_fills_what_the_contact_lacks() -> None:
    """S4-03: language and address from the customer's record."""
    desk = Desk()
    desk.hears(CustomerRecorded(customer="C-7", name="Anna", emails=("junk", CUSTOMER), language="pl"))
    call = opened(
        channel="phone", reply_to=None, author=Author(), party=Party(), language=None, message_id=None, references=(),
        customer=CustomerLink(state="linked", id="C-7"),
    )  # fmt: skip
    decision = desk.hears(call)
    (delivery,) = put(decision.changes, "deliveries")
    (content,) = written(decision.changes)
    assert (delivery.recipient, delivery.reference, content.language) == (CUSTOMER, "customer:C-7", "pl")


def test_a_customer_linked_later_can_be_told_later() -> None:
    desk = Desk(configuration(REPLY))
    desk.hears(CustomerRecorded(customer="C-7", emails=(CUSTOMER,)))
    desk.hears(opened(channel="phone", reply_to=None, author=Author(), party=Party(), message_id=None, references=()))
    linked = CustomerLink(state="linked", id="C-7")
    desk.hears(CustomerLinked(at=NOW, cause="x", configuration="i1", case_id=CASE_ID, version=2, customer=linked))
    decision = desk.hears(replied(to=None, version=3))
    (delivery,) = put(decision.changes, "deliveries")
    assert delivery.recipient == CUSTOMER


def test_the_newest_contact_says_where_an_answer_belongs() -> None:
    desk = Desk(configuration(OPENED, {**OPENED, "name": "solved", "fact": "case.resolved"}))
    desk.hears(opened())
    desk.hears(
        ContactAdded(
            at=NOW, cause="m2", configuration="i1", case_id=CASE_ID, version=2, contact="c2", channel="email",
            source_key="second@example.com", message_id="second@example.com", references=(FIRST,),
            author=Author(kind="customer", address=CUSTOMER),
        )
    )  # fmt: skip
    decision = desk.hears(CaseResolved(at=NOW, cause="r", configuration="i1", case_id=CASE_ID, version=3))
    (delivery,) = put(decision.changes, "deliveries")
    assert delivery.mailing.in_reply_to == "<second@example.com>"
    assert delivery.mailing.references == (f"<{FIRST}>", "<second@example.com>")


def test_an_ended_chat_hears_no_more_notices() -> None:
    desk = Desk(configuration({**OPENED, "name": "solved", "fact": "case.resolved"}))
    desk.hears(chat_opened(party=Party(email=CUSTOMER)))
    desk.hears(
        ContactUpdated(
            at=NOW, cause="e", configuration="i1", case_id=CASE_ID, version=2, source_key="chat:conv-1", event="ended",
            channel="chat",
        )
    )  # fmt: skip
    decision = desk.hears(CaseResolved(at=NOW, cause="r", configuration="i1", case_id=CASE_ID, version=3))
    (delivery,) = put(decision.changes, "deliveries")
    assert (delivery.channel, delivery.recipient) == ("email", CUSTOMER)


def test_an_address_that_bounced_gets_no_more_automatic_mail() -> None:
    desk = Desk(configuration(OPENED, REPLY, {**OPENED, "name": "solved", "fact": "case.resolved"}))
    desk.hears(opened())
    desk.hears(ContactBounced(at=NOW, cause="b", configuration="i1", case_id=CASE_ID, version=2, address=CUSTOMER))
    automatic = desk.hears(CaseResolved(at=NOW, cause="r", configuration="i1", case_id=CASE_ID, version=3))
    by_hand = desk.hears(replied(version=4))
    assert put(automatic.changes, "deliveries")[0].reason == "bounced"
    assert put(by_hand.changes, "deliveries")[0].state is State.PENDING


def test_an_incident_is_broadcast_to_each_of_a_list_in_their_language() -> None:
    """S0-06: インシデント一報 to the company."""
    desk = Desk()
    desk.hears(opened())
    decision = desk.hears(declared())

    deliveries = put(decision.changes, "deliveries")
    contents = {each.language: each for each in written(decision.changes)}
    assert [each.recipient for each in deliveries] == ["one@example.com", "two@example.com"]
    assert set(contents) == {"en", "ja"}
    assert contents["ja"].subject == "インシデント一報 決済が止まる"
    assert all(each.urgency is Urgency.BULK and each.mailing.automatic is Automatic.GENERATED for each in deliveries)
    assert [each.recipient for each in decision.emits] == ["list:staff/1", "list:staff/2"]


def test_an_incident_is_broadcast_once_a_case() -> None:
    desk = Desk()
    desk.hears(declared(), "cause-1")
    decision = desk.hears(declared(version=4), "cause-2")
    assert kinds(decision) == [NotificationRequested, NotificationSuppressed]
    assert decision.emits[1].reason == "duplicate"


def test_a_long_list_is_frozen_and_told_step_by_step() -> None:
    """S0-06: one delivery a recipient, whatever the list's length, and none forgotten or told twice."""
    everyone = [f"person-{number}@example.com" for number in range(1201)]
    rules = configuration(INCIDENT, lists={"lists": {"staff": everyone}, "roles": {}})
    desk = Desk(rules)
    decision = desk.hears(declared())
    told, requested = put(decision.changes, "deliveries"), list(decision.emits)
    assert len(told) == 500

    # from here on the list in force is another: who was frozen is told all the same
    desk.moment = moment(configuration(INCIDENT, lists={"lists": {"staff": ["new@example.com"]}, "roles": {}}))
    steps = 0
    while decision.timers:
        (timer,) = decision.timers
        assert timer.kind == "spread"
        decision = desk.is_due(timer)
        told += put(decision.changes, "deliveries")
        requested += decision.emits
        steps += 1
    assert steps == 2
    assert [each.recipient for each in told] == everyone
    assert len({each.id for each in told}) == len({each.notification for each in requested}) == 1201
    assert len({each.broadcast for each in requested}) == 1
    assert requested[0].broadcast.startswith("broadcast_")
    assert len({each.content for each in told}) == 1


def test_a_milestone_is_told_once_for_its_deadline() -> None:
    """S1-19: the occurrence is the deadline, so a fact said again is the same notification."""
    rule = {
        "name": "late", "fact": "milestone.violated", "to": [{"role": "coordinators"}], "template": "opened",
        "sender": "desk", "when": {"field": "fact.kind", "equals": "resolution"},
    }  # fmt: skip
    fact = {
        "at": NOW, "cause": "t", "configuration": "e1", "milestone": "m-1", "case_id": CASE_ID, "kind": "resolution",
        "due_at": NOW, "noticed_at": NOW,
    }  # fmt: skip
    desk = Desk(configuration(rule))
    first = desk.hears(MilestoneViolated(**fact), "cause-1")
    again = desk.hears(MilestoneViolated(**fact), "cause-2")
    later = desk.hears(MilestoneViolated(**{**fact, "due_at": NOW + dt.timedelta(hours=1)}), "cause-3")
    other = desk.hears(MilestoneViolated(**{**fact, "kind": "first_response"}), "cause-4")
    (told,), (repeated,), (another,) = (put(each.changes, "deliveries") for each in (first, again, later))
    assert (repeated.state, repeated.reason) == (State.SUPPRESSED, "duplicate")
    assert (told.state, another.state) == (State.PENDING, State.PENDING)
    assert told.id != another.id
    assert put(other.changes, "deliveries") == []


def test_a_condition_may_look_at_the_case() -> None:
    rule = {**OPENED, "when": {"field": "case.category", "equals": "order"}}
    assert put(Desk(configuration(rule)).hears(opened(category="order")).changes, "deliveries")
    assert not put(Desk(configuration(rule)).hears(opened(category="other")).changes, "deliveries")


def test_a_text_too_long_for_a_mail_is_given_up_with_the_reason() -> None:
    """Templates that explode: bounded, and told."""
    loud = {"loud.en.txt": '---\nsubject: "x"\n---\n{% for c in fact.text %}{{ fact.text }}{% endfor %}\n'}
    rule = {**REPLY, "template": "loud"}
    desk = Desk(configuration(rule, templates=loud))
    decision = desk.hears(replied(text="x" * 20_000))
    assert kinds(decision) == [NotificationRequested, NotificationGivenUp]
    assert decision.emits[1].reason.startswith("template")
    assert "xxx" not in decision.emits[1].reason


def test_work_facts_before_the_case_was_heard_of_do_no_harm() -> None:
    """Topics are read side by side: a milestone may arrive before its case's opening."""
    rule = {
        "name": "late", "fact": "milestone.violated", "to": [{"role": "coordinators"}], "template": "opened", "sender": "desk",
    }  # fmt: skip
    desk = Desk(configuration(rule, OPENED, lists=LISTS, senders=SENDERS))
    fact = MilestoneViolated(
        at=NOW,
        cause="t",
        configuration="e1",
        milestone="m-1",
        case_id=CASE_ID,
        kind="resolution",
        due_at=NOW,
        noticed_at=NOW,
    )
    assert len(put(desk.hears(fact).changes, "deliveries")) == 1
    (delivery,) = put(desk.hears(opened()).changes, "deliveries")
    assert delivery.recipient == CUSTOMER


def test_a_fact_that_teaches_nothing_and_tells_nobody_writes_nothing() -> None:
    """Most facts of work and milestones concern nobody: they must cost nothing."""
    desk = Desk()
    desk.hears(opened())
    fact = MilestoneViolated(
        at=NOW,
        cause="t",
        configuration="e1",
        milestone="m-1",
        case_id=CASE_ID,
        kind="resolution",
        due_at=NOW,
        noticed_at=NOW,
    )
    assert desk.hears(fact) == Decision()
