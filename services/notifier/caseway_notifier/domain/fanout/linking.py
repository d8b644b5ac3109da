"""How the customers of an incident's linked cases hear of it.

A linked case lives on another lane. What telling its customer needs is therefore kept once more, for all lanes to read;
and whoever tells goes through the linked cases in steps, each a timer that names its cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from caseway.contracts.voices import PersonalDataErased
from caseway.contracts.wire import WireModel
from caseway.kernel.decision import NOTHING, Arm, Decision, Delete, Due, Moment, Put
from caseway.kernel.values import replace
from caseway_notifier.domain.case import KnownCase
from caseway_notifier.domain.fanout.record import joined
from caseway_notifier.domain.kept import JOINED, LINKED
from caseway_notifier.domain.subscription import Audience, Subscription, Whom

CHUNK = 200
"""Linked cases told of in one step."""


def shared(known: KnownCase, fact: WireModel) -> Decision:
    """A joined case, known otherwise than before, as other lanes see it; gone with the person."""
    if not known.incident:
        return NOTHING
    is_erased = isinstance(fact, PersonalDataErased)
    change = Delete(collection=JOINED, id=known.id) if is_erased else Put(collection=JOINED, id=known.id, value=known)
    return Decision(changes=(change,))


def steps(known: KnownCase, subscription: Subscription, fact: WireModel, cause: str, moment: Moment) -> Decision:
    """The timers that tell the linked cases' customers; none where the rule does not name them."""
    if not any(each.audience is Audience.LINKED for each in subscription.to):
        return NOTHING
    return Decision(timers=tuple(_steps(known, subscription, fact, cause, moment)))


def _steps(known: KnownCase, subscription: Subscription, fact: WireModel, cause: str, moment: Moment) -> Iterable[Arm]:
    told = fact.model_dump_json(exclude_defaults=True)
    for start in range(0, len(known.linked), CHUNK):
        data = {
            "subscription": subscription.name,
            "type": fact.TYPE,
            "fact": told,
            "cause": cause,
            "linked": list(known.linked[start : start + CHUNK]),
        }
        yield Arm(
            key=f"{known.id}/{LINKED}/{subscription.name}/{cause}/{start}", kind=LINKED, due_at=moment.now, data=data
        )


Tell = Callable[[Subscription, KnownCase, Any, str], Decision]


def tell_linked(
    due: Due, cases: Iterable[KnownCase | None], model: type[WireModel], moment: Moment, tell: Tell
) -> Decision:
    """Tell the customer of each of these cases; who is not known any more has been forgotten."""
    named = due.data["subscription"]
    by_name = {each.name: each for rules in moment.configuration.plan.subscriptions.values() for each in rules}
    if named not in by_name:
        return NOTHING
    rule = replace(by_name[named], to=(Whom(audience=Audience.CUSTOMER),))
    fact = model.model_validate_json(due.data["fact"])
    return joined(tell(rule, known, fact, str(due.data["cause"])) for known in cases if known is not None)
