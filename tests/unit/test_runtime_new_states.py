"""What decisions know to be absent is inserted; what only may be, is replaced."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pymongo import DeleteOne, InsertOne, ReplaceOne

from caseway.contracts.case_commands import ResolveCase
from caseway.contracts.parts import Actor
from caseway.kernel.decision import Arm, Decision, Delete, Disarm, Message, Put
from caseway.runtime.lane import Lane, Progress
from caseway.runtime.outcome import Outcome
from caseway.runtime.stage import Collection
from caseway.runtime.transaction import state_writes, timer_writes

NOW = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
THINGS = Collection(name="things")
NEW, KNOWN = Put(collection="things", id="t", value={}, is_new=True), Put(collection="things", id="t", value={})
GONE = Delete(collection="things", id="t")
BEGUN, MOVED = (Arm(key="t", kind="k", due_at=NOW, is_new=is_new) for is_new in (True, False))
STOPPED = Disarm(key="t")


def outcome(*decisions: Decision) -> Outcome:
    made = Outcome(stage="s", partitions=4, collections={"things": THINGS})
    lane = Lane(stage="s", number=0, epoch=1, revision=0, incarnation="i", progress=Progress())
    data = ResolveCase(case_id="case_a", actor=Actor(kind="agent", id="a1"))
    message = Message(
        topic="case.commands", partition=0, offset=0, key="case_a", id="e", source="desk://test", type=data.TYPE,
        data=data, time=NOW, recorded_at=NOW,
    )  # fmt: skip
    for each in decisions:
        made.take(lane, message, each)
    return made


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ((NEW,), InsertOne),
        ((KNOWN,), ReplaceOne),
        ((NEW, KNOWN), InsertOne),
        ((KNOWN, NEW), ReplaceOne),
        ((GONE, NEW), ReplaceOne),
        ((NEW, GONE), DeleteOne),
        ((NEW, GONE, NEW), InsertOne),
    ],
)
def test_a_state_is_inserted_where_nothing_stood_before_the_batch(changes: tuple[Any, ...], expected: type) -> None:
    made = outcome(*(Decision(changes=(each,)) for each in changes))
    (write,) = state_writes(made, {"things": THINGS}, {}, NOW)["things"]
    assert type(write) is expected


@pytest.mark.parametrize(
    ("timers", "expected"),
    [
        ((BEGUN,), ["InsertOne"]),
        ((MOVED,), ["ReplaceOne"]),
        ((BEGUN, MOVED), ["InsertOne"]),
        ((STOPPED, BEGUN), ["ReplaceOne"]),
        ((BEGUN, STOPPED), ["DeleteMany"]),
        ((BEGUN, STOPPED, BEGUN), ["InsertOne"]),
    ],
)
def test_a_timer_is_inserted_where_none_was_armed_before_the_batch(
    timers: tuple[Any, ...], expected: list[str]
) -> None:
    made = outcome(*(Decision(timers=(each,)) for each in timers))
    assert [type(each).__name__ for each in timer_writes(made.lanes[0])] == expected


def test_once_in_doubt_nothing_is_believed() -> None:
    made = outcome(Decision(changes=(NEW,), timers=(BEGUN,)))
    made.doubt()
    (state,) = state_writes(made, {"things": THINGS}, {}, NOW)["things"]
    assert [type(each) for each in (state, *timer_writes(made.lanes[0]))] == [ReplaceOne, ReplaceOne]
