"""The stack that goes on: up, down, status."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from caseway.local.process import Identity, NativeProcess, StackError
from caseway.local.settings import LocalSettings
from caseway.local.stack import Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One backend that goes on, as the record has it."""

    name: str
    url: str
    log: str
    identity: Identity

    @classmethod
    def of(cls, process: NativeProcess) -> "Kept":
        """Of a process just started."""
        assert process.identity is not None
        return cls(name=process.recipe.name, url=process.url, log=str(process.log), identity=process.identity)

    @classmethod
    def load(cls, document: dict[str, Any]) -> "Kept":
        """From the record."""
        return cls(**{**document, "identity": Identity(**document["identity"])})


def record_path(settings: LocalSettings) -> Path:
    """Where this checkout remembers what it started."""
    return settings.folder / "up.json"


def recorded(settings: LocalSettings) -> list[Kept]:
    """What `up` started and `down` has not ended, alive or not."""
    path = record_path(settings)
    if not path.exists():
        return []
    return [Kept.load(document) for document in json.loads(path.read_text(encoding="utf-8"))]


def up(settings: LocalSettings, *, test_commands: bool = False) -> list[Kept]:
    """Start both and leave them running; what runs already is left alone."""
    there = recorded(settings)
    if there and all(each.identity.is_alive() for each in there):
        return there
    down(settings)
    native = settings.model_copy(update={"local_engine": "native"})
    stack = Stack(native, own=True, outlives=True, test_commands=test_commands)
    stack.start()
    started = [Kept.of(each) for each in (stack.kafka, stack.mongo) if isinstance(each, NativeProcess)]
    path = record_path(settings)
    path.write_text(json.dumps([asdict(each) for each in started], indent=2), encoding="utf-8")
    return started


def down(settings: LocalSettings) -> list[Kept]:
    """End what `up` started, and only that; its data goes too."""
    ended = recorded(settings)
    for each in ended:
        each.identity.kill()
    shutil.rmtree(settings.folder / "up", ignore_errors=True)
    record_path(settings).unlink(missing_ok=True)
    return ended


def environment(kept: list[Kept]) -> dict[str, str]:
    """What a service or a test reads to use them."""
    names = {"Kafka": "CASEWAY_KAFKA_URL", "MongoDB": "CASEWAY_MONGO_URL"}
    missing = set(names) - {each.name for each in kept}
    if missing:
        raise StackError(f"{' and '.join(sorted(missing))} not up; `caseway local up` starts both.")
    return {names[each.name]: each.url for each in kept}
