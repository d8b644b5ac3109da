"""A customer who writes messages."""

from __future__ import annotations

from collections.abc import Callable

from caseway.contracts.contacts import LinkedFile, MessageContact, MessageSender
from caseway.scenario.journal import Kind
from caseway.scenario.scene import LONGEST_WAIT_SECONDS, Scene, Visit
from caseway.scenario.sight import CaseSeen


async def message(scene: Scene, visit: Visit) -> None:
    """A conversation by WhatsApp, SMS or Messenger: often in two halves, and with a word of thanks that asks for nothing."""
    chance, said = visit.chance, visit.said
    writing = _Writing(scene, visit)
    key = await writing.write(said.text, kind="opens")
    if chance.happens(0.4):
        await scene.rest(chance.about(15))
        await writing.write(said.order, kind="follows", has_picture=chance.happens(0.3))
    seen = await scene.case_of(key)
    if seen is None:
        return
    answered, habits = 0, scene.plan.traffic.customers
    patience = scene.patience(LONGEST_WAIT_SECONDS)
    while await seen.until(_news_after(answered), patience):
        if len(seen.spoken) > answered:
            answered = len(seen.spoken)
            if seen.spoken[-1].purpose == "ask" and chance.happens(habits.answers_a_question):
                await scene.rest(chance.about(habits.answer_seconds / 2))
                await writing.write(said.details, kind="follows")
            continue
        if chance.happens(habits.writes_again_when_resolved):
            await scene.rest(chance.about(habits.answer_seconds))
            await writing.write(chance.one_of((*said.small.thanks, *said.small.again)), kind="follows")
        return


class _Writing:
    """One conversation on one platform."""

    def __init__(self, scene: Scene, visit: Visit) -> None:
        self._scene, self._visit = scene, visit
        self._platform = visit.chance.weighed(scene.plan.traffic.platforms)
        self._conversation = scene.line.new_id(self._platform)

    async def write(self, text: str, *, kind: Kind, has_picture: bool = False) -> str:
        """One message; its source key."""
        scene, visit = self._scene, self._visit
        message_id = scene.line.new_id("message")
        picture = LinkedFile(
            name="IMG_0001.jpg", media_type="image/jpeg", size=48_213, url=f"https://media.example.com/{message_id}"
        )
        contact = MessageContact(
            platform=self._platform,
            conversation=self._conversation,
            message=message_id,
            sender=MessageSender(id=visit.person.phone, name=visit.person.name, phone=visit.person.phone),
            text=text,
            attachments=(picture,) if has_picture else (),
            language=None if visit.chance.happens(0.5) else visit.person.language,
        )
        key = f"message:{self._platform}:{message_id}"
        await scene.hand_over(contact, visit, kind=kind, source_key=key, door=visit.door)
        return key


def _news_after(spoken: int) -> Callable[[CaseSeen], bool]:
    return lambda seen: len(seen.spoken) > spoken or seen.is_over
