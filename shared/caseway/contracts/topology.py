"""Which topics there are, who writes and who reads them.

The one table from which topics, subscriptions, AsyncAPI and the README's picture derive. Source: design.md §1.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from caseway.contracts import (
    case_commands,
    case_company,
    cases,
    contacts,
    customers,
    measures,
    milestone_commands,
    milestones,
    notifications,
    outbound,
    quality,
    voice_commands,
    voices,
    work,
    work_commands,
    work_notices,
)
from caseway.contracts.wire import WireModel, models_in

OUTSIDE = "outside"
"""Gateways, desks, CRM, shop, survey tools and whoever reads the figures."""
PARTITIONS = 12
"""Every topic has the same number: a stage needs the same lane of each of its topics."""
STAGES = ("intake.edge", "intake.core", "router.edge", "router.core", "escalation", "notifier", "analytics")
"""Those that read topics; each is one consumer group."""
SENDERS = "notifier.senders"
"""Lanes that read no topic, and write what became of each delivery."""
REPORTERS = "analytics.reports"
"""The lane that reads no topic, and tells figures and reports that are due."""
SERVICES = ("intake", "router", "escalation", "notifier", "analytics")

MEBIBYTE = 1024 * 1024
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic."""

    name: str
    kind: Literal["fact", "command", "parked"]
    key: str
    """What the key is, in words."""
    writers: tuple[str, ...]
    """Stages; `<service>.doors` for what a service's HTTP and SMTP take in; or the outside."""
    readers: tuple[str, ...]
    """Stages, or the outside."""
    carries: str
    models: tuple[type[WireModel], ...] = ()
    raw_types: tuple[str, ...] = ()
    """Types whose data is bytes."""
    max_bytes: int = MEBIBYTE
    retention: dt.timedelta = 90 * _DAY

    @property
    def types(self) -> tuple[str, ...]:
        """Every `ce_type` that may stand here."""
        return (*self.raw_types, *(model.TYPE for model in self.models))

    @property
    def settings(self) -> dict[str, str]:
        """What the topic is created with, as Kafka spells it."""
        return {
            "cleanup.policy": "delete",
            "max.message.bytes": str(self.max_bytes),
            "message.timestamp.type": "LogAppendTime",
            "retention.ms": str(int(self.retention.total_seconds() * 1000)),
        }

    @property
    def may_skip_unknown(self) -> bool:
        """Whether a type that this version does not know is none of its business. Source: delivery.md, "Parking limit"."""
        return self.kind == "fact" and not self.name.startswith("contacts.")


def _contacts(channel: str, key: str, carries: str, *models: type[WireModel]) -> Topic:
    return Topic(
        name=f"contacts.{channel}",
        kind="fact",
        key=key,
        writers=(OUTSIDE, "intake.doors"),
        readers=("intake.edge",),
        carries=carries,
        models=models,
        retention=30 * _DAY,
    )


def _parked(service: str) -> Topic:
    return Topic(
        name=f"{service}.parked",
        kind="parked",
        key="as it was",
        writers=tuple(stage for stage in STAGES if stage.split(".")[0] == service),
        readers=(OUTSIDE,),
        carries="what could not be handled, byte for byte, with the reason",
        max_bytes=27 * MEBIBYTE,
        retention=90 * _DAY,
    )


