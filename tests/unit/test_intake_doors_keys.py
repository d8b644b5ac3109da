"""Each purpose has a key of its own; the desk writes by token; a full quota is said at the door (S1-05, S1-49, S4-12)."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

import pytest
from standardwebhooks import Webhook

from caseway.kernel.signing import purpose_key
from caseway_intake.adapters.edge_states import COLLECTIONS
from caseway_intake.domain.quota import Pool
from tests.intake_builders import NOW
from tests.intake_doors import KEY, RecordingDoor, client, running, signed, token

CHAT = json.dumps({"conversation": "c-1", "event": "started", "sender": {"kind": "customer"}}).encode()
NOTE = {"submission": "d-1", "actor": "somebody-else", "text": "Anna called about the chair."}
WEBHOOK_KEY, TOKEN_KEY = purpose_key(KEY.encode(), "webhook"), purpose_key(KEY.encode(), "token")


def signed_with(key: bytes, body: bytes) -> dict[str, str]:
    """As the makers' library signs, with the key that a gateway was given."""
    signature = Webhook("whsec_" + base64.b64encode(key).decode()).sign("msg-1", NOW, body.decode())
    return {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": signature,
    }


class TestPurposes:
    """What a gateway is given signs contacts, and no tokens."""

    @pytest.mark.parametrize("key", [KEY.encode(), WEBHOOK_KEY], ids=["the desk's", "the gateway's"])
    async def test_contacts_are_signed_by_either(self, key: bytes) -> None:
        async with client(running(RecordingDoor())) as http:
            answer = await http.post("/v1/contacts/chat", content=CHAT, headers=signed_with(key, CHAT))
        assert answer.status_code == 202

    async def test_the_key_for_tokens_signs_no_contacts(self) -> None:
        async with client(running(RecordingDoor())) as http:
            answer = await http.post("/v1/contacts/chat", content=CHAT, headers=signed_with(TOKEN_KEY, CHAT))
        assert answer.status_code == 401

    @pytest.mark.parametrize(
        ("key", "status"), [(KEY.encode(), 202), (TOKEN_KEY, 202), (WEBHOOK_KEY, 401), (b"x" * 32, 401)]
    )
    async def test_tokens_are_signed_by_the_desk_and_never_by_a_gateway(self, key: bytes, status: int) -> None:
        async with client(running(RecordingDoor())) as http:
            headers = token(key=key)  # type: ignore[arg-type] # the library takes bytes as well
            answer = await http.post("/v1/contacts/desk", json=NOTE, headers=headers)
        assert answer.status_code == status


class TestDesk:
    """`POST /v1/contacts/desk`: whoever holds the token writes, whatever the body claims."""

    async def test_the_tokens_owner_is_the_author(self) -> None:
        door = RecordingDoor()
        async with client(running(door)) as http:
            assert (await http.post("/v1/contacts/desk", json=NOTE, headers=token("employee"))).status_code == 202
        ((topic, key, value, _),) = door.records
        assert (topic, key, json.loads(value)["actor"]) == ("contacts.desk", "d-1", "agent-07")

    @pytest.mark.parametrize(
        ("body", "headers", "status"),
        [
            (NOTE, {}, 401),
            (NOTE, token("customer"), 403),
            (NOTE, token(exp=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)), 401),
            ({"submission": "d-1"}, token(), 422),
            ({**NOTE, "record_type": "gossip"}, token(), 422),
        ],
    )
    async def test_nobody_else_writes(self, body: dict[str, Any], headers: dict[str, str], status: int) -> None:
        door = RecordingDoor()
        async with client(running(door)) as http:
            assert (await http.post("/v1/contacts/desk", json=body, headers=headers)).status_code == status
        assert door.records == []

    async def test_a_gateways_signature_is_no_token(self) -> None:
        body = json.dumps(NOTE).encode()
        async with client(running(RecordingDoor())) as http:
            assert (await http.post("/v1/contacts/desk", content=body, headers=signed(body))).status_code == 401


class Documents:
    """One collection of a database, as far as the door asks it."""

    def __init__(self, document: dict[str, Any] | None) -> None:
        self.document = document
        self.count = 0

    async def find_one(self, _wanted: Any, **_options: Any) -> dict[str, Any] | None:
        self.count += 1
        return self.document


class TestQuota:
    """The door says no only when the edge could only park."""

    FORM = json.dumps({"form": "contact", "submission": "s-1", "fields": {"message": "x"}}).encode()

    async def status(self, pool: Pool, *, form: dict[str, Any] | None = None) -> tuple[int, Documents]:
        dump = next(each for each in COLLECTIONS if each.name == "form_pools").dump
        documents = Documents({"_id": "pool", **dump(pool)})
        forms = {
            "forms": {"contact": {"title": "x", "fields": {"message": {}}, **(form or {})}},
            "quota": {"daily": 2, "waiting": 1, "zone": "Europe/Warsaw"},
        }
        intake = running(RecordingDoor(), forms=forms)
        object.__setattr__(intake, "database", {"cases": None, "form_pools": documents})
        async with client(intake) as http:
            answers = [
                await http.post("/v1/contacts/web", content=self.FORM, headers=signed(self.FORM, f"m-{n}"))
                for n in range(3)
            ]
        assert len({each.status_code for each in answers}) == 1
        return answers[0].status_code, documents

    async def test_with_room_today_or_in_the_queue_it_takes(self) -> None:
        assert (await self.status(Pool(booked={NOW.date(): 1})))[0] == 202
        assert (await self.status(Pool(booked={NOW.date(): 2})))[0] == 202

    async def test_with_neither_it_refuses_and_looks_only_once_a_second(self) -> None:
        tomorrow = NOW.date() + dt.timedelta(days=1)
        status, documents = await self.status(Pool(booked={NOW.date(): 2, tomorrow: 1}, waiting={tomorrow: 1}))
        assert (status, documents.count) == (429, 1)

    async def test_a_form_that_bypasses_is_taken(self) -> None:
        tomorrow = NOW.date() + dt.timedelta(days=1)
        full = Pool(booked={NOW.date(): 2, tomorrow: 1}, waiting={tomorrow: 1})
        assert (await self.status(full, form={"bypasses_quota": True}))[0] == 202
