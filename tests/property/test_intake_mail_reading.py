"""No mail is lost by its shape: whatever the bytes are, they are read, in bounded time (S1-03)."""

from __future__ import annotations

import base64
import quopri
import time
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseway_intake.adapters.html import sanitised, text_of
from caseway_intake.domain.mail.charsets import decode
from caseway_intake.domain.mail.fields import decode_words, parameters
from caseway_intake.domain.mail.mail import Mail
from caseway_intake.domain.mail.quoting import part
from caseway_intake.domain.mail.reading import UNREADABLE, Envelope, read_mail
from tests.corpus_mails import charsets, programs, shapes
from tests.intake_edge import KEY

ENVELOPE = Envelope(mailfrom="anna@example.com", rcptto=("support@example.com",))

_NAMES = st.sampled_from(
    [
        "From",
        "To",
        "Cc",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "Content-Type",
        "Content-Transfer-Encoding",
        "Reply-To",
        "Content-Disposition",
        "Auto-Submitted",
        "Precedence",
        "Return-Path",
        "List-Id",
        "Received",
        "MIME-Version",
        "X-Caseway-Loop",
    ]
)
_VALUES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"text/plain; charset=utf-8",
            b"text/html; charset=x-unknown",
            b'multipart/mixed; boundary="b"',
            b"multipart/alternative; boundary=b",
            b"multipart/report; report-type=delivery-status; boundary=b",
            b"message/rfc822",
            b"multipart/mixed",
            b"text/plain; charset*0*=utf-7''; charset*=''",
            b"base64",
            b"quoted-printable",
            b"x-uuencode",
            b"=?utf-8?b?w7PFgsSH?= =?iso-2022-jp?B?GyRC?=",
            b"attachment; filename*0*=utf-8''%c5%bc; filename*1=\"x",
            b"<a@example.com> <b@example.com",
            b'"((((" <anna@example.com>, undisclosed:;',
        ]
    ),
)
_FIELD = st.builds(lambda name, value: name.encode() + b": " + value + b"\r\n", _NAMES, _VALUES)
_BODY = st.lists(
    st.one_of(
        st.binary(max_size=80),
        st.sampled_from([b"--b\r\n", b"--b--\r\n", b"\r\n\r\n", b"> x\r\n", b"-- \r\n", b"\x1b$B"]),
    ),
    max_size=12,
).map(b"".join)


@st.composite
def almost_mails(draw: st.DrawFn) -> bytes:
    """Bytes that look much like a mail, and so come far into the parser."""
    head = b"".join(draw(st.lists(_FIELD, max_size=8)))
    inner = draw(st.lists(st.tuples(st.lists(_FIELD, max_size=3).map(b"".join), _BODY), max_size=3))
    parts = b"".join(b"--b\r\n" + fields + b"\r\n" + body + b"\r\n" for fields, body in inner)
    return head + b"\r\n" + draw(_BODY) + parts


def _check(mail: Mail, raw: bytes) -> None:
    assert mail.raw == raw
    assert mail.source_key
    for text in (
        mail.subject,
        mail.text,
        mail.quoted,
        mail.signature,
        mail.sender.name,
        mail.message_id,
        *mail.references,
    ):
        text.encode("utf-8")
        assert "\x00" not in text
    for name in (mail.subject, mail.message_id, mail.sender.address, mail.reply_to):
        assert "\n" not in name
        assert "\r" not in name


@given(st.binary(max_size=2000))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    _check(read_mail(raw, ENVELOPE, KEY, text_of), raw)


@given(almost_mails())
@settings(max_examples=300, deadline=None)
def test_anything_like_a_mail_is_a_mail(raw: bytes) -> None:
    mail = read_mail(raw, ENVELOPE, KEY, text_of)
    _check(mail, raw)
    assert UNREADABLE not in mail.faults, "a step failed that has no reason to"


@given(
    st.binary(max_size=400),
    st.sampled_from(["", "utf-8", "iso-2022-jp", "x", "utf-7", "utf-16", "windows-1250", "hz", "idna", "\x00"]),
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_in_any_charset_are_a_text(raw: bytes, charset: str) -> None:
    text, _ = decode(raw, charset)
    text.encode("utf-8")


@given(
    st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=200), st.sampled_from(["utf-8", "utf-16"])
)
@settings(max_examples=200, deadline=None)
def test_a_text_in_the_declared_charset_comes_back(text: str, charset: str) -> None:
    assert decode(text.encode(charset), charset)[0] == text.removeprefix("\ufeff")  # a mark of the order of bytes


