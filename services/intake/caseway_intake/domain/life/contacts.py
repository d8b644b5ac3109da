"""How a contact opens its case, or joins it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from caseway.contracts.case_commands import AddContact, LinkCase
from caseway.contracts.cases import (
    CaseContinued,
    CaseOpened,
    CaseReopened,
    ContactAdded,
    ContactBounced,
    ContactRepeated,
    ContactUpdated,
)
from caseway.contracts.parts import Actor, Bounce, CustomerLink
from caseway.kernel.errors import Rejected
from caseway.kernel.ids import case_id
from caseway.kernel.vocabulary import CaseStatus, Channel, Turn
from caseway_intake.domain.case import (
    Answer,
    Case,
    Customer,
    Entry,
    Nature,
    excerpt,
    with_entry,
    with_files,
    with_key,
)
from caseway_intake.domain.company import Circle
from caseway_intake.domain.life.asking import escalated
from caseway_intake.domain.life.steps import LONGEST_TEXT_BYTES, Outcome, Step, advance, changed_turn, head
from caseway_intake.domain.ties import Hint, Ties
from caseway_intake.domain.voice import Voice

_CONVERSING = frozenset({Channel.CHAT, Channel.PHONE})
"""Channels where one source key stands for a whole conversation, so that it comes again and again."""
_SAID = frozenset({"started", "message", "file"})
"""Events of a chat that are contacts of their own; others only tell more about the conversation."""
_CALLS_US = _SAID | {"offered", "voicemail", "callback_requested", "abandoned"}
"""Events by which a customer wants something of us."""
_REFERENCES = 20
"""Message-IDs kept to refer to: RFC 5322 sets no bound, readers of mail need the last few."""


def open_case(command: AddContact, step: Step, number: int) -> Outcome:
    """The case that a first contact opens; a voice may be ticked "escalation" from the first (S0-04)."""
    _check(command)
    at = step.at_after(None)
    case = Case(
        id=command.case_id,
        number=number,
        version=1,
        at=at,
        opened_at=at,
        status=CaseStatus.OPEN,
        turn=_first_turn(command),
        channel=command.channel,
        nature=_nature(command),
        customer=_customer(command),
        answer=_answer(command, None),
        keys=(command.source_key,),
        entries=with_entry((), _entry(command, at)),
        record_type=command.record_type,
        voice=_voice(command) if command.record_type == "voice" else None,
        circle=Circle(asked_for=command.call.asked_for if command.call else None).with_mailboxes(
            command.also_received_at
        ),
        ties=Ties(about=command.about_case).with_hints(_hints(command)),
        files=with_files((), _files(command)),
    )
    told = {**vars(command), **head(case, step), "number": number, "turn": case.turn}
    told["department"] = case.nature.department
    outcome = Outcome(case=case, facts=(CaseOpened.model_validate(told),), commands=_links(command, step))
    if command.channel is not Channel.DESK or command.attributes.get("escalation") is not True:
        return outcome
    ticked = escalated(case, step, "", None, urgent=False)
    return replace(ticked, facts=outcome.facts + ticked.facts, commands=outcome.commands)


def _first_turn(command: AddContact) -> Turn:
    if command.waits:
        return Turn.THIRD
    return Turn.CUSTOMER if command.direction == "outbound" else Turn.DESK


def _department(command: AddContact) -> str | None:
    """Whose it is; a voice is the department's that wrote it down (S0-02, S0-15)."""
    wrote = command.attributes.get("written_by_department") if command.record_type == "voice" else None
    return command.department or (wrote if isinstance(wrote, str) else None)


def _voice(command: AddContact) -> Voice:
    return Voice(author=command.actor.id, title=command.subject, text=command.text)


def _links(command: AddContact, step: Step) -> tuple[LinkCase, ...]:
    """The case that this one speaks of hears of it."""
    about = command.about_case
    if about is None or about == command.case_id:
        return ()
    relation = "voice" if command.record_type == "voice" else "about"
    me = Actor(kind="machine", id="intake.core", name=None)
    return (LinkCase(case_id=about, actor=step.actor or me, other=command.case_id, relation=relation),)


def _files(command: AddContact) -> Iterable[str]:
    """What is stored for a contact, by digest."""
    pieces = (*command.attachments, command.text_file, command.html_file)
    digests = (each.digest for each in pieces if each is not None)
    return [each for each in (command.raw, *digests) if each]


