"""Any CloudEvents SDK is a gateway: the official one's messages are accepted (S4-02, own integration)."""

import datetime as dt

import pytest
from cloudevents.core.bindings import kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1.http import CloudEvent as OldCloudEvent
from cloudevents.v1.kafka import to_binary as old_binary
from cloudevents.v1.kafka import to_structured as old_structured

from caseway.contracts.cases import CaseClosed
from caseway.contracts.codec import decode, encode
from caseway.contracts.contacts import MessageContact

NOW = dt.datetime(2026, 11, 22, 9, 0, 5, 250_000, tzinfo=dt.UTC)
ATTRIBUTES = {
    "specversion": "1.0",
    "id": "e1",
    "type": "caseway.contact.message.v1",
    "source": "gateway://own",
    "subject": "wa-1",
    "datacontenttype": "application/json",
    "partitionkey": "w1",
}
DATA = {
    "platform": "whatsapp",
    "conversation": "wa-1",
    "message": "m1",
    "sender": {"id": "w1", "name": "Zażółć"},
    "text": "Paczka uszkodzona ☂",
    "attachments": [],
    "public": False,
}
MAIL = b"From: a@example.com\r\nSubject: =?iso-8859-2?q?Gdzie=B6?=\r\n\r\n\xb1\xe6\xea\r\n"


def read(message, topic="contacts.message"):
    key = message.key.encode() if isinstance(message.key, str) else message.key
    return decode(topic, key, message.value, list(message.headers.items()))


@pytest.mark.parametrize("to", [kafka.to_binary, kafka.to_structured])
def test_the_sdks_events_are_read(to):
    envelope = read(to(CloudEvent(ATTRIBUTES | {"time": NOW}, DATA), JSONFormat()))
    assert isinstance(envelope.data, MessageContact)
    assert (envelope.data.text, envelope.data.sender.name) == ("Paczka uszkodzona ☂", "Zażółć")
    assert (envelope.id, envelope.source, envelope.subject, envelope.time) == ("e1", "gateway://own", "wa-1", NOW)


@pytest.mark.parametrize("to", [kafka.to_binary, kafka.to_structured])
def test_the_sdks_raw_mail_is_read(to):
    attributes = ATTRIBUTES | {
        "type": "caseway.contact.email.v1",
        "datacontenttype": "message/rfc822",
        "time": NOW,
        "mailfrom": "a@example.com",
        "rcptto": "support@example.com",
    }
    envelope = read(to(CloudEvent(attributes, MAIL), JSONFormat()), "contacts.email")
    assert envelope.data == MAIL
    assert envelope.extensions["rcptto"] == "support@example.com"


@pytest.mark.parametrize("to", [old_binary, old_structured])
def test_the_sdks_former_interface_is_read(to):
    event = OldCloudEvent(ATTRIBUTES | {"time": NOW.isoformat()}, DATA)
    envelope = read(to(event))
    assert envelope.data.message == "m1"
    assert envelope.time == NOW


@pytest.mark.parametrize("to", [old_binary, old_structured])
def test_raw_mail_from_the_former_interface_is_read(to):
    attributes = ATTRIBUTES | {
        "type": "caseway.contact.email.v1",
        "datacontenttype": "message/rfc822",
        "time": NOW.isoformat(),
    }
    envelope = read(to(OldCloudEvent(attributes, MAIL), data_marshaller=lambda raw: raw), "contacts.email")
    assert envelope.data == MAIL


def test_what_we_send_is_read_by_the_sdk():
    fact = CaseClosed(at=NOW, cause="c1", configuration="v1", case_id="case_1", version=4, reason="zrobione ✓")
    value, headers = encode(
        fact, id="f1", source="caseway://intake.core", time=NOW, subject="case_1", lane="intake.core/3/ab", sequence=17
    )
    event = kafka.from_binary(kafka.KafkaMessage(headers=dict(headers), key=b"case_1", value=value), JSONFormat())
    assert event.get_type() == "caseway.case.closed.v1"
    assert event.get_time() == NOW
    assert event.get_extension("lane") == "intake.core/3/ab"
    assert event.get_data()["reason"] == "zrobione ✓"
