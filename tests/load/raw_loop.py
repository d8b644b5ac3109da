"""The yardstick: the plainest loop that reads, parses, writes.

One process, `getmany` → `json.loads` → `json.dumps` → `send` one by one, acks=all, confirmed before the next poll.
Started by the bench; its topics stand in the environment.
"""

from __future__ import annotations

import asyncio
import json
import os

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from caseway.contracts.topology import PARTITIONS


async def main() -> None:
    url, source, target = (os.environ[f"BENCH_{name}"] for name in ("KAFKA_URL", "SOURCE", "TARGET"))
    consumer = AIOKafkaConsumer(bootstrap_servers=url, group_id=None, auto_offset_reset="earliest")
    producer = AIOKafkaProducer(bootstrap_servers=url, acks="all")
    async with consumer, producer:
        consumer.assign([TopicPartition(source, number) for number in range(PARTITIONS)])
        await consumer.seek_to_beginning()
        while True:
            found = await consumer.getmany(timeout_ms=50, max_records=500)
            sent = []
            for records in found.values():
                for record in records:
                    data = json.loads(record.value)
                    value = json.dumps(data).encode()
                    sent.append(await producer.send(target, value, key=record.key, headers=list(record.headers)))
            await asyncio.gather(*sent)


if __name__ == "__main__":
    asyncio.run(main())
