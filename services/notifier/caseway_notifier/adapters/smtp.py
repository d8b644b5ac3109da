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
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPStatus,
)

from caseway.kernel.errors import Misconfigured
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
        self._idle: deque[tuple[SMTP, float]] = deque()

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
            client, _ = self._idle.pop()
            with contextlib.suppress(SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(1):
                    await client.quit()
            client.close()

    async def _send(self, attempt: _Attempt) -> None:
        """Over a kept connection, or, where that turns out to be dead before the content, a new one."""
        kept = self._kept()
        if kept is not None:
            try:
                async with self._lent(kept):
                    await attempt.run(kept)
            except (SMTPServerDisconnected, SMTPSenderRefused, ConnectionError) as error:
                is_goodbye = not isinstance(error, SMTPSenderRefused) or error.code == SMTPStatus.domain_unavailable
                if attempt.has_begun_content or not is_goodbye:
                    raise
            else:
                return
        client = await self._connected()
        async with self._lent(client):
            await attempt.run(client)

    def _kept(self) -> SMTP | None:
        while self._idle:
            client, since = self._idle.pop()
            if client.is_connected and time.monotonic() - since < _IDLE_SECONDS:
                return client
            client.close()
        return None

    async def _connected(self) -> SMTP:
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
        except BaseException:
            client.close()
            raise
        return client

    @contextlib.asynccontextmanager
    async def _lent(self, client: SMTP) -> AsyncIterator[None]:
        """Keep the connection where it is sound; a refusal leaves it so, after a reset."""
        try:
            yield
        except SMTPResponseException as error:
            await self._reset(client, error)
            raise
        except BaseException:
            client.close()
            raise
        self._keep(client)

    async def _reset(self, client: SMTP, error: SMTPResponseException) -> None:
        if error.code == SMTPStatus.domain_unavailable or not client.is_connected:
            client.close()
            return
        try:
            await client.rset(timeout=2)
        except (SMTPException, OSError):
            client.close()
        else:
            self._keep(client)

    def _keep(self, client: SMTP) -> None:
        self._idle.append((client, time.monotonic()))


class _Attempt:
    """One mail on its way: how far it came decides what its failure means."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope
        self.has_begun_content = False

    async def run(self, client: SMTP) -> None:
        """MAIL, RCPT, DATA; returns when the server has taken it over."""
        envelope = self._envelope
        encoding, options = ("ascii", [])
        if envelope.needs_utf8:
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
            if not client.supports_extension("smtputf8"):
                raise SMTPDataError(553, "SMTPUTF8 is not offered")
            encoding, options = ("utf-8", ["SMTPUTF8", "BODY=8BITMIME"])
        await client.mail(envelope.sender, options=options, encoding=encoding)
        await client.rcpt(envelope.recipient, encoding=encoding)
        self.has_begun_content = True
        await client.data(envelope.content, timeout=None)  # the attempt as a whole is bounded

    def answered(self, error: SMTPResponseException) -> Outcome:
        """The server said no: for good only where it speaks of this mail."""
        is_about_mail = isinstance(error, SMTPRecipientRefused | SMTPDataError)
        if is_about_mail and 500 <= error.code < 600:
            return Refused(f"{error.code}")
        return Deferred(f"{error.code}")

    def broken(self, reason: str) -> Outcome:
        """No answer: unknown once the content was under way."""
        return Unknown(reason) if self.has_begun_content else Deferred(reason)
