"""How agents come, go and vanish, and what becomes of their work."""

from __future__ import annotations

import pytest
from aiokafka import ConsumerRecord

from caseway.contracts.codec import encode
from caseway.contracts.work import AgentPresenceChanged, WorkOffered, WorkReturned
from caseway.contracts.work_commands import SendHeartbeat, WorkCommand
from caseway.kernel.errors import Rejected, Superseded
from caseway.kernel.vocabulary import Presence
from caseway.runtime.items import from_record
from caseway_router.app import build
from tests.router_builders import (
    POOL,
    SECOND,
    START,
    Desk,
    accept,
    agent,
    complete,
    of,
    only,
    plan,
    presence,
    queue,
    quietly,
    words,
)


def heartbeat(name: str) -> SendHeartbeat:
    return SendHeartbeat(pool=POOL, agent=name)


def desk_with_ada(**rules: object) -> Desk:
    desk = Desk(plan(agent("ada"), **rules))
    desk.does(presence("ada"))
    return desk


def test_coming_online_is_told_with_what_they_are_open_to() -> None:
    desk = Desk(plan(agent("ada")))
    changed = only(desk.does(presence("ada", channels={"chat": False}, capacity=2)), AgentPresenceChanged)
    assert (changed.presence, changed.previous, changed.reason) == (Presence.ONLINE, None, "asked")
    assert (changed.capacity, changed.load, changed.name) == (2, 0, "Ada")
    assert changed.channels == {"email": True, "chat": False, "phone": True}


def test_who_is_there_and_how_is_asked_no_twice() -> None:
    """Presence storms: the same again changes and tells nothing."""
    desk = desk_with_ada()
    desk.passes(60)
    with pytest.raises(Superseded):
        desk.does(presence("ada"))
    assert desk.pool.attendances["ada"].since == START


def test_channels_that_the_profile_does_not_have_are_nothing_to_close() -> None:
    """Names from outside never become the names of fields."""
    desk = Desk(plan(agent("ada")))
    desk.does(presence("ada", channels={"$pigeon.post": False, "chat": False}))
    assert desk.pool.attendances["ada"].channels == {"chat": 0}


def test_an_unknown_agent_is_rejected() -> None:
    with pytest.raises(Rejected) as rejected:
        Desk(plan(agent("ada"))).does(presence("zed"))
    assert rejected.value.reason == "unknown-agent"


@pytest.mark.parametrize("capacity", [float("inf"), float("nan"), 1e9, -1.0])
def test_a_capacity_beyond_all_sense_is_rejected(capacity: float) -> None:
    desk = desk_with_ada()
    with pytest.raises(Rejected):
        desk.does(presence("ada").model_copy(update={"capacity": capacity}))
    assert desk.pool.attendances["ada"].capacity is None


def test_capacity_lowered_below_the_load_takes_nothing_away() -> None:
    desk = desk_with_ada()
    desk.does(queue("c1"), queue("c2"), accept("ada", "c1"), accept("ada", "c2"))
    desk.does(presence("ada", capacity=1))
    assert {desk.holder("c1"), desk.holder("c2")} == {"ada"}
    assert of(desk.does(queue("c3"), complete("ada", "c1")), WorkOffered) == []
    assert words(desk.does(complete("ada", "c2"))) == ["completed c2", "offered c3"]


@pytest.mark.parametrize("status", ["offline", "away", "busy"])
def test_who_leaves_returns_open_offers_at_once(status: str) -> None:
    desk = Desk(plan(agent("ada"), agent("ben")))
    desk.does(presence("ada"))
    desk.does(queue("c1"), presence("ben"))
    told = desk.does(presence("ada", status))
    assert words(told) == ["returned c1", "offered c1"]
    assert only(told, WorkOffered).agent == "ben"
    assert only(told, WorkReturned).cool_down_until is None


def test_held_work_waits_a_while_for_who_went_offline() -> None:
    desk = desk_with_ada(return_after=120 * SECOND)
    desk.does(queue("c1"), accept("ada", "c1"), presence("ada", "offline"))
    assert desk.passes(119) == []
    returned = only(desk.passes(1), WorkReturned)
    assert (returned.agent, returned.reason, returned.queue_entered_at) == ("ada", "agent_absent", START)


