"""What follows from any contact that was admitted."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from caseway.contracts.case_commands import AddContact, ProposeCustomerMerge
from caseway.contracts.parts import Actor
from caseway.kernel.decision import Decision, Put
from caseway_intake.domain.admission.knowledge import POINTS, Knowledge
from caseway_intake.domain.admission.parties import remember, state_of
from caseway_intake.domain.customers import Holder, point_of_email, point_of_phone, twins

_EDGE = Actor(kind="machine", id="intake.edge")


def remembered(decision: Decision, known: Knowledge) -> Decision:
    """The decision; and the customer's background with this contact, and registrations that look like one person's."""
    changes: dict[tuple[str, str], Put] = {}
    proposals = []
    for command in decision.emits:
        if not isinstance(command, AddContact) or command.automatic:
            continue
        opened = command.opens and command.matched_by is None
        if command.customer.id is not None and (opened or not changes):
            put = _background(command, opened, known)
            changes[put.collection, put.id] = put
        if opened and command.customer.state == "candidates":
            proposals += list(_proposals(command, known))
    if not changes and not proposals:
        return decision
    return dataclasses.replace(
        decision, emits=(*decision.emits, *proposals), changes=(*decision.changes, *changes.values())
    )


def _background(command: AddContact, opened: bool, known: Knowledge) -> Put:
    customer = command.customer.id
    assert customer is not None
    return remember(customer, command.case_id, command.channel.value, command.category, known, opened=opened)


def _proposals(command: AddContact, known: Knowledge) -> Iterable[ProposeCustomerMerge]:
    """Same address or number, and the same name: an SV decides, nobody merges by itself (S2-17)."""
    found = twins(each for each in _holders(command, known) if each.customer in command.customer.candidates)
    if found:
        yield ProposeCustomerMerge(
            case_id=command.case_id,
            actor=_EDGE,
            customers=tuple(sorted(found)),
            reason="the same name and address, or name and number",
        )


def _holders(command: AddContact, known: Knowledge) -> Iterable[Holder]:
    party = command.party
    points = (point_of_email(party.email or ""), point_of_phone(party.phone or ""))
    seen: dict[str, Holder] = {}
    for point in points:
        holders: tuple[Holder, ...] = (state_of(known.states, POINTS, point) if point else None) or ()
        seen |= {each.customer: each for each in holders}
    return seen.values()
