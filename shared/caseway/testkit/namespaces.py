"""A corner of shared backends that one test has to itself."""

import asyncio
import contextlib
import secrets
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from pymongo import AsyncMongoClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """A prefix for topics, consumer groups and databases, with the backends they are on."""

    prefix: str
    kafka_url: str
    mongo_url: str

    @classmethod
    def new(cls, kafka_url: str, mongo_url: str) -> "Namespace":
        """One that nobody has."""
        return cls(prefix=f"t{secrets.token_hex(4)}_", kafka_url=kafka_url, mongo_url=mongo_url)

    def __str__(self) -> str:
        return self.prefix

    def topic(self, name: str) -> str:
        """The topic's name on the broker."""
        return self.prefix + name

    def environment(self) -> dict[str, str]:
        """What a service process of this namespace reads."""
        return {
            "CASEWAY_KAFKA_URL": self.kafka_url,
            "CASEWAY_MONGO_URL": self.mongo_url,
            "CASEWAY_NAMESPACE": self.prefix,
            "CASEWAY_ENVIRONMENT": "test",
            "CASEWAY_HTTP_HOST": "127.0.0.1",
        }

    async def clean(self) -> None:
        """Delete its topics and databases; a backend that is gone has nothing left to clean."""
        await asyncio.gather(self._clean_kafka(), self._clean_mongo())

    async def _clean_kafka(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka_url, request_timeout_ms=5000)
        with contextlib.suppress(KafkaError, OSError):
            await admin.start()
            ours = [name for name in await admin.list_topics() if name.startswith(self.prefix)]
            if ours:
                await admin.delete_topics(ours)
        await admin.close()

    async def _clean_mongo(self) -> None:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(self.mongo_url, serverSelectionTimeoutMS=3000)
        async with client:
            for name in await client.list_database_names():
                if name.startswith(self.prefix):
                    await client.drop_database(name)
