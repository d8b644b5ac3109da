"""What stops a delivery that is already under way.

A lane says that a cause is gone, a person is erased, or a broadcast is called off; a sender says that an address
bounced, or an endpoint is closed. Whoever says it writes one document under the obstacle's id; the senders look for it
before each attempt. So nobody has to change a delivery that is in another's hands.
"""

from __future__ import annotations

import datetime as dt

from caseway.kernel.values import dataclass

MOOT, ERASED, CANCELLED, BOUNCED, CLOSED = "cause-gone", "erased", "cancelled", "bounced", "endpoint-closed"

_FAILURES = frozenset({BOUNCED, CLOSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Something stands in the way of every delivery that names it."""

    id: str
    reason: str
    since: dt.datetime

    @property
    def is_failure(self) -> bool:
        """Whether the recipient ought to be told, but cannot be this way."""
        return self.reason in _FAILURES


def erased(case_id: str) -> str:
    """The obstacle of a person whose data is gone from the case."""
    return f"erased/{case_id}"


def bounced(address: str) -> str:
    """The obstacle of an address that does not exist."""
    return f"bounced/{address}"


def closed(endpoint: str, mark: str) -> str:
    """The obstacle of an endpoint that said it is gone for good; another URL (`mark`) is another endpoint."""
    return f"endpoint/{endpoint}/{mark}"
