"""How chats and calls are admitted."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any

from caseway.contracts.case_commands import AssignFacts, NoteCase
from caseway.contracts.contacts import ChatContact, PhoneContact
from caseway.contracts.parts import Actor, Author, Call, CustomerLink, Party
from caseway.kernel.decision import Decision, Put, Ref, together
from caseway.kernel.values import replace
from caseway.kernel.vocabulary import Channel
from caseway_intake.domain.admission.bounds import LONGEST_NAME, bounded, check_ids, cut_text, linked_files, short
from caseway_intake.domain.admission.draft import (
    CONVERSATIONS,
    Draft,
    Knowledge,
    complete,
    link_of,
    needs_of_party,
    who,
)
from caseway_intake.domain.admission.knowledge import ENDED_CHATS
from caseway_intake.domain.continuing import ended, ended_id
from caseway_intake.domain.conversations import (
    OPENING_CALL,
    Conversation,
    Said,
    Turnout,
    call_event,
    chat_event,
    with_line,
)
from caseway_intake.domain.phones import same_number

_CASE_ID = re.compile(r"case_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOT_OF_THE_CALL = {"case_id", "attributes", "ivr", "transcript"}
"""Stand beside the call: what was said is the contact's text."""
_CHAT_ENDS = "ended"
_CALL_ENDS = frozenset({"ended"})
CALLBACK = "callback"
"""The tag of a case whose customer is to be called."""
CALLED_BACK = frozenset({"abandoned", "no_answer", "voicemail", "callback_requested"})
_EDGE = Actor(kind="machine", id="intake.edge")
_LONGEST_SPEAKER = 60


def needs_of_chat(contact: ChatContact) -> Iterable[Ref]:
    """The chat, and who the customer may be."""
    yield Ref(CONVERSATIONS, _chat_key(contact))
    party = contact.customer
    yield from (Ref(*each) for each in needs_of_party((party.email,), (party.phone,), party.id))


def needs_of_call(contact: PhoneContact) -> Iterable[Ref]:
    """The call, and who the caller may be."""
    yield Ref(CONVERSATIONS, _call_key(contact))
    yield from (Ref(*each) for each in needs_of_party((), (contact.caller,), None))


def admit_chat(contact: ChatContact, known: Knowledge) -> Decision:
    """A chat's customer opens a case by the first word; everything else of the chat is added to it."""
    key = _chat_key(contact)
    before: Conversation | None = known.states.get(CONVERSATIONS, key)
    is_word = contact.event in {"message", "file"} and contact.sender.kind == "customer"
    said = Said(
        at=known.now,
        fields={} if is_word else _kept(contact, known),
        is_by_customer=is_word,
        is_start=contact.event == "started",
        is_end=contact.event == _CHAT_ENDS,
    )
    turnout = _with_what_was_said(chat_event(before, key, known.id, said), contact, known)
    if contact.event != _CHAT_ENDS or (before is not None and before.has_ended):
        return _decided(key, turnout, _opening_chat(contact, turnout), known)
    spoken = turnout.conversation
    silent = replace(spoken, lines=(), email="")  # once it is on the case, nothing is kept here
    turnout = replace(turnout, conversation=silent)
    return _decided(key, turnout, _opening_chat(contact, turnout), known) + _at_the_end(spoken, known)


def admit_call(contact: PhoneContact, known: Knowledge) -> Decision:
    """A call opens a case when it is offered; a case that the telephony names is the call's case."""
    key = _call_key(contact)
    before: Conversation | None = known.states.get(CONVERSATIONS, key)
    named = contact.case_id if contact.case_id and _CASE_ID.fullmatch(contact.case_id) else ""
    said = Said(
        at=known.now,
        fields=_kept(contact, known),
        is_end=contact.event in _CALL_ENDS,
        opens=contact.direction == "inbound" and contact.event in OPENING_CALL,
    )
    turnout = call_event(before, key, said, named)
    is_ours = contact.direction == "outbound"
    decision = _decided(key, turnout, _call_draft(contact, turnout, known, opens=not is_ours), known)
    return decision + _to_be_called_back(contact, turnout, known) if decision.emits else decision


