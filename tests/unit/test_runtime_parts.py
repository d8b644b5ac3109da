"""The runtime's smaller parts: horizon, outbox parcels, the database's clock, failpoints, back-off."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.kernel.decision import Due
from caseway.kernel.errors import Misconfigured, Transient
from caseway.runtime import failpoints
from caseway.runtime.backoff import delays
from caseway.runtime.horizon import Horizon
from caseway.runtime.instants import whole_milliseconds
from caseway.runtime.mongo import DatabaseClock
from caseway.runtime.outbox import MAX_DOCUMENT_BYTES, Row, pack

NOW = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)


def _due(key: str, seconds: float) -> Due:
    return Due(key=key, kind="k", due_at=NOW + dt.timedelta(seconds=seconds), armed_by="e", data={})


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 50), st.booleans()), max_size=60), st.integers(0, 50)
)
def test_the_horizon_is_a_dictionary_that_knows_what_is_due(steps: list[tuple[str, int, bool]], at: int) -> None:
    horizon, oracle = Horizon(), {}
    horizon.until = NOW + dt.timedelta(seconds=40)
    for key, seconds, is_armed in steps:
        if is_armed:
            horizon.arm(_due(key, seconds))
            oracle[key] = seconds
        else:
            horizon.disarm(key)
            oracle.pop(key, None)
    held = {key: seconds for key, seconds in oracle.items() if seconds <= 40}
    wanted = sorted(seconds for seconds in held.values() if seconds <= at)
    found = horizon.due(NOW + dt.timedelta(seconds=at), 100)
    assert [(each.due_at - NOW).total_seconds() for each in found] == wanted
    assert horizon.due(NOW + dt.timedelta(seconds=at), 100) == found, "they stay held until disarmed"
    first = min(held.values(), default=None)
    assert horizon.first_at() == (None if first is None else NOW + dt.timedelta(seconds=first))


def _row(size: int) -> Row:
    return Row(topic="cases", partition=0, key=b"k", value=b"x" * size, headers=[("ce_id", b"1"), ("broken", None)])


def test_parcels_fit_a_document_and_sort_in_the_order_of_publication() -> None:
    rows = [_row(3_000_000)] * 5
    parcels = pack("intake.core/3", 9_998, rows, lambda _: None)
    assert [len(parcel.rows) for parcel in parcels] == [2, 2, 1]
    assert [parcel.id for parcel in parcels] == sorted(parcel.id for parcel in parcels)
    assert parcels[1].id == "intake.core/3/0000000000010000"
    assert all(sum(row.size for row in parcel.rows) <= MAX_DOCUMENT_BYTES for parcel in parcels)


def test_a_row_survives_its_document() -> None:
    row = _row(10)
    assert Row.from_list(row.to_list()) == row


def _read(clock: DatabaseClock, seconds: float, database: dt.timedelta, ours: dt.timedelta = dt.timedelta(0)) -> bool:
    """A reading after so many seconds, with the database's clock and ours so far off; whether it is trusted."""
    true = NOW + dt.timedelta(seconds=seconds)
    clock.take(true + database, 100.0 + seconds, 100.0 + seconds, true + ours)
    return clock.is_trusted


ZERO, HOUR = dt.timedelta(0), dt.timedelta(hours=1)


def test_the_clock_carries_on_between_readings() -> None:
    clock = DatabaseClock()
    with pytest.raises(Transient):
        clock.now()
    assert _read(clock, 0, ZERO)
    assert _read(clock, 10, ZERO)


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_jump_of_the_databases_time_holds_timers_until_our_own_clock_bears_it_out(jump: dt.timedelta) -> None:
    """delivery.md, step 11: an hour that never passed would fire an hour's timers early."""
    clock = DatabaseClock()
    assert _read(clock, 0, ZERO)
    assert not _read(clock, 2, jump), "an hour in two seconds"
    assert not any(_read(clock, seconds, jump) for seconds in range(4, 600, 2)), "steady, and still wrong"
    assert not _read(clock, 602, ZERO), "set right: another jump"
    assert _read(clock, 604, ZERO)


def test_a_machine_that_slept_goes_on_when_two_readings_agree() -> None:
    """Its monotonic clock stood still; both wall clocks say that an hour has passed."""
    clock = DatabaseClock()
    assert _read(clock, 0, ZERO)
    assert not _read(clock, 2, HOUR, HOUR)
    assert _read(clock, 4, HOUR, HOUR)


@pytest.mark.parametrize("ours", [HOUR, -HOUR])
def test_a_wrong_clock_of_our_own_machine_changes_nothing(ours: dt.timedelta) -> None:
    clock = DatabaseClock()
    assert all(_read(clock, seconds, ZERO, ours) for seconds in (0, 2, 4))
    assert all(_read(clock, seconds, ZERO) for seconds in (6, 8)), "it was set right"


@pytest.mark.parametrize(
    "plan", ["nowhere:1:kill", "txn.after_guard:1:dance", "txn.after_guard:x:kill", "txn.after_guard"]
)
def test_a_plan_that_means_nothing_is_refused(plan: str) -> None:
    with pytest.raises(Misconfigured, match="failpoint"):
        failpoints.parse(plan)


def test_a_plan_in_production_is_refused() -> None:
    with pytest.raises(Misconfigured, match="production"):
        failpoints.install("commit.before:1:kill", None, "production")


def test_a_failpoint_acts_at_its_passing_and_is_journaled_before(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    failpoints.install("commit.before:2:raise", journal, "test")
    try:
        failpoints.hit("commit.before")
        failpoints.hit("commit.after")
        assert not journal.exists()
        with pytest.raises(Transient):
            failpoints.hit("commit.before")
        failpoints.hit("commit.before")
        assert journal.read_text(encoding="utf-8").split()[1:] == ["commit.before", "raise"]
    finally:
        failpoints.install("", None, "test")


def test_waits_double_up_to_the_longest_and_begin_again() -> None:
    backoff = delays(first=1.0, longest=8.0)
    waits = [backoff.next() for _ in range(6)]
    for wait, whole in zip(waits, (1, 2, 4, 8, 8, 8), strict=True):
        assert whole / 2 <= wait <= whole
    backoff.reset()
    assert backoff.next() <= 1.0


@given(st.datetimes(timezones=st.just(dt.UTC)), st.booleans())
def test_milliseconds_are_never_early_when_raised_nor_late_when_cut(instant: dt.datetime, is_up: bool) -> None:
    if instant.year > 9998:
        return
    cut = whole_milliseconds(instant, up=is_up)
    assert cut.microsecond % 1000 == 0
    assert dt.timedelta(0) <= (cut - instant if is_up else instant - cut) < dt.timedelta(milliseconds=1)
