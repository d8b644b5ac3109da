"""A case at the router's edge, for tests: facts in; commands, facts and timers out; time passes when told to."""

from __future__ import annotations

import datetime as dt
from typing import Any

from caseway.contracts import cases
from caseway.contracts.milestones import LadderRungReached, MilestoneViolated, MilestoneWarned
from caseway.contracts.parts import Author, Call
from caseway.kernel.decision import Arm, Disarm
from caseway.kernel.errors import Superseded
from caseway.kernel.vocabulary import Channel
from caseway_router.domain.demand import stating
from caseway_router.domain.demand.asking import Demand
from caseway_router.domain.demand.telling import Occasion
from caseway_router.domain.routed import RoutedCase
from caseway_router.domain.routing import Router

MONDAY = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
CASE = "case-1"


class EdgeCase:
    """One case, as the edge's lane takes it through its facts."""

    def __init__(self, router: Router, now: dt.datetime = MONDAY) -> None:
        self.router = router
        self.now = now
        self.state: RoutedCase | None = None
        self.timer: Arm | None = None
        self._count = 0

    def __call__(self, fact: Any) -> list[Any]:
        """What a fact leads to."""
        match fact:
            case MilestoneWarned() | MilestoneViolated():
                return self._keep(stating.on_milestone(self.state, fact, self.router))
            case LadderRungReached():
                return self._keep(stating.on_rung(self.state, fact, self.router, self._occasion()))
            case _:
                return self._keep(stating.on_case(self.state, fact, self.router, self._occasion()))

    def passes(self, length: dt.timedelta) -> list[Any]:
        """What time leads to."""
        end = self.now + length
        told: list[Any] = []
        while self.timer is not None and self.timer.due_at <= end:
            self.now, self.timer = self.timer.due_at, None
            try:
                told += self._keep(stating.on_due(self.state, self.router, self._occasion()))
            except Superseded:
                break
        self.now = end
        return told

    def stamp(self) -> dict[str, Any]:
        return {"at": self.now, "cause": "c", "configuration": "v1", "case_id": CASE, "version": self._count + 1}

    def opened(self, channel: Channel = Channel.EMAIL, **other: Any) -> list[Any]:
        values: dict[str, Any] = {
            **self.stamp(), "number": 7, "contact": "k1", "channel": channel, "source_key": f"{channel}:1",
            "category": "order", "language": "en", **other,
        }  # fmt: skip
        return self(cases.CaseOpened(**values))

    def called(self, event: str = "offered", **other: Any) -> list[Any]:
        """A call opens it."""
        call = Call(call="1", event=event, asked_for=other.pop("asked_for", None))
        return self.opened(Channel.PHONE, event=event, call=call, **other)

    def chatted(self, **other: Any) -> list[Any]:
        """A chat's first word opens it."""
        return self.opened(Channel.CHAT, event="message", **other)

    def goes_on(self, event: str, **other: Any) -> list[Any]:
        """The call or chat goes on."""
        return self(cases.ContactUpdated(**self.stamp(), source_key="phone:1", event=event, **other))

    def writes(self, **other: Any) -> list[Any]:
        """The customer writes again."""
        values: dict[str, Any] = {"contact": "k2", "channel": Channel.EMAIL, "source_key": "m2", **other}
        return self(cases.ContactAdded(**self.stamp(), **values))

    def agent_writes(self) -> list[Any]:
        return self.writes(direction="outbound", channel=Channel.CHAT, author=Author(kind="agent", id="ada"))

    def _occasion(self) -> Occasion:
        self._count += 1
        return Occasion(cause=f"cause-{self._count}", now=self.now, version="v1")

    def _keep(self, demand: Demand) -> list[Any]:
        self.state = demand.case
        for timer in demand.timers:
            self.timer = timer if isinstance(timer, Arm) else None
            assert isinstance(timer, Arm | Disarm)
        return list(demand.tells)


def words(told: list[Any]) -> list[str]:
    """What was told, each by the verb or fact of its type."""
    return [each.TYPE.split(".")[2] for each in told]
