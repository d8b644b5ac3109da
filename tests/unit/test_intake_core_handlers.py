"""How the core's handlers look at states, and what they have written."""

from __future__ import annotations

import datetime as dt

import bson
import pytest
from bson.codec_options import CodecOptions

from caseway.contracts.case_commands import AddContact, AssignFacts, HoldCase, NoteCase
from caseway.contracts.codec import dump
from caseway.contracts.topology import topic_named
from caseway.kernel.decision import Due, Message, Put
from caseway.kernel.errors import Rejected, Superseded
from caseway_intake.adapters.cases import CASES, dump_case, load_case
from caseway_intake.domain import life
from caseway_intake.handlers import core
from tests.intake_builders import AGENT, CASE_ID, NOW, chat, mail, message, moment, step

AWARE = CodecOptions(tz_aware=True, tzinfo=dt.UTC)


VERBS = """
add-contact reply note assign-facts confirm-facts hold release resolve close reopen request-escalation record-callback
declare-incident hand-over judge check submit open absorb approve reject merge unmerge link-customer
propose-customer-merge decide-customer-merge stamp whisper follow set-team escalate-to-department
return-from-department ask-advice advise request-remote request-data-action decide-data-action accept-hand-over
return-hand-over set-incident-role update-incident contain-incident end-incident review-incident
link edit-voice erase watch
 refuse-contact"""
"""As wire.md lists them; and, last, what came since."""


class Loaded(dict[tuple[str, str], object]):
    """The states that a handle's `needs` named, and no others."""

    def get(self, collection: str, id_: str) -> object:  # type: ignore[override]
        return self[collection, id_]


def decided(command, states=None, **where):
    handle = core.handles()[type(command)]
    record = message(command, **where)
    loaded = Loaded({tuple(ref): None for ref in handle.needs(record)})
    loaded.update(states or {})
    return handle.decide(record, loaded, moment())


def test_cases_are_numbered_by_lane_without_a_common_counter():
    """wire.md: the lane's counter times partitions + partition."""
    first = decided(mail(), partition=3)
    counter = next(change for change in first.changes if change.collection == "numbers")
    assert first.emits[0].number == 1 * 12 + 3
    second = decided(mail(), {("numbers", "3"): counter.value}, partition=3)
    other = decided(mail(), partition=4)
    assert (second.emits[0].number, other.emits[0].number) == (2 * 12 + 3, 1 * 12 + 4)
    assert counter.id == "3"


def test_a_contact_of_a_case_that_is_there_takes_no_number():
    case = life.open_case(mail(), step(), 27).case
    decision = decided(mail("second@example.com"), {("cases", CASE_ID): case})
    assert [(change.collection, change.id) for change in decision.changes] == [("cases", CASE_ID)]
    assert decision.emits[0].version == 2


def test_a_later_event_opens_nothing_and_takes_no_number():
    with pytest.raises(Rejected, match="unknown-case"):
        decided(chat("ended", opens=False))


def test_every_command_of_the_topic_has_a_handle_and_asks_for_its_case():
    handles = core.handles()
    assert {each.TYPE for each in handles} == {f"caseway.case.{verb}.v1" for verb in VERBS.split()}
    assert handles[AddContact].decide is not handles[NoteCase].decide
    note = NoteCase(case_id=CASE_ID, actor=AGENT, text="n")
    assert list(handles[NoteCase].needs(message(note))) == [("cases", CASE_ID)]


def test_a_fact_names_its_event_and_its_configuration():
    case = life.open_case(mail(), step(), 27).case
    fact = decided(NoteCase(case_id=CASE_ID, actor=AGENT, text="n"), {("cases", CASE_ID): case}, id_="event-9").emits[0]
    assert (fact.cause, fact.configuration, fact.actor) == ("event-9", "config-1", AGENT)


def due_message(until: dt.datetime) -> Message[Due]:
    due = Due(
        key=f"{CASE_ID}/hold", kind=life.HOLD_IS_OVER, due_at=until, armed_by="hold-event", data={"case_id": CASE_ID}
    )
    return Message(
        topic="timer", partition=3, offset=-1, key=due.key, id="timer-1", source="caseway://intake.core",
        type=due.kind, data=due, time=until, recorded_at=until + dt.timedelta(hours=5),
    )  # fmt: skip


def test_a_hold_that_is_over_names_what_armed_it_and_happened_when_it_was_due():
    """design.md §3: noticed late, it still happened at its time."""
    until = NOW + dt.timedelta(hours=1)
    command = HoldCase(case_id=CASE_ID, actor=AGENT, until=until)
    held = life.decide(life.open_case(mail(), step(), 27).case, command, step("hold-event")).case
    handle, record = core.timers()[life.HOLD_IS_OVER], due_message(until)
    assert list(handle.needs(record)) == [("cases", CASE_ID)]
    decision = handle.decide(record, Loaded({("cases", CASE_ID): held}), moment(until + dt.timedelta(hours=5)))
    assert (decision.emits[0].TYPE, decision.emits[0].cause) == ("caseway.case.released.v1", "hold-event")
    assert decision.emits[0].at == until
    released = next(change.value for change in decision.changes if isinstance(change, Put))
    with pytest.raises(Superseded):
        handle.decide(record, Loaded({("cases", CASE_ID): released}), moment())


STRANGE = {"a.b": 1, "$set": {"x": None}, "": [1.5, True], "zażółć": "ż\n"}


@pytest.mark.parametrize(
    "case",
    [
        life.open_case(mail(), step(), 27).case,
        life.open_case(chat("message", "Hi"), step(), 27).case,
        life.decide(
            life.open_case(
                mail(
                    customer={"state": "candidates", "candidates": ("c-1", "c-2")},
                    preferred_channel="chat",
                    fields=STRANGE,
                    references=("r@example.com",),
                ),
                step(),
                27,
            ).case,
            HoldCase(case_id=CASE_ID, actor=AGENT, until=NOW + dt.timedelta(days=1)),
            step("hold"),
        ).case,
    ],
)
def test_a_case_read_back_from_the_database_is_the_same(case):
    document = bson.decode(bson.encode({**dump_case(case), "_id": case.id, "_lane": "intake.core/3"}), AWARE)
    assert load_case(document) == case
    assert CASES.load(document) == case


def test_a_fact_about_a_case_fits_the_topic_even_with_the_longest_text():
    longest = mail(text="ż" * 131_072, references=tuple(f"{index}@example.com" for index in range(200)))
    value = dump(life.open_case(longest, step(), 1).facts[0])
    assert 262_144 < len(value) < topic_named("cases").max_bytes


def test_assigned_fields_of_any_name_are_kept():
    case = life.open_case(mail(), step(), 27).case
    command = AssignFacts(case_id=CASE_ID, actor=AGENT, fields=STRANGE)
    decision = decided(command, {("cases", CASE_ID): case})
    document = bson.decode(bson.encode({**dump_case(decision.changes[0].value), "_id": CASE_ID}), AWARE)
    assert load_case(document).nature.fields == STRANGE
