"""A bearer token for trying the doors by hand."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping

_LASTS = dt.timedelta(hours=24)


def bearer_token(key: str, now: dt.datetime) -> str:
    """A JSON Web Token of a supervisor's, for a day. Source: RFC 7519, HS256."""
    claims = {
        "sub": "you",
        "role": "supervisor",
        "iat": int(now.timestamp()),
        "exp": int((now + _LASTS).timestamp()),
    }
    head = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    signature = hmac.new(key.encode(), head.encode(), hashlib.sha256).digest()
    return f"{head}.{_text(signature)}"


def _part(values: Mapping[str, object]) -> str:
    return _text(json.dumps(values, separators=(",", ":")).encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
