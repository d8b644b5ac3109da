"""What Outlook packs into winmail.dat.

Source: [MS-OXTNEF], the attributes that hold a text or a file; [MS-OXCDATA] for the types of properties.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from caseway_intake.domain.mail.charsets import decode

_SIGNATURE = 0x223E9F78
_MOST_ATTRIBUTES = 5_000
_MOST_PROPERTIES = 2_000
_MOST_VALUES = 100
_MOST_FILES = 100

_BODY, _MESSAGE_PROPERTIES = 0x800C, 0x9003
_CODEPAGE = 0x9007
_FILE_BEGINS, _FILE_TITLE, _FILE_DATA, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005

_PLAIN, _HTML = 0x1000, 0x1013
_CONTENT, _NAME, _LONG_NAME, _MEDIA_TYPE, _CONTENT_ID = 0x3701, 0x3704, 0x3707, 0x370E, 0x3712
_TEXTS = {0x1E: "", 0x1F: "utf-16-le"}
_SIZES = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
"""Of values whose types have one; in a list of them the same."""
_VARIABLE = frozenset({0x0D, 0x1E, 0x1F, 0x102})
_MANY = 0x1000
_FIRST_NAMED = 0x8000


@dataclass(slots=True, kw_only=True)
class Packed:
    """One file, as it is put together."""

    name: str = ""
    media_type: str = "application/octet-stream"
    content_id: str = ""
    content: bytes = b""


@dataclass(slots=True, kw_only=True)
class Pack:
    """All that was in it, as it is put together."""

    text: str = ""
    html: str = ""
    files: list[Packed] = field(default_factory=list)


def unpack(raw: bytes) -> Pack:
    """The text, page and files of a winmail.dat, as far as it goes.

    Raises:
        ValueError: it is none.
    """
    if len(raw) < 6 or struct.unpack_from("<I", raw)[0] != _SIGNATURE:
        raise ValueError("no TNEF")
    pack, charset = Pack(), "cp1252"
    for name, data in _attributes(raw):
        if name == _CODEPAGE and len(data) >= 4:
            charset = f"cp{struct.unpack_from('<I', data)[0]}"
        elif name in {_BODY, _MESSAGE_PROPERTIES}:
            _take_text(pack, name, data, charset)
        else:
            _take_file(pack, name, data, charset)
    return pack


def _attributes(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Name and data of each; a broken length is the end."""
    position = 6
    for _ in range(_MOST_ATTRIBUTES):
        if position + 9 > len(raw):
            return
        name, _type, length = struct.unpack_from("<HHI", raw, position + 1)
        start = position + 9
        if start + length > len(raw):
            return
        yield name, raw[start : start + length]
        position = start + length + 2


def _take_text(pack: Pack, name: int, data: bytes, charset: str) -> None:
    if name == _BODY:
        pack.text = pack.text or decode(data.rstrip(b"\0"), charset)[0]
        return
    found = dict(_properties(data))
    pack.text = _text(found.get(_PLAIN), charset) or pack.text
    pack.html = _text(found.get(_HTML), charset) or pack.html


def _take_file(pack: Pack, name: int, data: bytes, charset: str) -> None:
    if name == _FILE_BEGINS:
        if len(pack.files) < _MOST_FILES:
            pack.files.append(Packed())
        return
    if not pack.files:
        return
    file = pack.files[-1]
    if name == _FILE_TITLE:
        file.name = file.name or decode(data.rstrip(b"\0"), charset)[0]
    elif name == _FILE_DATA:
        file.content = data
    elif name == _FILE_PROPERTIES:
        found = dict(_properties(data))
        file.name = _text(found.get(_LONG_NAME), charset) or file.name or _text(found.get(_NAME), charset)
        file.media_type = _text(found.get(_MEDIA_TYPE), charset).lower() or file.media_type
        file.content_id = _text(found.get(_CONTENT_ID), charset) or file.content_id
        file.content = file.content or found.get(_CONTENT, (0, b""))[1]


def _text(value: tuple[int, bytes] | None, charset: str) -> str:
    if value is None:
        return ""
    kind, data = value
    known = _TEXTS.get(kind, "")
    if known:
        return data.decode(known, "replace").rstrip("\0")
    return decode(data.rstrip(b"\0"), charset)[0]


def _properties(data: bytes) -> Iterator[tuple[int, tuple[int, bytes]]]:
    """Id, type and first value of each property; a broken one is the end."""
    try:
        yield from _read_properties(data)
    except struct.error:
        return


def _read_properties(data: bytes) -> Iterator[tuple[int, tuple[int, bytes]]]:
    (count,) = struct.unpack_from("<I", data)
    position = 4
    for _ in range(min(count, _MOST_PROPERTIES)):
        kind, name = struct.unpack_from("<HH", data, position)
        position = _past_name(data, position + 4) if name >= _FIRST_NAMED else position + 4
        plain, is_many = kind & ~_MANY, bool(kind & _MANY)
        if plain in _VARIABLE:
            value, position = _variable(data, position)
        elif plain in _SIZES:
            value, position = _fixed(data, position, _SIZES[plain], is_many=is_many)
        else:
            return
        yield name, (plain, value)


def _past_name(data: bytes, position: int) -> int:
    """Past the GUID of a named property, and its number or name."""
    kind, length = struct.unpack_from("<II", data, position + 16)
    return position + 24 + (_padded(length) if kind else 0)


def _variable(data: bytes, position: int) -> tuple[bytes, int]:
    (count,) = struct.unpack_from("<I", data, position)
    position += 4
    first = b""
    for number in range(min(count, _MOST_VALUES)):
        (length,) = struct.unpack_from("<I", data, position)
        if number == 0:
            first = data[position + 4 : position + 4 + length]
        position += 4 + _padded(length)
    return first, position


def _fixed(data: bytes, position: int, size: int, *, is_many: bool) -> tuple[bytes, int]:
    count = 1
    if is_many:
        (count,) = struct.unpack_from("<I", data, position)
        position += 4
    return data[position : position + size], position + size * min(count, len(data))


def _padded(length: int) -> int:
    return (length + 3) // 4 * 4
