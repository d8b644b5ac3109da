"""How fast attempts follow each other to one destination.

A destination belongs to one bucket, and a bucket to one process at a time: what is paced here is paced everywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

_MOST_REMEMBERED = 10_000


class Pacing:
    """Gives each attempt its turn."""

    def __init__(self, rates: Mapping[str, float]) -> None:
        """Attempts a second by destination; `*` for all others."""
        self._rates = rates
        self._free_at: dict[str, float] = {}

    async def turn(self, destination: str) -> None:
        """Wait until another attempt may be made there."""
        rate = self._rates.get(destination) or self._rates.get("*")
        if not rate:
            return
        now = asyncio.get_running_loop().time()
        at = max(now, self._free_at.get(destination, 0.0))
        if len(self._free_at) > _MOST_REMEMBERED:
            self._free_at = {name: free for name, free in self._free_at.items() if free > now}
        self._free_at[destination] = at + 1 / rate
        if at > now:
            await asyncio.sleep(at - now)
