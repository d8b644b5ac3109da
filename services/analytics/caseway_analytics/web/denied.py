"""What a visitor is told who may not."""

from __future__ import annotations


class Denied(Exception):
    """Not this visitor.

    Attributes:
        status: 401, who are you; 403, you may not; 415 or 413, not like this.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
