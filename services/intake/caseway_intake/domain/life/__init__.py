"""The life of a case.

`decide` is the story on top: every command of the wire ends here as facts. What a command does stands in the modules
beside. What cannot be, in the case's present state or by this person, is told as `refused`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from caseway.contracts.about_cases import CaseCommand
from caseway.contracts.case_commands import (
    AbsorbCase,
    AddContact,
    AdviseOnCase,
    AskAdvice,
    AssignFacts,
    CloseCase,
    ConfirmFacts,
    DecideCustomerMerge,
    EscalateToDepartment,
    FollowCase,
    HoldCase,
    LinkCase,
    LinkCustomer,
    MergeCase,
    NoteCase,
    OpenCase,
    ProposeCustomerMerge,
    RecordCallback,
    RefuseContact,
    ReleaseCase,
    ReopenCase,
    ReplyToCase,
    RequestEscalation,
    RequestRemote,
    ResolveCase,
    ReturnFromDepartment,
    SetTeam,
    StampCase,
    UnmergeCase,
    WatchCase,
    WhisperToAgent,
)
from caseway.contracts.cases import CaseRefused, ContactRefused
from caseway.contracts.voice_commands import (
    AcceptHandOver,
    ApproveCase,
    CheckCase,
    ContainIncident,
    DecideDataAction,
    DeclareIncident,
    EditVoice,
    EndIncident,
    EraseCase,
    HandOverCase,
    JudgeCase,
    RejectCase,
    RequestDataAction,
    ReturnHandOver,
    ReviewIncident,
    SetIncidentRole,
    SubmitCase,
    UpdateIncident,
)
from caseway.kernel.errors import Rejected
from caseway.kernel.vocabulary import CaseStatus
from caseway_intake.domain.case import Case
from caseway_intake.domain.life import (
    approving,
    asking,
    course,
    customers,
    incidents,
    judging,
    merging,
    people,
    remote,
    rights,
    talk,
)
from caseway_intake.domain.life.approving import APPROVAL_WAITS
from caseway_intake.domain.life.contacts import add_contact, open_case
from caseway_intake.domain.life.course import HOLD_IS_OVER, release_when_due
from caseway_intake.domain.life.opening import open_without_contact
from caseway_intake.domain.life.rights import RETENTION_ENDS
from caseway_intake.domain.life.steps import EDGE, Outcome, Refused, Rules, Search, Step, Trace, advance, head
from caseway_intake.domain.roles import may, verb_of

__all__ = [
    "APPROVAL_WAITS",
    "HOLD_IS_OVER",
    "RETENTION_ENDS",
    "Outcome",
    "Rules",
    "Search",
    "Step",
    "Trace",
    "answer_for_nobody",
    "decide",
    "decide_when_due",
    "open_case",
    "open_without_contact",
    "release_when_due",
]

_OPEN = frozenset({CaseStatus.OPEN})
_ALIVE = frozenset({CaseStatus.OPEN, CaseStatus.RESOLVED})
_OVER = frozenset({CaseStatus.RESOLVED, CaseStatus.CLOSED})
_ANY = frozenset(CaseStatus)


class _Chapter(NamedTuple):
    """In which states a command may happen, and what it does."""

    when: frozenset[CaseStatus]
    then: Callable[[Case, Any, Step], Outcome]


def _open_again(_case: Case, _command: OpenCase | RefuseContact, _step: Step) -> Outcome:
    raise Refused("already-open", "a case is opened once")


_LIFE: Mapping[type[CaseCommand], _Chapter] = {
    AddContact: _Chapter(_ANY, add_contact),
    OpenCase: _Chapter(_ANY, _open_again),
    RefuseContact: _Chapter(_ANY, _open_again),
    ReplyToCase: _Chapter(_ALIVE, talk.reply),
    NoteCase: _Chapter(_ANY, talk.note),
    AssignFacts: _Chapter(_ALIVE, course.assign_facts),
    ConfirmFacts: _Chapter(_ALIVE, course.confirm_facts),
    HoldCase: _Chapter(_OPEN, course.hold),
    ReleaseCase: _Chapter(_OPEN, course.release),
    ResolveCase: _Chapter(_OPEN, course.resolve),
    CloseCase: _Chapter(_ALIVE, course.close),
    ReopenCase: _Chapter(_OVER, course.reopen),
    RequestEscalation: _Chapter(_ALIVE, asking.request_escalation),
    RecordCallback: _Chapter(_ALIVE, asking.record_callback),
    EscalateToDepartment: _Chapter(_OPEN, asking.escalate_to_department),
    ReturnFromDepartment: _Chapter(_ALIVE, asking.return_from_department),
    AskAdvice: _Chapter(_ALIVE, asking.ask_advice),
    AdviseOnCase: _Chapter(_ALIVE, asking.advise),
    RequestRemote: _Chapter(_OPEN, remote.request_remote),
    StampCase: _Chapter(_ANY, people.stamp),
    WhisperToAgent: _Chapter(_ALIVE, people.whisper),
    WatchCase: _Chapter(_ANY, people.watch),
    FollowCase: _Chapter(_ANY, people.follow),
    SetTeam: _Chapter(_ALIVE, people.set_team),
    MergeCase: _Chapter(_ANY, merging.merge),
    AbsorbCase: _Chapter(_ANY, merging.absorb),
    UnmergeCase: _Chapter(_ANY, merging.unmerge),
    LinkCase: _Chapter(_ANY, merging.link),
    LinkCustomer: _Chapter(_ANY, customers.link_customer),
    ProposeCustomerMerge: _Chapter(_ANY, customers.propose_customer_merge),
    DecideCustomerMerge: _Chapter(_ANY, customers.decide_customer_merge),
    DeclareIncident: _Chapter(_ALIVE, incidents.declare_incident),
    HandOverCase: _Chapter(_ANY, incidents.hand_over),
    AcceptHandOver: _Chapter(_ANY, incidents.accept_hand_over),
    ReturnHandOver: _Chapter(_ANY, incidents.return_hand_over),
    SetIncidentRole: _Chapter(_ANY, incidents.set_incident_role),
    UpdateIncident: _Chapter(_ANY, incidents.update_incident),
    ContainIncident: _Chapter(_ANY, incidents.contain_incident),
    EndIncident: _Chapter(_ANY, incidents.end_incident),
    ReviewIncident: _Chapter(_ANY, incidents.review_incident),
    SubmitCase: _Chapter(_ALIVE, approving.submit),
    ApproveCase: _Chapter(_ALIVE, approving.approve),
    RejectCase: _Chapter(_ALIVE, approving.reject),
    EditVoice: _Chapter(_ANY, judging.edit_voice),
    JudgeCase: _Chapter(_ALIVE, judging.judge),
    CheckCase: _Chapter(_ALIVE, judging.check),
    RequestDataAction: _Chapter(_ANY, rights.request_data_action),
    DecideDataAction: _Chapter(_ANY, rights.decide_data_action),
    EraseCase: _Chapter(_ANY, rights.erase),
}

_WHILE_ONLY_KEPT = (AddContact, RequestDataAction, DecideDataAction, EraseCase, AbsorbCase, LinkCase)
"""A case that a law or a request restricts takes these; everything else would be to use the person's data."""

