"""An Apache Kafka from package registries, without Docker."""

from collections.abc import Sequence
from pathlib import Path

from caseway.local.kafka_files import KafkaFiles
from caseway.local.ports import free_ports, is_open
from caseway.local.probes import kafka_answers
from caseway.local.settings import LocalSettings


class KafkaRecipe:
    """One KRaft node that is both broker and controller."""

    name = "Kafka"

    def __init__(self, folder: Path, settings: LocalSettings) -> None:
        self.ports: Sequence[int] = free_ports(2)
        self.url = f"127.0.0.1:{self.ports[0]}"
        self._folder = folder
        self._files = KafkaFiles(settings)

    def prepare(self) -> None:
        """Lay down its configuration and a formatted, empty log."""
        broker, controller = self.ports
        self._files.lay_down(self._folder, broker, controller)

    def command(self) -> list[str]:
        """Java on that folder."""
        return self._files.command(self._folder)

    def answers(self) -> bool:
        """A record goes in and comes out."""
        return is_open(self.ports[0]) and kafka_answers(self.url)
