"""One declaration for the snippet, the endpoint and the event (S1-04, S1-06)."""

from __future__ import annotations

import html.parser
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from caseway.contracts.contacts import WebContact
from caseway_intake.domain.forms import SUBMISSION, TRAP, faults_of, schema_of, snippet_of
from caseway_intake.settings import Form, FormField, Forms
from tests.intake_doors import NOT_THERE, RecordingDoor, client, running
from tests.intake_edge import Edge, command_of

RETURN = Form.model_validate(
    {
        "title": 'Return "<now>"',
        "fields": {
            "order": {"label": "Order & number", "required": True, "longest": 10, "matches": "[A-Z0-9-]{4,10}"},
            "reason": {"kind": "choice", "required": True, "choices": ["damaged", "other"]},
            "message": {"longest": 2_000},
            "email": {"kind": "email", "required": True, "longest": 40},
            "phone": {"kind": "phone", "longest": 30},
        },
    }
)
GOOD = {"order": "A-2026", "reason": "damaged", "email": "anna@example.com"}
OPEN = {"http": {"forms": True}}


class Inputs(html.parser.HTMLParser):
    """What a browser would ask for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"input", "select", "textarea"}:
            told = dict(attrs)
            self.found[told["name"] or ""] = {"tag": tag, **told}


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"order": None}, "order", "needed"),
        ({"order": "  "}, "order", "needed"),
        ({"order": "A-2026-0042-7"}, "order", "at most 10 characters"),
        ({"order": "a-2026"}, "order", "a text that matches [A-Z0-9-]{4,10}"),
        ({"reason": "hate"}, "reason", "one of damaged, other"),
        ({"email": "anna"}, "email", "a mail address"),
        ({"email": 5}, "email", "a text"),
        ({"phone": "call me"}, "phone", "a telephone number"),
        ({"colour": "red"}, "colour", "not a field of this form"),
        ({"order": {"$ne": 1}}, "order", "a text"),
    ],
)
def test_each_fault_is_named_by_its_field_and_the_schema_agrees(
    changes: dict[str, Any], field: str, problem: str
) -> None:
    fields = {name: value for name, value in (GOOD | changes).items() if value is not None}
    assert (field, problem) in {(each.field, each.problem) for each in faults_of(RETURN, fields)}
    if problem not in {"a mail address", "a telephone number"} and changes.get("order") != "  ":
        assert not Draft202012Validator(schema_of(RETURN)).is_valid(fields)


def test_all_faults_are_named_at_once() -> None:
    assert len(faults_of(RETURN, {"reason": "x", "email": "x"})) == 3


def test_what_is_right_is_right_for_all() -> None:
    assert faults_of(RETURN, GOOD) == ()
    assert Draft202012Validator(schema_of(RETURN)).is_valid(GOOD)


def test_the_snippet_asks_for_what_the_endpoint_checks() -> None:
    inputs = Inputs(snippet_of(RETURN, "https://desk.example.com/v1/forms/return")).found
    assert set(inputs) == {*RETURN.fields, SUBMISSION, TRAP}
    assert inputs["order"]["maxlength"] == "10"
    assert inputs["order"]["pattern"] == "[A-Z0-9-]{4,10}"
    assert "required" in inputs["order"]
    assert inputs["email"]["type"] == "email"
    assert inputs["phone"]["type"] == "tel"
    assert "required" not in inputs["phone"]
    assert (inputs["reason"]["tag"], inputs["message"]["tag"]) == ("select", "textarea")


def test_what_is_configured_is_no_markup() -> None:
    text = snippet_of(RETURN, 'https://example.com/"><script>')
    assert "Return &quot;&lt;now&gt;&quot;" in text
    assert '"><script>' not in text
    assert "Order &amp; number" in text


def test_a_field_may_not_take_the_snippets_own_names() -> None:
    with pytest.raises(ValueError, match="other names"):
        Form(title="x", fields={TRAP: FormField()})


def test_an_event_that_breaks_the_form_is_heard_and_tagged() -> None:
    """A gateway that publishes by itself passed no door: the contact is kept, whatever is wrong with it."""
    command = command_of(Edge().contact(WebContact(form="return", submission="s", fields={"order": "?", "x": "y"})))
    assert "form-invalid" in command.tags
    right = {"order": "A-2026", "reason": "damaged", "email": "a@example.com"}
    assert (
        "form-invalid" not in command_of(Edge().contact(WebContact(form="return", submission="t", fields=right))).tags
    )


class TestDoor:
    """`/v1/forms/{form}`."""

    def intake(self, door: RecordingDoor, **parts: Any) -> Any:
        forms = Forms(forms={"return": RETURN}, quota=None)
        return client(running(door, forms=forms.model_dump(), doors=OPEN, **parts))

    async def test_a_browsers_form_becomes_the_event(self) -> None:
        door = RecordingDoor()
        async with self.intake(door) as http:
            sent = await http.post("/v1/forms/return", data={**GOOD, "message": "a\r\nb", SUBMISSION: "u-1", TRAP: ""})
        assert sent.status_code == 202
        ((topic, key, value, headers),) = door.records
        assert (topic, key) == ("contacts.web", "u-1")
        event = json.loads(value)
        assert (event["form"], event["submission"], event["fields"]) == ("return", "u-1", {**GOOD, "message": "a\nb"})
        assert headers["ce_source"] == "gateway://intake/http/forms"

    async def test_a_second_click_is_the_same_event(self) -> None:
        door = RecordingDoor()
        async with self.intake(door) as http:
            for _ in range(2):
                await http.post("/v1/forms/return", data={**GOOD, SUBMISSION: "u-1"})
            for _ in range(2):
                await http.post("/v1/forms/return", data=GOOD)
        ids = [headers["ce_id"] for *_, headers in door.records]
        assert ids[0] == ids[1] != ids[2] == ids[3]

    async def test_faults_are_named_one_by_one_and_nothing_is_published(self) -> None:
        door = RecordingDoor()
        async with self.intake(door) as http:
            refused = await http.post("/v1/forms/return", json={"reason": "x"})
        assert refused.status_code == 422
        assert {each["field"] for each in refused.json()["errors"]} == {"fields.order", "fields.reason", "fields.email"}
        assert door.records == []

    async def test_a_program_that_fills_in_what_nobody_sees_is_told_nothing(self) -> None:
        door = RecordingDoor()
        async with self.intake(door) as http:
            fooled = await http.post("/v1/forms/return", data={**GOOD, TRAP: "https://spam.example.com"})
        assert fooled.status_code == 202
        assert door.records == []

    @pytest.mark.parametrize(
        ("content", "kind", "status"),
        [
            (b"a=1&" * 500, "application/x-www-form-urlencoded", 400),
            (b"order=%FF%FE", "application/x-www-form-urlencoded", 400),
            (b"\xff\xfe", "application/json", 400),
            (b"[1]", "application/json", 400),
            (b"x" * 300_000, "application/x-www-form-urlencoded", 413),
        ],
    )
    async def test_rubbish_has_an_answer(self, content: bytes, kind: str, status: int) -> None:
        door = RecordingDoor()
        async with self.intake(door) as http:
            answer = await http.post("/v1/forms/return", content=content, headers={"content-type": kind})
        assert answer.status_code == status
        assert door.records == []

    async def test_a_form_that_is_none_is_not_there(self) -> None:
        async with self.intake(RecordingDoor()) as http:
            assert (await http.get("/v1/forms/none")).status_code == 404
            assert (await http.post("/v1/forms/none", data=GOOD)).status_code == 404

    async def test_schema_and_snippet_can_be_read(self) -> None:
        async with self.intake(RecordingDoor()) as http:
            assert (await http.get("/v1/forms/return")).json() == schema_of(RETURN)
            page = (await http.get("/v1/forms/return/snippet")).text
        assert 'action="http://intake.test/v1/forms/return"' in page

    async def test_a_browser_gets_a_page(self) -> None:
        async with self.intake(RecordingDoor()) as http:
            page = await http.post("/v1/forms/return", data=GOOD, headers={"accept": "text/html"})
        assert page.status_code == 202
        assert "&lt;now&gt;" in page.text

    async def test_kafka_gone_means_try_again(self) -> None:
        async with self.intake(RecordingDoor(failure=NOT_THERE)) as http:
            assert (await http.post("/v1/forms/return", data=GOOD)).status_code == 503

    async def test_the_door_is_shut_unless_it_is_opened(self) -> None:
        forms = Forms(forms={"return": RETURN})
        async with client(running(RecordingDoor(), forms=forms.model_dump())) as http:
            assert (await http.post("/v1/forms/return", data=GOOD)).status_code == 404
