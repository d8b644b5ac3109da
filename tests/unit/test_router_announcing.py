"""What an agent announces in the middle of their work reaches those who watch over it: router and escalation."""

from __future__ import annotations

from typing import Any

import pytest

from caseway.contracts.cases import CaseOpened
from caseway.contracts.milestones import LadderRungReached
from caseway.contracts.work import WorkPaused, WorkStarted
from caseway.contracts.work_commands import PauseWork, StartWork
from caseway.kernel.errors import Superseded
from caseway_escalation.settings import Configuration
from tests import escalation_builders as escalation
from tests import router_builders as router
from tests.router_builders import POOL, accept, agent, only, plan, presence, queue

CASE = escalation.CASE
GUIDANCE = {
    "post_to": ["channel:support-window"],
    "list_to": ["role:supervisors"],
    "link": "https://desk.example.com/cases/{case_id}",
    "calendar": "desk",
    "day_ends": "18:00",
}


def starts(**other: Any) -> StartWork:
    return StartWork(pool=POOL, case_id=CASE, **{"agent": "ada", "activity": "guidance", **other})


def held() -> router.Desk:
    desk = router.Desk(plan(agent("ada"), agent("ben")))
    desk.does(presence("ada"), queue(CASE), accept("ada", CASE))
    return desk


class Watched:
    """The router's pool, and escalation behind it: what the one tells, the other hears."""

    def __init__(self) -> None:
        self.pool = held()
        kinds = {"first_response": escalation.FIRST_RESPONSE}
        raw = {"calendars": escalation.CALENDARS, "milestones": {"kinds": kinds}, "guidance": GUIDANCE}
        self.watch = escalation.Desk(Configuration.model_validate(raw))
        self.watch.tell(CaseOpened, escalation.at("16 10:00"))

    def hears(self, command: Any, when: str) -> list[LadderRungReached]:
        heard: list[Any] = []
        for fact in self.pool.does(command):
            values = {name: value for name, value in vars(fact).items() if name not in {"at", "cause", "configuration"}}
            heard += self.watch.tell(type(fact), escalation.at(when), topic="work", **values)
        return [each for each in heard if isinstance(each, LadderRungReached)]


def test_an_announcement_in_the_middle_of_guidance_is_posted_at_once() -> None:
    """S2-10: after twenty minutes, or earlier when the agent announces it."""
    desk = Watched()
    assert desk.hears(starts(), "16 10:10") == []
    (alert,) = desk.hears(starts(announced_seconds=1500), "16 10:15")
    assert (alert.action, alert.attributes["agent"], alert.at) == ("alert", "ada", escalation.at("16 10:15"))


def test_one_that_will_not_be_long_is_not() -> None:
    desk = Watched()
    desk.hears(starts(), "16 10:10")
    assert desk.hears(starts(announced_seconds=300), "16 10:15") == []


def test_it_is_posted_once_however_often_it_is_announced() -> None:
    desk = Watched()
    desk.hears(starts(), "16 10:10")
    assert len(desk.hears(starts(announced_seconds=1500), "16 10:15")) == 1
    assert desk.hears(starts(announced_seconds=1800), "16 10:16") == []


def test_the_stretch_goes_on_from_where_it_began() -> None:
    """It is told, and nothing else changes: neither whose it is nor since when."""
    desk = held()
    desk.does(starts())
    before = desk.item(CASE)
    desk.passes(60)
    assert only(desk.does(starts(announced_seconds=1500)), WorkStarted).announced_seconds == 1500
    assert desk.item(CASE) == before
    desk.passes(60)
    assert only(desk.does(PauseWork(pool=POOL, agent="ada", case_id=CASE)), WorkPaused).seconds == 120


def test_to_start_again_and_announce_nothing_is_superseded() -> None:
    desk = held()
    desk.does(starts())
    with pytest.raises(Superseded, match="started already"):
        desk.does(starts())


def test_another_activity_may_be_announced_as_well() -> None:
    desk = held()
    desk.does(starts(activity="research"))
    desk.passes(30)
    paused, began = desk.does(starts(announced_seconds=1500))
    assert (paused.seconds, began.activity, began.announced_seconds) == (30, "guidance", 1500)


def test_who_does_not_hold_it_announces_nothing() -> None:
    desk = held()
    (refused,) = desk.does(starts(agent="ben", announced_seconds=1500))
    assert refused.reason == "not_held"
