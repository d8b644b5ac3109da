"""A sender of which one loop has ended must not seem to live."""

from __future__ import annotations

import asyncio
import datetime as dt
from types import SimpleNamespace
from typing import Any, cast

import pytest

from caseway_notifier.adapters.buckets import Buckets
from caseway_notifier.adapters.sending import Sender
from caseway_notifier.domain.subscription import Pace


class _Transport:
    is_closed = False

    async def close(self) -> None:
        self.is_closed = True


async def test_a_defect_in_a_loop_ends_the_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    """The liveness probe then finds the process dead, instead of one that holds no bucket for ever."""

    async def broken(_: Buckets) -> None:
        raise KeyError("owner")

    async def nothing(_: object) -> None:
        """Nothing was held."""

    monkeypatch.setattr(Sender, "_watch", nothing)
    monkeypatch.setattr(Buckets, "keep", broken)
    monkeypatch.setattr(Buckets, "release", nothing)
    second = dt.timedelta(seconds=1)
    pace = Pace(connections=1, per_destination=1, attempt=second, lease=3 * second)
    transport = _Transport()
    neighbours: Any = SimpleNamespace(database=None)
    plan: Any = SimpleNamespace(pace=pace, rates={})
    sender = Sender(neighbours, plan, cast("Any", transport), cast("Any", None), lambda _: "")

    with pytest.raises(KeyError, match="owner"):
        await asyncio.wait_for(sender.run(), 5)
    assert transport.is_closed
