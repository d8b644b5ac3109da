"""All agents of the desk, and what their coordinators do."""

from __future__ import annotations

import asyncio

from caseway.contracts.parts import Actor
from caseway.contracts.voice_commands import DeclareIncident
from caseway.contracts.wire import WireModel
from caseway.contracts.work import AgentPresenceChanged, WorkAccepted, WorkOffered
from caseway.scenario.agents import Agent
from caseway.scenario.chance import Chance
from caseway.scenario.scene import Scene
from caseway.scenario.sight import CaseSeen


class Crew:
    """Everybody in agents.yaml."""

    def __init__(self, scene: Scene, seed: int, tasks: asyncio.TaskGroup) -> None:
        self._scene, self._seed = scene, seed
        self._agents = {
            id_: Agent(scene, id_, who, Chance(f"{seed}/agent/{id_}"), tasks)
            for id_, who in scene.plan.agents.agents.items()
        }
        self.incident: str | None = None
        """The case on which a coordinator declared it."""

    async def come(self, tasks: asyncio.TaskGroup) -> None:
        """Everybody sits down and begins."""
        await asyncio.gather(*(agent.sit_down() for agent in self._agents.values()))
        for agent in self._agents.values():
            tasks.create_task(agent.work())
        tasks.create_task(self._declare_once())

    async def go(self) -> None:
        """Everybody goes offline."""
        await asyncio.gather(*(agent.leave() for agent in self._agents.values()))

    def hear(self, fact: WireModel) -> None:
        """A fact of the router's, for whom it concerns."""
        if isinstance(fact, WorkOffered | WorkAccepted | AgentPresenceChanged) and fact.agent in self._agents:
            self._agents[fact.agent].hear(fact)

    async def _declare_once(self) -> None:
        """One coordinator sees what several customers have in common, and tells the company."""
        words = self._scene.plan.traffic.incident
        while (seen := self._telling()) is None:
            await self._scene.sight.until_more()
        id_, who = next((id_, agent.who) for id_, agent in self._agents.items() if agent.who.role == "coordinator")
        self.incident = seen.case_id
        command = DeclareIncident(
            case_id=seen.case_id,
            actor=Actor(kind="supervisor", id=id_, name=who.name),
            title=words.title,
            text=words.text,
            kind=words.kind,
            cause_department=words.cause_department,
        )
        await self._scene.order(command, id_)

    def _telling(self) -> CaseSeen | None:
        """A case on which the incident shows, once the desk has seen enough of them."""
        words, cases = self._scene.plan.traffic.incident, self._scene.sight.cases
        if len(cases) < words.after_contacts:
            return None
        return next(
            (
                seen
                for seen in cases.values()
                if seen.opened and seen.opened.category in words.categories and not seen.is_over
            ),
            None,
        )
