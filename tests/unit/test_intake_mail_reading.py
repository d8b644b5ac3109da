"""What a mail says is read whatever shape it is in: charsets, parts, files, broken headers (S1-03, S4-10)."""

from __future__ import annotations

import base64
import hashlib
import time
import tracemalloc
from email.message import EmailMessage

import pytest

from caseway_intake.adapters.html import text_of
from caseway_intake.domain.mail.fields import read_fields
from caseway_intake.domain.mail.mail import Mail
from caseway_intake.domain.mail.reading import UNREADABLE, Envelope, read_mail
from tests.intake_edge import KEY, mail_bytes

POLISH = "Zażółć gęślą jaźń: nie dostałam paczki"
GERMAN = "Grüße aus Köln, die größte Straße"
JAPANESE = "荷物がまだ届きません。確認をお願いします"


def read(raw: bytes) -> Mail:
    return read_mail(raw, Envelope(mailfrom="anna@example.com", rcptto=("support@example.com",)), KEY, text_of)


def with_type(content_type: str, body: bytes, encoding: str = "8bit", more: str = "") -> bytes:
    head = f"From: Anna <anna@example.com>\nSubject: x\nContent-Type: {content_type}\nContent-Transfer-Encoding: {encoding}\n{more}\n"
    return head.encode() + body


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        (POLISH, "iso-8859-2"),
        (POLISH, "windows-1250"),
        (POLISH, "utf-8"),
        (GERMAN, "iso-8859-1"),
        (GERMAN, "windows-1252"),
        (JAPANESE, "iso-2022-jp"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc-jp"),
        ("Де моє замовлення?", "koi8-u"),
    ],
)
def test_a_declared_charset_is_followed(text: str, charset: str) -> None:
    mail = read(mail_bytes(text, charset=charset))
    assert mail.text == text
    assert mail.faults == ()


@pytest.mark.parametrize(
    ("text", "real", "declared"),
    [
        (POLISH, "utf-8", "iso-8859-2"),
        (POLISH, "utf-8", "us-ascii"),
        (POLISH, "windows-1250", "utf-8"),
        (POLISH, "windows-1250", "iso-8859-2"),
        (POLISH, "iso-8859-2", "iso-8859-1"),
        (POLISH, "iso-8859-2", "x-unknown-8bit"),
        (GERMAN, "utf-8", "iso-8859-1"),
        ("Käse, Gerät, Mär", "utf-8", "windows-1252"),
        (GERMAN, "windows-1252", "utf-8"),
        (GERMAN, "iso-8859-1", "no-such-charset"),
        (JAPANESE, "cp932", "iso-8859-1"),
        (JAPANESE, "cp932", "us-ascii"),
        (JAPANESE, "iso-2022-jp", "us-ascii"),
        (JAPANESE, "euc-jp", "unknown"),
        (JAPANESE, "utf-8", "iso-2022-jp"),
    ],
)
def test_a_wrongly_declared_charset_is_seen_through(text: str, real: str, declared: str) -> None:
    raw = mail_bytes(text.encode(real), charset=declared)
    assert read(raw).text == text


def test_a_spanish_question_is_not_taken_for_polish() -> None:
    text = "¿Dónde está mi pedido? Son 5 m³."
    assert read(mail_bytes(text, charset="iso-8859-1")).text == text


def test_the_vendors_characters_of_iso_2022_jp_are_read() -> None:
    """① and ㈱ are in no norm, and in every second mail from Japan."""
    raw = b"\x1b$B-!-j9b66$G$9\x1b(B"
    assert read(mail_bytes(raw, charset="iso-2022-jp")).text == "①㈱高橋です"


def test_half_width_kana_of_cp50221_are_read() -> None:
    raw = b"\x1b(I" + bytes(each & 0x7F for each in "ｱｲｳ".encode("cp932")) + b"\x1b(B end"
    assert read(mail_bytes(raw, charset="cp50221")).text == "ｱｲｳ end"


