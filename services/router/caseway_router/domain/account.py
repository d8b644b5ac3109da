"""Where a case stands, and why it is still waiting, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from caseway.kernel.vocabulary import CaseStatus, Turn
from caseway_router.domain.items import WHOLE, FlowStep, Held, Offered, Waiting, WorkItem, WrappingUp
from caseway_router.domain.obstacles import Lack, Obstacles
from caseway_router.domain.phrases import Speech, count, duration, listed
from caseway_router.domain.routed import RoutedCase

_ABSENCES = {
    "offline": "offline",
    "away": "away",
    "busy": "busy",
    "not_answering": "not answering",
    "handing_over": "handing over",
    "wrap_up": "wrapping up",
}
_KEEPING = {
    "free": ("is free and is asked next", "are free and are asked next"),
    "capacity": ("holds as much as they may", "hold as much as they may"),
    "cool_down": ("let it go a moment ago", "let it go a moment ago"),
    "channel": ("does not take this channel now", "do not take this channel now"),
}
_TURNS = {
    Turn.CUSTOMER: "the customer's turn",
    Turn.DEPARTMENT: "a department's turn",
    Turn.THIRD: "a third party's turn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is said of a case."""

    headline: str
    """Where it stands: one sentence."""
    reasons: tuple[str, ...] = ()
    """Why it is not with anybody yet, and what changes next: a sentence each."""

    @property
    def in_words(self) -> str:
        """All of it."""
        return " ".join((self.headline, *self.reasons))


def of_work(item: WorkItem, found: Obstacles | None, ahead: str, speech: Speech, now: dt.datetime) -> Account:
    """Where a piece of work stands.

    Args:
        item: the work.
        found: what keeps it from an agent; None where it does not wait.
        ahead: what is before it in its queue, in words; empty when nothing is.
        speech: how things are called.
        now: when it is asked.
    """
    queue, waited = speech.queue(item.queue), duration(now - item.queued_at)
    match item.standing:
        case Waiting():
            reasons = tuple(_why_waiting(item, found, ahead, speech, now)) if found is not None else ()
            return Account(headline=f"Waiting in {queue} for {waited}.", reasons=reasons)
        case Offered(agent=agent, expires_at=until):
            return Account(
                headline=f"Offered to {speech.name(agent)}, who may answer until {speech.clock(until, now)}."
            )
        case Held(agent=agent, since=since, activity=activity):
            doing = f", and is busy with it now ({activity})" if activity else ""
            return Account(headline=f"{speech.name(agent)} has had it for {duration(now - since)}{doing}.")
        case WrappingUp(agent=agent, ends_at=until):
            return Account(
                headline=f"{speech.name(agent)} is writing it up, until {speech.clock(until, now)} at the latest."
            )
        case _:
            assert_never(item.standing)


def of_case(case: RoutedCase, speech: Speech, now: dt.datetime) -> Account:
    """Where a case stands of which no pool has any work."""
    if case.postponed_until is not None:
        return _postponed(case, case.postponed_until, speech, now)
    return Account(headline=_unwanted(case))


def _postponed(case: RoutedCase, until: dt.datetime, speech: Speech, now: dt.datetime) -> Account:
    opens = speech.clock(until, now)
    if case.is_wished:
        return Account(headline=f"Not queued yet: the customer is to be called at {opens}.")
    waits = "The customer is on the line and may choose a call-back or a case." if case.is_on_the_line else ""
    following = "It is queued then by itself, as old as it is."
    return Account(
        headline=f"Not queued yet: nobody is there for it before {opens}.",
        reasons=tuple(each for each in (waits, following) if each),
    )


def _unwanted(case: RoutedCase) -> str:
    """The first that is so."""
    status, turn = case.status, case.turn
    states = (
        (case.is_merged, "It is part of another case, where the work is."),
        (status is None, "Nothing is known of it yet but its promises."),
        (status is not CaseStatus.OPEN, f"Nobody has to do anything: it is {status.value if status else 'unknown'}."),
        (case.is_held, "It is held back, and waits outside every queue until it is released."),
        (turn is not Turn.DESK, f"Nobody here has to do anything now: it is {_TURNS.get(turn, turn.value)}."),
        (case.since is None, "The caller left, and was not to be called back."),
        (
            case.facts.get("by_rules") is False,
            "It is not routed by rules, as its sender asked: somebody must say where it goes.",
        ),
    )
    otherwise = "It is in no queue: a routing rule says that it is not routed, or its work has just ended."
    return next((words for is_so, words in states if is_so), otherwise)


