"""How a person says which customer it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from caseway.contracts.case_commands import DecideCustomerMerge, LinkCustomer, ProposeCustomerMerge
from caseway.contracts.cases import CustomerLinked, CustomerMergeDecided, CustomerMergeProposed
from caseway.contracts.customers import CustomerMerged
from caseway.contracts.parts import CustomerLink
from caseway.kernel.ids import derived_id
from caseway_intake.domain.case import Case
from caseway_intake.domain.company import MOST
from caseway_intake.domain.life.steps import Outcome, Refused, Step, actor_id, advance, check_room, head
from caseway_intake.domain.registrations import Proposal


def link_customer(case: Case, command: LinkCustomer, step: Step) -> Outcome:
    """The customer that a person found; what had to be guessed is forgotten (S2-06)."""
    if not command.customer.strip():
        raise Refused("no-customer")
    if case.customer.state == "linked" and case.customer.id == command.customer:
        raise Refused("already-linked")
    customer = replace(case.customer, state="linked", id=command.customer, candidates=())
    after = advance(case, step, customer=customer)
    told = CustomerLink(
        state="linked", id=customer.id, name=customer.name, segment=command.segment, matched_by="person"
    )
    return Outcome(case=after, facts=(CustomerLinked(**head(after, step), customer=told),))


def propose_customer_merge(case: Case, command: ProposeCustomerMerge, step: Step) -> Outcome:
    """Two registrations look like one person's: a supervisor is told, with their URLs (S2-17)."""
    customers = tuple(dict.fromkeys(command.customers))
    if len(customers) < 2:
        raise Refused("one-customer", "two registrations, at least")
    if any(each.granted is None and set(each.customers) == set(customers) for each in case.proposals):
        raise Refused("already-proposed")
    check_room(len(case.proposals), MOST, "proposals")
    proposal = Proposal(id=f"proposal_{derived_id(case.id, step.cause)}", customers=customers, by=actor_id(step))
    after = advance(case, step, proposals=(*case.proposals, proposal))
    fact = CustomerMergeProposed(
        **head(after, step), proposal=proposal.id, customers=customers, urls=command.urls, reason=command.reason
    )
    return Outcome(case=after, facts=(fact,))


def decide_customer_merge(case: Case, command: DecideCustomerMerge, step: Step) -> Outcome:
    """A supervisor decides; nothing is deleted, so a merge may be taken back by deciding otherwise (S2-17)."""
    proposal = next((each for each in case.proposals if each.id == command.proposal), None)
    if proposal is None:
        raise Refused("unknown-proposal")
    if proposal.granted is command.merge:
        raise Refused("already-decided")
    survivor = _survivor(proposal, command)
    decided = replace(proposal, granted=command.merge, survivor=survivor if command.merge else None)
    proposals = tuple(decided if each.id == proposal.id else each for each in case.proposals)
    after = advance(case, step, proposals=proposals)
    told: dict[str, Any] = {"merge": command.merge, "survivor": decided.survivor, "reason": command.reason}
    fact = CustomerMergeDecided(**head(after, step), proposal=proposal.id, **told)
    return Outcome(case=after, facts=(fact,), records=_aliases(proposal, survivor, command, after))


def _survivor(proposal: Proposal, command: DecideCustomerMerge) -> str | None:
    if not command.merge:
        return proposal.survivor
    if command.survivor not in proposal.customers:
        raise Refused("no-survivor", f"one of {', '.join(proposal.customers)} goes on")
    return command.survivor


def _aliases(
    proposal: Proposal, survivor: str | None, command: DecideCustomerMerge, after: Case
) -> tuple[CustomerMerged, ...]:
    """The others stand for the survivor from now on, or for themselves again; a proposal declined says nothing."""
    if survivor is None:
        return ()
    others = (each for each in proposal.customers if each != survivor)
    return tuple(
        CustomerMerged(customer=each, into=survivor, reverted=not command.merge, at=after.at) for each in others
    )
