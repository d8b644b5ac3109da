"""What each message does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from caseway.contracts.cases import CaseOpened, CustomerLinked
from caseway.contracts.customers import CustomerRecorded
from caseway.kernel.decision import Decision, Due, Message, Moment, Put, Ref, States
from caseway_notifier.domain.case import KnownCase
from caseway_notifier.domain.fanout.learning import learned, registered
from caseway_notifier.domain.fanout.telling import go_on, tell
from caseway_notifier.domain.kept import BROADCASTS, CASES, CUSTOMERS


def about_case(message: Message[Any]) -> Iterable[Ref]:
    """The case; and the customer, where the fact names one."""
    yield Ref(CASES, message.data.case_id)
    customer = _customer_of(message.data)
    if customer:
        yield Ref(CUSTOMERS, customer)


def on_case_fact(message: Message[Any], states: States, moment: Moment) -> Decision:
    """Learn of the case, and tell whoever wants to hear."""
    customer = _customer_of(message.data)
    before = states.get(CASES, message.data.case_id)
    record = states.get(CUSTOMERS, customer) if customer else None
    known = learned(before or KnownCase(id=message.data.case_id), message.data, record)
    return tell(before, known, message.data, message.id, moment)


def on_customer_recorded(message: Message[CustomerRecorded], _: States, __: Moment) -> Decision:
    """Remember how a customer is reached."""
    known = registered(message.data)
    return Decision(changes=(Put(collection=CUSTOMERS, id=known.id, value=known),))


def about_broadcast(message: Message[Due]) -> Iterable[Ref]:
    """The recipients that were frozen when it began."""
    yield Ref(BROADCASTS, message.data.data["broadcast"])


def on_spread(message: Message[Due], states: States, moment: Moment) -> Decision:
    """Tell the next recipients of a broadcast."""
    broadcast = states.get(BROADCASTS, message.data.data["broadcast"])
    return go_on(broadcast, message.data, moment)


def _customer_of(fact: Any) -> str:
    return (fact.customer.id or "") if isinstance(fact, CaseOpened | CustomerLinked) else ""
