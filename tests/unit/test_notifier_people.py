"""Who is meant by a rule, and by which way they are told."""

from __future__ import annotations

import base64
import datetime as dt
from email import message_from_bytes, policy
from typing import Any

import pytest
from pydantic import ValidationError

from caseway.contracts.cases import CaseFollowed, ContactAdded, EscalatedToDepartment, TeamChanged
from caseway.contracts.customers import CustomerRecorded, OrderChanged
from caseway.contracts.measures import ReportFile, ReportPublished
from caseway.contracts.milestones import LadderRungReached
from caseway.contracts.notifications import NotificationGivenUp, NotificationRequested
from caseway.contracts.parts import Author, TeamMember
from caseway.contracts.voices import IncidentRoleSet
from caseway.contracts.work import WorkAccepted, WorkQueued
from caseway.kernel.decision import Decision
from caseway_notifier import handlers
from caseway_notifier.adapters.mail import Composing, compose
from caseway_notifier.domain.delivery import Delivery, State
from caseway_notifier.domain.request import next_hop
from tests.notifier_builders import (
    CASE_ID,
    CUSTOMER,
    NOW,
    OPENED,
    SENDERS,
    TEMPLATES,
    configuration,
    message,
    moment,
    opened,
    put,
    written,
)
from tests.notifier_lane import Lane

PEOPLE: dict[str, Any] = {
    "anna": {
        "address": "anna@example.com",
        "name": "Anna",
        "phone": "+48225550101",
        "department": "sales",
        "queues": ["vip"],
    },
    "bea": {"address": "bea@example.com", "name": "Bea", "department": "sales", "skills": ["ja"], "language": "pl"},
    "carl": {"name": "Carl", "phone": "+48225550102"},
    "dora": {"name": "Dora"},
}
LISTS: dict[str, Any] = {
    "people": PEOPLE,
    "lists": {"staff": ["anna", "bea", "one@example.com"], "sales": ["bea"]},
    "roles": {"boss": ["carl"], "coordinators": ["anna"]},
    "endpoints": {"room": {"kind": "slack", "url_file": "/run/secrets/room"}},
}
HEAD: dict[str, Any] = {"at": NOW, "cause": "x", "configuration": "i1", "case_id": CASE_ID}
WORK = {**HEAD, "work_item": "w-1", "pool": "p", "queue": "vip"}


def rule(to: Any, **changes: Any) -> dict[str, Any]:
    return {
        "name": "rule",
        "fact": "case.escalated-to-department",
        "to": to,
        "template": "opened",
        "sender": "desk",
        **changes,
    }


def rules(*entries: dict[str, Any], **parts: Any) -> Any:
    return configuration(*entries, **{"lists": LISTS, **parts})


def escalated(version: int = 9, **changes: Any) -> EscalatedToDepartment:
    return EscalatedToDepartment(**{**HEAD, "version": version, "department": "sales", **changes})


def told(decision: Decision) -> list[Delivery]:
    return [each for each in put(decision.changes, "deliveries") if each.state is State.PENDING]


@pytest.mark.parametrize(
    ("to", "who"),
    [
        ([{"person": "anna"}], ["anna@example.com"]),
        ([{"field": "person"}], ["bea@example.com"]),
        ([{"field": "department"}], ["anna@example.com", "bea@example.com"]),
        ([{"department": "sales"}], ["anna@example.com", "bea@example.com"]),
        (["department"], ["anna@example.com", "bea@example.com"]),
        ([{"skill": "ja"}], ["bea@example.com"]),
        ([{"queue": "vip"}], ["anna@example.com"]),
        (["queue"], ["anna@example.com"]),
        (["holder"], ["bea@example.com"]),
        (["followers"], ["anna@example.com"]),
        (["team"], ["bea@example.com"]),
        ([{"incident_role": "lead"}], ["anna@example.com"]),
        ([{"list": "staff"}], ["anna@example.com", "bea@example.com", "one@example.com"]),
        (["everyone"], ["anna@example.com", "bea@example.com", "one@example.com"]),
        ([{"list": "staff"}, {"person": "anna"}], ["anna@example.com", "bea@example.com", "one@example.com"]),
    ],
)
def test_a_rule_means_people_by_every_name(to: Any, who: list[str]) -> None:
    """S4-11, S1-24: role, person, skill, queue, case team, follower, department, everyone; each once."""
    lane = Lane(rules(rule(to)))
    lane.hears(opened())
    lane.hears(WorkQueued(**WORK, queue_entered_at=NOW))
    lane.hears(WorkAccepted(**WORK, agent="bea"))
    lane.hears(CaseFollowed(**HEAD, version=2, follower="anna"))
    lane.hears(CaseFollowed(**HEAD, version=3, follower="bea"))
    lane.hears(CaseFollowed(**HEAD, version=4, follower="bea", stopped=True))
    lane.hears(TeamChanged(**HEAD, version=5, members=(TeamMember(agent="bea", role="lead"),)))
    lane.hears(IncidentRoleSet(**HEAD, version=6, role="lead", person="anna"))
    decision = lane.hears(escalated(person="bea", department="sales"))
    assert sorted(each.recipient for each in told(decision)) == who


