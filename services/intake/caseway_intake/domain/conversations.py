"""Which chats, calls and messages belong together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal

from caseway.kernel.ids import case_id
from caseway.kernel.values import dataclass, replace

MOST_WAITING = 50
"""Events kept of a chat or call that has no case yet; more before the customer's first word is an attack."""
LONGEST_TRANSCRIPT = 60_000
"""Letters of one chat that are kept for its transcript; every word is in the case's facts, however long the chat."""
OPENING_CALL = frozenset({"offered", "abandoned", "no_answer", "voicemail", "callback_requested"})
"""Events by which an inbound call needs somebody, so that it opens a case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What is known of a chat, a call or a conversation by messages."""

    case_id: str = ""
    """Empty until something opens a case."""
    source_key: str = ""
    has_ended: bool = False
    is_reused: bool = False
    """An earlier chat with the same id has had its case."""
    at: dt.datetime | None = None
    """The last contact of it."""
    waiting: tuple[Mapping[str, Any], ...] = ()
    """Contacts that came before the case: each one's own fields, to be added once it is there."""
    lines: tuple[str, ...] = ()
    """What was said in a chat, for the transcript; the first so many letters of it."""
    wants_transcript: bool = False
    """The customer asked for it."""
    email: str = ""
    """The customer's, where a chat tells it: a mail from there may go on with the chat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnout:
    """What becomes of one contact of a conversation."""

    conversation: Conversation
    outcome: Literal["opens", "adds", "waits", "leads-nowhere"]
    waiting: tuple[Mapping[str, Any], ...] = ()
    """Contacts that waited for the case that this one opens."""


def with_line(conversation: Conversation, line: str) -> Conversation:
    """The chat with one more line, as long as there is room."""
    length = sum(map(len, conversation.lines))
    if not line or length >= LONGEST_TRANSCRIPT:
        return conversation
    return replace(conversation, lines=(*conversation.lines, line[: LONGEST_TRANSCRIPT - length]))


def chat_event(before: Conversation | None, key: str, event_id: str, said: Said) -> Turnout:
    """A chat: the customer's first word opens; what came before waits for it; after the end, it begins anew."""
    now = before or Conversation()
    if now.has_ended and (said.is_by_customer or said.is_start):
        now = Conversation(is_reused=now.is_reused or bool(now.case_id))
    now = replace(now, at=said.at, has_ended=now.has_ended or said.is_end)
    if now.case_id:
        return Turnout(conversation=now, outcome="adds")
    if said.is_by_customer:
        return _opened(now, f"{key}#{event_id}" if now.is_reused else key)
    return _without_case(now, said)


def call_event(before: Conversation | None, key: str, said: Said, given_case: str) -> Turnout:
    """A call: being offered opens, and so does whatever shows that somebody rang and was not spoken to."""
    now = replace(before or Conversation(), at=said.at)
    now = replace(now, has_ended=now.has_ended or said.is_end)
    if now.case_id:
        return Turnout(conversation=now, outcome="adds")
    if given_case:
        now = replace(now, case_id=given_case, source_key=key)
        opened = replace(now, waiting=())
        return Turnout(conversation=opened, outcome="opens" if said.opens else "adds", waiting=now.waiting)
    return _opened(now, key) if said.opens else _without_case(now, said)


def message_event(before: Conversation | None, key: str, at: dt.datetime, silence: dt.timedelta) -> Turnout:
    """A message: it joins the conversation's case, unless nobody said anything for long."""
    if before is not None and before.at is not None and at - before.at <= silence:
        return Turnout(conversation=replace(before, at=max(at, before.at)), outcome="adds")
    return _opened(Conversation(at=at), key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One contact, as far as it matters for whether there is a case."""

    at: dt.datetime
    fields: Mapping[str, Any]
    """What has to be kept of it while it waits."""
    is_by_customer: bool = False
    is_start: bool = False
    is_end: bool = False
    opens: bool = False


def _opened(now: Conversation, key: str) -> Turnout:
    opened = replace(now, case_id=case_id(key), source_key=key, waiting=())
    return Turnout(conversation=opened, outcome="opens", waiting=now.waiting)


def _without_case(now: Conversation, said: Said) -> Turnout:
    if said.is_end:
        return Turnout(conversation=replace(now, waiting=()), outcome="leads-nowhere")
    waiting = (*now.waiting, said.fields)[-MOST_WAITING:]
    return Turnout(conversation=replace(now, waiting=waiting), outcome="waits")
