"""A mail as a tree of parts, in bounded time.

The parts of a mail are found by looking for their boundaries in the bytes, not line by line: a mail of 26 MB takes
milliseconds, and nothing a sender can write takes more than a walk over the bytes for each of a few levels.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from caseway_intake.domain.mail.fields import Fields, parameters, read_fields

MOST_PARTS = 300
"""Parts that are looked at; a mail with more is an attack, or nothing a person reads to the end."""
DEEPEST = 10
"""Levels of parts within parts; each costs one walk over the bytes."""
_MOST_DELIMITERS = 20_000
"""Lines that begin like a delimiter, in the whole mail; most parts of real mails are counted in tens."""
_LINE_END_WITHIN = 64 * 1024
"""Bytes in which a line feed must stand; else the lines are taken to end as on old Macintoshes."""
_GUESSED_WITHIN = 64 * 1024
"""Bytes in which a delimiter that nobody declared is looked for."""

_MEDIA_TYPE = re.compile(r"\s*([\w!#$&^.+-]{1,100})/([\w!#$&^.+-]{1,100})\s*(?:$|[;\s(])", re.ASCII)
_FIRST_DELIMITER = re.compile(rb"(?:\A|\n)--([^\s-][^\r\n]{0,199}|-[^\r\n]{0,199})\r?\n(?:[!-9;-~]+[ \t]*:|\r?\n)")
_NO_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_SPACE = b" \t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: a leaf with content, or a container with parts."""

    fields: Fields
    media_type: str
    """In lower case; `text/plain` where nothing or nonsense is said."""
    parameters: dict[str, str]
    """Of the content type."""
    body: bytes = b""
    """Of a leaf, still in its transfer encoding."""
    parts: tuple[Part, ...] = ()
    is_broken: bool = False
    """Not as it claims to be: no such boundary, too deep, too many parts."""

    @property
    def disposition(self) -> str:
        """`inline`, `attachment` or empty."""
        return self.fields.plain("content-disposition").partition(";")[0].strip().lower()

    @property
    def content(self) -> bytes:
        """Of a leaf, decoded from its transfer encoding."""
        return decoded(self.body, self.fields.plain("content-transfer-encoding").partition(";")[0].strip().lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """A stretch of the mail; never copied until it is a leaf, so that deep nesting takes no memory."""

    raw: bytes
    start: int
    end: int


class _Budget:
    """How much may still be read."""

    def __init__(self) -> None:
        self.parts = MOST_PARTS
        self.delimiters = _MOST_DELIMITERS

    @property
    def is_spent(self) -> bool:
        """Whether the rest of the mail stays unread."""
        return self.parts <= 0 or self.delimiters <= 0


def read_parts(raw: bytes) -> Part:
    """The whole mail as a tree; the root's fields are the mail's."""
    if b"\n" not in raw[:_LINE_END_WITHIN] and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    return _part(_Span(raw=raw, start=0, end=len(raw)), 0, "text/plain", _Budget())


def _part(span: _Span, level: int, default: str, budget: _Budget) -> Part:
    budget.parts -= 1
    fields, start = read_fields(span.raw, span.start, span.end)
    written = fields.plain("content-type")
    named = _MEDIA_TYPE.match(written)
    media_type = f"{named[1]}/{named[2]}".lower() if named else default
    found = parameters(written) if ";" in written else {}
    is_broken = fields.is_broken or fields.is_cut
    if not media_type.startswith("multipart/"):
        body = span.raw[start : span.end]
        return Part(fields=fields, media_type=media_type, parameters=found, body=body, is_broken=is_broken)
    parts = tuple(_parts(_Span(raw=span.raw, start=start, end=span.end), media_type, found, level, budget))
    if not parts:
        leaf_type = "text/plain" if level < DEEPEST else "application/octet-stream"
        body = span.raw[start : span.end]
        return Part(fields=fields, media_type=leaf_type, parameters={}, body=body, is_broken=True)
    is_broken = is_broken or budget.is_spent
    return Part(fields=fields, media_type=media_type, parameters=found, parts=parts, is_broken=is_broken)


def _parts(body: _Span, media_type: str, found: dict[str, str], level: int, budget: _Budget) -> Iterator[Part]:
    if level >= DEEPEST:
        return
    default = "message/rfc822" if media_type == "multipart/digest" else "text/plain"
    boundary = found.get("boundary", "").rstrip().encode("utf-8", "replace")
    for piece in _pieces(body, boundary, budget):
        if budget.is_spent:
            return
        yield _part(piece, level + 1, default, budget)


def _pieces(body: _Span, boundary: bytes, budget: _Budget) -> Iterator[_Span]:
    """What stands between the delimiters; a missing last one is the end. Source: RFC 2046 §5.1.1."""
    cuts = _delimiters(body, boundary, budget)
    first = next(cuts, None)
    if first is None:
        guessed = _FIRST_DELIMITER.search(body.raw, max(body.start - 1, 0), min(body.end, body.start + _GUESSED_WITHIN))
        cuts = _delimiters(body, guessed[1].rstrip() if guessed else b"", budget)
        first = next(cuts, None)
    if first is None:
        return
    _, start, is_last = first
    while not is_last:
        end, following, is_last = next(cuts, (body.end, body.end, True))
        yield _Span(raw=body.raw, start=start, end=max(start, end))
        start = following


def _delimiters(body: _Span, boundary: bytes, budget: _Budget) -> Iterator[tuple[int, int, bool]]:
    """Each delimiter line: where what is before ends, where what follows begins, and whether it is the last."""
    if not boundary:
        return
    raw, mark = body.raw, b"--" + boundary
    position = (
        body.start if raw.startswith(mark, body.start, body.end) else raw.find(b"\n" + mark, body.start, body.end) + 1
    )
    while position > 0 and budget.delimiters > 0:
        budget.delimiters -= 1
        after = position + len(mark)
        line_end = raw.find(b"\n", after, body.end)
        line_end = body.end if line_end < 0 else line_end
        rest = raw[after : min(line_end, after + 100)]
        is_last = rest.startswith(b"--")
        if not rest[2 if is_last else 0 :].strip(_SPACE):
            yield _before_line_end(raw, position, body.start), min(line_end + 1, body.end), is_last
        position = raw.find(b"\n" + mark, line_end, body.end) + 1
    # position 0 of the mail is never a delimiter: its fields stand there


def _before_line_end(raw: bytes, position: int, start: int) -> int:
    """The line end before a delimiter belongs to the delimiter."""
    before = 2 if raw[position - 2 : position] == b"\r\n" else 1
    return max(position - before, start)


def decoded(body: bytes, encoding: str) -> bytes:
    """A body out of its transfer encoding; as it is, where that is unknown or does not fit."""
    match encoding:
        case "base64":
            return _from_base64(body)
        case "quoted-printable":
            return binascii.a2b_qp(body)
        case "x-uuencode" | "uuencode" | "x-uue" | "uue":
            return _from_uu(body)
        case _:
            return body


def _from_base64(body: bytes) -> bytes:
    """Tolerant of line ends, spaces, missing padding and dirt; a text that is no base64 at all stays."""
    letters = body.translate(None, _NO_BASE64)
    dirt = len(body) - len(letters) - sum(body.count(each) for each in (b"\n", b"\r", b"="))
    if dirt * 4 > len(letters):
        return body
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _from_uu(body: bytes) -> bytes:
    """Between `begin` and `end`; lines that are broken are left out."""
    lines = body.splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith(b"begin ")), None)
    if start is None:
        return body
    content = bytearray()
    for line in lines[start + 1 :]:
        if line.strip() == b"end":
            break
        try:
            content += binascii.a2b_uu(line)
        except binascii.Error:
            continue
    return bytes(content)
