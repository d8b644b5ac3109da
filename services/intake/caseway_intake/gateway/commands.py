"""How desks say by HTTP what is to be done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from caseway.contracts.about_cases import CaseCommand
from caseway.contracts.parts import Actor
from caseway.contracts.topology import model_of
from caseway.runtime.running import Running
from caseway_intake.domain.roles import may
from caseway_intake.gateway.answers import answer, guarded, read_body, read_model, read_object
from caseway_intake.gateway.arrivals import LARGEST_JSON, Arrival, drawn_id, is_id, publish
from caseway_intake.gateway.refusals import refusal
from caseway_intake.gateway.signatures import is_unguarded, read_token

_CASE_ID = re.compile(r"case_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def command_routes(running: Running) -> list[Route]:
    """One route for every command of the contract."""
    door = CommandDoor(running)
    return [Route("/v1/commands/cases/{case_id}/{verb}", guarded(door.take), methods=["POST"])]


class CommandDoor:
    """Takes commands by HTTP: 202 once Kafka has them. What becomes of them is told on `cases`."""

    def __init__(self, running: Running) -> None:
        self._running = running

    async def take(self, request: Request) -> Response:
        """One command; the path says on which case, the token by whom."""
        actor = self._actor(request)
        body = read_object(await read_body(request, LARGEST_JSON) or b"{}")
        command = self._read(request.path_params, {**body, **actor})
        self._check_role(command.actor, request.path_params["verb"])
        arrival = Arrival(
            topic=command.topic(),
            key=command.key(),
            type=command.TYPE,
            id=_id(request),
            source=f"gateway://intake/http/commands/{command.actor.kind}/{quote(command.actor.id, safe='')}",
            value=command.model_dump_json(exclude_unset=True).encode(),
        )
        await publish(self._running, arrival)
        return answer(202, {"id": arrival.id})

    def _actor(self, request: Request) -> dict[str, Any]:
        """The token's owner; nothing where the door is unguarded, so that the body's `actor` is believed."""
        if is_unguarded(self._running.settings):
            return {}
        key = self._running.settings.signing_key.get_secret_value()
        return {"actor": read_token(key, request.headers.get("authorization", "")).model_dump()}

    def _read(self, path: Mapping[str, str], body: dict[str, Any]) -> CaseCommand:
        model = model_of("case.commands", f"caseway.case.{path['verb']}.v1")
        if model is None or not issubclass(model, CaseCommand):
            raise refusal(404, "not a command", field="verb")
        if not _CASE_ID.fullmatch(path["case_id"]):
            raise refusal(422, "case_ and a UUID", field="case_id")
        return read_model(model, {**body, "case_id": path["case_id"]})

    def _check_role(self, actor: Actor, verb: str) -> None:
        """The core asks again: commands also come by other ways. `add-contact`, `absorb` and `erase` are for machines."""
        if not may(actor.kind, verb, self._running.configuration.life.roles):
            raise refusal(403, f"{actor.kind} may not {verb}")


def _id(request: Request) -> str:
    id_ = request.headers.get("idempotency-key") or drawn_id()
    if not is_id(id_):
        raise refusal(422, "up to 200 visible ASCII characters", field="idempotency-key")
    return id_
