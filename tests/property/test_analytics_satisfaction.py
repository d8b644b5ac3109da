"""Laws of the index of satisfaction."""

from hypothesis import given
from hypothesis import strategies as st

from caseway_analytics.domain.satisfaction import index

SCORES = st.dictionaries(st.sampled_from("abcdef"), st.floats(1, 5), min_size=1)
WEIGHTS = st.dictionaries(st.sampled_from("abcdef"), st.floats(0.01, 100))


@given(scores=SCORES, weights=WEIGHTS, factor=st.floats(0.1, 10))
def test_scaling_a_customers_weights_changes_nothing(scores, weights, factor):
    """Semantics 5.9."""
    full = {name: weights.get(name, 1.0) for name in scores}
    scaled = {name: weight * factor for name, weight in full.items()}
    assert abs(index(scores, full) - index(scores, scaled)) < 1e-6


@given(names=st.sets(st.sampled_from("abcdef"), min_size=1), weights=WEIGHTS)
def test_all_fives_are_a_hundred_and_all_ones_the_least(names, weights):
    assert abs(index(dict.fromkeys(names, 5.0), weights) - 100) < 1e-9
    assert abs(index(dict.fromkeys(names, 1.0), weights) - 20) < 1e-9
    assert abs(index(dict.fromkeys(names, 1.0), weights, true_zero=True)) < 1e-9


@given(scores=SCORES, weights=WEIGHTS)
def test_it_lies_between_the_least_and_the_greatest_score(scores, weights):
    found = index(scores, weights)
    assert 20 * min(scores.values()) - 1e-6 <= found <= 20 * max(scores.values()) + 1e-6
