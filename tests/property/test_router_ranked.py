"""A sorted set in chunks behaves as one sorted list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway_router.domain import ranked
from caseway_router.domain.ranked import Ranked

keys = st.tuples(st.integers(0, 40), st.integers(0, 3))


@given(st.lists(st.tuples(st.booleans(), keys), max_size=120), keys)
def test_it_equals_a_sorted_list(steps: list[tuple[bool, tuple[int, int]]], probe: tuple[int, int]) -> None:
    full, ranked._FULL = ranked._FULL, 4
    try:
        mine, plain = Ranked(), set[tuple[int, int]]()
        for adds, key in steps:
            if adds and key not in plain:
                mine.add(key)
                plain.add(key)
            elif not adds and key in plain:
                mine.remove(key)
                plain.remove(key)
        ordered = sorted(plain)
        assert list(mine) == ordered
        assert len(mine) == len(ordered)
        assert list(mine.since(probe)) == [key for key in ordered if key >= probe]
        assert mine.below(probe) == len([key for key in ordered if key < probe])
        if ordered:
            assert mine.first() == ordered[0]
    finally:
        ranked._FULL = full


def test_what_is_not_there_cannot_be_removed() -> None:
    mine = Ranked()
    for key in ((0,), (1,)):
        with pytest.raises(KeyError):
            mine.remove(key)
        mine.add((0,)) if key == (0,) else None


def test_the_first_of_nothing() -> None:
    with pytest.raises(IndexError):
        Ranked().first()
