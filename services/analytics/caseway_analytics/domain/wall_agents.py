"""The wall's agents: presence, load, work; named or not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from caseway_analytics.domain.agents import Agent
from caseway_analytics.domain.desk import PRESENCES, Desk, Plan, iso
from caseway_analytics.domain.history import ItemState
from caseway_analytics.domain.live import Piece

Label = Callable[[str], str]
"""What an agent is called, by id."""

_SHOWN_WORK = 2
"""Cases named on an agent's card; the rest is a number."""
_LONGEST = 8


def labelled(desk: Desk, plan: Plan, *, named: bool) -> Label:
    """How agents are called: by name for a coordinator, as configured for everybody else."""
    names = {**{agent.id: agent.name for agent in desk.agents if agent.name}, **plan.agents}
    places = _places(desk, plan)

    def label(agent: str) -> str:
        if named:
            return names.get(agent) or agent
        match plan.labels:
            case "first_name":
                return (names.get(agent, "").split() or [agent])[0]
            case "id":
                return agent
            case "none":
                return f"Agent {places[agent]}" if agent in places else "a colleague"

    return label


def _places(desk: Desk, plan: Plan) -> Mapping[str, int]:
    """A number for each agent that stays theirs: those of the file first, in its order."""
    others = sorted({agent.id for agent in desk.agents} - set(plan.agents))
    return {agent: place for place, agent in enumerate([*plan.agents, *others], 1)}


def present(desk: Desk, plan: Plan) -> dict[str, int]:
    """How many, by presence; who was never seen is offline."""
    counted = dict.fromkeys(PRESENCES, 0)
    for agent in desk.agents:
        counted[agent.presence] = counted.get(agent.presence, 0) + 1
    counted["offline"] += len(set(plan.agents) - {agent.id for agent in desk.agents})
    return counted


def cards(desk: Desk, plan: Plan, pieces: Sequence[Piece], *, named: bool) -> list[dict[str, Any]]:
    """Those who are there, and those who still hold work; the busiest presence first."""
    held: dict[str, list[Piece]] = {}
    for piece in pieces:
        if piece.item.agent:
            held.setdefault(piece.item.agent, []).append(piece)
    here = [agent for agent in desk.agents if agent.presence != "offline" or agent.id in held]
    order = {presence: place for place, presence in enumerate(PRESENCES)}
    places, label = _places(desk, plan), labelled(desk, plan, named=named)
    here.sort(key=lambda agent: (order.get(agent.presence, 9), places[agent.id]))
    told = []
    for agent in here:
        key = agent.id if named else str(places[agent.id])
        told.append({"key": key, "label": label(agent.id), **_card(agent, held.get(agent.id, []))})
    return told


def _card(agent: Agent, pieces: Sequence[Piece]) -> dict[str, Any]:
    mine = [piece for piece in pieces if not piece.is_waiting]
    return {
        "presence": agent.presence,
        "since": iso(agent.since),
        "load": round(sum(piece.item.weight for piece in mine), 2),
        "capacity": agent.capacity,
        "ringing": len(pieces) - len(mine),
        "work": [_work(piece) for piece in sorted(mine, key=_held_since)[:_SHOWN_WORK]],
        "more": max(0, len(mine) - _SHOWN_WORK),
    }


def _work(piece: Piece) -> dict[str, Any]:
    return {
        "case": piece.case.id,
        "number": piece.case.number,
        "channel": piece.case.channel,
        "since": iso(piece.item.since),
        "wrapping": piece.item.state is ItemState.WRAPPING,
    }


def longest_handled(pieces: Sequence[Piece], label: Label) -> list[dict[str, Any]]:
    """The work that agents have held longest. Source: S4-30."""
    held = sorted((piece for piece in pieces if not piece.is_waiting and piece.item.since), key=_held_since)
    return [{**_work(piece), "queue": piece.item.queue, "agent": label(piece.item.agent)} for piece in held[:_LONGEST]]


def _held_since(piece: Piece) -> dt.datetime:
    return piece.item.since or dt.datetime.min.replace(tzinfo=dt.UTC)
