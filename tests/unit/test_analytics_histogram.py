"""The spread of durations: percentiles within their stated error, "within 20 seconds" exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway_analytics.domain.figures import NONE, Figure, ratio, summed
from caseway_analytics.domain.histogram import (
    BOUNDS,
    ERROR,
    EXACT_SECONDS,
    added,
    bucket_of,
    count_within,
    middle_of,
    percentile,
)

DURATIONS = st.integers(min_value=101, max_value=90 * 86_400_000)


@given(DURATIONS)
def test_a_bucket_stands_for_all_in_it_within_the_stated_error(milliseconds):
    assert abs(middle_of(bucket_of(milliseconds)) - milliseconds) <= ERROR * milliseconds


@given(st.lists(DURATIONS, min_size=1, max_size=60), st.sampled_from([0.0, 0.5, 0.9, 0.95, 1.0]))
def test_a_percentile_is_the_true_one_within_the_error(durations, share):
    """S1-44: figures with a stated error."""
    spread = added({bucket_of(each): 1} for each in durations)
    rank = max(1, -(-int(share * len(durations) * 1000) // 1000))
    true = sorted(durations)[rank - 1]
    found = percentile(spread, share)
    assert found is not None
    assert abs(found - true) <= ERROR * true


@pytest.mark.parametrize("seconds", EXACT_SECONDS)
def test_round_durations_are_counted_exactly(seconds):
    at = bucket_of(seconds * 1000)
    after = bucket_of(seconds * 1000 + 1)
    assert count_within({at: 1, after: 10}, seconds) == 1


def test_other_durations_are_refused_rather_than_guessed():
    with pytest.raises(ValueError, match="17 s"):
        count_within({}, 17)


def test_nothing_and_endless_have_buckets_of_their_own():
    assert middle_of(bucket_of(0)) == 0
    assert bucket_of(10**12) == len(BOUNDS)
    assert percentile({bucket_of(10**12): 1}, 0.5) == BOUNDS[-1]


def test_what_is_added_can_be_taken_away():
    assert added([{5: 1, 7: 2}, {5: -1}]) == {7: 2}


def test_an_empty_figure_invents_nothing():
    """Bad input: empty sets; no division by zero, no invented 100 %."""
    assert NONE.mean_seconds is None
    assert NONE.percentile_seconds(0.9) is None
    assert NONE.share_within(20) is None
    assert ratio(0, 0) is None
    assert summed([]) == NONE


def test_figures_of_lanes_add_up():
    one = Figure(count=2, milliseconds=30_000, buckets={bucket_of(10_000): 1, bucket_of(20_000): 1})
    both = summed([one, Figure(count=1, milliseconds=60_000, buckets={bucket_of(60_000): 1})])
    assert (both.count, both.mean_seconds, both.share_within(20)) == (3, 30.0, 0.6667)
