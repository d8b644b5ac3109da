"""What is remembered of an address that writes to us."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Protocol

from caseway.kernel.ids import digest
from caseway.kernel.values import dataclass
from caseway_intake.domain.mail.likeness import resemblance

MOST_SEEN = 50
"""Mails remembered of one address, the newest; a budget cannot be larger."""


class Window(Protocol):
    """mails.yaml, as far as it concerns what came lately."""

    @property
    def budget_count(self) -> int:
        """Mails of one address to one mailbox within the budget's window that are taken for a person's."""
        ...

    @property
    def budget_window(self) -> dt.timedelta:
        """The sliding window."""
        ...

    @property
    def echo_count(self) -> int:
        """Mails of one address to one mailbox that say nearly the same within the echo's window: more is a machine's."""
        ...

    @property
    def echo_window(self) -> dt.timedelta:
        """The sliding window."""
        ...

    @property
    def likeness_window(self) -> dt.timedelta:
        """How long apart the same mail is still the same matter."""
        ...

    @property
    def resemblance(self) -> float:
        """From which two mails are nearly the same, between 0 and 1."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One mail of a correspondent."""

    at: dt.datetime
    case_id: str
    mailbox: str
    fingerprint: str
    sketch: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondent:
    """The mails of one address, the newest last."""

    seen: tuple[Seen, ...] = ()

    @property
    def cases(self) -> tuple[str, ...]:
        """The cases that the address took part in, the newest first."""
        return tuple(dict.fromkeys(each.case_id for each in reversed(self.seen)))


def correspondent_id(address: str) -> str:
    """What an address is known by: nobody can read it back."""
    return digest(address.encode("utf-8", "replace"))[:32]


def customer_id(customer: str) -> str:
    """What a registered customer is known by, from whichever address they write."""
    return correspondent_id(f"customer:{customer}")


def people_of(addresses: Iterable[str]) -> bytes:
    """Whom a mail is by and to, so that they are known again and cannot be read."""
    found = sorted({digest(each.encode("utf-8", "replace"))[:12] for each in addresses if each})
    return bytes.fromhex("".join(found[:_MOST_PEOPLE]))


_MOST_PEOPLE = 12
_PERSON_BYTES = 6


def meet(some: bytes, others: bytes) -> bool:
    """Whether somebody stands among both."""
    return not _people(some).isdisjoint(_people(others))


def _people(of: bytes) -> set[bytes]:
    return {of[at : at + _PERSON_BYTES] for at in range(0, len(of), _PERSON_BYTES)}


def with_seen(correspondent: Correspondent, mail: Seen) -> Correspondent:
    """With one more mail, without the oldest beyond the bound."""
    return Correspondent(seen=(*correspondent.seen[1 - MOST_SEEN :], mail))


def is_flooding(correspondent: Correspondent, mailbox: str, now: dt.datetime, window: Window) -> bool:
    """Whether the address has used up its budget with this mailbox. Source: semantics 5.1 ("Budget").

    A sliding window, not a calendar day: a loop must not begin anew at midnight.
    """
    since = now - window.budget_window
    count = sum(each.at > since and each.mailbox == mailbox for each in correspondent.seen)
    return count >= window.budget_count


def is_echo(correspondent: Correspondent, mailbox: str, sketch: bytes, now: dt.datetime, window: Window) -> bool:
    """Whether the address goes on saying nearly the same: a loop too slow for the budget."""
    since = now - window.echo_window
    lately = (each for each in correspondent.seen if each.at > since and each.mailbox == mailbox)
    return sum(resemblance(each.sketch, sketch) >= window.resemblance for each in lately) >= window.echo_count


def twin(correspondent: Correspondent, fingerprint: str, now: dt.datetime, window: Window) -> Seen | None:
    """The oldest mail within the window that says the very same. Source: S4-27, semantics 5.12."""
    return next((each for each in _lately(correspondent, now, window) if each.fingerprint == fingerprint), None)


def resembling(
    correspondent: Correspondent, sketch: bytes, now: dt.datetime, window: Window
) -> tuple[tuple[Seen, float], ...]:
    """Mails within the window that say nearly the same, each case once, the likeliest first."""
    found: dict[str, tuple[Seen, float]] = {}
    for each in _lately(correspondent, now, window):
        alike = resemblance(each.sketch, sketch)
        if alike >= window.resemblance and alike > found.get(each.case_id, (each, 0.0))[1]:
            found[each.case_id] = (each, alike)
    return tuple(sorted(found.values(), key=lambda pair: (-pair[1], pair[0].case_id)))


def _lately(correspondent: Correspondent, now: dt.datetime, window: Window) -> Iterable[Seen]:
    if not correspondent.seen:
        return ()
    since = now - window.likeness_window
    return (each for each in correspondent.seen if each.at >= since)
