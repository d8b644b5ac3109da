"""A raw mail with its envelope, on its way in."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Sequence

from caseway.contracts.codec import MAIL
from caseway.contracts.contacts import EMAIL_TOPIC, EMAIL_TYPE
from caseway.kernel.ids import derived_id, digest
from caseway_intake.gateway.arrivals import Arrival

MOST_RECIPIENTS = 100
"""Of one mail. Source: RFC 5321 §4.5.3.1.8; the envelope travels in the record's headers."""

_FROM = re.compile(rb"^From:(.*(?:\r?\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)
_LOOKED_AT = 64 * 1024
"""Bytes of the mail in which its From is looked for."""
_PATH = re.compile(r"[^\s,<>\x00-\x1f\x7f\ud800-\udfff]{1,320}")
"""No control character, and nothing that was not UTF-8."""


def mail_arrival(*, source: str, raw: bytes, mailfrom: str, rcptto: Sequence[str], id_: str = "") -> Arrival:
    """The contact that a mail is; without an id of its own, the same bytes in the same envelope are the same event."""
    return Arrival(
        topic=EMAIL_TOPIC,
        key=_sender(raw, mailfrom),
        type=EMAIL_TYPE,
        id=id_ or derived_id("mail", mailfrom, *rcptto, digest(raw)),
        source=source,
        value=raw,
        content_type=MAIL,
        extensions={"mailfrom": mailfrom, "rcptto": ",".join(rcptto)},
    )


def is_path(text: str) -> bool:
    """Whether the text can stand in an envelope and in a record's header, where a comma parts two addresses."""
    return _PATH.fullmatch(text) is not None


def is_address(text: str) -> bool:
    """Whether it also names a domain."""
    return is_path(text) and "@" in text[1:-1]


def _sender(raw: bytes, mailfrom: str) -> str:
    """The envelope's sender; of a bounce, which has none, the author, so that not all bounces share one partition."""
    if mailfrom:
        return mailfrom.lower()
    found = _FROM.search(raw, 0, _LOOKED_AT)
    written = email.utils.parseaddr(found[1].decode("utf-8", "replace"))[1] if found else ""
    return written.lower() or "<>"
