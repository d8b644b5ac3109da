"""How long it takes to take over a large pool.

A pool is written to MongoDB; then everything is done to it that a process does with a lane that it claims: every state is
read, the pool built and indexed, and a first command decided. It has to be the pool that was left, by digest.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from caseway.contracts.work_commands import SetPresence
from caseway.kernel.errors import Superseded
from caseway.kernel.vocabulary import Presence
from caseway.local import Stack
from caseway.runtime.claiming import load_resident, raise_epoch
from caseway.runtime.mongo import Database, connect, database, prepare_collections
from caseway.runtime.stage import Collection
from caseway_router.adapters import documents
from caseway_router.app import build
from caseway_router.domain.assignment import process
from caseway_router.domain.ledger import ATTENDANCES, WORK_ITEMS
from caseway_router.domain.plan import PoolPlan
from caseway_router.domain.pool import Pool
from tests.load import router_engine

LANE = "router.core/0"
Takes = Callable[[], Awaitable[Pool]]
_AT_ONCE = 5_000


async def measure(mongo_url: str, prefix: str, agents: int, waiting: int) -> None:
    """Write a pool, take it over, and say how long that took."""
    gc.set_threshold(300_000, 3, 20)  # as in a service (runtime/application.py)
    async with left_in(mongo_url, prefix, agents, waiting) as (left, _, take_over):
        _say(f"taking over: {agents:,} agents, {len(left.items):,} pieces of work, from MongoDB")
        digest = documents.digest(left)
        taken = await take_over()
        _say(f"  {'the same' if documents.digest(taken) == digest else 'ANOTHER'} digest as before")


@contextlib.asynccontextmanager
async def left_in(
    mongo_url: str, prefix: str, agents: int, waiting: int
) -> AsyncIterator[tuple[Pool, PoolPlan, Takes]]:
    """A pool that its process left in MongoDB, and what takes it over from there."""
    left, plan = _pool(agents, waiting)
    client = connect(mongo_url)
    place = database(client, prefix, "router")
    core = next(each for each in build().stages if each.name == "router.core")
    try:
        await prepare_collections(place, [Collection(name="lanes"), *core.collections])
        await _write(place, left)
        yield left, plan, lambda: _take_over(place, plan)
    finally:
        await client.drop_database(place.name)
        client.close()


async def _take_over(place: Database, plan: PoolPlan) -> Pool:
    stage = next(each for each in build().stages if each.name == "router.core")
    lane = await raise_epoch(place, LANE)
    began = _clocks()
    await load_resident(lane, stage, place, {each.name: each for each in stage.collections})
    read = _clocks()
    pool: Pool = lane.resident.named("pool")
    # an agent who says once more what they are changes nothing; but before it, everything is indexed and looked at anew
    command = SetPresence(pool="pool", agent=next(iter(pool.attendances)), presence=Presence.ONLINE)
    with contextlib.suppress(Superseded):
        raise AssertionError(process.on_command(pool, plan, "v1", command, "cause", router_engine.START))
    ended = _clocks()
    for name, since, until in (("states read", began, read), ("first decision", read, ended), ("both", began, ended)):
        _say(f"  {name:<16} {until[0] - since[0]:>6.2f} s, of which computing {until[1] - since[1]:>5.2f} s")
    return pool


def _clocks() -> tuple[float, float]:
    """The wall's, and this process's own."""
    return time.monotonic(), time.process_time()


def _pool(agents: int, waiting: int) -> tuple[Pool, PoolPlan]:
    """One in which everybody holds as much as they may, and so much more waits."""
    chance = random.Random(7)
    plan = router_engine.plan_of(agents, 200, chance)
    one = router_engine.Engine(plan)
    one.all(SetPresence(pool="pool", agent=name, presence=Presence.ONLINE) for name in plan.agents)
    commands = router_engine.work(waiting + 8 * agents, 200, chance)
    one.all(islice(commands, 4 * agents))
    one.all(islice(commands, waiting - one.pool.lines.count("mail")))
    return one.pool, plan


async def _write(place: Database, pool: Pool) -> None:
    items = ({"_id": each.case_id, "_lane": LANE, **documents.dump_item(each)} for each in pool.items.values())
    people = (
        {"_id": each.agent, "_lane": LANE, **documents.dump_attendance(each)} for each in pool.attendances.values()
    )
    for name, states in ((WORK_ITEMS, items), (ATTENDANCES, people)):
        for some in _batched(states):
            await place[name].insert_many(some)


def _batched(states: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    remaining = iter(states)
    while batch := list(islice(remaining, _AT_ONCE)):
        yield batch


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with Stack() as stack:
        asyncio.run(measure(stack.mongo_url, f"bench{os.getpid()}_", 10_000, 100_000))
