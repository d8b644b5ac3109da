"""How promises and their reasons are shown."""

from __future__ import annotations

import datetime as dt
from typing import Any

from caseway.kernel.business_hours import BusinessHours
from caseway_escalation.domain import clock
from caseway_escalation.domain.case import Case
from caseway_escalation.domain.clock import Milestone
from caseway_escalation.domain.explanation import Reason, reason_for
from caseway_escalation.domain.guidance import Focus, Post
from caseway_escalation.domain.promises import Promises
from caseway_escalation.domain.run import Run


def text(at: dt.datetime | None) -> str | None:
    """An instant in UTC, with all six digits."""
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds") if at is not None else None


def shown_case(case: Case, promises: Promises, now: dt.datetime) -> dict[str, Any]:
    """A case with all its promises, each with its reason, and where its time was spent."""
    spent = {str(turn): length.total_seconds() for turn, length in case.turns.until(now).items()}
    return {
        "case_id": case.id,
        "turn": case.standing.turn,
        "status": case.standing.status,
        "merged_into": case.merged_into,
        "time_seconds": spent | {"total": sum(case.turns.until(now).values(), dt.timedelta(0)).total_seconds()},
        "ladders": [shown_run(run) for run in case.runs],
        "handling": shown_focus(case.focus, now),
        "earlier": dict(case.forgotten),
        "milestones": [
            shown(case, each)
            | _used(each, promises, now)
            | _steps(case, each, promises)
            | {"reason": _reason(each, promises)}
            for each in case.milestones
        ],
    }


def shown_run(run: Run) -> dict[str, Any]:
    """Where one run of a ladder stands."""
    turn, rung = run.place(run.step)
    is_climbing = run.next_at is not None
    return {
        "ladder": run.ladder,
        "occurrence": run.id,
        "entry": run.entry,
        "state": run.state,
        "milestone": run.milestone or None,
        "configuration": run.fixed_by,
        "started_at": text(run.started_at),
        "taken_over_from": run.taken_over_from or None,
        "rungs": [
            {"after_seconds": each.after.total_seconds(), "do": each.action, "to": list(each.to)}
            for each in run.plan.rungs
        ],
        "rungs_reached": run.step,
        "next": {"rung": run.step % len(run.plan.rungs) + 1, "round": turn, "do": rung.action, "at": text(run.next_at)}
        if is_climbing
        else None,
        "acknowledged_at": text(run.acknowledged_at),
        "acknowledged_by": run.acknowledged_by or None,
        "reminded": run.reminded,
        "ended_at": text(run.ended_at),
        "reason": run.reason,
    }


def shown_focus(focus: Focus, now: dt.datetime) -> dict[str, Any]:
    """How long the case has been worked on, and what was posted of it."""
    spent = focus.handling(now)
    return {
        "seconds": sum(spent.values(), dt.timedelta(0)).total_seconds(),
        "by_activity": {name: length.total_seconds() for name, length in spent.items()},
        "by_agent_before": {name: length.total_seconds() for name, length in focus.by_agent.items()},
        "now": [
            {
                "agent": each.agent,
                "activity": each.activity,
                "since": text(each.since),
                "posted_at": text(each.alert_at),
            }
            for each in focus.stretches
        ],
        "posts": [shown_post(post) for post in focus.posts],
    }


def shown_post(post: Post) -> dict[str, Any]:
    """One post of long guidance."""
    return {
        "occurrence": post.id,
        "agent": post.agent,
        "since": text(post.since),
        "posted_at": text(post.at),
        "announced": post.is_announced,
        "ended_at": text(post.ended_at),
        "stamped_at": text(post.stamped_at),
        "stamped_by": post.stamped_by or None,
    }


def shown(case: Case, milestone: Milestone) -> dict[str, Any]:
    """One promise."""
    return {
        "milestone": milestone.id,
        "case_id": case.id,
        "kind": milestone.kind,
        "instance": milestone.instance,
        "subject": milestone.subject,
        "state": milestone.state,
        "policy": milestone.terms.policy,
        "configuration": milestone.given_by,
        "priority": case.standing.priority,
        "target_seconds": milestone.target.total_seconds(),
        "started_at": text(milestone.started_at),
        "due_at": text(milestone.due_at),
        "warn_at": text(milestone.warn_at),
        "warnings": [
            {
                "at": text(each.at),
                "before_seconds": each.before.total_seconds(),
                "told": each.before in milestone.warned,
            }
            for each in milestone.warnings
        ],
        "warned_at": _warned_at(milestone),
        "ended_at": text(milestone.ended_at),
        "taken_over_from": milestone.taken_over_from,
    }


def _warned_at(milestone: Milestone) -> str | None:
    return text(max((each.at for each in milestone.warnings if each.before in milestone.warned), default=None))


def _used(milestone: Milestone, promises: Promises, now: dt.datetime) -> dict[str, Any]:
    """How much of the target is used by now, or was when it ended."""
    hours = promises.hours(milestone.terms)
    return {
        "elapsed_seconds": clock.elapsed(milestone, milestone.ended_at or now, hours).total_seconds() if hours else None
    }


def _steps(case: Case, milestone: Milestone, promises: Promises) -> dict[str, Any]:
    """Which stamps are still to be put."""
    kind = promises.kinds.get(milestone.kind)
    missing = kind.requires.difference(case.standing.stamps) if kind and milestone.is_open else ()
    return {"missing_stamps": sorted(missing), "is_awaiting_stamps": milestone.is_awaiting_stamps}


def _reason(milestone: Milestone, promises: Promises) -> dict[str, Any]:
    hours: BusinessHours | None = promises.hours(milestone.terms)
    if hours is None:
        return {"calendar": milestone.terms.calendar, "words": "Its calendar is no longer configured."}
    return _shown_reason(reason_for(milestone, hours))


def _shown_earlier(reason: Reason) -> dict[str, Any] | None:
    if (earlier := reason.earlier) is None:
        return None
    return {
        "count": earlier.count,
        "from": text(earlier.since),
        "until": text(earlier.until),
        "seconds": reason.earlier_used.total_seconds(),
    }


def _shown_reason(reason: Reason) -> dict[str, Any]:
    return {
        "calendar": reason.calendar,
        "zone": reason.zone,
        "calendar_version": reason.calendar_version,
        "hours_from": reason.hours_from_on.isoformat() if reason.hours_from_on else None,
        "earlier": _shown_earlier(reason),
        "counted": [
            {
                "from": text(each.span.start),
                "until": text(each.span.end),
                "seconds": each.seconds,
                "has_other_hours": each.has_other_hours,
            }
            for each in reason.counted
        ],
        "closed": [
            {"from": text(each.days.start), "until": text(each.days.end), "why": each.why} for each in reason.closed
        ],
        "new_hours_from": [each.isoformat() for each in reason.new_hours_on],
        "pauses": [{"from": text(each.start), "until": text(each.end)} for each in reason.pauses],
        "stands_since": text(reason.stands_since),
        "words": reason.words,
    }
