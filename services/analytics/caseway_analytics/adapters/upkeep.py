"""Keeps figures and texts in order."""

from __future__ import annotations

import asyncio

from pymongo.errors import PyMongoError

from caseway.kernel.errors import Transient
from caseway.runtime.logs import logger
from caseway.runtime.running import Running
from caseway_analytics.adapters.erasing import Eraser
from caseway_analytics.adapters.gathering import Gatherer
from caseway_analytics.adapters.publishing import Publisher
from caseway_analytics.adapters.texts import MongoTexts
from caseway_analytics.settings import Configuration

GATHER_SECONDS = 300.0
ERASE_SECONDS = 2.0
INDEX_SECONDS = 2.0
_log = logger(__name__)


async def gather(running: Running) -> None:
    """Gather old cells into coarser ones, every five minutes."""
    configuration: Configuration = running.configuration
    keeping = configuration.measures.keep.keeping()
    gatherer = Gatherer(running.database.client, running.database, configuration.measures.zone, keeping)
    while True:
        try:
            await gatherer.run(running.clock.now())
        except (PyMongoError, Transient) as error:
            _log.info("cells_not_gathered", error=type(error).__name__)
        await asyncio.sleep(GATHER_SECONDS)


async def erase(running: Running) -> None:
    """Erase what quality records say of customers whose data is gone, as soon as it is known."""
    eraser = Eraser(running.database.client, running.database)
    while True:
        try:
            await eraser.run(running.clock.now())
        except (PyMongoError, Transient) as error:
            _log.info("records_not_erased", error=type(error).__name__)
        await asyncio.sleep(ERASE_SECONDS)


async def index(running: Running) -> None:
    """Make texts searchable, soon after they were stored."""
    texts = MongoTexts(running.database)
    while True:
        try:
            done = await texts.index()
        except PyMongoError as error:
            _log.info("texts_not_indexed", error=type(error).__name__)
            done = 0
        await asyncio.sleep(0.05 if done else INDEX_SECONDS)


async def publish(running: Running) -> None:
    """Publish reports and figures that are due."""
    await Publisher(running).run()
