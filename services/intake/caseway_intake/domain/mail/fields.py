"""The header fields of a mail or of one of its parts."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from caseway_intake.domain.mail.charsets import clean, decode

MOST_FIELDS = 1_000
"""Fields that are kept; real mails have some dozens, the rest is an attack on memory."""
LONGEST_VALUE = 32 * 1024
"""Bytes of one field that are kept: bounds what unfolding and decoding cost."""

_FIELD = re.compile(rb"([!-9;-~]{1,200}+)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)")
_KNOWN = re.compile(
    rb"(?:from|to|cc|subject|date|message-id|in-reply-to|references|reply-to|sender|received|return-path|mime-version"
    rb"|content-[a-z-]+|x-[a-z0-9-]+|auto-submitted|precedence|delivered-to)[ \t]*:",
    re.IGNORECASE,
)
_END_OF_FIELDS = re.compile(rb"\n\r?\n")
_STRAY_LINE = re.compile(rb"[^\n]*+(?:\n|\Z)")
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_PARAMETER = re.compile(
    r";\s*([^\s=;*]{1,60})(\*(?:\d{1,3}\*?)?)?\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"?|([^;]*))", re.DOTALL
)
_EXTENDED = re.compile(r"([^']{0,60})'[^']{0,60}'(.*)", re.DOTALL)
_MOST_PARAMETERS = 100
_MOST_BLANK = 100
"""Line ends before the first field that are passed over."""
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_FOLDING = re.compile(r"\r?\n[ \t]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Header fields by name in lower case, each with its values as they stand, in order."""

    raw: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    is_cut: bool = False
    """Some were too many or too long, and are not here."""
    is_broken: bool = False
    """Lines among them are no fields."""

    def has(self, name: str) -> bool:
        """Whether there is such a field."""
        return name in self.raw

    def text(self, name: str) -> str:
        """The first field of this name in one line, decoded; empty when there is none."""
        values = self.raw.get(name)
        return decode_words(unfolded(values[0])) if values else ""

    def plain(self, name: str) -> str:
        """The same, encoded words left as they are: for fields whose structure must be read first."""
        values = self.raw.get(name)
        return unfolded(values[0]) if values else ""

    def plains(self, name: str) -> tuple[str, ...]:
        """All fields of this name, each in one line."""
        return tuple(unfolded(value) for value in self.raw.get(name, ()))


def read_fields(raw: bytes, start: int, end: int) -> tuple[Fields, int]:
    """The fields from `start` on, and where the body begins. Where no field stands, everything is body."""
    found: dict[str, tuple[bytes, ...]] = {}
    position, count = _first_field(raw, start, end), 0
    is_cut = is_broken = False
    while True:
        match = _FIELD.match(raw, position, end)
        if match is None:
            after = _after_stray_line(raw, position, end) if count else None
            if after is None:
                break
            position, is_broken = after, True
            continue
        position = match.end()
        count += 1
        if count > MOST_FIELDS:
            return Fields(raw=found, is_cut=True, is_broken=is_broken), _past_the_rest(raw, position, end)
        name = match[1].decode("ascii").lower()
        is_cut = is_cut or match.end(2) - match.start(2) > LONGEST_VALUE
        found[name] = (*found.get(name, ()), raw[match.start(2) : min(match.end(2), match.start(2) + LONGEST_VALUE)])
    blank = _blank_line(raw, position, end)
    is_broken = is_broken or (blank == position < end)
    return Fields(raw=found, is_cut=is_cut, is_broken=is_broken), blank


def _first_field(raw: bytes, start: int, end: int) -> int:
    """Past what mail stores put before the first field: blank lines, and mbox's `From `."""
    position = start
    while raw.startswith((b"\n", b"\r"), position, end) and position - start < _MOST_BLANK:
        position += 1
    if raw.startswith((b"From ", b">From "), position, end):
        line = _STRAY_LINE.match(raw, position, end)
        position = line.end() if line else position
    return position if _FIELD.match(raw, position, end) else start


def _after_stray_line(raw: bytes, position: int, end: int) -> int | None:
    """Where the fields go on after a line that is none (a fold without its space); None where they end."""
    line = _STRAY_LINE.match(raw, position, end)
    if line is None or not line.group().strip() or not _KNOWN.match(raw, line.end(), end):
        return None
    return line.end()


