"""Whether anybody could ever take a piece of work: by sets of agents, as by looking at each (S4-05)."""

from __future__ import annotations

import datetime as dt
import random

from caseway_router.domain.items import Requirement, WorkItem
from caseway_router.domain.pool import Pool
from caseway_router.domain.staff import ChannelLimit
from caseway_router.domain.staffing import Work, could_ever
from tests.router_builders import POOL, START, agent, plan, profile

QUEUES = ("mail", "calls", "returns")
PROFILES = (
    profile(),
    profile(total=0.5),
    profile(email=0, chat=2),
    profile(6, phone=ChannelLimit(at_most=50, beside=0)),
)


def test_it_is_what_looking_at_everybody_says() -> None:
    chance, seen = random.Random(5), set[bool]()
    for _ in range(300):
        pool, item = _pool(chance), _item(chance)
        hard = tuple(each for each in item.requirements if each.drop_after is None)
        work = Work(queue=item.queue, channel=item.channel, weight=item.weight, hard=hard, excluded=item.excluded)
        expected = any(could_ever(each, work) for each in pool.plan.agents.values())
        assert pool.could_ever(item) is expected
        seen.add(expected)
    assert seen == {True, False}


def _pool(chance: random.Random) -> Pool:
    pool = Pool(POOL)
    people = [
        agent(
            f"agent-{number}",
            {skill: chance.randint(1, 3) for skill in chance.sample(("pl", "de", "orders"), 2)},
            profile=chance.choice(PROFILES),
            queues=chance.choice((None, frozenset({"mail"}), frozenset(QUEUES))),
        )
        for number in range(4)
    ]
    pool.follow(plan(*people), "v1")
    return pool


def _item(chance: random.Random) -> WorkItem:
    asked = [
        Requirement(
            skill=chance.choice(("pl", "de", "cs")),
            level=chance.randint(0, 3),
            drop_after=chance.choice((None, None, dt.timedelta(0))),
        )
        for _ in range(chance.randint(0, 2))
    ]
    return WorkItem(
        work_item="w",
        case_id="c",
        pool=POOL,
        queue=chance.choice(QUEUES),
        channel=chance.choice(("email", "chat", "phone")),
        queued_at=START,
        requirements=tuple(asked),
        weight=chance.choice((25, 100, 200)),
        excluded=tuple(chance.sample([f"agent-{number}" for number in range(5)], chance.randint(0, 3))),
    )
