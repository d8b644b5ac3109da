"""Who may speak at the HTTP door.

Contacts are signed by Standard Webhooks: HMAC-SHA256 over id, time and body. Its makers' library signs text only; a
mail is bytes in any charset, so the few lines stand here and are tested against it. Commands and reading need a JSON
Web Token (HS256) that says who (`sub`) in which role (`role`).

Each purpose has a key of its own, derived from `CASEWAY_SIGNING_KEY`: what a gateway is given signs contacts, and no
tokens. The desk's own key signs both, too, for those who hold it anyway.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping

from caseway.contracts.parts import Actor
from caseway.kernel.errors import Rejected
from caseway.kernel.signing import purpose_key
from caseway.runtime import tokens
from caseway.runtime.settings import Settings
from caseway_intake.gateway.refusals import refusal

WEBHOOK = "webhook"
"""What the contacts' key is derived for."""
TOLERANCE = dt.timedelta(minutes=5)
"""How old, or early, a signature may be. Source: Standard Webhooks; beyond it, what was overheard is worthless."""


def is_unguarded(settings: Settings) -> bool:
    """Whether the doors believe anyone: only without a key, and only for developing and testing.

    Raises:
        Refusal: 403, there is no key in production.
    """
    if settings.signing_key.get_secret_value():
        return False
    if settings.environment not in {"development", "test"}:
        raise refusal(403, "this door is shut: CASEWAY_SIGNING_KEY is not set")
    return True


def verify_webhook(key: bytes, headers: Mapping[str, str], body: bytes, now: dt.datetime) -> None:
    """Check a request's signature. Source: Standard Webhooks 1.0, "Verifying signatures".

    Raises:
        Refusal: 401, it is missing, stale, or not ours.
    """
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    given_id, timestamp, signatures = (headers.get(name, "") for name in names)
    if not (given_id and timestamp and signatures):
        raise refusal(401, f"the headers {', '.join(names)} are needed")
    _check_time(timestamp, now)
    content = f"{given_id}.{timestamp}.".encode() + body
    expected = [hmac.new(each, content, hashlib.sha256).digest() for each in (key, purpose_key(key, WEBHOOK))]
    given = _signatures(signatures)
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in given):
        raise refusal(401, "the signature is not ours")


def read_token(key: str, authorization: str) -> Actor:
    """Who speaks, by their bearer token.

    Raises:
        Refusal: 401, there is none, or it is forged, expired, or says too little.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise refusal(401, "a bearer token is needed")
    try:
        actor, _until = tokens.read_token(key, token)
    except Rejected as wrong:
        raise refusal(401, f"the token does not hold: {wrong.detail}") from wrong
    return actor


def _check_time(timestamp: str, now: dt.datetime) -> None:
    try:
        at = dt.datetime.fromtimestamp(int(timestamp), dt.UTC)
    except (ValueError, OverflowError, OSError) as wrong:
        raise refusal(401, "webhook-timestamp is seconds since 1970") from wrong
    if abs(at - now) > TOLERANCE:
        raise refusal(401, "the signature is too old, or too early")


def _signatures(header: str) -> list[bytes]:
    found = []
    for each in header.split():
        version, _, text = each.partition(",")
        if version == "v1":
            try:
                found.append(base64.b64decode(text, validate=True))
            except (binascii.Error, ValueError):
                continue
    return found
