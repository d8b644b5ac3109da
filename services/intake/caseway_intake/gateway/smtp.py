"""The SMTP door: a mail is acknowledged once Kafka has it.

It stands behind the organisation's own mail server, which ends TLS and fights spam; it keeps no spool. Every answer is
final or says "later": 250 taken, 451 not now, 550 not ours, 552 too large.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from aiosmtpd.smtp import SMTP, Envelope, Session

from caseway.kernel.errors import Rejected, Transient
from caseway.runtime.logs import logger
from caseway.runtime.running import Running
from caseway_intake import metrics
from caseway_intake.gateway.arrivals import publish
from caseway_intake.gateway.mails import MOST_RECIPIENTS, is_address, is_path, mail_arrival
from caseway_intake.settings import Configuration

SOURCE = "gateway://intake/smtp"
LATER = "451 4.3.0 Not taken, try again later"
_LONGEST_LINE = 1024 * 1024
"""Bytes. RFC 5321 allows 1,000; many senders do not keep to it, and no mail is lost for that."""
_SILENCE_SECONDS = 300.0
"""How long a client may take for one command or for all its data. Source: RFC 5321 §4.5.3.2."""
_NULL_SENDER = "<>"


async def smtp_door(running: Running) -> None:
    """Listens, unless it is switched off, as long as the service runs."""
    door = SmtpDoor(running)
    if running.settings.smtp_port >= 0 and running.configuration.doors.smtp.enabled:
        await door.open()
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        door.close()


class SmtpDoor:
    """Says what becomes of each mail; aiosmtpd speaks the protocol."""

    def __init__(self, running: Running) -> None:
        configuration: Configuration = running.configuration
        self._running = running
        self._settings = configuration.doors.smtp
        self._domains = configuration.mailboxes.domains
        self._server: asyncio.Server | None = None
        self.sessions: set[_Protocol] = set()

    async def open(self) -> int:
        """Listen in the running loop; the port."""
        # the library logs every command, and so every customer's address
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        settings, loop = self._running.settings, asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Protocol(self, loop), settings.http_host, settings.smtp_port)
        port: int = self._server.sockets[0].getsockname()[1]
        logger(__name__).info("smtp door open", port=port)
        return port

    def close(self) -> None:
        """Listen no more, and end every session; a mail that was not acknowledged comes again."""
        if self._server is not None:
            self._server.close()
        for session in tuple(self.sessions):
            session.end()

    @property
    def hostname(self) -> str:
        """What the door calls itself."""
        return self._settings.hostname

    @property
    def largest(self) -> int:
        """Bytes of one mail."""
        return self._settings.largest

    @property
    def is_full(self) -> bool:
        """Whether no further session fits."""
        return len(self.sessions) >= self._settings.connections

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: Sequence[str]
    ) -> str:
        """The sender; a bounce has none."""
        if address != _NULL_SENDER and not is_path(address):
            return "553 5.1.7 Not an address"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: Sequence[str]
    ) -> str:
        """One recipient, if it is ours."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        if not self._is_ours(address):
            return "550 5.7.1 Not one of our mailboxes"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - the library's name
        """The mail itself: as it came, byte for byte."""
        said = await self._taken(envelope)
        metrics.DOORS.labels("smtp", said[:3]).inc()
        return said

    async def _taken(self, envelope: Envelope) -> str:
        mailfrom = "" if envelope.mail_from == _NULL_SENDER else envelope.mail_from or ""
        raw = envelope.original_content or b""
        if not raw.strip():
            return "554 5.6.0 An empty mail"
        arrival = mail_arrival(source=SOURCE, raw=raw, mailfrom=mailfrom, rcptto=envelope.rcpt_tos)
        try:
            await publish(self._running, arrival)
        except Transient:
            return LATER
        except Rejected:
            return "552 5.3.4 Too large"
        return f"250 2.0.0 Taken as {arrival.id}"

    async def handle_exception(self, error: Exception) -> str:
        """A defect of ours costs the sender nothing but time."""
        logger(__name__).error("smtp session failed", error=type(error).__name__)
        return LATER

    def _is_ours(self, address: str) -> bool:
        """Source: RFC 5321 §4.5.1, which wants `postmaster` to be taken without a domain."""
        if address.lower() == "postmaster":
            return True
        if not is_address(address):
            return False
        return not self._settings.only_our_domains or address.rpartition("@")[2].casefold() in self._domains


class _Protocol(SMTP):
    """One session, counted."""

    line_length_limit = _LONGEST_LINE

    def __init__(self, door: SmtpDoor, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            door,
            data_size_limit=door.largest,
            enable_SMTPUTF8=True,
            hostname=door.hostname,
            ident="Caseway",
            timeout=_SILENCE_SECONDS,
            loop=loop,
        )
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or say that there is no room."""
        if self._door.is_full and isinstance(transport, asyncio.WriteTransport):
            transport.write(b"421 4.3.2 Too many sessions, try again later\r\n")
            transport.close()
            return
        self._door.sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        if self in self._door.sessions:
            self._door.sessions.discard(self)
            super().connection_lost(error)

    def end(self) -> None:
        """Say goodbye and hang up."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.write(b"421 4.3.2 Closing, try again later\r\n")
            self.transport.close()
