"""What each record costs the router's core: run it with `python -m tests.load --only cost`.

The core's stage as the service builds it, taken through the runtime's own decoding, deciding and encoding, and the
documents of the transaction encoded as the driver does; without Kafka and MongoDB, so what those and their clients
cost is not in it. Computing time of this process alone, in rounds of a batch of each kind, and the least of them
counts: what a busy machine adds is not the router's. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import bson
from aiokafka import ConsumerRecord
from bson.codec_options import CodecOptions

from caseway.contracts.topology import PARTITIONS
from caseway.contracts.work_commands import AcceptWork, CompleteWork, SendHeartbeat, SetPresence
from caseway.kernel.vocabulary import Presence
from caseway.runtime.configuration import load
from caseway.runtime.deciding import Decider
from caseway.runtime.items import Item, from_due, from_record
from caseway.runtime.lane import Lane, Progress
from caseway.runtime.outcome import Outcome
from caseway.runtime.transaction import applied
from caseway_router.app import build
from caseway_router.settings import Configuration
from tests.load import payloads
from tests.load.corner import Record
from tests.load.crowd import ORDINARY, POOL, scenario

START = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
STEPS = ("decode", "decide", "write")
_UTC: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)


class Core:
    """The core's stage on one lane, without backends."""

    def __init__(self, folder: Path, agents: int) -> None:
        stage = next(each for each in build().stages if each.name == "router.core")
        loaded = load(scenario(folder, agents, ORDINARY), Configuration)
        self._stage = stage
        self._decider = Decider(
            stage=stage,
            service="router",
            configuration=loaded.value,
            version=loaded.version,
            partitions=PARTITIONS,
            max_parked=100,
            collections={each.name: each for each in stage.collections},
        )
        number = next(payloads.presences(1)).partition
        progress = Progress(next={"work.commands": 0})
        self.lane = Lane(stage=stage.name, number=number, epoch=1, revision=1, incarnation="cost", progress=progress)
        assert stage.resident is not None
        self.lane.resident = stage.resident.build(number, dict.fromkeys(stage.resident.collections, ()))
        self.lane.horizon.until = START + dt.timedelta(days=365)
        self.lane.horizon.follow(stage.resident.kinds, ())
        self.now = START
        self.seconds: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self.sizes: dict[str, tuple[int, int]] = {}
        """By kind: writes and bytes of a record's share in the transaction."""
        self._offset = 0

    def take(self, kind: str, records: Iterable[Record], after: float = 1.0) -> None:
        """One batch of records of a kind."""
        self.now += dt.timedelta(seconds=after)
        polled = [self._record(each) for each in records]
        began = time.process_time()
        items = [from_record(each, "work.commands", self._stage, PARTITIONS) for each in polled]
        self._spent(kind, "decode", began, len(items))
        self._apply(kind, items)

    def fire(self, kind: str, after: float) -> None:
        """All that is due so much later."""
        self.now += dt.timedelta(seconds=after)
        due = self.lane.horizon.due(self.now, 100_000)
        self._apply(kind, [from_due(self.lane.number, each, self._stage, self.now) for each in due])

    def _apply(self, kind: str, items: Sequence[Item]) -> None:
        if not items:
            return
        began = time.process_time()
        for item in items:
            self._decider.prepare(item)
        outcome = self._decider.decide_all(items, {self.lane.number: self.lane}, _Nothing())
        self._spent(kind, "decide", began, len(items))
        began = time.process_time()
        writes = list(self._documents(outcome))
        self._spent(kind, "write", began, len(items))
        self.sizes[kind] = (round(len(writes) / len(items)), sum(writes) // len(items))
        applied(outcome)

    def _documents(self, outcome: Outcome) -> Iterable[int]:
        """The size of each write of the transaction, as the runtime and the driver encode it."""
        share = outcome.lanes[self.lane.number]
        for (name, id_), value in outcome.values.items():
            document = {"_id": id_} if value is None else {**self._decider.collections[name].dump(value), "_id": id_}
            yield len(bson.encode(document, codec_options=_UTC))
        horizon = self.lane.horizon
        for due in share.armed.values():
            if due.kind not in horizon.kinds:
                timer = {"_id": due.key, "due_at": due.due_at, "data": dict(due.data)}
                yield len(bson.encode(timer, codec_options=_UTC))
        yield from (len(bson.encode({"_id": key})) for key in share.disarmed if not horizon.follows(key))
        yield from (len(bson.encode({"_id": key, "_at": at})) for key, at in outcome.arrivals.items())
        if share.rows:
            yield len(bson.encode({"rows": [row.to_list() for row in share.rows]}))

    def _spent(self, kind: str, step: str, began: float, count: int) -> None:
        self.seconds[kind][step].append((time.process_time() - began) / count)

    def _record(self, each: Record) -> ConsumerRecord[bytes, bytes]:
        self._offset += 1
        return ConsumerRecord(
            topic=each.topic,
            partition=each.partition,
            offset=self._offset,
            timestamp=int(self.now.timestamp() * 1000),
            timestamp_type=1,
            key=each.key.encode(),
            value=each.value,
            checksum=None,
            serialized_key_size=0,
            serialized_value_size=0,
            headers=tuple(each.headers),
        )


class _Nothing(dict[tuple[str, str], Any]):
    """The database holds nothing: no event came before."""

    def __missing__(self, _: tuple[str, str]) -> None:
        return None


def run(core: Core, agents: int, rounds: int) -> None:
    """Days in small: work comes, is taken, is done; desks tell that they are there."""
    core.take("presence", payloads.presences(agents))
    for number in range(rounds):
        run_ = f"round-{number}"
        cases = list(payloads.queues(run_, 200))
        core.take("queue", (record for _, record in cases))
        holders = _holders(core, [case_id for case_id, _ in cases])
        beats = [SendHeartbeat(pool=POOL, agent=payloads.agent(each % agents)) for each in range(200)]
        core.take("heartbeat", _sent(f"beat-{run_}", beats))
        core.take("accept", _sent(f"accept-{run_}", [AcceptWork(pool=POOL, agent=a, case_id=c) for c, a in holders]))
        core.take("complete", _sent(f"done-{run_}", [CompleteWork(pool=POOL, agent=a, case_id=c) for c, a in holders]))
        core.fire("wrap-up ends (timer)", 6.0)
        for presence in (Presence.BUSY, Presence.ONLINE):
            wants = [
                SetPresence(pool=POOL, agent=payloads.agent(each), presence=presence) for each in range(agents // 4)
            ]
            core.take("presence", _sent(f"{presence.value}-{run_}", wants))
        core.take("presence, unchanged", _sent(f"again-{run_}", wants))


def _holders(core: Core, cases: Sequence[str]) -> list[tuple[str, str]]:
    items = core.lane.resident.named(POOL).items
    return [(case_id, items[case_id].agent) for case_id in cases if items[case_id].agent]


def _sent(run_: str, commands: Sequence[Any]) -> list[Record]:
    return [payloads.from_outside(each, f"{run_}-{number}") for number, each in enumerate(commands)]


def table(core: Core) -> str:
    """In Markdown."""
    lines = [
        "| record | processor µs | decode | decide and encode | documents | writes | bytes |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for kind, spent in core.seconds.items():
        decode, decide, write = (min(spent.get(step, [0.0])) * 1e6 for step in STEPS)
        writes, size = core.sizes[kind]
        total = decode + decide + write
        lines.append(f"| {kind} | {total:.0f} | {decode:.0f} | {decide:.0f} | {write:.0f} | {writes} | {size:,} |")
    return "\n".join(lines)


def main(agents: int = 500, rounds: int = 30) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="caseway-cost-") as folder:
        core = Core(Path(folder), agents)
        gc.collect()
        gc.freeze()
        run(core, agents, rounds)
    sys.stdout.write(f"what a record costs the router's core, {agents} agents:\n\n{table(core)}\n")


if __name__ == "__main__":
    reading = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    reading.add_argument("--agents", type=int, default=500)
    reading.add_argument("--rounds", type=int, default=30)
    asked = reading.parse_args()
    main(asked.agents, asked.rounds)
