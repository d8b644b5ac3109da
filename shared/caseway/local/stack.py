"""Chooses, starts and stops one Kafka and one MongoDB."""

import asyncio
import itertools
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, Self

from caseway.local import docker
from caseway.local.kafka import KafkaRecipe
from caseway.local.mongo import MongoRecipe
from caseway.local.probes import kafka_is_reachable, mongo_is_reachable
from caseway.local.process import Identity, NativeProcess, Recipe, StackError
from caseway.local.settings import LocalSettings

_NUMBERS = itertools.count(1)
_KEPT_FOLDERS = 5  # of ended stacks, for their logs


class Backend(Protocol):
    """A Kafka or a MongoDB that tests may treat badly."""

    @property
    def url(self) -> str:
        """Where it is reached; the same after a restart."""
        ...

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        ...

    def pause(self) -> None:
        """Stop its processor time; connections stay open."""
        ...

    def resume(self) -> None:
        """Let it go on."""
        ...

    def restart(self) -> None:
        """Start it on the same port and data and wait until it answers."""
        ...

    def stop(self) -> None:
        """End it and free what it holds."""
        ...


class Given:
    """A backend that somebody else runs: used, never touched."""

    def __init__(self, name: str, url: str) -> None:
        self.url = url
        self._name = name

    def kill(self) -> None:
        """Refused."""
        raise StackError(f"{self._name} was given by URL; only a stack of one's own can be killed.")

    pause = resume = restart = kill

    def stop(self) -> None:
        """Nothing: it is not ours."""


class Stack:
    """One Kafka and one MongoDB, for as long as the `with` (or `async with`) lasts.

    Args:
        own: never use backends given by URL: for a test that kills them.
        test_commands: let MongoDB take its fault-injection commands (`failCommand`).
        outlives: the processes go on after us (`caseway local up`).
    """

    def __init__(
        self,
        settings: LocalSettings | None = None,
        *,
        own: bool = False,
        test_commands: bool = False,
        outlives: bool = False,
    ) -> None:
        self._settings = settings or LocalSettings()
        self._own = own
        self._test_commands = test_commands
        self._outlives = outlives
        self._started: dict[str, Backend] = {}
        own_folder = Path("up") if outlives else Path("stacks") / f"{os.getpid()}-{next(_NUMBERS)}"
        self.folder = self._settings.folder / own_folder

    @property
    def kafka(self) -> Backend:
        """The broker."""
        return self._backend("Kafka")

    @property
    def mongo(self) -> Backend:
        """The database."""
        return self._backend("MongoDB")

    @property
    def kafka_url(self) -> str:
        """Bootstrap servers."""
        return self.kafka.url

    @property
    def mongo_url(self) -> str:
        """Connection string, with the replica set."""
        return self.mongo.url

    def start(self) -> Self:
        """Both at once; returns when both do their work. What started is stopped if the other fails."""
        _prune(self._settings.folder / "stacks")
        try:
            with ThreadPoolExecutor(2) as pool:
                starting = [pool.submit(self._start_kafka), pool.submit(self._start_mongo)]
            for each in starting:
                each.result()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End what we started; the data goes, the logs stay until later stacks push them out."""
        for backend in self._started.values():
            backend.stop()
        self._started.clear()
        for name in ("kafka", "mongo"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *_error: object) -> None:
        await asyncio.to_thread(self.stop)

    def _backend(self, name: str) -> Backend:
        if name not in self._started:
            raise StackError(f"{name} was not started: use the stack in a `with`.")
        return self._started[name]

    def _start_kafka(self) -> None:
        url = None if self._own else self._settings.kafka_url
        if url is not None:
            self._started["Kafka"] = _given("Kafka", url, url, kafka_is_reachable)
        elif self._uses_docker():
            self._started["Kafka"] = docker.start_kafka(self._settings)
        else:
            self._start_native(lambda: KafkaRecipe(self.folder / "kafka", self._settings))

    def _start_mongo(self) -> None:
        url = None if self._own else self._settings.mongo_url
        if url is not None:
            secret = url.get_secret_value()
            self._started["MongoDB"] = _given("MongoDB", secret, "CASEWAY_MONGO_URL", mongo_is_reachable)
        elif self._uses_docker():
            self._started["MongoDB"] = docker.start_mongo(self._settings, test_commands=self._test_commands)
        else:
            self._start_native(lambda: MongoRecipe(self.folder / "mongo", test_commands=self._test_commands))

    def _uses_docker(self) -> bool:
        engine = self._settings.local_engine
        return engine == "docker" or (engine == "auto" and docker.answers())

    def _start_native(self, make: Callable[[], Recipe], tries: int = 3) -> None:
        """Start on free ports; another process may take one in between, then once more on others."""
        recipe = make()
        log = self.folder / f"{recipe.name.lower()}.log"
        process = NativeProcess(recipe, log, start_seconds=self._settings.local_start_seconds, outlives=self._outlives)
        recipe.prepare()
        process.spawn()
        self._started[recipe.name] = process
        try:
            process.wait_until_ready()
        except StackError as error:
            process.stop()
            if "already in use" not in str(error) or tries == 1:
                raise
            shutil.rmtree(self.folder / ("kafka" if recipe.name == "Kafka" else "mongo"))
            self._start_native(make, tries - 1)


def _given(name: str, url: str, shown: str, reachable: Callable[[str], bool]) -> Given:
    if not reachable(url):
        raise StackError(f"{name} was given by URL but does not answer: {shown}.")
    return Given(name, url)


def _prune(folder: Path) -> None:
    """Throw away the folders of stacks whose process is gone, but for the newest few."""
    ended = [each for each in folder.glob("*-*") if not Identity.of(int(each.name.split("-")[0])).is_alive()]
    ended.sort(key=lambda each: each.stat().st_mtime)
    for old in ended[:-_KEPT_FOLDERS]:
        shutil.rmtree(old, ignore_errors=True)
