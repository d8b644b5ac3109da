"""Whose a case is: it goes back to who worked on it last, where a rule says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from caseway.contracts.work import WorkOffered
from caseway.contracts.work_commands import QueueWork, ReleaseWork, TransferWork
from caseway.kernel.decision import Message, Moment, Put, States
from caseway.runtime.configuration import load
from caseway_router.app import build
from caseway_router.domain.items import Holder
from caseway_router.domain.pool import Pools
from caseway_router.domain.routing import Languages, Router, RoutingRule
from caseway_router.settings import Configuration
from tests.router_builders import POOL, START, Desk, accept, agent, complete, only, plan, presence, queue, withdraw
from tests.router_edge import EdgeCase


def router(*prefers: str, **other: Any) -> Router:
    rule = RoutingRule(name="all", queue="mail", preferred=("zoe",), prefers=prefers, **other)
    languages = Languages(skills={}, otherwise=None)
    return Router(rules=(rule,), pools={"mail": POOL}, default_queue="mail", languages=languages)


def opened(given: Router) -> QueueWork:
    (command,) = EdgeCase(given).opened()
    assert isinstance(command, QueueWork)
    return command


def back(case: str, **other: Any) -> QueueWork:
    """The case is queued by a rule that prefers its holder before others."""
    return queue(case, **{"holder_place": 0, "work_item": f"again-{case}", **other})


@pytest.fixture
def desk() -> Desk:
    desk = Desk(plan(agent("ada"), agent("ben"), agent("cyd"), remembers_holders=True))
    desk.does(presence("ada"))
    return desk


def worked(desk: Desk, case: str = "c1") -> None:
    """Ada works on it, and is the least idle of all then."""
    desk.does(queue(case), accept("ada", case))
    desk.passes(60)
    desk.does(complete("ada", case), presence("ben"), presence("cyd"))


def test_it_goes_back_to_who_worked_on_it_last(desk: Desk) -> None:
    """Semantics 5.4: the preferred agent first; whoever replied last may have been somebody else."""
    worked(desk)
    assert only(desk.does(queue("other")), WorkOffered).agent != "ada"
    offered = only(desk.does(back("c1")), WorkOffered)
    assert (offered.agent, offered.decision.tie_break) == ("ada", "preferred")


def test_where_no_rule_asks_for_it_the_longest_idle_gets_it(desk: Desk) -> None:
    worked(desk)
    assert only(desk.does(queue("c1")), WorkOffered).agent != "ada"


def test_when_they_are_away_others_get_it(desk: Desk) -> None:
    worked(desk)
    desk.does(presence("ada", "away"))
    assert only(desk.does(back("c1")), WorkOffered).agent in {"ben", "cyd"}


def test_who_gave_it_away_is_not_its_holder(desk: Desk) -> None:
    desk.does(queue("c1"), accept("ada", "c1"), presence("ben"))
    assert only(desk.does(ReleaseWork(pool=POOL, agent="ada", case_id="c1")), WorkOffered).agent == "ben"
    desk.does(accept("ben", "c1"))
    desk.passes(60)
    desk.does(complete("ben", "c1"))
    assert only(desk.does(back("c1")), WorkOffered).agent == "ben"


def test_who_took_it_over_is(desk: Desk) -> None:
    desk.does(queue("c1"), accept("ada", "c1"), presence("ben"))
    to = {"pool": POOL, "agent": "ben"}
    desk.does(TransferWork.model_validate({"pool": POOL, "case_id": "c1", "to": to}), accept("ben", "c1"))
    desk.passes(60)
    desk.does(complete("ben", "c1"))
    assert only(desk.does(back("c1")), WorkOffered).agent == "ben"


def test_also_when_the_case_ended_under_their_hands(desk: Desk) -> None:
    desk.does(queue("c1"), accept("ada", "c1"), presence("ben"))
    desk.passes(60)
    desk.does(withdraw("c1", "merged"))
    assert only(desk.does(back("c1")), WorkOffered).agent == "ada"


def test_what_came_meanwhile_goes_to_who_just_completed_it(desk: Desk) -> None:
    desk.does(queue("c1"), accept("ada", "c1"), presence("ben"), back("c1"))
    desk.passes(60)
    assert only(desk.does(complete("ada", "c1")), WorkOffered).agent == "ada"


def test_nothing_is_kept_where_no_rule_asks() -> None:
    desk = Desk(plan(agent("ada")))
    desk.does(presence("ada"), queue("c1"), accept("ada", "c1"), complete("ada", "c1"))
    assert not [id_ for name, id_ in desk.written if name == "holders"]


def test_whom_a_rule_prefers_before_them_goes_before_them(desk: Desk) -> None:
    worked(desk)
    assert only(desk.does(back("c1", preferred_agents=("cyd", "ben"), holder_place=1)), WorkOffered).agent == "cyd"
    desk.does(queue("c2"))
    desk.does(presence("cyd", "away"))
    assert desk.holder("c1") == "ada"


@pytest.mark.parametrize(
    ("prefers", "place"), [(("held_by",), 0), (("answered_by", "held_by"), 0), (("answered_by",), None), ((), None)]
)
def test_the_edge_says_where_they_stand(prefers: tuple[str, ...], place: int | None) -> None:
    command = opened(router(*prefers))
    assert (command.holder_place, command.preferred_agents) == (place, ("zoe",))


def test_after_the_account_manager_where_one_is_named() -> None:
    given = router("account_manager", "held_by", "answered_by")
    case = EdgeCase(given)
    case.opened()
    assert case.state is not None
    case.state.facts["account_manager"] = "max"  # type: ignore[index]
    case.state.facts["answered_by"] = "ann"  # type: ignore[index]
    again = next(each for each in case.writes() if isinstance(each, QueueWork))
    assert (again.preferred_agents, again.holder_place) == (("max", "ann", "zoe"), 1)


class Kept(States):
    """What the lane has of a case's holder, and its pools."""

    def __init__(self) -> None:
        self.pools = Pools()
        self.asked: list[tuple[str, str]] = []

    def get(self, collection: str, id: str) -> Holder:  # noqa: A002 - the port's word
        self.asked.append((collection, id))
        return Holder(case_id=id, agent="nobody.else")

    @property
    def resident(self) -> Pools:
        return self.pools


