"""What follows from any contact that was admitted."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from caseway.contracts.about_cases import CaseCommand
from caseway.contracts.case_commands import AddContact, ProposeCustomerMerge, ReplyToCase
from caseway.contracts.parts import Actor
from caseway.kernel.decision import Decision, Put
from caseway_intake.domain import gates
from caseway_intake.domain.admission.knowledge import POINTS, Knowledge
from caseway_intake.domain.admission.parties import remember, state_of
from caseway_intake.domain.customers import Holder, point_of_email, point_of_phone, twins

MISSING_FACTS = "missing-facts"
"""Tells a machine's question from a person's."""
_EDGE = Actor(kind="machine", id="intake.edge")


def remembered(decision: Decision, known: Knowledge) -> Decision:
    """The decision; and the customer's background with this contact, and registrations that look like one person's."""
    changes: dict[tuple[str, str], Put] = {}
    further: list[CaseCommand] = []
    for command in decision.emits:
        if not isinstance(command, AddContact) or command.automatic:
            continue
        opened = command.opens and command.matched_by is None
        if command.customer.id is not None and (opened or not changes):
            put = _background(command, opened, known)
            changes[put.collection, put.id] = put
        if opened:
            further += _further(command, known)
    if not changes and not further:
        return decision
    return dataclasses.replace(
        decision, emits=(*decision.emits, *further), changes=(*decision.changes, *changes.values())
    )


def _further(command: AddContact, known: Knowledge) -> list[CaseCommand]:
    """What else a case that begins is told."""
    found: list[CaseCommand] = []
    if command.customer.state == "candidates":
        found += _proposals(command, known)
    if asked := _question(command, known):
        found.append(asked)
    return found


def _question(command: AddContact, known: Knowledge) -> ReplyToCase | None:
    """Who wrote by mail or form is asked by itself for what the second line will need (S2-20, S2-21)."""
    rule = known.rules.gates.question
    has_address = "@" in (command.reply_to or command.party.email or command.author.address or "")
    if rule is None or not command.missing_fields or not has_address or command.channel not in rule.channels:
        return None
    text = gates.question(rule, command.missing_fields, command.reply_language or command.language)
    return ReplyToCase(case_id=command.case_id, actor=_EDGE, text=text, purpose="ask", template=MISSING_FACTS)


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
