"""`caseway local up|down|status`, as a person types it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from caseway.local.mongo import MongoRecipe
from caseway.local.probes import kafka_answers, mongo_answers
from caseway.local.process import NativeProcess, StackError, start_mark


def _local(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CASEWAY_")}
    return subprocess.run(
        [sys.executable, "-m", "caseway.local", *words],
        env={**environment, "CASEWAY_LOCAL_FOLDER": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def _exports(output: str) -> dict[str, str]:
    pairs = (line.removeprefix("export ").partition("=") for line in output.splitlines())
    return {name: value.strip("'") for name, _, value in pairs}


@pytest.mark.backends
def test_what_is_up_goes_on_without_its_starter_until_down(tmp_path: Path) -> None:
    assert _local(tmp_path, "status").returncode == 1
    up = _local(tmp_path, "up")
    try:
        assert up.returncode == 0, up.stderr
        urls = _exports(up.stdout)
        assert kafka_answers(urls["CASEWAY_KAFKA_URL"])
        assert mongo_answers(urls["CASEWAY_MONGO_URL"])
        pids = [each["identity"]["pid"] for each in json.loads((tmp_path / "up.json").read_text())]
        again = _local(tmp_path, "up")
        assert _exports(again.stdout) == urls
        status = _local(tmp_path, "status")
        assert (status.returncode, _exports(status.stdout)) == (0, urls)
        assert all(log in status.stderr for log in (str(tmp_path / "up/kafka.log"), str(tmp_path / "up/mongodb.log")))
    finally:
        down = _local(tmp_path, "down")
    assert down.returncode == 0
    assert not any(start_mark(pid) for pid in pids)
    assert _local(tmp_path, "status").returncode == 1
    assert not (tmp_path / "up").exists()


@pytest.mark.backends
def test_a_backend_that_ends_while_starting_is_reported_with_its_last_words(tmp_path: Path) -> None:
    unprepared = MongoRecipe(tmp_path / "nowhere", test_commands=False)
    process = NativeProcess(unprepared, tmp_path / "mongodb.log", start_seconds=20)
    process.spawn()
    with pytest.raises(StackError, match=r"(?s)MongoDB ended while starting.*mongodb\.log.*nowhere") as raised:
        process.wait_until_ready()
    process.stop()
    assert "not found" in str(raised.value)