def test_a_named_person_is_told_and_nobody_else() -> None:
    """S2-19: the mention goes only to that person."""
    lane = Lane(
        rules(
            rule([{"field": "person"}], name="named", when={"field": "fact.person", "exists": True}),
            rule(["department"], name="all", when={"field": "fact.person", "exists": False}),
        )
    )
    assert [each.reference for each in told(lane.hears(escalated(person="bea")))] == ["person:bea"]
    assert len(told(lane.hears(escalated(10)))) == 2


def test_a_room_is_told_with_its_mention_list_by_name() -> None:
    """S2-18: an escalation channel with a fixed mention list."""
    lane = Lane(rules(rule([{"endpoint": "room", "mention": [{"list": "staff"}, {"role": "boss"}]}])))
    (delivery,) = told(lane.hears(escalated()))
    assert (delivery.channel, delivery.recipient, delivery.destination) == ("slack", "room", "slack:room")
    assert delivery.mentions == ("Anna", "Bea", "Carl")
    assert delivery.mailing is None


def test_nobody_to_tell_is_a_fact_of_every_kind_of_recipient() -> None:
    """An empty recipient at run time is a fact, never silence."""
    for to in (["holder"], ["followers"], ["team"], [{"field": "person"}], ["queue"]):
        decision = Lane(rules(rule(to))).hears(escalated(person="stranger"))
        assert [type(each) for each in decision.emits] == [NotificationRequested, NotificationGivenUp], to
        assert decision.emits[1].reason == "empty-list"


def test_who_cannot_be_reached_that_way_is_told_by_the_next() -> None:
    """Permanent failure, or no such way: the recipient's next channel."""
    lane = Lane(rules(rule([{"person": "anna"}, {"person": "carl"}, {"person": "dora"}], channel=["email", "message"])))
    decision = lane.hears(escalated())
    anna, carl = told(decision)
    assert (anna.channel, [hop.recipient for hop in anna.hops]) == ("email", ["+48225550101"])
    assert (carl.channel, carl.recipient, carl.platform) == ("message", "+48225550102", "sms")
    (nobody,) = [each for each in put(decision.changes, "deliveries") if each.state is State.GIVEN_UP]
    assert (nobody.reference, nobody.reason) == ("person:dora", "no-recipient")

    following = next_hop(anna, NOW)
    assert following is not None
    assert (following.channel, following.recipient, following.destination) == (
        "message",
        "+48225550101",
        "message:+48225550101",
    )
    assert following.id != anna.id
    assert next_hop(following, NOW) is None


def test_who_is_on_call_is_rung_and_mailed_where_there_is_no_phone() -> None:
    lane = Lane(rules(rule([{"role": "boss"}, {"person": "bea"}], channel=["ring", "email"], urgency="urgent")))
    carl, bea = told(lane.hears(escalated()))
    assert (carl.channel, carl.platform, carl.recipient) == ("ring", "phone", "+48225550102")
    assert bea.channel == "email"


def test_an_agent_hears_of_unread_messages_at_their_desk() -> None:
    """S4-13: told of unread messages in other windows."""
    entry = rule(["holder"], fact="case.contact-added", channel="desk", when={"field": "case.agent", "exists": True})
    lane = Lane(rules(entry))
    lane.hears(opened())
    lane.hears(WorkAccepted(**WORK, agent="dora"))
    added = ContactAdded(
        **HEAD,
        version=3,
        contact="c2",
        channel="email",
        source_key="b",
        author=Author(kind="customer", address=CUSTOMER),
    )
    (delivery,) = told(lane.hears(added))
    assert (delivery.channel, delivery.recipient, delivery.platform) == ("desk", "agent:dora", "desk")


def test_a_ladder_names_who_must_act() -> None:
    """S1-19: a rung's recipients, by reference; a rung said again is the same notification."""
    lane = Lane(rules(rule([{"field": "recipients"}], fact="ladder.rung-reached")))
    rung = {
        "at": NOW,
        "cause": "t",
        "configuration": "e1",
        "case_id": CASE_ID,
        "ladder": "l",
        "rung": 1,
        "occurrence": "run-1",
    }
    reached = LadderRungReached(**rung, recipients=("role:coordinators", "agent:bea", "person:nobody"))
    assert [each.reference for each in told(lane.hears(reached))] == ["person:anna", "person:bea"]
    again = lane.hears(reached)
    assert told(again) == []
    assert again.emits[1].reason == "duplicate"
    assert len(told(lane.hears(reached.model_copy(update={"repeat": 1})))) == 2


