"""Who may look at cases by HTTP, and at which."""

from __future__ import annotations

from starlette.requests import Request

from caseway.contracts.parts import Actor
from caseway.runtime.settings import Settings
from caseway_intake.domain.case import Case
from caseway_intake.gateway.refusals import refusal
from caseway_intake.gateway.signatures import is_unguarded, read_token


def check_reader(settings: Settings, request: Request) -> Actor | None:
    """Let in the desk's own people and machines: cases are personal data. Who it is; none where nobody is asked.

    Raises:
        Refusal: 401 or 403.
    """
    if is_unguarded(settings):
        return None
    actor = read_token(settings.signing_key.get_secret_value(), request.headers.get("authorization", ""))
    if actor.kind == "customer":
        raise refusal(403, "a customer may not read cases")
    return actor


def is_hidden(case: Case, reader: Actor | None) -> bool:
    """Whether the case is only kept: it is shown to officers alone."""
    return case.privacy.restricted_by is not None and (reader is None or reader.kind != "officer")
