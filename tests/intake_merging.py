"""Several cases that tell each other, as their lanes would."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from caseway.contracts.about_cases import CaseCommand, CaseFact
from caseway.contracts.case_commands import AddContact, MergeCase, OpenCase, ReplyToCase
from caseway.contracts.parts import Actor
from caseway.kernel.errors import Superseded
from caseway.kernel.ids import case_id
from caseway_intake.domain import life
from caseway_intake.domain.case import Case
from caseway_intake.domain.life.steps import CORE
from tests.intake_builders import AGENT, NOW, mail, step
from tests.intake_voices import RULES

MINUTE = dt.timedelta(minutes=1)


def opened(name: str, minutes: int = 0, **changes: Any) -> Case:
    """A case whose first contact has this key."""
    first = mail(name, case_id=case_id(name), **changes)
    return life.open_case(first, step(f"open-{name}", at=NOW + minutes * MINUTE, rules=RULES), minutes + 1).case


class Desk:
    """Cases by name, the first the oldest. Each case takes its own in order; which case goes next, `choose` says."""

    def __init__(self, *names: str, **changes: dict[str, Any]) -> None:
        self.now = NOW + 600 * MINUTE
        self.names = {case_id(name): name for name in names}
        self.cases = {case_id(name): opened(name, index, **changes.get(name, {})) for index, name in enumerate(names)}
        self.facts: dict[str, list[CaseFact]] = defaultdict(list)
        self.versions_at_merge: dict[str, int] = {}
        self._waiting: dict[tuple[str, str], deque[tuple[str, CaseCommand, str]]] = defaultdict(deque)
        self._count = 0

    def id(self, name: str) -> str:
        return case_id(name)

    def case(self, name: str) -> Case:
        return self.cases[case_id(name)]

    def told(self, name: str) -> list[str]:
        return [fact.TYPE.split(".")[2] for fact in self.facts[name]]

    def merge(self, name: str, other: str, actor: Actor = AGENT) -> None:
        self.send(MergeCase(case_id=case_id(name), actor=actor, other=case_id(other)))

    def merge_later(self, one: str, other: str, *, turned: bool) -> None:
        """The command waits at either of the two."""
        first, second = (other, one) if turned else (one, other)
        self.post(MergeCase(case_id=case_id(first), actor=AGENT, other=case_id(second)))

    def reply(self, name: str) -> None:
        self.send(ReplyToCase(case_id=case_id(name), actor=AGENT, text="Dzień dobry"))

    def send(self, command: CaseCommand) -> None:
        """From outside, and at once all that follows."""
        self.post(command)
        self.settle(lambda ways: ways[0])

    def post(self, command: CaseCommand) -> None:
        """From outside; it waits."""
        self._put("outside", command, "desk://test")

    def settle(self, choose: Callable[[list[Any]], Any]) -> None:
        """Until nothing waits: each way from sender to case keeps its order, and `choose` picks the way."""
        while ways := [way for way, waiting in self._waiting.items() if waiting]:
            source, command, cause = self._waiting[choose(ways)].popleft()
            self._apply(command, source, cause)

    def _put(self, sender: str, command: CaseCommand, source: str) -> None:
        self._count += 1
        self._waiting[sender, command.case_id].append((source, command, f"cause-{self._count}"))

    def _apply(self, command: CaseCommand, source: str, cause: str) -> None:
        circumstances = step(cause, at=self.now, now=self.now, actor=command.actor, rules=RULES, source=source)
        case = self.cases.get(command.case_id)
        try:
            outcome = self._outcome(case, command, circumstances)
        except Superseded:
            return
        if outcome is None:
            for each in life.answer_for_nobody(command, circumstances):
                self._put(command.case_id, each, CORE)
            return
        self.cases[command.case_id] = outcome.case
        name = self.names.get(command.case_id, command.case_id)
        self.facts[name] += outcome.facts
        if any(fact.TYPE == "caseway.case.merged.v1" for fact in outcome.facts):
            self.versions_at_merge[name] = outcome.case.version
        for each in outcome.commands:
            self._put(command.case_id, each, CORE)

    @staticmethod
    def _outcome(case: Case | None, command: CaseCommand, circumstances: life.Step) -> life.Outcome | None:
        if case is not None:
            return life.decide(case, command, circumstances)
        match command:
            case AddContact() if command.opens:
                return life.open_case(command, circumstances, 99)
            case OpenCase():
                return life.open_without_contact(command, circumstances, 99)
            case _:
                return None