def test_a_customer_hears_of_their_order() -> None:
    """S4-23: order status changed; it belongs to no case."""
    templates = {
        **TEMPLATES,
        "order.en.txt": '---\nsubject: "{{ fact.order }}"\n---\n{{ customer.name }}: {{ fact.status }}\n',
    }
    lane = Lane(
        configuration({**OPENED, "fact": "order.changed", "template": "order", "channel": "email"}, templates=templates)
    )
    recorded = CustomerRecorded(customer="C-7", name="Anna", emails=(CUSTOMER,))
    lane._keep(handlers.on_customer_recorded(message(recorded), lane, moment()))
    decision = lane.hears(OrderChanged(customer="C-7", order="A-1", status="shipped", at=NOW))
    (delivery,) = told(decision)
    assert (delivery.recipient, delivery.case_id) == (CUSTOMER, "")
    assert decision.emits[0].case_id is None
    assert decision.emits[0].key().startswith("order/A-1/shipped")
    assert delivery.mailing is not None
    assert delivery.mailing.message_id.endswith("@desk.example.com>")
    assert not put(decision.changes, "cases")


def test_a_report_is_mailed_with_its_files_to_whom_it_names() -> None:
    """S4-31: chosen reports mailed automatically, exported to XLS."""
    templates = {**TEMPLATES, "report.en.txt": '---\nsubject: "{{ fact.title }}"\n---\n{{ fact.summary }}\n'}
    entry = rule([{"field": "recipients"}], fact="report.published", template="report")
    lane = Lane(rules(entry, templates=templates))
    sheet = ReportFile(
        name="day.xlsx",
        media_type="application/vnd.ms-excel",
        size=5,
        digest="d",
        content=base64.b64encode(b"PK\x03\x04!"),
    )
    linked = ReportFile(
        name="big.xlsx", media_type="application/vnd.ms-excel", size=9, digest="d", url="https://example.com/big"
    )
    published = ReportPublished(
        at=NOW, cause="c", configuration="a1", report="day", occurrence="day/1", title="The day", starts_at=NOW, ends_at=NOW,
        recipients=("list:sales", "role:coordinators", "boss@example.net", "list:none"), summary="12 cases", files=(sheet, linked),
    )  # fmt: skip
    decision = lane.hears(published)
    assert [each.recipient for each in told(decision)] == ["bea@example.com", "anna@example.com", "boss@example.net"]
    (content,) = written(decision.changes)
    row = told(decision)[0]
    sender = lane.rules.plan.senders["desk"]
    mail = message_from_bytes(compose(row, content, sender, b"key").content, policy=policy.default)
    assert compose(row, content, sender, b"key").content == Composing(b"key").envelope(row, content, sender).content
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("day.xlsx", b"PK\x03\x04!")
    assert mail.get_body().get_content().strip() == "12 cases"


