"""A case without the data of a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from caseway_intake.domain.case import Answer, Case, Customer, forgotten
from caseway_intake.domain.company import Help
from caseway_intake.domain.masking import masked


def erased(case: Case) -> tuple[Case, tuple[str, ...]]:
    """The case with what counts are made of (channel, category, instants, states), and the names of what went.

    A voice stays, masked: it is the company's, and names nobody. The registration's id stays; nothing stands behind it.
    """
    empty: dict[str, Any] = {
        "nature": replace(case.nature, subject="", fields={}, confirmed={}, missing_fields=(), to_confirm=()),
        "customer": Customer(state=case.customer.state, id=case.customer.id),
        "answer": Answer(channel=case.answer.channel, mailbox=case.answer.mailbox),
        "keys": tuple(map(forgotten, case.keys)),
        "entries": tuple(replace(each, text="") for each in case.entries),
        "help": _helped(case.help),
        "voice": _voice(case),
        "files": (),
    }
    changed = tuple(name for name, value in empty.items() if getattr(case, name) != value)
    return replace(case, **empty), changed


def _voice(case: Case) -> object:
    voice = case.voice
    if voice is None:
        return None
    names = case.names
    return replace(voice, title=masked(voice.title, names), text=masked(voice.text, names))


def _helped(help_: Help) -> Help:
    """Who helped stays; what they were told goes."""
    escalation = replace(help_.escalation, reason="") if help_.escalation else None
    advices = tuple(replace(each, text="", advised="", questions=()) for each in help_.advices)
    return replace(help_, escalation=escalation, advices=advices)
