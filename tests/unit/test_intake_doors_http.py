"""What the HTTP door takes, refuses and says."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac

import orjson
import pytest

from caseway.contracts.case_commands import HoldCase, ReplyToCase
from caseway.contracts.codec import decode
from caseway_intake.metrics import DOORS
from tests.intake_builders import CASE_ID, NOW
from tests.intake_doors import KEY, NOT_THERE, TOO_LARGE, RecordingDoor, client, running, signed, token

CHAT = {
    "conversation": "c-1",
    "event": "message",
    "sender": {"kind": "customer", "id": "v-1"},
    "text": "Dzień dobry",
    "new": 1,
}
CONTACTS = {
    "chat": (CHAT, "c-1"),
    "phone": (
        {"call": "call-1", "event": "offered", "caller": "+48225550123", "dialled": "+48225550199"},
        "+48225550123",
    ),
    "message": (
        {"platform": "sms", "conversation": "s-1", "message": "m-1", "sender": {"id": "+48600555010"}, "text": "Hej"},
        "+48600555010",
    ),
    "web": (
        {
            "form": "contact",
            "submission": "sub-1",
            "fields": {"subject": "Return", "message": "How?", "email": "Jan@example.com"},
            "customer": {"email": "Jan@Example.com"},
        },
        "jan@example.com",
    ),
}
FORMS = {
    "forms": {
        "contact": {
            "title": "Contact",
            "fields": {
                "subject": {"required": True, "longest": 20},
                "message": {"required": True},
                "email": {"kind": "email", "required": True},
                "phone": {"kind": "phone"},
                "order": {"matches": "[A-Z]-[0-9]+"},
                "topic": {"kind": "choice", "choices": ["order", "return"]},
            },
        }
    }
}


@pytest.fixture
def door():
    return RecordingDoor()


@pytest.fixture
async def http(door):
    async with client(running(door, forms=FORMS)) as opened:
        yield opened


async def post(http, channel, content, **headers):
    body = orjson.dumps(content)
    return await http.post(f"/v1/contacts/{channel}", content=body, headers={**signed(body), **headers})


def problems(response):
    return {each["field"]: each["problem"] for each in response.json()["errors"]}


@pytest.mark.parametrize("channel", CONTACTS)
async def test_a_signed_contact_is_taken_as_it_is(http, door, channel):
    """S1-01, S4-02: the gateway's own bytes reach the log, under its own id."""
    content, key = CONTACTS[channel]
    response = await post(http, channel, content)
    assert (response.status_code, response.json()) == (202, {"id": "msg-1"})
    ((topic, record_key, value, headers),) = door.records
    assert (topic, record_key, value) == (f"contacts.{channel}", key, orjson.dumps(content))
    envelope = decode(topic, record_key.encode(), value, [(name, text.encode()) for name, text in headers.items()])
    assert (envelope.id, envelope.type, envelope.time) == ("msg-1", f"caseway.contact.{channel}.v1", NOW)
    assert envelope.source == f"gateway://intake/http/{channel}"


async def test_nothing_is_taken_before_kafka_has_it(http, door):
    door.failure = NOT_THERE
    response = await post(http, "chat", CHAT)
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    door.failure = None
    assert (await post(http, "chat", CHAT)).status_code == 202


async def test_what_the_topic_cannot_take_is_said_so(http, door):
    door.failure = TOO_LARGE
    assert (await post(http, "chat", CHAT)).status_code == 413


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"webhook-signature": "v1,AAAA"}, 401),
        ({"webhook-signature": "v1,not base64 v2,x"}, 401),
        ({"webhook-signature": ""}, 401),
        ({"webhook-id": "msg-2"}, 401),
        ({"webhook-timestamp": str(int(NOW.timestamp()) + 1)}, 401),
        ({"webhook-timestamp": "yesterday"}, 401),
        ({"webhook-timestamp": "9" * 30}, 401),
    ],
)
async def test_a_forged_or_changed_request_is_not_taken(http, door, change, status):
    assert (await post(http, "chat", CHAT, **change)).status_code == status
    assert door.records == []


@pytest.mark.parametrize(("age", "status"), [(299, 202), (301, 401), (-299, 202), (-301, 401)])
async def test_a_signature_is_good_for_five_minutes(http, age, status):
    body = orjson.dumps(CHAT)
    headers = signed(body, at=NOW - dt.timedelta(seconds=age))
    assert (await http.post("/v1/contacts/chat", content=body, headers=headers)).status_code == status


async def test_another_keys_signature_is_not_taken(http):
    body = orjson.dumps(CHAT)
    assert (
        await http.post("/v1/contacts/chat", content=body, headers=signed(body, key="another key"))
    ).status_code == 401


