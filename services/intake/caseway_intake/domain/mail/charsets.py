"""Bytes to text, whatever the sender claims they are."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache

_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-2": "cp1250",
    "iso8859-7": "cp1253",
    "iso8859-8": "cp1255",
    "iso8859-9": "cp1254",
    "iso8859-13": "cp1257",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "cp950",
    "euc_kr": "cp949",
}
"""What senders who name the first often mean: the same, and letters where the first has control characters."""

_SPELLINGS = {
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-sjis": "cp932",
    "x-ms-cp932": "cp932",
    "x-euc-jp": "euc_jp",
    "cp50220": "iso2022_jp",
    "cp50221": "iso2022_jp",
    "cp50222": "iso2022_jp",
    "csiso2022jp": "iso2022_jp",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-6-i": "iso8859-6",
    "ks_c_5601-1987": "cp949",
    "windows-949": "cp949",
    "windows-874": "cp874",
    "windows-31j": "cp932",
    "x-mac-roman": "mac_roman",
    "x-mac-ce": "mac_latin2",
}
"""Names that mail programs use and Python does not know."""

_REFUSED = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
"""Codecs that are no charset of a mail; the first two take quadratic time."""

_LATIN = frozenset(
    {"ascii", "cp1252", "cp1250", "cp1254", "cp1257", "iso8859-1", "iso8859-2", "iso8859-9", "iso8859-13", "iso8859-15"}
)
"""Charsets of languages most of whose letters are ASCII."""
_ONE_BYTE = re.compile(r"(?:ascii|iso8859-|cp125|cp85|cp866|koi8|mac|tis|cp874)")
"""Charsets in which any bytes are a text."""
_WESTERN = ("cp1252", "cp1250", "iso8859-2")
"""Tried in this order where nothing better is known; the first wins a tie."""
_EXPECTED = re.compile(r"[ąćęłńóśźżĄĆĘŁŃÓŚŹŻäöüßÄÖÜéèàâêçëïîôûáíúýřšžčěůőűØøåæÅÆñÑ\u2018-\u201e\u2013\u2014§°€]")
_MISREAD = re.compile(r"[³¹¶±¼¿¦](?<=[^\W\d_].)(?=[^\W\d_])")
"""Signs within words: letters of another charset."""
_LETTERS_OF_JAPAN = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uff66-\uff9f\u3001\u3002]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_UNWANTED_ASCII = {code: None for code in range(128) if _UNWANTED.match(chr(code))}
_ESCAPE = re.compile(rb"\x1b(?:\$[@BC]|\$\([@BDOPQ]|\([BIJH])")
_C1 = re.compile(rb"[\x80-\x9f]")
_HIGH = bytes(range(0x80, 0x100))
_SAMPLE = 8192
"""Bytes looked at for a guess: bounds its time."""


def decode(raw: bytes, declared: str = "") -> tuple[str, bool]:
    """The text of `raw`, and whether it is what the sender declared; never an exception.

    The text has no control characters but tabs and line ends, and no half characters: it may go anywhere.
    """
    codec = _codec(declared)
    text = _as_declared(raw, codec)
    return (clean(text), True) if text is not None else (clean(_guess(raw, codec)), False)


def clean(text: str) -> str:
    """`text` without what no store and no reader takes."""
    if text.isascii():  # a fifth of the pattern's time, and most mails in English
        return text.translate(_UNWANTED_ASCII)
    return _UNWANTED.sub("", text.removeprefix("\ufeff"))


@lru_cache(maxsize=256)
def _codec(declared: str) -> str:
    """Python's name of a charset; empty for one that is not known. The cache is bounded: names are the senders'."""
    name = declared.strip(" \t\r\n\"'").lower()[:40]
    name = _SPELLINGS.get(name, name)
    if not name.isascii() or "\x00" in name or not name:
        return ""
    try:
        found = codecs.lookup(name).name
        b"".decode(found)
    except (LookupError, ValueError):
        return ""
    return "" if found in _REFUSED or found.replace("-", "_") in _REFUSED else found


def _as_declared(raw: bytes, codec: str) -> str | None:
    """What it says when the declaration is true; None when it cannot be, or most likely is not."""
    if raw.isascii() and codec not in {"utf-7", "hz"}:
        if b"\x1b$)C" in raw:
            return raw.decode("iso2022_kr", "replace")
        if b"\x1b$" in raw or b"\x1b(" in raw:
            return _iso_2022_jp(raw)
        return raw.decode("ascii")
    if not codec or _is_misdeclared(raw, codec):
        return None
    try:
        return _checked(raw.decode(codec), codec)
    except (ValueError, LookupError):
        return None


def _is_misdeclared(raw: bytes, codec: str) -> bool:
    """Whether a charset of one byte a letter, which fits anything, is named for what surely is another."""
    if not _ONE_BYTE.match(codec):
        return False
    if _is_utf_8(raw) or (codec.startswith("iso8859") and _C1.search(raw)):
        return True
    return codec in _LATIN and 2 * (len(raw) - len(raw.translate(None, _HIGH))) > len(raw)


def _checked(text: str, codec: str) -> str | None:
    return None if codec in {*_WESTERN, "iso8859-1"} and _MISREAD.search(text) else text


def _is_utf_8(raw: bytes) -> bool:
    """Whether it is UTF-8 beyond chance: each letter beyond ASCII has the form that only UTF-8 gives it."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _guess(raw: bytes, codec: str) -> str:
    """The likeliest text; where a single byte is wrong, all others still stand."""
    for guess in _guesses(raw, codec):
        try:
            return raw.decode(guess)
        except (ValueError, LookupError):
            continue
    text = raw.decode(codec or "utf-8", "replace")
    is_hopeless = text.count("\ufffd") * 2 > len(raw.translate(None, bytes(range(0x80))))
    return raw.decode(_likeliest(raw), "replace") if is_hopeless else text


