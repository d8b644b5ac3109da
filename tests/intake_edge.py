"""An edge without Kafka and MongoDB: each contact goes through its handle as the lanes take it, states by BSON."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import bson
from bson.codec_options import CodecOptions

from caseway.contracts.case_commands import AddContact
from caseway.contracts.contacts import EMAIL_TYPE
from caseway.contracts.wire import WireModel
from caseway.kernel.decision import Decision, Delete, Due, Message, Moment, Put, Ref, States
from caseway.runtime.applying import FOLLOWS
from caseway.runtime.configuration import load
from caseway.runtime.deciding import Decider, wanted
from caseway.runtime.items import Item
from caseway.runtime.lane import Lane, Progress
from caseway_intake.adapters.cases import CASES, dump_case
from caseway_intake.domain import life
from caseway_intake.edge import edge_stage
from caseway_intake.settings import Configuration

KEY = b"a key for tests"
NOW = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
ANNA = "anna.nowak@example.com"
SUPPORT = "support@example.com"
SCENARIO = Path(__file__).parent.parent / "deploy" / "scenarios" / "retail"
_OPTIONS: CodecOptions[Any] = CodecOptions(tz_aware=True)


@cache
def configuration() -> Configuration:
    """The retail scenario's."""
    return load(SCENARIO, Configuration).value


class _Named:
    """The states that a handle's `needs` named, and no others."""

    resident = None

    def __init__(self, values: Mapping[Ref, Any]) -> None:
        self._values = values

    def get(self, collection: str, id: str) -> Any:  # noqa: A002 - the port's word
        return self._values[Ref(collection, id)]


