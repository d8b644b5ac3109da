"""A customer who fills in a form on the web."""

from __future__ import annotations

from caseway.contracts.contacts import WebContact
from caseway.scenario.gateways.mailbox import Mailbox
from caseway.scenario.scene import Scene, Visit


async def form(scene: Scene, visit: Visit) -> None:
    """One submission; whatever the desk answers comes by mail, and is answered by mail."""
    submission = scene.line.new_id("form")
    name = visit.said.matter.form
    contact = WebContact(
        form=name,
        submission=submission,
        fields=_fields(visit, name),
        customer=visit.person.party(with_id=True),
        language=visit.person.language,
    )
    key = f"web:{name}:{submission}"
    await scene.hand_over(contact, visit, kind="opens", source_key=key, door=visit.door)
    seen = await scene.case_of(key)
    if seen is not None:
        await Mailbox(scene, visit).read_and_answer(seen)


def _fields(visit: Visit, form: str) -> dict[str, str]:
    """As forms.yaml declares them."""
    said, person, chance = visit.said, visit.person, visit.chance
    common = {"message": said.text, "email": person.email, "name": person.name}
    match form:
        case "return":
            reasons = ("damaged", "wrong_item", "too_late", "changed_my_mind", "other")
            return {**common, "order": said.order, "reason": chance.one_of(reasons)}
        case "data-protection":
            return {**common, "request": chance.one_of(("access", "correction", "erasure", "consent"))}
        case _:
            return {**common, "subject": said.subject, "phone": person.phone, "order": said.order}
