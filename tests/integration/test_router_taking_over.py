"""Another process takes a pool over from MongoDB, and goes on as the first would have."""

from __future__ import annotations

from caseway.contracts.work import WorkOffered
from caseway.contracts.work_commands import AcceptWork, CompleteWork
from caseway.testkit.namespaces import Namespace
from caseway_router.adapters import documents
from caseway_router.domain.assignment import process
from caseway_router.domain.plan import PoolPlan
from caseway_router.domain.pool import Pool
from tests.load.router_engine import START
from tests.load.taking_over import left_in


async def test_the_pool_is_the_one_that_was_left_and_decides_alike(namespace: Namespace) -> None:
    """Snapshot and tail: the same digest, nothing to settle, and from then on the same facts."""
    async with left_in(namespace.mongo_url, namespace.prefix, agents=60, waiting=300) as (left, plan, take_over):
        taken = await take_over()
        assert len(taken.items) == len(left.items) > 300
        assert documents.digest(taken) == documents.digest(left)
        assert _worked_off(taken, plan) == _worked_off(left, plan)
        assert documents.digest(taken) == documents.digest(left)


def _worked_off(pool: Pool, plan: PoolPlan) -> list[str]:
    """Everybody accepts and completes what they were offered, and is offered the next; all that is told."""
    told: list[str] = []
    offers = 0
    held = sorted((item.case_id, item.agent) for item in pool.items.values() if item.agent)
    for case_id, agent in held:
        for command in (AcceptWork, CompleteWork):
            asked = command(pool="pool", agent=agent, case_id=case_id)
            decision = process.on_command(pool, plan, "v1", asked, "cause", START)
            told += [fact.model_dump_json() for fact in decision.emits]
            offers += sum(isinstance(fact, WorkOffered) for fact in decision.emits)
    assert offers > 10, "hardly anything was offered anew"
    return told
