"""What the wall shows: honest zeros and dashes, no personal data, names only as configured."""

import datetime as dt
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from pydantic import ValidationError

from caseway.contracts import milestones
from caseway.kernel.vocabulary import Channel, Presence
from caseway.runtime.configuration import load
from caseway.testkit.desk_facts import CaseTeller, presence
from caseway_analytics.domain.agents import Agent
from caseway_analytics.domain.agents_told import follow_agent
from caseway_analytics.domain.desk import Desk, Plan, Target, day_start
from caseway_analytics.domain.figures import Cell, Figure
from caseway_analytics.domain.histogram import bucket_of
from caseway_analytics.domain.live import live_case, state_of
from caseway_analytics.domain.patches import patch, patched
from caseway_analytics.domain.summary import summary
from caseway_analytics.domain.sums import Sums
from caseway_analytics.domain.tracking import follow
from caseway_analytics.domain.wall import people, wall
from caseway_analytics.metrics import DeskMetrics
from caseway_analytics.settings import Configuration

NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
SCENARIOS = Path(__file__).parents[2] / "deploy/scenarios"
PLAN = Plan(
    title="Desk",
    zone="Europe/Warsaw",
    queues={"stores": "Stores", "other": "Other"},
    targets={"*": Target(share=0.8, within_seconds=20)},
    agents={"ada.byron": "Ada Byron", "bo": "Bo Ek", "cy": "Cy Young"},
    labels="first_name",
)


def history_of(*facts):
    history = None
    for fact in facts:
        history = follow(history, fact)
    return live_case(facts[0].case_id, history)


def desk(**parts):
    return Desk(**{"now": NOW, **parts, "today": Sums(parts.get("today", ()))})


def waiting(number, queue="stores", since=NOW, channel=Channel.EMAIL):
    case = CaseTeller(f"c{number}", number, channel)
    private = {
        "subject": "My secret",
        "text": "Born 1950",
        "party": {"name": "Anna Nowak", "email": "anna@example.com"},
    }
    return history_of(case.opened(since, **private), case.queued(since, queue))


def held(number, agent, queue="stores", **fields):
    case = CaseTeller(f"c{number}", number)
    facts = [case.opened(NOW), case.queued(NOW, queue, **fields), case.accepted(NOW + MINUTE, queue, agent)]
    return history_of(*facts)


def test_an_empty_desk_shows_zeros_for_counts_and_nothing_for_times():
    """Bad input: an empty set gives no invented number."""
    shown = wall(desk(), PLAN)
    assert [(queue["queue"], queue["waiting"], queue["oldest_waiting_at"]) for queue in shown["queues"]] == [
        ("stores", 0, None),
        ("other", 0, None),
    ]
    assert shown["queues"][0]["service_level"]["ratio"] is None
    assert shown["totals"]["contacts"] == 0
    assert shown["times"]["pick_up"] == {"count": 0, "mean_seconds": None, "p90_seconds": None}
    assert shown["presence"]["offline"] == 3
    assert shown["agents"] == shown["latest"] == []


def test_no_personal_data_gets_to_the_wall():
    """Demand: the wall shows number, channel, queue, state; neither names nor subjects of customers."""
    case = waiting(7)
    shown = json.dumps(wall(desk(live=[case], latest=[case]), PLAN))
    for private in ("secret", "1950", "Nowak", "anna@"):
        assert private not in shown
    assert '"number": "7"' in shown


def test_an_offer_is_no_acceptance():
    case = CaseTeller("c")
    ringing = history_of(case.opened(NOW), case.queued(NOW, "stores"), case.offered(NOW + MINUTE, "stores", "bo"))
    shown = wall(desk(live=[ringing], agents=[Agent(id="bo", presence="online", since=NOW)]), PLAN)
    assert shown["totals"]["waiting"] == 1
    assert shown["queues"][0]["oldest_waiting_at"] == NOW.isoformat()
    assert (shown["agents"][0]["load"], shown["agents"][0]["ringing"]) == (0, 1)


def test_the_oldest_waiting_is_the_one_that_waits_longest():
    """S1-44: real-time figures by queue."""
    cases = [waiting(1, since=NOW), waiting(2, since=NOW - 9 * MINUTE), waiting(3, "other", since=NOW - 3 * MINUTE)]
    shown = wall(desk(live=cases), PLAN)
    assert shown["totals"]["oldest_waiting_at"] == (NOW - 9 * MINUTE).isoformat()
    assert [queue["waiting"] for queue in shown["queues"]] == [2, 1]