_DUE: Mapping[str, Callable[[Case, dt.datetime, Step], Outcome | None]] = {
    HOLD_IS_OVER: release_when_due,
    APPROVAL_WAITS: approving.remind,
    RETENTION_ENDS: rights.retention_ends,
}


def decide(case: Case | None, command: CaseCommand, step: Step) -> Outcome:
    """What becomes of `case` by `command`.

    Raises:
        Rejected: there is no such case.
    """
    if case is None:
        raise Rejected("unknown-case", "a command about a case that was never opened")
    if case.ties.merged_into is not None and not merging.stays(case, command):
        return merging.send_on(case, command)
    try:
        return _chapter(case, command, step).then(case, command, step)
    except Refused as refusal:
        return _refused(case, command, step, refusal)


def decide_when_due(kind: str, case: Case, due_at: dt.datetime, step: Step) -> Outcome | None:
    """What becomes of `case` because the time has come; None where it was settled, or put off, before."""
    return _DUE[kind](case, due_at, step)


def answer_for_nobody(command: CaseCommand, step: Step) -> tuple[CaseCommand | ContactRefused, ...]:
    """What is said to whoever asked about a case that is not there, or is told that there will be none.

    Raises:
        Rejected: nobody of ours asked.
    """
    if isinstance(command, MergeCase) and step.is_ours and command.refused is None:
        return (merging.refuse_for_nobody(command),)
    if isinstance(command, RefuseContact) and step.source == EDGE:  # it answers any address: nobody else may ask
        said = command.model_dump(exclude={"actor"})
        return (ContactRefused(**said, at=step.at, cause=step.cause, configuration=step.configuration),)
    raise Rejected("unknown-case", "a command about a case that was never opened")


def _chapter(case: Case, command: CaseCommand, step: Step) -> _Chapter:
    chapter, kind, verb = _LIFE[type(command)], command.actor.kind, verb_of(command.TYPE)
    if not isinstance(command, AddContact) and not step.is_ours and not may(kind, verb, step.rules.life.roles):
        raise Refused("role", f"{kind} may not {verb}")
    if case.status not in chapter.when:
        raise Refused(case.status.value, f"the case is {case.status}")
    if rights.is_only_kept(case) and not isinstance(command, _WHILE_ONLY_KEPT):
        raise Refused("restricted", "the case is only kept: its customer's data may not be used")
    return chapter


def _refused(case: Case, command: CaseCommand, step: Step, refusal: Refused) -> Outcome:
    """Nothing changes but the version: whoever sent the command is told."""
    after = advance(case, step)
    fact = CaseRefused(**head(after, step), command=command.TYPE, reason=refusal.reason, detail=refusal.detail)
    return Outcome(case=after, facts=(fact,))