def add_contact(case: Case, command: AddContact, step: Step) -> Outcome:
    """The case with one more contact: added, updated by what a call or chat went on to do, or known already."""
    _check(command)
    is_known = case.has(command.source_key)
    if command.bounce is not None and not is_known:
        return _bounced(case, command, command.bounce, step)
    if not is_known and case.ties.continued_in is not None:
        return Outcome(case=case, facts=(), commands=(_sent_on(case, command, case.ties.continued_in),))
    if not is_known and _wants_us(command) and is_long_over(case, step):
        return _continued(case, command, step)
    if not is_known:
        return _added(case, command, step)
    if command.channel not in _CONVERSING:
        return _repeated(case, command, step)
    return _added(case, command, step) if command.event in _SAID else _updated(case, command, step)


def is_long_over(case: Case, step: Step) -> bool:
    """Whether the case was closed so long ago that it does not go on."""
    limit = dt.timedelta(days=step.rules.life.reopen_days)
    return case.closed_at is not None and step.at_after(case.at) - case.closed_at > limit


def _continued(case: Case, command: AddContact, step: Step) -> Outcome:
    """The matter goes on in a new case beside this one."""
    into = case_id(command.source_key)
    if into == case.id:
        into = case_id(f"{command.source_key}#{step.cause}")
    after = advance(case, step, ties=replace(case.ties, continued_in=into).with_link(into, "continuation"))
    fact = CaseContinued(
        **head(after, step),
        into=into,
        source_key=command.source_key,
        contact=command.contact,
        reason="contact",
    )
    return Outcome(case=after, facts=(fact,), commands=(_sent_on(after, command, into),))


def _sent_on(case: Case, command: AddContact, into: str) -> AddContact:
    """The contact, for the case in which the matter goes on; whose it is, this case may know better."""
    changes: dict[str, Any] = {"case_id": into, "about_case": case.id, "opens": True}
    if command.customer.state != "linked" and case.customer.state == "linked":
        changes["customer"] = CustomerLink(state="linked", id=case.customer.id, name=case.customer.name)
    return command.model_copy(update=changes)


def _added(case: Case, command: AddContact, step: Step) -> Outcome:
    after = advance(case, step, **_effects(case, command, step), contacts_count=case.contacts_count + 1)
    told = {"priority": after.nature.priority, "turn": changed_turn(case, after)}
    fact = ContactAdded.model_validate({**vars(command), **head(after, step), **told})
    outcome = Outcome(case=after, facts=(fact,))
    return _reopened(outcome, command, step) if _wants_us(command) else outcome


def _updated(case: Case, command: AddContact, step: Step) -> Outcome:
    after = advance(case, step, **_effects(case, command, step))
    call = command.call
    fact = ContactUpdated(
        **head(after, step),
        source_key=command.source_key,
        event=command.event or "",
        contact=command.contact,
        channel=command.channel,
        call=call,
        agent=(call.agent if call else None) or (command.author.id if command.author.kind == "agent" else None),
        text=command.text or None,
        duration_seconds=call.duration_seconds if call else None,
        wrap_up_seconds=call.wrap_up_seconds if call else None,
        attributes=command.attributes,
        turn=changed_turn(case, after),
    )
    outcome = Outcome(case=after, facts=(fact,))
    return _reopened(outcome, command, step) if _wants_us(command) else outcome


def _bounced(case: Case, command: AddContact, bounce: Bounce, step: Step) -> Outcome:
    """What we sent did not arrive: nobody's turn changes, and nothing is opened again."""
    after = advance(case, step, keys=with_key(case.keys, command.source_key))
    told = bounce.model_dump(exclude_none=True)
    fact = ContactBounced(**head(after, step), source_key=command.source_key, **told)
    return Outcome(case=after, facts=(fact,))


def _hints(command: AddContact) -> Iterable[Hint]:
    return (Hint(**each.model_dump()) for each in command.related)


def _repeated(case: Case, command: AddContact, step: Step) -> Outcome:
    """One mail to two of ours comes twice: the case says where it came, too."""
    mailboxes = (each for each in (command.mailbox, *command.also_received_at) if each and each != case.answer.mailbox)
    after = advance(case, step, circle=case.circle.with_mailboxes(mailboxes))
    return Outcome(
        case=after,
        facts=(ContactRepeated(**head(after, step), source_key=command.source_key, mailbox=command.mailbox),),
    )