async def test_one_of_several_signatures_is_enough(http):
    """While a key is replaced, senders sign with both."""
    body = orjson.dumps(CHAT)
    headers = signed(body)
    headers["webhook-signature"] = f"v1a,x v1,{base64.b64encode(b'old').decode()} {headers['webhook-signature']}"
    assert (await http.post("/v1/contacts/chat", content=body, headers=headers)).status_code == 202


@pytest.mark.parametrize(
    ("environment", "status"), [("production", 403), ("staging", 403), ("development", 202), ("test", 202)]
)
async def test_without_a_key_only_a_developers_door_is_open(door, environment, status):
    async with client(running(door, key="", environment=environment)) as http:
        response = await http.post("/v1/contacts/chat", content=orjson.dumps(CHAT))
        assert response.status_code == status
        assert len(door.records) == (status == 202)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/contacts/email?rcptto=support@example.com"),
        ("POST", "/v1/contacts/web"),
        ("POST", "/v1/contacts/desk"),
        ("POST", f"/v1/commands/cases/{CASE_ID}/resolve"),
        ("GET", "/v1/cases"),
        ("GET", f"/v1/cases/{CASE_ID}/background"),
    ],
)
async def test_without_a_key_every_guarded_door_of_a_production_desk_is_shut(door, method, path):
    """S4-12: also for who brings a token or a signature: without a key any would do, even one made with an empty key."""
    body = orjson.dumps(CHAT)
    headers = {**sign_bytes(body, key=""), **token("manager", key="x" * 32)}
    async with client(running(door, key="")) as http:
        response = await http.request(method, path, content=body if method == "POST" else None, headers=headers)
    assert (response.status_code, door.records) == (403, [])
    assert "CASEWAY_SIGNING_KEY" in response.text


async def test_an_overheard_signature_is_good_for_no_other_content(http, door):
    headers = signed(orjson.dumps(CHAT))
    body = orjson.dumps({**CHAT, "text": "Send the parcel to another address."})
    assert (await http.post("/v1/contacts/chat", content=body, headers=headers)).status_code == 401
    assert door.records == []


async def test_without_a_key_the_idempotency_key_is_the_id_else_one_is_drawn(door):
    async with client(running(door, key="", environment="test")) as http:
        body = orjson.dumps(CHAT)
        named = await http.post("/v1/contacts/chat", content=body, headers={"idempotency-key": "k-1"})
        drawn = [(await http.post("/v1/contacts/chat", content=body)).json()["id"] for _ in range(2)]
    assert named.json() == {"id": "k-1"}
    assert len({"k-1", *drawn}) == 3
    assert [headers["ce_id"] for *_, headers in door.records] == ["k-1", *drawn]


@pytest.mark.parametrize("id_", ["with space", "ż", "x" * 201])
async def test_an_id_that_no_header_can_carry_is_refused(door, id_):
    async with client(running(door, key="", environment="test")) as http:
        headers = {"idempotency-key": id_.encode()}
        response = await http.post("/v1/contacts/chat", content=orjson.dumps(CHAT), headers=headers)
    assert (response.status_code, door.records) == (422, [])


@pytest.mark.parametrize("body", [b"", b"{not json", b"[1]", b'"x"', b"\xff", b'{"conversation": NaN}'])
async def test_what_is_no_json_object_is_refused(http, door, body):
    key = KEY.encode()
    to_sign = b"msg-1.%d." % int(NOW.timestamp()) + body
    signature = base64.b64encode(hmac.new(key, to_sign, hashlib.sha256).digest()).decode()
    headers = {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": f"v1,{signature}",
    }
    response = await http.post("/v1/contacts/chat", content=body, headers=headers)
    assert (response.status_code, door.records) == (400, [])


async def test_each_wrong_field_is_named_without_repeating_it(http, door):
    wrong = {"conversation": "", "event": "shouted", "sender": {"kind": "ghost-of-anna"}, "text": 7}
    response = await post(http, "chat", wrong)
    assert response.status_code == 422
    assert set(problems(response)) == {"conversation", "event", "sender.kind", "text"}
    assert "ghost-of-anna" not in response.text
    assert door.records == []


async def test_a_body_is_limited(http, door):
    response = await post(http, "chat", {**CHAT, "text": "x" * 1_000_000})
    assert (response.status_code, door.records) == (413, [])


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {"fields.subject", "fields.message", "fields.email"}),
        ({"subject": "  ", "message": "x", "email": "a@example.com"}, {"fields.subject"}),
        ({"subject": "s" * 21, "message": "x", "email": "nobody"}, {"fields.subject", "fields.email"}),
        ({"subject": "s", "message": ["x"], "email": "a@example.com", "more": "x"}, {"fields.message", "fields.more"}),
        (
            {
                "subject": "s",
                "message": "m",
                "email": "a@example.com",
                "phone": "12",
                "order": "a-1",
                "topic": "weather",
            },
            {"fields.phone", "fields.order", "fields.topic"},
        ),
    ],
)
async def test_a_form_names_each_field_that_breaks_its_rules(http, door, fields, wrong):
    """S1-06: the limits of the form are those of the endpoint."""
    response = await post(http, "web", {"form": "contact", "submission": "s-1", "fields": fields})
    assert (response.status_code, set(problems(response))) == (422, wrong)
    assert door.records == []