@given(
    st.text(alphabet="aąćł żŻ?=_ó \t日本", max_size=60),
    st.sampled_from(["b", "q"]),
    st.integers(min_value=1, max_value=7),
)
@settings(max_examples=200, deadline=None)
def test_encoded_words_come_back_even_when_letters_are_cut_in_two(text: str, encoding: str, size: int) -> None:
    raw = text.encode()
    pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
    words = [
        base64.b64encode(each).decode()
        if encoding == "b"
        else quopri.encodestring(each, quotetabs=True, header=True).decode().replace("?", "=3F")
        for each in pieces
    ]
    assert decode_words("\r\n ".join(f"=?utf-8?{encoding}?{each}?=" for each in words)).strip() == text.strip()


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_parameters_of_anything_are_texts(value: str) -> None:
    for name, found in parameters(f"x/y; {value}").items():
        assert name == name.lower()
        found.encode("utf-8", "surrogatepass")


@given(
    st.lists(
        st.sampled_from(
            [
                "słowo",
                "> cytat",
                "",
                "-- ",
                "On 1 Nov 2026 at 10:00, A <a@example.com> wrote:",
                "From: x",
                "Sent: y",
                "______",
            ]
        ),
        max_size=14,
    )
)
@settings(max_examples=400, deadline=None)
def test_no_line_of_a_text_is_lost_by_parting_it(lines: list[str]) -> None:
    writing = part("\n".join(lines))
    kept = [line.strip() for piece in (writing.new, writing.quoted, writing.signature) for line in piece.split("\n")]
    for line in {each.strip() for each in lines if each.strip()}:
        assert kept.count(line) == [each.strip() for each in lines].count(line)


CORPUS = tuple(each.raw for each in chain(charsets.letters(), programs.letters(), shapes.letters()))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A mail of the corpus with pieces cut out, doubled, moved, and bytes changed."""
    raw = bytearray(draw(st.sampled_from(CORPUS)))
    for _ in range(draw(st.integers(min_value=1, max_value=6))):
        start = draw(st.integers(min_value=0, max_value=len(raw)))
        end = min(len(raw), start + draw(st.integers(min_value=0, max_value=200)))
        piece = bytes(raw[start:end])
        match draw(st.sampled_from(("cut", "double", "flip", "other", "many"))):
            case "cut":
                del raw[start:end]
            case "double":
                raw[start:start] = piece
            case "flip":
                raw[start:end] = bytes(each ^ draw(st.sampled_from((0x80, 0x20, 0xFF))) for each in piece)
            case "other":
                raw[start:end] = draw(st.sampled_from(CORPUS))[: draw(st.integers(min_value=0, max_value=400))]
            case "many":
                raw[start:start] = piece * draw(st.integers(min_value=2, max_value=2_000))
    return bytes(raw[:500_000])


@given(mutated())
@settings(max_examples=150, deadline=None)
def test_a_mail_that_was_damaged_on_its_way_is_read_in_time(raw: bytes) -> None:
    """A second for half a megabyte: what grows by the square of it would take minutes."""
    started = time.process_time()
    mail = read_mail(raw, ENVELOPE, KEY, text_of, sanitised)
    assert time.process_time() - started < 1.0 + len(raw) / 500_000
    _check(mail, raw)
    assert UNREADABLE not in mail.faults


@given(st.text(alphabet="<>/=\"' abdivpstyleimgcr&;!-:\n", max_size=300))
@settings(max_examples=300, deadline=None)
def test_nothing_that_runs_or_is_fetched_is_left_on_a_page(page: str) -> None:
    shown = sanitised(f"<p>{page}</p><script>x()</script><img src=http://example.net/1><p onclick=x()>").lower()
    for each in ("<script", "<style", "<iframe", "onclick", "http://example.net", "javascript:"):
        assert each not in shown


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 200_000,
        "<" * 1_000_000,
        "<a href=x>" * 100_000,
        "<table><tr><td>" * 60_000,
        "<p" + " a=b" * 200_000 + ">",
    ],
    ids=["nested", "signs", "links", "tables", "attributes"],
)
def test_a_page_that_is_a_bomb_is_shown_in_time(page: str) -> None:
    started = time.process_time()
    sanitised(page)
    assert time.process_time() - started < 3
