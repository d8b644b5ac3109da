"""What a service tells the runtime: its stages and handles.

A stage is one consumer group: it reads a set of topics, lane by lane, and turns each record into a decision. It is
pure data plus pure functions; the lanes (`caseway.runtime.lanes`) do the reading, loading, writing and publishing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from caseway.kernel.decision import Add, Decision, Due, Message, Moment, Ref, States

Document = dict[str, Any]


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One MongoDB collection of states, and how a value becomes a document and back."""

    name: str
    dump: Callable[[Any], Document] = _same
    """Value to document, without `_id`; keys that begin with `_` belong to the runtime."""
    load: Callable[[Document], Any] = _same
    """Document (with `_id`) to value."""
    shared: bool = False
    """Written by several lanes (claims, customers): never cached, and read inside the transaction."""
    indexes: Sequence[Sequence[tuple[str, int]]] = ()
    sparse_indexes: Sequence[Sequence[tuple[str, int]]] = ()
    """Of those documents alone that have the fields."""
    expires_after: dt.timedelta | None = None
    """Documents vanish this long after they were last written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """How one type of message is decided."""

    decide: Callable[[Message[Any], States, Moment], Decision]
    needs: Callable[[Message[Any]], Iterable[Ref]] = lambda _: ()
    """Names the states that `decide` may look at, from the message alone."""
    follows: Callable[[Message[Any], Sequence[Ref], States], Iterable[Ref]] | None = None
    """Names further states by what `needs` named and brought (the orders of whose number this is). They are read
    inside the transaction, never cached, so they may be another stage's; what is not loaded yet is a KeyError."""
    prepare: Callable[[Message[Any]], Any] | None = None
    """Slow pure work done once, before the transaction (parsing a mail); its result becomes `message.data`."""
    remembers_arrivals: bool = True
    """False: such a message again changes nothing, so that those from outside are not remembered for two weeks: what
    comes every few seconds from every desk would be most of the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """A lane's state that is kept whole in memory, built when the lane is claimed, mutated by `decide`.

    Every change must also be said as a Put or Delete: after a transaction that failed, the object is built anew.
    """

    collections: Sequence[str]
    build: Callable[[int, Mapping[str, Sequence[Any]]], Any]
    """Lane number and, per collection, the loaded values that this lane wrote."""
    kinds: frozenset[str] = frozenset()
    """Of timers that follow from the object: the lane holds them in memory alone, and writes nothing of them."""
    timers: Callable[[Any], Iterable[Due]] = lambda _: ()
    """All timers of those kinds that the object has open, when it was built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folding:
    """How a stage is rebuilt faster than it ran: states first, and what they add to counters once for each state.

    Live, a fact adds the difference that it makes. The sum of those is the difference between a state's end and its
    beginning, so a replay need not take the steps between.
    """

    handles: Mapping[type | str, Handle]
    """As the stage's, for those that decide states alone; the stage's own for all others."""
    adds: Mapping[str, Callable[[Any, Any, str], Iterable[Add]]]
    """By collection: what follows when a state was this (None: nothing), and is that; and the lane's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One consumer group over co-partitioned topics."""

    name: str
    """`service.part`, or the service's name where it has one stage; the group's id and the lanes' prefix."""
    topics: Sequence[str]
    handles: Mapping[type | str, Handle]
    """By model class, or by `ce_type` where the data is not a model (raw mail)."""
    timers: Mapping[str, Handle] = field(default_factory=dict)
    """By `Arm.kind`; the handle sees a `Message[Due]`."""
    collections: Sequence[Collection] = ()
    resident: Resident | None = None
    linger: dt.timedelta = dt.timedelta(milliseconds=20)
    """How long the stage rests after a small poll, so that the next is larger. The first record after a quiet moment
    never waits; at a steady trickle this bounds a stage to some forty transactions a second, of 5 to 10 ms of processor
    each. Longer for stages nobody waits for."""
    keyed_by: str | None = None
    """For a core: the field of the data that must equal the key; a record elsewhere is published again, not applied."""
    cached_states: int = 20_000
    """Values that each lane keeps in memory, those used last; the others are read again when they are asked for."""
    folding: Folding | None = None
    """For stages that are replayed, where it saves much."""
    max_records: int = 500
    """Records in one transaction, at most."""
