"""How what becomes of a promise is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Protocol, TypeVar

from caseway.contracts.milestones import LadderFact, LadderRungReached, MilestoneFact, MilestoneStarted
from caseway.contracts.trusted import trusted
from caseway.contracts.wire import Fact, WireModel
from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.decision import Due, Message, Moment
from caseway.kernel.ids import emitted_id
from caseway_escalation.domain import clock
from caseway_escalation.domain.case import Case
from caseway_escalation.domain.clock import Milestone
from caseway_escalation.domain.process.facts import name_of
from caseway_escalation.domain.run import Run

_MILESTONE = "milestone."
AnyFact = TypeVar("AnyFact", bound=MilestoneFact)
AnyLadderFact = TypeVar("AnyLadderFact", bound=LadderFact | LadderRungReached)


class Timed(Protocol):
    """Whatever remembers by which message its next instant was set."""

    @property
    def timed_by(self) -> str:
        """Its `ce_id`."""


class Telling:
    """The facts of one decision, with the ids that the runtime will give them."""

    def __init__(self, case: Case, message: Message[Any], moment: Moment) -> None:
        self.counts: dict[str, int] = {}
        """By outcome and kind, such as `met.resolution`."""
        self.commands: list[WireModel] = []
        self._facts: list[Fact] = []
        self._threads: list[str] = []
        """What each fact is about: those about the same thing keep their order."""
        self._case = case
        self._message = message
        self._moment = moment

    @property
    def now(self) -> dt.datetime:
        """When what is told now was noticed."""
        return self._moment.now

    @property
    def version(self) -> str:
        """Of the configuration in force."""
        return self._moment.version

    @property
    def message(self) -> Message[Any]:
        """What led to all this."""
        return self._message

    @property
    def of_promises(self) -> Iterator[MilestoneFact]:
        """What was told of promises so far."""
        return (fact for fact in self._facts if isinstance(fact, MilestoneFact))

    @property
    def is_silent(self) -> bool:
        """Whether nothing is told, and nothing asked."""
        return not self._facts and not self.commands

    def cause_of(self, thing: Timed | None) -> str:
        """What led to a fact about it: the message; for a timer's, the one by which its instant was set."""
        data = self._message.data
        if not isinstance(data, Due):
            return self._message.id
        return (thing.timed_by if thing is not None else "") or data.armed_by

    def tell(self, thread: str, fact: Fact) -> None:
        """Tell one fact, in order with others of its thread."""
        self._facts.append(fact)
        self._threads.append(thread)

    def count(self, name: str) -> None:
        """One more of it, for the metrics."""
        self.counts[name] = self.counts.get(name, 0) + 1

    def say_ladder(self, model: type[AnyLadderFact], run: Run, at: dt.datetime, kind: str | None, **more: Any) -> None:
        """Tell one fact about a run of a ladder."""
        fact = trusted(
            model,
            at=at,
            cause=self.cause_of(run),
            configuration=self._moment.version,
            case_id=self._case.id,
            ladder=run.ladder,
            occurrence=run.id,
            milestone=run.milestone or None,
            kind=kind,
            **more,
        )
        self.tell(run.id, fact)

    def say(self, model: type[AnyFact], milestone: Milestone, at: dt.datetime, **more: Any) -> None:
        """Tell one fact."""
        fact = trusted(
            model,
            at=at,
            cause=self.cause_of(milestone),
            configuration=self._moment.version,
            milestone=milestone.id,
            case_id=self._case.id,
            kind=milestone.kind,
            instance=milestone.instance,
            subject=milestone.subject,
            due_at=milestone.due_at,
            target_seconds=milestone.target.total_seconds(),
            priority=self._case.standing.priority,
            plan=self._case.standing.plan,
            **more,
        )
        self.tell(milestone.id, fact)
        self.count(f"{name_of(model.TYPE).removeprefix(_MILESTONE)}.{milestone.kind}")

    def say_started(self, milestone: Milestone, at: dt.datetime, hours: BusinessHours, **more: Any) -> None:
        """Tell that a clock runs, or runs to another deadline."""
        self.say(
            MilestoneStarted,
            milestone,
            at,
            started_at=milestone.started_at,
            calendar=hours.name,
            calendar_version=hours.version,
            warn_at=milestone.warn_at,
            policy=milestone.terms.policy,
            elapsed_seconds=clock.elapsed(milestone, at, hours).total_seconds(),
            **more,
        )

    def last_id(self) -> str:
        """The id that the fact told last goes out with, if nothing is put in order."""
        return self._id(len(self._facts) - 1)

    def in_order(self) -> tuple[Sequence[Fact], Mapping[str, str]]:
        """All facts as they came due, one thread's in the order told; and which ids that changes."""
        if len(self._facts) < 2:
            return self._facts, {}
        if all(earlier.at <= later.at for earlier, later in pairwise(self._facts)):
            return self._facts, {}
        reached: dict[str, dt.datetime] = {}
        keys: list[dt.datetime] = []
        for thread, fact in zip(self._threads, self._facts, strict=True):
            reached[thread] = max(fact.at, reached.get(thread, fact.at))
            keys.append(reached[thread])
        order = sorted(range(len(keys)), key=keys.__getitem__)
        if order == list(range(len(keys))):
            return self._facts, {}
        moved = {self._id(old): self._id(new) for new, old in enumerate(order) if new != old}
        return [self._facts[index] for index in order], moved

    def _id(self, index: int) -> str:
        message = self._message
        stage = self._moment.lane.partition("/")[0]
        return emitted_id(stage, message.source, message.id, message.type, index)
