"""How waiting work reaches an agent, and comes back."""

from __future__ import annotations

import datetime as dt
import heapq
from dataclasses import replace
from itertools import islice

from caseway.kernel.vocabulary import Presence
from caseway_router.domain.assignment import telling
from caseway_router.domain.decided import DecidedOffer
from caseway_router.domain.explained import Explanation
from caseway_router.domain.items import CoolDown, Held, Offered, Waiting, WorkItem
from caseway_router.domain.ledger import Ledger
from caseway_router.domain.matching import explain


def settle(ledger: Ledger) -> None:
    """Offer whatever can be offered, the most urgent first: after rules or agents changed for many at once."""
    lines = [iter(line) for line in ledger.pool.lines.snapshot()]
    heads = [(key, index) for index, line in enumerate(lines) for key in islice(line, 1)]
    heapq.heapify(heads)
    while heads:
        key, index = heapq.heappop(heads)
        item = ledger.pool.items[key[-1]]
        # whoever may not take one item of a line may not take the next, unless this one alone is kept from them
        if try_offer(ledger, item) or item.cool_downs or item.excluded:
            for following in islice(lines[index], 1):
                heapq.heappush(heads, (following, index))


def serve(ledger: Ledger, agent: str) -> None:
    """Give an agent with room the most urgent work they may take, until the room or the work is used up."""
    seat = ledger.pool.seat(agent)
    while seat is not None and seat.has_room:
        case_id = ledger.pool.lines.next_for(seat, ledger.pool.items, ledger.now)
        if case_id is None:
            return
        item = ledger.pool.items[case_id]
        why = explain(ledger.pool, item, ledger.now)
        if why is None:
            return
        offer(ledger, item, why)


def try_offer(ledger: Ledger, item: WorkItem) -> bool:
    """Offer a waiting item to the best agent who may take it now; False when there is none."""
    why = explain(ledger.pool, item, ledger.now)
    if why is None:
        return False
    offer(ledger, item, why)
    return True


def offer(ledger: Ledger, item: WorkItem, why: Explanation, *, by_hand: bool = False, is_taken: bool = False) -> None:
    """Ask the chosen agent, whom the policy chose or, `by_hand`, a person; what `is_taken` is theirs at once."""
    plan = ledger.pool.plan
    expires_at = ledger.now + plan.offer_for(item.queue)
    standing = Offered(agent=why.chosen, since=ledger.now, expires_at=expires_at, cause=ledger.cause)
    item = ledger.put(item.but(standing=standing, offer_count=item.offer_count + 1))
    if ledger.pool.order.is_rotation:
        ledger.attend(replace(ledger.pool.attendances[why.chosen], offered_at=ledger.now))
    ledger.keep(
        DecidedOffer(
            work_item=item.work_item,
            case_id=item.case_id,
            pool=item.pool,
            queue=item.queue,
            offer_count=item.offer_count,
            at=ledger.now,
            queued_at=item.queued_at,
            expires_at=standing.expires_at,
            configuration=ledger.pool.version,
            explanation=why,
        )
    )
    telling.offered(ledger, item, standing, why, by_hand=by_hand)
    if is_taken or item.channel in plan.agents[why.chosen].profile.auto_accepts:
        take(ledger, item, standing, automatic=not is_taken)
    else:
        ledger.arm("offer", item.case_id, standing.expires_at)


def take(ledger: Ledger, item: WorkItem, standing: Offered, *, automatic: bool = False) -> None:
    """The agent takes what was offered."""
    ledger.disarm("offer", item.case_id)
    item = ledger.put(item.but(standing=Held(agent=standing.agent, since=ledger.now)))
    attendance = ledger.pool.attendances[standing.agent]
    if attendance.missed_count:
        ledger.attend(replace(attendance, missed_count=0))
    telling.accepted(ledger, item, standing.since, automatic=automatic)
    if not automatic and _rings(ledger, item):
        serve(ledger, standing.agent)


def _rings(ledger: Ledger, item: WorkItem) -> bool:
    """Whether answering it makes room for the next of its channel to ring."""
    seat = ledger.pool.seat(item.agent)
    limit = seat.agent.profile.channels.get(item.channel) if seat else None
    return limit is not None and limit.rings is not None


