"""How the facts about its work change a case's history."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from caseway_analytics.domain.history import (
    MILLISECOND,
    History,
    Item,
    ItemState,
    Mark,
    Stay,
    changed,
    milliseconds_between,
)
from caseway_analytics.domain.known import NOTHING, Known

LONGEST = dt.timedelta(hours=24)
"""What an agent holds longer without a word was forgotten: only so much of it counts as work. Without an end, each question
about today would also cut weeks of it into half hours."""


def queued(
    history: History, at: dt.datetime, item: str, queue: str, *, since: dt.datetime, weight: float = 1.0,
    skill: str = "", channel: str = "",
) -> History:  # fmt: skip
    """A work item waits in a queue, since `since`: its original age, where it has one."""
    before = history.items.get(item)
    if before and before.waiting_since and before.queue == queue:
        return history
    since = _not_held_since(history, since)
    waiting = Item(
        queue=queue, state=ItemState.WAITING, waiting_since=since, weight=weight, skill=skill, channel=channel
    )
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
    history: History, at: dt.datetime, item: str, queue: str, agent: str, *, since: dt.datetime | None = None,
    known: Known = NOTHING,
) -> History:  # fmt: skip
    """An agent took it; the wait, since `since` where its beginning was not read, is over."""
    before = _item(history, item, queue)
    if _is_held(before):
        return _with(history, item, replace(before, agent=agent))
    held = replace(before, queue=queue, state=ItemState.HELD, agent=agent, since=at, waiting_since=None)
    now_held = _staying(_with(history, item, held), at, queue)
    began = before.waiting_since or (_not_held_since(history, since) if since else None)
    if began is None:
        return now_held
    pick_up = replace(known.mark(began, at, queue=queue, agent=agent), skill=before.skill)
    return changed(now_held, pick_ups=(*history.pick_ups, pick_up))


def focused(history: History, at: dt.datetime, item: str, queue: str, agent: str) -> History:
    """An agent turned to it."""
    before = _item(history, item, queue)
    return _with(history, item, replace(before, agent=before.agent or agent, focus_since=at))


def unfocused(
    history: History, at: dt.datetime, item: str, queue: str, agent: str, *, milliseconds: int | None, known: Known
) -> History:
    """The agent turned away, after so long."""
    before = _item(history, item, queue)
    lasted = milliseconds
    if lasted is None:
        lasted = milliseconds_between(before.focus_since, at) if before.focus_since else 0
    known_item = replace(before, focus_since=None, focus_ms=before.focus_ms + lasted)
    return _worked(_with(history, item, known_item), at, lasted, known_item, agent, known)


def wrapping_up(history: History, item: str, queue: str, at: dt.datetime | None = None) -> History:
    """The contact is over, the agent still writes it up."""
    return _with(history, item, replace(_item(history, item, queue), state=ItemState.WRAPPING, wrapping_since=at))


def returned(history: History, at: dt.datetime, item: str, queue: str, known: Known = NOTHING) -> History:
    """It waits again: since now if somebody held it, else with its age."""
    history = let_go(history, at, item, known)
    before = _item(history, item, queue)
    since = before.waiting_since or at
    back = replace(before, state=ItemState.WAITING, agent="", since=None, waiting_since=since, focus_since=None)
    return _with(_released(history, at, item), item, back)


def transferred(
    history: History, at: dt.datetime, item: str, queue: str, *, source: str = "", agent: str = "",
    known: Known = NOTHING,
) -> History:  # fmt: skip
    """It goes to another queue, or another agent of this one, and a new wait begins."""
    history = let_go(history, at, item, known)
    before = _item(history, item, queue)
    agent = agent or before.agent
    mark = Mark(at=at, queue=source or before.queue, agent=agent, team=known.teams.get(agent, ""), skill=before.skill)
    moved = replace(
        before, queue=queue, state=ItemState.WAITING, waiting_since=at, agent="", since=None, focus_since=None
    )
    known_before = changed(_released(history, at, item), transfers=(*history.transfers, mark))
    return _staying(_with(known_before, item, moved), at, queue)


def completed(
    history: History, at: dt.datetime, item: str, queue: str, agent: str, *, handling_ms: int | None,
    wrap_up_ms: int | None, known: Known = NOTHING,
) -> History:  # fmt: skip
    """The agent's part is done: it was handled for so long."""
    before = _item(history, item, queue)
    agent = agent or before.agent
    history = let_go(history, at, item, known)
    mark = Mark(
        at=at, milliseconds=_handling(history, before, at, item, handling_ms), queue=queue, agent=agent,
        team=known.teams.get(agent, ""), skill=before.skill,
    )  # fmt: skip
    if wrap_up_ms is None and before.wrapping_since:
        wrap_up_ms = milliseconds_between(before.wrapping_since, at)
    if wrap_up_ms:
        history = changed(history, wrap_ups=(*history.wrap_ups, replace(mark, milliseconds=wrap_up_ms)))
    return done(changed(history, handled=(*history.handled, mark)), at, item)


def _handling(history: History, before: Item, at: dt.datetime, item: str, told: int | None) -> int | None:
    if told is not None:
        return told
    focused_ms = history.items[item].focus_ms if item in history.items else 0
    if focused_ms:
        return focused_ms
    return milliseconds_between(before.since, at) if _is_held(before) and before.since else None


def done(history: History, at: dt.datetime, item: str) -> History:
    """Completed or withdrawn: nobody waits for it or holds it."""
    items = {key: value for key, value in history.items.items() if key != item}
    return changed(_released(history, at, item), items=items)


def let_go(history: History, at: dt.datetime, item: str, known: Known) -> History:
    """End a stretch that still runs; where no stretch was ever told, all the time in the agent's hands was work."""
    before = history.items.get(item)
    if before is None or not _is_held(before):
        return history
    if before.focus_since is not None:
        ended = min(at, before.focus_since + LONGEST)
        return unfocused(history, ended, item, before.queue, before.agent, milliseconds=None, known=known)
    if before.focus_ms or before.since is None:
        return history
    ended = min(at, before.since + LONGEST)
    return _worked(history, ended, milliseconds_between(before.since, ended), before, before.agent, known)


def _worked(history: History, at: dt.datetime, milliseconds: int, item: Item, agent: str, known: Known) -> History:
    if milliseconds <= 0:
        return history
    began = at - milliseconds * MILLISECOND
    mark = Mark(
        at=at, milliseconds=milliseconds, business_ms=known.business_ms(began, at), queue=item.queue,
        agent=agent, team=known.teams.get(agent, ""), skill=item.skill,
    )  # fmt: skip
    return changed(history, worked=(*history.worked, mark))


def _item(history: History, item: str, queue: str) -> Item:
    return history.items.get(item) or Item(queue=queue, state=ItemState.WAITING)


def _is_held(item: Item) -> bool:
    return item.state in {ItemState.HELD, ItemState.WRAPPING}


def _with(history: History, item: str, value: Item) -> History:
    return changed(history, items={**history.items, item: value})


def _staying(history: History, at: dt.datetime, queue: str) -> History:
    if history.stays and history.stays[-1].queue == queue:
        return history
    return changed(history, stays=(*history.stays, Stay(since=at, queue=queue)))


def _released(history: History, at: dt.datetime, item: str) -> History:
    before = history.items.get(item)
    return changed(history, released_at=at) if before and _is_held(before) else history


def _not_held_since(history: History, since: dt.datetime) -> dt.datetime:
    return max(since, history.released_at) if history.released_at else since
