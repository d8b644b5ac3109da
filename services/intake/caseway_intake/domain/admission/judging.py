"""What a contact is judged to be, what is owed and what lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caseway.contracts.parts import CustomerLink, EntitlementLink
from caseway.kernel.errors import Rejected
from caseway.kernel.values import dataclass
from caseway.kernel.vocabulary import Channel, Priority
from caseway_intake.domain import campaigns, entitlement, gates, guidance
from caseway_intake.domain.admission.bounds import LONGEST_NAME, bounded
from caseway_intake.domain.admission.knowledge import Draft, Knowledge
from caseway_intake.domain.admission.parties import background_of, link_of, order_of, shown, who
from caseway_intake.domain.customers import Holder, Match
from caseway_intake.domain.triage import Judgement, Tongue, judge, priority_of, tongue_of

_NO_FACTS: Mapping[str, Any] = {"automatic": False, "public": False, "attachments_count": 0}
_CHANNELS = frozenset(Channel)
_OWED_TO_NOBODY = EntitlementLink(state="unknown", reason="customer-unknown")
"""What the four checks say of whoever is no customer, as most who write to a desk for the first time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Everything that was found out about a contact."""

    link: CustomerLink
    tongue: Tongue
    judged: Mapping[str, Any]
    """By the names of the wire's `Triage`."""


def find_out(draft: Draft, known: Knowledge) -> Finding:
    """Customer, language, triage, entitlement and missing facts, the same for all channels.

    Raises:
        Rejected: an entitlement nobody may call on, whose setting is to refuse (S1-15).
    """
    found = who(draft.party, known)
    link = draft.link if found.state == "unlinked" and draft.link else link_of(found)
    tongue = _tongue(draft, found.holder, known)
    facts = facts_of(draft, link, tongue.language)
    judgement = judge(known.rules.triage.rules, facts)
    judged = _said(draft, found.holder, judgement, known)
    if draft.opens:
        judged |= _case_facts(draft, found, judged, known, facts, judgement.folded)
    judged.pop("service", None)
    judged["customer"] = link
    return Finding(link=link, tongue=tongue, judged=judged)


def facts_of(draft: Draft, link: CustomerLink, language: str) -> dict[str, Any]:
    """What rules may ask for."""
    return {
        **_NO_FACTS,
        **draft.facts,
        "channel": draft.channel,
        "subject": draft.subject,
        "text": draft.text,
        "language": language,
        "customer.state": link.state,
        "customer.id": link.id,
    }


def _tongue(draft: Draft, holder: Holder | None, known: Knowledge) -> Tongue:
    preferred = holder.language if holder else None
    hints = (*draft.hints, preferred, *_place_hints(draft, known))
    written = f"{draft.subject}\n{draft.text}"
    return tongue_of(written, hints, preferred, known.rules.triage.languages, known.tools.detect)


def _said(draft: Draft, holder: Holder | None, judgement: Judgement, known: Knowledge) -> dict[str, Any]:
    """What rules and the contact itself say."""
    judged: dict[str, Any] = {"department": _department(draft, known), "preferred_channel": _preferred(holder)}
    judged |= judgement.aspects
    judged |= draft.judged
    if "fields" in judged:
        judged["fields"] = bounded(judged["fields"])
    class_ = known.rules.triage.classes.get(judged.get("class_") or "")
    priority, decided_by = priority_of(judgement, class_, known.rules.triage.priorities)
    judged["priority"] = priority
    judged["statutory"] = class_.statutory if class_ else None
    judged["tags"] = tuple(dict.fromkeys((*judgement.tags, *draft.tags)))
    judged["rules"] = {**judgement.rules, **({"priority": decided_by} if decided_by else {})}
    return judged


