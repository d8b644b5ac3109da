"""How a case opens without a contact."""

from __future__ import annotations

from typing import Any

from caseway.contracts.case_commands import AddContact, OpenCase
from caseway.contracts.parts import Author, ContactContent, Party
from caseway.kernel.errors import Rejected
from caseway.kernel.ids import derived_id
from caseway_intake.domain.life.contacts import open_case
from caseway_intake.domain.life.steps import Outcome, Step
from caseway_intake.domain.roles import may


def open_without_contact(command: OpenCase, step: Step, number: int) -> Outcome:
    """Proactive support, a follow-up, a machine's finding: written down by whoever opens it (S1-08, S4-12).

    Raises:
        Rejected: by whom no case is opened; there is none that could tell it.
    """
    if not may(command.actor.kind, "open", step.rules.life.roles):
        raise Rejected("refused", f"{command.actor.kind} may not open a case")
    return open_case(as_contact(command, step), step, number)


def as_contact(command: OpenCase, step: Step) -> AddContact:
    """The same as a contact that the desk wrote down: nobody was told anything by it, and nobody waits for an answer."""
    actor = command.actor
    shared: dict[str, Any] = {
        name: getattr(command, name) for name in type(command).model_fields if name in ContactContent.model_fields
    }
    triage = {name: getattr(command, name) for name in type(command).model_fields if name in AddContact.model_fields}
    kind = "machine" if actor.kind == "machine" else "agent"
    email = command.reply_to if command.reply_to and "@" in command.reply_to else None
    said = {
        **triage,
        **shared,
        "contact": f"contact_{derived_id('open', command.case_id, step.cause)}",
        "source_key": command.source_key or f"open:{command.case_id}",
        "author": Author(kind=kind, id=actor.id, name=actor.name),
        "party": Party(id=command.customer.id, name=command.customer.name, email=email),
    }
    return AddContact.model_validate(said)