def _reopened(outcome: Outcome, command: AddContact, step: Step) -> Outcome:
    """A customer who writes again to a resolved or closed case is not done with it (S4-24)."""
    case = outcome.case
    if case.status is CaseStatus.OPEN:
        return outcome
    after = advance(case, step, **reopening(case))
    fact = CaseReopened(
        **head(after, step),
        turn=after.turn,
        reason="contact",
        contact=command.contact,
        count=after.reopened_count,
    )
    return replace(outcome, case=after, facts=(*outcome.facts, fact))


def reopening(case: Case) -> dict[str, Any]:
    """What changes when a case goes on."""
    return {
        "status": CaseStatus.OPEN,
        "turn": Turn.DESK,
        "resolved_at": None,
        "closed_at": None,
        "reopened_count": case.reopened_count + 1,
    }


def _effects(case: Case, command: AddContact, step: Step) -> dict[str, Any]:
    """What any contact does to a case that is there."""
    at = step.at_after(case.at)
    changes: dict[str, Any] = {
        "keys": with_key(case.keys, command.source_key),
        "entries": with_entry(case.entries, _entry(command, at)),
        "files": with_files(case.files, _files(command)),
    }
    if command.related:
        changes["ties"] = case.ties.with_hints(_hints(command))
    circle = case.circle.with_mailboxes(command.also_received_at)
    if command.call is not None and command.call.asked_for:
        circle = replace(circle, asked_for=command.call.asked_for)
    if circle is not case.circle:
        changes["circle"] = circle
    if _wants_us(command):
        answer = case.answer if command.stranger else _answer(command, case.answer)
        changes |= {"turn": Turn.DESK, "is_held": False, "held_until": None, "answer": answer}
    elif _answers(command):
        changes["answered_at"] = case.answered_at or at
        if command.channel is not Channel.PHONE:  # during a call, both speak
            changes["turn"] = Turn.CUSTOMER
    if command.channel is Channel.CHAT and command.event == "ended":
        changes["answer"] = replace(case.answer, conversation=None)
    return changes


def _wants_us(command: AddContact) -> bool:
    """Whether the customer now waits for us; machines wait for nobody."""
    is_theirs = command.direction == "inbound" and command.author.kind in {"customer", "unknown"}
    return is_theirs and not command.automatic and (command.event is None or command.event in _CALLS_US)


def _answers(command: AddContact) -> bool:
    """Whether a person of ours spoke to the customer."""
    if command.channel is Channel.PHONE:
        return command.event == "answered"
    return command.author.kind == "agent" and (command.event is None or command.event in _SAID)


def _check(command: AddContact) -> None:
    if len(command.text) * 4 > LONGEST_TEXT_BYTES and len(command.text.encode()) > LONGEST_TEXT_BYTES:
        raise Rejected("too-large", f"a contact's text has more than {LONGEST_TEXT_BYTES} bytes")


def _answer(command: AddContact, before: Answer | None) -> Answer:
    """Where to answer this contact; a mail address once known is kept."""
    author, party = command.author, command.party
    is_mail = command.channel is Channel.EMAIL
    email = (
        (command.reply_to or author.address if is_mail else None) or party.email or (before.email if before else None)
    )
    own_id = (command.message_id,) if command.message_id else ()
    return Answer(
        channel=command.channel,
        to=command.reply_to or author.address or party.phone,
        email=email,
        copies=command.copies,
        mailbox=command.mailbox or (before.mailbox if before else None),
        message_id=command.message_id if is_mail or before is None else before.message_id,
        references=(*command.references, *own_id)[-_REFERENCES:] if is_mail or before is None else before.references,
        conversation=command.conversation,
        platform=command.platform,
        until=command.reply_until,
    )


def _entry(command: AddContact, at: dt.datetime) -> Entry:
    text = excerpt(command.text)
    return Entry(at=at, kind="contact", author=command.author.kind, channel=command.channel.value, text=text)


def _customer(command: AddContact) -> Customer:
    link = command.customer
    name = link.name or command.party.name or command.author.name
    return Customer(state=link.state, id=link.id, candidates=link.candidates, name=name)


def _nature(command: AddContact) -> Nature:
    return Nature(
        subject=command.subject,
        language=command.language,
        reply_language=command.reply_language,
        category=command.category,
        priority=command.priority,
        class_=command.class_,
        complexity=command.complexity,
        tags=command.tags,
        department=_department(command),
        preferred_channel=command.preferred_channel,
        missing_fields=command.missing_fields,
        fields=command.fields,
        to_confirm=command.to_confirm,
        product=command.product,
        state=command.state,
    )
