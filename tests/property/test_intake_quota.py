"""Whatever comes when and where: no day takes more than its quota, and who came first is worked on first (S1-05)."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from caseway_intake.domain import quota
from caseway_intake.settings import Quota
from tests.intake_edge import NOW

LANES = 4


@given(
    daily=st.integers(1, 120),
    waiting=st.integers(0, 60),
    zone=st.sampled_from(["Europe/Warsaw", "Asia/Tokyo", "America/New_York", "UTC"]),
    arrivals=st.lists(st.tuples(st.integers(0, LANES - 1), st.integers(0, 20_000)), max_size=250),
)
@settings(max_examples=120, deadline=None)
def test_no_day_takes_more_than_its_quota_and_nobody_overtakes(
    daily: int, waiting: int, zone: str, arrivals: list[tuple[int, int]]
) -> None:
    rules = Quota(daily=daily, waiting=waiting, zone=zone)
    pool: quota.Pool | None = None
    blocks: dict[int, quota.Block | None] = {}
    worked: Counter[dt.date] = Counter()
    releases: list[dt.datetime] = []
    now = NOW
    for lane, seconds in arrivals:
        now += dt.timedelta(seconds=seconds)
        place = quota.place(pool, blocks.get(lane), rules, now)
        pool, blocks[lane] = place.pool, place.block
        match place.outcome:
            case "now":
                worked[quota.local_day(rules, now)] += 1
            case "waits":
                assert place.release_at is not None
                assert place.release_at > now
                releases.append(place.release_at)
                worked[quota.local_day(rules, place.release_at)] += 1
            case "refused":
                assert quota.waiting_count(pool, rules, now) >= waiting
        assert quota.waiting_count(pool, rules, now) <= waiting
    assert all(count <= daily for count in worked.values())
    assert releases == sorted(releases), "the queue is first in, first out"
    assert len(set(releases)) == len(releases)
