"""Intake's doors, as senders use them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import aiosmtplib
import httpx

from caseway.contracts.codec import JSON, MAIL, dump
from caseway.contracts.wire import WireModel
from caseway.kernel.clock import Clock

_PATIENCE_SECONDS = 30.0


class NotTaken(Exception):
    """The door gave no acknowledgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail with its envelope."""

    raw: bytes
    mail_from: str
    rcpt_to: Sequence[str]


class Doors:
    """The HTTP door, where its address is known, and the SMTP door, likewise."""

    def __init__(self, http: str | None, smtp: str | None, key: str, clock: Clock) -> None:
        self._http = httpx.AsyncClient(base_url=http, timeout=_PATIENCE_SECONDS) if http else None
        self._smtp = smtp
        self._key = key.encode()
        self._clock = clock

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._http is not None:
            await self._http.aclose()

    @property
    def open(self) -> frozenset[str]:
        """Those that can be used, by name."""
        return frozenset(name for name, door in (("http", self._http), ("smtp", self._smtp)) if door)

    async def post(self, channel: str, contact: WireModel, id_: str) -> None:
        """Hand a contact to the HTTP door.

        Raises:
            NotTaken: it was not acknowledged.
        """
        await self._post(f"/v1/contacts/{channel}", dump(contact), JSON, id_, {})

    async def post_mail(self, mail: Mail, id_: str) -> None:
        """Hand a mail to the HTTP door; NotTaken as above."""
        envelope: Mapping[str, str | list[str]] = {"mailfrom": mail.mail_from, "rcptto": list(mail.rcpt_to)}
        await self._post("/v1/contacts/email", mail.raw, MAIL, id_, envelope)

    async def send_mail(self, mail: Mail) -> None:
        """Hand a mail to the SMTP door; NotTaken as above."""
        host, _, port = (self._smtp or "").rpartition(":")
        try:
            await aiosmtplib.send(
                mail.raw,
                sender=mail.mail_from,
                recipients=list(mail.rcpt_to),
                hostname=host,
                port=int(port),
                start_tls=False,
                timeout=_PATIENCE_SECONDS,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotTaken(f"smtp: {error}") from error

    async def _post(self, path: str, body: bytes, kind: str, id_: str, query: Mapping[str, str | list[str]]) -> None:
        if self._http is None:
            raise NotTaken("no HTTP door is known")
        headers = {"content-type": kind, **webhook_headers(self._key, id_, int(self._clock.now().timestamp()), body)}
        try:
            response = await self._http.post(path, content=body, headers=headers, params=query)
        except httpx.TransportError as error:
            raise NotTaken(f"http: {type(error).__name__}") from error
        if response.status_code != 202:
            raise NotTaken(f"http: {response.status_code} {response.text[:200]}")


def webhook_headers(key: bytes, id_: str, timestamp: int, body: bytes) -> dict[str, str]:
    """A request's signature. Source: Standard Webhooks 1.0."""
    signature = hmac.new(key, f"{id_}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }
