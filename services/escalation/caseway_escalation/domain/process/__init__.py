"""What a fact, a command or a due time does to promises.

Every step is judged as of the instant at which it happened, not at which it was read: before a milestone is changed,
it is settled up to that instant. Where a violation was told that had not come by then, the fact that is told now
`corrects` it; where one had come and no timer has told it yet, it is told first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from caseway.contracts.cases import CaseMerged, CaseUnmerged
from caseway.contracts.milestone_commands import (
    RecomputeMilestones,
    TakeOverLadder,
    TakeOverMilestone,
)
from caseway.kernel.decision import Add, Decision, Due, Message, Moment, Put
from caseway.kernel.errors import Superseded
from caseway.kernel.values import replace
from caseway_escalation.domain import turns
from caseway_escalation.domain.case import Case
from caseway_escalation.domain.clock import Milestone
from caseway_escalation.domain.process import holding
from caseway_escalation.domain.process.climbing import Climbing
from caseway_escalation.domain.process.climbing_on import ClimbingOn, PassedOn, one_further
from caseway_escalation.domain.process.ending import Ending
from caseway_escalation.domain.process.facts import EARLIEST
from caseway_escalation.domain.process.following import CASES, Following
from caseway_escalation.domain.process.forgetting import without_old
from caseway_escalation.domain.process.guiding import Guiding
from caseway_escalation.domain.process.passing_on import TakingOver
from caseway_escalation.domain.process.retiming import Retiming
from caseway_escalation.domain.process.settling import Settling
from caseway_escalation.domain.process.standing import after as standing_after
from caseway_escalation.domain.process.telling import Telling
from caseway_escalation.domain.process.timing import NEXT, next_of, remembered, timers
from caseway_escalation.domain.promises import Promises

COUNTS = "counts"


def follow(case: Case | None, message: Message[Any], promises: Promises, moment: Moment) -> Decision:
    """What one fact about a case leads to."""
    before = case or Case(id=message.data.case_id)
    at = max(min(message.data.at, moment.now), EARLIEST)
    now_known = _known(before, message, at)
    telling = Telling(now_known, message, moment)
    after = Following(before, now_known, promises, telling, at).result()
    after = Guiding(after, promises, telling, at).followed()
    after = without_old(Climbing(after, promises, telling, at).followed())
    if after.configured != moment.version and (after.milestones or after != before):
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
    work = holding.after(case.work, fact)
    return replace(case, standing=standing, turns=spent, merged_into=merged_into, work=work)


def take_over(case: Case | None, message: Message[TakeOverMilestone], promises: Promises, moment: Moment) -> Decision:
    """What a merged child's promise leads to on its parent.

    Raises:
        Superseded: the parent's own deadline is the earlier, or its promise is over.
    """

    def inherited(parent: Case, telling: Telling) -> Case:
        return TakingOver(parent, promises, telling).result(message.data)

    return _inherit(case, message, promises, moment, inherited)


def climb_on(case: Case | None, message: Message[TakeOverLadder], promises: Promises, moment: Moment) -> Decision:
    """What a merged child's ladder leads to on its parent.

    Raises:
        Superseded: the parent has its own, or nobody waits any more.
    """

    def inherited(parent: Case, telling: Telling) -> Case:
        return ClimbingOn(parent, promises, telling).result(message.data)

    return _inherit(case, message, promises, moment, inherited)


def _inherit(
    case: Case | None,
    message: Message[TakeOverMilestone] | Message[TakeOverLadder],
    promises: Promises,
    moment: Moment,
    inherited: Callable[[Case, Telling], Case],
) -> Decision:
    """What comes to a parent, known or not yet, from its child."""
    before = case or Case(id=message.data.case_id, configured=moment.version)
    telling = Telling(before, message, moment)
    after = Climbing(inherited(before, telling), promises, telling, moment.now).noticed()
    return _decision(before, after, telling, moment)


def answer(case: Case | None, message: Message[PassedOn], promises: Promises, moment: Moment) -> Decision:
    """What an answer on a case that was merged into this one leads to, or that nobody could be told there.

    Raises:
        Superseded: the case is not known, or was merged in a circle.
    """
    if case is None:
        raise Superseded("an answer about a case that is not there")
    telling = Telling(case, message, moment)
    if case.merged_into is not None:
        telling.commands.append(one_further(message.data, case))
        return _decision(case, case, telling, moment)
    after = Climbing(case, promises, telling, moment.now).answered(message.data)
    return _decision(case, after, telling, moment)


def recompute(case: Case | None, message: Message[RecomputeMilestones], promises: Promises, moment: Moment) -> Decision:
    """Running clocks, by the configuration in force.

    Raises:
        Superseded: that was done already.
    """
    if case is None or case.configured == moment.version:
        raise Superseded("a case whose promises are up to date")
    telling = Telling(case, message, moment)
    settling = Settling(promises, telling)
    milestones = tuple(_reconfigured(each, case, settling) for each in case.milestones)
    after = replace(case, milestones=milestones, configured=moment.version)
    after = Climbing(after, promises, telling, moment.now).noticed()
    return _decision(case, after, telling, moment)


def _reconfigured(milestone: Milestone, case: Case, settling: Settling) -> Milestone:
    """By the calendar and the promises in force; one whose kind or calendar is gone waits for the case's next fact."""
    kind = settling.promises.kinds.get(milestone.kind)
    if kind is None or not milestone.is_open:
        return milestone
    retiming = Retiming(settling, Ending(settling))
    return retiming.reconfigured(milestone, kind, case.standing.as_facts(), settling.telling.now)