def test_one_wrong_byte_does_not_cost_the_text() -> None:
    raw = ("Dzień dobry, " * 20).encode() + b"\xff" + "żółw".encode()
    mail = read(mail_bytes(raw, charset="utf-8"))
    assert "Dzień dobry" in mail.text
    assert "żółw" in mail.text
    assert mail.faults == ("mail-charset",)


def test_codecs_that_are_no_charsets_are_not_run() -> None:
    for charset in ("idna", "punycode", "unicode_escape", "rot13", "zlib", "hex", "base64"):
        assert read(mail_bytes(b"a\\u0041b", charset=charset)).text == "a\\u0041b"


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("=?utf-8?b?R2R6aWUgamVzdCBtb2plIHphbcOzd2llbmllPw==?=", "Gdzie jest moje zamówienie?"),
        ("=?ISO-8859-2?Q?za=BF=F3=B3=E6?= i =?utf-8?q?wi=C4=99cej?=", "zażółć i więcej"),
        ("=?utf-8?b?w7PF?=\r\n =?utf-8?b?gsSH?=", "ółć"),
        ("=?iso-2022-jp?B?GyRCMlkbKEI=?=", "荷"),
        ("=?utf-8*en?q?with_language?=", "with language"),
        ("=?x-unknown?q?za=C5=BC?=", "zaż"),
        ("=?utf-8?b?!!!?=", "=?utf-8?b?!!!?="),
        ("=?utf-8?q?broken", "=?utf-8?q?broken"),
        ("folded\r\n  subject", "folded  subject"),
        ("=?utf-8?q?Injected=0D=0ABcc:_victim@example.com?=", "Injected Bcc: victim@example.com"),
    ],
)
def test_subjects_are_decoded(subject: str, expected: str) -> None:
    assert " ".join(read(mail_bytes(subject=subject)).subject.split()) == " ".join(expected.split())


@pytest.mark.parametrize("charset", ["utf-8", "windows-1250", "iso-8859-2"])
def test_raw_letters_in_headers_are_read(charset: str) -> None:
    head = "From: Zażółć Gęśl <anna@example.com>\nSubject: Gęślą jaźń\n\ntext".encode(charset)
    mail = read(head)
    assert (mail.subject, mail.sender.name, mail.sender.address) == ("Gęślą jaźń", "Zażółć Gęśl", "anna@example.com")


@pytest.mark.parametrize(
    ("written", "name", "address"),
    [
        ('"Nowak, Anna" <Anna@Example.com>', "Nowak, Anna", "anna@example.com"),
        ("anna@example.com", "", "anna@example.com"),
        ("anna@example.com (Anna Nowak)", "Anna Nowak", "anna@example.com"),
        ("=?utf-8?q?=22Nowak=2C_Anna=22?= <anna@example.com>", '"Nowak, Anna"', "anna@example.com"),
        ("Anna <anna@example.com>, Jan <jan@example.com>", "Anna", "anna@example.com"),
        ("Anna Nowak <anna@example.com", "", "anna@example.com"),
        ('"unclosed <anna@example.com>', "", "anna@example.com"),
        ("(" * 3000 + "anna@example.com", "", "anna@example.com"),
        ("undisclosed-recipients:;", "", "envelope@example.com"),
        ("", "", "envelope@example.com"),
    ],
)
def test_the_author_is_found(written: str, name: str, address: str) -> None:
    raw = mail_bytes(sender=written)
    mail = read_mail(raw, Envelope(mailfrom="envelope@example.com"), KEY, text_of)
    assert mail.sender.address == address
    assert not name or mail.sender.name == name


ALTERNATIVE = """\
--b
Content-Type: text/plain; charset=utf-8

zwykły tekst
--b
Content-Type: text/html; charset=utf-8

<p>sformatowany</p>
--b--
""".encode()


def test_of_alternatives_the_plain_text_is_taken() -> None:
    mail = read(with_type('multipart/alternative; boundary="b"', ALTERNATIVE))
    assert (mail.text, mail.attachments, mail.faults) == ("zwykły tekst", (), ())


