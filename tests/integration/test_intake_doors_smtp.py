"""What the SMTP door takes, refuses and says, to a real client over a real socket."""

from __future__ import annotations

import asyncio
import logging
import smtplib
import socket
from pathlib import Path

import pytest
import test.test_email

from caseway.contracts.codec import decode
from caseway_intake.gateway.smtp import SmtpDoor, smtp_door
from tests.intake_builders import NOW
from tests.intake_doors import NOT_THERE, TOO_LARGE, RecordingDoor, running

SENDER = "Jan@Example.com"
OURS = "support@example.com"
MAIL = "From: Jan <jan@example.com>\r\nSubject: zażółć\r\n\r\n.Dzień dobry\r\n..\r\n".encode("iso-8859-2")
CORPUS = sorted((Path(test.test_email.__file__).parent / "data").glob("msg_*.txt"))


@pytest.fixture
def kafka():
    return RecordingDoor()


@pytest.fixture
async def listening(kafka):
    """Opens a door with a configuration; answers with its port."""
    doors = []

    async def listen(**smtp: object) -> int:
        door = SmtpDoor(running(kafka, doors={"smtp": smtp}))
        doors.append(door)
        return await door.open()

    yield listen
    for door in doors:
        door.close()


async def deliver(port, raw=MAIL, sender=SENDER, recipients=(OURS,), options=()):
    """What the server answered to the data, or the exception's answer before them."""

    def session():
        with smtplib.SMTP("127.0.0.1", port, "mx.example.org", timeout=20) as client:
            client.ehlo()
            code, said = client.mail(sender, options)
            if code != 250:
                return code, said
            for recipient in recipients:
                code, said = client.rcpt(recipient)
                if code != 250:
                    return code, said
            return client.data(raw)

    return await asyncio.to_thread(session)


async def test_a_mail_is_acknowledged_with_its_bytes_and_envelope_in_kafka(listening, kafka):
    """S1-03."""
    code, said = await deliver(await listening(), recipients=(OURS, "Sales@Example.com"))
    ((topic, key, value, headers),) = kafka.records
    assert (code, said) == (250, f"2.0.0 Taken as {headers['ce_id']}".encode())
    assert (topic, key, value) == ("contacts.email", "jan@example.com", MAIL)
    assert (headers["ce_mailfrom"], headers["ce_rcptto"]) == (SENDER, "support@example.com,Sales@Example.com")
    envelope = decode(topic, key.encode(), value, [(name, text.encode()) for name, text in headers.items()])
    assert (envelope.source, envelope.time) == ("gateway://intake/smtp", NOW)


async def test_a_mail_sent_again_after_a_lost_answer_is_the_same_event(listening, kafka):
    port = await listening()
    for raw, sender in ((MAIL, SENDER), (MAIL, SENDER), (MAIL + b"x\r\n", SENDER), (MAIL, "other@example.com")):
        await deliver(port, raw, sender)
    ids = [headers["ce_id"] for *_, headers in kafka.records]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


async def test_nothing_is_acknowledged_that_kafka_has_not(listening, kafka):
    port = await listening()
    kafka.failure = NOT_THERE
    assert (await deliver(port))[0] == 451
    kafka.failure = TOO_LARGE
    assert (await deliver(port))[0] == 552
    kafka.failure = RuntimeError("a defect of ours, with jan@example.com in it")
    code, said = await deliver(port)
    assert (code, b"jan" in said) == (451, False)
    kafka.failure = None
    assert (await deliver(port))[0] == 250


async def test_a_bounce_has_no_sender_and_goes_by_its_author(listening, kafka):
    assert (await deliver(await listening(), sender="<>"))[0] == 250
    assert (kafka.records[0][1], kafka.records[0][3]["ce_mailfrom"]) == ("jan@example.com", "")


@pytest.mark.parametrize(
    ("recipient", "code"),
    [(OURS, 250), ("unknown@EXAMPLE.com", 250), ("postmaster", 250), ("x@example.org", 550), ("a@b@example.org", 553)],
)
async def test_only_mail_for_our_domains_is_taken(listening, kafka, recipient, code):
    """An unknown mailbox of ours is taken: whose it is, the edge finds out; another's mail is not ours to relay."""
    assert (await deliver(await listening(), recipients=(recipient,)))[0] == code
    assert len(kafka.records) == (code == 250)


async def test_every_domain_is_taken_where_the_configuration_says_so(listening):
    assert (await deliver(await listening(only_our_domains=False), recipients=("x@example.org",)))[0] == 250


async def test_a_mail_above_the_limit_is_refused_before_or_after_its_data(listening, kafka):
    port = await listening(largest=1000)
    assert (await deliver(port, options=["SIZE=1001"]))[0] == 552
    assert (await deliver(port, b"Subject: x\r\n\r\n" + b"x" * 1000 + b"\r\n"))[0] == 552
    assert kafka.records == []
    assert (await deliver(port, options=["SIZE=1000"]))[0] == 250


