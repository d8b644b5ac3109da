"""The command `caseway local`."""

import argparse
import shlex
import sys

from caseway.local import daemon
from caseway.local.process import StackError
from caseway.local.progress import say
from caseway.local.settings import LocalSettings


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `local up|down|status`."""
    parser = subparsers.add_parser("local", help="a Kafka and a MongoDB on this machine, by hand")
    register_actions(parser)


def register_actions(parser: argparse.ArgumentParser) -> None:
    """Add `up|down|status` to a parser of one's own."""
    actions = parser.add_subparsers(dest="action", required=True)
    start = actions.add_parser("up", help="start both and leave them running; prints their URLs as shell exports")
    start.add_argument("--test-commands", action="store_true", help="let MongoDB take its fault-injection commands")
    start.set_defaults(run=_up)
    actions.add_parser("down", help="end what `up` started, with its data").set_defaults(run=_down)
    actions.add_parser("status", help="say what runs").set_defaults(run=_status)


def main(arguments: list[str] | None = None) -> int:
    """`python -m caseway.local`, for when the dispatcher is not wanted."""
    parser = argparse.ArgumentParser(prog="python -m caseway.local", description=__doc__)
    register_actions(parser)
    options = parser.parse_args(arguments)
    return int(options.run(options))


def _up(options: argparse.Namespace) -> int:
    try:
        kept = daemon.up(LocalSettings(), test_commands=options.test_commands)
    except StackError as error:
        say(str(error))
        return 1
    for each in kept:
        say(f"{each.name} runs at {each.url}, log {each.log}")
    _print_exports(kept)
    return 0


def _down(_options: argparse.Namespace) -> int:
    ended = daemon.down(LocalSettings())
    say(f"ended {', '.join(each.name for each in ended)}" if ended else "nothing was up")
    return 0


def _status(_options: argparse.Namespace) -> int:
    there = daemon.recorded(LocalSettings())
    for each in there:
        state = "runs" if each.identity.is_alive() else "is gone"
        say(f"{each.name} {state} (process {each.identity.pid}), {each.url}, log {each.log}")
    if not there or not all(each.identity.is_alive() for each in there):
        say("not up" if not there else "not all up; `caseway local up` starts anew")
        return 1
    _print_exports(there)
    return 0


def _print_exports(kept: list[daemon.Kept]) -> None:
    for name, value in daemon.environment(kept).items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
