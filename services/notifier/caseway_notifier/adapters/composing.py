"""How notices become what one recipient reads."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caseway.kernel.values import replace
from caseway_notifier.domain.content import ACKNOWLEDGE, Content, UnrenderableError, Words
from caseway_notifier.domain.delivery import Delivery
from caseway_notifier.domain.restraint import shown_of
from caseway_notifier.domain.subscription import ACKNOWLEDGED, Acknowledgement, Plan

_SIGNATURE_BYTES = 15
_ACKNOWLEDGE, _STAMP = b"acknowledge", b"stamp"
"""What a link may be used for."""


class Composer:
    """Makes of deliveries what their recipients read."""

    def __init__(self, plan: Plan, words: Words, key: bytes) -> None:
        self._plan = plan
        self._words = words
        self._key = key
        every = (each for some in plan.subscriptions.values() for each in some)
        self._asked = {each.name: each.acknowledgement for each in every}

    def one(self, group: Sequence[Delivery], contents: Mapping[str, Content]) -> Content | None:
        """What this mail says: the notice's words, or those of several in one; None where they are gone."""
        found = [contents[each.content] for each in group if each.content in contents]
        if not found:
            return None
        content = found[0] if len(group) == 1 else self._digest(group[0], found)
        return self.linked(content, group[0])

    def _digest(self, leader: Delivery, found: Sequence[Content]) -> Content:
        language = self._words.language(self._plan.bundle_template, found[0].language) or ""
        shown = shown_of(len(found))
        data = {
            "bundle": {"count": len(found), "more": len(found) - shown},
            "notices": [{"subject": each.subject, "text": each.text.strip()} for each in found[:shown]],
            "sender": self._plan.senders[leader.mailing.sender].shown() if leader.mailing else {},
        }
        try:
            return self._words.render(self._plan.bundle_template, language, data)
        except UnrenderableError:  # too long, or no template any more: the first of them, rather than none
            return found[0]

    def linked(self, content: Content, delivery: Delivery) -> Content:
        """With the recipient's own link where the template placed it."""
        if ACKNOWLEDGE not in content.text and ACKNOWLEDGE not in content.html:
            return content
        link = self.link(delivery) if delivery.has_link else ""
        return replace(
            content,
            text=content.text.replace(ACKNOWLEDGE, link),
            html=content.html.replace(ACKNOWLEDGE, html.escape(link)),
        )

    def link(self, delivery: Delivery) -> str:
        """The page that acknowledges; empty where nobody could reach it."""
        if not self._plan.public_url or not delivery.case_id:
            return ""
        return f"{self._plan.public_url}/v1/acknowledgements/{token(self._key, delivery, self._asked.get(delivery.subscription))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the button of one recipient's page puts, and on what."""

    case_id: str
    occurrence: str
    """The notification; of a stamp such as 済, what the notification is about: a post, a promise, a run of a ladder."""
    recipient: str
    stamp: str = ACKNOWLEDGED
    by: str = "employee"


def token(key: bytes, delivery: Delivery, asked: Acknowledgement | None = None) -> str:
    """What names one recipient's answer, and cannot be guessed."""
    if asked is None or asked.stamp == ACKNOWLEDGED:
        name, purpose = f"{delivery.case_id} {delivery.acknowledges or delivery.id} {delivery.reference}", _ACKNOWLEDGE
    else:
        about = delivery.occurrence.partition("/")[0]
        name, purpose = json.dumps([delivery.case_id, about, delivery.reference, asked.stamp, asked.by]), _STAMP
    return f"{_text(name.encode())}.{_text(_signature(key, purpose, name.encode()))}"


def read_token(key: bytes, text: str) -> Answer | None:
    """What a token of ours names; None for any other."""
    named, _, signature = text.partition(".")
    try:
        name, given = _bytes(named), _bytes(signature)
        if not key:
            return None
        if hmac.compare_digest(_signature(key, _STAMP, name), given):
            case_id, about, recipient, stamp, by = json.loads(name)
            return Answer(case_id=case_id, occurrence=about, recipient=recipient, stamp=stamp, by=by)
        case_id, notification, recipient = name.decode().split(" ", 2)
    except ValueError:
        return None
    if not hmac.compare_digest(_signature(key, _ACKNOWLEDGE, name), given):
        return None
    return Answer(case_id=case_id, occurrence=notification, recipient=recipient)


def _signature(key: bytes, purpose: bytes, name: bytes) -> bytes:
    return hmac.new(key, purpose + b"\x00" + name, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
