"""What a fact, or a due time, does to a case's promises.

Every step is judged as of the instant at which it happened, not at which it was read: before a milestone is changed,
it is settled up to that instant. Where a violation was told that had not come by then, the fact that is told now
`corrects` it; where one had come and no timer has told it yet, it is told first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from caseway.kernel.decision import Add, Arm, Decision, Disarm, Due, Message, Moment, Put
from caseway.kernel.errors import Superseded
from caseway_escalation.domain.case import Case
from caseway_escalation.domain.clock import Milestone
from caseway_escalation.domain.process.following import CASES, Following
from caseway_escalation.domain.process.settling import DUE, WARN, Settling
from caseway_escalation.domain.process.standing import after as standing_after
from caseway_escalation.domain.process.telling import Telling
from caseway_escalation.domain.promises import Promises

COUNTS = "counts"


def follow(case: Case | None, message: Message[Any], promises: Promises, moment: Moment) -> Decision:
    """What one fact about a case leads to."""
    before = case or Case(id=message.data.case_id)
    now_known = replace(before, standing=standing_after(before.standing, message.data))
    telling = Telling(now_known, message, moment)
    after = Following(before, now_known, message, promises, telling).result()
    return _decision(before, after, telling, moment)


def notice(case: Case | None, message: Message[Due], promises: Promises, moment: Moment) -> Decision:
    """What a due time leads to: a warning, or a violation.

    Raises:
        Superseded: the milestone is over, paused, or due later by now.
    """
    due = message.data
    if case is None:
        raise Superseded("a timer of a case that is not there")
    telling = Telling(case, message, moment)
    settling = Settling(promises, telling)
    milestones = tuple(
        settling.noticed(each, due.kind, due.due_at) if each.id == due.data["milestone"] else each
        for each in case.milestones
    )
    if milestones == case.milestones:
        raise Superseded("a timer whose milestone is over, paused, or due later")
    return _decision(case, replace(case, milestones=milestones), telling, moment)


def _decision(before: Case, after: Case, telling: Telling, moment: Moment) -> Decision:
    if after == before:
        return Decision()
    put = Put(collection=CASES, id=after.id, value=after)
    counts = (Add(collection=COUNTS, id=moment.lane, amounts=dict(telling.counts)),) if telling.counts else ()
    return Decision(emits=tuple(telling.facts), changes=(put, *counts), timers=tuple(_timers(before, after)))


def _timers(before: Case, after: Case) -> Iterator[Arm | Disarm]:
    old = {key: due_at for milestone in before.milestones for key, due_at in _due_times(milestone)}
    for milestone in after.milestones:
        for key, due_at in _due_times(milestone):
            if old.pop(key, None) != due_at:
                data = {"case_id": after.id, "milestone": milestone.id}
                yield Arm(key=key, kind=key.rpartition("/")[2], due_at=due_at, data=data)
    yield from (Disarm(key=key) for key in old)


def _due_times(milestone: Milestone) -> Iterator[tuple[str, dt.datetime]]:
    if milestone.is_ticking:
        yield f"{milestone.id}/{DUE}", milestone.due_at
        if milestone.warn_at is not None and milestone.warned_at is None:
            yield f"{milestone.id}/{WARN}", milestone.warn_at


__all__ = ["CASES", "COUNTS", "DUE", "WARN", "follow", "notice"]
