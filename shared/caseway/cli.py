"""The operators' command, `caseway`.

Each subcommand lives with what it operates, in a module that offers `register(subparsers)`; only the one that is asked
for is imported, so that `caseway contracts` needs neither Kafka nor MongoDB's clients.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

Subparsers = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Where a subcommand lives."""

    name: str
    module: str
    extra: str
    """The extra of the distribution `caseway` that brings what it needs; empty for none."""
    summary: str


COMMANDS = (
    Command(
        name="local", module="caseway.local.commands", extra="local", summary="a Kafka and a MongoDB for this machine"
    ),
    Command(
        name="contracts", module="caseway.contracts.commands", extra="", summary="schemas, topics and the flow picture"
    ),
    Command(
        name="topics",
        module="caseway.runtime.commands",
        extra="runtime",
        summary="create the topics of the wire contract",
    ),
    Command(
        name="calendars",
        module="caseway.runtime.calendar_import",
        extra="runtime",
        summary="an iCalendar file's closed days, to be reviewed",
    ),
    Command(
        name="lanes",
        module="caseway.runtime.commands",
        extra="runtime",
        summary="who owns which lane, and how far it is",
    ),
    Command(
        name="parked",
        module="caseway.runtime.commands",
        extra="runtime",
        summary="what could not be handled; replay it",
    ),
    Command(
        name="replay",
        module="caseway.runtime.replay_commands",
        extra="runtime",
        summary="rebuild a service's figures from the log",
    ),
    Command(
        name="archive",
        module="caseway.runtime.archive_commands",
        extra="runtime",
        summary="facts about cases without names, to keep",
    ),
    Command(
        name="templates",
        module="caseway_notifier.adapters.commands",
        extra="",
        summary="what the notifier writes to people: preview, lint",
    ),
    Command(
        name="run",
        module="caseway.scenario.commands",
        extra="scenario",
        summary="a whole desk on this machine, with traffic",
    ),
    Command(
        name="scenario",
        module="caseway.scenario.commands",
        extra="scenario",
        summary="gateways and agents with real traffic",
    ),
)


class _Registering(Protocol):
    def register(self, subparsers: Subparsers[argparse.ArgumentParser]) -> None: ...


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `caseway <command> …`; the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = next((each for each in COMMANDS if given[:1] == [each.name]), None)
    if command is None:
        _overview().parse_args(given)
        return 2
    parser = argparse.ArgumentParser(prog="caseway")
    try:
        module = cast("_Registering", importlib.import_module(command.module))
    except ModuleNotFoundError as error:
        return _explain(command, error)
    module.register(parser.add_subparsers(required=True))
    options = parser.parse_args(given)
    try:
        return int(options.run(options) or 0)
    except BrokenPipeError:  # `caseway … | head` has seen enough
        # else Python flushes it at exit, and complains
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _overview() -> argparse.ArgumentParser:
    lines = "\n".join(f"  {command.name:<10} {command.summary}" for command in COMMANDS)
    parser = argparse.ArgumentParser(
        prog="caseway",
        description="What operators of a Caseway desk need.",
        epilog=f"commands:\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=[command.name for command in COMMANDS], metavar="command")
    return parser


def _explain(command: Command, error: ModuleNotFoundError) -> int:
    """Say what to install; the module that is missing names the reason."""
    install = f'pip install "caseway[{command.extra}]"' if command.extra else "pip install caseway"
    sys.stderr.write(f"caseway {command.name}: the module {error.name} is not installed; {install} brings it.\n")
    return 1
