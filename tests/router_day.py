"""A day at the retail desk without a network: edge and core decide, customers and agents behave as traffic.yaml says.

Everything is drawn from one seed; time is a heap of what happens next. What the edge and the core tell is fed to
each other, and to customers and agents, as topics would.
"""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import random
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caseway.contracts import cases
from caseway.contracts.parts import Call
from caseway.contracts.wire import WireModel
from caseway.contracts.work import WorkAccepted, WorkOffered, WorkQueued, WorkWithdrawn, WorkWrappingUp
from caseway.contracts.work_commands import (
    AcceptWork,
    CompleteWork,
    DeclineWork,
    FinishWrapUp,
    SetPresence,
    WorkCommand,
)
from caseway.kernel.decision import Arm, Decision, Delete, Disarm, Due, Message, Moment, Put
from caseway.kernel.errors import Superseded
from caseway.kernel.vocabulary import Channel, Presence, Turn
from caseway.runtime.configuration import load
from caseway.scenario.plan import read_plan
from caseway.scenario.spread import Spread, staff_in
from caseway_router import handlers
from caseway_router.domain.plan import PoolPlan
from caseway_router.domain.pool import Pools
from caseway_router.settings import Configuration

RETAIL = Path(__file__).parents[1] / "deploy" / "scenarios" / "retail"
START = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
POOL = "retail"
CATEGORIES = {
    "order": 38,
    "return": 22,
    "complaint": 8,
    "product": 10,
    "store": 8,
    "partner": 7,
    "data-protection": 3,
    "other": 4,
}
"""Of a hundred matters, as the scenario's words are judged."""


class States:
    """What a lane would have loaded."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], Any] = {}
        self.resident = Pools()

    def get(self, collection: str, id: str) -> Any:  # noqa: A002 - the port's word
        return self.values.get((collection, id))


@dataclass(slots=True)
class Matter:
    """One customer's matter."""

    case_id: str
    language: str
    channel: str
    opened_at: dt.datetime
    version: int = 1
    holder: str = ""
    round: int = 0
    """Counts what changed, so that what was planned before is known to be stale."""
    is_over: bool = False
    has_left: bool = False
    first_offer: float | None = None
    """Seconds from its entry."""


