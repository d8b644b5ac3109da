"""What becomes of a form when too many come in a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from caseway.contracts.case_commands import AddContact, HoldCase, RefuseContact
from caseway.contracts.parts import Actor, Author
from caseway.kernel.decision import Decision, Put, Ref
from caseway.kernel.ids import case_id, derived_id
from caseway.kernel.vocabulary import Channel, Priority, Turn
from caseway_intake.domain import quota
from caseway_intake.domain.admission.knowledge import FORM_BLOCKS, FORM_POOLS, POOL, Knowledge

REASON = "form-quota"
"""Why a case is held; also the category of what the administrator is told."""
_EDGE = Actor(kind="machine", id="intake.edge")


def needs_of_quota(lane: int) -> Iterable[Ref]:
    """The pool of all lanes, and this lane's share."""
    return Ref(FORM_POOLS, POOL), Ref(FORM_BLOCKS, str(lane))


def within_quota(command: AddContact, rules: quota.Rules, known: Knowledge) -> Decision:
    """The form's case: worked on now; or opened, acknowledged, and held until its day has room; or refused (S1-05)."""
    pool: quota.Pool | None = known.states.get(FORM_POOLS, POOL)
    block: quota.Block | None = known.states.get(FORM_BLOCKS, str(known.lane))
    place = quota.place(pool, block, rules, known.now)
    changes = _changes(place, pool, block, known)
    match place.outcome:
        case "now":
            return Decision(emits=(command,), changes=changes)
        case "waits":
            waiting = command.model_copy(update={"waits": True})
            hold = HoldCase(
                case_id=command.case_id, actor=_EDGE, turn=Turn.THIRD, reason=REASON, until=place.release_at
            )
            return Decision(emits=(waiting, hold, *_notices(place, rules, known)), changes=changes)
        case "refused":
            answer = _answer(command, rules, known)
            return Decision(emits=(answer, *_notices(place, rules, known)), changes=changes, parks="refused")


def _answer(command: AddContact, rules: quota.Rules, known: Knowledge) -> RefuseContact:
    """What the customer hears: that it was not taken, and from when forms are. Who sends by HTTP hears it at the door."""
    tomorrow = quota.local_day(rules, known.now) + dt.timedelta(days=1)
    return RefuseContact(
        case_id=command.case_id,
        actor=_EDGE,
        source_key=command.source_key,
        channel=command.channel,
        reason=REASON,
        subject=command.subject,
        name=command.party.name,
        reply_to=command.reply_to,
        language=command.reply_language or command.language,
        received_at=command.received_at,
        again_at=quota.release_of(tomorrow, rules),
    )


def _changes(
    place: quota.Place, pool: quota.Pool | None, block: quota.Block | None, known: Knowledge
) -> tuple[Put, ...]:
    """Only what is new: a form within a lane's block touches nothing that other lanes write."""
    changes = []
    if place.pool != (pool or quota.Pool()):
        changes.append(Put(collection=FORM_POOLS, id=POOL, value=place.pool))
    if place.block is not None and place.block != block:
        changes.append(Put(collection=FORM_BLOCKS, id=str(known.lane), value=place.block))
    return tuple(changes)


def _notices(place: quota.Place, rules: quota.Rules, known: Knowledge) -> Iterable[AddContact]:
    """The day's case about the flood: opened by the first form that waits, told of the first refused ones."""
    day = quota.local_day(rules, known.now)
    if place.is_first:
        yield _notice(day, "", f"{rules.daily} forms came today: the others wait.", known)
    if 1 <= place.refused_count <= quota.NOTICES:
        text = (
            f"Form {place.refused_count} of today is refused: {rules.waiting} wait. It is parked, and can be replayed."
        )
        yield _notice(day, f"/refused/{place.refused_count}", text, known)


def _notice(day: dt.date, part: str, text: str, known: Knowledge) -> AddContact:
    key = f"desk:{REASON}/{day}"
    return AddContact(
        case_id=case_id(key),
        actor=_EDGE,
        contact=f"contact_{derived_id('contact', key, part)}",
        channel=Channel.DESK,
        source_key=f"{key}{part}",
        author=Author(kind="machine", id=_EDGE.id),
        subject=f"Too many forms on {day}",
        text=text,
        automatic=True,
        received_at=known.now,
        language=known.rules.triage.languages.default,
        category=REASON,
        priority=Priority.HIGH,
        tags=(REASON,),
    )
