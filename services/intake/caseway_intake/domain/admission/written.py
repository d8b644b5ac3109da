"""How forms, messages and a desk's own notes are admitted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from caseway.contracts.contacts import DeskContact, MessageContact, WebContact
from caseway.contracts.parts import Actor, Author, Party
from caseway.contracts.voice_commands import DeclareIncident
from caseway.kernel.decision import Decision, Put, Ref
from caseway.kernel.ids import case_id
from caseway.kernel.values import replace
from caseway.kernel.vocabulary import Channel
from caseway_intake.domain import background
from caseway_intake.domain.admission.bounds import LONGEST_NAME, bounded, check_ids, linked_files
from caseway_intake.domain.admission.draft import (
    CONVERSATIONS,
    RECEIVED,
    Draft,
    Knowledge,
    complete,
    needs_of_party,
)
from caseway_intake.domain.admission.floods import within_quota
from caseway_intake.domain.admission.knowledge import BACKGROUNDS
from caseway_intake.domain.conversations import Conversation, message_event
from caseway_intake.domain.forms import faults_of

MEANINGS = {
    "subject": "subject",
    "topic": "subject",
    "message": "text",
    "text": "text",
    "body": "text",
    "name": "name",
    "email": "email",
    "mail": "email",
    "phone": "phone",
    "telephone": "phone",
    "order": "order",
}
"""What the fields of a form that nobody declared are taken for, by their names."""


def form_key(contact: WebContact) -> str:
    """A submission's source key."""
    check_ids(contact.form, contact.submission)
    return f"web:{contact.form}:{contact.submission}"


def message_key(contact: MessageContact) -> str:
    """A message's source key."""
    check_ids(contact.platform, contact.message, contact.conversation)
    return f"message:{contact.platform}:{contact.message}"


def desk_key(contact: DeskContact) -> str:
    """The source key of what a desk wrote down."""
    check_ids(contact.submission)
    return f"desk:{contact.submission}"


def needs_of_form(contact: WebContact) -> Iterable[Ref]:
    """Whether it came before, and who may have sent it: any field may hold the address or number."""
    yield Ref(RECEIVED, form_key(contact))
    texts = [str(each)[:400] for each in contact.fields.values() if isinstance(each, str | int)][:200]
    emails = (contact.customer.email, *(each for each in texts if "@" in each))
    phones = (contact.customer.phone, *(each for each in texts if len(each) <= 40))
    yield from (Ref(*each) for each in needs_of_party(emails, phones, contact.customer.id))
    orders = (value for name, value in contact.fields.items() if "order" in name.casefold() or name == "注文番号")
    yield from (Ref(BACKGROUNDS, background.of_order(str(each))) for each in orders if isinstance(each, str | int))


def needs_of_message(contact: MessageContact) -> Iterable[Ref]:
    """Whether it came before, its conversation, and who may have sent it."""
    yield Ref(RECEIVED, message_key(contact))
    yield Ref(CONVERSATIONS, _conversation(contact))
    yield from (Ref(*each) for each in needs_of_party((contact.sender.email,), (contact.sender.phone,), None))


def needs_of_desk(contact: DeskContact) -> Iterable[Ref]:
    """Whether it came before, and whom it is about."""
    yield Ref(RECEIVED, desk_key(contact))
    party = contact.customer
    yield from (Ref(*each) for each in needs_of_party((party.email,), (party.phone,), party.id))


def admit_form(contact: WebContact, known: Knowledge) -> Decision:
    """A form opens a case, when the day has room for it; sent again, it is the same one."""
    key = form_key(contact)
    decision = _once(key, case_id(key), _form_draft(contact, key, known), known)
    form, rules = known.rules.forms.forms.get(contact.form), known.rules.forms.quota
    (command,) = decision.emits
    is_free = command.class_ is not None or (form is not None and form.bypasses_quota)
    if rules is None or is_free or not decision.changes:
        return decision
    placed = within_quota(command, rules, known)
    return placed if placed.parks else replace(decision, emits=()) + placed


def admit_message(contact: MessageContact, known: Knowledge) -> Decision:
    """A message joins its conversation's case, or opens one."""
    key, conversation = message_key(contact), _conversation(contact)
    received: str | None = known.states.get(RECEIVED, key)
    if received is not None:
        return _once(key, received, _message_draft(contact, key, received, "conversation", known), known)
    before: Conversation | None = known.states.get(CONVERSATIONS, conversation)
    silence = dt.timedelta(hours=known.rules.mailboxes.message_silence_hours)
    turnout = message_event(before, key, known.now, silence)
    matched_by = "conversation" if turnout.outcome == "adds" else None
    case = turnout.conversation.case_id
    put = Put(collection=CONVERSATIONS, id=conversation, value=turnout.conversation)
    return _once(key, case, _message_draft(contact, key, case, matched_by, known), known) + Decision(changes=(put,))


def admit_desk(contact: DeskContact, known: Knowledge) -> Decision:
    """What a desk wrote down opens a case, or is a voice of its own about another; an incident is declared with it."""
    key = desk_key(contact)
    case = case_id(key)
    is_repeat = known.states.get(RECEIVED, key) is not None
    decision = _once(key, case, _desk_draft(contact, key, case), known)
    if not contact.incident or is_repeat:
        return decision
    declared = DeclareIncident(
        case_id=case,
        actor=Actor(kind="employee", id=contact.actor),
        title=contact.subject[:1_000],
        text=contact.text[:10_000],
        cause_department=contact.cause_department,
    )
    return decision + Decision(emits=(declared,))


