"""`caseway local up|down|status`, as a person types it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from caseway.local.commands import main
from caseway.local.mongo import MongoRecipe
from caseway.local.probes import kafka_answers, mongo_answers
from caseway.local.process import NativeProcess, StackError, start_mark


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of our own, where no backend is given."""
    for name in ("CASEWAY_KAFKA_URL", "CASEWAY_MONGO_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CASEWAY_LOCAL_FOLDER", str(tmp_path))
    return tmp_path


def _exports(output: str) -> dict[str, str]:
    pairs = (line.removeprefix("export ").partition("=") for line in output.splitlines())
    return {name: value.strip("'") for name, _, value in pairs}


@pytest.mark.backends
def test_what_is_up_goes_on_without_its_starter_until_down(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    up = subprocess.run([sys.executable, "-m", "caseway.local", "up"], capture_output=True, text=True, check=False)
    pids: list[int] = []
    try:
        assert up.returncode == 0, up.stderr
        pids = [each["identity"]["pid"] for each in json.loads((folder / "up.json").read_text())]
        urls = _exports(up.stdout)
        assert kafka_answers(urls["CASEWAY_KAFKA_URL"])
        assert mongo_answers(urls["CASEWAY_MONGO_URL"])
        for word in ("up", "status"):
            assert main([word]) == 0
            said = capsys.readouterr()
            assert _exports(said.out) == urls
            assert all(str(folder / "up" / log) in said.err for log in ("kafka.log", "mongodb.log"))
    finally:
        assert main(["down"]) == 0
    assert not any(start_mark(pid) for pid in pids)
    assert not (folder / "up").exists()
    assert main(["status"]) == 1


@pytest.mark.backends
def test_a_backend_that_ends_while_starting_is_reported_with_its_last_words(tmp_path: Path) -> None:
    unprepared = MongoRecipe(tmp_path / "nowhere", test_commands=False)
    process = NativeProcess(unprepared, tmp_path / "mongodb.log", start_seconds=20)
    process.spawn()
    with pytest.raises(StackError, match=r"(?s)MongoDB ended while starting.*mongodb\.log.*nowhere") as raised:
        process.wait_until_ready()
    process.stop()
    assert "not found" in str(raised.value)