def test_customers_hear_in_their_departments_name_and_brand() -> None:
    """Brand and sender by department; within the house the rule's sender speaks."""
    senders = {**SENDERS, "departments": {"sales": "desk"}}
    entries = (
        rule(["customer"], name="out", sender="support"),
        rule([{"person": "anna"}], name="in", sender="support"),
    )
    lane = Lane(rules(*entries, senders=senders))
    lane.hears(opened(mailbox=None))
    outside, inside = told(lane.hears(escalated()))
    assert outside.mailing is not None
    assert inside.mailing is not None
    assert (outside.mailing.sender, inside.mailing.sender) == ("desk", "support")


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (rule([{"person": "nobody"}]), "no person 'nobody'"),
        (rule([{"endpoint": "nowhere"}]), "no endpoint 'nowhere'"),
        (rule([{"queue": "none"}]), "serves the queue 'none'"),
        (rule([{"skill": "none"}]), "has the skill 'none'"),
        (rule([{"department": "none"}]), "works in the department 'none'"),
        (rule([{"endpoint": "room", "mention": [{"person": "gone"}]}]), "no person 'gone'"),
        (rule([{"field": "flavour"}]), "names the field flavour"),
        (rule([{"person": "anna", "mention": [{"list": "staff"}]}]), "belongs to an endpoint"),
        (rule([{"endpoint": "room", "mention": [{"list": "nowhere"}]}]), "no list 'nowhere'"),
        (rule(["holder"], channel=[]), "at least 1 item"),
        (rule(["holder"], bundle="PT2M"), "no bundle_template"),
        (rule(["holder"], acknowledge={}), "no `public_url`"),
        (rule(["holder"], acknowledge={}, urgency="bulk"), "not acknowledged one by one"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(entry: dict[str, Any], why: str) -> None:
    """A rule without a template, a verified sender or a recipient is refused at load."""
    with pytest.raises(ValidationError, match=why):
        rules(entry)


@pytest.mark.parametrize(
    ("lists", "why"),
    [
        ({"roles": {"boss": ["nobody"]}}, "no person nobody"),
        ({"endpoints": {"x": {"kind": "webhook", "url": "https://example.com"}}}, "needs `secret_file`"),
        ({"endpoints": {"x": {"kind": "slack"}}}, "either `url` or `url_file`"),
        (
            {"endpoints": {"x": {"kind": "webhook", "url": "file:///etc/passwd", "secret_file": "/s"}}},
            "begins with https",
        ),
        ({"people": {"x": {"phone": "call me"}}}, "phone"),
        ({"quiet_hours": {"from": "22:00", "to": "07:00", "zone": "Mars/Olympus"}}, "a time zone"),
    ],
)
def test_people_and_endpoints_that_cannot_be_reached_are_refused(lists: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        configuration(OPENED, lists=lists)


def test_a_mention_list_that_names_a_stranger_is_refused_with_every_fault() -> None:
    """S2-18: whoever a mention list names is called, or the configuration is not taken; all faults at once."""
    mentions = {
        "lists": {
            "one": {"title": "room", "mentions": ["anna", "left.the-house", "role:boss"]},
            "two": {"title": "#No-Such-Room", "mentions": ["ewa", "carl", "stranger"]},
        }
    }
    to = [{"endpoint_of": "post_to", "mention": [{"field": "mentions"}]}]
    posting = {"name": "posting", "fact": "work.mentioned", "to": to, "template": "opened", "sender": "desk"}
    agents = {"agents": {"ewa": {"name": "Ewa"}}}
    with pytest.raises(ValidationError) as refused:
        rules(posting, mentions=mentions, agents=agents)
    for each in (
        "mentions.yaml, one: nobody in lists.yaml or agents.yaml is left.the-house",
        "mentions.yaml, two: nobody in lists.yaml or agents.yaml is stranger",
        "mentions.yaml, two: no endpoint 'No-Such-Room'",
    ):
        assert each in str(refused.value)
    mentions["lists"]["one"]["mentions"] = ["anna"]
    mentions["lists"]["two"] = {"title": "#room", "mentions": ["ewa"]}
    assert rules(posting, mentions=mentions, agents=agents)


def test_whoever_left_is_told_of_beside_those_who_are_told() -> None:
    """Nobody is left out silently: of several who are named, each whom nobody knows is a fact and an alarm."""
    lane = Lane(rules(rule(["followers", {"endpoint": "room", "mention": ["followers"]}])))
    for number, who in enumerate(("employee:anna", "employee:gone", "Zoë the plumber, +48 22 555 01 99"), start=2):
        lane.hears(CaseFollowed(**HEAD, version=number, follower=who))
    decision = lane.hears(escalated(9))
    anna, room = told(decision)
    assert (anna.reference, room.mentions) == ("person:anna", ("Anna",))
    silent = {each.recipient: each.reason for each in decision.emits if isinstance(each, NotificationGivenUp)}
    assert silent == dict.fromkeys(
        ("followers:employee:gone", "followers:?", "mention:employee:gone", "mention:?"), "no-recipient"
    )


def test_an_agents_name_is_enough_where_the_house_has_one_domain() -> None:
    """S4-11: whoever the router knows can be told, without writing them down twice."""
    agents = {"agents": {"ewa": {"name": "Ewa", "pool": "p", "skills": {"ja": "expert"}}}}
    lane = Lane(rules(rule([{"skill": "ja"}]), lists={**LISTS, "people_domain": "example.com"}, agents=agents))
    assert [each.recipient for each in told(lane.hears(escalated()))] == ["bea@example.com", "ewa@example.com"]


def test_quiet_hours_hold_back_what_is_not_urgent() -> None:
    """Semantics 5.7: quiet hours a person, urgency exempt; and what is sent by night because a rule says so."""
    people = {
        "anna": {"address": "anna@example.com", "quiet": {"from": "22:00", "to": "07:00", "zone": "Europe/Warsaw"}}
    }
    entries = (
        rule([{"person": "anna"}], name="calm"),
        rule([{"person": "anna"}], name="urgent", urgency="urgent"),
        rule([{"person": "anna"}], name="by-night", by_night=True),
    )
    lane = Lane(rules(*entries, lists={"people": people}))
    lane.now = dt.datetime(2026, 11, 22, 23, tzinfo=dt.UTC)
    decision = lane.hears(escalated())
    calm, urgent, by_night = told(decision)
    morning = dt.datetime(2026, 11, 23, 6, tzinfo=dt.UTC)
    assert (calm.due_at, urgent.due_at, by_night.due_at) == (morning, lane.now, lane.now)
    assert [each.send_after for each in decision.emits] == [morning, None, None]
