"""Who asks over HTTP."""

from __future__ import annotations

from collections.abc import Collection

from starlette.requests import Request

from caseway.kernel.errors import Rejected
from caseway.runtime.running import Running
from caseway.runtime.tokens import read_token

COORDINATING = frozenset({"supervisor", "officer", "manager"})
ANSWERING = COORDINATING | {"agent", "employee"}


def actor(running: Running, request: Request, roles: Collection[str]) -> str | None:
    """Who speaks, where their bearer token names one of these roles."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    try:
        who, _until = read_token(running.settings.signing_key.get_secret_value(), token)
    except Rejected:
        return None
    return who.id if who.kind in roles else None
