"""When automatic answers are held back, and who hears of it."""

from __future__ import annotations

from collections.abc import Iterable

from caseway.kernel.decision import NOTHING, Arm, Decision, Delete, Due, Moment, Put
from caseway_notifier.domain.delivery import Automatic
from caseway_notifier.domain.fanout.learning import AnswersHeld
from caseway_notifier.domain.flood import Flood, counted, share_of
from caseway_notifier.domain.kept import FLOOD, FLOODS
from caseway_notifier.domain.subscription import Audience, Plan, Subscription

HELD = "flood"


def breaker(flood: Flood | None, wanted: Iterable[Subscription], name: str, moment: Moment) -> tuple[bool, Decision]:
    """Whether the customer's automatic answers to this fact are held back; and the count."""
    plan: Plan = moment.configuration.plan
    if plan.flood is None or not any(map(is_answer, wanted)):
        return False, NOTHING
    share = share_of(plan.flood, moment.partitions)
    after = counted(flood, name, moment.now, share, plan.flood.window)
    decision = Decision(changes=(Put(collection=FLOODS, id=name, value=after),))
    if after.held == 1:
        due_at = after.began_at + plan.flood.window
        decision += Decision(timers=(Arm(key=f"{FLOOD}/{name}", kind=FLOOD, due_at=due_at, data={"lane": name}),))
    return after.held > 0, decision


def is_answer(subscription: Subscription) -> bool:
    """Whether it answers customers without a person."""
    return subscription.automatic is not Automatic.NO and any(
        each.audience is Audience.CUSTOMER for each in subscription.to
    )


def over(flood: Flood | None, due: Due, moment: Moment) -> tuple[AnswersHeld | None, Decision]:
    """What was held back, as subscriptions hear of it once; and the count begins anew."""
    if flood is None or not flood.held:
        return None, NOTHING
    fact = AnswersHeld(
        at=moment.now, cause=due.armed_by, configuration=moment.version, lane=flood.id, count=flood.held,
        since=flood.began_at,
    )  # fmt: skip
    return fact, Decision(changes=(Delete(collection=FLOODS, id=flood.id),))
