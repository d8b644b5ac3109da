"""How histories and agents become documents, and back."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from caseway.runtime.stage import Collection, Document
from caseway_analytics import ports
from caseway_analytics.domain.agents import Agent
from caseway_analytics.domain.history import (
    Call,
    Cycle,
    History,
    Item,
    ItemState,
    Outcome,
    PickUp,
    Promise,
    Stay,
)

_PLAIN = ("number", "channel", "priority", "status", "turn", "is_ours", "opened_at", "first_response_at", "released_at")


def dump_history(history: History) -> Document:
    """The document of a case; `is_live` is what the wall looks for."""
    return {
        **{name: getattr(history, name) for name in _PLAIN},
        "is_live": history.status == "open" or bool(history.items),
        "cycles": [_fields(cycle) for cycle in history.cycles],
        "contacts": [[hour, channel, count] for (hour, channel), count in history.contacts.items()],
        "calls": [{"id": key, **_fields(call)} for key, call in history.calls.items()],
        "stays": [_fields(stay) for stay in history.stays],
        "pick_ups": [_fields(pick_up) for pick_up in history.pick_ups],
        "items": [{"id": key, **_fields(item)} for key, item in history.items.items()],
        "promises": [{"id": key, **_fields(promise)} for key, promise in history.promises.items()],
    }


def load_history(document: Document) -> History:
    """The reverse of `dump_history`."""
    return History(
        **{name: document[name] for name in _PLAIN},
        cycles=tuple(Cycle(**cycle) for cycle in document["cycles"]),
        contacts={(hour, channel): count for hour, channel, count in document["contacts"]},
        calls={key: Call(**call) for key, call in map(_keyed, document["calls"])},
        stays=tuple(Stay(**stay) for stay in document["stays"]),
        pick_ups=tuple(PickUp(**pick_up) for pick_up in document["pick_ups"]),
        items={key: _item(item) for key, item in map(_keyed, document["items"])},
        promises={key: _promise(promise) for key, promise in map(_keyed, document["promises"])},
    )


def load_agent(document: Document) -> Agent:
    """The agent of a document."""
    return Agent(**{field.name: document[field.name] for field in dataclasses.fields(Agent)})


def _fields(value: Any) -> Document:
    """A flat dataclass as a document."""
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _keyed(document: Document) -> tuple[str, Document]:
    return document["id"], {name: value for name, value in document.items() if name != "id"}


def _item(document: Document) -> Item:
    return Item(**{**document, "state": ItemState(document["state"])})


def _promise(document: Document) -> Promise:
    outcome = document["outcome"]
    return Promise(**{**document, "outcome": Outcome(outcome) if outcome else None})


CASES = Collection(
    name=ports.CASES,
    dump=dump_history,
    load=load_history,
    indexes=([("is_live", 1)], [("opened_at", -1)]),
    expires_after=dt.timedelta(days=400),
)
"""What is known of each case; one lane owns each. Kept long enough for a reopening; what was counted stays in cells."""

AGENTS = Collection(name=ports.AGENTS, dump=_fields, load=load_agent)
"""Each agent's presence; kept by the lane of the agent's id."""

CELLS = Collection(name=ports.CELLS, indexes=([("hour", 1)],))
"""The figures: a document for each lane, hour, channel and queue, only ever added to."""

TOTALS = Collection(name=ports.TOTALS)
"""The same over all time: a document for each lane, channel and queue."""