def _case_facts(
    draft: Draft, found: Match, judged: Mapping[str, Any], known: Knowledge, facts: Mapping[str, Any], folded: str
) -> dict[str, Any]:
    """What only a case that begins is asked."""
    triage = known.rules.triage
    given = facts_given(draft, judged.get("fields", {}))
    named = order_of(given.get("order"), known)
    before = background_of(found, known)
    record_type = judged.get("record_type", "case")
    states = triage.record_types[record_type].states if record_type in triage.record_types else ()
    told = {
        **facts,
        "category": judged.get("category"),
        "product": judged.get("product"),
        "class": judged.get("class_"),
        "state": states[0] if states else None,
    }
    return {
        **_held_back(draft, judged, given, known),
        "entitlement": _entitlement(found.holder, before.entitlements, judged, known),
        "background": shown(found, before, named, known),
        "guidance": guidance.fitting(triage.guidance, told),
        "campaigns": campaigns.proposed(triage.campaigns, facts, folded, known.time.date()),
        "state": states[0] if states else None,
    }


def facts_given(draft: Draft, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that gates ask for, by name: what the contact's fields, keys and party say."""
    party = {"name": draft.party.name, "phone": draft.party.phone, "email": draft.party.email}
    ivr = draft.facts.get("ivr") or {}
    attributes = draft.facts.get("attributes") or {}
    known = {name: value for name, value in party.items() if value}
    return {**attributes, **ivr, **known, **fields}


def _held_back(draft: Draft, judged: Mapping[str, Any], given: Mapping[str, Any], known: Knowledge) -> dict[str, Any]:
    rules, category = known.rules.gates, judged.get("category")
    priority: Priority = judged["priority"]
    if gates.is_exempt(priority, judged.get("class_")):
        return {}
    return {
        "missing_fields": gates.missing_facts(rules, category, given),
        "to_confirm": gates.to_confirm(rules, draft.channel, category, given),
    }


def _entitlement(
    holder: Holder | None,
    owed: tuple[entitlement.Entitlement, ...],
    judged: Mapping[str, Any],
    known: Knowledge,
) -> EntitlementLink | None:
    """The four checks, on every channel (S1-11, S1-13); none where this desk knows no entitlements."""
    rules = known.rules.entitlements
    if not rules.enabled:
        return None
    if holder is None:
        return _OWED_TO_NOBODY
    category = judged.get("category")
    asked = entitlement.Asked(
        customer=holder.customer,
        account=holder.account,
        service=judged.get("service") or rules.services.get(category or "", category),
        product=judged.get("product"),
    )
    verdict = entitlement.verdict(owed, asked, rules.model, known.time)
    if verdict.refuses:
        raise Rejected("refused", f"entitlement {_short(verdict.entitlement)} has no contact, and then no case is made")
    found = verdict.entitlement
    return EntitlementLink(
        state=verdict.state,
        id=found.id if found else None,
        plan=found.plan if found and verdict.state == "entitled" else None,
        calendar=found.calendar if found and verdict.state == "entitled" else None,
        reason=verdict.reason,
    )


def _short(found: entitlement.Entitlement | None) -> str:
    return found.id[:LONGEST_NAME] if found else ""


def _place_hints(draft: Draft, known: Knowledge) -> tuple[str | None, ...]:
    """The language of the mailbox or number that was used."""
    rules, place = known.rules.mailboxes, draft.facts.get("mailbox") or draft.facts.get("dialled")
    if not place:
        return ()
    boxes = (each.language for each in rules.mailboxes if each.address == place)
    numbers = (each.language for each in rules.numbers if each.number == place)
    return (*boxes, *numbers)


def _department(draft: Draft, known: Knowledge) -> str | None:
    """Whose mailbox or number it came to."""
    rules, place = known.rules.mailboxes, draft.facts.get("mailbox") or draft.facts.get("dialled")
    if not place:
        return None
    boxes = (each.department for each in rules.mailboxes if each.address == place)
    numbers = (each.department for each in rules.numbers if each.number == place)
    return next((each for each in (*boxes, *numbers) if each), None)


def _preferred(holder: Holder | None) -> Channel | None:
    """What the customer's record prefers, where it is a channel."""
    preferred = holder.preferred_channel if holder else None
    return Channel(preferred) if preferred in _CHANNELS else None
