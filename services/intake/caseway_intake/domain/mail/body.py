"""Which of a mail's parts is its text, and which are files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from caseway.kernel.ids import digest
from caseway_intake.domain.mail.charsets import decode
from caseway_intake.domain.mail.fields import decode_words, parameters
from caseway_intake.domain.mail.mail import Attachment
from caseway_intake.domain.mail.parts import Part, read_parts
from caseway_intake.domain.mail.tnef import Packed, unpack
from caseway_intake.domain.names import file_name

HtmlToText = Callable[[str], str]

LONGEST_TEXT = 200_000
"""Characters of a mail's text; facts take 256 KiB of it, and the raw mail keeps all."""
MOST_ATTACHMENTS = 100
_LONGEST_HTML = 1_000_000
"""Bytes of HTML that are read; it is the text, not the pictures, that counts."""
_EMBEDDED_LEVELS = 3
_SHOWN = frozenset({"text/plain", "text/html"})
_OUTLOOKS = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})


@dataclass(slots=True, kw_only=True)
class Body:
    """Text and files, as they are collected."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    """What has no plain form."""
    pages: list[str] = field(default_factory=list)
    """Whatever is HTML, also what has a plain form."""
    packed: list[str] = field(default_factory=list)
    """Texts and pages out of Outlook's own format, for a mail that has no other."""
    attachments: list[Attachment] = field(default_factory=list)
    faults: set[str] = field(default_factory=set)


def read_body(mail: Part, html_to_text: HtmlToText) -> tuple[str, Body]:
    """The text a person would read first, and all that was collected."""
    body = Body()
    _collect(mail, body, is_root=True)
    text = _text(body, html_to_text)
    if not text.strip():
        text = _embedded_text(mail, html_to_text, _EMBEDDED_LEVELS)
    if len(text) > LONGEST_TEXT:
        body.faults.add("mail-cut")
    return text[:LONGEST_TEXT].replace("\r\n", "\n").replace("\r", "\n"), body


def _text(body: Body, html_to_text: HtmlToText) -> str:
    plain = "\n\n".join(each for each in body.plain if each.strip())
    shown = plain or "\n\n".join(html_to_text(each) for each in body.html)
    return shown if shown.strip() else "\n\n".join(_read(each, html_to_text) for each in body.packed)


def _read(packed: str, html_to_text: HtmlToText) -> str:
    return html_to_text(packed) if packed.lstrip().startswith("<") else packed


def _collect(part: Part, body: Body, *, is_root: bool = False) -> None:
    if part.is_broken:
        body.faults.add("mail-broken")
    if part.media_type == "multipart/alternative":
        _choose(part, body)
    elif part.parts:
        for each in part.parts:
            _collect(each, body)
    elif part.media_type in _SHOWN and _is_shown(part, is_root=is_root):
        _show(part, body)
    else:
        _attach(part, body)


def _is_shown(part: Part, *, is_root: bool) -> bool:
    return is_root or (part.disposition != "attachment" and not _name(part))


def _choose(part: Part, body: Body) -> None:
    """Of the forms of one text, the plain one if it says anything; what is no text is a file as ever."""
    forms = Body()
    for each in part.parts:
        _collect(each, forms)
    body.attachments += forms.attachments
    body.faults |= forms.faults
    body.pages += forms.pages
    body.packed += forms.packed
    if any(each.strip() for each in forms.plain):
        body.plain += forms.plain
    else:
        body.html += forms.html


def _show(part: Part, body: Body) -> None:
    is_html = part.media_type == "text/html"
    content = part.content
    text, is_exact = decode(content[:_LONGEST_HTML], part.parameters.get("charset", ""))
    if not is_exact and part.parameters.get("charset"):
        body.faults.add("mail-charset")
    if is_html:
        body.html.append(text)
        body.pages.append(text)
    else:
        body.plain.append(text)


def _attach(part: Part, body: Body) -> None:
    content = part.content
    if part.media_type in _OUTLOOKS or _name(part).lower() == "winmail.dat":
        try:
            _unpack(content, body)
        except ValueError:
            body.faults.add("mail-broken")
        else:
            return
    _append(
        body,
        Attachment(
            name=_name(part) or _invented_name(part, len(body.attachments) + 1),
            media_type=part.media_type,
            digest=digest(content),
            content=content,
            content_id=part.fields.plain("content-id").strip(" <>")[:200],
        ),
    )


def _append(body: Body, file: Attachment) -> None:
    if len(body.attachments) >= MOST_ATTACHMENTS:
        body.faults.add("mail-cut")
        return
    body.attachments.append(file)


def _unpack(content: bytes, body: Body) -> None:
    """What Outlook packed in its own format: files, and the text for a mail that says nothing else."""
    pack = unpack(content)
    if pack.html:
        body.pages.append(pack.html)
    body.packed += [each for each in (pack.text,) if each.strip()] or [each for each in (pack.html,) if each]
    for file in pack.files:
        _append(body, _unpacked(file, len(body.attachments) + 1))


def _unpacked(file: Packed, number: int) -> Attachment:
    return Attachment(
        name=file_name(file.name) or f"part-{number}.bin",
        media_type=file.media_type[:100],
        digest=digest(file.content),
        content=file.content,
        content_id=file.content_id.strip(" <>")[:200],
    )


def _name(part: Part) -> str:
    """A file's name without any path."""
    written = parameters(part.fields.plain("content-disposition")).get("filename") or part.parameters.get("name", "")
    return file_name(decode_words(written))


def _invented_name(part: Part, number: int) -> str:
    extension = {"message/rfc822": "eml", "text/plain": "txt", "text/html": "html", "text/calendar": "ics"}
    return f"part-{number}.{extension.get(part.media_type, 'bin')}"


def _embedded_text(mail: Part, html_to_text: HtmlToText, levels: int) -> str:
    """Of a mail that says nothing itself: what the mail that it carries says."""
    carried = next((each for each in _walk(mail) if each.media_type == "message/rfc822"), None)
    if carried is None or levels == 0:
        return ""
    inner = read_parts(carried.content)
    body = Body()
    _collect(inner, body, is_root=True)
    text = _text(body, html_to_text)
    return text if text.strip() else _embedded_text(inner, html_to_text, levels - 1)


def _walk(part: Part) -> Iterator[Part]:
    yield part
    for each in part.parts:
        yield from _walk(each)
