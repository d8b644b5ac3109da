"""An SMTP server that keeps what it is sent, and can fail."""

import asyncio
import datetime as dt
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Literal, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from caseway.kernel.clock import WallClock

_MAX_MAIL_BYTES = 28 * 1024 * 1024  # more than intake takes, so that the limit under test is never ours
_OK = "250 2.0.0 kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one attempt ends.

    `accept`: kept and answered. `refuse`: answered with `reply` at the command `at`. `silence`: the end of data is never
    answered. `lose-reply`: kept, then the connection breaks before the answer. `hang-up`: kept and answered, then the
    connection breaks.
    """

    kind: Literal["accept", "refuse", "silence", "lose-reply", "hang-up"] = "accept"
    reply: str = _OK
    at: Literal["mail", "rcpt", "data"] = "data"


def refuse(reply: str, at: Literal["mail", "rcpt", "data"] = "data") -> Outcome:
    """Answer `reply`, such as `451 4.3.0 later` or `550 5.1.1 nobody here`, at that command."""
    return Outcome(kind="refuse", reply=reply, at=at)


SILENCE = Outcome(kind="silence")
LOSE_REPLY = Outcome(kind="lose-reply")
HANG_UP = Outcome(kind="hang-up")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One mail that came as far as its data."""

    number: int
    at: dt.datetime
    mail_from: str
    rcpt_tos: tuple[str, ...]
    content: bytes
    """Every byte between DATA and its end, dots unstuffed."""
    is_kept: bool
    """Whether a real server would have delivered it, whatever the sender heard."""
    reply: str
    """What the sender was told; empty if nothing."""

    @property
    def message(self) -> EmailMessage:
        """Parsed; for a look, not for a comparison of bytes."""
        return message_from_bytes(self.content, policy=policy.default)


@dataclass(slots=True)
class MailSink:
    """Use as `async with MailSink() as sink`; attempts are numbered from 1.

    `plan` gives the next attempts their outcomes, one each, counted at MAIL FROM; after them everything is accepted.
    """

    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free one, to be read here afterwards."""
    plan: deque[Outcome] = field(default_factory=deque)
    refused_recipients: dict[str, str] = field(default_factory=dict)
    """Reply by address, for a mail of which only some recipients are refused."""
    offers: tuple[str, ...] = ()
    """What `EHLO` is answered beside aiosmtpd's own extensions, such as `PIPELINING`."""
    attempts: list[Attempt] = field(default_factory=list)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    _server: asyncio.Server | None = None
    _open: set["_Protocol"] = field(default_factory=set)

    @property
    def mails(self) -> list[Attempt]:
        """What a real server would have delivered."""
        return [attempt for attempt in self.attempts if attempt.is_kept]

    @property
    def url(self) -> str:
        """As `CASEWAY_SMTP_URL` wants it."""
        return f"smtp://{self.host}:{self.port}"

    async def until(self, count: int, seconds: float = 30.0) -> Sequence[Attempt]:
        """Wait until `count` mails are kept, and return them.

        Raises:
            TimeoutError: fewer came.
        """
        async with asyncio.timeout(seconds), self._arrived:
            await self._arrived.wait_for(lambda: len(self.mails) >= count)
        return self.mails

    async def start(self) -> Self:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Protocol(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Stop listening and break the connections that are left, silent ones too."""
        if self._server is not None:
            self._server.close()
            for protocol in list(self._open):
                protocol.break_off()
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    async def take(self, envelope: Envelope, outcome: Outcome) -> None:
        """Note an attempt whose data is complete."""
        is_kept = outcome.kind in {"accept", "lose-reply", "hang-up"}
        attempt = Attempt(
            number=len(self.attempts) + 1,
            at=WallClock().now(),
            mail_from=envelope.mail_from or "",
            rcpt_tos=tuple(envelope.rcpt_tos),
            content=bytes(envelope.original_content or b""),
            is_kept=is_kept,
            reply="" if outcome.kind in {"silence", "lose-reply"} else outcome.reply,
        )
        async with self._arrived:
            self.attempts.append(attempt)
            self._arrived.notify_all()


class _Protocol(SMTP):
    """One connection; its own handler, so that an outcome stays with its attempt."""

    def __init__(self, sink: MailSink) -> None:
        super().__init__(self, hostname="sink.example.com", data_size_limit=_MAX_MAIL_BYTES, enable_SMTPUTF8=True)
        self._sink = sink
        self._outcome = Outcome()

    def connection_made(self, transport: Any) -> None:
        self._sink._open.add(self)  # noqa: SLF001 - one thing in two classes, since aiosmtpd wants its own
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._sink._open.discard(self)  # noqa: SLF001 - likewise
        super().connection_lost(error)

    def break_off(self) -> None:
        """Break the connection as a crash would."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], *(f"250-{each}" for each in self._sink.offers), *responses[-1:]]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self._outcome = self._sink.plan.popleft() if self._sink.plan else Outcome()
        if self._outcome.kind == "refuse" and self._outcome.at == "mail":
            return self._outcome.reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 go on"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self._outcome.kind == "refuse" and self._outcome.at == "rcpt":
            return self._outcome.reply
        if reply := self._sink.refused_recipients.get(address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 go on"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        await self._sink.take(envelope, self._outcome)
        match self._outcome.kind:
            case "silence":
                await asyncio.Event().wait()
            case "lose-reply":
                self.break_off()
            case "hang-up":
                await server.push(self._outcome.reply)
                if server.transport is not None:
                    server.transport.close()
            case "accept" | "refuse":
                pass
        return self._outcome.reply
