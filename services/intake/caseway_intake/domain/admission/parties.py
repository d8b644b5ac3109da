"""Who a contact's customer is, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from caseway.contracts.parts import (
    Background,
    CaseGlance,
    CustomerGlance,
    CustomerLink,
    OrderGlance,
    Party,
)
from caseway.kernel.decision import Put, Ref, States
from caseway.kernel.vocabulary import Channel
from caseway_intake.domain import background
from caseway_intake.domain.admission.knowledge import BACKGROUNDS, CASES, CUSTOMERS, POINTS, Knowledge
from caseway_intake.domain.background import Known, Order, PastCase
from caseway_intake.domain.case import Case
from caseway_intake.domain.customers import (
    Customer,
    Holder,
    Match,
    email_value,
    follow,
    match,
    phone_value,
    point_of_email,
    point_of_phone,
)

_MOST_FOLLOWED = 5
"""Of the customers at one point: a number that more share tells too little to read all their orders."""
_MOST_CANDIDATES = 10
_NOBODY = CustomerLink()


def needs_of_party(
    emails: Iterable[str | None], phones: Iterable[str | None], customer: str | None
) -> Iterable[tuple[str, str]]:
    """The states that finding a customer looks at."""
    points = (*(point_of_email(each) for each in emails if each), *(point_of_phone(each) for each in phones if each))
    yield from ((POINTS, point) for point in points if point)
    if customer:
        yield CUSTOMERS, customer
        yield BACKGROUNDS, background.of_customer(customer)


def follows(refs: Iterable[Ref], states: States) -> Iterable[Ref]:
    """The backgrounds of whoever was found, then how their earlier cases stand."""
    for ref in refs:
        yield from _named_by(ref, states)


def _named_by(ref: Ref, states: States) -> Iterable[Ref]:
    if ref.collection == POINTS:
        holders: tuple[Holder, ...] = states.get(*ref) or ()
        for holder in holders[:_MOST_FOLLOWED]:
            yield from _backgrounds(holder.customer, holder.record, holder.account, states)
    elif ref.collection == CUSTOMERS:
        record: Customer | None = states.get(*ref)
        if record is not None:
            yield from _backgrounds(record.merged_into or record.id, record.id, record.account, states)
    elif ref.collection == BACKGROUNDS:
        yield from _cases(ref, states)


def _backgrounds(customer: str, record: str, account: str | None, states: States) -> Iterable[Ref]:
    for name in _names(customer, record, account):
        ref = Ref(BACKGROUNDS, name)
        yield ref
        yield from _cases(ref, states)


def _cases(ref: Ref, states: States) -> Iterable[Ref]:
    known: Known | None = state_of(states, *ref)
    return (Ref(CASES, each.case_id) for each in (known.cases if known else ())[: background.SHOWN])


def _names(customer: str, record: str, account: str | None) -> tuple[str, ...]:
    names = (background.of_customer(customer), background.of_customer(record))
    return tuple(dict.fromkeys((*names, *((background.of_account(account),) if account else ()))))


def state_of(states: States, collection: str, name: str) -> Any:
    """The state; none where the contact was too strange for it to be foreseen (an address after 400 spaces)."""
    try:
        return states.get(collection, name)
    except KeyError:
        return None


def who(party: Party, known: Knowledge) -> Match:
    """The customer that a party is."""
    record = state_of(known.states, CUSTOMERS, party.id) if party.id else None
    if record is not None:
        return follow(record)
    region, to_e164 = known.rules.mailboxes.region, known.tools.to_e164
    evidence = []
    if party.email and (value := email_value(party.email)):
        evidence.append((value, state_of(known.states, POINTS, value) or ()))
    if party.phone and (value := phone_value(party.phone, region, to_e164)):
        evidence.append((value, state_of(known.states, POINTS, point_of_phone(party.phone)) or ()))
    return match(evidence)


def link_of(found: Match) -> CustomerLink:
    """The match as the wire says it."""
    holder = found.holder
    if holder is None:
        return CustomerLink(state=found.state, candidates=found.candidates) if found.candidates else _NOBODY
    return CustomerLink(
        state=found.state,
        id=holder.customer,
        name=holder.name or None,
        account=holder.account,
        vip=holder.vip,
        segment=holder.segment,
        matched_by=found.by,
    )


def background_of(found: Match, known: Knowledge) -> Known:
    """What is known of a linked customer; of candidates nothing is told as if it were the customer's."""
    holder = found.holder
    if holder is None:
        return background.NOTHING
    names = _names(holder.customer, holder.record, holder.account)
    return background.together(
        each for name in names if (each := state_of(known.states, BACKGROUNDS, name)) is not None
    )


def order_of(number: Any, known: Knowledge) -> Order | None:
    """The order that a contact names, whoever its customer is: its status is the desk's business (S4-36)."""
    if not isinstance(number, str | int) or not str(number).strip():
        return None
    found: Known | None = state_of(known.states, BACKGROUNDS, background.of_order(str(number)))
    return found.orders[0] if found and found.orders else None


def shown(found: Match, before: Known, named: Order | None, known: Knowledge) -> Background | None:
    """What the case's first fact tells of the customer; none where nothing is known."""
    if named is None and before is background.NOTHING and not found.holders:
        return None
    orders = dict.fromkeys((*((named,) if named else ()), *before.orders))
    cases = tuple(_case_glance(each, known) for each in before.cases[: background.SHOWN])
    candidates = tuple(
        CustomerGlance(customer=each.customer, name=each.name or None, matched_by=each.value.partition(":")[0] or None)
        for each in found.holders[:_MOST_CANDIDATES]
    )
    if not orders and not cases and not candidates and before.last_contact_at is None:
        return None
    return Background(
        orders=tuple(map(_order_glance, tuple(orders)[: background.SHOWN])),
        cases=cases,
        open_cases_count=sum(each.status == "open" for each in cases),
        last_contact_at=before.last_contact_at,
        last_channel=Channel(before.last_channel) if before.last_channel else None,
        candidates=candidates,
    )


def remember(customer: str, case_id: str, channel: str, category: str | None, known: Knowledge, *, opened: bool) -> Put:
    """The customer's background, after one more contact of theirs."""
    name = background.of_customer(customer)
    before: Known = state_of(known.states, BACKGROUNDS, name) or background.NOTHING
    past = PastCase(case_id=case_id, at=known.time, channel=channel, category=category) if opened else None
    return Put(collection=BACKGROUNDS, id=name, value=background.with_contact(before, known.time, channel, past))


def _case_glance(past: PastCase, known: Knowledge) -> CaseGlance:
    case: Case | None = state_of(known.states, CASES, past.case_id)
    return CaseGlance(
        case_id=past.case_id,
        opened_at=past.at,
        channel=Channel(past.channel),
        category=case.nature.category if case else past.category,
        number=case.number if case else None,
        status=case.status if case else None,
        subject=case.nature.subject[:200] if case else "",
    )


def _order_glance(order: Order) -> OrderGlance:
    return OrderGlance(
        order=order.order,
        status=order.status,
        ordered_at=order.ordered_at,
        products=order.products[:10],
        total=order.total,
    )