TOPICS: tuple[Topic, ...] = (
    Topic(
        name=contacts.EMAIL_TOPIC,
        kind="fact",
        key="sender",
        writers=(OUTSIDE, "intake.doors"),
        readers=("intake.edge",),
        carries="raw RFC 5322 mail with its envelope",
        raw_types=(contacts.EMAIL_TYPE,),
        max_bytes=26 * MEBIBYTE,
        retention=30 * _DAY,
    ),
    _contacts("chat", "conversation", "chat started, message, file, ended", contacts.ChatContact),
    _contacts("phone", "caller", "call offered, answered, ended, abandoned, voicemail …", contacts.PhoneContact),
    _contacts("web", "sender or submission", "a form's fields", contacts.WebContact),
    _contacts("message", "sender", "SMS, WhatsApp, Messenger, social post, own integration", contacts.MessageContact),
    _contacts("desk", "submission", "written down by hand", contacts.DeskContact),
    Topic(
        name="customers",
        kind="fact",
        key="customer",
        writers=(OUTSIDE, "intake.core"),
        readers=("intake.edge", "notifier"),
        carries="customer records, entitlements, orders and their status",
        models=models_in(customers),
    ),
    Topic(
        name="case.commands",
        kind="command",
        key="case",
        writers=(
            "intake.edge",
            "intake.core",
            "intake.doors",
            "router.edge",
            "router.core",
            "escalation",
            "notifier",
            SENDERS,
            "analytics.doors",
            OUTSIDE,
        ),
        readers=("intake.core",),
        carries="add contact, reply, note, assign facts, resolve, close, reopen, approve, merge …",
        models=models_in(case_commands, voice_commands),
    ),
    Topic(
        name="cases",
        kind="fact",
        key="case",
        writers=("intake.core",),
        readers=("router.edge", "escalation", "notifier", "analytics"),
        carries="everything that happened to a case",
        models=models_in(cases, case_company, voices),
    ),
    Topic(
        name="work.commands",
        kind="command",
        key="pool",
        writers=("router.edge", "router.core", "escalation", "analytics.doors", OUTSIDE),
        readers=("router.core",),
        carries="queue, withdraw, raise, presence, accept, decline, transfer, complete …",
        models=models_in(work_commands),
    ),
    Topic(
        name="work",
        kind="fact",
        key="case",
        writers=("router.core", "router.edge"),
        readers=("escalation", "notifier", "analytics", OUTSIDE),
        carries="queued, offered, accepted, expired, returned, completed, postponed …; agent presence",
        models=models_in(work, work_notices),
    ),
    Topic(
        name="milestones",
        kind="fact",
        key="case",
        writers=("escalation",),
        readers=("router.edge", "notifier", "analytics"),
        carries="started, paused, resumed, warned, met, violated, cancelled; ladders, and time of handling",
        models=models_in(milestones),
    ),
    Topic(
        name="milestone.commands",
        kind="command",
        key="case",
        writers=("escalation", "escalation.doors"),
        readers=("escalation",),
        carries="reckon anew by another configuration; take over from a merged case",
        models=models_in(milestone_commands),
    ),
    Topic(
        name="notifications",
        kind="fact",
        key="case",
        writers=("notifier", SENDERS),
        readers=("escalation", "analytics"),
        carries="requested, delivered, failed, given up, suppressed, acknowledged",
        models=models_in(notifications),
    ),
    Topic(
        name=outbound.CHAT_TOPIC,
        kind="command",
        key="conversation",
        writers=("notifier", SENDERS),
        readers=(OUTSIDE,),
        carries="what the chat gateway must say",
        models=models_in(outbound),
        retention=7 * _DAY,
    ),
    Topic(
        name=outbound.MESSAGE_TOPIC,
        kind="command",
        key="conversation",
        writers=("notifier", SENDERS),
        readers=(OUTSIDE,),
        carries="what the message gateway must say",
        models=models_in(outbound),
        retention=7 * _DAY,
    ),
    Topic(
        name="quality",
        kind="fact",
        key="customer or item",
        writers=(OUTSIDE,),
        readers=("analytics",),
        carries="satisfaction waves, interviews, answers, comments, actions, improvements",
        models=models_in(quality),
        retention=400 * _DAY,
    ),
    Topic(
        name="measures",
        kind="fact",
        key="measure",
        writers=("analytics", REPORTERS),
        readers=("notifier", OUTSIDE),
        carries="figures as a stream; reports that are due",
        models=models_in(measures),
        retention=400 * _DAY,
    ),
    *(_parked(service) for service in SERVICES),
)

_BY_NAME = {topic.name: topic for topic in TOPICS}
_LANE_SOURCES = {
    topic.name: frozenset(f"caseway://{writer}" for writer in topic.writers if writer in {*STAGES, SENDERS, REPORTERS})
    for topic in TOPICS
}


def topic_named(name: str) -> Topic:
    """The topic of this name, without any namespace. KeyError for one that is not of the topology."""
    return _BY_NAME[name]


def topics_read_by(stage: str) -> tuple[Topic, ...]:
    """What a stage subscribes to, in the table's order."""
    return tuple(topic for topic in TOPICS if stage in topic.readers)


def topics_written_by(writer: str) -> tuple[Topic, ...]:
    """What a stage, a service's doors or the outside may publish to."""
    return tuple(topic for topic in TOPICS if writer in topic.writers)


def lane_sources(topic: str) -> frozenset[str]:
    """The `ce_source` values whose lane and sequence count on this topic."""
    return _LANE_SOURCES.get(topic, frozenset())


def is_lane_source(topic: str, source: str) -> bool:
    """Whether `source` is a lane of ours that writes this topic."""
    return source in _LANE_SOURCES.get(topic, ())


def model_of(topic: str, type_: str) -> type[WireModel] | None:
    """The model of a type on this topic; None for raw data and for what is not known there."""
    return _MODELS.get((topic, type_))


_MODELS = {(topic.name, model.TYPE): model for topic in TOPICS for model in topic.models}
