"""Places where tests make a process die, stop or stumble.

A plan is `name:count:action[:argument]`, several separated by commas: `txn.after_guard:3:kill` kills the process the
third time it passes that point. Each hit is journaled *before* it acts, so that a test can assert that it happened.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from caseway.kernel.errors import Misconfigured, Transient

NAMES = frozenset(
    {
        "claim.before",
        "claim.after_seek",
        "txn.before_guard",
        "txn.after_guard",
        "txn.after_state",
        "txn.after_outbox",
        "commit.before",
        "commit.after",
        "publish.before",
        "publish.mid",
        "publish.after_ack",
        "remove.after",
        "advise.before",
        "timer.after_read",
        "delivery.after_lease",
        "delivery.after_250",
        "delivery.before_record",
        "replay.renamed",
        "erase.mid",
        "gather.mid",
    }
)
ACTIONS = frozenset({"kill", "stop", "raise", "delay"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at one failpoint: the `count`-th passing (0: at every one) triggers `action`."""

    name: str
    count: int
    action: str
    argument: float = 1.0


class _Plan:
    """The process's plan; empty in production, where `hit` costs one dictionary look-up."""

    def __init__(self) -> None:
        self.faults: dict[str, list[Fault]] = {}
        self.passed: Counter[str] = Counter()
        self.journal: Path | None = None


_plan = _Plan()


def parse(plan: str) -> list[Fault]:
    """The faults of a plan.

    Raises:
        Misconfigured: an unknown failpoint or action, or a count that is no number.
    """
    faults = []
    for entry in filter(None, (part.strip() for part in plan.split(","))):
        name, _, rest = entry.partition(":")
        count, _, action = rest.partition(":")
        action, _, argument = action.partition(":")
        if name not in NAMES or action not in ACTIONS or not count.isdigit():
            raise Misconfigured(f"failpoint {entry!r}: expected name:count:kill|stop|raise|delay[:seconds]")
        faults.append(Fault(name, int(count), action, float(argument or 1.0)))
    return faults


def install(plan: str, journal: Path | None, environment: str) -> None:
    """Arm the plan for this process.

    Raises:
        Misconfigured: the plan is malformed, or the environment is production.
    """
    faults = parse(plan)
    if faults and environment == "production":
        raise Misconfigured("CASEWAY_FAILPOINTS is set, but the environment is production")
    _plan.journal = journal
    _plan.passed.clear()
    _plan.faults.clear()
    for fault in faults:
        _plan.faults.setdefault(fault.name, []).append(fault)


def hit(name: str) -> None:
    """Pass the failpoint `name`, and act if the plan says so."""
    if name not in _plan.faults:
        return
    _plan.passed[name] += 1
    for fault in _plan.faults[name]:
        if fault.count in {0, _plan.passed[name]}:
            _act(fault)


def _act(fault: Fault) -> None:
    if _plan.journal is not None:
        with _plan.journal.open("a", encoding="utf-8") as journal:
            journal.write(f"{os.getpid()} {fault.name} {fault.action}\n")
            journal.flush()
            os.fsync(journal.fileno())
    match fault.action:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "delay":
            time.sleep(fault.argument)  # blocking on purpose: the event loop stands still too
        case _:
            raise Transient(f"failpoint {fault.name}")
