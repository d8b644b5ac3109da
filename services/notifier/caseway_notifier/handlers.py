"""What each message does."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from caseway.contracts.cases import CaseOpened, ContactBounced, ContactRefused, CustomerLinked
from caseway.contracts.customers import CustomerRecorded, OrderChanged
from caseway.contracts.measures import ReportPublished
from caseway.contracts.voices import PersonalDataErased
from caseway.kernel.decision import NOTHING, Decision, Due, Message, Moment, Put, Ref, States
from caseway_notifier import metrics
from caseway_notifier.domain.case import KnownCase
from caseway_notifier.domain.fanout.acknowledging import remind
from caseway_notifier.domain.fanout.flooding import over
from caseway_notifier.domain.fanout.forgetting import forget, returned
from caseway_notifier.domain.fanout.learning import MODELS_BY_TYPE, learned, ordering, registered, turned_away
from caseway_notifier.domain.fanout.linking import tell_linked
from caseway_notifier.domain.fanout.spreading import go_on
from caseway_notifier.domain.fanout.telling import tell, tell_other
from caseway_notifier.domain.fanout.watching import missed
from caseway_notifier.domain.kept import BROADCASTS, CASES, CUSTOMERS, FLOODS, JOINED, OBSTACLES

_NAMING_CUSTOMERS = frozenset({CaseOpened, CustomerLinked})


def about_case(message: Message[Any]) -> Iterable[Ref]:
    """The case; and the customer, where the fact names one."""
    yield Ref(CASES, message.data.case_id)
    yield Ref(FLOODS, _lane(message))
    customer = _customer_of(message.data)
    if customer:
        yield Ref(CUSTOMERS, customer)


def on_case_fact(message: Message[Any], states: States, moment: Moment) -> Decision:
    """Learn of the case, and tell whoever wants to hear."""
    customer = _customer_of(message.data)
    before = states.get(CASES, message.data.case_id)
    record = states.get(CUSTOMERS, customer) if customer else None
    known = learned(before or KnownCase(id=message.data.case_id), message.data, record)
    return metrics.counted(tell(before, known, message.data, message.id, moment, states.get(FLOODS, _lane(message))))


def on_bounce(message: Message[ContactBounced], states: States, moment: Moment) -> Decision:
    """Mark the address and the delivery, beside telling of it."""
    before = states.get(CASES, message.data.case_id)
    return on_case_fact(message, states, moment) + returned(before, message.data, message.id, moment)


def on_erasure(message: Message[PersonalDataErased], states: States, moment: Moment) -> Decision:
    """Forget the person, and stop what is under way to them."""
    return on_case_fact(message, states, moment) + forget(message.data, moment)


def about_order(message: Message[OrderChanged]) -> Iterable[Ref]:
    """The customer whose order it is."""
    yield Ref(CUSTOMERS, message.data.customer)
    yield Ref(FLOODS, _lane(message))


def on_order_changed(message: Message[OrderChanged], states: States, moment: Moment) -> Decision:
    """Tell the customer how their order stands; it belongs to no case."""
    known = ordering(message.data, states.get(CUSTOMERS, message.data.customer))
    flood = states.get(FLOODS, _lane(message))
    return metrics.counted(tell(known, known, message.data, message.id, moment, flood))


def of_lane(message: Message[ContactRefused]) -> Iterable[Ref]:
    """How many answers the lane has given."""
    yield Ref(FLOODS, _lane(message))


def on_contact_refused(message: Message[ContactRefused], states: States, moment: Moment) -> Decision:
    """Tell a customer that their contact was not taken; there is no case."""
    known, flood = turned_away(message.data), states.get(FLOODS, _lane(message))
    return metrics.counted(tell(known, known, message.data, message.id, moment, flood))


def on_report(message: Message[ReportPublished], _: States, moment: Moment) -> Decision:
    """Mail a report to those whom it names, with its files; it belongs to no case."""
    known = KnownCase(id="", language=message.data.language)
    return metrics.counted(tell(known, known, message.data, message.id, moment))


def on_customer_recorded(message: Message[CustomerRecorded], _: States, __: Moment) -> Decision:
    """Remember how a customer is reached."""
    known = registered(message.data)
    return Decision(changes=(Put(collection=CUSTOMERS, id=known.id, value=known),))


def about_broadcast(message: Message[Due]) -> Iterable[Ref]:
    """The recipients that were frozen when it began, and whether it was called off."""
    yield Ref(BROADCASTS, message.data.data["broadcast"])
    yield Ref(OBSTACLES, message.data.data["broadcast"])


def on_spread(message: Message[Due], states: States, moment: Moment) -> Decision:
    """Tell the next recipients of a broadcast."""
    name = message.data.data["broadcast"]
    return go_on(states.get(BROADCASTS, name), states.get(OBSTACLES, name), message.data, moment)


def about_linked(message: Message[Due]) -> Iterable[Ref]:
    """The next of the cases that are more reports of an incident."""
    yield from (Ref(JOINED, each) for each in message.data.data["linked"])


def on_linked(message: Message[Due], states: States, moment: Moment) -> Decision:
    """Tell the customers of linked cases."""
    cases = (states.get(JOINED, each) for each in message.data.data["linked"])
    model = MODELS_BY_TYPE[message.data.data["type"]]
    return metrics.counted(tell_linked(message.data, cases, model, moment, partial(tell_other, moment=moment)))


def about_flood(message: Message[Due]) -> Iterable[Ref]:
    """How many answers were held back."""
    yield Ref(FLOODS, message.data.data["lane"])


def on_flood(message: Message[Due], states: States, moment: Moment) -> Decision:
    """Sum up what was held back."""
    fact, decision = over(states.get(FLOODS, message.data.data["lane"]), message.data, moment)
    nothing = KnownCase(id="")
    told = tell(nothing, nothing, fact, message.data.armed_by, moment) if fact else NOTHING
    return decision + metrics.counted(told)


def about_due_case(message: Message[Due]) -> Iterable[Ref]:
    """The case that a timer is about."""
    yield Ref(CASES, message.data.data["case"])


def on_remind(message: Message[Due], states: States, moment: Moment) -> Decision:
    """Remind those who have not acknowledged, or ask for a superior."""
    return remind(states.get(CASES, message.data.data["case"]), message.data, moment)


def on_watch(message: Message[Due], states: States, moment: Moment) -> Decision:
    """Tell of what did not happen in time."""
    known = states.get(CASES, message.data.data["case"])
    fact, decision = missed(message.data, moment)
    told = tell(known, known, fact, message.data.armed_by, moment) if fact and known else NOTHING
    return decision + metrics.counted(told)


def _lane(message: Message[Any]) -> str:
    return f"notifier/{message.partition}"


def _customer_of(fact: Any) -> str:
    return (fact.customer.id or "") if type(fact) in _NAMING_CUSTOMERS else ""
