"""Linked cases, floods of answers, warnings that came too late, files, and addresses by the thousand."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from caseway.contracts.cases import CaseLinked
from caseway.contracts.milestones import MilestoneWarned
from caseway.contracts.notifications import NotificationGivenUp, NotificationRequested, NotificationSuppressed
from caseway.contracts.outbound import OutboundMessage
from caseway.contracts.parts import Author, FileReference, Party
from caseway.contracts.voices import IncidentContained, IncidentEnded, IncidentJoined, PersonalDataErased
from caseway.contracts.work_notices import WorkMentioned
from caseway.kernel.decision import Arm, Decision, Delete, Due, Message
from caseway.kernel.ids import case_id
from caseway.kernel.signing import is_file_path
from caseway.runtime.configuration import load
from caseway_notifier import handlers
from caseway_notifier.domain.fanout.telling import MOST_COPIES
from caseway_notifier.domain.kept import LINKED
from caseway_notifier.metrics import UNTOLD
from caseway_notifier.settings import Configuration
from tests.notifier_builders import (
    CASE_ID,
    CUSTOMER,
    INCIDENT,
    LISTS,
    NOW,
    OPENED,
    REPLY,
    RETAIL,
    SENDERS,
    TEMPLATES,
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

HEAD: dict[str, Any] = {"at": NOW, "cause": "desk", "configuration": "i1"}
OTHER = "case_00000000-0000-4000-8000-000000000001"
OVER = {
    "name": "over",
    "fact": "case.incident-ended",
    "to": ["linked"],
    "template": "over",
    "sender": "support",
}
OVER_TEMPLATES = {
    **TEMPLATES,
    "over.en.txt": '---\nsubject: "Over [#{{ case.number }}]"\n---\nDear {{ customer.name }}, it is over.\n',
    "held.en.txt": '---\nsubject: "{{ fact.count }} held back"\n---\n{{ fact.since }}\n',
    "warned.en.txt": '---\nsubject: "Soon"\n---\n{{ fact.due_at }}\n',
    "reply.en.txt": '---\nsubject: "Re"\n---\n{{ fact.text }}{% for each in files %} {{ each.url }}{% endfor %}\n',
}


class Lanes:
    """States that every lane's decisions leave, and the timers that they arm."""

    resident = None

    def __init__(self, rules: Any, partitions: int = 12) -> None:
        self.moment = moment(rules)
        self.partitions = partitions
        self.states: dict[tuple[str, str], Any] = {}

    def get(self, collection: str, id: str) -> Any:  # noqa: A002 - the port's word
        return self.states.get((collection, id))

    def hears(self, fact: Any, id: str = "cause-1") -> Decision:  # noqa: A002 - the field's word
        received = message(fact, id)
        handle = handlers.on_erasure if isinstance(fact, PersonalDataErased) else handlers.on_case_fact
        return self._keep(handle(received, self, self.moment))

    def is_due(self, timer: Arm, handle: Any) -> Decision:
        due = Due(key=timer.key, kind=timer.kind, due_at=timer.due_at, armed_by="cause-1", data=timer.data)
        fired = Message(
            topic="timer", partition=3, offset=-1, key=timer.key, id=f"timer-{timer.key}", source="", type="timer",
            data=due, time=NOW, recorded_at=NOW,
        )  # fmt: skip
        return self._keep(handle(fired, self, self.moment))

    def _keep(self, decision: Decision) -> Decision:
        for each in decision.changes:
            if isinstance(each, Delete):
                self.states.pop((each.collection, each.id), None)
            else:
                self.states[each.collection, each.id] = each.value
        return decision


def given_up(decision: Decision) -> list[str]:
    return [each.reason for each in decision.emits if isinstance(each, NotificationGivenUp | NotificationSuppressed)]


# ---- linked cases


def linked_desk() -> Lanes:
    desk = Lanes(configuration(OVER, templates=OVER_TEMPLATES))
    desk.hears(opened(case_id=OTHER, number=41))
    desk.hears(IncidentJoined(**HEAD, case_id=OTHER, version=2, incident="incident-1"))
    desk.hears(CaseLinked(**HEAD, case_id=CASE_ID, version=2, other=OTHER, relation="incident"))
    desk.hears(CaseLinked(**HEAD, case_id=CASE_ID, version=3, other="case_of-a-voice", relation="voice"))
    return desk