def _why_waiting(item: WorkItem, found: Obstacles, ahead: str, speech: Speech, now: dt.datetime) -> Iterator[str]:
    if item.only and item.named_until is not None:
        yield f"The customer asked for {speech.name(item.only)}: until {speech.clock(item.named_until, now)} it is theirs alone."
    yield from (_lacking(lack, speech) for lack in found.lacks)
    if found.is_hopeless and all(lack.absent for lack in found.lacks):
        yield _hopeless(item, found, speech)
    elif not found.lacks:
        yield from _with_everybody(found, speech, now)
    if ahead:
        yield ahead
    yield from _what_changes(item, speech, now, is_hopeless=found.is_hopeless)


def _lacking(lack: Lack, speech: Speech) -> str:
    skill = speech.skill(lack.skill, lack.level)
    if not lack.absent:
        return f"Nobody at this desk has {skill}."
    absent = [f"{number} {_ABSENCES.get(presence, presence)}" for presence, number in sorted(lack.absent.items())]
    return f"Nobody present has {skill}; {count(sum(lack.absent.values()), 'agent has', 'agents have')} it: {listed(absent)}."


def _hopeless(item: WorkItem, found: Obstacles, speech: Speech) -> str:
    if found.counts.get("weight"):
        return f"It weighs {item.weight / WHOLE:g} contacts: more than anybody who could do it may hold at once."
    skills = [speech.skill(skill, level) for skill, level in item.needed]
    having = f" has {listed(skills)} together and" if len(skills) > 1 else f" has {skills[0]} and" if skills else ""
    return f"As it is, nobody at this desk{having} serves {speech.queue(item.queue)} on this channel."


def _with_everybody(found: Obstacles, speech: Speech, now: dt.datetime) -> Iterator[str]:
    """What the able are doing, where every skill is present."""
    there = {name: number for name, number in found.counts.items() if name in _KEEPING}
    absent = {name: number for name, number in found.counts.items() if name in _ABSENCES}
    if not there:
        yield f"Nobody who may take it is present: of {count(found.able_count, 'agent', 'agents')} " + (
            listed([f"{number} {_ABSENCES[name]}" for name, number in sorted(absent.items())]) + "."
        )
        return
    said = [f"{number} {_KEEPING[name][0 if number == 1 else 1]}" for name, number in sorted(there.items())]
    yield f"Of the {count(sum(there.values()), 'agent present', 'agents present')} who may take it, {listed(said)}."
    if found.retry_at is not None:
        yield f"It is offered again to who let it go from {speech.clock(found.retry_at, now)} on."


def _what_changes(item: WorkItem, speech: Speech, now: dt.datetime, *, is_hopeless: bool) -> Iterator[str]:
    following = item.relaxations[item.step : item.step + 1]
    for each in following:
        if each.drop_after is not None:
            at = speech.clock(item.queued_at + each.drop_after, now)
            yield f"At {at} it stops asking for {speech.skill(each.skill, each.level)}."
    step, at_step = item.next_step, item.next_step_at
    if step is not None and at_step is not None:
        yield f"If it still waits at {speech.clock(at_step, now)}, {_step_in_words(step, speech)}."
    if not following and step is None:
        waits_for = "somebody must send it elsewhere, or take it" if is_hopeless else "it waits for an agent"
        yield f"Nothing about what it asks for changes by itself: {waits_for}."


def _step_in_words(step: FlowStep, speech: Speech) -> str:
    if step.department:
        return f"it leaves the desk for the department {step.department}"
    if step.choices:
        return f"the customer is offered a choice ({listed(list(step.choices), 'or')}), should nobody be there for it"
    changes = []
    if step.queue:
        changes.append(f"it moves to {speech.queue(step.queue)}")
    if step.requirements is not None:
        skills = [speech.skill(each.skill, each.level) for each in step.requirements]
        changes.append(f"it asks only for {listed(skills)}" if skills else "it asks for no skill any more")
    if step.priority is not None or step.boost is not None:
        changes.append("it moves forward in its queue")
    return f"{listed(changes)} (step {step.name})" if changes else f"the step {step.name} begins"
