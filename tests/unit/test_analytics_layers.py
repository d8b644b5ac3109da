"""Layers and roll-ups: whichever answers, the answer is the same, and nothing is read that is not kept."""

import datetime as dt
import random
from zoneinfo import ZoneInfo

import pytest

from caseway_analytics.domain.answers import tables
from caseway_analytics.domain.cuts import CUTS
from caseway_analytics.domain.histogram import bucket_of
from caseway_analytics.domain.layers import Kept, cut_in, everything, stretches
from caseway_analytics.domain.moving import Until, additions
from caseway_analytics.domain.questions import BadQuestion, Keeping, asked
from caseway_analytics.domain.roll_ups import ROLL_UPS

WARSAW, KOLKATA = ZoneInfo("Europe/Warsaw"), ZoneInfo("Asia/Kolkata")
NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
KEEPING = Keeping(zones=frozenset({KOLKATA.key}))
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
VALUES = {
    "desk": (["email", "chat"], ["stores", "orders"], ["high", "normal"]),
    "agents": (["B"], ["ada", "bo"], ["email"]),
}


def year_of_cells():
    """Some figures of every third day, in the cells of two lanes."""
    chance = random.Random(7)
    for day in range(0, 400, 3):
        slot = (NOW - dt.timedelta(days=day, minutes=30 * chance.randrange(48))).replace(minute=0)
        for cut, values in VALUES.items():
            waited = chance.randrange(1, 10_000_000)
            figures = {
                "contacts": {"n": chance.randrange(1, 9)},
                "pick_up": {"n": 1, "ms": waited, "b": {str(bucket_of(waited)): 1}},
            }
            yield {
                "cut": cut,
                "slot": slot,
                "grain": "slot",
                "values": [chance.choice(v) for v in values],
                "m": figures,
            }


def read(question, cells, kept):
    """What a store that holds the cells, and what they add to the layers, gives for the question."""
    added = additions(cells, kept, Until(half_hours=NOW - dt.timedelta(days=40), days=LONG_AGO), WARSAW)
    for layer, starts_at, ends_at in stretches(question, WARSAW, kept):
        if layer == "slot":
            continue  # all of them were gathered
        cut = cut_in(question, layer, kept)
        for place, amounts in added.items():
            if place.layer == layer and place.cut == cut and starts_at <= place.slot < ends_at:
                yield {"slot": place.slot, "values": place.values, "m": nested(amounts)}


def nested(amounts):
    figures = {}
    for path, amount in amounts.items():
        *names, last = path.split(".")[1:]
        into = figures
        for name in names:
            into = into.setdefault(name, {})
        into[last] = amount
    return figures


QUESTIONS = [
    ("contacts", {"grain": "all"}),
    ("contacts", {"grain": "day", "by": "queue"}),
    ("contacts", {"grain": "week", "by": "queue", "queue": "orders"}),
    ("pick_up", {"grain": "month", "by": "channel,queue"}),
    ("pick_up", {"grain": "week", "by": "agent"}),
    ("pick_up", {"grain": "month", "by": "priority,queue"}),
    ("service_level", {"grain": "week"}),
    ("contacts", {"grain": "day", "zone": KOLKATA.key}),
    ("pick_up", {"grain": "week", "by": "agent", "zone": KOLKATA.key}),
    ("contacts", {"grain": "month", "by": "queue", "zone": KOLKATA.key}),
]


@pytest.mark.parametrize(("measure", "parameters"), QUESTIONS)
def test_roll_ups_and_layers_answer_what_the_cells_themselves_would(measure, parameters):
    """Per hour, day, week and month in a chosen zone: whichever layer is read, the figures are those of the cells."""
    cells = list(year_of_cells())
    span = {"from": "2025-12-10", "to": "2026-11-20", **parameters}
    question = asked(measure, span, now=NOW, zone=WARSAW.key, keeping=KEEPING)
    own = [
        cell for cell in cells
        if cell["cut"] == question.cut and question.starts_at <= cell["slot"] < question.ends_at
    ]  # fmt: skip
    expected = tables(question, own, as_of=NOW)
    assert expected[0]
    told = [*read(question, cells, everything(KEEPING.zones))]
    assert tables(question, told, as_of=NOW) == expected
    assert len(told) < len(own) * 3


def test_what_the_layers_do_not_hold_is_not_read():
    """A database whose layers began before there were roll-ups, weeks or that zone answers from what it has."""
    question = asked(
        "contacts", {"from": "2026-01-05", "to": "2026-11-16", "grain": "week", "by": "queue"}, now=NOW, zone=WARSAW.key
    )
    assert {each.layer for each in stretches(question, WARSAW, Kept())} == {"slot", "day"}
    assert cut_in(question, "day", Kept()) == "desk"
    assert {each.layer for each in stretches(question, WARSAW, everything(frozenset()))} == {"slot", "week"}
    assert cut_in(question, "week", everything(frozenset())) == "desk:queue"


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"from": "2026-05-01", "to": "2026-06-01T10:00:00Z", "grain": "day"}, "to"),
        ({"from": "2026-05-01", "to": "2026-06-01", "grain": "week", "zone": "Australia/Adelaide"}, "zone"),
        ({"from": "2026-05-01", "to": "2026-06-01T00:00:00Z", "grain": "week", "zone": "Asia/Kolkata"}, "to"),
        ({"from": "2021-05-01", "to": "2021-06-15", "grain": "month"}, "to"),
    ],
)
def test_an_end_that_lies_within_what_is_only_kept_whole_is_refused(parameters, field):
    """Half hours of May are gone: figures until ten o'clock would silently be too small."""
    with pytest.raises(BadQuestion) as bad:
        asked("contacts", parameters, now=NOW, zone=WARSAW.key, keeping=KEEPING)
    assert bad.value.field == field


def test_every_roll_up_is_of_its_cuts_dimensions_and_leaves_some_out():
    for each in ROLL_UPS:
        assert set(each.dimensions) < set(CUTS[each.cut])