class Day:
    """A desk's day, event by event."""

    def __init__(self, seed: int, speed: float = 10.0, load_factor: float = 1.0) -> None:
        loaded = load(RETAIL, Configuration)
        self.configuration, self.version = loaded.value, loaded.version
        self.plan: PoolPlan = loaded.value.plans[POOL]
        self.traffic = read_plan(RETAIL).traffic
        self.speed, self.load_factor = speed, load_factor
        self.now = START
        self.chance = random.Random(seed)
        self.edge, self.core = States(), States()
        self.spread = Spread(staff_in(RETAIL))
        self.writes_until = dict.fromkeys(self.plan.agents, START)
        """By agent: what is written is answered one after the other."""
        self.matters: dict[str, Matter] = {}
        self.told: Counter[str] = Counter()
        self._heap: list[tuple[dt.datetime, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._timers: dict[tuple[str, str], Due] = {}
        self._topics: deque[WireModel] = deque()
        self._is_telling = False

    # what happens

    def runs(self, minutes: float) -> Day:
        """Open the desk, let customers come for so long, and see everything to its end, or to two hours later."""
        for number, name in enumerate(sorted(self.writes_until)):
            self._at(number * 0.2, lambda name=name: self._presence(name, "online"))
            self._at(self.chance.uniform(60, minutes * 60), lambda name=name: self._break(name))
        self._arrivals(minutes * 60)
        end = START + dt.timedelta(minutes=minutes) + dt.timedelta(hours=2)
        while self._heap and self._heap[0][0] <= end:
            self.now, _, happens = heapq.heappop(self._heap)
            happens()
        return self

    def _arrivals(self, seconds: float) -> None:
        rate = self.traffic.contacts_per_minute * self.speed * self.load_factor / 60
        at = 6.5
        while (at := at + self.chance.expovariate(rate)) < seconds:
            self._at(at, self._opens)

    def _break(self, name: str) -> None:
        """Everybody is away once; a few vanish, and come back late."""
        status = "offline" if self.chance.random() < 0.1 else "away"
        self._presence(name, status)
        self._at(self.chance.uniform(30, 200), lambda: self._presence(name, "online"))

    def _presence(self, name: str, status: str) -> None:
        self._command(SetPresence(pool=POOL, agent=name, presence=Presence(status)))

    def _opens(self) -> None:
        chance, traffic = self.chance, self.traffic
        number = len(self.matters) + 1
        matter = Matter(
            case_id=f"case-{number}",
            language=_drawn(chance, traffic.languages),
            channel=_drawn(chance, traffic.channels),
            opened_at=self.now,
        )
        self.matters[matter.case_id] = matter
        event = {"phone": "offered", "chat": "message"}.get(matter.channel)
        category = _drawn(chance, CATEGORIES)
        values: dict[str, Any] = {
            "number": number,
            "contact": f"contact-{number}",
            "channel": Channel(matter.channel),
            "source_key": f"{matter.channel}:{number}",
            "language": matter.language,
            "category": category,
            "class_": "data_protection" if category == "data-protection" else None,
            "complexity": "advanced" if chance.random() < 0.15 else "basic",
            "event": event,
            "call": Call(call=str(number), event="offered") if matter.channel == "phone" else None,
        }
        self._case(cases.CaseOpened(**self._stamp(matter), **values))
        if matter.channel == "phone":
            patience = self._about(traffic.customers.hangs_up_after_seconds)
            self._at(patience, lambda: self._hangs_up(matter))
        if matter.channel == "chat":
            patience = self._about(traffic.customers.leaves_chat_after_seconds)
            self._at(patience, lambda: self._leaves(matter))

    def _hangs_up(self, matter: Matter) -> None:
        if matter.holder or matter.is_over:
            return
        matter.has_left = True
        wants = self.chance.random() < self.traffic.customers.asks_to_be_called_back
        self._goes_on(matter, "callback_requested" if wants else "abandoned")

    def _leaves(self, matter: Matter) -> None:
        if not matter.holder and not matter.is_over:
            matter.has_left = True
            self._goes_on(matter, "ended")

    def _goes_on(self, matter: Matter, event: str) -> None:
        self._case(cases.ContactUpdated(**self._stamp(matter), source_key=f"{matter.channel}:1", event=event))

    # what agents do

    def _on_offered(self, fact: WorkOffered) -> None:
        matter, habits = self.matters[fact.case_id], self.traffic.agents
        if matter.first_offer is None:
            matter.first_offer = fact.waited_seconds or 0.0
        draw = self.chance.random()
        if draw < habits.misses:
            return
        kind: type[WorkCommand] = DeclineWork if draw < habits.misses + habits.declines else AcceptWork
        reaction = self._about(habits.reaction_seconds)
        values = {"pool": POOL, "agent": fact.agent, "case_id": fact.case_id, "work_item": fact.work_item}
        self._at(reaction, lambda: self._command(kind(**values)))

    def _on_accepted(self, fact: WorkAccepted) -> None:
        matter = self.matters[fact.case_id]
        matter.holder, matter.round = fact.agent, matter.round + 1
        habits = self.traffic.agents
        seconds = self._about(habits.handling_seconds[matter.channel])
        if matter.channel not in {"phone", "chat"} and self.chance.random() < habits.digs:
            seconds *= 3
        if matter.channel == "phone" and not matter.has_left:
            self._goes_on(matter, "answered")
        begins = self.now if matter.channel in {"phone", "chat"} else max(self.writes_until[fact.agent], self.now)
        ends = begins + seconds * SECOND
        if matter.channel not in {"phone", "chat"}:
            self.writes_until[fact.agent] = ends
        self._at((ends - self.now) / SECOND, lambda turn=matter.round: self._answers(matter, fact, turn))

    def _answers(self, matter: Matter, fact: WorkAccepted, turn: int) -> None:
        if matter.round != turn or matter.holder != fact.agent:
            return
        if matter.channel not in {"phone", "chat"} and self.chance.random() < self.traffic.agents.asks:
            self._asks(matter, fact)
            return
        matter.is_over = True
        self._case(cases.CaseResolved(**self._stamp(matter)))

    def _asks(self, matter: Matter, fact: WorkAccepted) -> None:
        """The agent asks, and lets go of it; most customers answer."""
        replied = cases.CaseReplied(
            **self._stamp(matter), contact="k", text="…", channel=Channel(matter.channel), purpose="ask",
            turn=Turn.CUSTOMER,
        )  # fmt: skip
        self._case(replied)
        self._command(CompleteWork(pool=POOL, agent=fact.agent, case_id=fact.case_id))
        if self.chance.random() < self.traffic.customers.answers_a_question:
            self._at(self._about(self.traffic.customers.answer_seconds), lambda: self._customer_answers(matter))
        else:
            matter.is_over = True

    def _customer_answers(self, matter: Matter) -> None:
        added = cases.ContactAdded(
            **self._stamp(matter), contact="k2", channel=Channel(matter.channel), source_key="s2", turn=Turn.DESK
        )
        self._case(added)

    def _on_wrapping_up(self, fact: WorkWrappingUp) -> None:
        done = FinishWrapUp(pool=POOL, agent=fact.agent, case_id=fact.case_id, work_item=fact.work_item)
        self._at(self._about(self.traffic.agents.wrap_up_seconds), lambda: self._command(done))

    # how it is decided

    def _case(self, fact: WireModel) -> None:
        self._decide(self.edge, handlers.on_case, fact)

    def _command(self, command: WorkCommand) -> None:
        self._decide(self.core, handlers.on_command, command)

    def _decide(self, states: States, decide: Callable[..., Decision], data: Any, cause: str = "") -> None:
        cause = cause or f"message-{next(self._count)}"
        message = Message(
            topic="", partition=0, offset=0, key="", id=cause, source="test", type="", data=data, time=self.now,
            recorded_at=self.now,
        )  # fmt: skip
        moment = Moment(now=self.now, configuration=self.configuration, version=self.version)
        try:
            decision = decide(message, states, moment)
        except Superseded:
            return
        self._keep(states, decision, cause)
        self._topics.extend(decision.emits)
        if not self._is_telling:
            self._is_telling = True
            while self._topics:
                self._tell(self._topics.popleft())
            self._is_telling = False

    def _keep(self, states: States, decision: Decision, cause: str) -> None:
        for change in decision.changes:
            match change:
                case Put():
                    states.values[change.collection, change.id] = change.value
                case Delete():
                    states.values.pop((change.collection, change.id), None)
        for timer in decision.timers:
            where = "edge" if states is self.edge else "core"
            match timer:
                case Arm():
                    due = Due(key=timer.key, kind=timer.kind, due_at=timer.due_at, armed_by=cause, data=timer.data)
                    self._timers[where, timer.key] = due
                    self._push(timer.due_at, lambda where=where, due=due: self._fall_due(where, due))
                case Disarm():
                    self._timers.pop((where, timer.key), None)

    def _fall_due(self, where: str, due: Due) -> None:
        if self._timers.get((where, due.key)) is not due:
            return
        del self._timers[where, due.key]
        if where == "edge":
            self._decide(self.edge, handlers.on_opening, due, due.armed_by)
        else:
            self._decide(self.core, handlers.on_due, due, due.armed_by)

    def _tell(self, told: WireModel) -> None:
        """Everybody hears at once."""
        name = told.TYPE.split(".")[2]
        if isinstance(told, WorkCommand):
            self._command(told)
            return
        if told.topic() != "work":
            return
        self.told[name] += 1
        self.spread.see([(name, told.model_dump(mode="json", exclude_none=True))])
        match told:
            case WorkOffered():
                self._on_offered(told)
            case WorkAccepted():
                self._on_accepted(told)
            case WorkWrappingUp():
                self._on_wrapping_up(told)
            case WorkWithdrawn() | WorkQueued():
                self.matters[told.case_id].holder = ""
                self.matters[told.case_id].round += 1
            case _:
                pass

    def _stamp(self, matter: Matter) -> dict[str, Any]:
        matter.version += 1
        return {
            "at": self.now,
            "cause": "customer",
            "configuration": "test",
            "case_id": matter.case_id,
            "version": matter.version,
        }

    def _about(self, seconds: float) -> float:
        """Near this natural duration, at the day's speed."""
        return self.chance.gammavariate(4, seconds / 4) / self.speed

    def _at(self, seconds: float, happens: Callable[[], None]) -> None:
        self._push(self.now + seconds * SECOND, happens)

    def _push(self, at: dt.datetime, happens: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (max(at, self.now), next(self._count), happens))


def _drawn(chance: random.Random, weights: Mapping[str, float]) -> str:
    return chance.choices(list(weights), weights=list(weights.values()))[0]
