"""Whether a mail goes on with a chat that has ended.

A mail after a chat refers to nothing: no Message-ID, no address of ours. Same person, soon after, and about the same
thing is all there is. The same thing: something with a digit in it (an order, a product) that both name, or several
long words that both use. What is kept of the chat are hashes of such words, nothing that could be read.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

from caseway.kernel.ids import digest
from caseway_intake.domain.words import fold

MOST_WORDS = 200
_SHORTEST_WORD = 6
"""Letters; shorter words are such as every text has."""
_SHORTEST_NUMBER = 4
_ENOUGH_WORDS = 3
_ASIAN = re.compile(r"[\u3400-\u9fff]{2,}|[\u30a0-\u30ff]{3,}")
"""Where words have no spaces between them: runs of kanji or of katakana."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A chat that has ended, under its customer's address."""

    case_id: str
    at: dt.datetime
    names: tuple[int, ...] = ()
    """Hashes of what has a digit in it."""
    words: tuple[int, ...] = ()
    """Hashes of long words."""


def ended_id(address: str) -> str:
    """What an ended chat stands under: the address, unreadable."""
    return f"ended:{digest(address.strip().casefold().encode())[:32]}"


def ended(case_id: str, at: dt.datetime, said: Iterable[str]) -> Ended:
    """What is kept of a chat whose customer said this."""
    names, words = _hashes(" ".join(said))
    return Ended(case_id=case_id, at=at, names=tuple(names)[:MOST_WORDS], words=tuple(words)[:MOST_WORDS])


def goes_on(before: Ended | None, text: str, now: dt.datetime, within: dt.timedelta) -> bool:
    """Whether a text written now is about the chat's matter."""
    if before is None or now - before.at > within:
        return False
    names, words = _hashes(text)
    return bool(set(before.names) & set(names)) or len(set(before.words) & set(words)) >= _ENOUGH_WORDS


def _hashes(text: str) -> tuple[dict[int, None], dict[int, None]]:
    names: dict[int, None] = {}
    words: dict[int, None] = {}
    folded = fold(text[:20_000])
    for word in (*folded.split(), *_ASIAN.findall(folded)):
        if any(map(str.isdigit, word)):
            if len(word) >= _SHORTEST_NUMBER:
                names[crc32(word.encode())] = None
        elif len(word) >= _SHORTEST_WORD or _ASIAN.fullmatch(word):
            words[crc32(word.encode())] = None
    return names, words
