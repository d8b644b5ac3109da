"""How histories and agents become documents, and back."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from caseway.runtime.stage import Collection, Document
from caseway_analytics import ports
from caseway_analytics.domain.agents import Agent
from caseway_analytics.domain.climbing import NO_CLIMB, Climb, Focus, Run
from caseway_analytics.domain.entries import Entry
from caseway_analytics.domain.history import (
    Call,
    Cycle,
    Face,
    History,
    Item,
    ItemState,
    Mark,
    Outcome,
    Promise,
    Stay,
)
from caseway_analytics.domain.searching import Text

_PLAIN = (
    "edition", "number", "status", "turn", "turn_since", "is_ours", "opened_at", "unanswered_since", "released_at",
    "is_confirmed", "corrected_at", "confirmed_at", "customer", "is_erased",
)  # fmt: skip
_TEXT_FIELDS = tuple(field.name for field in dataclasses.fields(Text))
_CALL_MARKS = ("answered", "talk", "wrap_up")
_MARKS = ("next_responses", "pick_ups", "handled", "worked", "wrap_ups", "transfers")
_plain, _marks = attrgetter(*_PLAIN), attrgetter(*_MARKS)


def dump_history(history: History) -> Document:
    """The document of a case; `is_live` is what the wall looks for."""
    document: Document = dict(zip(_PLAIN, _plain(history), strict=True))
    document |= history.face._asdict()
    for name, marks in zip(_MARKS, _marks(history), strict=True):
        document[name] = [_fields(mark) for mark in marks]
    document["is_live"] = history.status == "open" or bool(history.items)
    document["first_response"] = _mark(history.first_response)
    document["cycles"] = [_cycle(cycle) for cycle in history.cycles]
    document["contacts"] = [[slot, channel, count] for (slot, channel), count in history.contacts.items()]
    document["calls"] = [_call(key, call) for key, call in history.calls.items()]
    document["stays"] = [_fields(stay) for stay in history.stays]
    document["items"] = [{"id": key, **_fields(item)} for key, item in history.items.items()]
    document["promises"] = [{"id": key, **_fields(promise)} for key, promise in history.promises.items()]
    document["texts"] = list(history.texts)
    if history.climb is not NO_CLIMB:
        document["climb"] = _climb(history.climb)
    document |= _lasted(history)
    document["course"] = [[each.at, each.topic, each.what, each.agent, each.detail] for each in history.course]
    return document


def _lasted(history: History) -> Document:
    """How long it took in all, for whoever asks for the longest of a year: absent where nothing is known yet."""
    handled = sum(mark.milliseconds or 0 for mark in history.handled)
    resolved = sum(cycle.resolved.milliseconds or 0 for cycle in history.cycles if cycle.resolved)
    return {name: ms for name, ms in (("handling_ms", handled), ("resolution_ms", resolved)) if ms}


def load_history(document: Document) -> History:
    """The reverse of `dump_history`."""
    plain: dict[str, Any] = {name: document[name] for name in _PLAIN}
    marks: dict[str, Any] = {name: tuple(Mark(**mark) for mark in document[name]) for name in _MARKS}
    return History(
        **plain,
        **marks,
        face=Face(**{name: document[name] for name in Face._fields}),
        first_response=_loaded(document["first_response"]),
        cycles=tuple(Cycle(**{**cycle, "resolved": _loaded(cycle["resolved"])}) for cycle in document["cycles"]),
        contacts={(slot, channel): count for slot, channel, count in document["contacts"]},
        calls={key: _loaded_call(call) for key, call in map(_keyed, document["calls"])},
        stays=tuple(Stay(**stay) for stay in document["stays"]),
        items={key: _item(item) for key, item in map(_keyed, document["items"])},
        promises={key: _promise(promise) for key, promise in map(_keyed, document["promises"])},
        texts=tuple(document["texts"]),
        climb=_loaded_climb(document["climb"]) if "climb" in document else NO_CLIMB,
        course=load_course(document),
    )


HELD_FIELDS = ("edition", "items", *Face._fields)
"""Of a document, what `load_held` reads."""


def load_held(document: Document) -> History:
    """A case as far as its work is concerned: its face and its items, and nothing that was counted."""
    face = Face(**{name: document[name] for name in Face._fields})
    items = {key: _item(item) for key, item in map(_keyed, document["items"])}
    return History(edition=document["edition"], face=face, items=items)


def load_course(document: Document) -> tuple[Entry, ...]:
    """The entries of a case's document."""
    return tuple(
        Entry(at=at, topic=topic, what=what, agent=agent, detail=detail)
        for at, topic, what, agent, detail in document.get("course", ())
    )