def test_a_queue_that_no_file_names_is_shown_once_work_is_in_it():
    assert [queue["title"] for queue in wall(desk(live=[waiting(1, "new")]), PLAN)["queues"]] == [
        "Stores",
        "Other",
        "new",
    ]


@pytest.mark.parametrize(("labels", "label"), [("first_name", "Ada"), ("id", "ada.byron"), ("none", "Agent 1")])
def test_agents_are_called_as_configured(labels, label):
    """S4-32: what the wall says of a person is the desk's decision."""
    plan = Plan(**{name: getattr(PLAN, name) for name in PLAN.__dataclass_fields__} | {"labels": labels})
    shown = wall(desk(agents=[Agent(id="ada.byron", presence="online", since=NOW)]), plan)
    assert shown["agents"][0]["label"] == label


def test_load_is_the_weight_of_what_an_agent_holds():
    """S1-47, S4-28: the supervisor's view."""
    agents = [
        Agent(id="ada.byron", presence="online", since=NOW, capacity=6),
        Agent(id="bo", presence="offline", since=NOW),
        Agent(id="cy", presence="offline", since=NOW),
    ]
    cases = [held(1, "ada.byron", weight=2.0), held(2, "ada.byron"), held(3, "ada.byron"), held(4, "bo")]
    shown = wall(desk(live=cases, agents=agents), PLAN)
    ada, bo = shown["agents"]
    assert (ada["load"], ada["capacity"], len(ada["work"]), ada["more"]) == (4, 6, 2, 1)
    assert bo["load"] == 1  # signed out with work in hand: shown, since somebody must take it
    assert shown["presence"] == {"online": 1, "busy": 0, "away": 0, "not_answering": 0, "offline": 2}


def test_presence_keeps_its_beginning_while_it_does_not_change():
    first = follow_agent(None, presence(NOW, "bo", Presence.ONLINE, name="Bo Ek", capacity=4.0))
    same = follow_agent(first, presence(NOW + MINUTE, "bo", Presence.ONLINE))
    assert (same.since, same.name, same.capacity) == (NOW, "Bo Ek", 4.0)
    assert follow_agent(same, presence(NOW + 2 * MINUTE, "bo", Presence.AWAY)).since == NOW + 2 * MINUTE


def test_the_service_level_is_exact_and_by_queue():
    """S1-44: service level."""
    buckets = {bucket_of(20_000): 3, bucket_of(20_001): 1}
    cells = [
        Cell(
            starts_at=NOW,
            values={"channel": "phone", "queue": "stores"},
            figures={"pick_up": Figure(count=4, buckets=buckets)},
        )
    ]
    stores, other = wall(desk(today=cells), PLAN)["queues"]
    assert stores["service_level"] == {"ratio": 0.75, "now": 0.75, "target": 0.8, "within_seconds": 20}
    assert (other["service_level"]["ratio"], other["service_level"]["now"]) == (None, None)


def test_promises_at_risk_are_those_warned_and_not_ended():
    case = CaseTeller("c")
    running = [case.opened(NOW), case.started(NOW, "resolution", NOW + MINUTE), case.warned(NOW, "resolution")]
    assert wall(desk(live=[history_of(*running)]), PLAN)["promises"]["at_risk"] == 1
    ended = history_of(*running, case.met(NOW, "resolution"))
    assert wall(desk(live=[ended]), PLAN)["promises"]["at_risk"] == 0


def picked_up(at, queue, *seconds):
    figure = Figure(
        count=len(seconds),
        milliseconds=sum(seconds) * 1000,
        buckets=Counter(bucket_of(each * 1000) for each in seconds),
    )
    return Cell(starts_at=at, values={"channel": "phone", "queue": queue}, figures={"pick_up": figure})


def test_the_service_level_now_counts_who_still_waits_though_their_time_is_over():
    """S1-44: what is late and not picked up yet must not look good."""
    cells = [picked_up(NOW, "stores", 5, 5, 5), picked_up(NOW - 60 * MINUTE, "stores", 900)]
    late = [waiting(1, since=NOW - 5 * MINUTE), waiting(2, since=NOW)]
    level = wall(desk(today=cells, live=late), PLAN)["queues"][0]["service_level"]
    assert (level["now"], level["ratio"]) == (0.75, 0.75)  # three in time and one late; of the day, three of four


