"""Which states a fact changes, and what it adds to the cells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from caseway.contracts.notifications import NotificationFact
from caseway.contracts.work import AgentPresenceChanged
from caseway.kernel.decision import Add, Decision, Message, Moment, Put, Ref, States
from caseway_analytics.domain.cells import Amounts, CellKey, Tally, difference, noticed
from caseway_analytics.domain.history import whole
from caseway_analytics.domain.tracking import FactOfCase, follow, follow_agent, notice_of
from caseway_analytics.ports import AGENTS, CASES, CELLS, TOTALS


def needs_case(message: Message[Any]) -> Iterable[Ref]:
    """The case's history."""
    return (Ref(CASES, message.data.case_id),)


def needs_agent(message: Message[AgentPresenceChanged]) -> Iterable[Ref]:
    """The agent's presence."""
    return (Ref(AGENTS, message.data.agent),)


def on_fact_of_case(message: Message[FactOfCase], states: States, moment: Moment) -> Decision:
    """The history goes on, and the cells change by what that makes of its samples."""
    before = states.get(CASES, message.data.case_id)
    after = follow(before, message.data)
    if after == before:
        return Decision()
    change = Put(collection=CASES, id=message.data.case_id, value=after)
    return Decision(changes=(change, *additions(difference(before, after), moment.lane)))


def on_notification(message: Message[NotificationFact], _: States, moment: Moment) -> Decision:
    """Counted as it comes."""
    fact = message.data
    return Decision(changes=additions(noticed(whole(fact.at), fact.channel, notice_of(fact)), moment.lane))


def on_presence(message: Message[AgentPresenceChanged], states: States, _: Moment) -> Decision:
    """The agent is now open to something else."""
    after = follow_agent(states.get(AGENTS, message.data.agent), message.data)
    return Decision(changes=(Put(collection=AGENTS, id=after.id, value=after),))


def additions(tally: Tally, lane: str) -> tuple[Add, ...]:
    """The same as changes to the lane's own cells, of the hour and of all time."""
    return tuple(
        addition
        for key, amounts in tally.items()
        for addition in (_to_cell(key, amounts, lane), _to_total(key, amounts, lane))
    )


def _to_cell(key: CellKey, amounts: Amounts, lane: str) -> Add:
    return Add(
        collection=CELLS,
        id=f"{lane}/{key.hour:%Y-%m-%dT%H}/{key.channel}/{key.queue}",
        amounts={f"m.{name}": amount for name, amount in amounts.items()},
        fixed={"hour": key.hour, "channel": key.channel, "queue": key.queue},
    )


def _to_total(key: CellKey, amounts: Amounts, lane: str) -> Add:
    return Add(
        collection=TOTALS,
        id=f"{lane}/{key.channel}/{key.queue}",
        amounts={f"m.{name}": amount for name, amount in amounts.items() if ".b." not in name},
        fixed={"channel": key.channel, "queue": key.queue},
    )
