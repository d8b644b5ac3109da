"""A customer who writes mails."""

from __future__ import annotations

from caseway.scenario.gateways.mailbox import Mailbox
from caseway.scenario.scene import Scene, Visit


async def mail(scene: Scene, visit: Visit) -> None:
    """From the first mail until the desk's last word is accepted."""
    said, chance, habits = visit.said, visit.chance, scene.plan.traffic.mail
    mailbox = Mailbox(scene, visit)
    text = f"{said.small.greeting}\n\n{said.text}"
    attachment = chance.one_of(("faktura.pdf", "zdjęcie.png", "Beleg.pdf", "photo.png"))
    message_id, sent = await mailbox.write(
        text,
        kind="opens",
        to=said.matter.mailbox,
        subject=said.subject,
        attachment=attachment if chance.happens(habits.with_attachment) else "",
    )
    if chance.happens(habits.sent_twice):
        await scene.hand_over_mail(sent, kind="repeat", source_key=message_id, door=visit.door)
    seen = await scene.case_of(message_id)
    if seen is None:
        return
    if chance.happens(habits.out_of_office):
        await mailbox.out_of_office(seen)
    if chance.happens(habits.nudges) and not await seen.until(
        lambda case: bool(case.replies), scene.patience(chance.about(90))
    ):
        await mailbox.write(
            chance.one_of(said.small.nudge), kind="follows", to=said.matter.mailbox, subject=f"Re: {said.subject}"
        )
    await mailbox.read_and_answer(seen)
