"""How fast the router decides: run it with `python tests/load/router_engine.py`.

The engine alone, without Kafka and MongoDB: each step of a case's work (queue, accept, complete with the next offer)
is one decision. Beside it, in the same run, the choice by looking at every agent for each item; and the edge, from an
opened case to the encoded command. Computing time of this process, so that a busy machine does
not count. Nothing is asserted: compare the ratios, on one machine.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from caseway.contracts.cases import CaseOpened
from caseway.contracts.codec import encode
from caseway.contracts.parts import Requirement
from caseway.contracts.work import WorkOffered
from caseway.contracts.work_commands import AcceptWork, CompleteWork, QueueWork, SetPresence, WorkCommand
from caseway.kernel.decision import Decision
from caseway.kernel.vocabulary import Channel, Presence, Priority
from caseway.runtime.configuration import load
from caseway_router.domain import demand
from caseway_router.domain.assignment import process
from caseway_router.domain.assignment.reading import requirements
from caseway_router.domain.items import WorkItem
from caseway_router.domain.matching import explain, reasons_against, score_of
from caseway_router.domain.plan import PoolPlan, QueuePlan
from caseway_router.domain.pool import Pool
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
    """One pool, and a clock that goes on with each decision."""

    def __init__(self, plan: PoolPlan) -> None:
        self.pool, self.plan = Pool("pool"), plan
        self.now = START
        self.offered: list[tuple[str, str]] = []
        self.decisions = 0

    def do(self, command: WorkCommand) -> Decision:
        self.now += dt.timedelta(milliseconds=1)
        decision = process.on_command(self.pool, self.plan, "v1", command, "cause", self.now)
        self.decisions += 1
        self.offered += [(each.case_id, each.agent) for each in decision.emits if type(each) is WorkOffered]
        return decision


def timed(name: str, count: int, does: Callable[[], None]) -> float:
    began = time.process_time()
    does()
    seconds = time.process_time() - began
    print(f"  {name:<46} {count / seconds:>10,.0f}/s  {seconds / max(count, 1) * 1e6:>8.1f} µs each")
    return count / seconds


def engine(agents: int, items: int, skills: int) -> None:
    """Agents come, work fills them and then waits; then everybody works it off."""
    chance = random.Random(7)
    people = staff(agents, skills, chance)
    one = Engine(PoolPlan(pool="pool", queues={"mail": QueuePlan(name="mail")}, agents=people, listed_count=5))
    commands = list(work(items + 4 * agents, skills, chance))
    print(f"engine: {agents:,} agents, {items:,} waiting, {skills} skills beside {len(LANGUAGES)} languages")
    timed("agents come online", agents, lambda: _all(one, (_online(name) for name in people)))
    filling, waiting = commands[: 4 * agents], commands[4 * agents :]
    timed("queue, while agents are free (an offer each)", len(filling), lambda: _all(one, filling))
    timed("queue, while nobody is free", len(waiting), lambda: _all(one, waiting))
    print(f"  {one.pool.lines.count('mail'):,} wait in {len(one.pool.lines.snapshot()):,} lines")
    turns = min(5_000, len(one.offered))
    timed("accept, and complete with the next offer", 2 * turns, lambda: _work_off(one, turns))
    _free_half(one)
    rate = timed("choice alone, agents free", 2_000, lambda: _choices(one, chance, 2_000, skills))
    naive = timed("choice by looking at every agent", 20, lambda: _naive(one, chance, 20, skills))
    print(f"  the index is {rate / naive:,.0f} times the scan of all agents")
    began = time.process_time()
    rebuilt = Pool("pool")
    rebuilt.items, rebuilt.attendances = dict(one.pool.items), dict(one.pool.attendances)
    rebuilt.follow(one.plan, "v1")
    print(f"  indices built anew in {time.process_time() - began:.2f} s; peak memory {_peak_mb():,.0f} MB\n")


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _all(one: Engine, commands: Any) -> None:
    for command in commands:
        one.do(command)


def _online(name: str) -> SetPresence:
    return SetPresence(pool="pool", agent=name, presence=Presence.ONLINE)


def _work_off(one: Engine, turns: int) -> None:
    for case_id, agent in list(one.offered[:turns]):
        one.do(AcceptWork(pool="pool", agent=agent, case_id=case_id))
        one.do(CompleteWork(pool="pool", agent=agent, case_id=case_id))


def _free_half(one: Engine) -> None:
    for item in list(one.pool.items.values()):
        if item.agent and int(item.agent[-5:]) % 2:
            one.pool.drop_item(item.case_id)


def _choices(one: Engine, chance: random.Random, count: int, skills: int) -> None:
    for item in _probes(chance, count, skills):
        explain(one.pool, item, one.now)


def _naive(one: Engine, chance: random.Random, count: int, skills: int) -> None:
    for item in _probes(chance, count, skills):
        able = [seat for seat in one.pool.seats if not reasons_against(seat, item, one.now)]
        min(able, key=lambda seat: score_of(seat, item, one.plan.bands), default=None)


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
            stated = demand.on_case(None, fact, router, str(number))
            for command in stated.commands:
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
    """The edge, then the engine."""
    edge(20_000)
    engine(agents, waiting, skills)


if __name__ == "__main__":
    reading = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    reading.add_argument("--agents", type=int, default=10_000)
    reading.add_argument("--waiting", type=int, default=10_000)
    reading.add_argument("--skills", type=int, default=200)
    asked = reading.parse_args()
    main(asked.agents, asked.waiting, asked.skills)
