"""Records become messages or are refused, and nothing else happens (S4-02; delivery.md, "Parking limit")."""

import base64
import contextlib
import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.contracts.cases import CaseClosed
from caseway.contracts.codec import decode, encode, encode_mail, event_headers
from caseway.contracts.contacts import ChatContact, WebContact
from caseway.contracts.topology import TOPICS
from caseway.kernel.errors import Rejected, Superseded

NOW = dt.datetime(2026, 11, 22, 9, 0, 5, tzinfo=dt.UTC)
WEB = "caseway.contact.web.v1"
FORM = b'{"form":"contact","submission":"s1","fields":{"subject":"Zwrot"},"customer":{"email":"Anna@example.com"}}'
CLOSED = CaseClosed(at=NOW, cause="c1", configuration="v1", case_id="case_1", version=4, reason="done")


def headers(type_=WEB, **changes):
    values = {
        "ce_specversion": "1.0",
        "ce_id": "e1",
        "ce_type": type_,
        "ce_source": "gateway://web",
        "ce_time": "2026-11-22T10:00:05+01:00",
        "content-type": "application/json",
    } | changes
    return [(name, value.encode()) for name, value in values.items() if value is not None]


def structured(**changes):
    event = {
        "specversion": "1.0",
        "id": "e1",
        "type": WEB,
        "source": "gateway://web",
        "time": "2026-11-22T10:00:05+01:00",
        "data": json.loads(FORM),
    } | changes
    return json.dumps({name: value for name, value in event.items() if value is not ...}).encode()


STRUCTURED = [("content-type", b"application/cloudevents+json; charset=UTF-8")]


def refusal(topic, value, given_headers, key=b"k"):
    with pytest.raises(Rejected) as caught:
        decode(topic, key, value, given_headers)
    return caught.value


def test_a_binary_event_is_read():
    envelope = decode("contacts.web", b"anna@example.com", FORM, headers(ce_subject="s1", ce_traceparent="00-ab"))
    assert isinstance(envelope.data, WebContact)
    assert envelope.data.fields == {"subject": "Zwrot"}
    assert (envelope.id, envelope.source, envelope.type, envelope.subject) == ("e1", "gateway://web", WEB, "s1")
    assert envelope.time == NOW
    assert envelope.time.tzinfo is dt.UTC
    assert dict(envelope.extensions) == {"traceparent": "00-ab"}


def test_a_structured_event_reads_like_the_binary_one():
    binary = decode("contacts.web", None, FORM, headers(ce_priority="3"))
    assert decode("contacts.web", None, structured(priority=3), STRUCTURED) == binary


def test_structured_data_may_stand_in_base64():
    event = structured(data=..., data_base64=base64.b64encode(FORM).decode())
    assert decode("contacts.web", None, event, STRUCTURED).data == decode("contacts.web", None, FORM, headers()).data


def test_content_type_and_subject_may_be_missing():
    envelope = decode("contacts.web", None, FORM, headers(**{"content-type": None}))
    assert (envelope.content_type, envelope.subject) == ("application/json", "")


def test_unknown_fields_are_ignored():
    value = FORM[:-1] + b',"colour":"blue"}'
    assert decode("contacts.web", None, value, headers()).data == decode("contacts.web", None, FORM, headers()).data


def test_what_is_encoded_is_decoded():
    value, sent = encode(
        CLOSED,
        id="f1",
        source="caseway://intake.core",
        time=NOW,
        subject="case_1",
        lane="intake.core/3/ab",
        sequence=17,
    )
    envelope = decode("cases", b"case_1", value, sent)
    assert envelope.data == CLOSED
    assert (envelope.lane, envelope.sequence) == ("intake.core/3/ab", 17)
    assert dict(envelope.extensions) == {}
    assert dict(sent) == {
        "ce_specversion": b"1.0",
        "ce_type": b"caseway.case.closed.v1",
        "content-type": b"application/json",
        "ce_id": b"f1",
        "ce_source": b"caseway://intake.core",
        "ce_time": b"2026-11-22T09:00:05Z",
        "ce_subject": b"case_1",
        "ce_lane": b"intake.core/3/ab",
        "ce_sequence": b"17",
    }


