"""What a lane does with records and timers, step by step, without a broker or a database."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from caseway.contracts.case_commands import ResolveCase
from caseway.contracts.codec import dump, event_headers, partition_of
from caseway.contracts.parts import Actor
from caseway.kernel.decision import Arm, Decision, Disarm, Due, Put, Ref
from caseway.kernel.errors import Impossible, Rejected, Superseded
from caseway.runtime.accepting import accept
from caseway.runtime.deciding import ARRIVALS, Condemned, Decider, without_messages
from caseway.runtime.items import from_due, from_record
from caseway.runtime.lane import Lane, Progress
from caseway.runtime.stage import Collection, Handle, Stage

NOW = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
PARTITIONS = 4
TOPIC = "case.commands"
OURS = "caseway://intake.edge"
THINGS = Collection(name="things")


def _record(
    number: int = 0, *, id_: str = "", source: str = "gateway://x", case: str = "case_a", **headers: bytes
) -> ConsumerRecord:
    command = ResolveCase(case_id=case, actor=Actor(kind="agent", id="a1"))
    found = dict(event_headers(command.TYPE, id=id_ or f"e{number}", source=source, time=NOW)) | headers
    key = case.encode()
    return ConsumerRecord(
        TOPIC,
        partition_of(key, PARTITIONS),
        number,
        int(NOW.timestamp() * 1000),
        1,
        key,
        dump(command),
        None,
        1,
        1,
        list(found.items()),
    )


def _stage(decide: Any, **options: Any) -> Stage:
    handle = Handle(decide=decide, needs=lambda _: (Ref("things", "t"),))
    return Stage(name="intake.core", topics=(TOPIC,), handles={ResolveCase: handle}, collections=(THINGS,), **options)


def _decider(stage: Stage, max_parked: int = 3) -> Decider:
    known = {THINGS.name: THINGS, ARRIVALS.name: ARRIVALS}
    return Decider(
        stage=stage,
        service="intake",
        configuration=None,
        version="v",
        partitions=PARTITIONS,
        max_parked=max_parked,
        collections=known,
    )


def _lane(number: int, **progress: Any) -> Lane:
    lane = Lane(stage="intake.core", number=number, epoch=1, revision=0, incarnation="i", progress=Progress(**progress))
    lane.is_armed = True
    return lane


def _run(
    decide: Any, *records: ConsumerRecord, lane: Lane | None = None, arrived: set[str] = frozenset(), **options: Any
):
    """Decide these records on one lane; the outcome and the lane's share."""
    stage = _stage(decide, **options)
    decider = _decider(stage)
    lane = lane or _lane(records[0].partition)
    items = [from_record(record, TOPIC, stage, PARTITIONS) for record in records]
    loaded: dict[tuple[str, str], Any] = {("things", "t"): None}
    for item in items:
        decider.prepare(item)
        loaded[ARRIVALS.name, item.arrival] = (
            {"_id": item.arrival} if item.message and item.message.id in arrived else None
        )
    outcome = decider.decide_all(items, {lane.number: lane}, loaded)
    return outcome, outcome.of(lane)


def _count(message, states, moment) -> Decision:
    seen = states.get("things", "t") or 0
    return Decision(changes=(Put(collection="things", id="t", value=seen + 1),))


def test_later_records_see_what_earlier_ones_decided() -> None:
    outcome, share = _run(_count, _record(0), _record(1), _record(2))
    assert outcome.values["things", "t"] == 3
    assert share.progress.next == {TOPIC: 3}


def test_an_event_from_outside_is_applied_once_in_a_batch_and_across_batches() -> None:
    outcome, share = _run(_count, _record(0, id_="x"), _record(1, id_="x"), _record(2, id_="y"), arrived={"y"})
    assert outcome.values["things", "t"] == 1
    assert share.progress.next == {TOPIC: 3}
    assert len(outcome.arrivals) == 1


def test_the_same_id_of_another_source_is_another_event() -> None:
    outcome, _ = _run(_count, _record(0, id_="x"), _record(1, id_="x", source="gateway://y"))
    assert outcome.values["things", "t"] == 2


