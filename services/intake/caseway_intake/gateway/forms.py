"""`/v1/forms/{form}`: web forms, straight from browsers.

The form's schema and its snippet are read here, and the snippet's form is sent here. A browser cannot sign, so this
door is shut unless doors.yaml opens it; what bounds it is the quota. Gateways that can sign use `/v1/contacts/web`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from caseway.contracts.contacts import WebContact
from caseway.kernel.ids import derived_id
from caseway.runtime.running import Running
from caseway_intake.domain.forms import OWN_FIELDS, SUBMISSION, TRAP, faults_of, schema_of, snippet_of
from caseway_intake.gateway.answers import answer, guarded, read_body, read_object
from caseway_intake.gateway.arrivals import Arrival, is_id, publish
from caseway_intake.gateway.quotas import QuotaDoor
from caseway_intake.gateway.refusals import Problem, Refusal, refusal
from caseway_intake.settings import Form, Forms

LARGEST_FORM = 200_000
"""Bytes of a body: many times what declared fields hold, and little enough for anybody to send."""
_MOST_FIELDS = 200
_URLENCODED = "application/x-www-form-urlencoded"
_LANGUAGE_LETTERS = 2


def check_form(forms: Forms, name: str, fields: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Everything that is wrong with a submission, each by its field (S1-06)."""
    form = forms.forms.get(name)
    if form is None:
        return (Problem(field="form", problem="not a form of ours"),)
    return tuple(Problem(field=f"fields.{each.field}", problem=each.problem) for each in faults_of(form, fields))


def form_routes(running: Running) -> list[Route]:
    """What a form is, how it is put into a page, and where it is sent."""
    door = FormDoor(running)
    return [
        Route("/v1/forms/{form}", guarded(door.schema), methods=["GET"]),
        Route("/v1/forms/{form}/snippet", guarded(door.snippet), methods=["GET"]),
        Route("/v1/forms/{form}", guarded(door.take), methods=["POST"]),
    ]


class FormDoor:
    """Takes forms from browsers: 202 once Kafka has them."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._forms: Forms = running.configuration.forms
        self._quota = QuotaDoor(running)

    async def schema(self, request: Request) -> Response:
        """The form as JSON Schema."""
        return answer(200, schema_of(self._form(request)))

    async def snippet(self, request: Request) -> Response:
        """The form as HTML, to be copied into a page."""
        form = self._form(request)
        base = str(request.base_url).rstrip("/")
        action = f"{base}/v1/forms/{request.path_params['form']}"
        return HTMLResponse(snippet_of(form, action, form.submit))

    async def take(self, request: Request) -> Response:
        """One submission: a browser's form, or the same as JSON."""
        form, name = self._form(request), request.path_params["form"]
        body = await read_body(request, LARGEST_FORM)
        fields = _fields(body, request.headers.get("content-type", ""))
        if fields.get(TRAP):
            return _thanks(request, form, "")  # a program that fills in what people do not see: it is told nothing
        submission = _submission(fields, name, self._running.clock.now())
        said = {field: value for field, value in fields.items() if field not in OWN_FIELDS}
        if problems := check_form(self._forms, name, said):
            raise Refusal(422, *problems)
        await self._quota.check(form)
        contact = WebContact(form=name, submission=submission, fields=said, language=_language(request))
        await publish(self._running, _arrival(contact))
        return _thanks(request, form, submission)

    def _form(self, request: Request) -> Form:
        form = self._forms.forms.get(request.path_params["form"])
        if form is None:
            raise refusal(404, "not a form of ours", field="form")
        return form


def _fields(body: bytes, content_type: str) -> dict[str, Any]:
    if content_type.partition(";")[0].strip().lower() != _URLENCODED:
        return read_object(body)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as wrong:
        raise refusal(400, f"a form of at most {_MOST_FIELDS} fields in UTF-8") from wrong
    return {name: value.replace("\r\n", "\n") for name, value in pairs if value or name in OWN_FIELDS}


def _submission(fields: Mapping[str, Any], form: str, now: dt.datetime) -> str:
    """The snippet's own id; without one, the same content on the same day is the same submission."""
    given = fields.get(SUBMISSION)
    if isinstance(given, str) and given and is_id(given):
        return given
    content = (f"{name}={value}" for name, value in sorted(fields.items()) if name not in OWN_FIELDS)
    return derived_id("form", form, now.date().isoformat(), *content)


def _arrival(contact: WebContact) -> Arrival:
    return Arrival(
        topic=contact.topic(),
        key=contact.key(),
        type=contact.TYPE,
        id=derived_id("form", contact.form, contact.submission),
        source="gateway://intake/http/forms",
        value=contact.model_dump_json(exclude_none=True).encode(),
    )


def _language(request: Request) -> str | None:
    """What the browser prefers: a hint, where the text does not tell."""
    wanted = request.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip()
    return wanted[:_LANGUAGE_LETTERS].lower() if wanted[:_LANGUAGE_LETTERS].isalpha() else None


def _thanks(request: Request, form: Form, submission: str) -> Response:
    """A page for a browser, JSON for a script."""
    if "text/html" not in request.headers.get("accept", ""):
        return answer(202, {"submission": submission} if submission else {})
    title = escape(form.title)
    return HTMLResponse(f"<!doctype html><title>{title}</title><h1>{title}</h1><p>✓</p>", 202)