def notice(case: Case | None, message: Message[Due], promises: Promises, moment: Moment) -> Decision:
    """What an instant leads to: warnings, violations, rungs, posts; what comes later waits for the next.

    Raises:
        Superseded: nothing has come, and nothing will.
    """
    if case is None:
        raise Superseded("a timer of a case that is not there")
    telling, until = Telling(case, message, moment), message.data.due_at
    settling = Settling(promises, telling)
    milestones = tuple(_noticed(each, case, until, settling) for each in case.milestones)
    after = replace(case, milestones=milestones)
    after = Guiding(after, promises, telling, until).noticed()
    after = Climbing(after, promises, telling, until).noticed()
    if after != case:
        return _decision(case, after, telling, moment)
    again = timers(case, case, fired=True)
    if not again:
        raise Superseded("a timer of what is over, or stands")
    return Decision(timers=again)


def _noticed(milestone: Milestone, case: Case, until: dt.datetime, settling: Settling) -> Milestone:
    at = next_of(milestone)
    if at is None or at > until:
        return milestone
    return settling.noticed(_reconfigured(milestone, case, settling), until)


def _decision(before: Case, after: Case, telling: Telling, moment: Moment) -> Decision:
    if after == before and telling.is_silent:
        return Decision()
    facts, moved = telling.in_order()
    if moved:
        after = replace(after, milestones=tuple(_renamed(each, moved) for each in after.milestones))
    has_fired = isinstance(telling.message.data, Due)
    if not has_fired:
        after = remembered(before, after, telling.message.id)
    put = Put(collection=CASES, id=after.id, value=after)
    counts = (Add(collection=COUNTS, id=moment.lane, amounts=telling.counts),) if telling.counts else ()
    return Decision(
        emits=(*facts, *telling.commands), changes=(put, *counts), timers=timers(before, after, fired=has_fired)
    )


def _renamed(milestone: Milestone, moved: Mapping[str, str]) -> Milestone:
    if milestone.violation not in moved:
        return milestone
    return replace(milestone, violation=moved[milestone.violation])


__all__ = ["CASES", "COUNTS", "NEXT", "answer", "climb_on", "follow", "notice", "recompute", "take_over"]
