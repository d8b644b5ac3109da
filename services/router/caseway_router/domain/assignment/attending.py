"""How agents come, go, and vanish."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from caseway.contracts.work_commands import SendHeartbeat, SetPresence
from caseway.kernel.errors import Rejected, Superseded
from caseway.kernel.vocabulary import Presence
from caseway_router.domain.assignment import telling
from caseway_router.domain.assignment.ending import complete
from caseway_router.domain.assignment.offering import be_gone, be_present, give_back, serve
from caseway_router.domain.assignment.reading import hundredths
from caseway_router.domain.items import Held, WrappingUp
from caseway_router.domain.ledger import Ledger
from caseway_router.domain.staff import Attendance


def set_presence(ledger: Ledger, command: SetPresence) -> None:
    """The agent says what they are open to."""
    before = ledger.pool.attendances.get(command.agent)
    attendance = _asked_for(ledger, command, before)
    if before is not None and replace(before, missed_count=0, heard_at=None) == attendance:
        raise Superseded("the agent is present like that already")
    ledger.attend(attendance)
    telling.presence_changed(ledger, attendance, before.presence if before else None, command.reason or "asked")
    _follow_up(ledger, command.agent, attendance.presence)


def _asked_for(ledger: Ledger, command: SetPresence, before: Attendance | None) -> Attendance:
    if command.agent not in ledger.pool.plan.agents:
        raise Rejected("unknown-agent", "no such agent is configured in this pool")
    known = ledger.pool.plan.agents[command.agent].profile.channels
    is_same = before is not None and before.presence is command.presence
    return Attendance(
        agent=command.agent,
        pool=ledger.pool.name,
        presence=command.presence,
        since=before.since if is_same and before else ledger.now,
        channels={channel: 0 for channel in sorted(known) if not command.channels.get(channel, True)},
        capacity=None if command.capacity is None else hundredths(command.capacity, "capacity"),
        released_at=before.released_at if before else None,
        offered_at=before.offered_at if before else None,
    )


def _follow_up(ledger: Ledger, agent: str, presence: Presence) -> None:
    ledger.disarm("absent", agent)
    if presence is Presence.ONLINE:
        serve(ledger, agent)
        return
    be_gone(ledger, agent, presence)
    if presence is Presence.HANDING_OVER:
        hand_over(ledger, agent, "handed_over")


def heartbeat(ledger: Ledger, command: SendHeartbeat) -> None:
    """The agent's desk is still there; from its first heartbeat on, silence means that it is not.

    Thousands of desks say so all the time: it is written down once in a while, and silence is judged that much later.
    """
    attendance = ledger.pool.attendances.get(command.agent)
    if attendance is None or attendance.presence is Presence.OFFLINE:
        raise Superseded("the agent is not there")
    if attendance.heard_at is not None and ledger.now - attendance.heard_at < _unnoted(ledger):
        raise Superseded("the agent's desk was heard a moment ago")
    ledger.attend(attendance.heard(ledger.now))
    if attendance.heard_at is None:
        ledger.arm("silent", command.agent, _silent_at(ledger, ledger.now))


def _unnoted(ledger: Ledger) -> dt.timedelta:
    """For so long after a heartbeat that was written down, further ones are not."""
    return ledger.pool.plan.silent_after / 2


def _silent_at(ledger: Ledger, heard_at: dt.datetime) -> dt.datetime:
    """When a desk that was noted last then is surely silent."""
    return heard_at + _unnoted(ledger) + ledger.pool.plan.silent_after


def fall_silent(ledger: Ledger, agent: str) -> None:
    """See whether the desk was heard since; if not, its agent counts as offline."""
    attendance = ledger.pool.attendances.get(agent)
    if attendance is None or attendance.heard_at is None or attendance.presence is Presence.OFFLINE:
        return
    due_at = _silent_at(ledger, attendance.heard_at)
    if due_at > ledger.now:
        ledger.arm("silent", agent, due_at)
    else:
        be_present(ledger, agent, Presence.OFFLINE, "no_heartbeat")


def stay_absent(ledger: Ledger, agent: str) -> None:
    """An agent who went offline did not come back in time: others get what they held."""
    attendance = ledger.pool.attendances.get(agent)
    if attendance is None or attendance.presence is not Presence.OFFLINE:
        return
    hand_over(ledger, agent, "agent_absent")


def hand_over(ledger: Ledger, agent: str, reason: str) -> None:
    """Others get what the agent held, as old as it is; what was only to be written up is done."""
    for item in ledger.pool.held_by(agent):
        match item.standing:
            case Held():
                give_back(ledger, item, reason, cools=False)
            case WrappingUp() as standing:
                ledger.disarm("wrap", item.case_id)
                complete(ledger, item, standing, ledger.now)
            case _:
                pass