class Edge:
    """The edge stage, one contact at a time."""

    def __init__(self, key: bytes = KEY, rules: Configuration | None = None, partition: int = 0) -> None:
        self.rules = rules or configuration()
        self.partition = partition
        self._stage = edge_stage(key)
        self._collections = {each.name: each for each in (*self._stage.collections, CASES)}
        self._documents: dict[Ref, bytes] = {}
        self._timers: dict[str, Due] = {}
        self._count = 0
        self.now = NOW
        self.blobs: list[bytes] = []

    def mail(self, raw: bytes, *, mailfrom: str = ANNA, rcptto: str = SUPPORT, id_: str = "") -> Decision:
        """A raw mail arrives."""
        return self.take(raw, EMAIL_TYPE, {"mailfrom": mailfrom, "rcptto": rcptto}, id_)

    def add(self, raw: bytes, **envelope: str) -> AddContact:
        """A raw mail that must give one command."""
        return command_of(self.mail(raw, **envelope))

    def contact(self, model: WireModel, id_: str = "") -> Decision:
        """Any other contact, or a customer's record, arrives."""
        return self.take(model, type(model), {}, id_)

    def take(self, data: Any, type_: type | str, extensions: Mapping[str, str], id_: str = "") -> Decision:
        """One record, as a lane takes it."""
        self._count += 1
        name = id_ or f"event-{self._count}"
        type_name = type_ if isinstance(type_, str) else data.TYPE
        return self._decide(self._stage.handles[type_], self._message(data, name, type_name, extensions))

    def poll(self, *contacts: bytes | WireModel) -> list[Decision]:
        """Contacts that one transaction takes, bytes as raw mails: what is loaded, is loaded before the first of them is decided."""
        decided: dict[str, Decision] = {}
        items = [self._item(each, decided) for each in contacts]
        decider = self._decider()
        lane = Lane(stage="intake.edge", number=0, epoch=1, revision=0, incarnation="i", progress=Progress())
        for item in items:
            decider.prepare(item)
        loaded = {tuple(ref): self.state(*ref) for ref in wanted(items)}
        for _ in range(FOLLOWS):
            loaded |= {tuple(ref): self.state(*ref) for ref in decider.followed(items, loaded)}
        while unforeseen := decider.decide_all(items, {0: lane}, loaded).unforeseen:
            loaded |= {tuple(ref): self.state(*ref) for ref in unforeseen}
        assert [item.defect for item in items] == [""] * len(items)
        decisions = [decided[item.message.id] for item in items if item.message]
        for decision in decisions:
            self._apply(decision, "poll")
        return decisions

    def _item(self, contact: bytes | WireModel, decided: dict[str, Decision]) -> Item:
        """A contact as a lane takes it; what is decided of it in the end stands in `decided`."""
        self._count += 1
        is_mail = isinstance(contact, bytes)
        type_name = EMAIL_TYPE if isinstance(contact, bytes) else contact.TYPE
        extensions = {"mailfrom": ANNA, "rcptto": SUPPORT} if is_mail else {}
        message = self._message(contact, f"event-{self._count}", type_name, extensions)
        handle = self._stage.handles[EMAIL_TYPE if is_mail else type(contact)]

        def decide(message: Message[Any], states: States, moment: Moment) -> Decision:
            decided[message.id] = handle.decide(message, states, moment)
            return decided[message.id]

        return Item(lane=0, topic="contacts", message=message, handle=dataclasses.replace(handle, decide=decide))

    def _decider(self) -> Decider:
        return Decider(
            stage=self._stage,
            service="intake",
            configuration=self.rules,
            version="v1",
            partitions=12,
            max_parked=3,
            collections=self._collections,
        )

    def ring(self) -> None:
        """Whatever is due, in order."""
        while self._timers:
            due = self._timers.pop(min(self._timers))
            self._decide(self._stage.timers[due.kind], self._message(due, f"timer-{due.key}", due.kind, {}))

    def state(self, collection: str, id_: str) -> Any:
        """What stands in a collection."""
        document = self._documents.get(Ref(collection, id_))
        loaded = bson.decode(document, _OPTIONS) if document else None
        return self._collections[collection].load({"_id": id_, **loaded}) if loaded is not None else None

    def core_opens(self, command: AddContact, number: int) -> None:
        """The core opens the case of a command, as the edge then sees it."""
        step = life.Step(cause="c", at=self.now, now=self.now, configuration="v1", rules=configuration().life)
        case = life.open_case(command, step, number).case
        self._documents[Ref("cases", case.id)] = bson.encode(dump_case(case))

    def documents(self, collection: str) -> bytes:
        """All that a collection holds, as it is stored."""
        return b"".join(stored for ref, stored in self._documents.items() if ref.collection == collection)

    def _message(self, data: Any, name: str, type_name: str, extensions: Mapping[str, str]) -> Message[Any]:
        return Message(
            topic="contacts",
            partition=self.partition,
            offset=self._count,
            key="key",
            id=name,
            source="gateway://test",
            type=type_name,
            data=data,
            time=self.now,
            recorded_at=self.now,
            extensions=extensions,
        )

    def _decide(self, handle: Any, message: Message[Any]) -> Decision:
        if handle.prepare is not None:
            message = dataclasses.replace(message, data=handle.prepare(message))
        refs = [Ref(*ref) for ref in handle.needs(message)]
        named = {ref: self.state(*ref) for ref in refs}
        for _ in range(FOLLOWS if handle.follows is not None else 0):
            further = [Ref(*ref) for ref in handle.follows(message, refs, _Named(named))]
            named |= {ref: self.state(*ref) for ref in further}
        moment = Moment(now=self.now, configuration=self.rules, version="v1", lane="intake.edge/0", partitions=12)
        decision = handle.decide(message, _Named(named), moment)
        self._apply(decision, message.id)
        return decision

    def _apply(self, decision: Decision, cause: str) -> None:
        for change in decision.changes:
            ref = Ref(change.collection, change.id)
            match change:
                case Put():
                    self._documents[ref] = bson.encode(self._collections[change.collection].dump(change.value))
                case Delete():
                    self._documents.pop(ref, None)
        for timer in decision.timers:
            due = Due(key=timer.key, kind=timer.kind, due_at=timer.due_at, armed_by=cause, data=timer.data)
            self._timers[timer.key] = due
        self.blobs += decision.blobs


def command_of(decision: Decision) -> AddContact:
    """The one command of a decision that parks nothing."""
    assert decision.parks == ""
    (command,) = decision.emits
    assert isinstance(command, AddContact)
    return command


def mail_bytes(
    text: str | bytes = "Dzień dobry, gdzie jest moja paczka?",
    message_id: str = "1@example.com",
    subject: str = "Pytanie",
    in_reply_to: str = "",
    references: Iterable[str] = (),
    headers: Iterable[str] = (),
    charset: str = "utf-8",
    sender: str = f"Anna Nowak <{ANNA}>",
) -> bytes:
    """A plain mail in 8-bit transfer encoding."""
    lines = [
        f"From: {sender}",
        f"To: {SUPPORT}",
        f"Subject: {subject}",
        *([f"Message-ID: <{message_id}>"] if message_id else []),
        *([f"In-Reply-To: <{in_reply_to}>"] if in_reply_to else []),
        *([f"References: {' '.join(f'<{each}>' for each in references)}"] if references else []),
        *headers,
        "MIME-Version: 1.0",
        f"Content-Type: text/plain; charset={charset}",
        "Content-Transfer-Encoding: 8bit",
    ]
    body = text if isinstance(text, bytes) else text.encode(charset)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body + b"\r\n"