def test_a_message_without_a_lane_says_nothing_of_lanes():
    _, sent = encode(CLOSED, id="f1", source="x", time=NOW)
    assert not {"ce_lane", "ce_sequence"} & dict(sent).keys()


def test_absent_values_are_not_written():
    assert json.loads(encode(CLOSED, id="f1", source="x", time=NOW)[0]) == {
        "at": "2026-11-22T09:00:05Z",
        "cause": "c1",
        "configuration": "v1",
        "case_id": "case_1",
        "version": 4,
        "status": "closed",
        "reason": "done",
    }


def test_a_naive_time_is_not_sent():
    with pytest.raises(ValueError, match="without an offset"):
        event_headers(WEB, id="1", source="x", time=NOW.replace(tzinfo=None))


@pytest.mark.parametrize("source", ["gateway://web", "caseway://router.core", "caseway://nobody"])
def test_lane_headers_count_only_from_a_lane_that_writes_the_topic(source):
    """delivery.md, "Sequences": a stranger's lane is an extension like any other, whatever it holds."""
    value, sent = encode(CLOSED, id="f1", source=source, time=NOW, lane="x/1/a")
    sent = [(name, b"not a number" if name == "ce_sequence" else given) for name, given in sent]
    envelope = decode("cases", None, value, sent)
    assert (envelope.lane, envelope.sequence) == ("", 0)
    assert dict(envelope.extensions) == {"lane": "x/1/a", "sequence": "not a number"}


@pytest.mark.parametrize("sequence", [None, b"", b"-1", b"1.5", b"abc", "٣".encode(), b"9" * 19])
def test_a_lane_of_ours_without_a_proper_sequence_is_refused(sequence):
    value, sent = encode(CLOSED, id="f1", source="caseway://intake.core", time=NOW, lane="intake.core/1/a")
    sent = [header for header in sent if header[0] != "ce_sequence"]
    if sequence is not None:
        sent.append(("ce_sequence", sequence))
    assert refusal("cases", value, sent).reason == "malformed"


class TestMail:
    RAW = b"From: a@example.com\r\n\r\nDzie\xf1 dobry"

    def test_raw_mail_keeps_its_bytes_and_its_envelope(self):
        value, sent = encode_mail(
            self.RAW,
            id="m1",
            source="smtp",
            time=NOW,
            mail_from="a@example.com",
            rcpt_to=["b@example.com", "c@example.com"],
        )
        envelope = decode("contacts.email", b"a@example.com", value, sent)
        assert envelope.data == self.RAW
        assert dict(envelope.extensions) == {"mailfrom": "a@example.com", "rcptto": "b@example.com,c@example.com"}
        assert envelope.content_type == "message/rfc822"

    def test_structured_mail_stands_in_base64(self):
        event = structured(
            type="caseway.contact.email.v1",
            datacontenttype="message/rfc822",
            mailfrom="a@example.com",
            data=...,
            data_base64=base64.b64encode(self.RAW).decode(),
        )
        assert decode("contacts.email", None, event, STRUCTURED).data == self.RAW

    @pytest.mark.parametrize(
        ("raw", "content_type"), [(b"", "message/rfc822"), (b" \r\n", ""), (b"{}", "application/json")]
    )
    def test_what_is_no_mail_is_refused(self, raw, content_type):
        sent = headers("caseway.contact.email.v1", **{"content-type": content_type})
        assert refusal("contacts.email", raw, sent).reason == "malformed"


class TestUnknown:
    @pytest.mark.parametrize(
        "topic", ["contacts.web", "contacts.email", "case.commands", "work.commands", "outbound.chat"]
    )
    def test_an_unknown_type_is_parked_on_contacts_and_commands(self, topic):
        assert refusal(topic, FORM, headers("shop.basket.changed.v1")).reason == "unknown-type"

    @pytest.mark.parametrize(
        "topic", ["cases", "work", "milestones", "notifications", "customers", "quality", "measures"]
    )
    def test_an_unknown_type_is_skipped_on_facts(self, topic):
        with pytest.raises(Superseded):
            decode(topic, None, b"not even JSON", headers("shop.basket.changed.v1"))

    @pytest.mark.parametrize(
        ("topic", "type_"),
        [
            ("cases", "caseway.case.opened.v2"),
            ("contacts.email", "caseway.contact.email.v2"),
            ("work.commands", "caseway.work.accept.v10"),
        ],
    )
    def test_an_unknown_version_is_parked_everywhere(self, topic, type_):
        assert refusal(topic, b"{}", headers(type_)).reason == "unknown-version"

    def test_a_known_type_on_another_topic_is_unknown_there(self):
        assert refusal("contacts.chat", FORM, headers(WEB)).reason == "unknown-type"


