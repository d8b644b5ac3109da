"""Which texts are searched, and by which tokens.

Texts in scripts without spaces (Japanese, Chinese, Thai) are cut into pairs of neighbouring characters, all others into
words; both are folded: full-width and half-width forms, case and accents do not matter.

>>> sorted(tokens("Zamówienie ABC"))
['abc', 'zamowienie']
>>> sorted(tokens("電話の応対"))
['の応', '応対', '話の', '電話']
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from caseway.contracts.cases import (
    CallbackRecorded,
    CaseNoted,
    CaseOpened,
    CaseReplied,
    CaseResolved,
    CaseWhispered,
    ContactAdded,
)
from caseway.contracts.voices import PersonalDataErased
from caseway_analytics.domain.history import History, whole
from caseway_analytics.domain.known import Known
from caseway_analytics.domain.said import said

LONGEST = 20_000
"""Characters of a text that are kept."""
MOST_TOKENS = 2_000
"""Of one text: what is longer is found by its beginning."""
_MOST_TEXTS = 500
"""Of one case: a conversation that goes on for ever must not make its history grow for ever."""
_PAIRED = r"぀-ヿ㐀-䶿一-鿿豈-﫿ｦ-ﾟ가-힯฀-๿々〆ー"
_RUN = re.compile(rf"[{_PAIRED}]+|[^\W_{_PAIRED}]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text of a case."""

    id: str
    """The case and the version of the fact that brought it."""
    case_id: str
    number: str
    at: dt.datetime
    kind: str
    """`case` or `voice`."""
    subject: str
    text: str
    what: str = ""
    """The fact's name: `contact-added`, `replied`, `whispered`."""
    by: str = ""
    """What kind of actor said it: `customer`, `agent`, `supervisor`, `machine`."""
    person: str = ""
    """Who of ours said it, by id; empty for customers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What a fact makes of a case's texts."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    """Of the history, which knows what texts there are."""
    kept: tuple[Text, ...] = ()
    erased: tuple[str, ...] = ()


NONE = Texts()
_SPOKEN = (CaseOpened, ContactAdded, CaseReplied, CaseNoted, CaseResolved, CallbackRecorded, CaseWhispered)


def kept(history: History, fact: object, known: Known) -> Texts:
    """The texts to be kept or erased, and what the history knows of them then."""
    if isinstance(fact, PersonalDataErased):
        erased = tuple(f"{fact.case_id}/{version}" for version in history.texts)
        return Texts(changes={"texts": (), "customer": "", "is_erased": True}, erased=erased)
    if not known.keeps_texts or not isinstance(fact, _SPOKEN):
        return NONE
    subject, text = said(fact, "subject") or "", fact.text
    if not (subject or text) or len(history.texts) >= _MOST_TEXTS:
        return NONE
    is_voice = said(fact, "record_type") == "voice"
    told = Text(
        id=f"{fact.case_id}/{fact.version}",
        case_id=fact.case_id,
        number=history.number,
        at=whole(fact.at),
        kind="voice" if is_voice else "case",
        subject=subject[:500],
        text=text[:LONGEST],
        what=fact.TYPE.split(".")[2],
        **_said_by(fact),
    )
    return Texts(changes={"texts": (*history.texts, fact.version)}, kept=(told,))


def _said_by(fact: object) -> dict[str, str]:
    """Who said it; of customers only that it was one."""
    speaker = said(fact, "author") or said(fact, "actor")
    kind = speaker.kind if speaker is not None else "customer"
    return {"by": kind, "person": (speaker.id or "") if speaker is not None and kind != "customer" else ""}


def erased_customers(before: History | None, fact: object) -> set[str]:
    """The customer whose data an erasure names, or whose case it was."""
    if not isinstance(fact, PersonalDataErased):
        return set()
    return {customer for customer in (fact.customer, before.customer if before else "") if customer}


def folded(text: str) -> str:
    """Without what does not matter when searching: width, case, accents."""
    wide = unicodedata.normalize("NFKC", text).casefold()
    apart = unicodedata.normalize("NFD", wide.replace("ł", "l"))
    bare = "".join(each for each in apart if not unicodedata.combining(each) or each in "\u3099\u309a")
    return unicodedata.normalize("NFC", bare)


def tokens(text: str) -> set[str]:
    """What a text is found by."""
    found: set[str] = set()
    for token in _tokens(text):
        found.add(token)
        if len(found) >= MOST_TOKENS:
            break
    return found


def _tokens(text: str) -> Iterator[str]:
    for run in _RUN.findall(folded(text)):
        if re.match(rf"[{_PAIRED}]", run):
            yield from (run[place : place + 2] for place in range(max(1, len(run) - 1)))
        else:
            yield run[:60]
