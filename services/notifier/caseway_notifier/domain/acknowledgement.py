"""Who has been asked to say that they know."""

from __future__ import annotations

from collections.abc import Callable

from caseway.kernel.values import dataclass, replace
from caseway_notifier.domain.addressing import Target
from caseway_notifier.domain.case import KnownCase
from caseway_notifier.domain.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """One recipient, until they say that they know."""

    notification: str
    content: str
    language: str
    target: Target
    request: Request


Answer = Callable[[Awaited], bool]


def awaited(known: KnownCase, asked: tuple[Awaited, ...]) -> KnownCase:
    """The case, with those who are asked from now on."""
    there = {each.notification for each in known.awaiting}
    return (
        replace(known, awaiting=(*known.awaiting, *(each for each in asked if each.notification not in there)))
        if asked
        else known
    )


def answered(known: KnownCase, is_answered: Answer) -> tuple[KnownCase, tuple[Awaited, ...]]:
    """The case without those whose answer this is; and those."""
    if not known.awaiting:
        return known, ()
    done = tuple(each for each in known.awaiting if is_answered(each))
    return (without(known, done), done) if done else (known, ())


def without(known: KnownCase, done: tuple[Awaited, ...]) -> KnownCase:
    """The case, waiting for these no longer."""
    ids = {each.notification for each in done}
    return replace(known, awaiting=tuple(each for each in known.awaiting if each.notification not in ids))


def waiting_for(known: KnownCase, subscription: str, occurrence: str) -> tuple[Awaited, ...]:
    """Who has not answered to one notice."""
    return tuple(
        each
        for each in known.awaiting
        if (each.request.subscription, each.request.occurrence) == (subscription, occurrence)
    )


def timer_key(case_id: str, subscription: str, occurrence: str) -> str:
    """The timer that reminds of one notice."""
    return f"{case_id}/remind/{subscription}/{occurrence}"
