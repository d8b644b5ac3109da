"""What is known of a customer."""

from __future__ import annotations

from caseway.kernel.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCustomer:
    """A registered customer; what is empty is not known."""

    id: str
    name: str = ""
    email: str = ""
    language: str = ""
