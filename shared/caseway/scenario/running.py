"""A whole scenario, from the first contact to the last."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from caseway.kernel.errors import CasewayError
from caseway.scenario.chance import Chance
from caseway.scenario.crew import Crew
from caseway.scenario.doors import Doors
from caseway.scenario.gateways import STORIES
from caseway.scenario.gateways.oddities import from_machine, malformed
from caseway.scenario.line import Line
from caseway.scenario.people import draw_person
from caseway.scenario.plan import Channel, Plan, read_plan
from caseway.scenario.scene import Scene, Visit
from caseway.scenario.settings import ScenarioSettings
from caseway.scenario.texts import draw_matter, say
from caseway.scenario.until import FOREVER, Until


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a scenario runs."""

    speed: float = 10.0
    rate: float | None = None
    """New matters a minute of real time; else traffic.yaml's, times the speed."""
    seed: int = 1
    run: str = "run"
    """Part of every id, so that another run on the same desk sends other contacts."""
    until: Until = FOREVER


class Scenario:
    """Gateways and agents around one desk.

    `async with opened(…) as scenario: await scenario.play()`; facts are heard from the opening on.
    """

    def __init__(self, scene: Scene, options: Options) -> None:
        self.scene = scene
        self.options = options
        self.crew: Crew | None = None
        self.stopping = asyncio.Event()
        """Set by whoever wants the traffic to end now."""

    @property
    def incident(self) -> str | None:
        """The case on which an incident was declared."""
        return self.crew.incident if self.crew else None

    async def play(self, *, finish_seconds: float = 0.0) -> None:
        """Traffic until the end that the options name, then up to so many seconds for what is under way."""
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._play(tasks, finish_seconds)
        except* _Over:
            pass

    async def _play(self, tasks: asyncio.TaskGroup, finish_seconds: float) -> None:
        tasks.create_task(self._listen())
        self.crew = Crew(self.scene, self.options.seed, tasks)
        await self._record_customers()
        await self.crew.come(tasks)
        stories = await self._send(tasks)
        if stories and finish_seconds:
            await asyncio.wait(stories, timeout=finish_seconds)
        await self.crew.go()
        raise _Over

    async def _listen(self) -> None:
        async for envelope in self.scene.line.heard():
            if isinstance(envelope.data, bytes):
                continue
            self.scene.sight.see(envelope.data)
            if self.crew is not None:
                self.crew.hear(envelope.data)

    async def _record_customers(self) -> None:
        line = self.scene.line
        for each in self.scene.plan.customers.customers:
            await line.say(each, source="crm://shop", id_=line.new_id("customer"))

    async def _send(self, tasks: asyncio.TaskGroup) -> set[asyncio.Task[None]]:
        """Arrivals, each independent of the others."""
        options, traffic = self.options, self.scene.plan.traffic
        per_minute = options.rate or traffic.contacts_per_minute * options.speed
        chance, until = Chance(f"{options.seed}/arrivals"), options.until.begun(self.scene.line.clock.now())
        stories: set[asyncio.Task[None]] = set()
        number = 0
        while not until.is_reached(self.scene.line.clock.now(), number):
            gap = until.at_most(chance.gap(per_minute / 60), self.scene.line.clock.now())
            if await self._is_stopped_within(gap) or until.is_reached(self.scene.line.clock.now(), number):
                break
            number += 1
            story = tasks.create_task(self._arrive(number))
            stories.add(story)
            story.add_done_callback(stories.discard)
        return stories

    async def _is_stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self.stopping.wait()
        except TimeoutError:
            return False

    async def _arrive(self, number: int) -> None:
        """One contact: a customer's, mostly."""
        traffic = self.scene.plan.traffic
        chance = Chance(f"{self.options.seed}/contact/{number}")
        if chance.happens(traffic.odd.malformed):
            await malformed(self.scene, chance)
            return
        channel: Channel = chance.weighed(traffic.channels)
        door = self._door(channel, chance)
        if channel == "email" and chance.happens(traffic.odd.machine_mail):
            await from_machine(self.scene, chance, door)
            return
        person = draw_person(self.scene.plan, chance.weighed(traffic.languages), chance)
        said = say(draw_matter(traffic, channel, chance), traffic, person, chance)
        visit = Visit(number=number, channel=channel, person=person, said=said, chance=chance, door=door)
        await STORIES[channel](self.scene, visit)

    def _door(self, channel: Channel, chance: Chance) -> str:
        """A door that is open; Kafka always is."""
        weights = self.scene.plan.traffic.doors["email" if channel == "email" else "other"]
        drawn = chance.weighed(weights)
        return drawn if drawn in self.scene.doors.open else "kafka"


class _Over(CasewayError):
    """The scenario is over: ends everybody's tasks."""


@contextlib.asynccontextmanager
async def opened(settings: ScenarioSettings, options: Options) -> AsyncIterator[Scenario]:
    """A scenario, connected.

    Raises:
        BadConfiguration: its files are wrong.
    """
    plan: Plan = read_plan(settings.config)
    key = settings.signing_key.get_secret_value()
    async with (
        Line(settings.kafka_url, settings.namespace, options.run) as line,
        Doors(settings.intake_url, settings.intake_smtp, key, line.clock) as doors,
    ):
        yield Scenario(Scene(plan=plan, line=line, doors=doors, speed=options.speed), options)