def test_a_replay_from_the_parking_lot_is_no_repeat() -> None:
    outcome, _ = _run(_count, _record(0, id_="x"), _record(1, id_="x", caseway_replay=b"p/1"))
    assert outcome.values["things", "t"] == 2


def _from_lane(number: int, sequence: int, id_: str = "") -> ConsumerRecord:
    return _record(
        number, id_=id_ or f"s{sequence}", source=OURS, ce_lane=b"intake.edge/0/abc", ce_sequence=str(sequence).encode()
    )


def test_a_lanes_repeats_are_known_by_sequence_alone() -> None:
    outcome, share = _run(_count, *(_from_lane(n, s) for n, s in enumerate([1, 2, 1, 2, 5, 3])))
    assert outcome.values["things", "t"] == 3
    assert share.progress.seen == {f"{TOPIC} intake.edge/0/abc": (5, "s5")}
    assert outcome.arrivals == {}


def test_one_sequence_with_two_events_halts_the_lane_before_it() -> None:
    outcome, share = _run(_count, _from_lane(0, 1), _from_lane(1, 1, id_="another"), _from_lane(2, 2))
    assert "two events with sequence 1" in share.progress.halted
    assert share.progress.next == {TOPIC: 1}
    assert outcome.values["things", "t"] == 1


def test_lane_headers_from_a_stranger_do_not_count() -> None:
    stranger = _record(0, ce_lane=b"intake.edge/0/abc", ce_sequence=b"9")
    outcome, share = _run(_count, stranger)
    assert share.progress.seen == {}
    assert len(outcome.arrivals) == 1


def test_what_a_decision_rejects_is_parked_with_its_bytes_and_the_next_goes_on() -> None:
    def decide(message, states, moment):
        if message.offset == 0:
            raise Rejected("unknown-case", "no such case")
        return _count(message, states, moment)

    first = _record(0)
    outcome, share = _run(decide, first, _record(1))
    (parked,) = outcome.parked
    (row,) = share.rows
    assert (parked["reason"], parked["offset"], parked["topic"]) == ("unknown-case", 0, TOPIC)
    assert (row.topic, row.value) == ("intake.parked", first.value)
    assert dict(row.headers)["caseway_reason"] == b"unknown-case"
    assert outcome.values["things", "t"] == 1


def test_what_is_superseded_leaves_no_trace_but_the_offset() -> None:
    def decide(message, states, moment):
        raise Superseded("already so")

    outcome, share = _run(decide, _record(0))
    assert (outcome.parked, share.rows, share.progress.next) == ([], [], {TOPIC: 1})


def test_a_defect_is_parked_with_its_traceback_and_too_many_in_a_row_halt_the_lane() -> None:
    def decide(message, states, moment):
        raise ZeroDivisionError(message.key)

    outcome, share = _run(decide, *(_record(n) for n in range(6)))
    assert [row["reason"] for row in outcome.parked] == ["defect"] * 3
    assert "ZeroDivisionError" in outcome.parked[0]["traceback"]
    assert "defects in a row" in share.progress.halted
    assert share.progress.next == {TOPIC: 3}


def test_a_good_record_ends_a_row_of_defects() -> None:
    def decide(message, states, moment):
        if message.offset % 3:
            raise ZeroDivisionError
        return Decision()

    _, share = _run(decide, *(_record(n) for n in range(9)))
    assert not share.progress.halted


def test_an_impossible_fact_halts_and_keeps_what_came_before() -> None:
    def decide(message, states, moment):
        if message.offset == 1:
            raise Impossible("the log contradicts itself")
        return _count(message, states, moment)

    outcome, share = _run(decide, _record(0), _record(1), _record(2))
    assert share.progress.halted == "the log contradicts itself"
    assert (outcome.values["things", "t"], share.progress.next) == (1, {TOPIC: 1})


def test_a_defect_that_may_have_changed_the_resident_object_condemns_its_record() -> None:
    def decide(message, states, moment):
        states.resident.append(message.offset)
        raise ZeroDivisionError

    lane = _lane(_record(0).partition)
    lane.resident = []
    with pytest.raises(Condemned):
        _run(decide, _record(0), lane=lane)


