"""winmail.dat is unpacked: its files are the mail's files, its text is read where there is no other (S1-03)."""

from __future__ import annotations

import base64
import struct

import pytest

from caseway_intake.adapters.html import text_of
from caseway_intake.domain.mail.mail import Mail
from caseway_intake.domain.mail.reading import UNREADABLE, Envelope, read_mail
from caseway_intake.domain.mail.tnef import unpack
from tests.intake_edge import KEY


def attribute(level: int, name: int, kind: int, data: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def text_property(name: int, text: str) -> bytes:
    data = text.encode("utf-16-le") + b"\0\0"
    return struct.pack("<HHII", 0x1F, name, 1, len(data)) + data + b"\0" * (-len(data) % 4)


def properties(*each: bytes) -> bytes:
    return struct.pack("<I", len(each)) + b"".join(each)


NAMED = (
    struct.pack("<HH", 0x03, 0x8001)
    + b"G" * 16
    + struct.pack("<II", 1, 6)
    + b"a\0b\0\0\0"
    + b"\0\0"
    + struct.pack("<I", 7)
)
"""A named property of a fixed size, as Outlook puts before the ones that are wanted."""

WINMAIL = (
    struct.pack("<IH", 0x223E9F78, 1)
    + attribute(1, 0x9006, 0x0008, struct.pack("<I", 0x10000))
    + attribute(1, 0x9007, 0x0006, struct.pack("<II", 1250, 0))
    + attribute(1, 0x9003, 0x0006, properties(NAMED, text_property(0x1000, "Treść listu: zażółć")))
    + attribute(2, 0x9002, 0x0006, b"\0" * 14)
    + attribute(2, 0x8010, 0x0001, "umowa~1.pdf".encode("cp1250") + b"\0")
    + attribute(2, 0x800F, 0x0006, b"%PDF-1.4 umowa")
    + attribute(
        2,
        0x9005,
        0x0006,
        properties(text_property(0x3707, "umowa sprzedaży.pdf"), text_property(0x370E, "application/pdf")),
    )
    + attribute(2, 0x9002, 0x0006, b"\0" * 14)
    + attribute(2, 0x8010, 0x0001, "zdjęcie.png".encode("cp1250") + b"\0")
    + attribute(2, 0x800F, 0x0006, b"PNG")
)


def mail(winmail: bytes, text: str = "") -> Mail:
    raw = (
        "From: anna@example.com\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n"
        f"--b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n--b\n"
        'Content-Type: application/ms-tnef; name="winmail.dat"\nContent-Transfer-Encoding: base64\n\n'
        f"{base64.b64encode(winmail).decode()}\n--b--\n"
    )
    return read_mail(raw.encode(), Envelope(mailfrom="anna@example.com"), KEY, text_of)


def test_the_files_in_it_are_the_mails_files() -> None:
    read = mail(WINMAIL, "W załączeniu umowa.")
    assert read.text == "W załączeniu umowa."
    assert [(each.name, each.media_type, each.content) for each in read.attachments] == [
        ("umowa sprzedaży.pdf", "application/pdf", b"%PDF-1.4 umowa"),
        ("zdjęcie.png", "application/octet-stream", b"PNG"),
    ]
    assert read.faults == ()


def test_its_text_is_read_where_there_is_no_other() -> None:
    assert mail(WINMAIL).text == "Treść listu: zażółć"


@pytest.mark.parametrize("end", range(6, len(WINMAIL), 7))
def test_one_that_is_cut_off_is_read_as_far_as_it_goes(end: int) -> None:
    read = mail(WINMAIL[:end], "list")
    assert (read.text, UNREADABLE in read.faults) == ("list", False)


def test_what_is_none_stays_a_file() -> None:
    read = mail(b"not TNEF at all", "list")
    assert [(each.name, each.content) for each in read.attachments] == [("winmail.dat", b"not TNEF at all")]
    assert read.faults == ("mail-broken",)


def test_lengths_that_lie_cost_nothing() -> None:
    lies = struct.pack("<IH", 0x223E9F78, 1) + attribute(2, 0x9002, 6, b"") * 100_000
    assert len(unpack(lies).files) == 100
    many = struct.pack("<IH", 0x223E9F78, 1) + attribute(
        1, 0x9003, 6, struct.pack("<IHHI", 2**31, 0x1003, 0x1000, 2**31)
    )
    assert unpack(many).text == ""