def test_the_customers_of_linked_cases_hear_that_the_incident_is_over() -> None:
    """S3-16: each under the number, in the thread and in the words of their own case."""
    desk = linked_desk()
    ended = desk.hears(IncidentEnded(**HEAD, case_id=CASE_ID, version=4, text="Our own words."), "cause-9")
    assert not ended.emits, "whoever is linked lives on another lane"
    (step,) = ended.timers
    assert step.data["linked"] == [OTHER]
    told = desk.is_due(step, handlers.on_linked)
    (delivery,) = put(told.changes, "deliveries")
    (content,) = written(told.changes)
    assert (delivery.case_id, delivery.recipient, delivery.cause) == (OTHER, CUSTOMER, "cause-9")
    assert delivery.mailing.references
    assert content.subject == "Over [#41]"
    (fact,) = told.emits
    assert isinstance(fact, NotificationRequested)
    assert desk.is_due(step, handlers.on_linked) == told, "a step told twice is the same notification"


def test_whoever_was_forgotten_is_not_told_that_an_incident_is_over() -> None:
    desk = linked_desk()
    desk.hears(PersonalDataErased(**HEAD, case_id=OTHER, version=3))
    assert ("joined", OTHER) not in desk.states
    (step,) = desk.hears(IncidentEnded(**HEAD, case_id=CASE_ID, version=4)).timers
    assert desk.is_due(step, handlers.on_linked) == Decision()


def test_customers_of_an_incident_hear_of_each_step_once_and_of_nobody_else() -> None:
    """S3-16: declared, contained, over, by retail's own rules; the first who reported it hears too."""
    desk = Lanes(load(RETAIL, Configuration).value)
    desk.hears(opened(case_id=OTHER, number=41, language="de"))
    desk.hears(
        opened(language="pl", author=Author(kind="customer", address="first@example.com", name="Maria Pierwsza"))
    )
    joined = desk.hears(IncidentJoined(**HEAD, case_id=OTHER, version=2, incident="incident-1"))
    assert [each.template for each in put(joined.changes, "deliveries")] == ["disruption"]
    desk.hears(CaseLinked(**HEAD, case_id=CASE_ID, version=2, other=OTHER, relation="incident"))

    told = {}
    for fact, name in ((IncidentContained, "disruption-contained"), (IncidentEnded, "disruption-over")):
        first = desk.hears(fact(**HEAD, case_id=CASE_ID, version=len(told) + 4, text="Kunde Huber, Konto 7."), name)
        (to_first,) = [each for each in put(first.changes, "deliveries") if each.template == name]
        assert to_first.recipient == "first@example.com"
        (step,) = [each for each in first.timers if each.kind == LINKED]
        told[name] = desk.is_due(step, handlers.on_linked)
        (delivery,) = put(told[name].changes, "deliveries")
        (content,) = written(told[name].changes)
        assert (delivery.case_id, delivery.recipient, content.language) == (OTHER, CUSTOMER, "de")
        assert "[#41]" in content.subject
        assert not {"Huber", "Maria", "27"} & set(re.findall(r"\w+", content.text)), "nothing of another case"
        again = desk.hears(fact(**HEAD, case_id=CASE_ID, version=len(told) + 40), f"{name}-again")
        assert not [each for each in again.timers if each.kind == LINKED]
    assert told["disruption-contained"] != told["disruption-over"]


def test_thousands_of_linked_cases_are_told_step_by_step() -> None:
    desk = Lanes(configuration(OVER, templates=OVER_TEMPLATES))
    for number in range(450):
        desk.hears(CaseLinked(**HEAD, case_id=CASE_ID, version=number + 2, other=f"case_{number}", relation="incident"))
    steps = desk.hears(IncidentEnded(**HEAD, case_id=CASE_ID, version=999)).timers
    assert [len(each.data["linked"]) for each in steps] == [200, 200, 50]
    assert len({each.key for each in steps}) == 3


# ---- floods

HELD = {"name": "held", "fact": "answers.held", "to": [{"role": "coordinators"}], "template": "held", "sender": "desk"}


def flooded(count: int) -> tuple[Lanes, list[Decision]]:
    rules = configuration(
        OPENED, HELD, templates=OVER_TEMPLATES, senders={**SENDERS, "flood": {"answers": 36, "window": "PT10M"}}
    )
    desk = Lanes(rules)
    decisions = [
        desk.hears(opened(case_id=case_id(f"{number}"), reply_to=f"a{number}@example.com"), f"cause-{number}")
        for number in range(count)
    ]
    return desk, decisions


