"""How what becomes of a promise is told."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from caseway.contracts.milestone_commands import MilestoneCommand
from caseway.contracts.milestones import MilestoneFact, MilestoneStarted
from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.decision import Due, Message, Moment
from caseway.kernel.ids import emitted_id
from caseway_escalation.domain import clock
from caseway_escalation.domain.case import Case
from caseway_escalation.domain.clock import Milestone

AnyFact = TypeVar("AnyFact", bound=MilestoneFact)


class Telling:
    """The facts of one decision, with the ids that the runtime will give them."""

    def __init__(self, case: Case, message: Message[Any], moment: Moment) -> None:
        self.counts: Counter[str] = Counter()
        """By outcome and kind, such as `met.resolution`."""
        self.commands: list[MilestoneCommand] = []
        self._facts: list[MilestoneFact] = []
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

    def say(self, model: type[AnyFact], milestone: Milestone, at: dt.datetime, **more: Any) -> None:
        """Tell one fact."""
        fact = model(
            at=at,
            cause=self._cause(),
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
        self._facts.append(fact)
        self.counts[f"{model.TYPE.split('.')[2]}.{milestone.kind}"] += 1

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

    def in_order(self) -> tuple[Sequence[MilestoneFact], Mapping[str, str]]:
        """All facts as they came due, one milestone's in the order told; and which ids that changes."""
        reached: dict[str, dt.datetime] = {}
        keys: list[dt.datetime] = []
        for fact in self._facts:
            reached[fact.milestone] = max(fact.at, reached.get(fact.milestone, fact.at))
            keys.append(reached[fact.milestone])
        order = sorted(range(len(keys)), key=keys.__getitem__)
        moved = {self._id(old): self._id(new) for new, old in enumerate(order) if new != old}
        return [self._facts[index] for index in order], moved

    def _id(self, index: int) -> str:
        message = self._message
        stage = self._moment.lane.partition("/")[0]
        return emitted_id(stage, message.source, message.id, message.type, index)

    def _cause(self) -> str:
        data = self._message.data
        return data.armed_by if isinstance(data, Due) else self._message.id
