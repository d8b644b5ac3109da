"""The audit of assignments can fail: each thing that must not be is seen."""

from __future__ import annotations

from typing import Any

import pytest

from caseway.testkit.chaos.assignment import Audit, Person, in_the_order_of_lanes
from caseway.testkit.chaos.dump import Record

AT = "2026-11-23T08:00:00Z"
STAFF = {
    "ada": Person(skills={"de": 3}, total=2.0, at_most={"email": 2.0, "chat": 1.0}),
    "ben": Person(skills={"en": 1}, total=2.0, at_most={"email": 2.0}),
}
Fact = tuple[str, dict[str, Any]]


def here(agent: str = "ada", presence: str = "online") -> Fact:
    return ("presence-changed", {"agent": agent, "presence": presence})


def queued(case: str = "c1", *requirements: dict[str, Any], **other: Any) -> Fact:
    data = {"case_id": case, "queue_entered_at": AT, "requirements": requirements, "channel": "email", "weight": 1.0}
    return ("queued", {**data, **other})


def offered(case: str = "c1", agent: str = "ada", at: str = AT) -> Fact:
    return ("offered", {"case_id": case, "agent": agent, "at": at})


def of(name: str, case: str = "c1", agent: str = "ada", **other: Any) -> Fact:
    return (name, {"case_id": case, "agent": agent, "at": AT, **other})


def wrong(*facts: Fact) -> list[str]:
    return Audit(STAFF).read(facts)


GERMAN = {"skill": "de", "level": 2}
SOFT = {"skill": "de", "level": 2, "hard": False, "drop_after_seconds": 60}


def test_a_quiet_life_is_in_order() -> None:
    assert not wrong(
        here(), here("ben"), queued("c1", GERMAN), offered(), of("returned"), offered(), of("accepted"),
        of("wrapping-up"), of("completed"), queued("c1"), offered(agent="ben"), of("withdrawn", agent="ben"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ((here(), here("ben"), queued(), offered(), offered(agent="ben")), "while ada has it"),
        ((here(), queued(), offered(), offered()), "again, who has it"),
        ((here(), here("ben"), queued(), offered(), of("accepted", agent="ben")), "while ada has it"),
        ((here(), queued(), of("accepted")), "to whom it was not offered"),
        ((queued(), offered()), "ada, who is absent"),
        ((here(), here(presence="away"), queued(), offered()), "ada, who is away"),
        ((here("ben"), queued("c1", GERMAN), offered(agent="ben")), "without de ≥ 2"),
        ((here("ben"), queued("c1", SOFT), offered(agent="ben", at="2026-11-23T08:00:59Z")), "without de ≥ 2"),
        ((here("eve"), queued(), offered(agent="eve")), "whom nobody configured"),
        ((here(), *(each for n in "123" for each in (queued(n), offered(n)))), "ada holds 3 of 2"),
        ((here(), queued(channel="phone"), offered()), "1 of 0 by phone"),
        ((here(), *(each for n in "12" for each in (queued(n, channel="chat"), offered(n)))), "2 of 1 by chat"),
        (
            (
                here(),
                queued(weight=2),
                offered(),
                of("quieted", weight=0.5),
                queued("c2"),
                offered("c2"),
                of("revived", weight=2),
            ),
            "and nobody says so",
        ),
    ],
)
def test_what_must_not_be_is_seen(facts: tuple[Fact, ...], said: str) -> None:
    assert any(said in each for each in wrong(*facts)), wrong(*facts)


def test_an_overloaded_agent_gets_nothing_new() -> None:
    facts = (
        here(), queued(weight=2), offered(), of("quieted", weight=0), queued("c2"), offered("c2"),
        of("revived", weight=2, overload=True),
    )  # fmt: skip
    assert not wrong(*facts)
    assert any("who is overloaded" in each for each in wrong(*facts, queued("c3"), offered("c3")))
    over = (of("completed"), queued("c3"), offered("c3"))
    assert not wrong(*facts, *over), "until they hold no more than they may"


def test_what_is_beyond_capacity_is_said_where_it_begins() -> None:
    """Written up, given by a supervisor, or because the agent wants to hold less."""
    rests = (here(), queued(), offered(), of("quieted", weight=0), *(x for n in "23" for x in (queued(n), offered(n))))
    assert any("nobody says so" in each for each in wrong(*rests, of("wrapping-up", weight=1)))
    over = (*rests, of("wrapping-up", weight=1, overload=True))
    assert not wrong(*over, of("completed"))
    assert any("who is overloaded" in each for each in wrong(*over, queued("c4"), offered("c4")))

    full = (here(), *(x for n in "12" for x in (queued(n), offered(n))), queued("c3"))
    given = ("offered", {"case_id": "c3", "agent": "ada", "at": AT, "overload": True})
    assert not wrong(*full, given)
    assert wrong(*full, offered("c3"))

    less = {"agent": "ada", "presence": "online", "capacity": 1.0}
    assert any("nobody says so" in each for each in wrong(*full, ("presence-changed", less)))
    assert not wrong(*full, ("presence-changed", {**less, "overload": True}))


def test_who_takes_work_by_their_own_wish_may_be_busy_but_not_gone() -> None:
    taken = ("offered", {"case_id": "c1", "agent": "ada", "at": AT, "decision": {"tie_break": "taken"}})
    assert not wrong(here(presence="busy"), queued(), taken)
    assert wrong(here(presence="offline"), queued(), taken)
    assert wrong(here(presence="busy"), queued(), offered())


def test_a_soft_skill_is_not_missed_after_its_time() -> None:
    assert not wrong(here("ben"), queued("c1", SOFT), offered(agent="ben", at="2026-11-23T08:01:00Z"))


def test_facts_are_read_as_they_were_decided_and_repeats_once() -> None:
    def record(sequence: int, kind: str, lane: str = "router.core/1/x") -> Record:
        headers = {"ce_lane": lane, "ce_sequence": str(sequence), "ce_type": f"caseway.work.{kind}.v1"}
        return Record(topic="work", partition=0, offset=0, key=b"", value=b"{}", headers=headers)

    records = [
        record(10, "accepted"),
        record(9, "offered"),
        record(9, "offered"),
        record(1, "mentioned", "router.edge/0/y"),
    ]
    assert [name for name, _ in in_the_order_of_lanes(records)] == ["offered", "accepted"]