def test_beyond_what_a_desk_ever_answers_nothing_is_answered_by_a_machine() -> None:
    """Semantics 5.7, the storm breaker: a lane's share of 36 among 12 is 3; one summary; and it ends."""
    desk, decisions = flooded(6)
    assert [given_up(each) for each in decisions] == [[], [], [], ["flood"], ["flood"], ["flood"]]
    timers = [timer for each in decisions for timer in each.timers]
    (summary,) = timers
    assert summary.due_at == NOW + dt.timedelta(minutes=10)
    told = desk.is_due(summary, handlers.on_flood)
    (delivery,) = put(told.changes, "deliveries")
    (content,) = written(told.changes)
    assert delivery.recipient == "boss@example.com"
    assert content.subject == "3 held back"
    assert given_up(desk.hears(opened(case_id=case_id("after")), "after")) == []


def test_a_flood_holds_back_no_person() -> None:
    rules = configuration(OPENED, REPLY, senders={**SENDERS, "flood": {"answers": 1, "window": "PT10M"}})
    desk = Lanes(rules)
    for number in range(4):
        desk.hears(opened(case_id=case_id(f"{number}")), f"cause-{number}")
    assert given_up(desk.hears(replied(case_id=case_id("0")))) == []


def test_what_answers_nobody_leaves_the_count_as_it_is() -> None:
    """A watch's notice to the customer, decided without the count, must not begin it anew."""
    rule = {**OPENED, "name": "late", "fact": "watch.due", "template": "opened"}
    senders = {**SENDERS, "flood": {"answers": 36, "window": "PT10M"}}
    watch = {"name": "w", "starts_on": ["case.opened"], "ends_on": ["case.closed"], "after": "PT1H"}
    rules = configuration(senders=senders, subscriptions={"subscriptions": [rule], "watches": [watch]})
    desk = Lanes(rules)
    (timer,) = desk.hears(opened()).timers
    told = desk.is_due(timer, handlers.on_watch)
    assert put(told.changes, "deliveries")
    assert put(told.changes, "floods") == []


def test_what_is_held_back_is_counted() -> None:
    before = UNTOLD.labels("customer", "flood")._value.get()
    flooded(5)
    assert UNTOLD.labels("customer", "flood")._value.get() == before + 2


# ---- too late


@pytest.mark.parametrize(("is_overtaken", "expected"), [(True, ["overtaken"]), (False, [])])
def test_a_warning_after_the_deadline_itself_tells_nobody(is_overtaken: bool, expected: list[str]) -> None:
    """After an outage people hear of the violation alone."""
    rule = {
        "name": "warned",
        "fact": "milestone.warned",
        "to": [{"role": "coordinators"}],
        "template": "warned",
        "sender": "desk",
    }
    warned = MilestoneWarned(
        **HEAD, case_id=CASE_ID, milestone="m", kind="first_response", due_at=NOW, is_overtaken=is_overtaken
    )
    decision = Lanes(configuration(rule, templates=OVER_TEMPLATES)).hears(warned)
    assert given_up(decision) == expected


# ---- rooms that a fact names

ROOM = {
    "name": "room",
    "fact": "work.mentioned",
    "to": [{"endpoint_of": "post_to", "mention": [{"field": "mentions"}]}],
    "template": "warned",
    "sender": "desk",
}


@pytest.mark.parametrize(("post_to", "expected"), [("#desk", []), ("elsewhere", ["no-recipient"])])
def test_a_post_goes_to_the_room_that_the_fact_names(post_to: str, expected: list[str]) -> None:
    """S2-19: whoever is named is called by name, and nobody else."""
    lists = {
        **LISTS,
        "people": {"anna": {"name": "Anna"}},
        "endpoints": {"desk": {"kind": "slack", "url_file": "/run/secrets/desk"}},
    }
    templates = {**TEMPLATES, "warned.en.txt": '---\nsubject: "x"\n---\n{{ fact.post_to }}\n'}
    rules = configuration(ROOM, lists=lists, templates=templates)
    fact = WorkMentioned(
        **HEAD,
        case_id=CASE_ID,
        work_item="w",
        pool="p",
        queue="q",
        post_to=post_to,
        mentions=("anna",),
        reason="asked_for",
    )
    decision = Lanes(rules).hears(fact)
    assert given_up(decision) == expected
    (delivery,) = put(decision.changes, "deliveries")
    assert delivery.mentions == (("Anna",) if not expected else ())


# ---- files

FILE = FileReference(name="Etykieta zwrotna.pdf", media_type="application/pdf", size=9, digest="d" * 64)
FETCHED = {**SENDERS, "files_url": "https://desk.example.com"}