def test_the_expected_wait_is_what_waits_by_what_leaves():
    """Demand: a stated formula. At 9:40 the window began at 9:00: 20 pick-ups in 40 minutes, 3 waiting: 6 minutes."""
    at = NOW + 10 * MINUTE
    cells = [picked_up(NOW - 30 * MINUTE, "stores", *[10] * 15), picked_up(NOW, "stores", *[10] * 5)]
    stores, other = wall(
        desk(now=at, today=cells, live=[waiting(1), waiting(2), waiting(3), waiting(4, "other")]), PLAN
    )["queues"]
    assert stores["expected_wait_seconds"] == 360
    assert other["expected_wait_seconds"] is None  # nothing was picked up to judge by
    nobody = wall(desk(now=at, today=cells), PLAN)["queues"][0]
    assert nobody["expected_wait_seconds"] == 10
    assert "÷" in wall(desk(), PLAN)["expected_wait"]


def test_the_volume_is_by_channel_and_half_hour_and_none_is_left_out():
    cells = [
        Cell(
            starts_at=day_start(NOW, "Europe/Warsaw"),
            values={"channel": "chat", "queue": ""},
            figures={"contacts": Figure(count=2)},
        )
    ]
    volume = wall(desk(today=cells), PLAN)["volume"]
    assert volume["starts_at"] == "2026-11-22T23:00:00+00:00"
    by_channel = {each["channel"]: each for each in volume["channels"]}
    assert by_channel["chat"]["series"] == [2] + [0] * 21  # half past ten in Warsaw: the 22nd half hour runs
    assert by_channel["email"]["series"] == [0] * 22


def test_promises_that_run_out_are_listed_the_nearest_first_and_paused_ones_not():
    """Demand: promises about to be violated."""
    cases = [CaseTeller(f"c{number}", number) for number in range(12)]
    live = [
        history_of(case.opened(NOW), case.started(NOW, "resolution", NOW + number * MINUTE))
        for number, case in enumerate(cases)
    ]
    paused = CaseTeller("p", 99)
    promise = paused.started(NOW, "resolution", NOW)
    pause = milestones.MilestonePaused(
        **{**promise.model_dump(by_alias=True, exclude={"calendar", "calendar_version"}), "remaining_seconds": 1.0}
    )
    live.append(history_of(paused.opened(NOW), promise, pause))
    due = wall(desk(live=live[::-1]), PLAN)["due"]
    assert [each["number"] for each in due] == ["0", "1", "2", "3", "4", "5", "6", "7"]
    assert due[1]["due_at"] == (NOW + MINUTE).isoformat()


def test_a_coordinator_sees_names_and_everybody_else_numbers_that_stay():
    """S4-28; demand: the wall shows no names, the coordinator's view does."""
    agents = [
        Agent(id="cy", presence="online", since=NOW),
        Agent(id="zoe.new", name="Zoe New", presence="away", since=NOW),
    ]
    live = [held(1, "cy"), held(2, "zoe.new")]
    plan = replace(PLAN, labels="none")
    shown = wall(desk(agents=agents, live=live), plan)
    assert [each["label"] for each in shown["agents"]] == ["Agent 3", "Agent 4"]
    text = json.dumps(shown)
    for private in ("Cy", 'cy"', "zoe", "Zoe"):
        assert private not in text
    without = wall(desk(agents=agents[1:], live=live), plan)
    assert without["agents"][0]["label"] == "Agent 4"
    named = people(desk(agents=agents, live=live), plan, named=True)
    assert [each["label"] for each in named["agents"]] == ["Cy Young", "Zoe New"]
    assert {each["agent"] for each in named["longest"]} == {"Cy Young", "Zoe New"}


@pytest.mark.parametrize("scenario", sorted(SCENARIOS.iterdir()), ids=lambda each: each.name)
def test_no_scenarios_wall_shows_a_name_and_each_coordinators_view_does(scenario):
    """S4-28: the wall shows no names, the coordinator's view does."""
    configuration = load(scenario, Configuration).value
    plan = configuration.plan()
    agents, live = [], []
    for number, (agent, name) in enumerate(plan.agents.items()):
        agents.append(follow_agent(None, presence(NOW, agent, Presence.ONLINE, name=name)))
        case = CaseTeller(f"c{number}", number)
        live.append(history_of(case.opened(NOW), case.queued(NOW, "q"), case.accepted(NOW, "q", agent)))
    parts = {word.casefold() for pair in plan.agents.items() for each in pair for word in re.split(r"[.\s]", each)}
    assert len(plan.agents) > 5
    shown = wall(desk(live=live, agents=agents), plan)
    told = [card["label"] for card in shown["agents"]] + [each["agent"] for each in shown["longest"]]
    assert told
    assert not [label for label in told if set(re.split(r"[.\s]", label.casefold())) & parts]
    assert not [card for card in shown["agents"] if card["key"] in plan.agents]
    named = people(desk(live=live, agents=agents), plan, named=True)
    assert {card["label"] for card in named["agents"]} == set(plan.agents.values())