@pytest.mark.parametrize("name", ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time"])
@pytest.mark.parametrize("damage", ["missing", "empty", "null", "not text", "twice"])
def test_a_broken_attribute_is_refused(name, damage):
    sent = headers()
    whole = next(value for found, value in sent if found == name)
    rest = [header for header in sent if header[0] != name]
    broken = {
        "missing": [],
        "empty": [(name, b"")],
        "null": [(name, None)],
        "not text": [(name, b"\xff\xfe")],
        "twice": [(name, whole), (name, whole)],
    }[damage]
    assert refusal("contacts.web", FORM, rest + broken).reason == "malformed"


@pytest.mark.parametrize("value", [None, b"\xc3"])
def test_a_broken_content_type_is_refused(value):
    assert (
        refusal("contacts.web", FORM, [*headers(**{"content-type": None}), ("content-type", value)]).reason
        == "malformed"
    )


def test_two_content_types_are_refused():
    assert refusal("contacts.web", FORM, [*headers(), ("content-type", b"text/plain")]).reason == "malformed"


def test_broken_headers_of_others_are_not_ours_to_judge():
    sent = [*headers(), ("trace", None), ("trace", b"\xff"), ("trace", b"1"), ("", None)]
    assert decode("contacts.web", None, FORM, sent).id == "e1"


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-22T10:00:05",
        "2026-11-22",
        "1700000000",
        "2026-13-01T00:00:00Z",
        "2026-11-22T25:00:00Z",
        "20261122T100005Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "yesterday",
        "２０２６-11-22T10:00:05Z",
    ],
)
def test_a_time_that_is_no_instant_is_refused(time):
    assert refusal("contacts.web", FORM, headers(ce_time=time)).reason == "malformed"


@pytest.mark.parametrize(
    "time", ["2026-11-22T09:00:05.123456789Z", "2026-11-22t09:00:05z", "2026-11-22 14:30:05+05:30"]
)
def test_every_writing_of_rfc_3339_is_read(time):
    assert decode("contacts.web", None, FORM, headers(ce_time=time)).time.replace(microsecond=0) == NOW


@pytest.mark.parametrize("version", ["0.3", "1.1", "2.0", "1"])
def test_another_version_of_cloudevents_is_refused(version):
    assert refusal("contacts.web", FORM, headers(ce_specversion=version)).reason == "malformed"


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"{not json",
        b"\xff\xfe{}",
        b"[]",
        b"null",
        b'"text"',
        FORM[:-1],
        b"[" * 100_000,
        FORM.replace(b"Zwrot", b"\\ud800"),
        FORM.replace(b'"Zwrot"', b"NaN"),
        FORM.replace(b'"Zwrot"', b"1e999"),
        FORM.replace(b'"Zwrot"', b"9" * 30),
        FORM.replace(b'"subject"', b'"sub\\u0000ject"'),
        FORM.replace(b'"Zwrot"', b'{"a":' * 40 + b"1" + b"}" * 40),
        FORM.replace(b'"Zwrot"', b"[" * 40 + b"]" * 40),
        FORM.replace(b'"contact"', b"1"),
        FORM.replace(b'"contact"', b'""'),
        b'{"form":"contact"}',
    ],
)
def test_a_broken_value_is_refused(value):
    assert refusal("contacts.web", value, headers()).reason == "malformed"


def test_a_key_that_is_not_text_is_refused():
    assert refusal("contacts.web", FORM, headers(), key=b"\xff").reason == "malformed"


