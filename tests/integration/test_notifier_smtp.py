"""What an attempt tells, whatever the mail server does."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from caseway.local.mailsink import HANG_UP, LOSE_REPLY, SILENCE, MailSink, refuse
from caseway.local.ports import free_ports
from caseway_notifier.adapters.mail import Envelope
from caseway_notifier.adapters.post import Post
from caseway_notifier.adapters.smtp import Pool, server
from caseway_notifier.domain.content import Content
from caseway_notifier.domain.delivery import Accepted, Automatic, Deferred, Mailing, Refused, Unknown
from tests.notifier_builders import CUSTOMER, configuration, delivery

CONTENT = b"From: support@example.com\r\nSubject: x\r\nMessage-ID: <one@example.com>\r\n\r\n.dot\r\n"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def pool_to(url: str, seconds: float = 5.0) -> AsyncIterator[Pool]:
    pool = Pool(server(url), attempt_seconds=seconds, helo="desk.example.com")
    yield pool
    await pool.close()


def envelope(**changes: Any) -> Envelope:
    plain = {"sender": "support@example.com", "recipient": CUSTOMER, "content": CONTENT, "needs_utf8": False}
    return Envelope(**{**plain, **changes})


@contextlib.asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[str]:
    """A server that says what `talk` says, and its URL."""

    async def talk_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await talk(reader, writer)
        writer.close()

    listening = await asyncio.start_server(talk_and_close, "127.0.0.1", 0)
    try:
        yield f"smtp://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()


OFFERS = pytest.mark.parametrize("offers", [(), ("PIPELINING",)], ids=["one by one", "in one piece"])


@OFFERS
async def test_a_mail_is_taken_and_the_connection_kept(offers: tuple[str, ...]) -> None:
    async with MailSink(offers=offers) as sink, pool_to(sink.url) as pool:
        for _ in range(5):
            assert await pool.send(envelope()) == Accepted()
        assert [each.content for each in sink.mails] == [CONTENT] * 5
        assert [each.rcpt_tos for each in sink.mails] == [(CUSTOMER,)] * 5
        assert len(sink._open) == 1, "five mails, one connection"


@OFFERS
@pytest.mark.parametrize(
    ("at", "reply", "expected"),
    [
        ("data", "451 4.3.0 later", Deferred("451")),
        ("rcpt", "450 4.2.1 greylisted", Deferred("450")),
        ("mail", "421 4.3.2 shutting down", Deferred("421")),
        ("rcpt", "550 5.1.1 nobody here", Refused("550")),
        ("data", "554 5.7.1 spam", Refused("554")),
        # that our sender is refused is our trouble: the recipient would be given up for nothing
        ("mail", "550 5.7.1 not you", Deferred("550")),
    ],
)
async def test_a_refusal_is_final_only_where_it_speaks_of_this_mail(
    at: Any, reply: str, expected: Any, offers: tuple[str, ...]
) -> None:
    async with MailSink(offers=offers) as sink, pool_to(sink.url) as pool:
        sink.plan.append(refuse(reply, at=at))
        assert await pool.send(envelope()) == expected
        assert await pool.send(envelope()) == Accepted(), "the next mail is no worse for it"
        assert len(sink.mails) == 1


async def test_what_is_said_in_one_piece_is_answered_one_by_one() -> None:
    """A recipient is refused and DATA taken all the same: the server gets an empty mail for nobody, and the next is whole."""
    heard: list[bytes] = []

    async def eager(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        script = [b"250-x\r\n250 PIPELINING\r\n", b"250 o", b"k\r\n550-5.1.1 nobody\r\n550 here\r\n354 go on\r\n"]
        heard.append(await reader.readuntil(b"\r\n"))
        writer.write(script[0])
        heard.append(await reader.readuntil(b"DATA\r\n"))
        writer.write(script[1])
        await asyncio.sleep(0.05)
        writer.write(script[2])
        heard.append(await reader.readuntil(b".\r\n"))
        writer.write(b"554 5.5.1 no valid recipients\r\n")
        heard.append(await reader.readuntil(b"RSET\r\n"))
        writer.write(b"250 ok\r\n")
        heard.append(await reader.readuntil(b"DATA\r\n"))
        writer.write(b"250 ok\r\n251 forwarded\r\n354 go on\r\n")
        heard.append(await reader.readuntil(b"\r\n.\r\n"))
        writer.write(b"250 kept\r\n")

    async with talking(eager) as url, pool_to(url) as pool:
        assert await pool.send(envelope()) == Refused("550")
        assert await pool.send(envelope()) == Accepted()
    assert heard[1].count(b"\r\n") == 3, "MAIL, RCPT and DATA in one piece"
    assert heard[2:4] == [b".\r\n", b"RSET\r\n"]
    assert b"\r\n\r\n..dot\r\n.\r\n" in heard[5]


async def test_what_nobody_asked_for_ends_a_kept_connection() -> None:
    """A late reply would be taken for the answer to the next mail."""
    greeted = 0

    async def chatty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal greeted
        greeted += 1
        writer.write(b"220 x\r\n")
        for reply in (b"250 x\r\n", b"250 x\r\n", b"250 x\r\n", b"354 x\r\n"):
            await reader.readuntil(b"\r\n")
            writer.write(reply)
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250 kept\r\n")
        await writer.drain()
        writer.write(b"421 4.4.2 bye\r\n")
        await reader.read()

    async with talking(chatty) as url, pool_to(url) as pool:
        assert await pool.send(envelope()) == Accepted()
        await asyncio.sleep(0.1)
        assert await pool.send(envelope()) == Accepted()
        assert greeted == 2


@pytest.mark.parametrize(
    "address", ["a b@example.com", "a@example.com>\r\nRSET", "<a@example.com", "a\x00@example.com"]
)
async def test_no_address_can_say_another_command(address: str) -> None:
    async with MailSink() as sink, pool_to(sink.url) as pool:
        assert await pool.send(envelope(recipient=address)) == Refused("553")
        assert sink.attempts == []


async def test_a_lost_answer_is_unknown() -> None:
    """The server has the mail, and we cannot know: at least once, and told."""
    async with MailSink() as sink, pool_to(sink.url) as pool:
        sink.plan.append(LOSE_REPLY)
        assert isinstance(await pool.send(envelope()), Unknown)
        assert len(sink.mails) == 1


async def test_a_silent_end_is_unknown_and_ends_in_time() -> None:
    async with MailSink() as sink, pool_to(sink.url, seconds=0.5) as pool:
        sink.plan.append(SILENCE)
        began = time.monotonic()
        assert await pool.send(envelope()) == Unknown("timeout")
        assert time.monotonic() - began < 3
        assert await pool.send(envelope()) == Accepted()


async def test_a_server_that_hangs_up_after_its_answer_has_taken_the_mail() -> None:
    async with MailSink() as sink, pool_to(sink.url) as pool:
        sink.plan.append(HANG_UP)
        assert await pool.send(envelope()) == Accepted()
        assert await pool.send(envelope()) == Accepted(), "over a new connection"
        assert len(sink.mails) == 2


async def test_a_connection_that_died_while_it_was_kept_costs_nothing() -> None:
    async with MailSink() as sink, pool_to(sink.url) as pool:
        assert await pool.send(envelope()) == Accepted()
        for protocol in list(sink._open):
            protocol.break_off()
        assert await pool.send(envelope()) == Accepted()


async def test_a_goodbye_on_a_kept_connection_costs_nothing() -> None:
    """421 at MAIL on an old connection: the server tidies up, the mail goes over a new one."""
    async with MailSink() as sink, pool_to(sink.url) as pool:
        assert await pool.send(envelope()) == Accepted()
        sink.plan.append(refuse("421 4.4.2 idle too long", at="mail"))
        assert await pool.send(envelope()) == Accepted()


async def test_nobody_listening_is_known_not_to_have_sent() -> None:
    (port,) = free_ports(1)
    async with pool_to(f"smtp://127.0.0.1:{port}") as pool:
        assert isinstance(await pool.send(envelope()), Deferred)


async def test_a_server_that_never_greets_is_known_not_to_have_sent() -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with talking(silent) as url, pool_to(url, seconds=0.5) as pool:
        assert await pool.send(envelope()) == Deferred("timeout")


@pytest.mark.parametrize(
    "greeting", [b"554 5.3.2 no mail here\r\n", b"421 busy\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\xff\r\n"]
)
async def test_a_server_that_is_none_does_not_cost_the_recipient(greeting: bytes) -> None:
    async def rude(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()

    async with talking(rude) as url, pool_to(url, seconds=2) as pool:
        assert isinstance(await pool.send(envelope()), Deferred)


async def test_a_server_that_cuts_off_within_the_content_leaves_it_unknown() -> None:
    async def cutting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        for reply in (b"250 x\r\n", b"250 x\r\n", b"250 x\r\n", b"354 go on\r\n"):
            await reader.readuntil(b"\r\n")
            writer.write(reply)
        await reader.readexactly(20)

    async with talking(cutting) as url, pool_to(url, seconds=5) as pool:
        assert isinstance(await pool.send(envelope()), Unknown)


async def test_tls_that_is_not_offered_is_not_done_without() -> None:
    """`smtp+starttls://` never falls back to plain text."""
    async with MailSink() as sink, pool_to(sink.url.replace("smtp://", "smtp+starttls://")) as pool:
        assert isinstance(await pool.send(envelope()), Deferred)
        assert sink.attempts == []


async def test_an_international_address_is_sent_where_the_server_takes_it() -> None:
    async with MailSink() as sink, pool_to(sink.url) as pool:
        assert await pool.send(envelope(recipient="łukasz@example.com", needs_utf8=True)) == Accepted()
        assert sink.mails[0].rcpt_tos == ("łukasz@example.com",)


async def test_the_post_composes_and_hands_over() -> None:
    plan = configuration().plan
    mail = delivery(
        mailing=Mailing(sender="support", to=CUSTOMER, automatic=Automatic.NO, message_id="<m@example.com>")
    )
    async with MailSink() as sink, pool_to(sink.url) as pool:
        outcome = await Post(plan, pool, b"key").attempt(
            mail, Content(language="pl", subject="Cześć", text=".\nżółw\n")
        )
        assert outcome == Accepted()
        (got,) = sink.mails
    assert got.mail_from == "support@example.com"
    assert got.message["Subject"] == "Cześć"
    assert got.message.get_content().splitlines() == [".", "żółw"]


async def test_the_post_refuses_what_cannot_be_a_mail() -> None:
    plan = configuration().plan
    gone = delivery(mailing=Mailing(sender="nobody", to=CUSTOMER, automatic=Automatic.NO))
    broken = delivery(
        mailing=Mailing(sender="support", to=CUSTOMER, automatic=Automatic.NO, in_reply_to="<a>\r\nBcc: x")
    )
    content = Content(language="pl", subject="x", text="x")
    async with MailSink() as sink, pool_to(sink.url) as pool:
        assert await Post(plan, pool, b"key").attempt(gone, content) == Refused("unknown-sender")
        assert await Post(plan, pool, b"key").attempt(broken, content) == Refused("not-composed")
        assert sink.attempts == []
