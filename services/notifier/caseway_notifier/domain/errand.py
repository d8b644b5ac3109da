"""What the senders are asked to do with rows that are theirs."""

from __future__ import annotations

import datetime as dt

from caseway.kernel.values import dataclass

BOUNCE, ERASE = "bounce", "erase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A mail came back, or a person is to be forgotten; done once, and then gone."""

    id: str
    kind: str
    bucket: int
    """Whose holder does it."""
    case_id: str
    at: dt.datetime
    address: str = ""
    message_id: str = ""
    reason: str = ""
