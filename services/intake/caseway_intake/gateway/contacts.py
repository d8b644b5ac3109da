"""`POST /v1/contacts/{channel}`: gateways hand contacts over."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from caseway.contracts.contacts import ChatContact, DeskContact, MessageContact, PhoneContact, WebContact
from caseway.kernel.ids import derived_id
from caseway.runtime.running import Running
from caseway_intake.gateway.answers import Endpoint, answer, guarded, read_body, read_model, read_object
from caseway_intake.gateway.arrivals import LARGEST_JSON, Arrival, drawn_id, is_id, publish
from caseway_intake.gateway.forms import check_form
from caseway_intake.gateway.mails import MOST_RECIPIENTS, is_address, mail_arrival
from caseway_intake.gateway.quotas import QuotaDoor
from caseway_intake.gateway.refusals import Problem, Refusal, refusal
from caseway_intake.gateway.signatures import is_unguarded, read_token, verify_webhook

Contact = ChatContact | PhoneContact | WebContact | MessageContact

_CONTACTS: dict[str, type[Contact]] = {
    "chat": ChatContact,
    "phone": PhoneContact,
    "web": WebContact,
    "message": MessageContact,
}


def contact_routes(running: Running) -> list[Route]:
    """A route a channel."""
    door = ContactDoor(running)
    endpoints = {
        "email": door.take_mail,
        "desk": door.take_desk,
        **{channel: door.taking(channel) for channel in _CONTACTS},
    }
    return [Route(f"/v1/contacts/{channel}", guarded(take), methods=["POST"]) for channel, take in endpoints.items()]


class ContactDoor:
    """Takes contacts by HTTP: 202 once Kafka has them."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._quota = QuotaDoor(running)

    def taking(self, channel: str) -> Endpoint:
        """The endpoint of one channel whose contacts are JSON."""

        async def take(request: Request) -> Response:
            body = await read_body(request, LARGEST_JSON)
            id_ = self._check_sender(request, body) or drawn_id()
            contact = self._read(_CONTACTS[channel], body)
            if isinstance(contact, WebContact):
                await self._quota.check(self._running.configuration.forms.forms.get(contact.form))
            arrival = Arrival(
                topic=contact.topic(),
                key=contact.key(),
                type=contact.TYPE,
                id=id_,
                source=_source(channel),
                value=body,
            )
            await publish(self._running, arrival)
            return answer(202, {"id": arrival.id})

        return take

    async def take_mail(self, request: Request) -> Response:
        """A raw mail; `?mailfrom=` and `?rcptto=` (repeated) are its envelope."""
        raw = await read_body(request, self._running.configuration.doors.smtp.largest)
        id_ = self._check_sender(request, raw)
        mailfrom, rcptto = _envelope(request)
        if not raw.strip():
            raise refusal(422, "a mail")
        arrival = mail_arrival(source=_source("email"), raw=raw, mailfrom=mailfrom, rcptto=rcptto, id_=id_)
        await publish(self._running, arrival)
        return answer(202, {"id": arrival.id})

    async def take_desk(self, request: Request) -> Response:
        """What somebody of the desk wrote down: a person's token says who, not a gateway's signature."""
        content = read_object(await read_body(request, LARGEST_JSON))
        if not is_unguarded(self._running.settings):
            key = self._running.settings.signing_key.get_secret_value()
            actor = read_token(key, request.headers.get("authorization", ""))
            if actor.kind == "customer":
                raise refusal(403, "a customer may not write in the desk's name")
            content["actor"] = actor.id
        contact = read_model(DeskContact, content)
        arrival = Arrival(
            topic=contact.topic(),
            key=contact.key(),
            type=contact.TYPE,
            id=derived_id("desk", contact.submission),
            source=_source("desk"),
            value=contact.model_dump_json(exclude_unset=True).encode(),
        )
        await publish(self._running, arrival)
        return answer(202, {"id": arrival.id})

    def _check_sender(self, request: Request, body: bytes) -> str:
        """The sender's own id for this event, once the sender is believed; empty where none is given."""
        if not is_unguarded(self._running.settings):
            key = self._running.settings.signing_key.get_secret_value().encode()
            verify_webhook(key, request.headers, body, self._running.clock.now())
        id_ = request.headers.get("webhook-id") or request.headers.get("idempotency-key") or ""
        if id_ and not is_id(id_):
            raise refusal(422, "up to 200 visible ASCII characters", field="webhook-id")
        return id_

    def _read(self, model: type[Contact], body: bytes) -> Contact:
        contact = read_model(model, read_object(body))
        if isinstance(contact, WebContact):
            problems = check_form(self._running.configuration.forms, contact.form, contact.fields)
            if problems:
                raise Refusal(422, *problems)
        return contact


def _envelope(request: Request) -> tuple[str, list[str]]:
    mailfrom = request.query_params.get("mailfrom", "")
    rcptto = request.query_params.getlist("rcptto")
    problems = []
    if mailfrom and not is_address(mailfrom):
        problems.append(Problem(field="mailfrom", problem="a mail address, or nothing for a bounce"))
    if not 1 <= len(rcptto) <= MOST_RECIPIENTS or not all(map(is_address, rcptto)):
        problems.append(Problem(field="rcptto", problem=f"1 to {MOST_RECIPIENTS} mail addresses"))
    if problems:
        raise Refusal(422, *problems)
    return mailfrom, rcptto


def _source(channel: str) -> str:
    return f"gateway://intake/http/{channel}"
