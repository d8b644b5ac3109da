"""Who has said that they know, and what follows if nobody.

Three ways to say it, all of them facts of the case: the done stamp, a stamp on the notice itself (what the signed page
sends), and an answer by mail. Who says nothing is reminded; after the last reminder a superior is asked for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from caseway.contracts.case_commands import RequestEscalation
from caseway.contracts.cases import CaseStamped, ContactAdded
from caseway.contracts.notifications import NotificationAcknowledged
from caseway.contracts.parts import Actor
from caseway.kernel.decision import NOTHING, Arm, Decision, Disarm, Due, Moment, Put
from caseway.kernel.values import replace
from caseway_notifier.domain import addresses
from caseway_notifier.domain.acknowledgement import (
    Awaited,
    answered,
    timer_key,
    waiting_for,
    without,
)
from caseway_notifier.domain.case import KnownCase
from caseway_notifier.domain.fanout.learning import CaseOccasion
from caseway_notifier.domain.fanout.record import joined, requested, row
from caseway_notifier.domain.kept import CASES, REMIND
from caseway_notifier.domain.request import Request, to_send
from caseway_notifier.domain.subscription import Acknowledgement, Plan

OURSELVES = Actor(kind="machine", id="notifier")


def acknowledged(known: KnownCase, fact: CaseOccasion, cause: str, moment: Moment) -> tuple[KnownCase, Decision]:
    """The case after an answer that this fact may be."""
    if not known.awaiting:
        return known, NOTHING
    plan: Plan = moment.configuration.plan
    match fact:
        case CaseStamped() if not fact.removed:
            is_done = fact.stamp in plan.stamps
            after, done = answered(
                known, lambda each: fact.occurrence == each.notification or (is_done and _fits(each, fact))
            )
            by, medium = fact.actor.id if fact.actor else None, "page" if not is_done else "stamp"
        case ContactAdded() if fact.in_reply_to and fact.author.address:
            sender = addresses.normal(fact.author.address)
            after, done = answered(known, lambda each: each.target.recipient == sender)
            by, medium = None, "reply"
        case _:
            return known, NOTHING
    facts = tuple(_fact(each, cause, by, medium, moment) for each in done)
    return after, Decision(emits=facts, timers=tuple(_stopped(after, done)))


def _fits(each: Awaited, fact: CaseStamped) -> bool:
    """A done stamp is about what it names and all that was told of that; one that names the case, about all of it."""
    about = fact.occurrence
    return (
        about in {"", fact.case_id}
        or about == each.request.occurrence
        or each.request.occurrence.startswith(f"{about}/")
    )


def _fact(each: Awaited, cause: str, by: str | None, medium: str, moment: Moment) -> NotificationAcknowledged:
    request = each.request
    return NotificationAcknowledged(
        at=moment.now,
        cause=cause,
        configuration=moment.version,
        notification=each.notification,
        case_id=request.case_id,
        occurrence=request.occurrence,
        recipient=each.target.reference,
        channel=each.target.channel,
        template=request.template,
        subscription=request.subscription,
        by=by,
        medium=medium,
    )


def _stopped(after: KnownCase, done: Iterable[Awaited]) -> Iterable[Disarm]:
    """The timers of notices that everybody has answered."""
    for subscription, occurrence in sorted({(each.request.subscription, each.request.occurrence) for each in done}):
        if not waiting_for(after, subscription, occurrence):
            yield Disarm(key=timer_key(after.id, subscription, occurrence))


def reminding(case_id: str, request: Request, asked: Acknowledgement, moment: Moment) -> tuple[Arm, ...]:
    """The timer that looks whether everybody has answered, where nobody else does."""
    if asked.remind_after is None:
        return ()
    data = {
        "case": case_id,
        "subscription": request.subscription,
        "occurrence": request.occurrence,
        "number": 1,
        "seconds": asked.remind_after.total_seconds(),
        "reminders": asked.reminders,
    }
    key = timer_key(case_id, request.subscription, request.occurrence)
    return (Arm(key=key, kind=REMIND, due_at=moment.now + asked.remind_after, data=data),)


def remind(known: KnownCase | None, due: Due, moment: Moment) -> Decision:
    """Tell those again who have not answered; after the last time, ask for a superior."""
    data = due.data
    silent = waiting_for(known, data["subscription"], data["occurrence"]) if known else ()
    if known is None or not silent:
        return NOTHING
    number = int(data["number"])
    if number > int(data["reminders"]):
        after = without(known, silent)
        command = RequestEscalation(
            case_id=known.id, actor=OURSELVES, reason=f"unacknowledged: {data['subscription']}", urgent=True
        )
        return Decision(changes=(Put(collection=CASES, id=known.id, value=after),), emits=(command,))
    again = joined(_again(each, number, due, moment) for each in silent)
    timer = Arm(key=due.key, kind=REMIND, due_at=due.due_at + _wait(due), data={**data, "number": number + 1})
    return again + Decision(timers=(timer,))


def _again(each: Awaited, number: int, due: Due, moment: Moment) -> Decision:
    """The same words as another notification; its Message-ID is another, since it is another mail."""
    occurrence = f"{each.request.occurrence}#{number}"
    request = replace(each.request, occurrence=occurrence, cause=due.armed_by, requested_at=moment.now)
    signed = moment.configuration.sign(request.case_id, f"{occurrence}/{request.subscription}/{each.language}")
    delivery = replace(to_send(request, each.target, each.content, signed), acknowledges=each.notification)
    return row(delivery, (requested(delivery, moment.now, moment.version, each.language),))


def _wait(due: Due) -> dt.timedelta:
    return dt.timedelta(seconds=float(due.data["seconds"]))
