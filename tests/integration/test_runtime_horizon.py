"""What a lane holds of its timers: the next ones, whatever stands behind them (S4-05)."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence

import pytest

from caseway.runtime.claiming import raise_epoch, refill
from caseway.runtime.horizon import HELD, REACH
from caseway.runtime.lane import Lane
from caseway.runtime.mongo import Database, connect, database
from caseway.testkit.namespaces import Namespace

NOW = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
MILLISECOND = dt.timedelta(milliseconds=1)
LANE = "escalation/3"


@pytest.fixture
async def place(namespace: Namespace) -> AsyncIterator[Database]:
    client = connect(namespace.mongo_url)
    yield database(client, namespace.prefix, "escalation")
    client.close()


async def _stand(place: Database, due: Sequence[dt.datetime], prefix: str = "case") -> None:
    await place.timers.insert_many(
        [
            {
                "_id": f"{LANE}/{prefix}_{number}",
                "lane": LANE,
                "key": f"{prefix}_{number}",
                "kind": "next",
                "due_at": due_at,
                "armed_by": "e",
                "data": {},
            }
            for number, due_at in enumerate(due)
        ]
    )


def _fire(lane: Lane, limit: int) -> list[dt.datetime]:
    """As the stage does, but for the writing."""
    found = lane.horizon.due(NOW, limit)
    for each in found:
        lane.horizon.disarm(each.key)
    return [each.due_at for each in found]


async def test_an_outage_s_timers_are_held_a_part_at_a_time_and_each_comes_once(place: Database) -> None:
    due = [NOW - (number // 3) * MILLISECOND for number in range(2 * HELD + 500)]
    await _stand(place, due)
    lane = await raise_epoch(place, LANE)
    fired: list[dt.datetime] = []
    for _ in range(20):
        if lane.horizon.is_short(NOW):
            await refill(lane, place, NOW)
        assert len(lane.horizon) <= HELD
        fired += _fire(lane, 500)
    assert fired == sorted(due)
    assert lane.horizon.until == NOW + REACH


async def test_more_of_one_instant_than_a_lane_holds_are_held_all_the_same(place: Database) -> None:
    await _stand(place, [NOW] * (HELD + 10))
    await _stand(place, [NOW + MILLISECOND] * 10, prefix="later")
    lane = await raise_epoch(place, LANE)
    await refill(lane, place, NOW)
    assert len(lane.horizon) == HELD + 10
    assert lane.horizon.until == NOW
    assert len(_fire(lane, 2 * HELD)) == HELD + 10
    await refill(lane, place, NOW)
    assert len(lane.horizon) == 10


async def test_what_is_held_already_is_not_read_again(place: Database) -> None:
    await _stand(place, [NOW, NOW + REACH, NOW + REACH + MILLISECOND])
    lane = await raise_epoch(place, LANE)
    await refill(lane, place, NOW)
    assert len(lane.horizon) == 2
    assert _fire(lane, 10) == [NOW]  # its document would be gone; here it still stands
    await refill(lane, place, NOW + REACH)
    assert len(lane.horizon) == 2, "the one that fired is not there again"
