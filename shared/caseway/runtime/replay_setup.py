"""A service's replay, by what the environment says."""

from __future__ import annotations

import gc
import importlib
from typing import Any

from aiokafka import AIOKafkaConsumer

from caseway.runtime import failpoints
from caseway.runtime.configuration import load
from caseway.runtime.kafka import count_partitions
from caseway.runtime.mongo import connect, database
from caseway.runtime.replaying import Replay
from caseway.runtime.service import Service
from caseway.runtime.settings import Settings

_FETCH_BYTES = 4 * 1024 * 1024


async def replay_of(name: str, *, from_what_is_left: bool) -> Replay:
    """The replay of the service of this name, ready to be run.

    Raises:
        Misconfigured, KafkaError: see the settings.
    """
    settings = Settings()
    failpoints.install(settings.failpoints, settings.failpoints_journal, settings.environment)
    service: Service = importlib.import_module(f"caseway_{name}.app").build()
    loaded = load(settings.config, service.configuration)
    (stage,) = service.stages
    counts = await count_partitions(settings.kafka_url, [settings.namespace + topic for topic in stage.topics])
    client = connect(settings.mongo_url.get_secret_value())
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # what is built up stays: to look for cycles in it is in vain

    def consumer() -> Any:
        return AIOKafkaConsumer(
            bootstrap_servers=settings.kafka_url, group_id=None, enable_auto_commit=False,
            isolation_level="read_committed", max_partition_fetch_bytes=_FETCH_BYTES,
        )  # fmt: skip

    return Replay(
        stage=stage,
        namespace=settings.namespace,
        database=database(client, settings.namespace, name),
        configuration=loaded.value,
        version=loaded.version,
        partitions=min(counts.values()),
        make_consumer=consumer,
        from_what_is_left=from_what_is_left,
    )
