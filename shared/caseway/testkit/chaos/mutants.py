"""Runs a service with one of the protocol's guards removed.

`python -m caseway.testkit.chaos.mutants <mutant> <service>`: the checkers must go red for each, or they prove nothing.
Source: delivery.md, "A check must be able to fail".
"""

# ruff: noqa: B010 - setattr says plainly that the class is being changed from outside
from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

from caseway.runtime.application import run
from caseway.runtime.deciding import Decider
from caseway.runtime.lane import Lane
from caseway.runtime.lanes import RunningStage
from caseway.runtime.transaction import Store


def sequence_is_ignored() -> None:
    """A repeat from one of our own lanes is applied again."""
    original = Decider._is_repeat  # noqa: SLF001

    def is_repeat(self: Decider, item: Any, *arguments: Any) -> bool:
        return False if item.upstream else original(self, item, *arguments)

    setattr(Decider, "_is_repeat", is_repeat)


def outbox_is_skipped() -> None:
    """What goes out is published, but never written with the state: removed before it was acknowledged."""
    original = Store._write_outbox  # noqa: SLF001

    def write_outbox(self: Store, _: Any, session: Any) -> None:
        original(self, [], session)

    setattr(Store, "_write_outbox", write_outbox)


def seek_and_arm_apart() -> None:
    """The lane is armed, and sought later: records polled in between are dropped, the next are taken; holes pass."""
    from caseway.runtime import accepting

    def in_order(run_: Any, lane: Lane, topic: str, _: Any) -> Any:
        for record in run_:
            if record.offset >= lane.progress.next[topic]:
                lane.progress.next[topic] = record.offset + 1
                yield record

    setattr(accepting, "_in_order", in_order)
    original = RunningStage._arm  # noqa: SLF001

    def arm(self: RunningStage, claimed: Any) -> None:
        consumer = self._consumer()
        if consumer is not None:
            for each in claimed:
                consumer.resume(*self._partitions(each.lane))
        asyncio.get_running_loop().call_later(0.2, original, self, claimed)

    setattr(RunningStage, "_arm", arm)
    setattr(RunningStage, "_seek", lambda *_: None)


def arrivals_are_forgotten() -> None:
    """An event from outside that comes twice is applied twice."""
    original = Decider._is_repeat  # noqa: SLF001

    def is_repeat(self: Decider, item: Any, *arguments: Any) -> bool:
        return False if item.arrival else original(self, item, *arguments)

    setattr(Decider, "_is_repeat", is_repeat)


MUTANTS: dict[str, Callable[[], None]] = {
    "sequence-is-ignored": sequence_is_ignored,
    "outbox-is-skipped": outbox_is_skipped,
    "seek-and-arm-apart": seek_and_arm_apart,
    "arrivals-are-forgotten": arrivals_are_forgotten,
}


def main(arguments: Sequence[str]) -> None:
    """Mutate, then run."""
    mutant, service = arguments
    MUTANTS[mutant]()
    run(importlib.import_module(f"caseway_{service}.app").build())


if __name__ == "__main__":
    main(sys.argv[1:])