def _guesses(raw: bytes, codec: str) -> Iterator[str]:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield "utf-16"
    yield "utf-8-sig"
    yield from (each for each in ("cp932", "euc_jp") if _is_japanese(raw, each))
    if codec in {"", "ascii", "iso8859-1", *_WESTERN}:
        yield _likeliest(raw)
    if codec in _WIDER:
        yield _WIDER[codec]


def _is_japanese(raw: bytes, codec: str) -> bool:
    """Whether what is beyond ASCII, read so, is mostly Japanese, with the kana that all Japanese has."""
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError:
        return False
    foreign = sum(not char.isascii() for char in text[:_SAMPLE])
    sample = text[:_SAMPLE]
    return 0 < foreign <= 1.2 * len(_LETTERS_OF_JAPAN.findall(sample)) and 4 * len(_KANA.findall(sample)) >= foreign


def _likeliest(raw: bytes) -> str:
    """Of the one-byte charsets of this part of the world, the one that makes the most of its letters usual ones."""
    sample = raw[:_SAMPLE]
    return max(_WESTERN, key=lambda codec: len(_EXPECTED.findall(sample.decode(codec, "replace"))))


def _iso_2022_jp(raw: bytes) -> str:
    """ISO-2022-JP as it is really sent: with the vendors' characters (①, ㈱, half-width kana) that the norm lacks.

    Source: JIS X 0208 rows 1 to 94 stand in CP932 at a computed place.
    """
    try:
        return raw.decode("iso2022_jp")
    except UnicodeDecodeError:
        pass
    pieces: list[str] = []
    escape, start = b"\x1b(B", 0
    for found in _ESCAPE.finditer(raw):
        pieces.append(_segment(raw[start : found.start()], escape))
        escape, start = found.group(), found.end()
    pieces.append(_segment(raw[start:], escape))
    return "".join(pieces)


def _segment(raw: bytes, escape: bytes) -> str:
    if escape.startswith(b"\x1b$"):
        return _shifted(raw).decode("cp932", "replace")
    if escape == b"\x1b(I":
        return bytes(byte | 0x80 for byte in raw).decode("cp932", "replace")
    return _guess(raw, "utf-8")


def _shifted(raw: bytes) -> bytes:
    """Pairs of JIS X 0208 as CP932; line ends inside, which the norm forbids, are kept."""
    shifted = bytearray()
    position = 0
    while position < len(raw):
        first = raw[position]
        if first < 0x21 or position + 1 >= len(raw):
            shifted.append(first)
            position += 1
            continue
        shifted += _pair(first & 0x7F, raw[position + 1] & 0x7F)
        position += 2
    return bytes(shifted)


def _pair(first: int, second: int) -> bytes:
    lead = (first - 0x21) // 2 + (0x81 if first <= 0x5E else 0xC1)
    trail = second + (0x7E if first % 2 == 0 else 0x20 if second >= 0x60 else 0x1F)
    return bytes((lead & 0xFF, trail & 0xFF))
