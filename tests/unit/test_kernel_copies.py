"""Copies that differ in a few fields."""

import dataclasses
import datetime as dt
from dataclasses import dataclass

import pytest

from caseway.kernel.decision import Message
from caseway.kernel.values import replace
from caseway_escalation.domain.case import Case, Standing
from caseway_escalation.domain.turns import Turns

_AT = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    count: int
    name: str = ""

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError(self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Short:
    count: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Longer(_Short):
    colour: str


@dataclass(frozen=True)
class _Open:
    count: int
    name: str = ""


def test_a_copy_equals_what_the_standard_library_makes() -> None:
    case = Case(id="case_1", standing=Standing(tags=("vip",)), turns=Turns(is_open=True))
    changes = {"merged_into": "case_2", "standing": Standing(vip=True)}
    assert replace(case, **changes) == dataclasses.replace(case, **changes)
    assert case == Case(id="case_1", standing=Standing(tags=("vip",)), turns=Turns(is_open=True))


def test_a_copy_without_changes_is_another_object_with_the_same_fields() -> None:
    case = Case(id="case_1")
    assert replace(case) == case
    assert replace(case) is not case


def test_a_field_that_there_is_not_is_refused() -> None:
    with pytest.raises(AttributeError):
        replace(Case(id="case_1"), colour="red")


@pytest.mark.parametrize("value", [_Checked(count=1), _Open(count=1)])
def test_a_class_that_would_have_to_be_asked_again_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        replace(value, count=-1)


def test_a_copy_is_as_frozen_as_the_value() -> None:
    copy = replace(_Short(count=1), count=2)
    assert type(copy) is _Short
    with pytest.raises(dataclasses.FrozenInstanceError):
        copy.count = 3  # type: ignore[misc]


def test_a_copy_of_a_class_with_parents_and_parameters_has_all_fields() -> None:
    message = Message(
        topic="cases", partition=0, offset=1, key="case_1", id="1", source="s", type="t", data=1,
        time=_AT, recorded_at=_AT,
    )  # fmt: skip
    copy = replace(message, data="2")
    assert (copy.key, copy.data) == ("case_1", "2")
    assert copy == dataclasses.replace(message, data="2")
    assert replace(_Longer(count=1, name="a", colour="red"), name="b") == _Longer(count=1, name="b", colour="red")
