"""A customer in a shop, and who writes it down there."""

from __future__ import annotations

from caseway.contracts.contacts import DeskContact
from caseway.scenario.gateways.mailbox import Mailbox
from caseway.scenario.scene import Scene, Visit


async def note(scene: Scene, visit: Visit) -> None:
    """One entry by hand; the customer left an address, and is answered by mail."""
    submission = scene.line.new_id("desk")
    contact = DeskContact(
        submission=submission,
        actor=f"shop-{visit.chance.whole(1, 12):02d}",
        department="shops",
        channel="desk",
        customer=visit.person.party(with_id=visit.chance.happens(0.5)),
        subject=visit.said.subject,
        text=visit.said.text,
        language=visit.person.language,
    )
    key = f"desk:{submission}"
    await scene.hand_over(contact, visit, kind="opens", source_key=key)
    seen = await scene.case_of(key)
    if seen is not None:
        await Mailbox(scene, visit).read_and_answer(seen)
