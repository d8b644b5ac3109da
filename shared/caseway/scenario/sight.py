"""A case as far as those outside can see it, from its facts."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from caseway.contracts.cases import (
    CaseClosed,
    CaseOpened,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    ContactAdded,
    ContactUpdated,
)
from caseway.contracts.notifications import NotificationDelivered
from caseway.contracts.outbound import OutboundMessage
from caseway.contracts.wire import WireModel
from caseway.contracts.work import (
    WorkAccepted,
    WorkCompleted,
    WorkFact,
    WorkReturned,
    WorkTransferred,
    WorkWithdrawn,
    WorkWrappingUp,
)

_REMEMBERED = 5_000
"""Cases; older ones are forgotten, so that a scenario may run for days."""
_CALL_IS_OVER = frozenset({"ended", "abandoned", "voicemail", "no_answer", "callback_requested"})


@dataclass(slots=True)
class CaseSeen:
    """One case, and a way to wait for what becomes of it."""

    case_id: str
    opened: CaseOpened | None = None
    holder: str | None = None
    is_over: bool = False
    has_call_ended: bool = False
    has_chat_ended: bool = False
    inbound_count: int = 0
    typed_count: int = 0
    """Words that agents typed straight into the chat."""
    replies: list[CaseReplied] = field(default_factory=list)
    mails: list[NotificationDelivered] = field(default_factory=list)
    """Delivered to the customer, automatic ones too."""
    heard: list[OutboundMessage] = field(default_factory=list)
    resolved_count: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def touch(self) -> None:
        """Wake those who wait."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, holds: Callable[[CaseSeen], bool], seconds: float) -> bool:
        """Wait, at most so long, until it is so; whether it is."""
        try:
            async with asyncio.timeout(seconds):
                while not holds(self):
                    await self._changed.wait()
        except TimeoutError:
            return holds(self)
        return True

    @property
    def words_count(self) -> int:
        """How often an agent has spoken to the customer, in whatever way."""
        return len(self.spoken) + self.typed_count

    @property
    def spoken(self) -> list[CaseReplied]:
        """Agents' replies that have reached the customer: by mail, or into the conversation."""
        told = " ".join(each.text for each in self.heard)
        mailed = sum(each.template == "reply" for each in self.mails)
        by_mail = [each for each in self.replies if each.conversation is None]
        return [*by_mail[:mailed], *(each for each in self.replies if each.conversation and each.text in told)]


def written_after(count: int) -> Callable[[CaseSeen], bool]:
    """Whether the customer has written more than so often, or has left the chat."""
    return lambda seen: seen.inbound_count > count or seen.has_chat_ended


class Sight:
    """All cases seen, by id and by the source key of what opened or joined them."""

    def __init__(self) -> None:
        self.cases: OrderedDict[str, CaseSeen] = OrderedDict()
        self._by_source: OrderedDict[str, CaseSeen] = OrderedDict()
        self._arrived = asyncio.Event()

    def case(self, case_id: str) -> CaseSeen:
        """The case, known already or not."""
        seen = self.cases.get(case_id)
        if seen is None:
            seen = self.cases[case_id] = CaseSeen(case_id=case_id)
            if len(self.cases) > _REMEMBERED:
                self.cases.popitem(last=False)
        return seen

    async def of_source(self, source_key: str, seconds: float) -> CaseSeen | None:
        """The case that a contact opened or joined, once it is there; None if it takes longer."""
        try:
            async with asyncio.timeout(seconds):
                while source_key not in self._by_source:
                    await self._arrived.wait()
        except TimeoutError:
            return None
        return self._by_source[source_key]

    async def until_more(self) -> None:
        """Wait for the next contact that came to a case."""
        await self._arrived.wait()

    def see(self, fact: WireModel) -> None:
        """Take one fact in."""
        case_id = getattr(fact, "case_id", None)
        if not case_id:
            return
        seen = self.case(case_id)
        match fact:
            case CaseOpened() | ContactAdded():
                self._contact(seen, fact)
            case WorkFact():
                _work(seen, fact)
            case _:
                _rest(seen, fact)
        seen.touch()

    def _contact(self, seen: CaseSeen, fact: CaseOpened | ContactAdded) -> None:
        if isinstance(fact, CaseOpened):
            seen.opened = fact
        if fact.author.kind == "customer":
            seen.inbound_count += 1
        elif fact.author.kind == "agent" and fact.channel == "chat":
            seen.typed_count += 1
        if fact.event:
            _event(seen, fact.event, is_chat=fact.channel == "chat")
        self._by_source[fact.source_key] = seen
        if len(self._by_source) > _REMEMBERED * 4:
            self._by_source.popitem(last=False)
        self._arrived.set()
        self._arrived = asyncio.Event()


def _work(seen: CaseSeen, fact: WorkFact) -> None:
    match fact:
        case WorkAccepted():
            seen.holder = fact.agent
        case WorkCompleted() | WorkReturned() | WorkTransferred() | WorkWithdrawn() | WorkWrappingUp():
            seen.holder = None
        case _:
            pass


def _rest(seen: CaseSeen, fact: WireModel) -> None:
    match fact:
        case ContactUpdated():
            _event(seen, fact.event, is_chat=fact.channel == "chat")
        case CaseReplied():
            seen.replies.append(fact)
        case CaseResolved() | CaseClosed():
            seen.resolved_count += isinstance(fact, CaseResolved)
            seen.is_over = True
        case CaseReopened():
            seen.is_over = False
        case NotificationDelivered() if fact.channel == "email" and fact.message_id and _is_customers(fact):
            seen.mails.append(fact)
        case OutboundMessage():
            seen.heard.append(fact)
        case _:
            pass


def _is_customers(fact: NotificationDelivered) -> bool:
    return fact.template in {"case-opened", "reply", "case-resolved"}


def _event(seen: CaseSeen, event: str, *, is_chat: bool) -> None:
    if is_chat:
        seen.has_chat_ended = seen.has_chat_ended or event == "ended"
    else:
        seen.has_call_ended = seen.has_call_ended or event in _CALL_IS_OVER
