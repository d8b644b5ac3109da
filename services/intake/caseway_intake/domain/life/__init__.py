"""The life of a case.

`decide` is the story on top: every command of the wire ends here as facts. What a command does stands in the modules
beside: contacts, talk, course, incidents. What cannot be, in the case's present state or yet, is told as `refused`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from caseway.contracts.about_cases import CaseCommand
from caseway.contracts.case_commands import (
    AddContact,
    AssignFacts,
    CloseCase,
    HoldCase,
    NoteCase,
    ReleaseCase,
    ReopenCase,
    ReplyToCase,
    ResolveCase,
)
from caseway.contracts.cases import CaseRefused
from caseway.contracts.voice_commands import DeclareIncident
from caseway.kernel.errors import Rejected
from caseway.kernel.vocabulary import CaseStatus
from caseway_intake.domain.case import Case
from caseway_intake.domain.life.contacts import add_contact, open_case
from caseway_intake.domain.life.course import (
    HOLD_IS_OVER,
    assign_facts,
    close,
    hold,
    release,
    release_when_due,
    reopen,
    resolve,
)
from caseway_intake.domain.life.incidents import declare_incident
from caseway_intake.domain.life.steps import Outcome, Refused, Rules, Step, advance, head
from caseway_intake.domain.life.talk import note, reply

__all__ = ["HOLD_IS_OVER", "Outcome", "Rules", "Step", "decide", "open_case", "release_when_due"]

NOT_YET = "not-yet-offered"
_OPEN = frozenset({CaseStatus.OPEN})
_ALIVE = frozenset({CaseStatus.OPEN, CaseStatus.RESOLVED})
_OVER = frozenset({CaseStatus.RESOLVED, CaseStatus.CLOSED})
_ANY = frozenset(CaseStatus)


class _Chapter(NamedTuple):
    """In which states a command may happen, and what it does."""

    when: frozenset[CaseStatus]
    then: Callable[[Case, Any, Step], Outcome]


_LIFE: Mapping[type[CaseCommand], _Chapter] = {
    AddContact: _Chapter(_ANY, add_contact),
    ReplyToCase: _Chapter(_ALIVE, reply),
    NoteCase: _Chapter(_ANY, note),
    AssignFacts: _Chapter(_ALIVE, assign_facts),
    HoldCase: _Chapter(_OPEN, hold),
    ReleaseCase: _Chapter(_OPEN, release),
    ResolveCase: _Chapter(_OPEN, resolve),
    CloseCase: _Chapter(_ALIVE, close),
    ReopenCase: _Chapter(_OVER, reopen),
    DeclareIncident: _Chapter(_ALIVE, declare_incident),
}


def decide(case: Case | None, command: CaseCommand, step: Step) -> Outcome:
    """What becomes of `case` by `command`.

    Raises:
        Rejected: there is no such case.
    """
    if case is None:
        raise Rejected("unknown-case", "a command about a case that was never opened")
    try:
        return _chapter(case, command).then(case, command, step)
    except Refused as refusal:
        return _refused(case, command, step, refusal)


def _chapter(case: Case, command: CaseCommand) -> _Chapter:
    chapter = _LIFE.get(type(command))
    if chapter is None:
        raise Refused(NOT_YET)
    if case.status not in chapter.when:
        raise Refused(case.status.value, f"the case is {case.status}")
    return chapter


def _refused(case: Case, command: CaseCommand, step: Step, refusal: Refused) -> Outcome:
    """Nothing changes but the version: whoever sent the command is told."""
    after = advance(case, step)
    fact = CaseRefused(**head(after, step), command=command.TYPE, reason=refusal.reason, detail=refusal.detail)
    return Outcome(case=after, facts=(fact,))
