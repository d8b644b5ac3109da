"""One mail after another over a connection that is open.

aiosmtplib connects, greets, secures and signs in; from then on the connection is ours. Each command of its own costs
a locked future, a timer and the parsing of addresses that were judged long ago: of a broadcast's mail more than all
else together. And where the server offers it, the commands before the content go in one piece (RFC 2920), which spares
two of four waits for a distant server.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import deque
from collections.abc import Sequence
from typing import cast

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPStatus,
)

from caseway_notifier.adapters.mail import Envelope

_LONGEST_LINE = 8 * 1024
"""Bytes of an answer's line; a server that says more is none (RFC 5321 §4.5.3.1.5 has 512)."""
_MOST_REPLIES = 10
"""Heard and not asked for: more is no dialogue."""
_LINE_ENDS = re.compile(rb"\r\n|\n|\r")
_UNSAFE = re.compile(r"[\x00-\x20<>\x7f]")
"""What no address of a command may hold: it would end the command, or begin another."""
_GOODBYE = SMTPStatus.domain_unavailable


class Dialogue(asyncio.Protocol):
    """What is said to one server, and what it answers."""

    def __init__(self, transport: asyncio.Transport, extensions: Sequence[str]) -> None:
        """Take over a connection.

        Args:
            transport: open, greeted, secured where that is wanted.
            extensions: what the server offered in answer to `EHLO`, in lower case.
        """
        self._transport = transport
        self._is_pipelining = "pipelining" in extensions
        self._has_utf8 = "smtputf8" in extensions
        self._buffer = b""
        self._replies: deque[int] = deque()
        self._listening: asyncio.Future[None] | None = None
        self._is_lost = False
        self.has_begun_content = False
        """Of the mail that was handed over last: from then on the server may have it."""
        transport.set_protocol(self)

    @property
    def is_sound(self) -> bool:
        """Whether another mail may follow: nobody hung up, and nothing was said that nobody asked for."""
        return not (self._is_lost or self._transport.is_closing() or self._replies or self._buffer)

    async def hand_over(self, envelope: Envelope) -> None:
        """MAIL, RCPT, DATA and the content; returns when the server has taken the mail over.

        Raises:
            SMTPResponseException: it said no, by the command to which it said so.
            SMTPServerDisconnected: it hung up.
        """
        self.has_begun_content = False
        commands = self._opening(envelope)
        if self._is_pipelining:
            self._say(b"".join(commands))
        for place, command in enumerate(commands):
            if not self._is_pipelining:
                self._say(command)
            code = await self._reply()
            if not (_is_taken(code) if place < len(commands) - 1 else code == SMTPStatus.start_input):
                await self._withdraw(code, len(commands) - 1 - place)
                raise _refused(place, code, envelope)
        self.has_begun_content = True
        self._say(_as_sent(envelope.content))
        if not _is_taken(code := await self._reply()):
            raise SMTPDataError(code, "")

    async def reset(self) -> None:
        """Forget a mail that was refused.

        Raises:
            SMTPResponseException: the server does not.
            SMTPServerDisconnected: it hung up.
        """
        self._say(b"RSET\r\n")
        if not _is_taken(code := await self._reply()):
            raise SMTPResponseException(code, "")

    async def quit(self) -> None:
        """Say goodbye, and wait until it is heard.

        Raises:
            SMTPServerDisconnected: there is nobody to hear it.
        """
        self._say(b"QUIT\r\n")
        await self._reply()

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        """The transport's word."""
        *lines, rest = (self._buffer + data).split(b"\n")
        self._buffer = rest
        is_one = len(rest) <= _LONGEST_LINE and all(line[:3].isdigit() for line in lines)
        # `250-more` goes on, `250 done` ends it. Source: RFC 5321 §4.2.1
        self._replies.extend(int(line[:3]) for line in lines if is_one and line[3:4] != b"-")
        if not is_one or len(self._replies) > _MOST_REPLIES:
            self._transport.abort()
        self._wake()

    def connection_lost(self, _error: Exception | None) -> None:
        """The transport's word."""
        self._is_lost = True
        self._wake()

    def _wake(self) -> None:
        if self._listening is not None and not self._listening.done():
            self._listening.set_result(None)

    async def _reply(self) -> int:
        while not self._replies:
            if self._is_lost or self._transport.is_closing():
                raise SMTPServerDisconnected("connection lost")
            self._listening = asyncio.get_running_loop().create_future()
            await self._listening
        return self._replies.popleft()

    def _say(self, what: bytes) -> None:
        if self._is_lost or self._transport.is_closing():
            raise SMTPServerDisconnected("connection lost")
        self._transport.write(what)

    def _opening(self, envelope: Envelope) -> tuple[bytes, bytes, bytes]:
        if envelope.needs_utf8 and not self._has_utf8:
            raise SMTPDataError(553, "SMTPUTF8 is not offered")
        if _UNSAFE.search(envelope.sender) or _UNSAFE.search(envelope.recipient):
            raise SMTPDataError(553, "not an address")
        options = " SMTPUTF8 BODY=8BITMIME" if envelope.needs_utf8 else ""
        mail = f"MAIL FROM:<{envelope.sender}>{options}\r\n"
        return mail.encode(), f"RCPT TO:<{envelope.recipient}>\r\n".encode(), b"DATA\r\n"

    async def _withdraw(self, code: int, unread: int) -> None:
        """Hear the answers to what was said in the same piece; a server that waits for content gets none."""
        if not self._is_pipelining or code == _GOODBYE:
            return
        with contextlib.suppress(SMTPServerDisconnected):  # it said no, and that is what counts
            for left in range(unread, 0, -1):
                if await self._reply() == SMTPStatus.start_input and left == 1:
                    self._say(b".\r\n")
                    await self._reply()


def opened(client: SMTP) -> Dialogue:
    """The dialogue over a connection that a client has opened.

    Raises:
        SMTPServerDisconnected: it is gone already.
    """
    if client.transport is None:
        raise SMTPServerDisconnected("connection lost")
    return Dialogue(cast("asyncio.Transport", client.transport), tuple(client.esmtp_extensions))


def _is_taken(code: int) -> bool:
    """Any 2xx: RCPT may be answered with 251, and taking that for a no would send the content twice."""
    return 200 <= code < 300


def _refused(place: int, code: int, envelope: Envelope) -> SMTPResponseException:
    match place:
        case 0:
            return SMTPSenderRefused(code, "", envelope.sender)
        case 1:
            return SMTPRecipientRefused(code, "", envelope.recipient)
        case _:
            return SMTPDataError(code, "")


def _as_sent(content: bytes) -> bytes:
    """The content with its dots stuffed and its end. Source: RFC 5321 §4.5.2."""
    if not content.endswith(b"\r\n") or not content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r"):
        content = _LINE_ENDS.sub(b"\r\n", content).removesuffix(b"\r\n") + b"\r\n"
    if content.startswith(b".") or b"\r\n." in content:
        content = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
    return content + b".\r\n"
