"""What models promise: instants with an offset, values that can be stored, keys and topics."""

import datetime as dt

import pytest
from pydantic import ValidationError

from caseway.contracts.cases import CaseClosed, CaseOpened
from caseway.contracts.contacts import PhoneContact, WebContact
from caseway.contracts.notifications import NotificationSuppressed
from caseway.contracts.outbound import OutboundMessage
from caseway.contracts.work import WorkRefused
from caseway.kernel.vocabulary import CaseStatus, Turn

NOW = dt.datetime(2026, 11, 22, 9, 0, 5, tzinfo=dt.UTC)
FACT = {"at": NOW, "cause": "c1", "configuration": "v1"}


def closed(at):
    return CaseClosed.model_validate_json(
        f'{{"at":{at},"cause":"c","configuration":"v","case_id":"case_1","version":1}}'
    )


@pytest.mark.parametrize(
    "at", ['"2026-11-22T09:00:05"', '"2026-11-22"', "1700000000", '"1700000000"', '""', "null", "true", '"soon"']
)
def test_what_is_no_instant_is_refused(at):
    with pytest.raises(ValidationError):
        closed(at)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0000-01-01T00:00:00Z"])
def test_an_instant_that_has_no_utc_is_refused(at):
    with pytest.raises(ValidationError):
        closed(f'"{at}"')


def test_the_end_of_time_that_registers_write_is_an_instant():
    assert closed('"9999-12-31T23:59:59Z"').at.astimezone(dt.UTC).year == 9999


def test_an_offset_is_kept():
    fact = closed('"2026-11-22T10:00:05+01:00"')
    assert fact.at == NOW
    assert b'"2026-11-22T10:00:05+01:00"' in fact.model_dump_json().encode()


def test_a_naive_instant_cannot_be_made():
    with pytest.raises(ValidationError):
        CaseClosed(**(FACT | {"at": NOW.replace(tzinfo=None)}), case_id="case_1", version=1)


def test_a_model_cannot_be_changed():
    fact = CaseClosed(**FACT, case_id="case_1", version=1)
    with pytest.raises(ValidationError):
        fact.reason = "other"
    with pytest.raises(ValidationError):
        opened().author.name = "other"


def opened(**changes):
    return CaseOpened(
        **FACT,
        case_id="case_1",
        version=1,
        number=7,
        contact="contact_1",
        channel="email",
        source_key="a@example.com",
        **changes,
    )


def test_class_is_called_class_on_the_wire():
    fact = opened(class_="data_protection")
    assert fact.model_dump(exclude_none=True)["class"] == "data_protection"
    assert CaseOpened.model_validate_json(fact.model_dump_json()) == fact


def test_an_opened_case_is_open_and_the_desks_turn():
    assert (opened().status, opened().turn) == (CaseStatus.OPEN, Turn.DESK)


def test_the_first_version_is_one():
    with pytest.raises(ValidationError):
        CaseClosed(**FACT, case_id="case_1", version=0)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 2**63, -(2**63) - 1, {"a\x00b": 1}, [{"x": {"a\x00": 1}}], [[[2**70]]]]
)
def test_a_free_value_that_no_store_holds_is_refused(value):
    with pytest.raises(ValidationError):
        WebContact(form="f", submission="s", fields={"x": value})


@pytest.mark.parametrize(
    "value", [2**63 - 1, -(2**63), 1e300, "a\x00b", None, True, [], {"a.b": {"$c": [1, "2", None]}}]
)
def test_a_free_value_that_can_be_stored_is_kept(value):
    assert WebContact(form="f", submission="s", fields={"x": value}).fields == {"x": value}


def nested(levels):
    value = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def test_nesting_is_bounded():
    assert WebContact(form="f", submission="s", fields=nested(18))
    with pytest.raises(ValidationError):
        WebContact(form="f", submission="s", fields=nested(21))


def test_a_number_beyond_what_json_holds_exactly_is_refused():
    with pytest.raises(ValidationError):
        opened().model_validate({**opened().model_dump(), "number": 2**53 + 1})


@pytest.mark.parametrize(
    ("message", "key"),
    [
        (PhoneContact(call="call-1", event="offered", caller="+48225550100"), "+48225550100"),
        (PhoneContact(call="call-1", event="offered"), "call-1"),
        (WebContact(form="f", submission="s1", fields={}, customer={"email": "Anna@Example.com"}), "anna@example.com"),
        (WebContact(form="f", submission="s1", fields={}), "s1"),
        (opened(), "case_1"),
        (WorkRefused(**FACT, pool="p", command="c", reason="r", agent="agent-1"), "agent-1"),
        (WorkRefused(**FACT, pool="p", command="c", reason="r", case_id="case_1", agent="agent-1"), "case_1"),
    ],
)
def test_keys(message, key):
    assert message.key() == key


@pytest.mark.parametrize(("case_id", "key"), [("case_1", "case_1"), (None, "incident-3")])
def test_a_notification_about_no_case_is_keyed_by_its_occurrence(case_id, key):
    about = {
        "notification": "n",
        "occurrence": "incident-3",
        "recipient": "agent:1",
        "channel": "email",
        "template": "t",
    }
    assert NotificationSuppressed(**FACT, **about, case_id=case_id).key() == key


@pytest.mark.parametrize(
    ("platform", "topic"), [("chat", "outbound.chat"), ("whatsapp", "outbound.message"), (None, "outbound.message")]
)
def test_outbound_messages_go_to_the_gateway_of_their_platform(platform, topic):
    assert OutboundMessage(conversation="c", case_id="case_1", text="t", platform=platform).topic() == topic
