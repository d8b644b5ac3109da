"""How mail is handed over.

Connections are kept and used again. Each attempt says what is known of it: taken, refused for good, not taken now, or
unknown: cut off after the content was under way, when the server may have it or not. Only what the server says of this
recipient or this content (5xx to RCPT or DATA) is final; that it refuses us, or our sender, is our trouble, and waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPHeloError,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPStatus,
)

from caseway.kernel.errors import Misconfigured
from caseway_notifier.adapters.dialogue import Dialogue, opened
from caseway_notifier.adapters.mail import Envelope
from caseway_notifier.domain.delivery import Accepted, Deferred, Outcome, Refused, Unknown

_IDLE_SECONDS = 20.0
"""A kept connection older than this is not trusted: many servers close one that says nothing for half a minute."""
_LONGEST_CONNECT = 10.0
_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where mail is handed over, from `CASEWAY_SMTP_URL`."""

    host: str
    port: int
    is_tls: bool
    is_starttls: bool
    user: str | None
    password: str | None


def server(url: str) -> Server:
    """Read `smtp://`, `smtps://` or `smtp+starttls://`, with user and password if any.

    Raises:
        Misconfigured: another scheme, no host, or a port that is none; the message never holds the password.

    >>> server("smtp+starttls://desk:p%40ss@mail.example.com").port
    587
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise Misconfigured("CASEWAY_SMTP_URL: the port is no number") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise Misconfigured("CASEWAY_SMTP_URL: expected smtp://, smtps:// or smtp+starttls:// and a host")
    return Server(
        host=parts.hostname,
        port=port,
        is_tls=parts.scheme == "smtps",
        is_starttls=parts.scheme == "smtp+starttls",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


class Pool:
    """Connections to one server: as many as there are attempts at one time, each kept for the next."""

    def __init__(self, server_: Server, *, attempt_seconds: float, helo: str) -> None:
        """Connect to nothing yet; `helo` is our name, as `EHLO` says it."""
        self._server = server_
        self._attempt_seconds = attempt_seconds
        self._helo = helo
        self._idle: deque[tuple[Dialogue, float]] = deque()

    async def send(self, envelope: Envelope) -> Outcome:
        """One attempt, within its time; whatever happens is an outcome."""
        attempt = _Attempt(envelope)
        try:
            async with asyncio.timeout(self._attempt_seconds):
                await self._send(attempt)
        except TimeoutError:
            return attempt.broken("timeout")
        except SMTPResponseException as error:
            return attempt.answered(error)
        except (SMTPException, OSError, UnicodeError) as error:
            return attempt.broken(type(error).__name__)
        return Accepted()

    async def close(self) -> None:
        """Say goodbye on every kept connection, briefly."""
        while self._idle:
            dialogue, _ = self._idle.pop()
            with contextlib.suppress(SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(1):
                    await dialogue.quit()
            dialogue.close()

    async def _send(self, attempt: _Attempt) -> None:
        """Over a kept connection, or, where that turns out to be dead before the content, a new one."""
        kept = self._kept()
        if kept is not None:
            try:
                await self._run(attempt, kept)
            except (SMTPServerDisconnected, SMTPSenderRefused, ConnectionError) as error:
                is_goodbye = not isinstance(error, SMTPSenderRefused) or error.code == SMTPStatus.domain_unavailable
                if attempt.has_begun_content or not is_goodbye:
                    raise
            else:
                return
        await self._run(attempt, await self._connected())

    def _kept(self) -> Dialogue | None:
        while self._idle:
            dialogue, since = self._idle.pop()
            if dialogue.is_sound and time.monotonic() - since < _IDLE_SECONDS:
                return dialogue
            dialogue.close()
        return None

    async def _connected(self) -> Dialogue:
        """A connection that is greeted, and secured and signed in where that is wanted."""
        client = SMTP(
            hostname=self._server.host,
            port=self._server.port,
            username=self._server.user,
            password=self._server.password,
            local_hostname=self._helo,
            use_tls=self._server.is_tls,
            start_tls=self._server.is_starttls,
            timeout=min(_LONGEST_CONNECT, self._attempt_seconds),
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await _introduce(client)
            return opened(client)
        except BaseException:
            client.close()
            raise

    async def _run(self, attempt: _Attempt, dialogue: Dialogue) -> None:
        """Keep the connection where it is sound; a refusal leaves it so, after a reset."""
        try:
            await attempt.run(dialogue)
        except SMTPResponseException as error:
            await self._reset(dialogue, error)
            raise
        except BaseException:
            dialogue.close()
            raise
        self._keep(dialogue)

    async def _reset(self, dialogue: Dialogue, error: SMTPResponseException) -> None:
        if error.code == SMTPStatus.domain_unavailable or not dialogue.is_sound:
            dialogue.close()
            return
        try:
            async with asyncio.timeout(2):
                await dialogue.reset()
        except (SMTPException, OSError):  # TimeoutError is one
            dialogue.close()
        except BaseException:
            dialogue.close()
            raise
        else:
            self._keep(dialogue)

    def _keep(self, dialogue: Dialogue) -> None:
        self._idle.append((dialogue, time.monotonic()))


async def _introduce(client: SMTP) -> None:
    """Say who we are; to a server of before 1995 in its own way."""
    try:
        await client.ehlo()
    except SMTPHeloError:
        await client.helo()


class _Attempt:
    """One mail on its way: how far it came decides what its failure means."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope
        self.has_begun_content = False

    async def run(self, dialogue: Dialogue) -> None:
        """MAIL, RCPT, DATA; returns when the server has taken it over."""
        try:
            await dialogue.hand_over(self._envelope)
        finally:
            self.has_begun_content = dialogue.has_begun_content

    def answered(self, error: SMTPResponseException) -> Outcome:
        """The server said no: for good only where it speaks of this mail."""
        is_about_mail = isinstance(error, SMTPRecipientRefused | SMTPDataError)
        if is_about_mail and 500 <= error.code < 600:
            return Refused(f"{error.code}")
        return Deferred(f"{error.code}")

    def broken(self, reason: str) -> Outcome:
        """No answer: unknown once the content was under way."""
        return Unknown(reason) if self.has_begun_content else Deferred(reason)
