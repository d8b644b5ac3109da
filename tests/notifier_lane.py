"""The notifier's lane, as far as handlers see it: states that earlier decisions left."""

from __future__ import annotations

import datetime as dt
from typing import Any

from caseway.contracts.cases import ContactBounced, ContactRefused
from caseway.contracts.customers import OrderChanged
from caseway.contracts.measures import ReportPublished
from caseway.contracts.voices import PersonalDataErased
from caseway.kernel.decision import Arm, Decision, Delete, Disarm, Due, Message, Put
from caseway_notifier import handlers
from caseway_notifier.domain.kept import REMIND, SPREAD, WATCH
from tests.notifier_builders import NOW, message, moment

_TIMERS = {SPREAD: handlers.on_spread, REMIND: handlers.on_remind, WATCH: handlers.on_watch}
_HANDLES = {
    ContactBounced: handlers.on_bounce,
    PersonalDataErased: handlers.on_erasure,
    ContactRefused: handlers.on_contact_refused,
    OrderChanged: handlers.on_order_changed,
    ReportPublished: handlers.on_report,
}


class Lane:
    """Hears facts, keeps what they change, and fires what is due."""

    resident = None

    def __init__(self, rules: Any = None) -> None:
        self.rules = rules
        self.now = NOW
        self.states: dict[tuple[str, str], Any] = {}
        self.timers: dict[str, Arm] = {}
        self._heard = 0

    def get(self, collection: str, id: str) -> Any:  # noqa: A002 - the port's word
        return self.states.get((collection, id))

    def hears(self, fact: Any) -> Decision:
        """Decide on a fact."""
        self._heard += 1
        decide = _HANDLES.get(type(fact), handlers.on_case_fact)
        return self._keep(decide(message(fact, f"cause-{self._heard}"), self, moment(self.rules, self.now)))

    def waits(self, span: dt.timedelta) -> Decision:
        """Let time pass: everything that becomes due meanwhile, in order."""
        until, total = self.now + span, Decision()
        while due := sorted(
            (each for each in self.timers.values() if each.due_at <= until), key=lambda each: each.due_at
        ):
            timer = self.timers.pop(due[0].key)
            self.now = max(self.now, timer.due_at)
            data = Due(key=timer.key, kind=timer.kind, due_at=timer.due_at, armed_by="cause-1", data=timer.data)
            fired = Message(
                topic="timer", partition=3, offset=-1, key=timer.key, id=f"timer-{timer.key}", source="", type="timer",
                data=data, time=self.now, recorded_at=self.now,
            )  # fmt: skip
            total += self._keep(_TIMERS[timer.kind](fired, self, moment(self.rules, self.now)))
        self.now = until
        return total

    def _keep(self, decision: Decision) -> Decision:
        for each in decision.changes:
            if isinstance(each, Put):
                self.states[each.collection, each.id] = each.value
            elif isinstance(each, Delete):
                self.states.pop((each.collection, each.id), None)
        for timer in decision.timers:
            if isinstance(timer, Disarm):
                self.timers.pop(timer.key, None)
            else:
                self.timers[timer.key] = timer
        return decision
