"""What the tests of intake's doors need: a door that records, a key, tokens."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
from standardwebhooks import Webhook
from starlette.applications import Starlette

from caseway.kernel.errors import Rejected, Transient
from caseway.runtime.running import Running
from caseway.runtime.settings import Settings
from caseway_intake.adapters.cases import CASES
from caseway_intake.gateway.routes import routes
from tests.intake_builders import NOW, configuration

KEY = "a-signing-key-of-more-than-32-bytes"


@dataclass
class RecordingDoor:
    """Keeps what is published; answers as Kafka would, when told to fail."""

    records: list[tuple[str, str, bytes, dict[str, str]]] = field(default_factory=list)
    failure: Exception | None = None

    async def publish(self, topic: str, key: str, value: bytes, headers: Sequence[tuple[str, bytes]]) -> None:
        if self.failure is not None:
            raise self.failure
        self.records.append((topic, key, value, {name: text.decode() for name, text in headers}))


NOT_THERE = Transient("Kafka did not acknowledge")
TOO_LARGE = Rejected("too-large", "more than the topic takes")


class FixedClock:
    def __init__(self, at: dt.datetime = NOW) -> None:
        self.at = at

    def now(self) -> dt.datetime:
        return self.at


def running(door: RecordingDoor, *, key: str = KEY, environment: str = "production", **parts: Any) -> Running:
    """A running intake, as far as its doors see it; no database."""
    return Running(
        settings=Settings(signing_key=key, environment=environment, smtp_port=0, http_host="127.0.0.1"),
        configuration=configuration(**parts),
        version="config-1",
        database={"cases": None},  # type: ignore[arg-type]
        door=door,
        own_lanes=None,  # type: ignore[arg-type]
        clock=FixedClock(),
    )


def client(intake: Running) -> httpx.AsyncClient:
    """A client of the HTTP door, without a socket."""
    transport = httpx.ASGITransport(Starlette(routes=list(routes(intake, CASES))))
    return httpx.AsyncClient(transport=transport, base_url="http://intake.test")


def signed(body: bytes, id_: str = "msg-1", at: dt.datetime = NOW, key: str = KEY) -> dict[str, str]:
    """Headers as the makers' own library signs them."""
    secret = "whsec_" + base64.b64encode(key.encode()).decode()
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(id_, at, body.decode()),
    }


def token(role: str = "agent", sub: str = "agent-07", key: str = KEY, **claims: Any) -> dict[str, str]:
    """A bearer token's header."""
    content = {"sub": sub, "role": role, "exp": dt.datetime.now(dt.UTC) + dt.timedelta(hours=1), **claims}
    content = {name: claim for name, claim in content.items() if claim is not None}
    return {"authorization": f"Bearer {jwt.encode(content, key, algorithm='HS256')}"}


def sign_now(body: bytes, id_: str) -> dict[str, str]:
    """Headers for a service that runs by the wall clock."""
    return signed(body, id_, dt.datetime.now(dt.UTC))