def _mark(mark: Mark | None) -> Document | None:
    return _fields(mark) if mark else None


def _loaded(document: Document | None) -> Mark | None:
    return Mark(**document) if document else None


def _cycle(cycle: Cycle) -> Document:
    return {**_fields(cycle), "resolved": _mark(cycle.resolved), "turns": dict(cycle.turns)}


def _climb(climb: Climb) -> Document:
    focus = None if climb.focus is None else {**_fields(climb.focus), "by_activity": dict(climb.focus.by_activity)}
    runs = [{"id": key, **_fields(run)} for key, run in climb.runs.items()]
    return {"runs": runs, "rungs": [list(rung) for rung in climb.rungs], "focus": focus}


def _loaded_climb(document: Document) -> Climb:
    return Climb(
        runs={key: Run(**run) for key, run in map(_keyed, document["runs"])},
        rungs=tuple((at, what) for at, what in document["rungs"]),
        focus=Focus(**document["focus"]) if document["focus"] else None,
    )


def _call(key: str, call: Call) -> Document:
    marks = {name: _mark(getattr(call, name)) for name in _CALL_MARKS}
    return {"id": key, "abandoned_at": call.abandoned_at, **marks}


def _loaded_call(document: Document) -> Call:
    marks = {name: _loaded(document[name]) for name in _CALL_MARKS}
    return Call(abandoned_at=document["abandoned_at"], **marks)


def load_agent(document: Document) -> Agent:
    """The agent of a document."""
    return Agent(**{field.name: document[field.name] for field in dataclasses.fields(Agent)})


class _Flat:
    """Reads the fields of one flat dataclass: what `dataclasses.fields` says is asked once."""

    def __init__(self, of: type) -> None:
        self._names = tuple(each.name for each in dataclasses.fields(of))
        self._values = attrgetter(*self._names)

    def __call__(self, value: Any) -> Document:
        return dict(zip(self._names, self._values(value), strict=True))


_FLAT: Mapping[type, _Flat] = {
    each: _Flat(each) for each in (Mark, Cycle, Stay, Item, Promise, Agent, Text, Run, Focus)
}


def _fields(value: Any) -> Document:
    """A flat dataclass as a document."""
    return _FLAT[type(value)](value)


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
    indexes=([("is_live", 1)], [("opened_at", -1)], [("customer", 1)]),
    sparse_indexes=([("handling_ms", -1)], [("resolution_ms", -1)]),
    expires_after=dt.timedelta(days=400),
)
"""What is known of each case; one lane owns each. Kept long enough for a reopening; what was counted stays in cells."""

AGENTS = Collection(name=ports.AGENTS, dump=_fields, load=load_agent)
"""Each agent's presence; kept by the lane of the agent's id."""

CELLS = Collection(name=ports.CELLS, indexes=([("cut", 1), ("grain", 1), ("slot", 1)], [("grain", 1), ("slot", 1)]))
"""The figures: a document for each lane, cut, half hour and values, only ever added to; older ones are gathered."""

TOTALS = Collection(name=ports.TOTALS)
"""The same over all time: a document for each lane, channel and queue."""

QUALITY = Collection(
    name=ports.QUALITY,
    shared=True,
    load=lambda document: {name: value for name, value in document.items() if not name.startswith("_")},
    indexes=([("kind", 1), ("wave", 1)], [("customer", 1)]),
)
"""What surveys and meetings record, by kind and id. Shared, so that nothing of it stays in a lane's memory when a
customer's data is erased."""

TEXTS = Collection(
    name=ports.TEXTS,
    dump=lambda text: {**_fields(text), "tokens": None},
    load=lambda document: Text(**{name: document[name] for name in _TEXT_FIELDS if name in document}),
    indexes=([("tokens", 1), ("at", -1)],),
    shared=True,
    expires_after=dt.timedelta(days=400),
)
"""Texts of cases, to be searched. Lanes write them without tokens; the indexer adds those in its own time."""

SERVING = Collection(name=ports.SERVING, indexes=([("customer", 1)],))
"""Which agents have served which customers."""

RUNS = Collection(name=ports.RUNS)
"""Which report was last published when."""

ERASED = Collection(name=ports.ERASED, shared=True)
"""Customers whose data is gone: a note for what lies on other lanes."""

STATES = (CASES, AGENTS, CELLS, TOTALS, QUALITY, TEXTS, SERVING, ERASED)
"""Everything that follows from the log, and so can be rebuilt from it."""
