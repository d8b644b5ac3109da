"""Who has said that they know, what did not happen in time, and what has lost its cause."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from caseway.contracts.case_commands import RequestEscalation
from caseway.contracts.cases import CaseReopened, CaseResolved, CaseStamped, ContactAdded, ContactBounced
from caseway.contracts.milestones import LadderRungReached, MilestoneMet, MilestoneWarned
from caseway.contracts.notifications import NotificationAcknowledged, NotificationRequested
from caseway.contracts.parts import Actor, Author
from caseway.contracts.voices import (
    CaseHandedOver,
    HandOverAccepted,
    HandOverReturned,
    IncidentUpdated,
    PersonalDataErased,
)
from caseway.contracts.work import WorkAccepted, WorkOffered
from caseway_notifier.adapters.composing import Answer, read_token, token
from caseway_notifier.domain.content import ACKNOWLEDGE
from caseway_notifier.domain.delivery import Hop, State
from caseway_notifier.domain.kept import REMIND
from caseway_notifier.domain.request import next_hop
from caseway_notifier.domain.subscription import Acknowledgement
from tests.notifier_builders import (
    CASE_ID,
    CUSTOMER,
    NOW,
    OPENED,
    SENDERS,
    TEMPLATES,
    configuration,
    declared,
    delivery,
    opened,
    put,
)
from tests.notifier_lane import Lane

HEAD: dict[str, Any] = {"at": NOW, "cause": "x", "configuration": "i1", "case_id": CASE_ID}
ALERT = {
    "name": "alert", "fact": "case.handed-over", "to": [{"field": "to"}], "template": "opened", "sender": "desk",
    "acknowledge": {"remind_after": "PT10M", "reminders": 2},
}  # fmt: skip
LISTS: dict[str, Any] = {
    "people": {"anna": {"address": "anna@example.com"}, "bea": {"address": "bea@example.com"}},
    "lists": {"staff": ["one@example.com"]},
    "roles": {"team": ["anna", "bea"], "boss": ["bea"]},
}
PUBLIC = {**SENDERS, "public_url": "https://desk.example.com"}
TEN = dt.timedelta(minutes=10)


def lane(*entries: dict[str, Any], watches: tuple[dict[str, Any], ...] = (), **parts: Any) -> Lane:
    files = {"subscriptions": list(entries or (ALERT,)), "watches": list(watches)}
    return Lane(configuration(**{"lists": LISTS, "senders": PUBLIC, "subscriptions": files, **parts}))


def handed(version: int = 2, to: str = "team") -> CaseHandedOver:
    return CaseHandedOver(**HEAD, version=version, to=to)


def stamped(version: int = 3, **changes: Any) -> CaseStamped:
    said = {"stamp": "済", "occurrence": CASE_ID, "actor": Actor(kind="agent", id="anna"), **changes}
    return CaseStamped(**HEAD, version=version, **said)


def acknowledged(decision: Any) -> list[tuple[str, str]]:
    return [(each.recipient, each.medium) for each in decision.emits if isinstance(each, NotificationAcknowledged)]


def test_a_done_stamp_answers_for_everybody() -> None:
    """S2-11: when it is over, the 「済」 stamp."""
    desk = lane()
    desk.hears(handed())
    assert acknowledged(desk.hears(stamped(removed=True))) == []
    decision = desk.hears(stamped(4))
    assert acknowledged(decision) == [("person:anna", "stamp"), ("person:bea", "stamp")]
    assert desk.waits(TEN * 5).emits == (), "nobody is reminded of what is done"


def test_another_stamp_answers_nothing() -> None:
    desk = lane()
    desk.hears(handed())
    assert acknowledged(desk.hears(stamped(stamp="seen"))) == []


def test_the_pages_stamp_answers_for_one() -> None:
    """The signed page stamps the notification: the others are still waited for, and reminded."""
    desk = lane()
    first, _ = put(desk.hears(handed()).changes, "deliveries")
    assert first.has_link
    assert acknowledged(desk.hears(stamped(stamp="acknowledged", occurrence=first.id))) == [("person:anna", "page")]
    assert acknowledged(desk.hears(stamped(4, stamp="acknowledged", occurrence=first.id))) == [], (
        "said twice, heard once"
    )
    reminded = put(desk.waits(TEN).changes, "deliveries")
    assert [each.reference for each in reminded] == ["person:bea"]


def test_an_answer_by_mail_answers_for_its_writer() -> None:
    desk = lane()
    desk.hears(handed())
    answer = {"contact": "c2", "channel": "email", "source_key": "r", "in_reply_to": ("n@example.com",)}
    writer = Author(kind="agent", address="Bea@Example.com")
    assert acknowledged(desk.hears(ContactAdded(**HEAD, version=3, author=writer, **answer))) == [
        ("person:bea", "reply")
    ]


def test_who_says_nothing_is_reminded_and_then_a_superior_is_asked_for() -> None:
    """Reminders; un-acknowledged goes up the ladder."""
    desk = lane()
    first = put(desk.hears(handed(to="anna")).changes, "deliveries")[0]
    reminders = [put(desk.waits(TEN).changes, "deliveries")[0] for _ in range(2)]
    assert {each.recipient for each in reminders} == {"anna@example.com"}
    assert len({first.id, *(each.id for each in reminders)}) == 3
    assert {each.acknowledges for each in reminders} == {first.id}, "the reminder's link answers the notice"
    assert len({each.mailing.message_id for each in (first, *reminders)}) == 3
    (command,) = desk.waits(TEN).emits
    assert isinstance(command, RequestEscalation)
    assert (command.case_id, command.urgent, command.actor.id) == (CASE_ID, True, "notifier")
    assert desk.waits(TEN * 10).emits == ()


def test_a_link_names_one_notification_and_cannot_be_forged() -> None:
    row = delivery(id="notification_1", reference="person:anna")
    good = token(b"key", row)
    assert read_token(b"key", good) == Answer(case_id=row.case_id, occurrence="notification_1", recipient="person:anna")
    other = token(b"key", delivery(id="notification_2"))
    forged = f"{good.partition('.')[0]}.{other.partition('.')[2]}"
    for bad in (forged, good[:-1], good + "A", "", ".", "a.b", "ż.ż", "%00.%00", "A" * 9000):
        assert read_token(b"key", bad) is None, bad
    assert read_token(b"other", good) is None
    assert read_token(b"", token(b"", row)) is None, "without a key nobody is believed"


STAMPING = Acknowledgement(remind_after=None, reminders=0, stamp="済", by="agent")


def test_the_link_of_a_done_stamp_names_the_post_and_not_the_notice() -> None:
    """S2-11: two posts on one case, each with a page of its own; the purposes of links are not mixed up."""
    rows = [delivery(id=f"n{post}", occurrence=f"guidance_{post}/2/0", reference="person:anna") for post in "ab"]
    read = [read_token(b"key", token(b"key", row, STAMPING)) for row in rows]
    assert [each and each.occurrence for each in read] == ["guidance_a", "guidance_b"]
    assert {each and (each.case_id, each.recipient, each.stamp, each.by) for each in read} == {
        (rows[0].case_id, "person:anna", "済", "agent")
    }
    stamping, plain = token(b"key", rows[0], STAMPING), token(b"key", rows[0])
    mixed = f"{stamping.partition('.')[0]}.{plain.partition('.')[2]}"
    assert read_token(b"key", mixed) is None
    assert read_token(b"", token(b"", rows[0], STAMPING)) is None


def rung(post: str, number: int = 2) -> LadderRungReached:
    about = {"at": NOW, "cause": "x", "configuration": "i1", "case_id": CASE_ID, "ladder": "long-guidance"}
    return LadderRungReached(
        **about, rung=number, occurrence=f"guidance_{post}", action="ask_stamp", recipients=("agent:anna",)
    )


GUIDED = {
    "name": "stamp-asked", "fact": "ladder.rung-reached", "to": [{"field": "recipients"}], "template": "opened",
    "sender": "desk", "acknowledge": {"stamp": "済", "by": "agent", "remind_after": None},
}  # fmt: skip


def test_a_done_stamp_on_one_post_does_not_answer_for_another() -> None:
    """S2-11: only what it names, or the whole case where it names that."""
    desk = lane(GUIDED)
    for post in "ab":
        desk.hears(rung(post))
    assert acknowledged(desk.hears(stamped(3, occurrence="guidance_"))) == [], "half a name is none"
    (fact,) = desk.hears(stamped(4, occurrence="guidance_b")).emits
    assert fact.occurrence == "guidance_b/2/0"
    assert acknowledged(desk.hears(stamped(5, occurrence="guidance_b"))) == []
    assert acknowledged(desk.hears(stamped(6))) == [("person:anna", "stamp")]


def test_who_is_asked_for_a_stamp_is_not_reminded_where_nobody_wants_it() -> None:
    desk = lane(GUIDED)
    decision = desk.hears(rung("a"))
    assert put(decision.changes, "deliveries")
    assert [each for each in decision.timers if each.kind == REMIND] == []


def test_a_notice_that_falls_back_to_another_channel_is_answered_by_its_link_all_the_same() -> None:
    row = delivery(
        id="notification_1", reference="person:anna", hops=(Hop(channel="email", recipient="a@example.com"),)
    )
    hopped = next_hop(row, NOW)
    assert hopped is not None
    answer = read_token(b"key", token(b"key", hopped))
    assert answer is not None
    assert answer.occurrence == "notification_1"


def test_only_a_template_can_place_the_link() -> None:
    """The mark for each recipient's own link is taken out of whatever customers write."""
    templates = {**TEMPLATES, "opened.en.txt": '---\nsubject: "x"\n---\n{{ link.acknowledge }} {{ fact.text }}\n'}
    desk = lane(templates=templates)
    (content,) = put(desk.hears(CaseHandedOver(**HEAD, version=2, to="team", text=ACKNOWLEDGE)).changes, "contents")
    assert content.text == f"{ACKNOWLEDGE} acknowledge\n"


