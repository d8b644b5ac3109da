"""What is kept of a record that is refused."""

from __future__ import annotations

import gc
import weakref

import pytest

from caseway.kernel.errors import CasewayError, Rejected, Superseded
from caseway.runtime.items import Item


class _Batch(list[Item]):
    """A list that can be watched."""


def _decide(batch: _Batch, error: CasewayError) -> None:
    """As a decision refuses: some calls down, while the batch is at hand."""
    for item in batch:
        try:
            _refuse(item, error)
        except (Rejected, Superseded) as refused:
            item.refuse(refused)


def _refuse(item: Item, error: CasewayError) -> None:
    try:
        int(f"lane {item.lane}")
    except ValueError as cause:
        raise error from cause


@pytest.mark.parametrize("error", [Superseded("so already"), Rejected("malformed", "no number")])
def test_a_refused_record_goes_with_its_batch_and_needs_no_collector(error: CasewayError) -> None:
    batch = _Batch([Item(lane=number) for number in range(3)])
    _decide(batch, error)
    assert all(item.error is error for item in batch), "what it says is kept"
    watched = weakref.ref(batch)
    gc.disable()
    try:
        del batch
        assert watched() is None
    finally:
        gc.enable()