def test_the_busiest_is_none_before_there_is_any():
    """S4-30."""
    assert wall(desk(), PLAN)["busiest"] == {"queue": None, "channel": None, "slot": None}
    cells = [
        Cell(
            starts_at=NOW,
            values={"channel": "chat", "queue": "other"},
            figures={"cases_opened": Figure(count=2), "contacts": Figure(count=3)},
        ),
        Cell(
            starts_at=NOW - 30 * MINUTE,
            values={"channel": "email", "queue": "stores"},
            figures={"cases_opened": Figure(count=1), "contacts": Figure(count=1)},
        ),
    ]
    busiest = wall(desk(today=cells), PLAN)["busiest"]
    assert (busiest["queue"], busiest["channel"]) == ({"name": "Other", "count": 2}, {"name": "chat", "count": 3})
    assert busiest["slot"] == {"name": NOW.isoformat(), "count": 3}


@given(st.lists(st.tuples(st.integers(0, 3), st.one_of(st.none(), st.integers(0, 5))), max_size=12))
def test_sums_that_changed_step_by_step_are_those_of_what_stands(steps):
    """Law: adding up what changes gives what adding up everything gives."""

    def cell(place, count):
        values = {"channel": ("chat", "email")[place % 2], "queue": ("stores", "")[place // 2]}
        return Cell(
            starts_at=NOW,
            values=values,
            figures={
                "contacts": Figure(count=count),
                "pick_up": Figure(count=count, milliseconds=count, buckets={count: count}),
            },
        )

    sums, standing = Sums(), {}
    for place, count in steps:
        standing.pop(place, None)
        if count is not None:
            standing[place] = cell(place, count)
        sums.put(str(place), standing.get(place))
    anew = Sums(standing.values())
    for names in ({}, {"channel": "chat"}, {"queue": "stores"}, {"slot": NOW}, {"channel": "email", "slot": NOW}):
        for measure in ("contacts", "pick_up"):
            assert sums.of(measure, **names) == anew.of(measure, **names)


ROWS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2)), max_size=6, unique_by=lambda row: row[0])
CONTENTS = st.builds(
    lambda agents, queues, title: {
        "title": title,
        "agents": [{"key": key, "load": load} for key, load in agents],
        "queues": [{"queue": key, "waiting": load} for key, load in queues],
    },
    ROWS, ROWS, st.sampled_from("ab"),
)  # fmt: skip


@given(CONTENTS, CONTENTS)
def test_a_page_that_is_told_what_changed_shows_what_is(before, after):
    """Law: patched(a, patch(a, b)) = b."""
    assert patched(before, patch(before, after)) == after


def test_of_five_hundred_agents_only_those_who_changed_are_told():
    agents = [{"key": str(place), "load": 0} for place in range(500)]
    after = [{**each, "load": 1} if each["key"] == "7" else each for each in agents]
    assert patch({"agents": agents}, {"agents": after}) == {
        "set": {},
        "rows": {"agents": {"changed": [{"key": "7", "load": 1}], "order": None}},
    }


def test_a_day_begins_at_the_zones_midnight_also_when_the_clock_changes():
    at = dt.datetime(2026, 10, 25, 12, tzinfo=dt.UTC)
    assert day_start(at, "Europe/Warsaw") == dt.datetime(2026, 10, 24, 22, tzinfo=dt.UTC)


def test_a_case_is_told_in_one_word():
    case = CaseTeller("c")
    opened = history_of(case.opened(NOW))
    assert state_of(opened) == "open"
    assert state_of(waiting(1)) == "waiting"
    assert state_of(held(1, "bo")) == "held"
    assert state_of(history_of(case.opened(NOW), case.resolved(NOW))) == "resolved"
    assert state_of(history_of(case.queued(NOW, "stores"))) == "unknown"


