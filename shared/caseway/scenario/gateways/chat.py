"""A customer in a chat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from caseway.contracts.contacts import ChatContact, ChatSender
from caseway.scenario.journal import Kind
from caseway.scenario.scene import Scene, Visit
from caseway.scenario.sight import CaseSeen


async def chat(scene: Scene, visit: Visit) -> None:
    """Started by a bot's greeting, then the customer's words between the agent's, ended by either."""
    chance, said, habits = visit.chance, visit.said, scene.plan.traffic.customers
    window = ChatWindow(scene, visit)
    await window.happen("started", kind="event")
    await scene.rest(chance.about(6))
    await window.write(f"{said.small.greeting} {said.text}", kind="opens")
    seen = await scene.case_of(window.source_key)
    if seen is None:
        return
    for turn in range(habits.chat_turns):
        patience = scene.patience(chance.about(habits.leaves_chat_after_seconds))
        told = await seen.until(_spoken_or_over_after(seen.words_count), patience)
        if not told or seen.is_over:
            break
        await scene.rest(chance.about(12))
        if turn == 0 and said.details:
            await window.write(said.details, kind="follows")
        elif turn > 0:
            await window.write(chance.one_of(said.small.thanks), kind="follows")
            break
        else:
            await window.write(f"{said.order}.", kind="follows")
    await scene.rest(chance.about(10))
    await window.happen("ended", kind="event")


class ChatWindow:
    """One chat as its gateway sees it."""

    def __init__(self, scene: Scene, visit: Visit) -> None:
        self._scene, self._visit = scene, visit
        self._conversation = scene.line.new_id("chat")

    @property
    def source_key(self) -> str:
        """Of every contact in it."""
        return f"chat:{self._conversation}"

    async def write(self, text: str, *, kind: Kind) -> None:
        """The customer's words."""
        await self._say("message", kind=kind, door=self._visit.door, text=text)

    async def happen(self, event: Literal["started", "ended"], *, kind: Kind) -> None:
        """The chat begins or ends."""
        attributes = {"page": "https://shop.example.com/help"} if event == "started" else {}
        await self._say(event, kind=kind, attributes=attributes)

    async def _say(
        self, event: Literal["started", "message", "ended"], *, kind: Kind, door: str = "kafka", **rest: Any
    ) -> None:
        visit = self._visit
        contact = ChatContact(
            conversation=self._conversation,
            event=event,
            sender=ChatSender(kind="customer", id=visit.person.email, name=visit.person.name),
            customer=visit.person.party(),
            language=visit.person.language,
            **rest,
        )
        await self._scene.hand_over(contact, visit, kind=kind, source_key=self.source_key, door=door)


def _spoken_or_over_after(count: int) -> Callable[[CaseSeen], bool]:
    return lambda seen: seen.words_count > count or seen.is_over