SILENT = {
    "name": "silent", "starts_on": ["case.handed-over"], "ends_on": ["case.hand-over-accepted", "case.hand-over-returned"],
    "after": "PT15M", "repeats": 2, "escalates": True,
}  # fmt: skip
OVERDUE = {"name": "overdue", "fact": "watch.due", "to": [{"role": "boss"}], "template": "opened", "sender": "desk"}


@pytest.mark.parametrize("answer", [HandOverAccepted, HandOverReturned])
def test_a_hand_over_that_is_answered_is_no_more_watched(answer: Any) -> None:
    """S0-07: accepted or returned."""
    desk = lane(OVERDUE, watches=(SILENT,))
    desk.hears(handed())
    desk.hears(answer(**HEAD, version=3))
    assert desk.waits(dt.timedelta(hours=5)).emits == ()


def test_a_hand_over_without_an_answer_climbs() -> None:
    """Silence climbs the ladder: told each time, as often as the watch says, and a superior is asked for."""
    desk = lane(OVERDUE, watches=(SILENT,))
    desk.hears(handed())
    decision = desk.waits(dt.timedelta(hours=5))
    assert [type(each) for each in decision.emits] == [RequestEscalation, NotificationRequested] * 2
    assert len({each.id for each in put(decision.changes, "deliveries")}) == 2