def test_prometheus_is_told_the_same():
    """S4-29: business measures in /metrics, with bounded labels."""
    metrics = DeskMetrics()
    totals = {
        ("cases_opened", "email", "stores"): 3,
        ("cases_opened", "email", ""): 1,
        ("contacts", "email", ""): 5,
        ("milestones_violated", "email", "stores"): 2,
        ("notifications_delivered", "email", ""): 4,
    }
    cases = [waiting(1, since=NOW - MINUTE), waiting(2, channel=Channel.CHAT)]
    metrics.show(desk(live=cases, agents=[Agent(id="bo", presence="online", since=NOW)]), PLAN, totals)
    registry = CollectorRegistry()
    registry.register(metrics)
    text = generate_latest(registry).decode()
    for line in (
        'caseway_desk_waiting{channel="email",queue="stores"} 1.0',
        'caseway_desk_waiting{channel="chat",queue="stores"} 1.0',
        'caseway_desk_oldest_waiting_seconds{queue="stores"} 60.0',
        'caseway_desk_oldest_waiting_seconds{queue="other"} 0.0',
        'caseway_desk_agents{presence="online"} 1.0',
        'caseway_desk_cases_opened_total{channel="email",queue="stores"} 3.0',
        'caseway_desk_contacts_total{channel="email"} 5.0',
        'caseway_desk_milestones_total{outcome="violated"} 2.0',
        'caseway_desk_notifications_total{channel="email",outcome="delivered"} 4.0',
    ):
        assert line in text
    assert (
        'caseway_desk_cases_opened_total{channel="email",queue=""}' not in text
    )  # it would fall when the queue is known
    assert "caseway_desk_service_level_ratio{" not in text  # nothing was picked up: no level, neither 0 nor 1


def test_a_log_full_of_queues_cannot_fill_prometheus():
    metrics = DeskMetrics()
    metrics.show(desk(live=[waiting(place, f"q{place}") for place in range(300)]), PLAN, {})
    registry = CollectorRegistry()
    registry.register(metrics)
    lines = [
        line for line in generate_latest(registry).decode().splitlines() if line.startswith("caseway_desk_waiting{")
    ]
    assert len(lines) <= 61
    assert sum(float(line.split()[-1]) for line in lines) == 300


def test_the_summary_is_of_the_aggregates():
    totals = {
        ("contacts", "email", ""): 2,
        ("contacts", "chat", "stores"): 3,
        ("cases_opened", "chat", "stores"): 3,
        ("notifications_delivered", "email", ""): 4,
        ("notifications_delivered", "chat", ""): 1,
        ("pick_up", "chat", "stores"): 2,
        ("pick_up.ms", "chat", "stores"): 9_000,
    }
    told = summary(totals, as_of=NOW)
    assert (told["contacts"], told["cases_opened"], told["assigned"], told["mailed"], told["delivered"]) == (
        5,
        3,
        2,
        4,
        5,
    )
    assert told["violated"] == 0
    assert told["opened_by_channel"] == {"chat": 3}


def test_a_configuration_needs_known_zones_and_exact_durations():
    """Bad input: each fault named."""
    with pytest.raises(ValidationError) as bad:
        Configuration.model_validate(
            {
                "measures": {
                    "zone": "Mars",
                    "wall": {"agents": "everything"},
                    "service_levels": [{"share": 2, "within_seconds": 17}],
                }
            }
        )
    places = {".".join(map(str, error["loc"])) for error in bad.value.errors()}
    assert places == {
        "measures.zone",
        "measures.wall.agents",
        "measures.service_levels.0.share",
        "measures.service_levels.0.within_seconds",
    }


def test_a_queue_has_one_service_level():
    levels = [{"queue": "phone", "share": 0.8, "within_seconds": 20}] * 2
    with pytest.raises(ValidationError, match="each queue once"):
        Configuration.model_validate({"measures": {"service_levels": levels}})


def test_names_come_from_the_routers_files():
    plan = Configuration.model_validate(
        {
            "measures": {},
            "agents": {"agents": {"ada": {"name": "Ada Byron", "pool": "retail"}, "bo": {}}},
            "queues": {"pools": {}, "queues": {"stores": {"title": "Stores"}, "other": None}},
        }
    ).plan()
    assert plan.agents == {"ada": "Ada Byron", "bo": "bo"}
    assert plan.queues == {"stores": "Stores", "other": "other"}


def test_without_the_routers_files_there_are_no_names():
    plan = Configuration.model_validate({"measures": {}}).plan()
    assert (plan.agents, plan.queues, plan.zone) == ({}, {}, "UTC")
