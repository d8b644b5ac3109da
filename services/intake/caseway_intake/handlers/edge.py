"""The edge: each contact becomes a command to its case."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from caseway.contracts.contacts import (
    EMAIL_TYPE,
    ChatContact,
    DeskContact,
    MessageContact,
    PhoneContact,
    WebContact,
)
from caseway.contracts.customers import CustomerMerged, CustomerRecorded, EntitlementRecorded, OrderChanged
from caseway.kernel.decision import Decision, Due, Message, Moment, Ref, States
from caseway.runtime.stage import Handle
from caseway_intake.domain import admission
from caseway_intake.domain.admission import floods, mails, registry, shop, talks, written
from caseway_intake.domain.admission.knowledge import (
    BACKGROUNDS,
    CLAIMS,
    CONVERSATIONS,
    CUSTOMERS,
    ENDED_CHATS,
    FORM_BLOCKS,
    FORM_POOLS,
    POINTS,
    RECEIVED,
)
from caseway_intake.domain.mail.body import HtmlToText
from caseway_intake.domain.mail.mail import Mail
from caseway_intake.domain.mail.reading import Envelope, read_mail

__all__ = [
    "BACKGROUNDS",
    "CLAIMS",
    "CONVERSATIONS",
    "CUSTOMERS",
    "ENDED_CHATS",
    "FORM_BLOCKS",
    "FORM_POOLS",
    "POINTS",
    "RECEIVED",
    "handles",
    "prepare_mail",
    "timers",
]

PrepareMail = Callable[[Message[bytes]], Mail]
_Admit = Callable[[Any, admission.Knowledge], Decision]
_Needs = Callable[[Any], Iterable[Ref]]


def prepare_mail(message: Message[bytes], key: bytes, html_to_text: HtmlToText, sanitise: HtmlToText) -> Mail:
    """The mail that the bytes are, read once."""
    told = message.extensions
    recipients = (each.strip().lower() for each in told.get("rcptto", "").split(","))
    envelope = Envelope(mailfrom=told.get("mailfrom"), rcptto=tuple(each for each in recipients if each))
    return read_mail(message.data, envelope, key, html_to_text, sanitise)


def handles(tools: admission.Tools, prepare: PrepareMail) -> Mapping[type | str, Handle]:
    """Every contact, and what CRM and shop say of customers."""

    def handle(admit: _Admit, needs: _Needs) -> Handle:
        return _handle(admit, needs, tools)

    return {
        EMAIL_TYPE: _mail_handle(tools, prepare),
        ChatContact: handle(admission.admit_chat, talks.needs_of_chat),
        PhoneContact: handle(admission.admit_call, talks.needs_of_call),
        WebContact: _form_handle(tools),
        MessageContact: handle(admission.admit_message, written.needs_of_message),
        DeskContact: handle(admission.admit_desk, written.needs_of_desk),
        CustomerRecorded: handle(admission.record_customer, registry.needs_of_record),
        CustomerMerged: handle(admission.merge_customer, registry.needs_of_merge),
        OrderChanged: handle(admission.record_order, shop.needs_of_order),
        EntitlementRecorded: handle(admission.record_entitlement, shop.needs_of_entitlement),
    }


def timers(tools: admission.Tools) -> Mapping[str, Handle]:
    """Contact points that may be out of date."""

    def refresh(due: Due, known: admission.Knowledge) -> Decision:
        return admission.refresh_points(due, known)

    return {registry.REFRESH_POINTS: _handle(refresh, registry.needs_of_refresh, tools)}


def _mail_handle(tools: admission.Tools, prepare: PrepareMail) -> Handle:
    handle = _handle(admission.admit_mail, mails.needs_of_mail, tools, prepare)

    def follows(message: Message[Any], refs: Sequence[Ref], states: States) -> Iterable[Ref]:
        yield from mails.follows_of_mail(message.data, states)
        yield from admission.follows(refs, states)

    return dataclasses.replace(handle, follows=follows)


def _form_handle(tools: admission.Tools) -> Handle:
    """A form also needs what its lane may still take today."""
    handle = _handle(admission.admit_form, written.needs_of_form, tools)

    def needs(message: Message[Any]) -> Iterable[Ref]:
        yield from handle.needs(message)
        yield from floods.needs_of_quota(message.partition)

    return dataclasses.replace(handle, needs=needs)


def _handle(admit: _Admit, needs: _Needs, tools: admission.Tools, prepare: PrepareMail | None = None) -> Handle:
    """A handle whose decision sees the message's data and what is known."""

    def decide(message: Message[Any], states: States, moment: Moment) -> Decision:
        known = _known(message, states, moment, tools)
        return admission.remembered(admit(message.data, known), known)

    def needed(message: Message[Any]) -> Iterable[Ref]:
        return needs(message.data)

    def follows(_message: Message[Any], refs: Sequence[Ref], states: States) -> Iterable[Ref]:
        return admission.follows(refs, states)

    return Handle(decide=decide, needs=needed, prepare=prepare, follows=follows)


def _known(message: Message[Any], states: States, moment: Moment, tools: admission.Tools) -> admission.Knowledge:
    return admission.Knowledge(
        id=message.id,
        source=message.source,
        time=message.time,
        now=moment.now,
        states=states,
        rules=moment.configuration,
        tools=tools,
        lane=message.partition,
    )