def _once(key: str, case: str, draft: Draft, known: Knowledge) -> Decision:
    """The contact on its case; the case itself knows one that comes again by its source key."""
    command, blobs = complete(draft, known)
    is_new = known.states.get(RECEIVED, key) is None
    changes = (Put(collection=RECEIVED, id=key, value=case),) if is_new else ()
    return Decision(emits=(command,), changes=changes, blobs=blobs)


def _form_draft(contact: WebContact, key: str, known: Knowledge) -> Draft:
    said, rest = _by_meaning(contact, known)
    written = contact.customer
    party = Party(
        id=written.id,
        name=written.name or said.get("name"),
        email=written.email or said.get("email"),
        phone=written.phone or said.get("phone"),
    )
    text = said.get("text") or "\n".join(f"{name}: {value}" for name, value in contact.fields.items())
    form = known.rules.forms.forms.get(contact.form)
    is_invalid = form is not None and bool(faults_of(form, contact.fields))
    return Draft(
        case_id=case_id(key),
        source_key=key,
        channel=Channel.WEB,
        author=Author(id=party.id, name=party.name, address=party.email or party.phone),
        party=party,
        subject=said.get("subject", ""),
        text=text,
        content={"form": contact.form, "submission": contact.submission, "reply_to": _short(party.email)},
        hints=(contact.language, _form_language(contact.form, known)),
        facts={"form": contact.form, "sender": party.email, "fields": rest},
        judged={"fields": rest},
        tags=("form-invalid",) if is_invalid else (),
    )


def _by_meaning(contact: WebContact, known: Knowledge) -> tuple[dict[str, str], dict[str, Any]]:
    """What the fields say that every contact has; and all others, under their own names."""
    form = known.rules.forms.forms.get(contact.form)
    said: dict[str, str] = {}
    rest: dict[str, Any] = {}
    for name, value in contact.fields.items():
        declared = form.fields.get(name) if form else None
        meaning = declared.meaning if declared else MEANINGS.get(name.casefold(), "other")
        if meaning in {"other", "order"} or meaning in said or not isinstance(value, str | int | float):
            rest["order" if meaning == "order" else name] = value
        elif str(value).strip():
            # but for the text, whatever stands in a mail's header some day: one line, whatever was sent
            said[meaning] = str(value).strip() if meaning == "text" else " ".join(str(value).split())
    return said, rest


def _form_language(form: str, known: Knowledge) -> str | None:
    declared = known.rules.forms.forms.get(form)
    return declared.language if declared else None


def _conversation(contact: MessageContact) -> str:
    return f"message:{contact.platform}:{contact.conversation}"


def _message_draft(contact: MessageContact, key: str, case: str, matched_by: str | None, known: Knowledge) -> Draft:
    sender, files, attributes = contact.sender, linked_files(contact.attachments), bounded(contact.attributes)
    return Draft(
        case_id=case,
        source_key=key,
        channel=Channel.MESSAGE,
        author=Author(id=sender.id, name=sender.name, address=sender.phone or sender.email or sender.id),
        party=Party(name=sender.name, phone=sender.phone, email=sender.email),
        text=contact.text,
        content={
            "platform": contact.platform,
            "conversation": contact.conversation,
            "attachments": files,
            "public": contact.public,
            "reply_to": _short(sender.phone or sender.id),
            "reply_until": _reply_until(contact, known),
            "attributes": attributes,
            "matched_by": matched_by,
        },
        hints=(contact.language,),
        facts=_message_facts(contact, attributes),
        tags=("public",) if contact.public else (),
    )


def _reply_until(contact: MessageContact, known: Knowledge) -> dt.datetime | None:
    """Until when the platform takes a free answer: WhatsApp, a day after the customer's last word (S4-02)."""
    rule = known.rules.platforms.get(contact.platform.casefold())
    return known.time + dt.timedelta(hours=rule.answer_hours) if rule and rule.answer_hours else None


def _message_facts(contact: MessageContact, attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "platform": contact.platform,
        "public": contact.public,
        "sender": contact.sender.phone or contact.sender.id,
        "attachments_count": len(contact.attachments),
        "attributes": attributes,
    }


def _desk_draft(contact: DeskContact, key: str, case: str) -> Draft:
    party = contact.customer
    attributes = bounded(
        {
            **contact.attributes,
            "came_by": contact.channel,
            "written_by_department": contact.department,
            "escalation": contact.escalation,
            "incident": contact.incident,
            "cause_department": contact.cause_department,
        }
    )
    return Draft(
        case_id=case,
        source_key=key,
        channel=Channel.DESK,
        author=Author(id=party.id, name=party.name, address=party.email or party.phone),
        party=party,
        actor=Actor(kind="employee", id=contact.actor),
        subject=contact.subject,
        text=contact.text,
        content={
            "submission": contact.submission,
            "reply_to": _short(party.email or party.phone),
            "attributes": attributes,
        },
        hints=(contact.language,),
        facts=_desk_facts(contact),
        judged={"record_type": contact.record_type, "about_case": contact.about_case},
    )


def _desk_facts(contact: DeskContact) -> dict[str, Any]:
    return {
        "record_type": contact.record_type,
        "department": contact.department,
        "escalation": contact.escalation,
        "incident": contact.incident,
        "cause_department": contact.cause_department,
        "sender": contact.customer.email or contact.customer.phone,
        "attributes": contact.attributes,
    }


def _short(text: str | None) -> str | None:
    return text[:LONGEST_NAME] if text else None
