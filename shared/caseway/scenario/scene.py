"""What everybody around a desk shares: wire, pace, sight."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from caseway.contracts.codec import encode, encode_mail
from caseway.contracts.contacts import EMAIL_TOPIC, ChatContact
from caseway.contracts.wire import WireModel
from caseway.scenario.chance import Chance
from caseway.scenario.doors import Doors, Mail, NotTaken
from caseway.scenario.journal import Journal, Kind, Sent
from caseway.scenario.line import Line, Raw
from caseway.scenario.people import Person
from caseway.scenario.plan import Channel, Plan
from caseway.scenario.sight import CaseSeen, Sight
from caseway.scenario.texts import Said

LONGEST_WAIT_SECONDS = 3_600.0
"""Of natural time: after that a customer has forgotten the matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One customer with one matter."""

    number: int
    channel: Channel
    person: Person
    said: Said
    chance: Chance
    door: str = "kafka"


@dataclass(slots=True, kw_only=True)
class Scene:
    """The world around the desk."""

    plan: Plan
    line: Line
    doors: Doors
    speed: float
    journal: Journal = field(default_factory=Journal)
    sight: Sight = field(default_factory=Sight)

    async def rest(self, seconds: float) -> None:
        """Let natural time pass, faster by the speed."""
        await asyncio.sleep(seconds / self.speed)

    def patience(self, seconds: float) -> float:
        """Natural seconds as real ones."""
        return seconds / self.speed

    async def case_of(self, source_key: str) -> CaseSeen | None:
        """The case that a contact came to; a desk that is behind is given real time."""
        return await self.sight.of_source(source_key, max(60.0, self.patience(LONGEST_WAIT_SECONDS)))

    async def hand_over(
        self, contact: WireModel, visit: Visit, *, kind: Kind, source_key: str = "", door: str = "kafka"
    ) -> None:
        """Give a contact to the desk by that door; noted once acknowledged, or counted as refused."""
        source = f"gateway://{visit.channel}"
        id_ = self.line.new_id(visit.channel)
        if door == "http":
            try:
                await self.doors.post(visit.channel, contact, id_)
            except NotTaken:
                self.journal.refused["http"] += 1
                return
            source = f"gateway://intake/http/{visit.channel}"
        else:
            await self.line.say(contact, source=source, id_=id_)
        sent = Sent(channel=visit.channel, kind=kind, door=door, id=id_, source=source, source_key=source_key)
        self.journal.note(sent)
        if door == "kafka" and visit.chance.happens(self.plan.traffic.odd.repeated_event):
            await self.line.say(contact, source=source, id_=id_)
            self.journal.note(Sent(channel=visit.channel, kind="doubled", door=door, id=id_, source=source))

    async def hand_over_mail(self, mail: Mail, *, kind: Kind, source_key: str, door: str) -> None:
        """Likewise, a mail."""
        id_ = self.line.new_id("email")
        source = "gateway://email"
        try:
            match door:
                case "smtp":
                    await self.doors.send_mail(mail)
                    id_, source = "", "gateway://intake/smtp"
                case "http":
                    await self.doors.post_mail(mail, id_)
                    source = "gateway://intake/http/email"
                case _:
                    await self._publish_mail(mail, id_, source)
        except NotTaken:
            self.journal.refused[door] += 1
            return
        sent = Sent(channel="email", kind=kind, door=door, id=id_, source=source, source_key=source_key)
        self.journal.note(sent)

    async def _publish_mail(self, mail: Mail, id_: str, source: str) -> None:
        value, headers = encode_mail(
            mail.raw, id=id_, source=source, time=self.line.clock.now(), mail_from=mail.mail_from, rcpt_to=mail.rcpt_to
        )
        key = mail.mail_from.lower() or "<>"
        await self.line.publish(Raw(topic=EMAIL_TOPIC, key=key, value=value, headers=headers))

    async def type_into(self, contact: ChatContact) -> None:
        """An agent's words in a chat, which its gateway tells the desk."""
        id_, source = self.line.new_id("chat"), "gateway://chat"
        await self.line.say(contact, source=source, id_=id_)
        key = f"chat:{contact.conversation}"
        self.journal.note(Sent(channel="chat", kind="event", door="kafka", id=id_, source=source, source_key=key))

    async def order(self, command: WireModel, who: str) -> None:
        """A command from a desk's software."""
        id_ = self.line.new_id(f"desk-{who}")
        await self.line.say(command, source=f"desk://{who}", id_=id_)
        self.journal.commands[command.TYPE.split(".")[-2]] += 1


def encoded(scene: Scene, contact: WireModel, *, id_: str, source: str) -> Raw:
    """A contact as a record, to be spoilt."""
    value, headers = encode(contact, id=id_, source=source, time=scene.line.clock.now(), subject=contact.key())
    return Raw(topic=contact.topic(), key=contact.key(), value=value, headers=headers)
