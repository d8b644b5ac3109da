"""What must happen in time after a fact, and what if not.

A watch is a timer that some facts arm and others disarm: a hand-over that nobody accepts, an incident of which nobody
hears anything new, an approval that nobody decides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from caseway.contracts.case_commands import RequestEscalation
from caseway.kernel.decision import NOTHING, Arm, Decision, Disarm, Due, Moment
from caseway.kernel.values import replace
from caseway_notifier.domain import occasion
from caseway_notifier.domain.case import KnownCase
from caseway_notifier.domain.fanout.acknowledging import OURSELVES
from caseway_notifier.domain.fanout.learning import CaseOccasion, WatchDue
from caseway_notifier.domain.kept import WATCH
from caseway_notifier.domain.subscription import Plan, Watch


def watched(
    known: KnownCase, fact: CaseOccasion, facts: Mapping[str, Any], moment: Moment
) -> tuple[KnownCase, Decision]:
    """The case with the watches that this fact begins, and without those that it ends."""
    plan: Plan = moment.configuration.plan
    name = occasion.name_of(fact.TYPE)
    decision = NOTHING
    for watch in plan.watches:
        if name in watch.starts_on and watch.when(facts):
            known = replace(known, watches=known.watches | {watch.name})
            decision += Decision(timers=(_armed(watch, known.id, moment.now, moment.now, 1),))
        elif name in watch.ends_on and watch.name in known.watches:
            known = replace(known, watches=known.watches - {watch.name})
            decision += Decision(timers=(Disarm(key=_key(known.id, watch.name)),))
    return known, decision


def _key(case_id: str, name: str) -> str:
    return f"{case_id}/watch/{name}"


def _armed(watch: Watch, case_id: str, since: dt.datetime, base: dt.datetime, count: int) -> Arm:
    return Arm(
        key=_key(case_id, watch.name),
        kind=WATCH,
        due_at=base + watch.after,
        data={"case": case_id, "watch": watch.name, "since": since.isoformat(), "count": count},
    )


def missed(due: Due, moment: Moment) -> tuple[WatchDue | None, Decision]:
    """What did not happen in time, as subscriptions hear of it; and the next look, or the way up the ladder."""
    plan: Plan = moment.configuration.plan
    watch = next((each for each in plan.watches if each.name == due.data["watch"]), None)
    if watch is None:
        return None, NOTHING
    case_id, count = str(due.data["case"]), int(due.data["count"])
    since = dt.datetime.fromisoformat(str(due.data["since"]))
    fact = WatchDue(
        at=moment.now, cause=due.armed_by, configuration=moment.version, case_id=case_id, watch=watch.name, since=since, count=count
    )  # fmt: skip
    timers = (_armed(watch, case_id, since, due.due_at, count + 1),) if count < watch.repeats else ()
    emits = (
        (RequestEscalation(case_id=case_id, actor=OURSELVES, reason=f"nothing happened: {watch.name}", urgent=True),)
        if watch.escalates
        else ()
    )
    return fact, Decision(emits=emits, timers=timers)