def test_who_comes_back_in_time_keeps_their_work() -> None:
    desk = desk_with_ada(return_after=120 * SECOND)
    desk.does(queue("c1"), accept("ada", "c1"), presence("ada", "offline"))
    desk.passes(100)
    desk.does(presence("ada"))
    assert desk.passes(600) == []
    assert desk.holder("c1") == "ada"


def test_who_is_away_keeps_their_work() -> None:
    desk = desk_with_ada()
    desk.does(queue("c1"), accept("ada", "c1"), presence("ada", "away"))
    assert desk.passes(3600) == []


def test_a_desk_that_falls_silent_is_offline() -> None:
    """An agent who vanishes loses offers at once, and work after a while."""
    desk = Desk(plan(agent("ada"), agent("ben"), silent_after=45 * SECOND, return_after=120 * SECOND))
    desk.does(presence("ada"), heartbeat("ada"))
    desk.does(queue("held"), accept("ada", "held"))
    for _ in range(4):
        assert of(desk.passes(30), AgentPresenceChanged) == []
        desk.does(heartbeat("ada"))
    desk.does(presence("ben", capacity=0), queue("open"))
    desk.does(presence("ben"))
    told = desk.passes(20)
    assert words(told) == ["expired open", "returned open", "offered open"]
    assert of(desk.passes(25), AgentPresenceChanged) == []  # 45 s: this heartbeat may not have been written down
    told = desk.passes(22.5)
    changed = only(told, AgentPresenceChanged)
    assert (changed.presence, changed.reason) == (Presence.OFFLINE, "no_heartbeat")
    assert "returned held" not in words(told)
    assert "returned held" in words(desk.passes(120))


def test_heartbeats_close_together_change_nothing() -> None:
    """A desk says every few seconds that it is there: one in a while is written down, the rest costs next to nothing."""
    desk = Desk(plan(agent("ada"), silent_after=40 * SECOND))
    desk.does(presence("ada"), heartbeat("ada"))
    noted = []
    for second in range(10, 130, 10):
        desk.passes(10)
        before = dict(desk.written)
        quietly(desk, heartbeat("ada"))
        noted += [second] if desk.written != before else []
    assert noted == [20, 40, 60, 80, 100, 120]
    assert of(desk.passes(59), AgentPresenceChanged) == []
    assert only(desk.passes(1), AgentPresenceChanged).presence is Presence.OFFLINE


@pytest.mark.parametrize(("command", "remembered"), [(heartbeat("ada"), False), (presence("ada"), True)])
def test_that_a_heartbeat_came_is_not_remembered(command: WorkCommand, remembered: bool) -> None:
    """A repeated one changes nothing; ten thousand desks would otherwise be most of the database."""
    core = next(each for each in build().stages if each.name == "router.core")
    value, headers = encode(command, id="1", source="desk://ada", time=START, subject=POOL)
    record = ConsumerRecord(
        topic="work.commands", partition=0, offset=0, timestamp=0, timestamp_type=1, key=POOL.encode(), value=value,
        checksum=None, serialized_key_size=0, serialized_value_size=0, headers=tuple(headers),
    )  # fmt: skip
    item = from_record(record, "work.commands", core, 12)
    assert (item.handle is not None, bool(item.arrival)) == (True, remembered)


def test_a_desk_whose_heartbeats_are_rare_is_not_called_silent_too_early() -> None:
    """Whatever was written down last: never before `silent_after` since the last heartbeat."""
    desk = Desk(plan(agent("ada"), silent_after=40 * SECOND))
    desk.does(presence("ada"), heartbeat("ada"))
    desk.passes(19)
    with pytest.raises(Superseded):
        desk.does(heartbeat("ada"))
    assert of(desk.passes(40), AgentPresenceChanged) == []
    desk.does(heartbeat("ada"))
    assert of(desk.passes(59), AgentPresenceChanged) == []


def test_a_desk_that_never_sent_a_heartbeat_is_not_missed() -> None:
    desk = desk_with_ada()
    assert desk.passes(86_400) == []


def test_a_heartbeat_of_nobody_is_superseded() -> None:
    desk = desk_with_ada()
    desk.does(presence("ada", "offline"))
    for name in ("ada", "zed"):
        with pytest.raises(Superseded):
            desk.does(heartbeat(name))