def _to_be_called_back(contact: PhoneContact, turnout: Turnout, known: Knowledge) -> Decision:
    """Whoever gave up, or spoke to a machine, is called back: the case says so, whatever else it is about (S1-40)."""
    fields = _callback(contact, known)
    if not fields or turnout.outcome != "adds":
        return Decision()
    case = turnout.conversation.case_id
    assign = AssignFacts(case_id=case, actor=_EDGE, add_tags=(CALLBACK,), fields=fields)
    return Decision(emits=(assign,))


def _callback(contact: PhoneContact, known: Knowledge) -> dict[str, Any]:
    """Whom to call, why, and since when; nothing where nobody waits to be called."""
    if contact.event not in CALLED_BACK or contact.direction != "inbound":
        return {}
    number = same_number(contact.caller, known.rules.mailboxes.region, known.tools.to_e164)
    return {
        "callback_number": number or contact.caller[:LONGEST_NAME],
        "callback_reason": contact.event,
        "callback_since": known.time.isoformat(),
    }


def _with_what_was_said(turnout: Turnout, contact: ChatContact, known: Knowledge) -> Turnout:
    """The conversation with the contact's line, and what the customer wishes of its transcript."""
    now = with_line(turnout.conversation, _line(contact, known))
    wants_transcript = now.wants_transcript or _wants_transcript(contact)
    email = (contact.customer.email or now.email)[:LONGEST_NAME]
    if (wants_transcript, email) != (now.wants_transcript, now.email):
        now = replace(now, wants_transcript=wants_transcript, email=email)
    return replace(turnout, conversation=now)


def _line(contact: ChatContact, known: Knowledge) -> str:
    said = contact.text or ""
    if contact.file is not None:
        said = f"{said} [{contact.file.name}]".strip()
    if contact.event not in {"message", "file"} or not said:
        return ""
    name = contact.sender.name or contact.sender.kind
    minute = known.time.isoformat(" ", "minutes")[:16]  # `strftime` takes six times as long
    return f"{minute} {name[:_LONGEST_SPEAKER]}: {said}"


def _wants_transcript(contact: ChatContact) -> bool:
    return str(contact.attributes.get("transcript", "")).strip().casefold() in {"true", "yes", "1"}


def _at_the_end(conversation: Conversation, known: Knowledge) -> Decision:
    """The transcript on the case, shown to a customer who asked for it; and what a mail would go on with (S1-46)."""
    if not conversation.case_id or not conversation.lines:
        return Decision()
    text, _, _ = cut_text("\n".join(conversation.lines))
    transcript = NoteCase(
        case_id=conversation.case_id, actor=_EDGE, text=text, shown_to_customer=conversation.wants_transcript
    )
    if not conversation.email:
        return Decision(emits=(transcript,))
    kept = ended(conversation.case_id, known.time, conversation.lines)
    put = Put(collection=ENDED_CHATS, id=ended_id(conversation.email), value=kept)
    return Decision(emits=(transcript,), changes=(put,))


def _chat_key(contact: ChatContact) -> str:
    check_ids(contact.conversation)
    return f"chat:{contact.conversation}"


def _call_key(contact: PhoneContact) -> str:
    check_ids(contact.call)
    return f"phone:{contact.call}"


def _kept(contact: ChatContact | PhoneContact, known: Knowledge) -> dict[str, str]:
    """What a contact that waits is rebuilt from; as text, since its attributes may have any name."""
    link = link_of(who(contact.customer, known)) if isinstance(contact, ChatContact) else CustomerLink()
    return {
        "id": known.id,
        "source": known.source,
        "time": known.time.isoformat(),
        "type": contact.TYPE,
        "data": contact.model_dump_json(exclude_none=True),
        "link": link.model_dump_json(exclude_none=True),
    }


def _decided(key: str, turnout: Turnout, draft: Draft, known: Knowledge) -> Decision:
    changes = (Put(collection=CONVERSATIONS, id=key, value=turnout.conversation),)
    match turnout.outcome:
        case "waits":
            return Decision(changes=changes)
        case "leads-nowhere":
            return Decision(changes=changes, parks="nothing-said")
        case "opens" | "adds":
            command, blobs = complete(draft, known)
            first = Decision(emits=(command,), changes=changes, blobs=blobs)
            return together((first, *(_waited(each, turnout, known) for each in turnout.waiting)))


