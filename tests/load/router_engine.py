"""How fast the router decides: run it with `python tests/load/router_engine.py`.

The engine alone, without Kafka and MongoDB. A *choice* is one agent chosen for one item out of all, with the whole explanation
(candidates with scores, what kept the others out, tie-break, queue ahead): what the demand of 30,000 a second calls a
decision, and what is compared with looking at every agent, which chooses and explains nothing. A *turn* is more: one
command taken through the pool (queue, accept, complete with the next offer), with its facts, documents and timers.
Also the edge, from an opened case to the encoded command. Computing time of this process, so that a busy machine does
not count. Nothing is asserted: compare the ratios, on one machine.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import random
import resource
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import bson
from bson.codec_options import CodecOptions

from caseway.contracts.cases import CaseOpened
from caseway.contracts.codec import encode
from caseway.contracts.parts import Requirement
from caseway.contracts.work import WorkOffered
from caseway.contracts.work_commands import AcceptWork, CompleteWork, QueueWork, SetPresence, WorkCommand
from caseway.kernel.decision import Decision
from caseway.kernel.vocabulary import Channel, Presence, Priority
from caseway.runtime.configuration import load
from caseway_router.adapters import documents
from caseway_router.domain.assignment import process
from caseway_router.domain.assignment.reading import requirements
from caseway_router.domain.demand import stating
from caseway_router.domain.demand.telling import Occasion
from caseway_router.domain.items import WorkItem
from caseway_router.domain.lines import may_take
from caseway_router.domain.matching import explain, score_of
from caseway_router.domain.plan import PoolPlan, QueuePlan
from caseway_router.domain.pool import Pool, Pools
from caseway_router.domain.staff import Agent, ChannelLimit, Profile
from caseway_router.settings import Configuration

START = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
RETAIL = Path(__file__).parents[2] / "deploy" / "scenarios" / "retail"
LANGUAGES = ["pl", "en", "de", "cs", "sk", "hu", "ro", "uk", "fr", "it"]
PROFILE = Profile(
    name="desk",
    total=400,
    channels={
        "email": ChannelLimit(at_most=400),
        "chat": ChannelLimit(at_most=300),
        "phone": ChannelLimit(at_most=100, beside=0),
    },
)


def staff(count: int, skills: int, chance: random.Random) -> dict[str, Agent]:
    """Agents with one or two languages and a handful of the other skills; nearly no two alike."""
    agents = {}
    for number in range(count):
        spoken = chance.sample(LANGUAGES, chance.choice([1, 1, 2]))
        able = {f"skill-{each}": chance.randint(1, 4) for each in chance.sample(range(skills), 6)}
        name = f"agent-{number:05}"
        levels = {**{each: chance.randint(1, 4) for each in spoken}, **able}
        agents[name] = Agent(agent=name, name=name, pool="pool", profile=PROFILE, skills=levels)
    return agents


def plan_of(agents: int, skills: int, chance: random.Random) -> PoolPlan:
    """A pool of so many agents, with one queue."""
    queues = {"mail": QueuePlan(name="mail", offer_for=dt.timedelta(days=1))}
    return PoolPlan(pool="pool", queues=queues, agents=staff(agents, skills, chance), listed_count=5)


def work(count: int, skills: int, chance: random.Random) -> Iterator[QueueWork]:
    """Cases that ask for a language, and half of them for a skill besides."""
    for number in range(count):
        asks = [Requirement(skill=chance.choice(LANGUAGES), level=chance.randint(1, 3))]
        if chance.random() < 0.5:
            asks.append(Requirement(skill=f"skill-{chance.randrange(skills)}", level=1))
        yield QueueWork(
            pool="pool",
            case_id=f"case-{number:06}",
            work_item=f"work-{number:06}",
            queue="mail",
            requirements=tuple(asks),
            priority=chance.choice(list(Priority)),
            channel=Channel.EMAIL,
        )


class Engine:
    """One pool, and a clock that goes on with each decision; what it writes goes nowhere."""

    def __init__(self, plan: PoolPlan) -> None:
        self.pool, self.plan = Pool("pool"), plan
        self.now = START
        self.offered: list[tuple[str, str]] = []
        self.seconds = 0.0
        self.count = 0

    def all(self, commands: Iterable[WorkCommand]) -> None:
        """Decide each; only deciding is timed, not the making of commands."""
        for batch in batched(commands):
            began = time.process_time()
            for command in batch:
                self.do(command)
            self.seconds += time.process_time() - began
            self.count += len(batch)

    def do(self, command: WorkCommand) -> Decision:
        self.now += TICK
        decision = process.on_command(self.pool, self.plan, "v1", command, "cause", self.now)
        for fact in decision.emits:
            if type(fact) is WorkOffered:
                self.offered.append((fact.case_id, fact.agent))
        return decision

    def rate(self, name: str) -> float:
        """Say how fast it was since the last time."""
        rate = said(name, self.count, self.seconds)
        self.seconds, self.count = 0.0, 0
        return rate


TICK = dt.timedelta(milliseconds=1)


def batched(commands: Iterable[WorkCommand], size: int = 1_000) -> Iterator[list[WorkCommand]]:
    remaining = iter(commands)
    while batch := list(islice(remaining, size)):
        yield batch


def said(name: str, count: int, seconds: float) -> float:
    print(f"  {name:<50} {count / seconds:>10,.0f}/s  {seconds / max(count, 1) * 1e6:>8.1f} µs each")
    return count / seconds


def timed(name: str, count: int, does: Callable[[], None]) -> float:
    began = time.process_time()
    does()
    return said(name, count, time.process_time() - began)


def engine(agents: int, items: int, skills: int) -> None:
    """Agents come, work fills them and then waits; then everybody works it off."""
    chance = random.Random(7)
    before = rss_mb()
    plan = plan_of(agents, skills, chance)
    one = Engine(plan)
    commands = work(items + 8 * agents, skills, chance)
    print(f"engine: {agents:,} agents, {items:,} waiting, {skills} skills beside {len(LANGUAGES)} languages")
    one.all(_online(name) for name in plan.agents)
    one.rate("agents come online")
    one.all(islice(commands, 3 * agents))
    one.rate("queue, while agents are free (an offer each)")
    one.all(islice(commands, agents))
    one.rate("queue, while few are free")
    free = one.pool.lines.count("mail")
    one.all(islice(commands, items - free))
    one.rate("queue, while nobody is free")
    print(f"  {one.pool.lines.count('mail'):,} wait in {len(one.pool.lines.snapshot()):,} lines")
    _work_off(one, min(10_000, len(one.offered)))
    print(f"  memory of the pool: {rss_mb() - before:,.0f} MB; of the process at most {_peak_mb():,.0f} MB")
    taken_over(one)
    _free_half(one)
    probes = list(_probes(chance, 10_000, skills))
    one.pool.bench.count("email")
    rate = timed("choice with its explanation, agents free (a decision)", len(probes), lambda: _choices(one, probes))
    naive = timed("choice by looking at every agent", 20, lambda: _naive(one, probes[:20]))
    print(f"  the index is {rate / naive:,.0f} times the scan of all agents\n")


def taken_over(one: Engine) -> None:
    """Another process builds the pool from its documents, and the two have the same digest."""
    written = [bson.encode({"_id": each.case_id, **documents.dump_item(each)}) for each in one.pool.items.values()]
    there = [
        bson.encode({"_id": each.agent, **documents.dump_attendance(each)}) for each in one.pool.attendances.values()
    ]
    options: CodecOptions[Any] = CodecOptions(tz_aware=True)
    began = time.process_time()
    items = [documents.load_item(bson.decode(each, options)) for each in written]
    loaded = time.process_time()
    attendances = [documents.load_attendance(bson.decode(each, options)) for each in there]
    pool = Pools.rebuilt(items, attendances).named("pool")
    pool.follow(one.plan, "v1")
    seconds = time.process_time() - began
    same = "the same" if documents.digest(pool) == documents.digest(one.pool) else "ANOTHER"
    print(f"  taken over in {seconds:.2f} s, {loaded - began:.2f} s of it reading documents; {same} digest")


def rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _online(name: str) -> SetPresence:
    return SetPresence(pool="pool", agent=name, presence=Presence.ONLINE)


def _work_off(one: Engine, turns: int) -> None:
    first = list(one.offered[:turns])
    one.all(AcceptWork(pool="pool", agent=agent, case_id=case_id) for case_id, agent in first)
    accepts = one.rate("accept")
    one.all(CompleteWork(pool="pool", agent=agent, case_id=case_id) for case_id, agent in first)
    completes = one.rate("complete, with the next offer")
    print(f"  {'both together':<50} {2 / (1 / accepts + 1 / completes):>10,.0f}/s")


def _free_half(one: Engine) -> None:
    for item in list(one.pool.items.values()):
        if item.agent and int(item.agent[-5:]) % 2:
            one.pool.drop_item(item.case_id)


def _choices(one: Engine, probes: list[WorkItem]) -> None:
    for item in probes:
        explain(one.pool, item, one.now)


def _naive(one: Engine, probes: list[WorkItem]) -> None:
    for item in probes:
        able = [seat for seat in one.pool.seats if may_take(seat, item.signature)]
        min(able, key=lambda seat: score_of(one.pool, seat, item), default=None)


def _probes(chance: random.Random, count: int, skills: int) -> Iterator[WorkItem]:
    for command in work(count, skills, chance):
        yield WorkItem(
            work_item=command.work_item,
            case_id=command.case_id,
            pool="pool",
            queue="mail",
            channel="email",
            queued_at=START,
            requirements=requirements(command.requirements),
        )


def edge(count: int) -> None:
    """From an opened case, decoded, to the command's bytes."""
    router = load(RETAIL, Configuration).value.router
    facts = [_opened(number) for number in range(count)]
    print("edge: the retail scenario's rules")

    def run() -> None:
        for number, fact in enumerate(facts):
            stated = stating.on_case(None, fact, router, Occasion(cause=str(number), now=START, version="v1"))
            for command in stated.tells:
                encode(
                    command,
                    id=str(number),
                    source="caseway://router.edge",
                    time=START,
                    subject=command.key(),
                    lane="router.edge/0/x",
                    sequence=number,
                )

    timed("decide and encode", count, run)


def _opened(number: int) -> CaseOpened:
    return CaseOpened(
        at=START,
        cause="c",
        configuration="v1",
        case_id=f"case-{number}",
        version=1,
        number=number,
        contact="k",
        channel=Channel.EMAIL,
        source_key=str(number),
        category=("order", "return", "store", "partner", "other")[number % 5],
        language=("pl", "en", "de")[number % 3],
    )


def main(agents: int, waiting: int, skills: int) -> None:
    """The engine, then the edge; the collector runs as seldom as in a service (runtime/application.py)."""
    gc.set_threshold(300_000, 3, 20)
    engine(agents, waiting, skills)
    edge(20_000)


if __name__ == "__main__":
    reading = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    reading.add_argument("--agents", type=int, default=10_000)
    reading.add_argument("--waiting", type=int, default=100_000)
    reading.add_argument("--skills", type=int, default=200)
    asked = reading.parse_args()
    main(asked.agents, asked.waiting, asked.skills)
