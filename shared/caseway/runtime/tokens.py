"""Who somebody is, by a signed token.

A JSON Web Token (HS256) that says who (`sub`) in which role (`role`) until when (`exp`), signed with the key for tokens that
is derived from `CASEWAY_SIGNING_KEY`, or with that key itself.
"""

from __future__ import annotations

from typing import Any

import jwt
from pydantic import ValidationError

from caseway.contracts.parts import Actor
from caseway.kernel.errors import Rejected
from caseway.kernel.signing import purpose_key

PURPOSE = "token"
LONGEST = 4_000
"""Characters: a cookie holds no more."""


def read_token(key: str, token: str) -> tuple[Actor, float]:
    """Whose token it is, and until when it holds (seconds since 1970).

    Raises:
        Rejected: it is forged, over, or says too little; or there is no key to check it with.
    """
    if not key:
        raise Rejected("no-key", "CASEWAY_SIGNING_KEY is not set, so nobody can be known")
    if len(token) > LONGEST:
        raise Rejected("token", f"longer than {LONGEST} characters")
    try:
        claims = _claims(token.strip(), key.encode())
        return Actor(kind=claims["role"], id=claims["sub"], name=claims.get("name")), float(claims["exp"])
    except jwt.PyJWTError as wrong:
        raise Rejected("token", str(wrong)) from wrong
    except ValidationError as wrong:
        raise Rejected("token", "its claims are none that the desk knows") from wrong


def _claims(token: str, key: bytes) -> dict[str, Any]:
    options: Any = {"require": ["sub", "exp", "role"]}
    try:
        return dict(jwt.decode(token, purpose_key(key, PURPOSE), algorithms=["HS256"], options=options))
    except jwt.InvalidSignatureError:
        return dict(jwt.decode(token, key, algorithms=["HS256"], options=options))
