"""Copies that differ in a few fields."""

import dataclasses
from dataclasses import dataclass

import pytest

from caseway.kernel.replacing import replace
from caseway_escalation.domain.case import Case, Standing
from caseway_escalation.domain.turns import Turns


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    count: int
    name: str = ""

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError(self.count)


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
