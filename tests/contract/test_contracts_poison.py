"""A good event with anything wrong in it is refused or stored, never a defect of ours (delivery.md, step 3)."""

import copy
import json

import bson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseway.contracts import golden
from caseway.contracts.codec import decode, dump, dump_plain
from caseway.contracts.topology import TOPICS
from caseway.contracts.wire import WireModel
from caseway.kernel.errors import Rejected, Superseded

PLACES = {type_: topic.name for topic in TOPICS for type_ in topic.types}
EVENTS = [json.loads(path.read_text("utf-8")) for path in sorted(golden.FOLDER.glob("*/002.json"))]

POISON = st.one_of(
    st.sampled_from(
        [None, True, 0, -1, 2**31, 2**53 + 1, 2**63, 10**400, 1e308, "", "\x00", "a\x00b", "\ud83d\ude00", [], {}, [[]]]
    ),
    st.sampled_from(
        ["2026-11-22T09:00:05", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z"]
    ),
    st.sampled_from(
        [{"": 1}, {"$where": 1}, {"a.b": 1}, {"a\x00": 1}, {"x": {"y": {"a\x00": 1}}}, [10**30], {"x": [2**64]}]
    ),
    st.text(max_size=12),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)


def leaves(value, path=()):
    """Every place in an event, containers included."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from leaves(inner, (*path, name))


def changed(event, path, poison, *, added):
    event = copy.deepcopy(event)
    here = event
    for step in path[:-1]:
        here = here[step]
    if added and isinstance(here, dict):
        here["\x00" if poison is None else "surplus"] = poison
    here[path[-1]] = poison
    return event


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_any_single_wrong_value_is_refused_or_can_be_stored(data):
    event = data.draw(st.sampled_from(EVENTS))
    path = data.draw(st.sampled_from([path for path in leaves(event) if path]))
    wrong = changed(event, path, data.draw(POISON), added=data.draw(st.booleans()))
    try:
        envelope = decode(PLACES[event["type"]], None, json.dumps(wrong).encode(), golden.STRUCTURED)
    except (Rejected, Superseded):
        return
    assert isinstance(envelope.data, WireModel)
    assert type(envelope.data).model_validate_json(dump(envelope.data)) == envelope.data
    bson.encode(dump_plain(envelope.data))


@pytest.mark.parametrize("poison", [10**30, {"a\x00": 1}, {"x": [2**64]}, [[[{"\x00": 1}]]]])
def test_the_check_can_fail(poison):
    """What is refused above is indeed what the store would not take."""
    with pytest.raises((OverflowError, bson.errors.InvalidDocument)):
        bson.encode({"fields": {"x": poison}})
