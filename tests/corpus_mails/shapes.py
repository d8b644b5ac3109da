"""Mails of every shape: parts, boundaries, files, encodings, pages, headers; whole and broken."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from tests.corpus_mails import ANNA, Letter, letter, plain

PDF = base64.encodebytes(b"%PDF-1.4 a file").decode().replace("\n", "\r\n")
TEXT = "Content-Type: text/plain; charset=utf-8\r\n\r\nDzień dobry\r\n"
PAGE = "Content-Type: text/html; charset=utf-8\r\n\r\n<p>Dzień <b>dobry</b></p>\r\n"
FILE = (
    "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
    'Content-Disposition: attachment; filename="umowa.pdf"\r\n\r\n' + PDF
)


def mixed(*parts: str, kind: str = "mixed", boundary: str = "b", more: str = "") -> bytes:
    """A mail of parts."""
    body = "".join(f"--{boundary}\r\n{each}\r\n" for each in parts) + f"--{boundary}--\r\n"
    return letter(body, "MIME-Version: 1.0", f'Content-Type: multipart/{kind}; boundary="{boundary}"{more}')


def inside(*parts: str, kind: str, boundary: str) -> str:
    """A part of parts."""
    body = "".join(f"--{boundary}\r\n{each}\r\n" for each in parts) + f"--{boundary}--\r\n"
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n{body}'


def named(disposition: str, content_type: str = "application/pdf") -> str:
    """A file whose name is written so."""
    return f"Content-Type: {content_type}\r\nContent-Disposition: {disposition}\r\n\r\nx\r\n"


HELLO = "Dzień dobry"

PARTS = (
    ("plain beside a page", mixed(TEXT, PAGE, kind="alternative"), HELLO, ()),
    ("a page beside plain, the wrong way round", mixed(PAGE, TEXT, kind="alternative"), HELLO, ()),
    ("an empty plain form", mixed("Content-Type: text/plain\r\n\r\n  \r\n", PAGE, kind="alternative"), HELLO, ()),
    ("a page alone", mixed(PAGE), HELLO, ()),
    ("a text and a file", mixed(TEXT, FILE), HELLO, ("umowa.pdf",)),
    ("a file alone", mixed(FILE), "", ("umowa.pdf",)),
    ("a file before the text", mixed(FILE, TEXT), HELLO, ("umowa.pdf",)),
    ("the same file twice", mixed(TEXT, FILE, FILE), HELLO, ("umowa.pdf", "umowa.pdf")),
    ("forms within parts", mixed(inside(TEXT, PAGE, kind="alternative", boundary="c"), FILE), HELLO, ("umowa.pdf",)),
    (
        "a page with its pictures",
        mixed(
            inside(PAGE, "Content-Type: image/png\r\nContent-ID: <p@x>\r\n\r\nPNG\r\n", kind="related", boundary="c"),
            TEXT,
            kind="alternative",
        ),
        HELLO,
        ("part-1.bin",),
    ),
    ("an unknown kind of parts", mixed(TEXT, FILE, kind="x-whatever"), HELLO, ("umowa.pdf",)),
    (
        "signed",
        mixed(TEXT, named('attachment; filename="smime.p7s"', "application/pkcs7-signature"), kind="signed"),
        HELLO,
        ("smime.p7s",),
    ),
    (
        "an invitation",
        mixed(TEXT, "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n", kind="alternative"),
        HELLO,
        ("part-1.ics",),
    ),
    (
        "a forwarded mail",
        mixed(TEXT, "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner text\r\n"),
        HELLO,
        ("part-1.eml",),
    ),
    (
        "only a forwarded mail",
        mixed("Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner text\r\n"),
        "inner text",
        ("part-1.eml",),
    ),
    (
        "a digest",
        mixed("\r\nSubject: one\r\n\r\nfirst\r\n", "\r\nSubject: two\r\n\r\nsecond\r\n", kind="digest"),
        "first",
        ("part-1.eml", "part-2.eml"),
    ),
    ("two texts", mixed(TEXT, TEXT), f"{HELLO}\n\n\n{HELLO}", ()),
    ("no last boundary", mixed(TEXT).replace(b"--b--", b""), HELLO, ()),
    ("something after the last boundary", mixed(TEXT) + b"epilogue\r\n", HELLO, ()),
    (
        "something before the first boundary",
        mixed(TEXT).replace(b"--b\r\n", b"This is a MIME mail.\r\n--b\r\n", 1),
        HELLO,
        (),
    ),
    ("blanks behind a boundary", mixed(TEXT).replace(b"--b\r\n", b"--b  \t\r\n"), HELLO, ()),
    ("a boundary that nobody declared", mixed(TEXT).replace(b'; boundary="b"', b""), HELLO, ()),
    ("another boundary than declared", mixed(TEXT).replace(b'boundary="b"', b'boundary="other"'), HELLO, ()),
    ("an empty boundary", mixed(TEXT).replace(b'boundary="b"', b'boundary=""'), HELLO, ()),
    ("a boundary without quotes", mixed(TEXT).replace(b'"b"', b"b"), HELLO, ()),
    ("a boundary of signs", mixed(TEXT, boundary="=_(x)+?/:,.b"), HELLO, ()),
    (
        "a boundary that begins like its outer one",
        mixed(inside(TEXT, kind="mixed", boundary="bb"), FILE),
        HELLO,
        ("umowa.pdf",),
    ),
    ("bare line feeds", mixed(TEXT, FILE).replace(b"\r\n", b"\n"), HELLO, ("umowa.pdf",)),
    ("bare carriage returns", mixed(TEXT).replace(b"\r\n", b"\r"), HELLO, ()),
    (
        "parts that are none",
        letter(
            HELLO, "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b", "Content-Transfer-Encoding: 8bit"
        ),
        HELLO,
        (),
    ),
    ("a part that says its own charset wrongly", mixed(TEXT.replace("utf-8", "iso-8859-2")), HELLO, ()),
    ("a type that is nonsense", mixed("Content-Type: nonsense\r\n\r\nDzień dobry\r\n"), HELLO, ()),
    ("no type at all", mixed("\r\nDzień dobry\r\n"), HELLO, ()),
    ("a text declared a file", mixed(TEXT, named('attachment; filename="log.txt"', "text/plain")), HELLO, ("log.txt",)),
    ("a text with a name", mixed(TEXT, named('inline; filename="log.txt"', "text/plain")), HELLO, ("log.txt",)),
    (
        "uuencoded",
        letter("begin 644 x\r\n#0V%T\r\nend\r\n", "Content-Type: text/plain", "Content-Transfer-Encoding: x-uuencode"),
        "Cat",
        (),
    ),
    (
        "base64 in one line",
        letter(
            base64.b64encode(HELLO.encode()),
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64",
        ),
        HELLO,
        (),
    ),
    (
        "base64 without its padding",
        letter(
            base64.b64encode("Dzień dob".encode()).rstrip(b"="),
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64",
        ),
        "Dzień dob",
        (),
    ),
    (
        "base64 that is none",
        letter("This is plain, it says.", "Content-Type: text/plain", "Content-Transfer-Encoding: base64"),
        "This is plain, it says.",
        (),
    ),
    (
        "an encoding in capitals",
        letter(
            "Dzie=C5=84 dobry", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: QUOTED-PRINTABLE"
        ),
        HELLO,
        (),
    ),
    (
        "an encoding nobody knows",
        letter(HELLO, "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: x-fancy"),
        HELLO,
        (),
    ),
    (
        "soft line ends",
        letter(
            "Dzie=C5=84=\r\n dobry",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
        ),
        HELLO,
        (),
    ),
    (
        "broken quoted-printable",
        letter("100 =ZZ procent", "Content-Type: text/plain", "Content-Transfer-Encoding: quoted-printable"),
        "100 =ZZ procent",
        (),
    ),
    ("no MIME at all", letter("Just text."), "Just text.", ()),
    ("no body", letter(""), "", ()),
)

NAMES = (
    ('attachment; filename="umowa.pdf"', "umowa.pdf"),
    ("attachment; filename=umowa.pdf", "umowa.pdf"),
    ("attachment; filename*=utf-8''um%C3%B3wiony%20za%C5%BCy%C5%82.pdf", "umówiony zażył.pdf"),
    ("attachment; filename*0*=utf-8''za%C5%BC; filename*1*=%C3%B3%C5%82%C4%87.pdf", "zażółć.pdf"),
    ("attachment; filename*1=b.pdf; filename*0=a", "ab.pdf"),
    ('attachment; filename="=?utf-8?b?emHFvMOzxYLEhy5wZGY=?="', "zażółć.pdf"),
    ('attachment; filename="=?iso-2022-jp?B?GyRCMlkbKEI=?=.pdf"', "荷.pdf"),
    ('attachment; filename="zażółć.pdf"', "zażółć.pdf"),
    ('attachment; filename="../../etc/passwd"', "passwd"),
    ('attachment; filename="C:\\\\temp\\\\a.pdf"', "a.pdf"),
    ('attachment; filename="a\\"b.pdf"', 'a"b.pdf'),
    ('attachment; filename="a;b.pdf"', "a;b.pdf"),
    ("attachment", "part-1.bin"),
    ('attachment; filename=""', "part-1.bin"),
    ('attachment; filename="...."', "part-1.bin"),
    ("ATTACHMENT; FILENAME=a.pdf", "a.pdf"),
    ('attachment; filename="unclosed.pdf', "unclosed.pdf"),
)

PAGES = (
    ("a script", "<p>Hello</p><script>alert(1)</script>", "Hello", "<p>Hello</p>", ("alert", "script")),
    ("a handler", '<p onclick="alert(1)">Hello</p>', "Hello", "<p>Hello</p>", ("alert", "onclick")),
    (
        "a style",
        "<style>p{color:red}</style><p style='position:fixed'>Hello</p>",
        "Hello",
        "<p>Hello</p>",
        ("color", "position"),
    ),
    (
        "a picture from outside",
        '<p>Hello</p><img src="https://track.example.net/1.gif">',
        "Hello",
        "<p>Hello</p>",
        ("track.example.net",),
    ),
    ("a picture of its own", '<p>Hello</p><img src="cid:p@x" alt="logo">', "Hello", 'src="cid:p@x"', ()),
    ("a picture in data", '<p>Hello</p><img src="data:image/png;base64,AAAA">', "Hello", "<p>Hello</p>", ("data:",)),
    ("a script as link", '<a href="javascript:alert(1)">Hello</a>', "Hello", "Hello</a>", ("javascript",)),
    ("a link", '<p>See <a href="https://example.com/1">here</a></p>', "See here", 'href="https://example.com/1"', ()),
    ("a frame", '<p>Hello</p><iframe src="https://example.net"></iframe>', "Hello", "<p>Hello</p>", ("iframe",)),
    (
        "a form",
        '<form action="https://example.net"><input name="password">Hello</form>',
        "Hello",
        "Hello",
        ("form", "input", "password"),
    ),
    (
        "an SVG",
        "<p>Hello</p><svg onload=alert(1)><script>x</script></svg>",
        "Hello",
        "<p>Hello</p>",
        ("svg", "alert", "onload"),
    ),
    ("a base", '<base href="https://example.net/"><p>Hello</p>', "Hello", "<p>Hello</p>", ("base", "example.net")),
    (
        "a refresh",
        '<meta http-equiv="refresh" content="0;url=https://example.net"><p>Hello</p>',
        "Hello",
        "<p>Hello</p>",
        ("refresh", "example.net"),
    ),
    ("a comment", "<p>Hello</p><!--[if mso]><p>secret</p><![endif]-->", "Hello", "<p>Hello</p>", ("secret",)),
    ("a table", "<table><tr><td>a</td><td>b</td></tr></table>", "a b", "<td>a</td>", ()),
    ("lines", "one<br>two<div>three</div>", "one\ntwo\nthree", "one<br>two", ()),
    ("signs", "<p>a &lt; b &amp; c&nbsp;d</p>", "a < b & c d", "a &lt; b &amp; c", ()),
    ("tags that never close", "<p>Hello<b><i><u>", "Hello", "Hello", ()),
    (
        "a style that hides nothing from the filter",
        '<p>Hello</p><p style="background:url(https://example.net/x)">there</p>',
        "Hello\n\nthere",
        "there",
        ("url(", "background"),
    ),
    ("Word's own tags", "<o:p>Hello</o:p><v:shape>x</v:shape>", "Hello x", "Hello", ("o:p",)),
)

SUBJECTS = (
    ("=?utf-8?q?Gdzie_jest_moje_zam=C3=B3wienie=3F?=", "Gdzie jest moje zamówienie?"),
    ("=?UTF-8?B?R2R6aWUgamVzdCBtb2plIHphbcOzd2llbmllPw==?=", "Gdzie jest moje zamówienie?"),
    ("=?iso-8859-2?Q?Zam=F3wienie_=BF=F3=B3w?=", "Zamówienie żółw"),
    ("=?windows-1250?Q?Zam=F3wienie_=9C?=", "Zamówienie ś"),
    ("=?iso-8859-2?Q?Zam=F3wienie_=9C?=", "Zamówienie ś"),
    ("Re: =?iso-2022-jp?B?GyRCMlkbKEI=?=", "Re: 荷"),
    ("=?shift_jis?B?ideVqA==?=", "荷物"),
    ("=?utf-8?b?w7PF?= =?utf-8?b?gsSH?=", "ółć"),
    ("=?utf-8?q?one?= =?utf-8?q?two?=", "onetwo"),
    ("=?utf-8?q?one?= two =?utf-8?q?three?=", "one two three"),
    ("=?utf-8?q?one?=two", "onetwo"),
    ("=?utf-8*pl?q?z_j=C4=99zykiem?=", "z językiem"),
    ("=?utf8?q?za=C5=BC?=", "zaż"),
    ("=?nonsense?q?za=C5=BC?=", "zaż"),
    ("=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
    ("=?utf-8?q?unclosed", "=?utf-8?q?unclosed"),
    ("=?utf-8?b?!!!?=", "=?utf-8?b?!!!?="),
    ("=?utf-8?q?a=0D=0ABcc:_x@example.net?=", "a Bcc: x@example.net"),
    ("\tindented", "indented"),
    ("folded\r\n over\r\n\tlines", "folded over lines"),
    ("żółw w nagłówku", "żółw w nagłówku"),
    ("", ""),
    ("   ", ""),
)

SENDERS = (
    ("Anna Nowak <Anna.Nowak@Example.com>", ANNA, "Anna Nowak"),
    ('"Nowak, Anna" <anna.nowak@example.com>', ANNA, "Nowak, Anna"),
    ("anna.nowak@example.com", ANNA, ""),
    ("<anna.nowak@example.com>", ANNA, ""),
    ("anna.nowak@example.com (Anna Nowak)", ANNA, "Anna Nowak"),
    ("=?utf-8?q?Anna_=C5=BB=C3=B3=C5=82w?= <anna.nowak@example.com>", ANNA, "Anna Żółw"),
    ("=?iso-2022-jp?B?GyRCMlkbKEI=?= <anna.nowak@example.com>", ANNA, "荷"),
    ("Anna <anna.nowak@example.com>, Jan <jan@example.com>", ANNA, "Anna"),
    ("Anna Nowak <anna.nowak@example.com", ANNA, None),
    ("'anna.nowak@example.com' <anna.nowak@example.com>", ANNA, None),
    ("Anna\\Nowak <anna.nowak@example.com>", ANNA, None),
    ('"Anna \\"Ania\\" Nowak" <anna.nowak@example.com>', ANNA, None),
    ("Anna Żółw <anna.nowak@example.com>", ANNA, "Anna Żółw"),
    ("group: anna.nowak@example.com, jan@example.com;", ANNA, None),
)


def letters() -> Iterator[Letter]:
    """All of them."""
    for name, raw, text, files in PARTS:
        yield Letter(name=name, raw=raw, text=text, files=files)
    for disposition, name in NAMES:
        yield Letter(
            name=f"a file's name: {disposition}", raw=mixed(TEXT, named(disposition)), text=HELLO, files=(name,)
        )
    for name, page, text, shown, hidden in PAGES:
        raw = letter(page, "MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8")
        yield Letter(name=f"a page: {name}", raw=raw, text=text, shown=shown, hidden=hidden)
    for written, subject in SUBJECTS:
        yield Letter(name=f"a subject: {written!r}", raw=letter("x", subject=written), text="x", subject=subject)
    for written, address, who in SENDERS:
        yield Letter(
            name=f"a sender: {written}", raw=letter("x", sender=written), text="x", sender=address, sender_name=who
        )
    yield from _heads()


def _heads() -> Iterator[Letter]:
    hello = plain("Hello")
    yield Letter(
        name="a mailbox's own first line",
        raw=b"From anna Mon Nov 23 10:00:00 2026\r\n" + hello,
        text="Hello",
        subject="Pytanie",
    )
    yield Letter(name="blank lines before the header", raw=b"\r\n\r\n" + hello, text="Hello", subject="Pytanie")
    yield Letter(
        name="a blank before a colon", raw=hello.replace(b"Subject:", b"Subject :"), text="Hello", subject="Pytanie"
    )
    yield Letter(name="a header twice", raw=b"Subject: first\r\n" + hello, text="Hello", subject="first")
    yield Letter(name="names in capitals", raw=hello.replace(b"Subject:", b"SUBJECT:"), text="Hello", subject="Pytanie")
    yield Letter(
        name="a line that is no field",
        raw=hello.replace(b"To: ", b"this line is lost\r\nTo: "),
        text="Hello",
        subject="Pytanie",
        faults=("mail-broken",),
    )
    yield Letter(name="no header at all", raw=b"\r\nHello there", text="Hello there", subject="")
    yield Letter(name="a header without a body", raw=b"Subject: only this", text="", subject="only this")