def test_more_than_the_topic_takes_is_refused():
    assert refusal("contacts.web", b" " * (1024 * 1024 + 1), headers()).reason == "too-large"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"[]",
        b"{}",
        b"{not json",
        structured(data=...),
        structured(data=None),
        structured(data_base64="AAAA"),
        structured(data=..., data_base64="not base64!"),
        structured(data=..., data_base64=7),
        structured(id=["a"]),
        structured(id=1.5),
        structured(source={"a": 1}),
        structured(specversion=1.0),
        structured(time=1700000000),
        structured(data="text"),
        structured(data="text", datacontenttype="text/plain"),
    ],
)
def test_a_broken_structured_event_is_refused(value):
    assert refusal("contacts.web", value, STRUCTURED).reason == "malformed"


@pytest.mark.parametrize("content_type", [None, "application/json"])
def test_a_structured_event_is_known_without_its_content_type(content_type):
    """The official SDK for Python sends them so before its release 2."""
    sent = [("content-type", content_type.encode())] if content_type else []
    assert decode("contacts.web", None, structured(), sent) == decode("contacts.web", None, structured(), STRUCTURED)


@pytest.mark.parametrize(
    "content_type", ["application/cloudevents", "application/cloudevents-batch+json", "application/cloudevents+avro"]
)
def test_other_formats_of_cloudevents_are_refused(content_type):
    assert refusal("contacts.web", structured(), [("content-type", content_type.encode())]).reason == "malformed"


def test_a_refusal_names_fields_and_never_what_they_hold():
    """delivery.md, checker 12: no customer's data in any log line."""
    value = json.dumps(
        {
            "conversation": "c1",
            "event": "anna.secret@example.com",
            "sender": {"kind": "+48 600 555 010", "id": 5},
            "customer": {"email": ["anna.secret@example.com"]},
        }
    ).encode()
    detail = refusal("contacts.chat", value, headers(ChatContact.TYPE)).detail
    assert "event: literal_error" in detail
    assert "sender.…: literal_error" in detail
    assert "secret" not in detail
    assert "555" not in detail


def test_a_refusal_does_not_repeat_names_that_the_sender_made_up():
    value = b'{"pool":"p","agent":"a","presence":"online","channels":{"anna.secret@example.com":"maybe"}}'
    detail = refusal("work.commands", value, headers("caseway.work.set-presence.v1")).detail
    assert detail == "channels.…: bool_parsing"


def test_many_faults_are_counted_not_listed():
    detail = refusal("work.commands", b"{}", headers("caseway.work.queue.v1")).detail
    assert detail == "pool: missing, case_id: missing, work_item: missing, queue: missing"
    detail = refusal(
        "contacts.phone",
        b'{"call":1,"event":1,"direction":1,"caller":1,"dialled":1,"ivr":1}',
        headers("caseway.contact.phone.v1"),
    ).detail
    assert detail.endswith("and 1 more")


HEADER_NAMES = st.sampled_from(
    [name for name, _ in headers()] + ["ce_lane", "ce_sequence", "ce_subject", "ce_", "other"]
)
HEADERS = st.lists(
    st.tuples(HEADER_NAMES, st.none() | st.binary(max_size=20) | st.sampled_from([value for _, value in headers()]))
)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["form", "fields", "customer", "id", "data"]), inner)
    ),
    max_leaves=12,
)


@given(
    topic=st.sampled_from([topic.name for topic in TOPICS]),
    key=st.none() | st.binary(max_size=8),
    value=st.none() | st.binary(max_size=200) | DOCUMENTS.map(lambda document: json.dumps(document).encode()),
    sent=HEADERS,
)
def test_anything_at_all_is_read_refused_or_skipped(topic, key, value, sent):
    with contextlib.suppress(Rejected, Superseded):
        decode(topic, key, value, sent)


@given(data=st.data(), document=DOCUMENTS)
def test_any_document_under_a_right_header_is_read_or_refused(data, document):
    """The value, not the header, is arbitrary: so the models themselves are reached."""
    topic = data.draw(st.sampled_from([topic for topic in TOPICS if topic.types]))
    type_ = data.draw(st.sampled_from(topic.types))
    for sent, value in (
        (headers(type_), json.dumps(document).encode()),
        (STRUCTURED, structured(type=type_, data=document)),
    ):
        with contextlib.suppress(Rejected):
            assert decode(topic.name, None, value, sent).type == type_