@pytest.mark.parametrize(
    "content_type", ["multipart/alternative", 'multipart/mixed; boundary="other"', "multipart/mixed; boundary="]
)
def test_a_boundary_that_is_missing_or_wrong_is_found_in_the_body(content_type: str) -> None:
    mail = read(with_type(content_type, ALTERNATIVE))
    assert "zwykły tekst" in mail.text
    assert "--b" not in mail.text


def test_a_missing_last_boundary_ends_with_the_mail() -> None:
    body = ALTERNATIVE.split(b"--b\nContent-Type: text/html")[0]
    assert read(with_type("multipart/mixed; boundary=b", body)).text == "zwykły tekst"


def test_inner_parts_with_the_outer_boundary_are_read_too() -> None:
    inner = b"--b\nContent-Type: multipart/alternative; boundary=b\n\n" + ALTERNATIVE
    assert "zwykły tekst" in read(with_type("multipart/mixed; boundary=b", inner)).text


def test_a_boundary_that_begins_like_another_is_not_taken_for_it() -> None:
    inner = b"--b\nContent-Type: multipart/alternative; boundary=bb\n\n--bb\n\nin the inner part\n--bb--\n\n--b\n\nafter\n--b--\n"
    assert read(with_type("multipart/mixed; boundary=b", inner)).text.split() == ["in", "the", "inner", "part", "after"]


def test_html_alone_is_made_text_without_scripts_and_styles() -> None:
    page = "<style>p{}</style><p>Dzień dobry</p><script>alert(1)</script><table><tr><td>a</td><td>b</td></tr></table><p>pa</p>"
    mail = read(with_type("text/html; charset=utf-8", page.encode()))
    assert mail.text.splitlines()[0] == "Dzień dobry"
    assert "alert" not in mail.text
    assert "p{}" not in mail.text


def test_html_that_nobody_can_read_costs_nothing_else() -> None:
    mail = read(with_type("text/html", b"<" * 100_000 + b"p>text"))
    assert mail.subject == "x"


def test_attachments_are_listed_with_name_type_size_and_digest() -> None:
    content = base64.b64encode(b"%PDF-1.4 something")
    body = (
        b"--b\n\nW zalaczeniu.\n--b\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n"
        b"Content-Disposition: attachment; filename*0*=utf-8''Faktura%20za%C5%BC; filename*1*=%C3%B3%C5%82%C4%87.pdf\n\n"
        + content
        + b'\n--b\nContent-Type: image/png; name="=?utf-8?q?zdj=C4=99cie.png?="\nContent-ID: <p1@x>\n\nPNG\n--b--'
    )
    pdf, picture = read(with_type("multipart/mixed; boundary=b", body)).attachments
    assert (pdf.name, pdf.media_type, pdf.content) == ("Faktura zażółć.pdf", "application/pdf", b"%PDF-1.4 something")
    assert pdf.digest == hashlib.sha256(b"%PDF-1.4 something").hexdigest()
    assert (picture.name, picture.content_id, picture.content) == ("zdjęcie.png", "p1@x", b"PNG")


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\\\windows\\\\system.ini", "a/b/c.txt"])
def test_a_files_name_has_no_path(name: str) -> None:
    body = f'--b\nContent-Disposition: attachment; filename="{name}"\n\nx\n--b--'.encode()
    (file,) = read(with_type("multipart/mixed; boundary=b", body)).attachments
    assert not set(file.name) & set("/\\")
    assert not file.name.startswith(".")


def test_a_text_that_is_declared_an_attachment_is_a_file() -> None:
    body = b'--b\n\nsee file\n--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename="log.txt"\n\nlog\n--b--'
    mail = read(with_type("multipart/mixed; boundary=b", body))
    assert mail.text == "see file"
    assert [(each.name, each.content) for each in mail.attachments] == [("log.txt", b"log")]


