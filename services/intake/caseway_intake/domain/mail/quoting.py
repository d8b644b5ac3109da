"""What of a mail's text is new.

Cutting too much loses a customer's words, cutting too little only shows some twice: so only what surely quotes is cut,
and a mail that answers between the quoted lines is left whole. Forwarded mails are what the sender wants to show: they
stay. In Polish, English, German and Japanese, as the usual mail programs write.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from caseway_intake.domain.words import has_any

LONGEST_LOOKED_AT = 64 * 1024
"""Characters in which the beginning of a quotation is looked for; what a person writes is shorter."""
_SIGNATURE_LINES = 15
"""A longer tail is no signature."""
_SIGNATURE_LENGTH = 2_000
"""Characters at the end in which a signature begins."""

_ATTRIBUTION = re.compile(
    r"""^[ \t]*(?:
      On\ [^\n]{4,160}(?:\n[^\n]{0,120})??\ ?wrote:
    | (?:W\ dniu|Dnia|W\ )[^\n]{4,160}(?:\n[^\n]{0,120})?\ ?(?:napisał|pisze|napisał\(a\)|napisała|napisali)[^\n]{0,60}:
    | (?:pt|pon|wt|śr|czw|sob|niedz|niedz\.)\.?,?\ [^\n]{4,160}(?:\n[^\n]{0,120})?\ ?(?:napisał)[^\n]{0,60}:
    | Wiadomość\ napisana\ przez\ [^\n]{1,160}(?:\n[^\n]{0,120})?\ w\ dniu\ [^\n]{4,80}:
    | (?:Am|Den)\ [^\n]{4,160}(?:\n[^\n]{0,120})?\ ?schrieb[^\n]{0,120}(?:\n[^\n]{0,120})?:
    | [^\n]{1,100}\ schrieb\ am\ [^\n]{4,120}:
    | [(\uff08]?\d{4}[年/-][^\n]{4,160}(?:\n[^\n]{0,120})?(?:[:\uff1a]|wrote:|のメール[:\uff1a]|書きました[:\uff1a]?)
    | [^\n]{1,100}(?:さんは|は)\s?書きました[:\uff1a]?
    | [^\n]{1,100}[ ]wrote[ ]\(\d{4}[^\n]{4,60}\):
    )[ \t]*$""",
    re.MULTILINE | re.VERBOSE,
)
_SEPARATOR = re.compile(
    r"""^[ \t]*(?:
      -{2,}\ ?(?:Original\ Message|Original\ message|Oryginalna\ wiadomość|Wiadomość\ oryginalna|Oryginalna\ Wiadomość
        |Ursprüngliche\ (?:Nachricht|Mail)|Original-?(?:Nachricht|Mail)|元のメッセージ|オリジナルメッセージ|Original\ Appointment)\ ?-{2,}
    | _{10,}[ \t]*\n+(?=(?:From|Od|Von|差出人|送信者)[:\uff1a])
    | \*?(?:From|Od|Von|差出人|送信者|Gesendet|Wysłano|Sent)\*?[:\uff1a][^\n]{1,200}\n(?:[^\n]{1,200}\n){0,2}?
      [ \t]*\*?(?:Sent|Date|Wysłano|Wysłane|Data|Gesendet|Datum|送信日時|送信済み|日付|日時|Von|Od|From)\*?[:\uff1a]
    )""",
    re.MULTILINE | re.VERBOSE,
)
_FORWARDED = re.compile(
    r"^[ \t]*(?:-{3,}[ ]*|Begin[ ])(?:Forwarded[ ]message|Wiadomość[ ]przekazana|Przekazana[ ]wiadomość|Treść[ ]przekazanej"
    r"|Weitergeleitete[ ]Nachricht|転送(?:された)?メッセージ)|^Begin forwarded message:",
    re.MULTILINE | re.IGNORECASE,
)
_HINTS = (
    *("--", "___", "From", "Od:", "Von", "差出人", "送信者", "wrote", "napisa", "pisze", "schrieb", "書きました"),
    *(":\n", "\uff1a\n", ": \n", "Gesendet:", "Wysłano:", "Sent:"),
)
"""Without one of these no quotation begins: spares most mails the patterns."""
_QUOTED_LINE = re.compile(r"^[ \t]*>", re.MULTILINE)
_DATED = re.compile(r"\d|書きました")
_SIGNATURE = re.compile(r"^--[ \t]?$", re.MULTILINE)
_MOBILE = re.compile(
    r"^(?:Sent from my |Sent from (?:Outlook|Mail|Yahoo|Proton|Samsung)|Sent via |Get Outlook for |Wysłan[eoay] z |"
    r"Wysłane przez |Pobierz (?:program|aplikację) Outlook|Von meinem |Gesendet von |Gesendet mit |Gesendet über |"
    r"Holen Sie sich Outlook|Outlook für (?:iOS|Android)|Diese Nachricht wurde von meinem |Mein (?:iPhone|Handy) |"
    r"iPhoneから送信|(?:私の|マイ)?\w{0,20}から送信|(?:iOS|Android)[ ]?版の? ?Outlook|Outlook for (?:iOS|Android))[^\n]{0,80}$",
    re.MULTILINE,
)
_CLOSING = re.compile(
    r"[ \t]*(?:(?:z )?(?:serdecznie )?pozdraw\w+(?: serdecznie)?|z (?:wyrazami szacunku|poważaniem)|łączę (?:wyrazy szacunku|pozdrowienia)"
    r"|(?:mit )?(?:freundlich\w+|viele\w*|best\w+|lieb\w+|schön\w+|herzlich\w+) (?:gr(?:ü|ue)(?:ß|ss)\w*)(?: aus \w+)?|mfg|hochachtungsvoll"
    r"|(?:with )?(?:best|kind|warm|many)(?:est)? (?:regards|wishes|thanks)|regards|yours (?:sincerely|faithfully|truly)"
    r"|sincerely(?: yours)?|cheers)[ \t]*[,.!]?[ \t]*",
    re.IGNORECASE,
)
"""A line by which a letter ends in Polish, German and English; below it stand a name and where to reach it."""
_LONGEST_CLOSING = 60
_SAYS_MORE = re.compile(r"^[ \t]*P\.? ?S\b|[?\uff1f]\s*$|^[^\n]{81,}$", re.MULTILINE | re.IGNORECASE)
"""What shows that the letter goes on below its closing."""
_REACHES = re.compile(r"@|(?:tel|fax|電話|携帯|mail|〒)|株式会社|有限会社|\d{2,4}-\d{2,4}-\d{3,4}", re.IGNORECASE)
_RULE = re.compile(
    r"^[ \t]*([-=*_\u2500-\u2503\u2550\uff0d\uff1d\u30fc\u2015\u2014\u2013\uff0a\u2606\u2605\u25c6\u25a0])\1{5,}[ \t]*$",
    re.MULTILINE,
)
_RULES = tuple(
    each * 6
    for each in "-=*_\u2500\u2501\u2502\u2503\u2550\uff0d\uff1d\u30fc\u2015\u2014\u2013\uff0a\u2606\u2605\u25c6\u25a0"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """A mail's text, parted; nothing of it is lost."""

    new: str
    quoted: str = ""
    signature: str = ""


def part(text: str) -> Writing:
    """What is new in `text`, what is quoted, and the signature."""
    body = text.strip("\r\n")
    new, quoted = _cut_quoted(body)
    new, signature = _cut_signature(new)
    if not new.strip():
        return Writing(new=body.strip())
    return Writing(new=new.strip(), quoted=quoted.strip("\n"), signature=signature.strip())


def _cut_quoted(body: str) -> tuple[str, str]:
    has_quoted_lines = ">" in body and _QUOTED_LINE.search(body) is not None
    start = _beginning(body) if has_quoted_lines or has_any(body, _HINTS) else None
    if start is not None:
        return _cut_at(body, *start)
    return _cut_trailing(body) if has_quoted_lines and not _FORWARDED.search(body) else (body, "")


def _beginning(body: str) -> tuple[int, int, bool] | None:
    """Where a quotation begins, where its own lines begin, and whether all that follows belongs to it."""
    looked_at = body[:LONGEST_LOOKED_AT]
    forwarded = _FORWARDED.search(looked_at)
    end = forwarded.start() if forwarded else len(looked_at)
    separator = _SEPARATOR.search(looked_at, 0, end)
    attribution = next((each for each in _ATTRIBUTION.finditer(looked_at, 0, end) if _DATED.search(each.group())), None)
    if separator and (attribution is None or separator.start() <= attribution.start()):
        return separator.start(), separator.end(), True
    return (attribution.start(), attribution.end(), False) if attribution else None


def _cut_at(body: str, start: int, inner: int, is_all: bool) -> tuple[str, str]:
    before, tail = body[:start], body[inner:]
    if is_all or not _QUOTED_LINE.search(tail):
        return before, body[start:]  # a mail program that does not mark lines quotes to the end
    kept, quoted = _answered_below(tail)
    if kept is None:
        return body, ""
    return f"{before.rstrip()}\n\n{kept}" if before.strip() else kept, body[start:inner] + quoted


def _answered_below(tail: str) -> tuple[str | None, str]:
    """What is written below one block of quoted lines, and that block; None where the answer stands between lines."""
    lines = tail.split("\n")
    marked = [number for number, line in enumerate(lines) if line.lstrip().startswith(">")]
    last = marked[-1]
    if any(line.strip() and not line.lstrip().startswith(">") for line in lines[: last + 1]):
        return None, ""
    return "\n".join(lines[last + 1 :]), "\n".join(lines[: last + 1])


def _cut_trailing(body: str) -> tuple[str, str]:
    """Cut marked lines that nobody announces, where they are the end of the text."""
    lines = body.split("\n")
    last = len(lines)
    while last and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith(">")):
        last -= 1
    marked = any(line.lstrip().startswith(">") for line in lines[last:])
    if not marked or not last:
        return body, ""
    return "\n".join(lines[:last]), "\n".join(lines[last:])


