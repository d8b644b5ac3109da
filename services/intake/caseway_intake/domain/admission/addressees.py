"""What mails tell of the customers whose addresses they name."""

from __future__ import annotations

from collections.abc import Iterable

from caseway.contracts.parts import Party
from caseway.kernel.decision import Put, Ref, States
from caseway_intake.domain.admission.knowledge import CUSTOMERS, POINTS, Knowledge
from caseway_intake.domain.admission.parties import state_of, who
from caseway_intake.domain.correspondents import Correspondent, customer_id
from caseway_intake.domain.customers import Customer, Holder, email_value, point_of_email, with_bounced, without_bounced
from caseway_intake.domain.mail.mail import Mail

CORRESPONDENTS = "correspondents"
_MOST_FOLLOWED = 5
"""Of the customers of one address."""


def needs_of_report(mail: Mail) -> Iterable[Ref]:
    """Whose address it is that nothing reached."""
    point = point_of_email(_failed(mail))
    if point:
        yield Ref(POINTS, point)


def follows_of_addresses(mail: Mail, states: States) -> Iterable[Ref]:
    """The registrations of the author, or of whom nothing reached; and what the author wrote from other addresses."""
    for address in filter(None, (_failed(mail), mail.sender.address)):
        for holder in _holders(address, states)[:_MOST_FOLLOWED]:
            yield Ref(CUSTOMERS, holder.record)
            yield Ref(CORRESPONDENTS, customer_id(holder.customer))


def written_by_customer(mail: Mail, known: Knowledge) -> tuple[str, Correspondent]:
    """Under which name a linked customer's mails stand, and those mails; an empty name where nobody is linked."""
    holder = who(Party(email=mail.sender.address or None), known).holder
    if holder is None:
        return "", Correspondent()
    name = customer_id(holder.customer)
    return name, state_of(known.states, CORRESPONDENTS, name) or Correspondent()


def mark_bounced(mail: Mail, known: Knowledge) -> Iterable[Put]:
    """Nothing arrives at the address, for good: its customers' records say so."""
    told = mail.undelivered
    if told is not None and told.is_permanent:
        yield from _changed(_failed(mail), known, is_bounced=True)


def mark_alive(mail: Mail, known: Knowledge) -> Iterable[Put]:
    """Who writes from an address has it."""
    yield from _changed(mail.sender.address, known, is_bounced=False)


def _changed(address: str, known: Knowledge, *, is_bounced: bool) -> Iterable[Put]:
    value = email_value(address) if address else None
    for holder in _holders(address, known.states)[:_MOST_FOLLOWED] if value else ():
        record: Customer | None = state_of(known.states, CUSTOMERS, holder.record)
        if record is None or value is None or (value in record.bounced) is is_bounced:
            continue
        after = with_bounced(record, value) if is_bounced else without_bounced(record, value)
        yield Put(collection=CUSTOMERS, id=record.id, value=after)


def _failed(mail: Mail) -> str:
    return (mail.undelivered.address if mail.undelivered else "") or ""


def _holders(address: str, states: States) -> tuple[Holder, ...]:
    point = point_of_email(address) if address else None
    found: tuple[Holder, ...] | None = state_of(states, POINTS, point) if point else None
    return tuple(each for each in found or () if each.value == email_value(address))