def test_an_output_too_large_for_its_topic_parks_its_cause_and_nothing_of_it_remains() -> None:
    def decide(message, states, moment):
        huge = ResolveCase(case_id="case_a", actor=Actor(kind="agent", id="x" * 1_200_000))
        return Decision(emits=(huge,)) + _count(message, states, moment)

    outcome, share = _run(decide, _record(0))
    assert [row.topic for row in share.rows] == ["intake.parked"]
    assert outcome.values == {}
    assert share.progress.sequence == 1


def test_a_record_in_the_wrong_partition_is_sent_on_and_not_applied() -> None:
    own = partition_of(b"case_a", PARTITIONS)
    astray = replace(_record(0), partition=(own + 1) % PARTITIONS)
    outcome, share = _run(_count, astray, lane=_lane(astray.partition), keyed_by="case_id")
    (row,) = share.rows
    assert (row.topic, row.partition, row.value) == (TOPIC, own, astray.value)
    assert "ce_lane" not in dict(row.headers)
    assert (outcome.values, outcome.arrivals) == ({}, {})


def test_a_timer_is_decided_once_and_not_if_it_was_moved_before() -> None:
    due = Due(key="k", kind="ring", due_at=NOW, armed_by="e0", data={})
    told = []

    def ring(message, states, moment):
        told.append(message.data.armed_by)
        return Decision(timers=(Arm(key="k", kind="ring", due_at=NOW + dt.timedelta(seconds=1)), Disarm(key="other")))

    stage = Stage(name="escalation", topics=("cases",), handles={}, timers={"ring": Handle(decide=ring)})
    lane = _lane(0)
    other = replace(due, key="other")
    items = [from_due(0, each, stage, NOW) for each in (due, other, due)]
    decider = _decider(stage)
    outcome = decider.decide_all(items, {0: lane}, {})
    assert told == ["e0"]
    assert outcome.of(lane).armed["k"].armed_by == "e0"
    assert outcome.of(lane).disarmed == {"other"}


def test_a_hole_is_sought_once_and_recorded_only_if_it_stays() -> None:
    stage, lane = _stage(_count), _lane(partition_of(b"case_a", PARTITIONS), next={TOPIC: 2})
    lanes = {lane.number: lane}
    items, holes = accept([_record(1), _record(2), _record(5)], lanes, stage, "", PARTITIONS)
    assert [item.record.offset for item in items] == [2]
    assert holes == [(lane, TOPIC)]
    lane.progress.next[TOPIC], lane.sought[TOPIC] = 3, 3
    items, holes = accept([_record(5), _record(6)], lanes, stage, "", PARTITIONS)
    assert [item.record.offset for item in items] == [5, 6]
    assert lane.progress.gaps == [{"topic": TOPIC, "from": 3, "to": 5}]


def test_an_unarmed_lane_takes_nothing() -> None:
    stage, lane = _stage(_count), _lane(partition_of(b"case_a", PARTITIONS), next={TOPIC: 0})
    lane.is_armed = False
    assert accept([_record(0)], {lane.number: lane}, stage, "", PARTITIONS) == ([], [])
    assert accept([_record(0)], {}, stage, "", PARTITIONS) == ([], [])


def test_a_logged_traceback_quotes_nobody() -> None:
    defect = 'Traceback (most recent call last):\n  File "x.py", line 3, in decide\n    int(text)\nValueError: jan@example.com\n'
    told = without_messages(defect)
    assert told.splitlines()[-1] == "ValueError"
    assert "example.com" not in told
    assert 'File "x.py", line 3' in told


def test_progress_survives_its_document() -> None:
    progress = Progress(
        next={"contacts.email": 7},
        sequence=9,
        seen={"cases a/1/x": (4, "id")},
        fingerprint={"cases": (3, "id", 77)},
        gaps=[],
        defects=2,
        halted="why",
    )
    assert Progress.from_document(progress.to_document()) == progress