@pytest.mark.parametrize(("place", "asked"), [(0, [("holders", "retail/c1")]), (None, [])])
def test_the_holder_is_looked_up_only_where_that_is_asked(place: int | None, asked: list[Any]) -> None:
    """Work that no rule wants to go back costs no reading."""
    core = next(each for each in build().stages if each.name == "router.core")
    command = queue("c1", queue="customers", holder_place=place).model_copy(update={"pool": "retail"})
    message = Message(
        topic="work.commands", partition=0, offset=0, key="retail", id="1", source="s", type=command.TYPE, data=command,
        time=START, recorded_at=START,
    )  # fmt: skip
    states, handle = Kept(), core.handles[QueueWork]
    configured = load(Path("deploy/scenarios/retail"), Configuration)
    moment = Moment(now=START, configuration=configured.value, version="v1", lane="router.core/0", partitions=12)
    decision = handle.decide(message, states, moment)
    assert [tuple(each) for each in handle.needs(message)] == states.asked == asked
    (item,) = [each.value for each in decision.changes if isinstance(each, Put) and each.collection == "work_items"]
    assert item.preferred == (("nobody.else",) if asked else ())


def test_a_pool_remembers_holders_where_a_rule_asks(tmp_path: Path) -> None:
    for each in Path("deploy/scenarios/retail").iterdir():
        (tmp_path / each.name).symlink_to(each.resolve())
    before = load(tmp_path, Configuration).value.plans["retail"]
    routing = yaml.safe_load((tmp_path / "routing.yaml").read_text(encoding="utf-8"))
    routing["rules"][-1]["prefers"] = ["held_by"]
    (tmp_path / "routing.yaml").unlink()
    (tmp_path / "routing.yaml").write_text(yaml.safe_dump(routing), encoding="utf-8")
    after = load(tmp_path, Configuration).value.plans["retail"]
    assert (before.remembers_holders, after.remembers_holders) == (False, True)
