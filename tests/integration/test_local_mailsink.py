"""The mail sink keeps every byte and fails as it is told."""

import asyncio
from email.message import EmailMessage

import aiosmtplib
import httpx
import pytest

from caseway.local.mailpage import mail_page
from caseway.local.mailsink import HANG_UP, LOSE_REPLY, SILENCE, MailSink, refuse

RAW = b"From: desk@example.com\r\nSubject: Za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87\r\n\r\n.dot first\r\n8-bit \xff\xfe\r\n"


async def _send(sink: MailSink, content: bytes = RAW, to: list[str] | None = None, seconds: float = 5) -> None:
    async with aiosmtplib.SMTP(hostname=sink.host, port=sink.port, timeout=seconds, start_tls=False) as client:
        await client.sendmail("desk@example.com", to or ["anna@example.com"], content)


async def test_every_byte_is_kept_with_its_envelope() -> None:
    async with MailSink() as sink:
        await _send(sink, to=["anna@example.com", "jan@example.com"])
        (mail,) = await sink.until(1)
    assert mail.content == RAW
    assert (mail.mail_from, mail.rcpt_tos) == ("desk@example.com", ("anna@example.com", "jan@example.com"))


@pytest.mark.parametrize("at", ["mail", "rcpt", "data"])
async def test_a_refusal_comes_at_its_command_and_only_once(at: str) -> None:
    async with MailSink() as sink:
        sink.plan.append(refuse("451 4.3.0 later", at=at))
        with pytest.raises((aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused)) as raised:
            await _send(sink)
        error = raised.value
        code = error.recipients[0].code if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else error.code
        assert code == 451
        assert sink.mails == []
        await _send(sink)
        assert len(sink.mails) == 1


async def test_a_silent_server_has_the_mail_and_says_nothing() -> None:
    async with MailSink() as sink:
        sink.plan.append(SILENCE)
        with pytest.raises(aiosmtplib.SMTPTimeoutError):
            await _send(sink, seconds=0.3)
        assert [(each.content, each.is_kept, each.reply) for each in sink.attempts] == [(RAW, False, "")]


async def test_a_lost_reply_leaves_a_mail_that_the_sender_knows_nothing_of() -> None:
    async with MailSink() as sink:
        sink.plan.append(LOSE_REPLY)
        with pytest.raises((aiosmtplib.SMTPServerDisconnected, ConnectionError)):
            await _send(sink)
        assert [each.content for each in sink.mails] == [RAW]


async def test_hanging_up_after_the_answer_is_heard_as_success() -> None:
    async with MailSink() as sink:
        sink.plan.append(HANG_UP)
        client = aiosmtplib.SMTP(hostname=sink.host, port=sink.port, timeout=2, start_tls=False)
        await client.connect()
        _, answer = await client.sendmail("desk@example.com", ["anna@example.com"], RAW)
        assert "kept" in answer
        with pytest.raises(aiosmtplib.SMTPServerDisconnected):
            await _talk_until_it_breaks(client)


async def _talk_until_it_breaks(client: aiosmtplib.SMTP) -> None:
    for _ in range(20):
        await client.noop()


async def test_one_recipient_of_two_can_be_refused() -> None:
    async with MailSink() as sink:
        sink.refused_recipients["gone@example.com"] = "550 5.1.1 nobody here"
        await _send(sink, to=["anna@example.com", "gone@example.com"])
        assert [mail.rcpt_tos for mail in sink.mails] == [("anna@example.com",)]


async def test_waiting_for_mails_that_do_not_come_ends() -> None:
    async with MailSink() as sink:
        with pytest.raises(TimeoutError):
            await sink.until(1, seconds=0.1)


async def test_the_page_shows_what_was_sent_and_runs_none_of_it() -> None:
    mail = EmailMessage()
    mail["Subject"] = "<script>alert(1)</script> Zażółć"
    mail["Message-ID"] = "<one@example.com>"
    mail.set_content("hello")
    async with MailSink() as sink:
        await _send(sink, mail.as_bytes())
        page = httpx.ASGITransport(app=mail_page(sink))
        async with httpx.AsyncClient(transport=page, base_url="http://sink") as client:
            html = (await client.get("/")).text
            (listed,) = (await client.get("/mails.json")).json()
            raw = await client.get("/mails/1.eml")
            assert (await client.get("/mails/2.eml")).status_code == 404
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Zażółć" in html
    assert listed["message_id"] == "<one@example.com>"
    assert listed["rcpt_tos"] == ["anna@example.com"]
    assert raw.headers["content-type"].startswith("text/plain")
    assert raw.content == sink.attempts[0].content


async def test_many_connections_at_once_lose_nothing() -> None:
    async with MailSink() as sink:
        await asyncio.gather(*(_send(sink, RAW + str(number).encode() + b"\r\n") for number in range(40)))
        assert len({mail.content for mail in sink.mails}) == 40
        assert [mail.number for mail in sink.attempts] == list(range(1, 41))
