"""What is said about a mail of ours that did not arrive."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caseway_intake.domain.mail.addresses import message_ids, own_message_id
from caseway_intake.domain.mail.fields import Fields, read_fields
from caseway_intake.domain.mail.mail import Undelivered
from caseway_intake.domain.mail.parts import Part

_MOST_GROUPS = 20
"""Recipients of one report that are looked at."""
_QUOTED_ID = re.compile(r"^\s*Message-ID:\s*(<[^<>\s]{1,480}>)", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
_LONGEST_REASON = 500


def read_report(mail: Part, text: str) -> Undelivered:
    """Whom it is about, which mail, and why. Source: RFC 3464, and what mail systems write that do not keep to it."""
    leaves = list(_leaves(mail))
    groups = [
        group for leaf in leaves if leaf.media_type == "message/delivery-status" for group in _groups(leaf.content)
    ]
    failed = next((each for each in groups if each.plain("action").lower().startswith("failed")), None)
    about = failed or next((each for each in groups if each.has("final-recipient") or each.has("action")), None)
    reason, status = (about.plain("diagnostic-code"), about.plain("status")) if about else ("", "")
    found_status = _STATUS.search(status or text[:20_000])
    return Undelivered(
        message_id=_original(mail, leaves, text),
        address=_recipient(about, mail.fields),
        reason=(reason or status)[:_LONGEST_REASON],
        is_permanent=_is_permanent(about, found_status[1] if found_status else ""),
    )


def _is_permanent(about: Fields | None, status_class: str) -> bool:
    action = about.plain("action").lower() if about else ""
    return not action.startswith("delayed") and status_class != "4"


def _recipient(about: Fields | None, fields: Fields) -> str:
    written = (about.plain("original-recipient") or about.plain("final-recipient")) if about else ""
    return (written.rpartition(";")[2] or fields.plain("x-failed-recipients")).strip(" <>").lower()[:320]


def _original(mail: Part, leaves: list[Part], text: str) -> str:
    """The Message-ID of what was sent: of the returned mail, else as the report names it."""
    for leaf in leaves:
        if leaf.media_type in {"message/rfc822", "text/rfc822-headers", "message/global", "message/rfc822-headers"}:
            content = leaf.content
            fields, _ = read_fields(content, 0, len(content))
            if found := own_message_id(fields.plain("message-id")):
                return found
    for name in ("original-message-id", "x-original-message-id", "in-reply-to", "references"):
        if found_ids := message_ids(mail.fields.plain(name)):
            return found_ids[-1]
    quoted = _QUOTED_ID.search(text)
    return own_message_id(quoted[1]) if quoted else ""


def _groups(content: bytes) -> Iterator[Fields]:
    """The groups of fields, one for the report and one a recipient."""
    raw = content.replace(b"\r\n", b"\n")
    position = 0
    for _ in range(_MOST_GROUPS):
        fields, after = read_fields(raw, position, len(raw))
        if after <= position:
            return
        yield fields
        position = after


def _leaves(part: Part) -> Iterator[Part]:
    if not part.parts:
        yield part
    for each in part.parts:
        yield from _leaves(each)
