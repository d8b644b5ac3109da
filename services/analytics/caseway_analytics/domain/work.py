"""How the facts about its work change a case's history."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from caseway_analytics.domain.history import (
    History,
    Item,
    ItemState,
    PickUp,
    Stay,
    milliseconds_between,
)


def queued(
    history: History, at: dt.datetime, item: str, queue: str, *, since: dt.datetime, weight: float = 1.0
) -> History:
    """A work item waits in a queue, since `since`: its original age, where it has one."""
    before = history.items.get(item)
    if before and before.waiting_since and before.queue == queue:
        return history
    since = _not_held_since(history, since)
    waiting = Item(queue=queue, state=ItemState.WAITING, waiting_since=since, weight=weight)
    return _staying(_with(history, item, waiting), at, queue)


def offered(history: History, at: dt.datetime, item: str, queue: str, agent: str) -> History:
    """An agent is asked to take it; it goes on waiting."""
    return _with(history, item, replace(_item(history, item, queue), state=ItemState.OFFERED, agent=agent, since=at))


def unanswered(history: History, item: str, queue: str) -> History:
    """The offer was declined or expired: it waits on, with its age."""
    before = _item(history, item, queue)
    if before.state is not ItemState.OFFERED:
        return history
    return _with(history, item, replace(before, state=ItemState.WAITING, agent="", since=None))


def accepted(
    history: History, at: dt.datetime, item: str, queue: str, agent: str, *, since: dt.datetime | None = None
) -> History:
    """An agent took it; the wait, since `since` where its beginning was not read, is over."""
    before = _item(history, item, queue)
    if _is_held(before):
        return _with(history, item, replace(before, agent=agent))
    held = replace(before, queue=queue, state=ItemState.HELD, agent=agent, since=at, waiting_since=None)
    known = _staying(_with(history, item, held), at, queue)
    began = before.waiting_since or (_not_held_since(history, since) if since else None)
    if began is None:
        return known
    pick_up = PickUp(at=at, queue=queue, waited_ms=milliseconds_between(began, at))
    return replace(known, pick_ups=(*history.pick_ups, pick_up))


def wrapping_up(history: History, item: str, queue: str) -> History:
    """The contact is over, the agent still writes it up."""
    return _with(history, item, replace(_item(history, item, queue), state=ItemState.WRAPPING))


def returned(history: History, at: dt.datetime, item: str, queue: str) -> History:
    """It waits again: since now if somebody held it, else with its age."""
    before = _item(history, item, queue)
    since = before.waiting_since or at
    back = replace(before, state=ItemState.WAITING, agent="", since=None, waiting_since=since)
    return _with(_released(history, at, item), item, back)


def transferred(history: History, at: dt.datetime, item: str, queue: str) -> History:
    """It goes to another queue, or another agent of this one, and a new wait begins."""
    weight = _item(history, item, queue).weight
    moved = Item(queue=queue, state=ItemState.WAITING, waiting_since=at, weight=weight)
    return _staying(_with(_released(history, at, item), item, moved), at, queue)


def done(history: History, at: dt.datetime, item: str) -> History:
    """Completed or withdrawn: nobody waits for it or holds it."""
    items = {key: value for key, value in history.items.items() if key != item}
    return replace(_released(history, at, item), items=items)


def _item(history: History, item: str, queue: str) -> Item:
    return history.items.get(item) or Item(queue=queue, state=ItemState.WAITING)


def _is_held(item: Item) -> bool:
    return item.state in {ItemState.HELD, ItemState.WRAPPING}


def _with(history: History, item: str, value: Item) -> History:
    return replace(history, items={**history.items, item: value})


def _staying(history: History, at: dt.datetime, queue: str) -> History:
    if history.stays and history.stays[-1].queue == queue:
        return history
    return replace(history, stays=(*history.stays, Stay(since=at, queue=queue)))


def _released(history: History, at: dt.datetime, item: str) -> History:
    before = history.items.get(item)
    return replace(history, released_at=at) if before and _is_held(before) else history


def _not_held_since(history: History, since: dt.datetime) -> dt.datetime:
    return max(since, history.released_at) if history.released_at else since
