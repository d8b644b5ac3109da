"""One backend running as a process of this machine."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from caseway.local import keeper

_COMPLAINT = re.compile(r'"s":"[EF]"|\b(ERROR|FATAL)\b|Exception')


class StackError(Exception):
    """A backend could not be had; the message says which, why, and where its log is."""


class Recipe(Protocol):
    """How one kind of backend is prepared, started and found ready."""

    name: str
    url: str
    ports: Sequence[int]

    def prepare(self) -> None:
        """Lay down files; called once."""
        ...

    def command(self) -> list[str]:
        """The program and its arguments; the same for every start."""
        ...

    def answers(self) -> bool:
        """Use it the way its users do; False while it is not up yet."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A process, not only its number: numbers are used again."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> "Identity":
        """Who has this number now."""
        return cls(pid=pid, started=start_mark(pid))

    def is_alive(self) -> bool:
        """Whether that very process still runs."""
        return bool(self.started) and start_mark(self.pid) == self.started

    def kill(self) -> None:
        """SIGKILL, unless it is gone already."""
        if self.is_alive():
            os.kill(self.pid, signal.SIGKILL)


def start_mark(pid: int) -> str:
    """When the process began, in the system's own words; empty if there is none, or only its corpse."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        return _start_mark_linux(stat)
    found = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607 - no shell, and ps lies elsewhere on each system
    state, _, started = found.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()


def _start_mark_linux(stat: Path) -> str:
    try:
        fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


class NativeProcess:
    """A backend that can be killed, stopped, continued and started again on its port and data.

    With `outlives` it is started on its own and goes on after us; otherwise it dies with us.
    """

    def __init__(self, recipe: Recipe, log: Path, *, start_seconds: float, outlives: bool = False) -> None:
        self.recipe = recipe
        self.log = log
        self.identity: Identity | None = None
        self._start_seconds = start_seconds
        self._outlives = outlives
        self._handle: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is reached; the same after a restart."""
        return self.recipe.url

    @property
    def pid(self) -> int:
        """The backend's own process."""
        if self.identity is None:
            raise StackError(f"{self.recipe.name} was not started.")
        return self.identity.pid

    def spawn(self) -> None:
        """Start it and do not wait."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._handle = self._start_alone(log.fileno()) if self._outlives else self._start_kept(log.fileno())
        pid = self._handle.pid if self._outlives else self._pid_from_keeper(self._handle)
        self.identity = Identity.of(pid)

    def wait_until_ready(self) -> None:
        """Return when it answers; raise with its last words if it ends or takes too long."""
        deadline = time.monotonic() + self._start_seconds
        while time.monotonic() < deadline:
            if self._has_ended():
                raise StackError(f"{self.recipe.name} ended while starting. {self.last_words()}")
            if self.recipe.answers():
                return
            time.sleep(0.05)
        raise StackError(f"{self.recipe.name} did not answer in {self._start_seconds:.0f} s. {self.last_words()}")

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self.identity is not None:
            self.identity.kill()
        self._reap()

    def pause(self) -> None:
        """SIGSTOP: it keeps its connections and says nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def restart(self) -> None:
        """Start again on the same port and data, after a kill or not, and wait until it answers."""
        self.kill()
        self.spawn()
        self.wait_until_ready()

    def stop(self) -> None:
        """End it. Its data is thrown away, so there is nothing to shut down in order."""
        self.kill()

    def last_words(self, lines: int = 8) -> str:
        """What its log complains of, how it ends, and where the whole of it is.

        MongoDB goes on for a page about shutting down after it has said why.
        """
        if not self.log.exists():
            return f"It wrote no log at {self.log}."
        text = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        complaints = [line for line in text[:-lines] if _COMPLAINT.search(line)][-lines:]
        shown = [*complaints, *text[-lines:]]
        return f"From {self.log}:\n" + "\n".join(f"  {line[:400]}" for line in shown)

    def _start_alone(self, log: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - the recipe's own command
            self.recipe.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )

    def _start_kept(self, log: int) -> subprocess.Popen[bytes]:
        # Its own session: Ctrl-C in a terminal goes to the group, and services must drain before backends go.
        return subprocess.Popen(  # noqa: S603 - the recipe's own command
            [sys.executable, "-I", "-S", keeper.__file__, *self.recipe.command()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )

    def _pid_from_keeper(self, handle: subprocess.Popen[bytes]) -> int:
        assert handle.stdout is not None
        line = handle.stdout.readline()
        if not line:
            raise StackError(f"{self.recipe.name} could not be started. {self.last_words()}")
        return int(line)

    def _has_ended(self) -> bool:
        return self._handle is not None and self._handle.poll() is not None

    def _reap(self) -> None:
        if self._handle is None:
            return
        self._handle.wait(timeout=30)
        for pipe in (self._handle.stdin, self._handle.stdout):
            if pipe is not None:
                pipe.close()
        self._handle = None
