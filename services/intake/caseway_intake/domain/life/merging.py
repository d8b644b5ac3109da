"""How two cases become one, and two again.

The older is always the parent (opened at, then id), so no circle can arise. Whichever case is told to merge tells the
other how old it is; whichever then finds itself the younger becomes the child, says so, and sends on what still comes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from caseway.contracts.about_cases import CaseCommand
from caseway.contracts.case_commands import (
    AbsorbCase,
    AddContact,
    AdviseOnCase,
    LinkCase,
    MergeCase,
    RecordCallback,
    UnmergeCase,
)
from caseway.contracts.cases import CaseLinked, CaseMerged, CaseReopened, CaseUnmerged
from caseway.contracts.voice_commands import CheckCase, DecideDataAction, EraseCase
from caseway.kernel.errors import Superseded
from caseway.kernel.vocabulary import CaseStatus, Turn
from caseway_intake.domain.case import MOST_KEYS, Case, with_key
from caseway_intake.domain.life.contacts import reopening
from caseway_intake.domain.life.steps import Outcome, Refused, Step, advance, changed_turn, check_room, head
from caseway_intake.domain.roles import SUPERIORS
from caseway_intake.domain.ties import MOST_TIES

_MOST_KEYS_BYTES = 400_000
"""Of source keys in one command: a record has at most 1 MiB."""


def merge(case: Case, command: MergeCase, step: Step) -> Outcome:
    """These two are one problem (S4-27)."""
    if command.refused is not None and step.is_ours:
        raise Refused(command.refused, "the other case refused")
    if command.other == case.id or command.other in case.ties.children:
        raise Refused("same-case" if command.other == case.id else "already-merged")
    is_told_by_other = step.is_ours and command.other_opened_at is not None
    if reason := _objection(case, command, step):
        if is_told_by_other:
            return Outcome(case=case, facts=(), commands=(_told(case, command, refused=reason),))
        raise Refused(reason)
    if is_told_by_other and (command.other_opened_at, command.other) < (case.opened_at, case.id):
        return _become_child(case, command, step)
    return Outcome(case=case, facts=(), commands=(_told(case, command),))


def refuse_for_nobody(command: MergeCase) -> MergeCase:
    """What the case hears that was to be merged with one that is not there."""
    return MergeCase(case_id=command.other, actor=command.actor, other=command.case_id, refused="unknown-case")


def absorb(case: Case, command: AbsorbCase, step: Step) -> Outcome:
    """A child joined, or left; with it, those that it had taken in."""
    if not step.is_ours:
        raise Refused("role", "only the child itself says so")
    return _left(case, command, step) if command.released else _joined(case, command, step)


def unmerge(case: Case, command: UnmergeCase, step: Step) -> Outcome:
    """They were two problems after all: what came meanwhile stays with the parent."""
    parent = case.ties.merged_into
    if parent is None:
        raise Refused("not-merged")
    after = advance(case, step, ties=replace(case.ties, merged_into=None))
    fact = CaseUnmerged(**head(after, step), parent=parent, reason=command.reason, turn=after.turn, status=after.status)
    told = AbsorbCase(
        case_id=parent,
        actor=command.actor,
        child=case.id,
        source_keys=_keys(case),
        children=case.ties.children,
        released=True,
        reason=command.reason,
    )
    return Outcome(case=after, facts=(fact,), commands=(told,))


def stays(case: Case, command: CaseCommand) -> bool:
    """Whether a merged case answers this itself: what was begun on it before, and what concerns it alone."""
    match command:
        case UnmergeCase() | EraseCase() | LinkCase():
            return True
        case DecideDataAction():
            return case.privacy.request(command.request) is not None
        case AdviseOnCase():
            return case.help.advice(command.advice) is not None
        case RecordCallback() | CheckCase():
            return case.help.awaits_callback
        case AddContact():
            return case.has(command.source_key) and command.event is None
        case _:
            return False


def send_on(case: Case, command: CaseCommand) -> Outcome:
    """What a merged case hears is its parent's: replies follow the chain to its end."""
    changes: dict[str, Any] = {"case_id": case.ties.merged_into}
    if isinstance(command, AddContact):
        changes["opens"] = False
    if isinstance(command, AbsorbCase):
        case = replace(case, **_family(case, command))
    return Outcome(case=case, facts=(), commands=(command.model_copy(update=changes),))


def link(case: Case, command: LinkCase, step: Step) -> Outcome:
    """Another case belongs beside this one."""
    if command.other == case.id:
        raise Refused("same-case")
    if case.ties.linked(command.other, command.relation):
        if step.is_ours:
            raise Superseded("the link is known")
        raise Refused("already-linked")
    check_room(len(case.ties.links), MOST_TIES, "cases beside it")
    after = advance(case, step, ties=case.ties.with_link(command.other, command.relation))
    return Outcome(case=after, facts=(CaseLinked(**head(after, step), other=command.other, relation=command.relation),))


