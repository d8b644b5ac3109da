"""Somebody at the desk, who takes cases and works them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from typing import Any

from caseway.contracts.case_commands import NoteCase, ReplyToCase, ResolveCase
from caseway.contracts.contacts import ChatContact, ChatSender
from caseway.contracts.parts import Actor
from caseway.contracts.wire import WireModel
from caseway.contracts.work import AgentPresenceChanged, WorkAccepted, WorkOffered
from caseway.contracts.work_commands import (
    AcceptWork,
    CompleteWork,
    DeclineWork,
    FinishWrapUp,
    SendHeartbeat,
    SetPresence,
    StartWork,
)
from caseway.kernel.vocabulary import Channel, Presence, Priority
from caseway.scenario.chance import Chance
from caseway.scenario.plan import AgentHabits, Colleague
from caseway.scenario.scene import Scene
from caseway.scenario.sight import CaseSeen, written_after
from caseway.scenario.speaking import question_for, solution_for, spoken_line

_LONGEST_REACTION_SECONDS = 8.0
"""Of real time: an offer lasts 15 to 20 seconds, at any speed."""


class Agent:
    """One person: calls and chats at once, whatever is written one after the other, the most urgent first."""

    def __init__(self, scene: Scene, id_: str, who: Colleague, chance: Chance, tasks: asyncio.TaskGroup) -> None:
        self.id = id_
        self.who = who
        self._scene, self._chance, self._tasks = scene, chance, tasks
        self._pile: asyncio.PriorityQueue[tuple[int, int, WorkAccepted]] = asyncio.PriorityQueue()
        self._order = itertools.count()

    @property
    def _habits(self) -> AgentHabits:
        return self._scene.plan.traffic.agents

    @property
    def _actor(self) -> Actor:
        return Actor(kind="supervisor" if self.who.role == "coordinator" else "agent", id=self.id, name=self.who.name)

    async def sit_down(self) -> None:
        """Come online."""
        await self._set(Presence.ONLINE)

    async def leave(self) -> None:
        """Go offline."""
        await self._set(Presence.OFFLINE)

    async def work(self) -> None:
        """Work on what is written, as long as one is there; and let the desk know that one is."""
        self._start(self._beat())
        while True:
            _, _, accepted = await self._pile.get()
            await self._written(accepted)

    def hear(self, fact: WorkOffered | WorkAccepted | AgentPresenceChanged) -> None:
        """Something about this agent happened."""
        match fact:
            case WorkOffered():
                self._start(self._consider(fact))
            case WorkAccepted():
                self._begin(fact)
            case AgentPresenceChanged(presence=Presence.NOT_ANSWERING | Presence.OFFLINE, reason=reason):
                if reason != "asked":
                    self._start(self._come_back())
            case _:
                pass

    async def _consider(self, offer: WorkOffered) -> None:
        habits, chance = self._habits, self._chance
        natural = chance.about(habits.reaction_seconds)
        reaction = min(self._scene.patience(natural), _LONGEST_REACTION_SECONDS)
        if chance.happens(habits.misses):
            return
        await asyncio.sleep(reaction)
        named = {"pool": offer.pool, "agent": self.id, "case_id": offer.case_id, "work_item": offer.work_item}
        if chance.happens(habits.declines):
            await self._order_of(DeclineWork(**named, reason="busy with another customer"))
        else:
            await self._order_of(AcceptWork(**named))

    def _begin(self, accepted: WorkAccepted) -> None:
        seen = self._scene.sight.case(accepted.case_id)
        match accepted.channel:
            case Channel.PHONE:
                self._start(self._call(accepted, seen))
            case Channel.CHAT:
                self._start(self._chat(accepted, seen))
            case _:
                priority = seen.opened.priority if seen.opened else Priority.NORMAL
                self._pile.put_nowait((-priority.rank, next(self._order), accepted))

    async def _call(self, accepted: WorkAccepted, seen: CaseSeen) -> None:
        """Talk until the customer's call, or the one back, is over; write it up; resolve."""
        await self._turn_to(accepted)
        longest = self._scene.patience(self._habits.handling_seconds["phone"] * 6)
        await seen.until(lambda case: case.has_call_ended, longest)
        if self._chance.happens(self._habits.notes):
            await self._on_case(NoteCase, accepted, text="Customer identified by order number; explained and agreed.")
        await self._finish(accepted, seen, "solved")

    async def _chat(self, accepted: WorkAccepted, seen: CaseSeen) -> None:
        """Turn by turn, until the customer has left or needs nothing more."""
        await self._turn_to(accepted)
        chance, habits = self._chance, self._habits
        for turn in range(self._scene.plan.traffic.customers.chat_turns):
            has_news = written_after(seen.inbound_count)
            await self._scene.rest(chance.about(habits.handling_seconds["chat"] if turn else habits.reaction_seconds))
            if not self._holds(seen):
                return
            await self._speak(accepted, seen, spoken_line(self._scene, seen, self.who, turn))
            patience = self._scene.patience(chance.about(60))
            await seen.until(has_news, patience)
            if seen.has_chat_ended:
                break
        await self._finish(accepted, seen, "solved")

    async def _speak(self, accepted: WorkAccepted, seen: CaseSeen, text: str) -> None:
        """Through the case, or straight into the chat's window."""
        conversation = seen.opened.conversation if seen.opened else None
        if conversation is None or not self._chance.happens(self._habits.types_in_the_chat):
            await self._on_case(ReplyToCase, accepted, text=text)
            return
        sender = ChatSender(kind="agent", id=self.id, name=self.who.name)
        contact = ChatContact(conversation=conversation, event="message", sender=sender, text=text)
        await self._scene.type_into(contact)

    async def _written(self, accepted: WorkAccepted) -> None:
        """Read, think, answer or ask; then it is done for now."""
        seen = self._scene.sight.case(accepted.case_id)
        channel = accepted.channel or Channel.EMAIL
        await self._turn_to(accepted)
        natural = self._chance.about(self._habits.handling_seconds[channel.value])
        await self._scene.rest(natural * (3 if self._chance.happens(self._habits.digs) else 1))
        if not self._holds(seen):
            return
        question = question_for(self._scene, seen)
        if question and not seen.replies and self._chance.happens(self._habits.asks):
            await self._on_case(ReplyToCase, accepted, text=question, purpose="ask")
            await self._done(accepted, "asked")
            return
        await self._on_case(ReplyToCase, accepted, text=solution_for(self._scene, seen, self.who, self._chance))
        if self._chance.happens(self._habits.notes):
            await self._on_case(NoteCase, accepted, text="Checked with the warehouse; see the answer.")
        await self._finish(accepted, seen, "solved")

    def _holds(self, seen: CaseSeen) -> bool:
        return seen.holder == self.id and not seen.is_over

    async def _turn_to(self, accepted: WorkAccepted) -> None:
        await self._order_of(StartWork(**self._named(accepted)))

    async def _finish(self, accepted: WorkAccepted, seen: CaseSeen, outcome: str) -> None:
        if not seen.is_over:
            await self._on_case(ResolveCase, accepted, reason=outcome)
        await self._done(accepted, outcome)

    async def _done(self, accepted: WorkAccepted, outcome: str) -> None:
        await self._order_of(CompleteWork(**self._named(accepted), outcome=outcome))
        self._start(self._wrap_up(accepted))

    async def _wrap_up(self, accepted: WorkAccepted) -> None:
        await self._scene.rest(self._chance.about(self._habits.wrap_up_seconds))
        await self._order_of(FinishWrapUp(**self._named(accepted)))

    def _named(self, accepted: WorkAccepted) -> dict[str, Any]:
        return {
            "pool": accepted.pool,
            "agent": self.id,
            "case_id": accepted.case_id,
            "work_item": accepted.work_item,
        }

    async def _on_case(self, command: type[WireModel], accepted: WorkAccepted, **fields: Any) -> None:
        await self._order_of(command(case_id=accepted.case_id, actor=self._actor, **fields))

    async def _set(self, presence: Presence) -> None:
        await self._order_of(SetPresence(pool=self.who.pool, agent=self.id, presence=presence))

    async def _come_back(self) -> None:
        await self._scene.rest(self._chance.about(self._habits.back_after_seconds))
        await self.sit_down()

    async def _beat(self) -> None:
        while True:
            await self._scene.line.say(
                SendHeartbeat(pool=self.who.pool, agent=self.id),
                source=f"desk://{self.id}",
                id_=self._scene.line.new_id("beat"),
            )
            await asyncio.sleep(self._habits.heartbeat_seconds)

    async def _order_of(self, command: WireModel) -> None:
        await self._scene.order(command, self.id)

    def _start(self, doing: Coroutine[Any, Any, None]) -> None:
        self._tasks.create_task(doing)