async def test_the_largest_mail_is_taken_whole(listening, kafka):
    """wire.md: contacts.email carries 26 MiB, less what key and headers need."""
    line = b"x" * 998 + b"\r\n"
    raw = b"Subject: large\r\n\r\n" + line * (25 * 1024 * 1024 // len(line))
    assert (await deliver(await listening(), raw))[0] == 250
    assert kafka.records[0][2] == raw


async def test_lines_of_any_length_and_no_sort_of_text_are_lost(listening, kafka):
    raw = b"Subject: \xff\x00\x01\r\n\r\n" + b"\xfe" * 200_000 + b"\r\nlone\nfeed\rreturn\r\n"
    assert (await deliver(await listening(), raw))[0] == 250
    assert kafka.records[0][2] == raw


async def test_addresses_in_any_script_are_taken(listening, kafka):
    """RFC 6531."""
    port = await listening(only_our_domains=False)

    def session():
        with smtplib.SMTP("127.0.0.1", port, "mx.example.org", timeout=20) as client:
            return client.send_message(
                message(), from_addr="zażółć@example.com", to_addrs=["obsługa@example.com"], mail_options=["SMTPUTF8"]
            )

    def message():
        from email.message import EmailMessage
        from email.policy import SMTPUTF8

        mail = EmailMessage(policy=SMTPUTF8)
        mail["From"], mail["Subject"] = "zażółć@example.com", "x"
        mail.set_content("y")
        return mail

    assert await asyncio.to_thread(session) == {}
    assert kafka.records[0][1] == "zażółć@example.com"
    assert kafka.records[0][3]["ce_rcptto"] == "obsługa@example.com"


async def test_an_address_that_is_not_text_is_refused(listening, kafka):
    def session(port):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
            file = raw.makefile("rwb")
            answers = [file.readline()]
            for line in (b"EHLO x\r\n", b"MAIL FROM:<\xff\xfe@example.com>\r\n"):
                file.write(line)
                file.flush()
                answers.append(file.readline())
                while answers[-1][3:4] == b"-":
                    answers[-1] = file.readline()
            return answers

    answers = await asyncio.to_thread(session, await listening())
    assert answers[-1].startswith(b"553")
    assert kafka.records == []


async def test_an_empty_mail_and_one_without_recipients_are_refused(listening, kafka):
    port = await listening()
    assert (await deliver(port, b"\r\n\r\n"))[0] == 554
    with pytest.raises(smtplib.SMTPDataError):
        await deliver(port, recipients=())
    assert kafka.records == []


async def test_a_mail_to_more_than_a_hundred_is_taken_in_parts(listening):
    """RFC 5321 §4.5.3.1.10: the sender tries the rest again."""
    recipients = [f"r{index}@example.com" for index in range(101)]
    assert (await deliver(await listening(), recipients=recipients))[0] == 452
    assert (await deliver(await listening(), recipients=recipients[:100]))[0] == 250


async def test_the_door_says_when_it_is_full_and_recovers(listening):
    port = await listening(connections=1)
    first = await asyncio.to_thread(smtplib.SMTP, "127.0.0.1", port, "mx.example.org", timeout=20)
    with pytest.raises(smtplib.SMTPConnectError) as caught:
        await deliver(port)
    assert caught.value.smtp_code == 421
    await asyncio.to_thread(first.quit)
    for _ in range(100):
        try:
            code, _ = await deliver(port)
            break
        except smtplib.SMTPConnectError:
            await asyncio.sleep(0.02)
    assert code == 250


async def test_a_sender_that_hangs_up_half_way_leaves_nothing(listening, kafka):
    port = await listening()
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<support@example.com>\r\nDATA\r\nSubject: half\r\n")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await deliver(port))[0] == 250
    assert [value for _, _, value, _ in kafka.records] == [MAIL]


async def test_the_log_names_no_address(listening, caplog):
    with caplog.at_level(logging.DEBUG):
        await deliver(await listening())
    assert "example.com" not in caplog.text


@pytest.mark.parametrize("path", CORPUS[:40], ids=lambda path: path.stem)
async def test_cpythons_own_mails_arrive_byte_for_byte(listening, kafka, path):
    raw = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert (await deliver(await listening(), raw))[0] == 250
    assert kafka.records[0][2].removesuffix(b"\r\n") == raw.removesuffix(b"\r\n")


@pytest.mark.parametrize(("port", "enabled"), [(-1, True), (0, False)])
async def test_a_door_that_is_switched_off_listens_nowhere_and_does_not_end(kafka, monkeypatch, port, enabled):
    """A loop that ends is a dead service."""
    opened = []
    monkeypatch.setattr(asyncio.get_running_loop(), "create_server", opened.append)
    intake = running(kafka, doors={"smtp": {"enabled": enabled}})
    object.__setattr__(intake, "settings", intake.settings.model_copy(update={"smtp_port": port}))
    task = asyncio.create_task(smtp_door(intake))
    done, _ = await asyncio.wait([task], timeout=0.1)
    assert (done, opened) == (set(), [])
    task.cancel()


async def test_a_stopping_service_hangs_up_on_its_senders(kafka):
    intake = running(kafka)
    door = SmtpDoor(intake)
    port = await door.open()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert (await reader.readline()).startswith(b"220 ")
    door.close()
    assert (await reader.readline()).startswith(b"421 ")
    assert await reader.read() == b""
    writer.close()
