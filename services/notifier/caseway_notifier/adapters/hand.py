"""What a sender has in hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from caseway_notifier.domain.delivery import Delivery


class Hand:
    """The deliveries that are leased, or about to be, in this process."""

    def __init__(self, size: int, per_destination: int) -> None:
        """Have none.

        Args:
            size: how many may be in hand.
            per_destination: how many of one destination, so that a slow one does not fill the hand.
        """
        self._size = size
        self._per_destination = per_destination
        self._held: dict[str, Delivery] = {}
        self._by_bucket: Counter[int] = Counter()
        self._by_destination: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._held)

    @property
    def free(self) -> int:
        """How many more fit."""
        return self._size - len(self._held)

    def is_busy(self, bucket: int) -> bool:
        """Whether any delivery of the bucket is in hand."""
        return self._by_bucket[bucket] > 0

    def has(self, destination: str) -> bool:
        """Whether any delivery to the destination is in hand."""
        return destination in self._by_destination

    def full_destinations(self) -> list[str]:
        """Those of which no more fit."""
        return [each for each, count in self._by_destination.items() if count >= self._per_destination]

    def take(self, deliveries: Iterable[Delivery]) -> list[Delivery]:
        """Take those that are not in hand yet, as far as their destinations allow."""
        taken = []
        for each in deliveries:
            if each.id in self._held or self._by_destination[each.destination] >= self._per_destination:
                continue
            self._held[each.id] = each
            self._by_bucket[each.bucket] += 1
            self._by_destination[each.destination] += 1
            taken.append(each)
        return taken

    def drop(self, delivery: Delivery) -> None:
        """Have it no longer."""
        if self._held.pop(delivery.id, None) is not None:
            self._by_bucket[delivery.bucket] -= 1
            self._by_destination[delivery.destination] -= 1
            if not self._by_destination[delivery.destination]:
                del self._by_destination[delivery.destination]
