"""Conditions: what each operator means, and what is refused at load."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from caseway.kernel.rules import ALWAYS, Condition, ConditionError, compile_condition, first_match

FIELDS = {
    "channel": {"email", "phone", "web"},
    "subject": None,
    "size": None,
    "tags": None,
    "is_new": None,
    "customer.id": None,
    "attributes.*": None,
}


def holds(raw, **facts) -> bool:
    return compile_condition(raw, FIELDS)({key.replace("__", "."): value for key, value in facts.items()})


@pytest.mark.parametrize(
    ("raw", "facts", "expected"),
    [
        ({"field": "channel", "equals": "email"}, {"channel": "email"}, True),
        ({"field": "channel", "equals": "email"}, {"channel": "phone"}, False),
        ({"field": "channel", "equals": "email"}, {}, False),
        ({"field": "subject", "equals": "A"}, {"subject": "a"}, False),
        ({"field": "size", "equals": 1}, {"size": True}, False),
        ({"field": "is_new", "equals": True}, {"is_new": 1}, False),
        ({"field": "is_new", "equals": False}, {"is_new": False}, True),
        ({"field": "channel", "in": ["email", "web"]}, {"channel": "web"}, True),
        ({"field": "channel", "in": ["email", "web"]}, {"channel": "phone"}, False),
        ({"field": "channel", "in": ["email", "web"]}, {"channel": None}, False),
        ({"field": "subject", "contains": "Faktura"}, {"subject": "Pytanie o FAKTURĘ, faktura 5"}, True),
        ({"field": "subject", "contains": "faktura"}, {"subject": "paragon"}, False),
        ({"field": "tags", "contains": "vip"}, {"tags": ["VIP", "late"]}, True),
        ({"field": "tags", "contains": "vi"}, {"tags": ["vip"]}, False),
        ({"field": "tags", "contains": "vip"}, {"tags": None}, False),
        ({"field": "subject", "matches": r"\border \d+"}, {"subject": "Where is Order 17?"}, True),
        ({"field": "subject", "matches": r"^order$"}, {"subject": "my order"}, False),
        ({"field": "subject", "matches": "x"}, {"subject": 7}, False),
        ({"field": "size", "above": 3}, {"size": 4}, True),
        ({"field": "size", "above": 3}, {"size": 3}, False),
        ({"field": "size", "above": 3}, {"size": "12.5"}, True),
        ({"field": "size", "above": 3}, {"size": "many"}, False),
        ({"field": "size", "above": 0}, {"size": True}, False),
        ({"field": "size", "below": 3}, {"size": 2.9}, True),
        ({"field": "size", "below": 3}, {"size": 3}, False),
        ({"field": "size", "below": 3}, {"size": float("nan")}, False),
        ({"field": "size", "below": 3}, {}, False),
        ({"field": "size", "above": 1, "below": 3}, {"size": 2}, True),
        ({"field": "size", "above": 1, "below": 3}, {"size": 4}, False),
        ({"field": "subject", "exists": True}, {"subject": ""}, False),
        ({"field": "subject", "exists": True}, {"subject": "a"}, True),
        ({"field": "tags", "exists": False}, {"tags": []}, True),
        ({"field": "size", "exists": True}, {"size": 0}, True),
        ({"field": "customer.id", "equals": "C-1"}, {"customer": {"id": "C-1"}}, True),
        ({"field": "customer.id", "equals": "C-1"}, {"customer__id": "C-1"}, True),
        ({"field": "customer.id", "exists": False}, {"customer": None}, True),
        ({"field": "attributes.colour", "equals": "red"}, {"attributes": {"colour": "red"}}, True),
        ({"not": {"field": "channel", "equals": "web"}}, {"channel": "email"}, True),
        ({"all": [{"field": "size", "above": 1}, {"field": "size", "below": 3}]}, {"size": 2}, True),
        ({"all": [{"field": "size", "above": 1}, {"field": "size", "below": 3}]}, {"size": 9}, False),
        ([{"field": "size", "above": 1}, {"field": "size", "below": 3}], {"size": 9}, False),
        ({"any": [{"field": "size", "above": 5}, {"field": "channel", "equals": "web"}]}, {"channel": "web"}, True),
        ({"any": [{"field": "size", "above": 5}, {"field": "channel", "equals": "web"}]}, {"channel": "email"}, False),
        (True, {}, True),
    ],
)
def test_an_operator_means_what_its_name_says(raw, facts, expected):
    assert holds(raw, **facts) is expected


@pytest.mark.parametrize(
    ("raw", "path", "expected"),
    [
        ({"field": "chanel", "equals": "x"}, ("field",), "unknown field 'chanel'"),
        ({"field": "customer.name", "equals": "x"}, ("field",), "unknown field"),
        ({"field": ["size"], "equals": "x"}, ("field",), "unknown field"),
        ({"field": "channel", "equal": "email"}, ("equal",), "unknown operator 'equal'"),
        ({"field": "channel", "equals": "fax"}, ("equals",), "never fax"),
        ({"field": "channel", "in": ["email", "fax"]}, ("in",), "never fax"),
        ({"field": "channel"}, (), "an operator"),
        ({"field": "size", "above": "3"}, ("above",), "a number"),
        ({"field": "size", "below": True}, ("below",), "a number"),
        ({"field": "size", "equals": None}, ("equals",), "a text, a number"),
        ({"field": "size", "in": []}, ("in",), "a list of at least one"),
        ({"field": "subject", "contains": ""}, ("contains",), "a text"),
        ({"field": "subject", "matches": "("}, ("matches",), "a regular expression"),
        ({"field": "subject", "matches": "x" * 1001}, ("matches",), "at most 1000"),
        ({"field": "subject", "matches": "(a+)+$"}, ("matches",), "inside another"),
        ({"field": "subject", "matches": "(?:(a*)b?){2,}"}, ("matches",), "inside another"),
        ({"field": "subject", "matches": ".*a.*b.*c.*d.*e"}, ("matches",), "at most 4"),
        ({"field": "subject", "exists": "yes"}, ("exists",), "true or false"),
        ({"both": []}, ("both",), "unknown: 'both'"),
        ({"all": [], "any": []}, (), "either 'field'"),
        ({"all": []}, ("all",), "at least one"),
        ({"any": "x"}, ("any",), "at least one"),
        ({}, (), "a condition"),
        ("email", (), "a condition"),
        (None, (), "a condition"),
        (False, (), "a condition"),
        ({"all": [True, {"not": {"field": "x", "equals": 1}}]}, ("all", 1, "not", "field"), "unknown field 'x'"),
    ],
)
def test_a_mistake_is_refused_with_its_path(raw, path, expected):
    with pytest.raises(ConditionError) as raised:
        compile_condition(raw, FIELDS)
    (fault,) = raised.value.faults
    assert fault.path == path
    assert expected in fault.expected


def test_every_mistake_is_named_at_once():
    with pytest.raises(ConditionError) as raised:
        compile_condition({"any": [{"field": "a", "equals": 1}, {"field": "b", "equals": 1}]}, FIELDS)
    assert [fault.path for fault in raised.value.faults] == [("any", 0, "field"), ("any", 1, "field")]


def test_conditions_within_conditions_have_a_limit():
    raw = {"field": "size", "above": 1}
    for _ in range(60):
        raw = {"not": raw}
    with pytest.raises(ConditionError, match="at most 20"):
        compile_condition(raw, FIELDS)


@pytest.mark.parametrize("harmless", [r"(foo|bar)+", r"[(+*]+", r"\(\++", r"a{2,5}", r"(ab){3}", r"order.*late"])
def test_usual_patterns_are_accepted(harmless):
    assert compile_condition({"field": "subject", "matches": harmless}, FIELDS)


@pytest.mark.parametrize(
    ("pattern", "looks_at"),
    [("end", 8_000), ("x.*end", 8_000), (r"x.*\w+end", 2_000), (r"o\s*r+\s+[ab]+end|end", 8_000)],
)
def test_the_more_a_pattern_repeats_the_less_of_a_text_it_may_cost(pattern, looks_at):
    condition = compile_condition({"field": "subject", "matches": pattern}, FIELDS)
    assert condition({"subject": "x" + "-" * (looks_at - 5) + "aend"})
    assert not condition({"subject": "x" + "-" * looks_at + "aend"})


def test_a_condition_says_which_fields_it_looks_at():
    condition = compile_condition(
        {"any": [{"field": "size", "above": 1}, {"field": "channel", "equals": "web"}]}, FIELDS
    )
    assert condition.fields == {"size", "channel"}


def test_conditions_written_alike_are_equal():
    raw = {"field": "size", "above": 1}
    assert compile_condition(raw, FIELDS) == compile_condition(dict(raw), FIELDS)
    assert compile_condition(raw, FIELDS) != ALWAYS


def test_the_first_rule_that_fits_wins():
    @dataclass(frozen=True)
    class Named:
        name: str
        when: Condition = ALWAYS

    size = compile_condition({"field": "size", "above": 1}, FIELDS)
    rules = [Named("large", size), Named("rest"), Named("never reached")]
    assert first_match(rules, {"size": 2}).name == "large"
    assert first_match(rules, {"size": 1}).name == "rest"
    assert first_match(rules[:1], {}) is None
