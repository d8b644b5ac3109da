"""What went wrong, and so what is to be done about it.

    CasewayError
    ├── Rejected      this record can never be handled: park it, with the reason
    ├── Transient     the world is not ready: try again, and say "not ready" meanwhile
    ├── Superseded    what the record asks for is already so: skip it, and count
    └── Impossible    the log contradicts itself: halt the lane until a person looks

Any other exception is a defect of ours: the record is parked with its traceback, and an alarm is raised.
"""

from __future__ import annotations


class CasewayError(Exception):
    """The root of every error that says what is to be done."""


class Rejected(CasewayError):
    """A record that can never be handled.

    Attributes:
        reason: one word for the header `caseway_reason` and for metrics: `malformed`, `loop`, `too-large` …
        detail: one sentence for a person; never a customer's data.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class Transient(CasewayError):
    """A backend that does not answer now but will."""


class Superseded(CasewayError):
    """A record whose effect is already there, or no longer wanted."""


class Impossible(CasewayError):
    """A fact that cannot be: a re-created topic, a lost history, one sequence with two events."""


class Misconfigured(CasewayError):
    """Configuration that cannot be used; the message lists every fault with its place."""