def test_a_replys_files_are_links_that_end() -> None:
    rules = configuration(REPLY, templates=OVER_TEMPLATES, senders=FETCHED)
    rules.keyed(b"key")
    elsewhere = FileReference(name="x.png", url="https://files.example.com/x.png")
    risky = FileReference(name="y.png", url="http://files.example.com/y.png")
    decision = Lanes(rules).hears(replied(attachments=(FILE, elsewhere, risky)))
    (content,) = written(decision.changes)
    ours, theirs = content.files
    assert theirs.url == "https://files.example.com/x.png"
    assert ours.url in content.text
    until = int((NOW + dt.timedelta(days=30)).timestamp())
    base, _, query = ours.url.partition("?")
    assert base == f"https://desk.example.com/v1/files/{'d' * 64}/Etykieta%20zwrotna.pdf"
    signature = query.partition("signature=")[2]
    assert is_file_path(b"key", "d" * 64, FILE.name, until, signature)
    for wrong in (("e" * 64, FILE.name, until), ("d" * 64, "run.exe", until), ("d" * 64, FILE.name, until + 1)):
        assert not is_file_path(b"key", *wrong, signature)
    assert not is_file_path(b"", "d" * 64, FILE.name, until, signature)


def test_a_gateway_is_given_the_files_of_a_reply() -> None:
    rules = configuration(OPENED, REPLY, templates=OVER_TEMPLATES, senders=FETCHED)
    desk = Lanes(rules)
    desk.hears(chat_opened())
    decision = desk.hears(replied(channel="chat", conversation="conv-1", platform="chat", attachments=(FILE,)))
    (command,) = (each for each in decision.emits if isinstance(each, OutboundMessage))
    (file,) = command.attachments
    assert file.url.startswith("https://desk.example.com/v1/files/")


def test_without_an_address_of_intake_there_are_no_links() -> None:
    decision = Lanes(configuration(REPLY, templates=OVER_TEMPLATES)).hears(replied(attachments=(FILE,)))
    (content,) = written(decision.changes)
    assert content.files == ()


# ---- addresses


def test_thousands_in_copy_are_a_mistake_and_told_as_one() -> None:
    copies = tuple(f"person-{number}@example.com" for number in range(3_000))
    decision = Lanes(configuration(REPLY)).hears(replied(copies=copies))
    deliveries = put(decision.changes, "deliveries")
    assert given_up(decision) == ["too-many-copies"]
    assert sum(not each.reason for each in deliveries) == 1 + MOST_COPIES
    (refused,) = (each for each in deliveries if each.reason)
    assert refused.reference == "copies:2900"


@pytest.mark.parametrize(
    "to", ["a@example.com, b@example.com", ";".join(["a@example.com"] * 5_000), "x" * 10_000, "a@b@example.com"]
)
def test_a_field_that_holds_several_addresses_is_none(to: str) -> None:
    """The reply goes where the case is answered, not to whoever else stands in the field."""
    desk = Lanes(configuration(OPENED, REPLY))
    desk.hears(opened())
    (delivery,) = put(desk.hears(replied(to=to)).changes, "deliveries")
    assert delivery.recipient == CUSTOMER


def test_a_contact_with_no_usable_address_is_told_as_such() -> None:
    nobody = opened(
        author=Author(kind="customer", address="+48 22 555 01 42"), party=Party(email="none"), reply_to=None
    )
    assert given_up(Lanes(configuration(OPENED)).hears(nobody)) == ["no-recipient"]


# ---- words


def test_the_only_reader_of_a_language_in_a_long_list_has_their_words_too() -> None:
    """What stands by itself, and what with its delivery: nobody is left without words."""
    staff = [
        *(f"person-{number}@example.com" for number in range(600)),
        {"address": "one@example.com", "language": "ja"},
    ]
    desk = Lanes(configuration(INCIDENT, lists={**LISTS, "lists": {"staff": staff}}))
    desk.hears(opened())
    decision = desk.hears(declared())
    assert {each.language for each in put(decision.changes, "contents")} == {"en", "ja"}


def test_a_short_lists_only_reader_of_a_language_has_their_words_with_the_delivery() -> None:
    staff = ["one@example.com", "two@example.com", {"address": "three@example.com", "language": "ja"}]
    desk = Lanes(configuration(INCIDENT, lists={**LISTS, "lists": {"staff": staff}}))
    desk.hears(opened())
    decision = desk.hears(declared())
    (shared,) = put(decision.changes, "contents")
    words = [each.words.language if each.words else "" for each in put(decision.changes, "deliveries")]
    assert (shared.language, words) == ("en", ["", "", "ja"])
