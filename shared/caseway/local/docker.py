"""The official images, where a Docker engine answers."""

import time
from collections.abc import Callable
from typing import Any

from caseway.local.mongo import REPLICA_SET, initiate
from caseway.local.ports import free_ports, is_open
from caseway.local.probes import kafka_answers, mongo_answers
from caseway.local.process import StackError
from caseway.local.progress import say
from caseway.local.settings import LocalSettings

_MONGO_IMAGE = "mongo:8.0"


def answers() -> bool:
    """Whether a Docker engine is there and talks."""
    import docker
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        client = docker.from_env(timeout=3)
    except (DockerException, RequestException):
        return False
    try:
        return bool(client.ping())
    except (DockerException, RequestException):
        return False
    finally:
        client.close()


class Container:
    """A backend in a container, with the host's port fixed so that it survives a restart.

    Testcontainers' own reaper removes it when we die, however we die.
    """

    def __init__(self, name: str, container: Any, url: str, is_ready: Callable[[], bool], start_seconds: float) -> None:
        self.url = url
        self._name = name
        self._container = container
        self._is_ready = is_ready
        self._start_seconds = start_seconds

    def start(self) -> "Container":
        """Pull the image if need be, start, and wait until it answers."""
        say(f"starting {self._name} in Docker ({self._container.image}); the first time it is pulled")
        self._container.start()
        self._wait_until_ready()
        return self

    def kill(self) -> None:
        """SIGKILL to the container."""
        self._wrapped.kill()

    def pause(self) -> None:
        """The engine's freezer: like SIGSTOP."""
        self._wrapped.pause()

    def resume(self) -> None:
        """Out of the freezer."""
        self._wrapped.unpause()

    def restart(self) -> None:
        """Same container: same port, same data."""
        self._wrapped.restart(timeout=0)
        self._wait_until_ready()

    def stop(self) -> None:
        """Remove the container with its data."""
        self._container.stop()

    @property
    def _wrapped(self) -> Any:
        return self._container.get_wrapped_container()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self._start_seconds
        while not self._is_ready():
            if time.monotonic() > deadline:
                words = self._wrapped.logs(tail=15).decode(errors="replace")
                raise StackError(f"{self._name} in Docker did not answer. The end of its log:\n{words}")
            time.sleep(0.1)


def start_kafka(settings: LocalSettings) -> Container:
    """One KRaft node of Apache's image."""
    (port,) = free_ports(1)
    container = _new(f"apache/kafka:{settings.local_kafka_version}").with_bind_ports(9092, port)
    for name, value in _kafka_environment(port).items():
        container = container.with_env(name, value)
    url = f"localhost:{port}"
    return Container(
        "Kafka", container, url, lambda: is_open(port) and kafka_answers(url), settings.local_start_seconds
    ).start()


def start_mongo(settings: LocalSettings, *, test_commands: bool) -> Container:
    """One replica set of one; it listens inside on the host's port, so that its own name for itself holds outside."""
    (port,) = free_ports(1)
    command = f"mongod --replSet {REPLICA_SET} --bind_ip_all --port {port} --wiredTigerCacheSizeGB 0.5"
    command += " --setParameter transactionLifetimeLimitSeconds=10"
    command += " --setParameter enableTestCommands=1" if test_commands else ""
    container = _new(_MONGO_IMAGE).with_bind_ports(port, port).with_command(command)
    url = f"mongodb://127.0.0.1:{port}/?replicaSet={REPLICA_SET}"
    return Container(
        "MongoDB",
        container,
        url,
        lambda: is_open(port) and initiate(port) and mongo_answers(url),
        settings.local_start_seconds,
    ).start()


def _new(image: str) -> Any:
    from testcontainers.core.container import DockerContainer

    return DockerContainer(image)


def _kafka_environment(port: int) -> dict[str, str]:
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://localhost:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
        "KAFKA_MESSAGE_MAX_BYTES": "28311552",
        "KAFKA_REPLICA_FETCH_MAX_BYTES": "28311552",
        "KAFKA_HEAP_OPTS": "-Xms256m -Xmx512m",
    }
