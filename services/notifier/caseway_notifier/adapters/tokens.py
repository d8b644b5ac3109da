"""Who asks over HTTP."""

from __future__ import annotations

from collections.abc import Collection

import jwt
from starlette.requests import Request

from caseway.runtime.running import Running

COORDINATING = frozenset({"supervisor", "officer", "manager"})
ANSWERING = COORDINATING | {"agent", "employee"}


def actor(running: Running, request: Request, roles: Collection[str]) -> str | None:
    """Who speaks, where their bearer token names one of these roles."""
    key = running.settings.signing_key.get_secret_value()
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not key or scheme.lower() != "bearer":
        return None
    try:
        claims = jwt.decode(token.strip(), key, algorithms=["HS256"], options={"require": ["sub", "exp", "role"]})
    except jwt.PyJWTError:
        return None
    return str(claims["sub"]) if claims["role"] in roles else None
