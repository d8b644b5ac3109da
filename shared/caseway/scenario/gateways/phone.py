"""A customer on the telephone."""

from __future__ import annotations

from typing import Any, Literal

from caseway.contracts.contacts import PhoneContact
from caseway.contracts.parts import Recording
from caseway.scenario.scene import LONGEST_WAIT_SECONDS, Scene, Visit

Event = Literal["dialled", "offered", "answered", "held", "resumed", "ended", "abandoned", "callback_requested"]


async def call(scene: Scene, visit: Visit) -> None:
    """Through the menu, into the queue, to an agent who accepted; or hung up before; then perhaps called back."""
    chance, habits = visit.chance, scene.plan.traffic.customers
    line = Telephone(scene, visit)
    await line.happen("offered", ivr={"language": visit.person.language, "choice": visit.said.matter.ivr or "other"})
    seen = await scene.case_of(line.source_key)
    patience = scene.patience(chance.about(habits.hangs_up_after_seconds))
    if seen is None or not await seen.until(lambda case: case.holder is not None, patience):
        wants_a_call = chance.happens(habits.asks_to_be_called_back)
        await line.happen("callback_requested" if wants_a_call else "abandoned")
        if seen is not None:
            await _called_back(scene, visit, seen.case_id)
        return
    agent = seen.holder
    await line.happen("answered", agent=agent)
    talk = chance.about(scene.plan.traffic.agents.handling_seconds["phone"])
    if chance.happens(0.25):
        await scene.rest(talk / 2)
        await line.happen("held", agent=agent)
        await scene.rest(chance.about(15))
        await line.happen("resumed", agent=agent)
        talk /= 2
    await scene.rest(talk)
    recording = Recording(url=f"https://calls.example.com/{line.call}.ogg", consent=chance.happens(0.7))
    await line.happen("ended", agent=agent, duration_seconds=round(talk, 1), recording=recording)


async def _called_back(scene: Scene, visit: Visit, case_id: str) -> None:
    """The agent who takes the abandoned call's case rings the customer."""
    seen = scene.sight.case(case_id)
    if not await seen.until(lambda case: case.holder is not None, scene.patience(LONGEST_WAIT_SECONDS)):
        return
    agent = seen.holder
    back = Telephone(scene, visit, case_id=case_id, is_outbound=True)
    await scene.rest(visit.chance.about(15))
    await back.happen("dialled", agent=agent)
    await scene.rest(visit.chance.about(10))
    await back.happen("answered", agent=agent)
    talk = visit.chance.about(scene.plan.traffic.agents.handling_seconds["phone"] / 2)
    await scene.rest(talk)
    await back.happen("ended", agent=agent, duration_seconds=round(talk, 1))


class Telephone:
    """One call as the telephony sees it."""

    def __init__(self, scene: Scene, visit: Visit, *, case_id: str | None = None, is_outbound: bool = False) -> None:
        self.call = scene.line.new_id("call")
        self._scene, self._visit = scene, visit
        self._case_id, self._is_outbound = case_id, is_outbound

    @property
    def source_key(self) -> str:
        """Of every contact in it."""
        return f"phone:{self.call}"

    async def happen(self, event: Event, **rest: Any) -> None:
        """Tell the desk what happened."""
        visit = self._visit
        ours = self._scene.plan.traffic.numbers[visit.person.language]
        caller, dialled = (ours, visit.person.phone) if self._is_outbound else (visit.person.phone, ours)
        contact = PhoneContact(
            call=self.call,
            event=event,
            direction="outbound" if self._is_outbound else "inbound",
            case_id=self._case_id,
            caller=caller,
            dialled=dialled,
            **rest,
        )
        is_first = event == "offered"
        await self._scene.hand_over(
            contact,
            visit,
            kind="opens" if is_first else "event",
            source_key=self.source_key,
            door=visit.door if is_first else "kafka",
        )