async def test_a_form_takes_every_field_it_has(http, door):
    fields = {
        "subject": "Zwrot", "message": "Jak?", "email": "a@example.com", "phone": "０３-5555-0101", "order": "A-1",
        "topic": "return",
    }  # fmt: skip
    assert (await post(http, "web", {"form": "contact", "submission": "s-1", "fields": fields})).status_code == 202


async def test_a_form_that_is_not_ours_is_refused(http):
    response = await post(http, "web", {"form": "nothing", "submission": "s-1", "fields": {}})
    assert problems(response) == {"form": "not a form of ours"}


MAIL = "From: Jan Kowalski <Jan@Example.com>\r\nSubject: zażółć\r\n\r\nDzień dobry\r\n".encode("iso-8859-2")


def sign_bytes(body, id_="msg-1", key=KEY):
    to_sign = f"{id_}.{int(NOW.timestamp())}.".encode() + body
    signature = base64.b64encode(hmac.new(key.encode(), to_sign, hashlib.sha256).digest()).decode()
    return {"webhook-id": id_, "webhook-timestamp": str(int(NOW.timestamp())), "webhook-signature": f"v1,{signature}"}


async def test_a_mail_in_any_charset_is_taken_byte_for_byte(http, door):
    """The webhook library's own text-only verification could not take it."""
    envelope = {"mailfrom": "Bounce@Example.com", "rcptto": ["support@example.com", "sales@example.com"]}
    response = await http.post("/v1/contacts/email", content=MAIL, params=envelope, headers=sign_bytes(MAIL))
    assert response.status_code == 202
    ((topic, key, value, headers),) = door.records
    assert (topic, key, value) == ("contacts.email", "bounce@example.com", MAIL)
    assert (headers["ce_mailfrom"], headers["ce_rcptto"]) == (
        "Bounce@Example.com",
        "support@example.com,sales@example.com",
    )
    assert (headers["content-type"], headers["ce_id"]) == ("message/rfc822", "msg-1")
    decode(topic, key.encode(), value, [(name, text.encode()) for name, text in headers.items()])


async def test_a_bounce_has_no_sender_and_goes_by_its_author(http, door):
    params = {"rcptto": "support@example.com"}
    assert (
        await http.post("/v1/contacts/email", content=MAIL, params=params, headers=sign_bytes(MAIL))
    ).status_code == 202
    assert (door.records[0][1], door.records[0][3]["ce_mailfrom"]) == ("jan@example.com", "")


@pytest.mark.parametrize(
    ("params", "wrong"),
    [
        ({}, {"rcptto"}),
        ({"mailfrom": "a b", "rcptto": "support@example.com"}, {"mailfrom"}),
        ({"mailfrom": "x@example.com\n", "rcptto": "a@example.com,b@example.com"}, {"mailfrom", "rcptto"}),
        ({"rcptto": ["a@example.com"] * 101}, {"rcptto"}),
    ],
)
async def test_a_mail_needs_an_envelope(http, door, params, wrong):
    response = await http.post("/v1/contacts/email", content=MAIL, params=params, headers=sign_bytes(MAIL))
    assert (response.status_code, set(problems(response)), door.records) == (422, wrong, [])


async def command(http, verb, content=None, case_id=CASE_ID, **headers):
    return await http.post(
        f"/v1/commands/cases/{case_id}/{verb}", content=orjson.dumps(content or {}), headers={**token(), **headers}
    )


async def test_a_command_says_who_by_the_token_and_which_case_by_the_path(http, door):
    """S1-49: nobody speaks in another's name."""
    body = {"text": "On its way.", "case_id": "case_x", "actor": {"kind": "manager", "id": "boss"}}
    response = await command(http, "reply", body, **{"idempotency-key": "click-1"})
    assert (response.status_code, response.json()) == (202, {"id": "click-1"})
    ((topic, key, value, headers),) = door.records
    assert (topic, key) == ("case.commands", CASE_ID)
    envelope = decode(topic, key.encode(), value, [(name, text.encode()) for name, text in headers.items()])
    assert isinstance(envelope.data, ReplyToCase)
    assert (envelope.data.case_id, envelope.data.actor.kind, envelope.data.actor.id) == (CASE_ID, "agent", "agent-07")
    assert envelope.source == "gateway://intake/http/commands/agent/agent-07"


