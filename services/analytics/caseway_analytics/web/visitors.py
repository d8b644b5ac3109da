"""Who looks at the page, and what they may see and do.

Nobody need sign in to see the wall. Who does brings a signed token, as a bearer or, for a browser, in a cookie that no
script can read and no other site can use.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from caseway.contracts.parts import Actor
from caseway.kernel.errors import Rejected
from caseway.runtime.running import Running
from caseway.runtime.tokens import read_token
from caseway_analytics.web.answering import answering
from caseway_analytics.web.denied import Denied

COOKIE = "caseway_session"
COORDINATORS = frozenset({"supervisor", "manager"})
_LARGEST = 16_384
"""Bytes of a body: a whisper, a token."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who signed in."""

    actor: Actor
    until: float
    """Seconds since 1970."""

    @property
    def is_coordinator(self) -> bool:
        """Sees names and conversations, whispers, reassigns, raises."""
        return self.actor.kind in COORDINATORS


def visitor_of(request: Request, running: Running) -> Visitor | None:
    """Who looks; None: nobody who says who they are, or whose token no longer holds.

    Raises:
        Denied: 401, a bearer token was given and does not hold.
    """
    key = running.settings.signing_key.get_secret_value()
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() == "bearer":
            return Visitor(*read_token(key, bearer))
        cookie = request.cookies.get(COOKIE)
        return Visitor(*read_token(key, cookie)) if cookie else None
    except Rejected as wrong:
        if scheme:
            raise Denied(401, f"the token does not hold: {wrong.detail}") from wrong
        return None


def known(request: Request, running: Running) -> Visitor:
    """Who looks.

    Raises:
        Denied: 401, nobody known.
    """
    visitor = visitor_of(request, running)
    if visitor is None:
        raise Denied(401, "sign in with a token")
    return visitor


def coordinator(request: Request, running: Running) -> Visitor:
    """A coordinator who looks.

    Raises:
        Denied: 401, nobody known; 403, somebody else.
    """
    visitor = known(request, running)
    if not visitor.is_coordinator:
        raise Denied(403, f"for {' and '.join(sorted(COORDINATORS))}s")
    return visitor


def may_see_individuals(request: Request, running: Running) -> bool:
    """Whether somebody's own figures, and what people wrote, may be shown: to coordinators alone."""
    visitor = visitor_of(request, running)
    return visitor is not None and visitor.is_coordinator


def own_figures_or_coordinator(request: Request, running: Running) -> None:
    """Figures by agent are for coordinators; one's own for oneself (`agent=` me).

    Raises:
        Denied: 401, nobody known; 403, somebody else's.
    """
    asked = request.query_params
    if "agent" not in asked and "agent" not in asked.get("by", "").split(","):
        return
    visitor = known(request, running)
    if not visitor.is_coordinator and asked.get("agent") != visitor.actor.id:
        raise Denied(403, "figures of one agent are for coordinators, and one's own for oneself")


async def body_of(request: Request) -> bytes:
    """A JSON body: no form of another site can send one, which is what makes the cookie safe.

    Raises:
        Denied: it says it is something else, comes from another site, or is too large.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Denied(415, "application/json")
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Denied(403, "from this page only")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise Denied(413, f"at most {_LARGEST} bytes")
    return bytes(body)


def session_routes(running: Running) -> list[Route]:
    """Sign in, sign out, and who one is."""

    async def who(request: Request) -> Response:
        visitor = visitor_of(request, running)
        return JSONResponse(_shown(visitor, running) if visitor else {"actor": None})

    async def sign_in(request: Request) -> Response:
        token = _token(await body_of(request))
        try:
            visitor = Visitor(*read_token(running.settings.signing_key.get_secret_value(), token))
        except Rejected as wrong:
            raise Denied(401, f"the token does not hold: {wrong.detail}") from wrong
        response = JSONResponse(_shown(visitor, running))
        response.set_cookie(
            COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https",
            max_age=max(0, int(visitor.until - running.clock.now().timestamp())),
        )  # fmt: skip
        return response

    async def sign_out(_: Request) -> Response:
        response = Response(status_code=204)
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return response

    return [
        Route("/v1/session", answering(who)),
        Route("/v1/session", answering(sign_in), methods=["POST"]),
        Route("/v1/session", answering(sign_out), methods=["DELETE"]),
    ]


def _token(body: bytes) -> str:
    try:
        given: Any = json.loads(body)
    except ValueError:
        given = None
    token = given.get("token") if isinstance(given, dict) else None
    if not isinstance(token, str) or not token.strip():
        raise Denied(401, "a token is needed")
    return token.strip()


def _shown(visitor: Visitor, running: Running) -> dict[str, Any]:
    actor, configuration = visitor.actor, running.configuration
    return {
        "actor": {"kind": actor.kind, "id": actor.id, "name": actor.name},
        "until": visitor.until,
        "coordinates": visitor.is_coordinator,
        "leaderboard": configuration.measures.leaderboard.on,
    }