def test_updates_are_asked_for_at_a_rhythm_by_severity() -> None:
    grave = {
        "name": "grave", "starts_on": ["case.incident-declared", "case.incident-updated"], "ends_on": ["case.incident-ended"],
        "when": {"field": "case.severity", "equals": "critical"}, "after": "PT1H",
    }  # fmt: skip
    desk = lane(OVERDUE, watches=(grave,))
    desk.hears(declared(severity="critical"))
    desk.waits(dt.timedelta(minutes=50))
    desk.hears(IncidentUpdated(**HEAD, version=4, conditions="worse"))
    assert desk.waits(dt.timedelta(minutes=50)).emits == (), "an update begins the hour anew"
    assert len(desk.waits(dt.timedelta(minutes=20)).emits) == 1
    calm = lane(OVERDUE, watches=(grave,))
    calm.hears(declared(severity="low"))
    assert calm.waits(dt.timedelta(hours=9)).emits == ()


def test_a_correction_is_another_broadcast_than_the_first_report() -> None:
    """S0-06: the company gets the first report once, and a correction as what it is."""
    base = {
        "fact": "case.incident-declared",
        "to": [{"list": "staff"}],
        "template": "incident",
        "sender": "desk",
        "urgency": "bulk",
    }
    desk = lane(
        {**base, "name": "first", "once": "case", "when": {"field": "case.reports", "equals": 1}},
        {**base, "name": "correction", "when": {"field": "case.reports", "above": 1}},
    )
    rows = [put(desk.hears(declared(version=version)).changes, "deliveries") for version in (3, 4, 5)]
    assert [[each.subscription for each in found] for found in rows] == [["first"], ["correction"], ["correction"]]


WARNED = {
    "name": "near",
    "fact": "milestone.warned",
    "to": [{"role": "boss"}],
    "template": "opened",
    "sender": "desk",
    "moot": "over",
}
PROMISE: dict[str, Any] = {
    "at": NOW, "cause": "t", "configuration": "e1", "case_id": CASE_ID, "milestone": "m-1", "kind": "resolution", "due_at": NOW,
}  # fmt: skip


def test_a_warning_is_pointless_once_the_promise_is_kept() -> None:
    """Suppressed when the cause has gone: an obstacle with the notice's own name for it."""
    desk = lane(WARNED)
    (row,) = put(desk.hears(MilestoneWarned(**PROMISE)).changes, "deliveries")
    (stands,) = put(desk.hears(MilestoneMet(**PROMISE)).changes, "obstacles")
    assert stands.id in row.obstacles
    assert put(desk.hears(MilestoneMet(**{**PROMISE, "milestone": "m-2"})).changes, "obstacles") == []


