"""Timers that follow from a resident object are held, and not written."""

from __future__ import annotations

import datetime as dt

from pymongo import DeleteMany, ReplaceOne

from caseway.kernel.decision import Due
from caseway.runtime.horizon import Horizon
from caseway.runtime.lane import Lane, Progress
from caseway.runtime.outcome import LaneOutcome
from caseway.runtime.transaction import timer_writes

NOW = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
KINDS = frozenset({"offer"})


def due(key: str, at: dt.datetime = NOW) -> Due:
    return Due(key=key, kind=key.partition("/")[0], due_at=at, armed_by="e", data={})


def following(*timers: Due) -> Horizon:
    horizon = Horizon()
    horizon.until = NOW
    horizon.follow(KINDS, timers)
    return horizon


def test_what_follows_is_held_however_late_and_takes_no_room_from_what_is_written() -> None:
    horizon = following(due("offer/a", NOW + DAY))
    horizon.arm(due("offer/b", NOW + 2 * DAY))
    horizon.arm(due("relax/c", NOW + DAY))
    horizon.arm(due("relax/d"))
    assert ["offer/a" in horizon, "offer/b" in horizon, "relax/c" in horizon, "relax/d" in horizon] == [
        True, True, False, True,
    ]  # fmt: skip
    assert len(horizon) == 1
    assert [each.key for each in horizon.due(NOW + 3 * DAY, 10)] == ["relax/d", "offer/a", "offer/b"]
    assert horizon.first_at() == NOW


def test_what_is_disarmed_is_forgotten_and_what_is_armed_again_is_due_when_it_says_last() -> None:
    horizon = following(due("offer/a"), due("offer/b"))
    horizon.disarm("offer/a")
    horizon.arm(due("offer/b", NOW + DAY))
    assert horizon.due(NOW, 10) == []
    assert [each.key for each in horizon.due(NOW + DAY, 10)] == ["offer/b"]
    assert not horizon.follows("offer/a")
    assert len(horizon) == 0


def test_an_object_that_is_built_anew_has_the_timers_it_says_and_no_others() -> None:
    horizon = following(due("offer/a"), due("offer/b"))
    horizon.arm(due("relax/c"))
    horizon.follow(KINDS, [due("offer/b", NOW + DAY)])
    assert [each.key for each in horizon.due(NOW + DAY, 10)] == ["relax/c", "offer/b"]


def test_only_the_others_are_written_and_deleted() -> None:
    lane = Lane(stage="router.core", number=0, epoch=1, revision=1, incarnation="i", progress=Progress())
    lane.horizon = following(due("offer/held"))
    share = LaneOutcome(lane=lane, progress=lane.progress)
    for key in ("offer/new", "relax/new"):
        share.arm(due(key))
    for key in ("offer/held", "relax/old"):
        share.disarm(key)
    replaced, deleted = timer_writes(share)
    document = {
        "_id": "router.core/0/relax/new",
        "lane": "router.core/0",
        "key": "relax/new",
        "kind": "relax",
        "due_at": NOW,
        "armed_by": "e",
        "data": {},
    }
    assert replaced == ReplaceOne(
        {"_id": document["_id"]},
        document,
        upsert=True,
    )
    assert deleted == DeleteMany({"_id": {"$in": ["router.core/0/relax/old"]}})