def _objection(case: Case, command: MergeCase, step: Step) -> str:
    """Why this case is not to be merged; empty where it may."""
    if case.record_type == "voice":
        return "voice"  # a record of its own, shown one by one to everybody
    if case.privacy.restricted_by is not None:
        return "restricted"
    over_for = step.at_after(case.at) - case.closed_at if case.closed_at is not None else dt.timedelta(0)
    if over_for > dt.timedelta(days=step.rules.life.reopen_days):
        return "too-late"
    ours, theirs = case.customer.id, command.other_customer
    if ours is not None and theirs is not None and ours != theirs and command.actor.kind not in SUPERIORS:
        return "other-customer"
    return ""


def _told(case: Case, command: MergeCase, refused: str | None = None) -> MergeCase:
    """What the other case has to know of this one."""
    return MergeCase(
        case_id=command.other,
        actor=command.actor,
        other=case.id,
        other_opened_at=case.opened_at,
        other_customer=case.customer.id,
        reason=command.reason,
        refused=refused,
    )


def _become_child(case: Case, command: MergeCase, step: Step) -> Outcome:
    after = advance(case, step, ties=replace(case.ties, merged_into=command.other))
    fact = CaseMerged(**head(after, step), into=command.other, reason=command.reason)
    absorbed = AbsorbCase(
        case_id=command.other,
        actor=command.actor,
        child=case.id,
        child_number=case.number,
        child_opened_at=case.opened_at,
        source_keys=_keys(case),
        customer=case.customer.id,
        children=case.ties.children,
        child_turn=case.turn if case.status is CaseStatus.OPEN else None,
        child_priority=case.nature.priority,
        child_answered_at=case.answered_at,
        reason=command.reason,
    )
    return Outcome(case=after, facts=(fact,), commands=(absorbed,))


def _joined(case: Case, command: AbsorbCase, step: Step) -> Outcome:
    if command.child in case.ties.children:
        raise Superseded("the child is here already")
    is_ours_to_do = command.child_turn is Turn.DESK and case.status is CaseStatus.OPEN
    changes: dict[str, Any] = {"turn": Turn.DESK, "is_held": False, "held_until": None} if is_ours_to_do else {}
    after = advance(case, step, **_family(case, command), **changes)
    fact = CaseMerged(
        **head(after, step),
        into=case.id,
        child=command.child,
        reason=command.reason,
        turn=changed_turn(case, after),
        child_number=command.child_number,
        child_opened_at=command.child_opened_at,
        child_priority=command.child_priority,
        child_turn=command.child_turn,
        child_answered_at=command.child_answered_at,
    )
    outcome = Outcome(case=after, facts=(fact,))
    return _reopened(outcome, step) if command.child_turn is not None else outcome


def _family(case: Case, command: AbsorbCase) -> dict[str, Any]:
    """Children and source keys once these have come, or gone; a child in between keeps them too, to take them along."""
    members = (command.child, *command.children)
    if command.released:
        gone = frozenset(command.source_keys)
        keys = tuple(each for each in case.keys if each not in gone)
        return {"ties": case.ties.without_children(members), "keys": keys}
    keys = case.keys
    for key in command.source_keys:
        keys = with_key(keys, key)
    return {"ties": case.ties.with_children(members), "keys": keys}


def _reopened(outcome: Outcome, step: Step) -> Outcome:
    """An open problem joined one that was thought over."""
    case = outcome.case
    if case.status is CaseStatus.OPEN:
        return outcome
    after = advance(case, step, **reopening(case))
    fact = CaseReopened(**head(after, step), turn=after.turn, reason="merge", count=after.reopened_count)
    return replace(outcome, case=after, facts=(*outcome.facts, fact))


def _left(case: Case, command: AbsorbCase, step: Step) -> Outcome:
    if command.child not in case.ties.children:
        raise Superseded("the child is not here")
    after = advance(case, step, **_family(case, command))
    fact = CaseUnmerged(**head(after, step), parent=case.id, child=command.child, reason=command.reason)
    return Outcome(case=after, facts=(fact,))


def _keys(case: Case) -> tuple[str, ...]:
    """The newest source keys, as many as a record carries."""
    taken: list[str] = []
    size = 0
    for key in reversed(case.keys[-MOST_KEYS:]):
        size += len(key.encode())
        if size > _MOST_KEYS_BYTES:
            break
        taken.append(key)
    return tuple(reversed(taken))