def _cut_signature(new: str) -> tuple[str, str]:
    begin = max(0, len(new) - _SIGNATURE_LENGTH)
    marks = _SIGNATURE.finditer(new, begin) if "--" in new else iter(())
    start = next((each.start() for each in marks if _is_short(new[each.end() :])), None)
    if start is None:
        start = _last_line(new)
    if start is None:
        start = _ruled(new, begin)
    if start is None:
        start = _closing(new)
    return (new, "") if start is None else (new[:start], new[start:])


def _last_line(new: str) -> int | None:
    """Where the last line begins, if a telephone's mail program wrote it."""
    text = new.rstrip()
    start = text.rfind("\n") + 1
    return start if _MOBILE.match(text, start) else None


def _is_short(tail: str) -> bool:
    return tail.strip().count("\n") < _SIGNATURE_LINES


def _ruled(new: str, begin: int) -> int | None:
    """Where a block between two rules ends the text, as Japanese signatures do; or below one, where it says an address."""
    tail = new[begin:]
    if not has_any(tail, _RULES):
        return None
    rules = list(_RULE.finditer(new, begin))[-2:]
    if not rules or not _is_short(new[rules[0].start() :]):
        return None
    if len(rules) == 2 and not new[rules[1].end() :].strip():
        return rules[0].start()
    below = new[rules[-1].end() :]
    return rules[-1].start() if _REACHES.search(below) and not _SAYS_MORE.search(below) else None


def _closing(new: str) -> int | None:
    """Where a letter's closing words begin, with a name below them and nothing more."""
    lines = new.rsplit("\n", _SIGNATURE_LINES + 1)
    start = 0
    for number, line in enumerate(lines):
        if number and len(line) < _LONGEST_CLOSING and _CLOSING.fullmatch(line):
            below = "\n".join(lines[number + 1 :])
            return start if below.strip() and new[:start].strip() and not _SAYS_MORE.search(below) else None
        start += len(line) + 1
    return None
