"""What Prometheus sees of a stage's lanes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from caseway.runtime import metrics
from caseway.runtime.lane import Lane
from caseway.runtime.stage import Stage


def report_lanes(stage: Stage, assigned: int, lanes: Sequence[Lane]) -> None:
    """How many lanes the stage was given, may apply records of, and has halted."""
    halted = sum(bool(lane.progress.halted) for lane in lanes)
    metrics.LANES.labels(stage.name, "assigned").set(assigned)
    metrics.LANES.labels(stage.name, "armed").set(sum(lane.is_armed for lane in lanes))
    metrics.LANES.labels(stage.name, "halted").set(halted)
    metrics.HALTED.labels(stage.name).set(halted)


def measure_lag(
    lane: Lane, stage: Stage, namespace: str, consumer: AIOKafkaConsumer, stamps: Mapping[tuple[str, int], int]
) -> None:
    """How far the lane is behind the end of its partitions, in records, and in seconds by the broker's clock."""
    behind = 0.0
    for topic in stage.topics:
        partition = TopicPartition(namespace + topic, lane.number)
        with contextlib.suppress(KafkaError, AssertionError):  # the assignment may be changing under our hands
            lag = max(0, (consumer.highwater(partition) or 0) - lane.progress.next[topic])
            metrics.LAG.labels(stage.name, topic, str(lane.number)).set(lag)
            if lag and (stamp := stamps.get((topic, lane.number))):
                behind = max(behind, time.time() - stamp / 1000)
    metrics.BEHIND.labels(stage.name, str(lane.number)).set(behind)
