"""Streaming equals recounting, however the topics are interleaved and whatever is told twice."""

import datetime as dt
import random

from bson import CodecOptions, decode, encode
from hypothesis import given, settings
from hypothesis import strategies as st

from caseway.kernel.decision import Add, Message, Moment, Put
from caseway.testkit.desk_facts import day_of
from caseway_analytics.adapters.states import dump_history, load_history
from caseway_analytics.app import build
from caseway_analytics.domain.cells import CellKey, together
from caseway_analytics.domain.recount import recount

NINE = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
HANDLES = build().stages[0].handles


def numbered_day(seed, count):
    """A day as topics: what one reader sees of each, in order; each fact with its id."""
    topics = {}
    facts = [fact for case in day_of(seed, count, NINE, dt.timedelta(hours=3)) for fact in case]
    for place, fact in enumerate(facts):
        topics.setdefault((fact.topic(), fact.key()), []).append((f"id-{place}", fact))
    return list(topics.values())


def interleaved(lines, chance, *, twice=0.0):
    """All lines as one, each in its own order; some facts come again, later."""
    left = [list(line) for line in lines]
    told, result = [], []
    while left:
        line = chance.choice(left)
        told.append(line.pop(0))
        result.append(told[-1])
        if not line:
            left.remove(line)
        if chance.random() < twice:
            result.append(chance.choice(told))
    return result


class Lane:
    """What the runtime does with decisions, and no more: repeats dropped, changes applied, states through BSON."""

    def __init__(self):
        self.seen, self.values, self.cells = set(), {}, {}

    def get(self, collection, id_):
        return self.values.get((collection, id_))

    def apply(self, id_, fact):
        if id_ in self.seen:
            return
        self.seen.add(id_)
        handle = HANDLES[type(fact)]
        message = Message(
            topic=fact.topic(), partition=0, offset=0, key=fact.key(), id=id_, source="test", type=fact.TYPE,
            data=fact, time=fact.at, recorded_at=fact.at,
        )  # fmt: skip
        moment = Moment(now=fact.at, configuration=None, version="test", lane="analytics/0")
        for change in handle.decide(message, self, moment).changes:
            match change:
                case Put(collection="cases"):
                    stored = decode(encode(dump_history(change.value)), CodecOptions(tz_aware=True))
                    self.values["cases", change.id] = load_history(stored)
                case Put():
                    self.values[change.collection, change.id] = change.value
                case Add(collection="cells"):
                    key = CellKey(change.fixed["cut"], change.fixed["slot"], tuple(change.fixed["values"]))
                    amounts = {name.removeprefix("m."): amount for name, amount in change.amounts.items()}
                    self.cells = together([self.cells, {key: amounts}])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), order=st.integers(0, 10_000))
def test_streaming_in_any_order_equals_a_recount(seed, order):
    """delivery.md, checker 9: the aggregates equal a recount of the facts; S1-44."""
    lines = numbered_day(seed, 12)
    lane = Lane()
    for id_, fact in interleaved(lines, random.Random(order), twice=0.2):
        lane.apply(id_, fact)
    assert lane.cells == recount(each for line in lines for each in line)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), order=st.integers(0, 10_000))
def test_a_recount_does_not_care_how_topics_are_interleaved(seed, order):
    lines = numbered_day(seed, 12)
    shuffled = interleaved(lines, random.Random(order), twice=0.5)
    assert recount(shuffled) == recount(each for line in lines for each in line)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_recount_counts_what_happened(seed):
    """Against the facts themselves, by type: not one formula is used here."""
    facts = [fact for case in day_of(seed, 20, NINE) for fact in case]
    counted = {}
    for key, amounts in recount((str(place), fact) for place, fact in enumerate(facts)).items():
        if key.cut != "desk":
            continue
        for name, amount in amounts.items():
            counted[name] = counted.get(name, 0) + amount

    def told(*types):
        return sum(type(fact).__name__ in types for fact in facts)

    assert counted.get("cases_opened.n", 0) == told("CaseOpened") == 20
    assert counted.get("contacts_added.n", 0) == told("ContactAdded")
    assert counted.get("contacts.n", 0) == told("CaseOpened", "ContactAdded")
    assert counted.get("pick_up.n", 0) == told("WorkAccepted")
    assert counted.get("resolution.n", 0) == told("CaseResolved")
    assert counted.get("reopened.n", 0) == told("CaseReopened")
    assert counted.get("milestones_met.n", 0) == told("MilestoneMet")
    assert counted.get("milestones_violated.n", 0) == told("MilestoneViolated")
    assert counted.get("notifications_delivered.n", 0) == told("NotificationDelivered")
    assert sum(n for name, n in counted.items() if name.startswith("pick_up.b.")) == counted.get("pick_up.n", 0)


def test_the_checker_can_fail():
    """A fact lost, or counted twice, shows."""
    lines = numbered_day(3, 6)
    everything = [each for line in lines for each in line]
    assert recount(everything[:-1]) != recount(everything)
    doubled = [*everything, *((f"again-{id_}", fact) for id_, fact in everything if fact.TYPE.endswith("delivered.v1"))]
    assert recount(doubled) != recount(everything)