async def test_two_people_may_use_the_same_idempotency_key(http, door):
    await command(http, "resolve", **{"idempotency-key": "1"}, **token(sub="agent-1"))
    await command(http, "resolve", **{"idempotency-key": "1"}, **token(sub="ewa kowalska\n"))
    assert len({headers["ce_source"] for *_, headers in door.records}) == 2
    assert all(headers["ce_source"].isprintable() for *_, headers in door.records)


async def test_an_instant_in_a_command_is_read_as_it_will_be_from_the_log(http, door):
    assert (await command(http, "hold", {"turn": "third", "until": "2026-11-23T09:00:00+01:00"})).status_code == 202
    topic, key, value, headers = door.records[0]
    held = decode(topic, key.encode(), value, [(name, text.encode()) for name, text in headers.items()]).data
    assert isinstance(held, HoldCase)
    assert held.until == dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": ""}, 401),
        ({"authorization": "Basic eDp5"}, 401),
        ({"authorization": "Bearer not.a.token"}, 401),
        (token(key="another-key-that-has-32-bytes-or-more"), 401),
        (token(exp=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)), 401),
        (token(exp=None), 401),
        (token(sub=None), 401),
        (token(role="king"), 401),
        (token(role="customer"), 403),
        ({"idempotency-key": "two words"}, 422),
    ],
)
async def test_a_command_without_a_good_token_is_not_taken(http, door, headers, status):
    response = await command(http, "resolve", **headers)
    assert (response.status_code, door.records) == (status, [])


async def test_an_unsigned_token_is_not_a_token(http, door):
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    claims = base64.urlsafe_b64encode(b'{"sub":"a","role":"manager","exp":4102444800}').rstrip(b"=").decode()
    response = await command(http, "resolve", authorization=f"Bearer {header}.{claims}.")
    assert (response.status_code, door.records) == (401, [])


@pytest.mark.parametrize(
    ("verb", "case_id", "content", "status"),
    [
        ("explode", CASE_ID, {}, 404),
        ("resolve", "case_x", {}, 422),
        ("reply", CASE_ID, {}, 422),
        ("reply", CASE_ID, {"text": "x", "purpose": "shout"}, 422),
        ("hold", CASE_ID, {"until": "tomorrow"}, 422),
        ("add-contact", CASE_ID, {"contact": "c", "channel": "email", "source_key": "k"}, 403),
        ("absorb", CASE_ID, {"child": CASE_ID}, 403),
    ],
)
async def test_a_command_that_is_wrong_is_not_taken(http, door, verb, case_id, content, status):
    response = await command(http, verb, content, case_id)
    assert (response.status_code, door.records) == (status, [])


async def test_in_a_developers_desk_the_body_says_who(door):
    async with client(running(door, key="", environment="development")) as http:
        body = orjson.dumps({"actor": {"kind": "supervisor", "id": "sv-1"}})
        assert (await http.post(f"/v1/commands/cases/{CASE_ID}/resolve", content=body)).status_code == 202
        assert (await http.post(f"/v1/commands/cases/{CASE_ID}/resolve")).status_code == 422


@pytest.mark.parametrize("part", ["contacts", "commands", "reading"])
async def test_each_part_of_the_door_can_be_shut(door, part):
    paths = {
        "contacts": ("POST", "/v1/contacts/chat"),
        "commands": ("POST", f"/v1/commands/cases/{CASE_ID}/resolve"),
        "reading": ("GET", "/v1/cases"),
    }
    async with client(running(door, doors={"http": {part: False}})) as http:
        statuses = {name: (await http.request(method, path)).status_code for name, (method, path) in paths.items()}
    assert statuses.pop(part) == 404
    assert set(statuses.values()) == {401}


async def test_cases_are_not_shown_to_strangers_or_customers(http):
    assert (await http.get(f"/v1/cases/{CASE_ID}")).status_code == 401
    assert (await http.get("/v1/cases", headers=token(role="customer"))).status_code == 403


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("status=gone", "status"),
        ("colour=red", "colour"),
        ("after=%21", "after"),
    ],
)
async def test_a_question_about_cases_that_is_wrong_is_named(http, query, field):
    response = await http.get(f"/v1/cases?{query}", headers=token())
    assert (response.status_code, list(problems(response))) == (422, [field])


async def test_every_answer_is_counted_by_its_code(http):
    before = {code: DOORS.labels("http", code)._value.get() for code in (202, 401)}
    await post(http, "chat", CHAT)
    await post(http, "chat", CHAT, **{"webhook-id": "forged"})
    assert [DOORS.labels("http", code)._value.get() - before[code] for code in (202, 401)] == [1, 1]