def _past_the_rest(raw: bytes, position: int, end: int) -> int:
    """Past the blank line after fields that nobody reads any more."""
    blank = _END_OF_FIELDS.search(raw, max(position - 1, 0), end)
    return blank.end() if blank else end


def _blank_line(raw: bytes, position: int, end: int) -> int:
    """Past the blank line that ends the fields."""
    if raw.startswith(b"\r\n", position, end):
        return position + 2
    return position + 1 if raw.startswith(b"\n", position, end) else position


def unfolded(value: bytes) -> str:
    """A field's value in one line; 8-bit letters, which the norm forbids, are guessed."""
    text = value.decode("ascii") if value.isascii() and b"\x1b" not in value else decode(value)[0]
    line = (_FOLDING.sub(" ", text) if "\n" in text else text).strip()
    return line if line.isprintable() else " ".join(clean(line).splitlines()).strip()


def decode_words(text: str) -> str:
    """Encoded words decoded; what is broken stays as it is written. Source: RFC 2047 §6.2.

    >>> decode_words("=?utf-8?q?Za=C5=BC?= =?utf-8?b?w7PFgsSH?= x")
    'Zażółć x'
    """
    if "=?" not in text:
        return text
    joined = _BETWEEN_WORDS.sub(r"\1", text)
    pieces: list[tuple[str, bytes | str]] = []
    position = 0
    for word in _ENCODED_WORD.finditer(joined):
        if word.start() > position:
            pieces.append(("", joined[position : word.start()]))
        _add_word(pieces, word)
        position = word.end()
    pieces.append(("", joined[position:]))
    decoded = "".join(decode(piece, charset)[0] if isinstance(piece, bytes) else piece for charset, piece in pieces)
    return clean(" ".join(decoded.splitlines())) if decoded.strip() else ""


def _add_word(pieces: list[tuple[str, bytes | str]], word: re.Match[str]) -> None:
    """Add a word's bytes; to the last ones if they are of the same charset, since senders cut letters in two."""
    charset = word[1].partition("*")[0].lower()
    content = from_base64(word[3]) if word[2] in "bB" else _from_q(word[3])
    if content is None:
        pieces.append(("", word.group()))
    elif pieces and isinstance(pieces[-1][1], bytes) and pieces[-1][0] == charset:
        pieces[-1] = (charset, pieces[-1][1] + content)
    else:
        pieces.append((charset, content))


def _from_q(text: str) -> bytes:
    return binascii.a2b_qp(text.encode("utf-8", "replace"), header=True)


def from_base64(text: str) -> bytes | None:
    """The bytes, whatever else stands between and whether padded or not; None when nothing is left to read."""
    letters = _NO_BASE64.sub("", text)
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    if text and not letters:
        return None
    return base64.b64decode(letters + "=" * (-len(letters) % 4))


def parameters(value: str) -> dict[str, str]:
    """A field's parameters by name in lower case, decoded. Source: RFC 2231, and RFC 2047 where senders put it.

    >>> parameters("attachment; filename*0*=utf-8''za%C5%BC; filename*1=2.txt")
    {'filename': 'zaż2.txt'}
    """
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for number, match in enumerate(_PARAMETER.finditer(value)):
        if number >= _MOST_PARAMETERS:
            break
        name, star = match[1].lower(), match[2] or ""
        content = re.sub(r"\\(.)", r"\1", match[3], flags=re.DOTALL) if match[3] is not None else match[4].strip()
        if not star:
            plain.setdefault(name, decode_words(content))
            continue
        digits = star.strip("*")
        pieces.setdefault(name, {}).setdefault(int(digits or 0), (content, star.endswith("*")))
    return plain | {name: _joined(parts) for name, parts in pieces.items()}


def _joined(parts: Mapping[int, tuple[str, bool]]) -> str:
    """The pieces of one extended parameter in order; the first names the charset."""
    charset, whole = "", b""
    for number in sorted(parts):
        content, is_encoded = parts[number]
        if number == min(parts) and is_encoded and (named := _EXTENDED.fullmatch(content)):
            charset, content = named[1], named[2]
        whole += unquote_to_bytes(content) if is_encoded else content.encode("utf-8", "replace")
    return decode(whole, charset or "utf-8")[0]
