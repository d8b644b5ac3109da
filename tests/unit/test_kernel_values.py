"""Values that the type checker keeps frozen."""

import dataclasses
import subprocess
import sys

import pytest

from caseway.kernel.values import dataclass, derived
from caseway_router.domain.items import CoolDown


@dataclass(frozen=True, kw_only=True)
class _Quick:
    name: str
    count: int = 0

    @derived
    def twice(self) -> int:
        """So many again."""
        asked.append(self.name)
        return 2 * self.count


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Standard:
    name: str
    count: int = 0


asked: list[str] = []


def test_a_value_has_the_equality_hash_and_fields_of_a_standard_one() -> None:
    one, other = _Quick(name="a", count=1), _Quick(name="a", count=1)
    assert one == other != _Quick(name="a")
    assert hash(one) == hash(_Standard(name="a", count=1))
    assert [each.name for each in dataclasses.fields(_Quick)] == ["name", "count"]
    assert dataclasses.replace(one, count=2) == _Quick(name="a", count=2)


def test_a_hash_of_its_own_is_left_to_it() -> None:
    @dataclass(frozen=True)
    class Named:
        name: str

        def __hash__(self) -> int:
            return 7

    assert hash(Named("a")) == 7
    assert Named("a") == Named("a")


def test_a_field_that_is_missing_or_unknown_is_refused() -> None:
    with pytest.raises(TypeError):
        _Quick(count=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        _Quick(name="a", colour="red")  # type: ignore[call-arg]


def test_a_slotted_value_takes_no_other_fields() -> None:
    assert not hasattr(CoolDown.__new__(CoolDown), "__dict__")


def test_what_is_derived_is_reckoned_once() -> None:
    value = _Quick(name="once", count=4)
    assert (value.twice, value.twice, asked.count("once")) == (8, 8, 1)
    assert _Quick.twice.__doc__ == "So many again."


def test_in_development_mode_values_are_frozen() -> None:
    program = (
        "import dataclasses\n"
        "from caseway.kernel.decision import Ref, Put\n"
        "try:\n"
        "    Put(collection='a', id='b', value=1).id = 'c'\n"
        "except dataclasses.FrozenInstanceError:\n"
        "    print('refused')\n"
    )
    said = subprocess.run([sys.executable, "-X", "dev", "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "refused"
