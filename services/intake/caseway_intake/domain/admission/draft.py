"""A contact in one form for all channels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from caseway.contracts.case_commands import AddContact
from caseway.contracts.parts import Actor, Author, CustomerLink, Direction, Party
from caseway.kernel.decision import States
from caseway.kernel.ids import derived_id
from caseway.kernel.vocabulary import Channel
from caseway_intake.domain.admission.bounds import bounded, cut_text, short
from caseway_intake.domain.customers import (
    Holder,
    Match,
    email_value,
    follow,
    match,
    phone_value,
    point_of_email,
    point_of_phone,
)
from caseway_intake.domain.phones import ToE164
from caseway_intake.domain.triage import Detect, Judgement, Languages, Rule, judge, language_of

CLAIMS = "claims"
RECEIVED = "received"
CONVERSATIONS = "conversations"
CUSTOMERS = "customers"
POINTS = "contact_points"

_LONGEST_SUBJECT = 1_000


class MailboxRule(Protocol):
    """One of our addresses, as configured."""

    @property
    def address(self) -> str:
        """In small letters."""
        ...

    @property
    def aliases(self) -> tuple[str, ...]:
        """Further addresses of it."""
        ...

    @property
    def language(self) -> str | None:
        """Of those who write there."""
        ...

    @property
    def department(self) -> str | None:
        """Whose it is."""
        ...


class NumberRule(Protocol):
    """One of our numbers, as configured."""

    @property
    def number(self) -> str:
        """E.164."""
        ...

    @property
    def language(self) -> str | None:
        """Of those who call it."""
        ...

    @property
    def department(self) -> str | None:
        """Whose it is."""
        ...


class MailboxRules(Protocol):
    """mailboxes.yaml."""

    @property
    def region(self) -> str:
        """Where a number without a country is."""
        ...

    @property
    def mailboxes(self) -> Sequence[MailboxRule]:
        """Our addresses."""
        ...

    @property
    def numbers(self) -> Sequence[NumberRule]:
        """Our numbers."""
        ...

    @property
    def message_silence_hours(self) -> float:
        """After so long without a word, a message begins a new case."""
        ...


class TriageRules(Protocol):
    """triage.yaml."""

    @property
    def languages(self) -> Languages:
        """The desk's languages."""
        ...

    @property
    def rules(self) -> Sequence[Rule]:
        """In order."""
        ...


class Rules(Protocol):
    """What the edge needs of the configuration."""

    @property
    def mailboxes(self) -> MailboxRules:
        """mailboxes.yaml."""
        ...

    @property
    def triage(self) -> TriageRules:
        """triage.yaml."""
        ...

    @property
    def forms(self) -> Any:
        """forms.yaml: `forms`, by name, with `fields` that have a `meaning`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Pure work that libraries do."""

    to_e164: ToE164
    detect: Detect


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What is known when a contact is admitted."""

    id: str
    """The contact's `ce_id`."""
    source: str
    time: dt.datetime
    """When it was received."""
    now: dt.datetime
    states: States
    rules: Rules
    tools: Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a contact says, before anything is looked up."""

    case_id: str
    source_key: str
    channel: Channel
    author: Author
    party: Party = field(default_factory=Party)
    actor: Actor | None = None
    """The author, unless said."""
    direction: Direction = "inbound"
    subject: str = ""
    text: str = ""
    opens: bool = True
    content: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the contact, by their names on the wire."""
    hints: tuple[str | None, ...] = ()
    """Languages that are named, the nearest first."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Further facts that triage rules may ask for."""
    judged: Mapping[str, Any] = field(default_factory=dict)
    """What the contact itself says of its case, by the names on the wire; rules say the rest."""
    tags: tuple[str, ...] = ()
    link: CustomerLink | None = None
    """The customer as an earlier contact of the conversation told, where this one does not."""


def needs_of_party(
    emails: Iterable[str | None], phones: Iterable[str | None], customer: str | None
) -> Iterable[tuple[str, str]]:
    """The states that finding a customer looks at."""
    points = (*(point_of_email(each) for each in emails if each), *(point_of_phone(each) for each in phones if each))
    yield from ((POINTS, point) for point in points if point)
    if customer:
        yield CUSTOMERS, customer


def who(party: Party, known: Knowledge) -> Match:
    """The customer that a party is."""
    record = _looked_up(CUSTOMERS, party.id, known) if party.id else None
    if record is not None:
        return follow(record)
    region, to_e164 = known.rules.mailboxes.region, known.tools.to_e164
    evidence = []
    if party.email and (value := email_value(party.email)):
        evidence.append((value, _looked_up(POINTS, value, known) or ()))
    if party.phone and (value := phone_value(party.phone, region, to_e164)):
        evidence.append((value, _looked_up(POINTS, point_of_phone(party.phone), known) or ()))
    return match(evidence)


