"""How alike two mails are, by what little is kept of them.

What is kept are hashes: enough to know the same words again, nothing that could be read. Words are runs of letters and
digits; where a script has no spaces, pairs of characters.
"""

from __future__ import annotations

import hashlib
import re
import struct
import unicodedata
from collections.abc import Iterable
from zlib import crc32

MOST_WORDS = 16
"""Hashes kept of a text; the smallest ones, so that two texts keep the same of what they share."""
_LOOKED_AT = 1_200
"""Characters of a text whose words count: bounds the time; two mails that begin alike for so long are alike."""
_HASH_BYTES = 4

_ASIAN = r"\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af"
_HAS_ASIAN = re.compile(f"[{_ASIAN}]")
_SIGNS = str.maketrans(
    dict.fromkeys('.,;:!?()[]{}"<>/\\|*=+_-#&%@~^`\u2013\u2014\u201e\u201d\u201c\u2018\u2019\u2026\u00ab\u00bb', " ")
)
_WORD = re.compile(rf"[{_ASIAN}]{{2}}|[^\W_{_ASIAN}]+|[{_ASIAN}]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_BEFORE = re.compile(
    r"""\s*(?:
      (?:re|fwd?|aw|wg|odp|pd|sv|vs|vl|antw|ref|res|rv|tr|rif|r|i|\u8fd4\u4fe1|\u8ee2\u9001)
        \s{0,3}(?:[\[(]\d{1,3}[\])]|\^\d{1,3})?\s{0,3}[:\uff1a]
    | [\[\u3010][^\[\]\u3010\u3011]{1,40}[\]\u3011](?=\s*\S)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
"""One thing that answering, forwarding or a mailing list puts before a subject."""
_TAG = re.compile(r"[\[(\u3010\uff08]\s?[#\uff03]\s?(\d{1,12})\s?[\])\u3011\uff09]")
_REPEATED_TAG = re.compile(r"[#\uff03](\d{1,12})\b.*[#\uff03]\1\b")
_CHAIN = re.compile(r"(?:(?:re|aw|odp|sv|antw)\s{0,3}[:\uff1a]\s{0,3}){4}", re.IGNORECASE)


def folded(text: str) -> str:
    """The text as it is compared: one form of each letter, small, without what cannot be seen."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()


def topic(subject: str) -> str:
    """A subject without what answering, forwarding and lists put before it, and without our tag.

    >>> topic("Re: AW[2]: [#120] Odp: Zamówienie 7"), topic("Fwd: 返信: [shop-list] 注文")
    ('zamówienie 7', '注文')
    """
    rest = _TAG.sub(" ", subject)
    for _ in range(20):
        found = _BEFORE.match(rest)
        if found is None:
            break
        rest = rest[found.end() :]
    return " ".join(folded(rest).split())


def numbers_named(subject: str) -> tuple[int, ...]:
    """The case numbers that a subject's tags name, in order.

    >>> numbers_named("Re: [#120] parcel (#7)")
    (120, 7)
    """
    return tuple(dict.fromkeys(int(each) for each in _TAG.findall(subject)))[:5]


def has_grown(subject: str) -> bool:
    """Whether a subject shows that two machines answer each other. Source: semantics 5.1 ("subject-growth test").

    >>> has_grown("Re: [#120] Re: [#120] order"), has_grown("Re: Re: order 120")
    (True, False)
    """
    return _REPEATED_TAG.search(subject) is not None or _CHAIN.search(subject) is not None


def sketch(text: str) -> bytes:
    """Hashes of some of the text's words, the smallest ones, in order."""
    hashes = {crc32(word.encode()) for word in _words(folded(text[:_LOOKED_AT]))}
    smallest = sorted(hashes)[:MOST_WORDS]
    return struct.pack(f">{len(smallest)}I", *smallest)


def _words(text: str) -> set[str]:
    """Splitting at signs takes a tenth of what the pattern takes, which only a script without spaces needs."""
    if text.isascii() or not _HAS_ASIAN.search(text):
        return set(text.translate(_SIGNS).split())
    return set(_WORD.findall(text))


def fingerprint(subject: str, text: str, files: Iterable[str]) -> str:
    """Of what one customer wrote: equal for mails that say the same, however spaced. Source: semantics 5.12.

    Args:
        subject: as written.
        text: without quotations and signature.
        files: digests of what is attached.
    """
    said = "\0".join((topic(subject), "".join(folded(text).split()), *files))
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32]


def resemblance(one: bytes, other: bytes) -> float:
    """How much of all words of two texts both have, from 0 to 1, estimated.

    Source: A. Broder, "On the resemblance and containment of documents" (1997): the smallest hashes of the union are a
    fair sample of it.
    """
    mine, theirs = _hashes(one), _hashes(other)
    sample = sorted(mine | theirs)[:MOST_WORDS]
    return sum(each in mine and each in theirs for each in sample) / len(sample) if sample else 0.0


def is_same_matter(one: bytes, other: bytes) -> bool:
    """Whether two subjects speak of one thing: half the words of the shorter are in the longer. None speaks of any."""
    mine, theirs = _hashes(one), _hashes(other)
    fewest = min(len(mine), len(theirs))
    return 2 * len(mine & theirs) >= fewest


def _hashes(of: bytes) -> set[bytes]:
    return {of[at : at + _HASH_BYTES] for at in range(0, len(of), _HASH_BYTES)}