def _waited(kept: Mapping[str, Any], turnout: Turnout, known: Knowledge) -> Decision:
    """A contact that waited for its case; a chat's start tells no more than its first word does."""
    then = replace(known, id=kept["id"], source=kept["source"], time=dt.datetime.fromisoformat(kept["time"]))
    if kept["type"] == PhoneContact.TYPE:
        draft = _call_draft(PhoneContact.model_validate_json(kept["data"]), turnout, then, opens=False)
    else:
        contact = ChatContact.model_validate_json(kept["data"])
        if contact.event == "started":
            return Decision()
        draft = _chat_draft(contact, turnout, None)
    # its party is that of the contact which opened the case: only that one's points are loaded
    command, blobs = complete(replace(draft, party=Party(name=draft.party.name)), then)
    return Decision(emits=(command,), blobs=blobs)


def _opening_chat(contact: ChatContact, turnout: Turnout) -> Draft:
    """The draft, with what the chat's start told before."""
    for kept in turnout.waiting:
        earlier = ChatContact.model_validate_json(kept["data"])
        if earlier.event == "started":
            draft = _chat_draft(contact, turnout, earlier)
            return replace(draft, link=CustomerLink.model_validate_json(kept["link"]))
    return _chat_draft(contact, turnout, None)


def _chat_draft(contact: ChatContact, turnout: Turnout, started: ChatContact | None) -> Draft:
    sender = contact.sender
    attributes = bounded({**(started.attributes if started else {}), **contact.attributes})
    party = _fuller(contact.customer, started.customer if started else None)
    files = linked_files((contact.file,)) if contact.file else ()
    address = party.email or party.phone
    return Draft(
        case_id=turnout.conversation.case_id,
        source_key=turnout.conversation.source_key,
        channel=Channel.CHAT,
        author=Author(
            kind=sender.kind,
            id=sender.id or None,
            name=sender.name,
            address=address if sender.kind == "customer" else None,
        ),
        party=party,
        direction="inbound" if sender.kind == "customer" or contact.event in {"started", "ended"} else "outbound",
        text=contact.text or "",
        content={
            "attachments": files,
            "conversation": contact.conversation,
            "platform": "chat",
            "event": contact.event,
            "attributes": attributes,
            "matched_by": "conversation" if turnout.outcome == "adds" else None,
        },
        hints=(contact.language, started.language if started else None),
        facts={
            "platform": "chat",
            "event": contact.event,
            "sender": address,
            "attributes": attributes,
            "attachments_count": len(files),
        },
    )


def _fuller(party: Party, started: Party | None) -> Party:
    """What a message leaves out, the chat's start may have said."""
    if started is None:
        return party
    return Party(**{**started.model_dump(exclude_none=True), **party.model_dump(exclude_none=True)})


def _call_draft(contact: PhoneContact, turnout: Turnout, known: Knowledge, *, opens: bool) -> Draft:
    region, to_e164 = known.rules.mailboxes.region, known.tools.to_e164
    caller = same_number(contact.caller, region, to_e164)
    dialled = same_number(contact.dialled, region, to_e164)
    theirs, ours = (caller, dialled) if contact.direction == "inbound" else (dialled, caller)
    ivr, attributes = bounded(contact.ivr), bounded(contact.attributes)
    language, callback = contact.ivr.get("language"), _callback(contact, known)
    return Draft(
        case_id=turnout.conversation.case_id,
        source_key=turnout.conversation.source_key,
        channel=Channel.PHONE,
        author=Author(kind="customer", address=theirs or contact.caller[:LONGEST_NAME] or None),
        party=Party(phone=contact.caller if contact.direction == "inbound" and contact.caller else None),
        direction=contact.direction,
        text=contact.transcript or "",
        opens=opens,
        content={
            "event": contact.event,
            "call": short(Call(**contact.model_dump(exclude=_NOT_OF_THE_CALL), ivr=ivr)),
            "mailbox": ours or None,
            "reply_to": theirs or None,
            "attributes": attributes,
            "matched_by": "conversation" if turnout.outcome == "adds" else None,
        },
        hints=(language if isinstance(language, str) else None,),
        judged={"fields": callback} if callback else {},
        tags=(CALLBACK,) if callback else (),
        facts={"dialled": ours, "sender": theirs, "event": contact.event, "ivr": ivr, "attributes": attributes},
    )
