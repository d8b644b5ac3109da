"""What a sender does before an attempt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from caseway.kernel.values import dataclass, replace
from caseway_notifier.domain.budget import Allowance, Budget, budget_id, spend
from caseway_notifier.domain.content import Content
from caseway_notifier.domain.delivery import (
    Delivery,
    Patience,
    State,
    Urgency,
    conclude,
    is_hopeless,
    lease,
    postpone,
)
from caseway_notifier.domain.obstacle import Obstacle
from caseway_notifier.domain.restraint import STORM, Limit, limit_id, storm_of

RELAYED = frozenset({"chat", "message", "ring", "desk"})
"""Channels whose gateway reads our log: what stands there is handed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """A sender that holds one bucket."""

    epoch: int
    now: dt.datetime
    until: dt.datetime
    """When it must have let go of what it takes now."""
    patience: Callable[[str], Patience]
    """By channel."""
    allowance: Allowance
    limits: Mapping[str, Limit]
    """By channel."""
    sign: Callable[[Delivery], str]
    """A delivery's Message-ID; the same for the same delivery."""
    linked: Callable[[Content, Delivery], Content] = lambda content, _: content
    """The words with the recipient's own link: of what a gateway reads in our log, nobody composes a mail."""


def take(
    hands: Hands, delivery: Delivery, budgets: dict[str, Budget], obstacles: Mapping[str, Obstacle] | None = None
) -> Delivery:
    """The delivery leased, put off, or concluded without another attempt; `budgets` is spent from."""
    if is_hopeless(delivery, hands.now, hands.patience(delivery.channel)):
        reason = "unknown" if delivery.state is State.LEASED else delivery.reason or "expired"
        return conclude(delivery, State.GIVEN_UP, reason, hands.now)
    if (found := _standing(delivery, obstacles or {})) is not None:
        return conclude(delivery, State.GIVEN_UP if found.is_failure else State.SUPPRESSED, found.reason, hands.now)
    if delivery.attempts == 0 and delivery.is_budgeted and not _afford(hands, delivery, budgets):
        return conclude(delivery, State.SUPPRESSED, "reply-budget", hands.now)
    if delivery.attempts == 0 and delivery.is_limited:
        until = _calm_at(hands, delivery, budgets)
        if until > hands.now:
            return postpone(delivery, until, STORM, storm_of(delivery))
    if delivery.channel in RELAYED:
        return conclude(replace(delivery, attempts=delivery.attempts + 1), State.DELIVERED, "", hands.now)
    return signed(lease(delivery, epoch=hands.epoch, until=hands.until), hands.sign)


def signed(delivery: Delivery, sign: Callable[[Delivery], str]) -> Delivery:
    """A mail with its Message-ID; what is no mail, or has one, stays as it is."""
    if delivery.mailing is None or delivery.mailing.message_id:
        return delivery
    return replace(delivery, mailing=replace(delivery.mailing, message_id=sign(delivery)))


def counts_of(delivery: Delivery) -> list[str]:
    """The ids of the counts that a delivery is held against."""
    counts = [budget_of(delivery)] if delivery.is_budgeted else []
    return [*filter(None, counts), *([limit_id(delivery)] if delivery.is_limited else [])]


def budget_of(delivery: Delivery) -> str:
    """The id of the budget that a delivery counts against; empty when it counts against none."""
    if not delivery.is_budgeted or delivery.mailing is None:
        return ""
    return budget_id(delivery.mailing.sender, delivery.recipient)


def _standing(delivery: Delivery, obstacles: Mapping[str, Obstacle]) -> Obstacle | None:
    """What stops it; one that a person wrote to somebody is tried all the same where the address bounced before."""
    found = (obstacles.get(each) for each in delivery.obstacles)
    by_hand = delivery.urgency is Urgency.URGENT and not delivery.is_budgeted
    return next((each for each in found if each is not None and not (by_hand and each.reason == "bounced")), None)


def _afford(hands: Hands, delivery: Delivery, budgets: dict[str, Budget]) -> bool:
    name = budget_of(delivery)
    after = spend(budgets.get(name, Budget(id=name)), hands.now, hands.allowance)
    if after is None:
        return False
    budgets[name] = after
    return True


def _calm_at(hands: Hands, delivery: Delivery, budgets: dict[str, Budget]) -> dt.datetime:
    """When this recipient may be disturbed again: now, and it is counted; or when the window has passed."""
    limit = hands.limits.get(delivery.channel)
    if limit is None:
        return hands.now
    name = limit_id(delivery)
    before = budgets.get(name, Budget(id=name))
    after = spend(before, hands.now, Allowance(count=limit.count, window=limit.window))
    if after is None:
        return before.spent_at[-1] + limit.window
    budgets[name] = after
    return hands.now