def test_a_forwarded_mail_is_a_file_and_tells_the_text_where_there_is_no_other() -> None:
    inner = b"From: x@example.com\nSubject: inner\n\ninner text"
    body = b"--b\nContent-Type: message/rfc822\n\n" + inner + b"\n--b--"
    mail = read(with_type("multipart/mixed; boundary=b", body))
    assert mail.text == "inner text"
    assert [each.media_type for each in mail.attachments] == ["message/rfc822"]


@pytest.mark.parametrize(
    ("encoding", "body", "expected"),
    [
        ("base64", base64.b64encode("zażółć".encode()), "zażółć"),
        ("BASE64 ", base64.b64encode("zażółć".encode()).rstrip(b"="), "zażółć"),
        ("base64", b"emHFvMOz\r\n!!!\r\nxYLEhw==", "zażółć"),
        ("base64", b"This is no base64, it only says so.", "This is no base64, it only says so."),
        ("quoted-printable", b"za=C5=BC=C3=B3=\n=C5=82=C4=87 =XX.", "zażółć =XX."),
        ("x-uuencode", b"begin 644 x\n#0V%T\nend\n", "Cat"),
        ("no-such-encoding", b"as it is", "as it is"),
    ],
)
def test_transfer_encodings_are_undone_as_far_as_they_go(encoding: str, body: bytes, expected: str) -> None:
    assert read(with_type("text/plain; charset=utf-8", body, encoding)).text == expected


def test_a_body_without_any_header_is_a_text() -> None:
    assert read(b"\n\nJust a text.\nSecond line: here").text.startswith("Just a text.")


def test_mbox_lines_blank_lines_and_bare_carriage_returns_are_passed_over() -> None:
    assert read(b"\r\n\nFrom anna Sun Nov 22 10:00:00 2026\nSubject: s\n\nt").subject == "s"
    mac = read(b"From: anna@example.com\rSubject: s\r\rline 1\rline 2")
    assert (mac.subject, mac.text) == ("s", "line 1\nline 2")


def test_a_fold_that_lost_its_space_does_not_end_the_header() -> None:
    mail = read(b"Subject: long\nsubject goes on\nFrom: anna@example.com\nMessage-ID: <1@example.com>\n\ntext")
    assert (mail.sender.address, mail.message_id, mail.text) == ("anna@example.com", "1@example.com", "text")
    assert "mail-broken" in mail.faults


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("<a.b@example.com>", "a.b@example.com"),
        ("  <a.b@exam\r\n ple.com> (comment)", "a.b@example.com"),
        ("a.b@example.com", "a.b@example.com"),
        ("<>", ""),
        ("<" + "x" * 900 + "@example.com>", ""),
        ("<chat:abc>", ""),
        ("<web:contact:1>", ""),
        ("<a@example.com#0123456789abcdef>", ""),
    ],
)
def test_message_ids_are_read_and_other_contacts_keys_are_not_taken(written: str, expected: str) -> None:
    raw = f"From: anna@example.com\nMessage-ID: {written}\n\ntext".encode()
    mail = read(raw)
    assert mail.message_id == expected
    assert mail.source_key == (expected or f"sha256:{mail.digest}")


def test_what_a_mail_replies_to_comes_the_newest_first_and_each_once() -> None:
    raw = b"From: a@example.com\nIn-Reply-To: <3@x>\nReferences: <1@x> <2@x>\n\t<3@x>\n\nt"
    mail = read(raw)
    assert mail.replied_to == ("3@x", "2@x", "1@x")
    assert mail.references == ("1@x", "2@x", "3@x")


def test_of_too_many_references_the_newest_and_the_root_remain() -> None:
    raw = b"From: a@example.com\nReferences: " + b" ".join(b"<%d@x>" % number for number in range(500)) + b"\n\nt"
    assert len(read(raw).replied_to) == 100
    assert read(raw).replied_to[0] == "499@x"
    assert read(raw).replied_to[-1] == "0@x"


def nested(levels: int) -> bytes:
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level) for level in range(levels)
    )