def give_back(ledger: Ledger, item: WorkItem, reason: str, *, cools: bool = True) -> None:
    """The item waits again with its original age; others are asked at once, its last agent not for a while."""
    waiting = stand_back(ledger, item, reason, cools=cools)
    if not try_offer(ledger, waiting):
        ledger.arm_waits(waiting)
    serve(ledger, item.agent)


def stand_back(ledger: Ledger, item: WorkItem, reason: str, *, cools: bool) -> WorkItem:
    """The item waits again with its original age, and nobody is asked yet."""
    until = ledger.now + ledger.pool.plan.cool_down if cools else None
    if isinstance(item.standing, Offered):
        ledger.disarm("offer", item.case_id)
    back = item.but(standing=Waiting(), cool_downs=_cooling(ledger, item, until), again=None)
    waiting = ledger.put(back.relaxed(ledger.now))
    telling.returned(ledger, waiting, item.agent, reason, until)
    note_release(ledger, item.agent)
    return waiting


def _cooling(ledger: Ledger, item: WorkItem, until: dt.datetime | None) -> tuple[CoolDown, ...]:
    others = tuple(each for each in item.cooling(ledger.now) if each.agent != item.agent)
    return others if until is None else (*others, CoolDown(agent=item.agent, until=until))


def note_release(ledger: Ledger, agent: str) -> None:
    """The agent is idle since now, as far as choosing among equals goes."""
    attendance = ledger.pool.attendances.get(agent)
    if attendance is not None:
        ledger.attend(attendance.released(ledger.now))


def expire(ledger: Ledger, item: WorkItem, standing: Offered) -> None:
    """The agent did not answer in time."""
    attendance = ledger.pool.attendances[standing.agent]
    missed = attendance.missed_count + 1
    ledger.attend(replace(attendance, missed_count=missed))
    telling.expired(ledger, item, standing, missed)
    limit = ledger.pool.plan.missed_limit
    if 0 < limit <= missed and attendance.presence is Presence.ONLINE:
        be_present(ledger, standing.agent, Presence.NOT_ANSWERING, "missed_offers")
    if ledger.pool.items.get(item.case_id) == item:
        give_back(ledger, item, "expired")


def be_present(ledger: Ledger, agent: str, presence: Presence, reason: str) -> None:
    """The agent's presence changes without their asking; what is offered to them goes back."""
    attendance = ledger.pool.attendances[agent]
    changed = replace(attendance, presence=presence, since=ledger.now)
    ledger.attend(changed)
    telling.presence_changed(ledger, changed, attendance.presence, reason)
    be_gone(ledger, agent, presence)


def be_gone(ledger: Ledger, agent: str, presence: Presence) -> None:
    """What follows from an agent's not being online any more."""
    leave_offers(ledger, agent)
    release_named(ledger, agent)
    if presence is Presence.OFFLINE:
        expect_back(ledger, agent)


def release_named(ledger: Ledger, agent: str) -> None:
    """What waited for this agent alone waits for anyone: whom the customer named is not there."""
    for case_id in ledger.pool.lines.only_for(agent):
        item = ledger.pool.items[case_id]
        released = ledger.put(item.but(named_until=None))
        rearm_relaxation(ledger, item, released)
        try_offer(ledger, released)


def rearm_relaxation(ledger: Ledger, before: WorkItem, after: WorkItem) -> None:
    """Make its next relaxation due, where it waits and that is another than before."""
    relaxes_at = after.next_relaxation_at
    if relaxes_at == before.next_relaxation_at or not isinstance(after.standing, Waiting):
        return
    if relaxes_at is None:
        ledger.disarm("relax", after.case_id)
    else:
        ledger.arm("relax", after.case_id, relaxes_at)


def leave_offers(ledger: Ledger, agent: str) -> None:
    """What is offered to an agent who is not there goes back at once."""
    for item in ledger.pool.held_by(agent):
        if isinstance(item.standing, Offered):
            give_back(ledger, item, "presence", cools=False)


def expect_back(ledger: Ledger, agent: str) -> None:
    """Held work waits a while for an agent who went offline."""
    if ledger.pool.held_by(agent):
        ledger.arm("absent", agent, ledger.now + ledger.pool.plan.return_after)