def _looked_up(collection: str, name: str, known: Knowledge) -> Any:
    """The state; none where the contact was too strange for it to be foreseen (an address after 400 spaces)."""
    try:
        return known.states.get(collection, name)
    except KeyError:
        return None


def complete(draft: Draft, known: Knowledge) -> tuple[AddContact, tuple[bytes, ...]]:
    """The command, and content to be stored with it."""
    found = who(draft.party, known)
    link = draft.link if found.state == "unlinked" and draft.link else link_of(found)
    hints = (*draft.hints, found.holder.language if found.holder else None, *_place_hints(draft, known))
    written = f"{draft.subject}\n{draft.text}"
    language = language_of(written, hints, known.rules.triage.languages, known.tools.detect)
    judgement = judge(known.rules.triage.rules, _facts(draft, link, language))
    text, text_file, blobs = cut_text(draft.text)
    command = AddContact(
        case_id=draft.case_id,
        actor=short(draft.actor or _actor(draft)),
        contact=contact_id(known),
        channel=draft.channel,
        source_key=draft.source_key,
        direction=draft.direction,
        author=short(draft.author),
        party=short(draft.party),
        subject=draft.subject[:_LONGEST_SUBJECT],
        text=text,
        text_file=text_file,
        language=language,
        received_at=known.time,
        opens=draft.opens,
        **draft.content,
        **_judged(draft, found.holder, judgement, known),
        customer=link,
    )
    return command, blobs


def contact_id(known: Knowledge) -> str:
    """The contact's own id, from the event that brought it."""
    return f"contact_{derived_id('contact', known.source, known.id)}"


def mailbox_of(addresses: Iterable[str], rules: MailboxRules) -> MailboxRule | None:
    """The first of our mailboxes that the addresses name, with or without something after a `+`."""
    ours = {each: box for box in rules.mailboxes for each in (box.address, *box.aliases)}
    return next((ours[plain] for each in addresses if (plain := without_tag(each)) in ours), None)


def without_tag(address: str) -> str:
    """An address without what stands between `+` and `@`, in small letters."""
    local, at, domain = address.strip().casefold().rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def _place_hints(draft: Draft, known: Knowledge) -> tuple[str | None, ...]:
    """The language of the mailbox or number that was used."""
    rules, place = known.rules.mailboxes, draft.facts.get("mailbox") or draft.facts.get("dialled")
    boxes = (each.language for each in rules.mailboxes if each.address == place)
    numbers = (each.language for each in rules.numbers if each.number == place)
    return (*boxes, *numbers)


def _actor(draft: Draft) -> Actor:
    kind = draft.author.kind
    identity = draft.author.id or draft.author.address or draft.source_key
    match kind:
        case "agent" | "customer":
            return Actor(kind=kind, id=identity, name=draft.author.name)
        case "bot" | "machine":
            return Actor(kind="machine", id=identity, name=draft.author.name)
        case "unknown":
            return Actor(kind="customer", id=identity, name=draft.author.name)


_NO_FACTS: Mapping[str, Any] = {"automatic": False, "public": False, "attachments_count": 0}


def _facts(draft: Draft, link: CustomerLink, language: str) -> dict[str, Any]:
    return {
        **_NO_FACTS,
        **draft.facts,
        "channel": draft.channel.value,
        "subject": draft.subject,
        "text": draft.text,
        "language": language,
        "customer.state": link.state,
        "customer.id": link.id,
    }


def _judged(draft: Draft, holder: Holder | None, judgement: Judgement, known: Knowledge) -> dict[str, Any]:
    """What the case is judged to be, by the names of the wire."""
    judged: dict[str, Any] = {"department": _department(draft, known), "preferred_channel": _preferred(holder)}
    judged |= judgement.aspects
    judged |= draft.judged
    if "fields" in judged:
        judged["fields"] = bounded(judged["fields"])
    judged["tags"] = tuple(dict.fromkeys((*judgement.tags, *draft.tags)))
    judged["rules"] = judgement.rules
    return judged


def _department(draft: Draft, known: Knowledge) -> str | None:
    """Whose mailbox or number it came to."""
    rules, place = known.rules.mailboxes, draft.facts.get("mailbox") or draft.facts.get("dialled")
    boxes = (each.department for each in rules.mailboxes if each.address == place)
    numbers = (each.department for each in rules.numbers if each.number == place)
    return next((each for each in (*boxes, *numbers) if each), None)


def _preferred(holder: Holder | None) -> Channel | None:
    """What the customer's record prefers, where it is a channel."""
    preferred = holder.preferred_channel if holder else None
    return Channel(preferred) if preferred in set(Channel) else None


def link_of(found: Match) -> CustomerLink:
    """The match as the wire says it."""
    holder = found.holder
    if holder is None:
        return CustomerLink(state=found.state, candidates=found.candidates)
    return CustomerLink(
        state=found.state,
        id=holder.customer,
        name=holder.name or None,
        account=holder.account,
        vip=holder.vip,
        matched_by=found.by,
    )
