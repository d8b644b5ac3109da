"""What a fact, a command or a due time does to promises.

Every step is judged as of the instant at which it happened, not at which it was read: before a milestone is changed,
it is settled up to that instant. Where a violation was told that had not come by then, the fact that is told now
`corrects` it; where one had come and no timer has told it yet, it is told first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from caseway.contracts.cases import CaseMerged, CaseUnmerged
from caseway.contracts.milestone_commands import RecomputeMilestones, TakeOverMilestone
from caseway.kernel.decision import Add, Arm, Decision, Disarm, Due, Message, Moment, Put
from caseway.kernel.errors import Superseded
from caseway_escalation.domain import turns
from caseway_escalation.domain.case import Case
from caseway_escalation.domain.clock import Milestone
from caseway_escalation.domain.process.ending import Ending
from caseway_escalation.domain.process.following import CASES, Following
from caseway_escalation.domain.process.passing_on import TakingOver
from caseway_escalation.domain.process.retiming import Retiming
from caseway_escalation.domain.process.settling import DUE, WARN, Settling
from caseway_escalation.domain.process.standing import after as standing_after
from caseway_escalation.domain.process.telling import Telling
from caseway_escalation.domain.promises import Promises

COUNTS = "counts"
_EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
"""A fact from before it is a slip of somebody's clock, and counts as of then."""


def follow(case: Case | None, message: Message[Any], promises: Promises, moment: Moment) -> Decision:
    """What one fact about a case leads to."""
    before = case or Case(id=message.data.case_id)
    at = max(min(message.data.at, moment.now), _EARLIEST)
    now_known = _known(before, message, at)
    telling = Telling(now_known, message, moment)
    after = Following(before, now_known, promises, telling, at).result()
    if after.milestones or after != before:
        after = replace(after, configured=moment.version)  # all its clocks were looked at
    return _decision(before, after, telling, moment)


def _known(case: Case, message: Message[Any], at: dt.datetime) -> Case:
    """The case with what the fact says of it, its promises apart."""
    fact = message.data
    standing = standing_after(case.standing, fact)
    merged_into = case.merged_into
    if isinstance(fact, CaseMerged) and fact.into != case.id:
        merged_into = fact.into
    elif isinstance(fact, CaseUnmerged) and fact.parent != case.id:
        merged_into = None
    spent = turns.after(case.turns, standing.turn, standing.status, at) if message.topic == CASES else case.turns
    return replace(case, standing=standing, turns=spent, merged_into=merged_into)


def take_over(case: Case | None, message: Message[TakeOverMilestone], promises: Promises, moment: Moment) -> Decision:
    """What a merged child's promise leads to on its parent.

    Raises:
        Superseded: the parent's own deadline is the earlier, or its promise is over.
    """
    before = case or Case(id=message.data.case_id, configured=moment.version)
    telling = Telling(before, message, moment)
    after = TakingOver(before, promises, telling).result(message.data)
    return _decision(before, after, telling, moment)


def recompute(case: Case | None, message: Message[RecomputeMilestones], promises: Promises, moment: Moment) -> Decision:
    """Running clocks, by the configuration in force.

    Raises:
        Superseded: that was done already.
    """
    if case is None or case.configured == moment.version:
        raise Superseded("a case whose promises are up to date")
    telling = Telling(case, message, moment)
    milestones = tuple(_reconfigured(each, case, promises, telling) for each in case.milestones)
    after = replace(case, milestones=milestones, configured=moment.version)
    return _decision(case, after, telling, moment)


def _reconfigured(milestone: Milestone, case: Case, promises: Promises, telling: Telling) -> Milestone:
    """By the calendar and the promises in force; one whose kind or calendar is gone waits for the case's next fact."""
    kind = promises.kinds.get(milestone.kind)
    if kind is None or not milestone.is_open:
        return milestone
    settling = Settling(promises, telling)
    retiming = Retiming(settling, Ending(settling))
    return retiming.reconfigured(milestone, kind, case.standing.as_facts(), telling.now)


def notice(case: Case | None, message: Message[Due], promises: Promises, moment: Moment) -> Decision:
    """What a due time leads to: a warning, or a violation.

    Raises:
        Superseded: the milestone is over, paused, or due later by now.
    """
    due = message.data
    if case is None:
        raise Superseded("a timer of a case that is not there")
    telling = Telling(case, message, moment)
    milestones = tuple(
        _noticed(each, case, due, promises, telling) if each.id == due.data["milestone"] else each
        for each in case.milestones
    )
    if milestones == case.milestones:
        raise Superseded("a timer whose milestone is over, paused, or due later")
    return _decision(case, replace(case, milestones=milestones), telling, moment)


def _noticed(milestone: Milestone, case: Case, due: Due, promises: Promises, telling: Telling) -> Milestone:
    if not milestone.is_ticking:
        return milestone
    milestone = _reconfigured(milestone, case, promises, telling)
    return Settling(promises, telling).noticed(milestone, due.kind, due.due_at)


def _decision(before: Case, after: Case, telling: Telling, moment: Moment) -> Decision:
    if after == before and not telling.commands:
        return Decision()
    facts, moved = telling.in_order()
    if moved:
        after = replace(after, milestones=tuple(_renamed(each, moved) for each in after.milestones))
    put = Put(collection=CASES, id=after.id, value=after)
    counts = (Add(collection=COUNTS, id=moment.lane, amounts=dict(telling.counts)),) if telling.counts else ()
    return Decision(emits=(*facts, *telling.commands), changes=(put, *counts), timers=tuple(_timers(before, after)))


def _renamed(milestone: Milestone, moved: Mapping[str, str]) -> Milestone:
    if milestone.violation not in moved:
        return milestone
    return replace(milestone, violation=moved[milestone.violation])


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
        if (warn_at := milestone.warn_at) is not None:
            yield f"{milestone.id}/{WARN}", warn_at


__all__ = ["CASES", "COUNTS", "DUE", "WARN", "follow", "notice", "recompute", "take_over"]