def test_a_cause_that_comes_back_is_told_of_again() -> None:
    entry = {**WARNED, "moot": "solved", "fact": "case.handed-over"}
    desk = lane(entry)
    (row,) = put(desk.hears(handed()).changes, "deliveries")
    (stands,) = put(desk.hears(CaseResolved(**HEAD, version=3)).changes, "obstacles")
    assert stands.id in row.obstacles
    desk.hears(CaseReopened(**HEAD, version=4))
    assert desk.get("obstacles", stands.id) is None


def test_an_offer_is_over_for_the_one_who_answered_it() -> None:
    entry = {**WARNED, "fact": "work.offered", "to": [{"field": "agent"}]}
    desk = lane(entry)
    work = {**HEAD, "work_item": "w-1", "pool": "p", "queue": "q", "agent": "anna"}
    decision = {"step": 0, "candidates": [], "chosen": "anna", "policy": "p"}
    offer = WorkOffered.model_construct(**work, expires_at=NOW, decision=decision, actor=None)
    (row,) = put(desk.hears(offer).changes, "deliveries")
    (stands,) = put(desk.hears(WorkAccepted(**work)).changes, "obstacles")
    assert stands.id in row.obstacles
    desk.hears(offer)
    assert desk.get("obstacles", stands.id) is None, "offered to the same agent anew"


def test_a_correction_of_a_broken_promise_is_told() -> None:
    """A fact that sets an earlier one right: what was told as late was in time."""
    entry = {
        **WARNED,
        "name": "kept",
        "fact": "milestone.met",
        "when": {"field": "fact.corrects", "exists": True},
        "moot": "never",
    }
    desk = lane(entry)
    assert put(desk.hears(MilestoneMet(**PROMISE)).changes, "deliveries") == []
    assert len(put(desk.hears(MilestoneMet(**PROMISE, corrects="fact-1")).changes, "deliveries")) == 1


def test_a_mail_that_came_back_marks_its_address_and_its_delivery() -> None:
    """Bounces come back from intake: the address is marked for all cases, the delivery by its bucket's holder."""
    desk = lane(OPENED)
    (row,) = put(desk.hears(opened()).changes, "deliveries")
    back = ContactBounced(**HEAD, version=2, address=CUSTOMER, message_id=row.mailing.message_id.strip("<>"))
    decision = desk.hears(back)
    (stands,), (errand,) = put(decision.changes, "obstacles"), put(decision.changes, "errands")
    assert stands.id in row.obstacles
    assert (errand.kind, errand.bucket, errand.address, errand.message_id) == (
        "bounce",
        row.bucket,
        CUSTOMER,
        row.mailing.message_id,
    )
    soft = desk.hears(ContactBounced(**HEAD, version=3, address=CUSTOMER, permanent=False))
    assert put(soft.changes, "obstacles") == put(soft.changes, "errands") == []


def test_a_person_who_is_erased_is_forgotten_and_hears_nothing_more() -> None:
    """Acts on personal-data-erased: state wiped, what is under way stopped, rows left to an errand."""
    desk = lane(OPENED)
    (row,) = put(desk.hears(opened()).changes, "deliveries")
    decision = desk.hears(PersonalDataErased(**HEAD, version=2, customer="C-7"))
    (known,) = put(decision.changes, "cases")
    assert "anna" not in repr(known).lower()
    assert (known.number, known.status) == (27, "open")
    (stands,), (errand,) = put(decision.changes, "obstacles"), put(decision.changes, "errands")
    assert stands.id in row.obstacles
    assert errand.kind == "erase"
    assert desk.get("customers", "C-7") is None


def test_one_message_id_a_language() -> None:
    """Other words are another mail; the same words have one id, in the fact as on the wire."""
    lists = {
        "lists": {"staff": ["one@example.com", {"address": "two@example.com", "language": "ja"}, "three@example.com"]}
    }
    entry = {
        "name": "i",
        "fact": "case.incident-declared",
        "to": [{"list": "staff"}],
        "template": "incident",
        "sender": "desk",
    }
    decision = lane(entry, lists=lists, templates=TEMPLATES).hears(declared())
    one, two, three = put(decision.changes, "deliveries")
    assert one.mailing.message_id == three.mailing.message_id != two.mailing.message_id
    assert [each.message_id for each in decision.emits] == [each.mailing.message_id for each in (one, two, three)]
    assert [each.language for each in decision.emits] == ["en", "ja", "en"]
    assert {each.state for each in (one, two, three)} == {State.PENDING}