BOMBS = {
    "ten thousand parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 10_000 + b"--b--",
    "ten thousand levels": nested(10_000) + b"x" * 5_000_000,
    "five megabytes in one header": b"Subject: " + b"y" * 5_000_000 + b"\nFrom: a@example.com\n\ntext",
    "five megabytes of headers": b"".join(b"X-%d: y\n" % number for number in range(500_000)) + b"\ntext",
    "a million folds": b"Subject: s\n" + b" f\n" * 1_000_000 + b"\ntext",
    "a million parameters": b"Content-Type: text/plain" + b"; a=b" * 1_000_000 + b"\n\ntext",
    "delimiters that are none": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--bx\n" * 1_000_000,
    "encoded words without end": b"Subject: " + b"=?utf-8?q?" * 500_000 + b"\n\ntext",
    "brackets without end": b"References: " + b"<" * 5_000_000 + b"\nFrom: " + b"(" * 5_000_000 + b"\n\ntext",
    "mails within mails": b"Content-Type: message/rfc822\n\n" * 100_000 + b"text",
    "quotes without end": b"\n" + b"> " * 2_000_000 + b"\n> x" * 500_000,
    "markup without end": b"Content-Type: text/html\n\n" + b"<div>" * 1_000_000,
    "dashes": b"\n" + b"--\n" * 2_000_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_costs_bounded_time_and_memory(bomb: str) -> None:
    """Far above what it takes, far below what an unbounded parser would: minutes, gigabytes."""
    raw = BOMBS[bomb]
    started = time.process_time()
    mail = read(raw)
    spent = time.process_time() - started
    assert spent < 5, f"{spent:.1f} s"
    assert UNREADABLE not in mail.faults
    assert len(mail.text) <= 200_000
    assert len(mail.attachments) <= 300
    tracemalloc.start()
    read(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * len(raw) + 30_000_000, f"{peak:,} bytes"


def test_of_too_many_parts_the_first_are_read_and_a_tag_says_so() -> None:
    mail = read(BOMBS["ten thousand parts"])
    assert mail.text.startswith("x")
    assert mail.text.count("x") < 300
    assert "mail-broken" in mail.faults


def test_parts_within_parts_are_read_to_a_depth_and_kept_as_a_file_below_it() -> None:
    assert read(nested(5) + b"\ndeep text").text == "deep text"
    mail = read(nested(30) + b"\ndeep text")
    assert [each.media_type for each in mail.attachments] == ["application/octet-stream"]
    assert b"deep text" in mail.attachments[0].content
    assert "mail-broken" in mail.faults


def test_of_too_many_fields_the_first_are_kept_and_the_text_is_found() -> None:
    raw = b"Subject: s\n" + b"".join(b"X-%d: y\n" % number for number in range(5_000)) + b"\ntext"
    fields, _ = read_fields(raw, 0, len(raw))
    assert len(fields.raw) == 1_000
    assert (read(raw).text, read(raw).subject, read(raw).faults) == ("text", "s", ("mail-broken",))


def test_a_step_that_fails_costs_only_what_it_would_have_given() -> None:
    def broken(_page: str) -> str:
        raise ValueError("no page")

    mail = read_mail(with_type("text/html", b"<p>words</p>"), Envelope(), KEY, broken)
    assert (mail.subject, mail.text, mail.faults) == ("x", "<p>words</p>", (UNREADABLE,))


def test_long_message_ids_folded_into_encoded_words_are_read() -> None:
    """S1-03: Python's own mail generator writes an id that is longer than a line as encoded words."""
    long_id = "cw." + "s4bll4hoefjxrjut" * 6 + "@example.com"
    answer = EmailMessage()
    answer["From"] = "anna@example.com"
    answer["References"] = f"<first@example.com> <{long_id}>"
    answer["In-Reply-To"] = f"<{long_id}>"
    answer.set_content("Thanks.")
    raw = answer.as_bytes()
    assert b"=?utf-8?q?" in raw
    assert read(raw).references == ("first@example.com", long_id)
