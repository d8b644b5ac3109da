"""The wall's lines: one a queue, with what to expect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from caseway_analytics.domain.desk import Desk, Plan, Target, iso
from caseway_analytics.domain.figures import Figure, summed
from caseway_analytics.domain.history import SLOT, slot_of
from caseway_analytics.domain.live import Piece, oldest

EXPECTED_WAIT = (
    "waiting ÷ pick-ups a minute over the last half hour to hour; with nobody waiting, the mean wait of those pick-ups."
)
"""The page says it in these words. Little's law: what waits, by what leaves in a second, is how long it takes."""


def expected_wait(waiting: int, picked_up: Figure, window: dt.timedelta) -> float | None:
    """Seconds that whoever comes now can expect to wait; None where nothing was picked up to judge by.

    Source: J. D. C. Little, "A Proof for the Queuing Formula L = λW", Operations Research 9 (1961).

    >>> expected_wait(6, Figure(count=30), dt.timedelta(minutes=45))
    540.0
    >>> expected_wait(6, Figure(), dt.timedelta(minutes=45)) is None
    True
    """
    if not picked_up.count:
        return None
    if not waiting:
        return picked_up.mean_seconds
    return round(waiting * window.total_seconds() / picked_up.count)


def queues(desk: Desk, plan: Plan, pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    """A line for each queue that a file names, or that has work."""
    by_queue: dict[str, list[Piece]] = {queue: [] for queue in plan.queues}
    for piece in pieces:
        by_queue.setdefault(piece.item.queue, []).append(piece)
    return [_queue(queue, desk, plan, mine) for queue, mine in by_queue.items() if queue]


def _queue(queue: str, desk: Desk, plan: Plan, pieces: Sequence[Piece]) -> dict[str, Any]:
    waiting = [piece for piece in pieces if piece.is_waiting]
    first, target = oldest(waiting), plan.target(queue)
    recent, window = _recent(queue, desk)
    return {
        "queue": queue,
        "title": plan.queues.get(queue, queue),
        "waiting": len(waiting),
        "oldest_waiting_at": iso(first.item.waiting_since) if first else None,
        "oldest_case": first.case.id if first else None,
        "with_agents": len(pieces) - len(waiting),
        "opened": desk.today.of("cases_opened", queue=queue).count,
        "expected_wait_seconds": expected_wait(len(waiting), recent, window),
        "service_level": _service_level(queue, desk, target, recent, waiting) if target else None,
    }


def _recent(queue: str, desk: Desk) -> tuple[Figure, dt.timedelta]:
    """What was picked up since the last half hour but one began, and how long ago that is.

    To whole minutes, so that a figure does not change by being looked at.
    """
    this = slot_of(desk.now)
    figures = [desk.today.of("pick_up", queue=queue, slot=slot) for slot in (this - SLOT, this)]
    return summed(figures), desk.now.replace(second=0, microsecond=0) - (this - SLOT)


def _service_level(queue: str, desk: Desk, target: Target, recent: Figure, waiting: Sequence[Piece]) -> dict[str, Any]:
    """Of the day, and now: what was picked up lately, and what still waits though its time is over."""
    limit = dt.timedelta(seconds=target.within_seconds)
    late = sum(1 for piece in waiting if piece.item.waiting_since and desk.now - piece.item.waiting_since > limit)
    judged = recent.timed + late
    return {
        "ratio": desk.today.of("pick_up", queue=queue).share_within(target.within_seconds),
        "now": round(recent.count_within(target.within_seconds) / judged, 4) if judged else None,
        "target": target.share,
        "within_seconds": target.within_seconds,
    }
