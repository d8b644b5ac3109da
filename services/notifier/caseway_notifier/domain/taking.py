"""What a sender does before an attempt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from caseway_notifier.domain.budget import Allowance, Budget, budget_id, spend
from caseway_notifier.domain.delivery import Delivery, Patience, State, conclude, is_hopeless, lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """A sender that holds one bucket."""

    epoch: int
    now: dt.datetime
    until: dt.datetime
    """When it must have let go of what it takes now."""
    patience: Patience
    allowance: Allowance
    sign: Callable[[Delivery], str]
    """A delivery's Message-ID; the same for the same delivery."""


def take(hands: Hands, delivery: Delivery, budgets: dict[str, Budget]) -> Delivery:
    """The delivery leased, or concluded without another attempt; `budgets` is spent from."""
    if is_hopeless(delivery, hands.now, hands.patience):
        reason = "unknown" if delivery.state is State.LEASED else delivery.reason or "expired"
        return conclude(delivery, State.GIVEN_UP, reason, hands.now)
    if delivery.is_budgeted and delivery.attempts == 0 and not _afford(hands, delivery, budgets):
        return conclude(delivery, State.SUPPRESSED, "reply-budget", hands.now)
    leased = lease(delivery, epoch=hands.epoch, until=hands.until)
    if leased.mailing is None or leased.mailing.message_id:
        return leased
    return replace(leased, mailing=replace(leased.mailing, message_id=hands.sign(leased)))


def budget_of(delivery: Delivery) -> str:
    """The id of the budget that a delivery counts against; empty when it counts against none."""
    if not delivery.is_budgeted or delivery.mailing is None:
        return ""
    return budget_id(delivery.mailing.sender, delivery.recipient)


def _afford(hands: Hands, delivery: Delivery, budgets: dict[str, Budget]) -> bool:
    name = budget_of(delivery)
    after = spend(budgets.get(name, Budget(id=name)), hands.now, hands.allowance)
    if after is None:
        return False
    budgets[name] = after
    return True
