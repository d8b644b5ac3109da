"""When a changed configuration directory is read, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from pydantic import BaseModel, model_validator

from caseway.runtime.configuration import Loaded, Reloader
from caseway.runtime.reloading import Reloading


class Written(BaseModel):
    number: int


class Desk(BaseModel):
    """One file, and a defect of our own for one value."""

    rules: Written

    @model_validator(mode="after")
    def _has_a_defect(self) -> Desk:
        if self.rules.number == 13:
            raise OverflowError("a defect of the check")
        return self


class Watched:
    """A directory, and what was taken from it."""

    def __init__(self, folder: Path) -> None:
        self.taken: list[int] = []
        self._file = folder / "rules.yaml"
        self.write("1")
        self.reloading = Reloading("test", folder, Reloader(folder, Desk), self._take)

    def _take(self, loaded: Loaded[Desk]) -> None:
        self.taken.append(loaded.value.rules.number)

    def write(self, number: str) -> None:
        self._file.write_text(f"number: {number}{' ' * len(self._file.name * len(number))}\n")

    async def look(self, times: int = 1, *, is_asked: bool = False) -> None:
        for _ in range(times):
            await self.reloading._look(is_asked=is_asked)  # the loop around it only waits

    @property
    def is_refused(self) -> bool:
        return REGISTRY.get_sample_value("caseway_configuration_refused", {"service": "test"}) == 1.0


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


async def test_a_change_is_read_once_it_has_stood_still(watched: Watched) -> None:
    """Several files that are written one after another are one change."""
    await watched.look(3)
    watched.write("22")
    await watched.look()
    assert watched.taken == []
    await watched.look(5)
    assert watched.taken == [22]


async def test_while_it_is_still_being_written_nothing_is_read(watched: Watched) -> None:
    for number in ("22", "333", "4444", "55555"):
        watched.write(number)
        await watched.look()
    assert watched.taken == []


async def test_who_asks_is_answered_at_once(watched: Watched) -> None:
    watched.write("22")
    await watched.look(is_asked=True)
    assert watched.taken == [22]
    await watched.look(3)
    assert watched.taken == [22], "and once"


async def test_what_means_the_same_changes_nothing(watched: Watched) -> None:
    watched.write("1 # the same, with a remark")
    await watched.look(3)
    assert watched.taken == []


@pytest.mark.parametrize("bad", ["none", "13"], ids=["a fault in the file", "a fault in our check"])
async def test_what_cannot_be_used_is_refused_until_it_is_mended(watched: Watched, bad: str) -> None:
    watched.write(bad)
    await watched.look(3)
    assert (watched.taken, watched.is_refused) == ([], True)
    watched.write("22222")
    await watched.look(3)
    assert (watched.taken, watched.is_refused) == ([22222], False)


async def test_a_directory_that_is_gone_is_refused_and_taken_again_when_it_is_back(
    watched: Watched, tmp_path: Path
) -> None:
    tmp_path.rename(tmp_path.with_name("away"))
    await watched.look(3)
    assert watched.is_refused
    tmp_path.with_name("away").rename(tmp_path)
    await watched.look(3)
    assert (watched.taken, watched.is_refused) == ([], False)
