"""What comes in and is no customer's contact."""

from __future__ import annotations

from caseway.contracts.contacts import MessageContact, MessageSender, WebContact
from caseway.scenario.chance import Chance
from caseway.scenario.doors import Mail
from caseway.scenario.journal import Sent
from caseway.scenario.line import Raw
from caseway.scenario.mails import machine_mail
from caseway.scenario.scene import Scene, encoded

_SOURCE = "gateway://broken"


async def malformed(scene: Scene, chance: Chance) -> None:
    """A record that no gateway should send: the desk parks it, byte for byte."""
    id_ = scene.line.new_id("broken")
    raw = _spoilt(scene, id_, chance.whole(1, 4))
    await scene.line.publish(raw)
    channel = raw.topic.removeprefix("contacts.")
    scene.journal.note(Sent(channel=channel, kind="malformed", door="kafka", id=id_, source=_SOURCE))


def _spoilt(scene: Scene, id_: str, way: int) -> Raw:
    form = encoded(
        scene, WebContact(form="contact", submission=id_, fields={"message": "cut"}), id_=id_, source=_SOURCE
    )
    message = encoded(
        scene,
        MessageContact(platform="sms", conversation=id_, message=id_, sender=MessageSender(id=id_), text="?"),
        id_=id_,
        source=_SOURCE,
    )
    match way:
        case 1:  # cut in the middle
            return Raw(topic=form.topic, key=form.key, value=form.value[:-9], headers=form.headers)
        case 2:  # a required field is missing
            value = message.value.replace(b'"sender"', b'"sendr"')
            return Raw(topic=message.topic, key=message.key, value=value, headers=message.headers)
        case 3:  # a type that nobody knows
            headers = [(name, b"caseway.contact.fax.v1" if name == "ce_type" else text) for name, text in form.headers]
            return Raw(topic=form.topic, key=form.key, value=form.value, headers=headers)
        case _:  # not a CloudEvent at all
            return Raw(topic=form.topic, key=form.key, value=b"\x00\xff not JSON", headers=())


async def from_machine(scene: Scene, chance: Chance, door: str) -> None:
    """A newsletter, a monitor's report, an absence of somebody who never wrote."""
    message_id = f"{scene.line.new_id('machine')}@news.example.com"
    raw, sender = machine_mail(message_id=message_id, at=scene.line.clock.now(), chance=chance)
    mail = Mail(raw=raw, mail_from=sender, rcpt_to=("support@example.com",))
    await scene.hand_over_mail(mail, kind="automatic", source_key=message_id, door=door)
