"""Which states a fact changes, and what it adds to the cells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from caseway.contracts.notifications import NotificationFact
from caseway.contracts.work import AgentPresenceChanged
from caseway.kernel.decision import Add, Decision, Delete, Message, Moment, Put, Ref, States
from caseway_analytics.domain import searching, surveyed
from caseway_analytics.domain.agents_told import follow_agent, notice_of, presence_of
from caseway_analytics.domain.cells import Amounts, CellKey, Tally, difference, loose, together
from caseway_analytics.domain.course import entered
from caseway_analytics.domain.history import History, changed
from caseway_analytics.domain.known import NOTHING, Known
from caseway_analytics.domain.measures import EDITION
from caseway_analytics.domain.surveyed import AnyRecord
from caseway_analytics.domain.tracking import FactOfCase, follow
from caseway_analytics.ports import AGENTS, CASES, CELLS, ERASED, QUALITY, SERVING, TEXTS, TOTALS


def needs_case(message: Message[Any]) -> Iterable[Ref]:
    """The case's history."""
    return (Ref(CASES, message.data.case_id),)


def needs_agent(message: Message[AgentPresenceChanged]) -> Iterable[Ref]:
    """The agent's presence."""
    return (Ref(AGENTS, message.data.agent),)


def needs_record(message: Message[AnyRecord]) -> Iterable[Ref]:
    """What was recorded before under the same id, and whether the customer's data is gone."""
    customer = surveyed.customer_of(message.data)
    erased = (Ref(ERASED, customer),) if customer else ()
    return (Ref(QUALITY, surveyed.name_of(message.data)), *erased)


def on_fact_of_case(message: Message[FactOfCase], states: States, moment: Moment) -> Decision:
    """The history goes on, and the cells change by what that makes of its samples."""
    before: History | None = states.get(CASES, message.data.case_id)
    folded = fold_fact_of_case(message, states, moment)
    if not folded.changes:
        return folded
    put, *others = folded.changes
    assert isinstance(put, Put)
    return Decision(changes=(put, *counted_of_case(before, put.value, moment.lane), *others))


def fold_fact_of_case(message: Message[FactOfCase], states: States, moment: Moment) -> Decision:
    """The history alone goes on, with the texts that it knows of."""
    fact, known = message.data, known_of(moment)
    before: History | None = states.get(CASES, fact.case_id)
    after = follow(before, fact, known, EDITION)
    texts = searching.kept(after, fact, known)
    course = entered(after.course, fact)
    if course is after.course and after == before and not texts.changes:
        return Decision()
    after = changed(after, course=course, **texts.changes)
    wanted = (Put(collection=TEXTS, id=text.id, value=text, is_new=True) for text in texts.kept)
    erased = (Delete(collection=TEXTS, id=id_) for id_ in texts.erased)
    noted = (Put(collection=ERASED, id=customer, value={}) for customer in searching.erased_customers(before, fact))
    put = Put(collection=CASES, id=fact.case_id, value=after)
    return Decision(changes=(put, *wanted, *erased, *noted))


def counted_of_case(before: History | None, after: History, lane: str) -> tuple[Add, ...]:
    """What it adds to counters that a case was this, and is that."""
    return (*additions(difference(before, after), lane), *_serving(before, after, lane))


def on_notification(message: Message[NotificationFact], _: States, moment: Moment) -> Decision:
    """Counted as it comes."""
    return Decision(changes=additions(loose([notice_of(message.data)]), moment.lane))


def on_presence(message: Message[AgentPresenceChanged], states: States, moment: Moment) -> Decision:
    """The agent is now open to something else; the presence that ended is counted."""
    before = states.get(AGENTS, message.data.agent)
    after = follow_agent(before, message.data)
    counted = loose(presence_of(before, after, known_of(moment)))
    return Decision(changes=(Put(collection=AGENTS, id=after.id, value=after), *additions(counted, moment.lane)))


def on_record(message: Message[AnyRecord], states: States, moment: Moment) -> Decision:
    """What survey tools and meetings record is kept; a score after a case is counted, in place of an earlier one."""
    name = surveyed.name_of(message.data)
    before = states.get(QUALITY, name)
    after = surveyed.kept(message.data, before, moment.now, known_of(moment))
    customer = surveyed.customer_of(message.data)
    if customer and states.get(ERASED, customer) is not None:
        after = surveyed.bare(after)
    counted = together([loose(surveyed.scored_of(after)), loose(surveyed.scored_of(before), sign=-1)])
    return Decision(changes=(Put(collection=QUALITY, id=name, value=after), *additions(counted, moment.lane)))


def known_of(moment: Moment) -> Known:
    """What this service's configuration tells; nothing where there is none."""
    known: Known = moment.configuration.known if moment.configuration is not None else NOTHING
    return known


def additions(tally: Tally, lane: str) -> tuple[Add, ...]:
    """The same as changes to the lane's own cells, of the half hour and of all time."""
    cells: list[Add] = []
    totals: list[Add] = []
    named: dict[int, dict[str, int]] = {}
    for key, amounts in tally.items():
        stored = named.get(id(amounts))
        if stored is None:  # cells of several cuts share one set of amounts
            stored = named[id(amounts)] = {_STORED[name]: amount for name, amount in amounts.items()}
        cells.append(_to_cell(key, stored, lane))
        if key.cut == "desk":
            totals.append(_to_total(key, stored, lane))
    return (*cells, *totals)


class _Stored(dict[str, str]):
    """A field's path in a cell's document, by its name."""

    def __missing__(self, name: str) -> str:
        path = self[name] = f"m.{name}"
        return path


_STORED = _Stored()
"""There are as many as measures times buckets: some thousands."""


def _to_cell(key: CellKey, amounts: Amounts, lane: str) -> Add:
    return Add(
        collection=CELLS,
        id=f"{lane}/{key.cut}/{_named(key.slot)}/" + "\x1f".join(key.values),
        amounts=amounts,
        fixed={"cut": key.cut, "slot": key.slot, "grain": "slot", "values": list(key.values)},
    )


@lru_cache(maxsize=10_000)
def _named(slot: dt.datetime) -> str:
    return f"{slot:%Y-%m-%dT%H:%M}"


def _to_total(key: CellKey, amounts: Amounts, lane: str) -> Add:
    channel, queue, _ = key.values
    return Add(
        collection=TOTALS,
        id=f"{lane}/{channel}/{queue}",
        amounts={name: amount for name, amount in amounts.items() if _is_plain(name)},
        fixed={"channel": channel, "queue": queue},
    )


@lru_cache(maxsize=20_000)
def _is_plain(name: str) -> bool:
    """Whether it is a count or a sum, and no part of a histogram."""
    return name.count(".") == 2


def _serving(before: History | None, after: History, lane: str) -> Iterable[Add]:
    """Who has served which customer: they must not interview them. Source: S3-09."""
    if before is not None and before.pick_ups is after.pick_ups and before.customer == after.customer:
        return ()
    return (
        Add(
            collection=SERVING,
            id=f"{lane}/{customer}\x1f{agent}",
            amounts={"n": 1},
            fixed={"customer": customer, "agent": agent},
        )
        for customer, agent in _pairs(after) - _pairs(before)
    )


def _pairs(history: History | None) -> set[tuple[str, str]]:
    if history is None or not history.customer:
        return set()
    return {(history.customer, mark.agent) for mark in history.pick_ups}
