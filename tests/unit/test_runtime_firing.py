"""Which timers fire at once: those that are due, on lanes that have read what came before (S4-05)."""

from __future__ import annotations

import datetime as dt

import pytest

from caseway.kernel.decision import Due
from caseway.runtime import firing
from caseway.runtime.horizon import HELD, REACH, Horizon
from caseway.runtime.lane import Barrier, Lane, Progress
from caseway.runtime.stage import Stage

NOW = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
STAGE = Stage(name="escalation", topics=("cases", "work"), handles={})


def _due(number: int, at: dt.datetime) -> Due:
    return Due(key=f"case_{number}", kind="next", due_at=at, armed_by="e", data={})


def _lane(number: int, *due: dt.datetime, read: int = 5) -> Lane:
    """A lane that has read `cases` up to `read`, and `work` up to 7."""
    progress = Progress(next={"cases": read, "work": 7})
    lane = Lane(stage=STAGE.name, number=number, epoch=1, revision=0, incarnation="i", progress=progress)
    lane.horizon.until = NOW + REACH
    for count, at in enumerate(due):
        lane.horizon.arm(_due(count, at))
    return lane


def _barrier(at: dt.datetime, cases: int = 5) -> Barrier:
    return Barrier(at=at, ends={"cases": cases, "work": 7})


def test_only_lanes_with_a_timer_that_has_come_are_asked() -> None:
    lanes = [_lane(0, NOW), _lane(1, NOW + SECOND), _lane(2), _lane(3, NOW - SECOND)]
    assert [lane.number for lane in firing.are_due(lanes, NOW)] == [0, 3]


def test_a_lane_that_lags_does_not_judge_before_it_has_read_on() -> None:
    lags, has_read = _lane(0, NOW, read=4), _lane(1, NOW)
    lags.barrier, has_read.barrier = _barrier(NOW), _barrier(NOW)
    assert [item.lane for item in firing.taken([lags, has_read], STAGE, NOW)] == [1]
    assert lags.barrier is not None, "it waits behind the same barrier"
    lags.progress.next["cases"] = 5
    assert [item.lane for item in firing.taken([lags], STAGE, NOW)] == [0]
    assert lags.barrier is None, "used up: what is due next asks anew"


def test_what_falls_due_after_the_barrier_waits_for_the_next() -> None:
    lane = _lane(0, NOW, NOW + SECOND)
    lane.barrier = _barrier(NOW)
    (item,) = firing.taken([lane], STAGE, NOW + 2 * SECOND)
    assert item.due is not None
    assert item.due.due_at == NOW
    assert item.message is not None
    assert item.message.recorded_at == NOW + 2 * SECOND, "noticed when it is taken"


def test_many_are_shared_out_among_the_lanes_in_the_order_due() -> None:
    lanes = [_lane(number, *(NOW - count * SECOND for count in range(400))) for number in range(4)]
    for lane in lanes:
        lane.barrier = _barrier(NOW)
    items = firing.taken(lanes, STAGE, NOW)
    assert firing.LIMIT <= len(items) <= firing.LIMIT + len(lanes)
    assert {lane.number: sum(item.lane == lane.number for item in items) for lane in lanes} == dict.fromkeys(
        range(4), len(items) // 4
    )
    instants = [item.due.due_at for item in items if item.due is not None and item.lane == 2]
    assert instants == sorted(instants)
    assert instants[0] == NOW - 399 * SECOND


@pytest.mark.parametrize(
    ("fired", "took", "rest"),
    [
        (1, 0.01, firing.PACE_SECONDS - 0.01),
        (firing.FULL - 1, firing.PACE_SECONDS, 0.0),
        (firing.FULL - 1, 3.0, 0.0),
        (firing.FULL, 0.0, 0.0),
    ],
)
def test_few_at_once_are_followed_by_a_rest_that_the_writing_counts_towards(
    fired: int, took: float, rest: float
) -> None:
    assert firing.rest(fired, took) == pytest.approx(rest)


def test_where_no_lane_was_ready_it_is_looked_again_soon() -> None:
    assert 0.0 < firing.rest(0, 5.0) < firing.PACE_SECONDS


@pytest.mark.parametrize(
    ("held", "reaches", "short"),
    [
        (0, REACH, False),
        (0, REACH / 4, True),
        (HELD, REACH / 4, False),
        (HELD // 2, -REACH, True),
        (HELD // 2 + 1, -REACH, False),
    ],
)
def test_a_horizon_is_filled_up_when_half_of_what_it_holds_has_fired(
    held: int, reaches: dt.timedelta, short: bool
) -> None:
    horizon = Horizon()
    horizon.until = NOW + reaches
    for number in range(held):
        horizon.arm(_due(number, horizon.until))
    assert horizon.is_short(NOW) is short
