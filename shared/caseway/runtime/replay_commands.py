"""The command `caseway replay`."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import functools
import os
import sys

from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from caseway.kernel.errors import CasewayError
from caseway.runtime.replay_lanes import rebuilt_apart
from caseway.runtime.replay_setup import replay_of
from caseway.runtime.replaying import APART_FROM

SERVICES = ("analytics",)
"""Those whose states follow from facts alone, and of whose emissions nobody waits for a second one."""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `replay`."""
    replay = subparsers.add_parser("replay", help="rebuild a service's states from the log, beside the live ones")
    replay.add_argument("service", choices=SERVICES)
    replay.add_argument(
        "--from-what-is-left",
        action="store_true",
        help="rebuild although retention has cut the log's beginning off; figures then say since when they are whole",
    )
    replay.add_argument(
        "--processes",
        type=_positive,
        help="how many rebuild lanes at once; without it as many as processors, where there is much to rebuild",
    )
    replay.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    try:
        return asyncio.run(_replay(options.service, options.processes, from_what_is_left=options.from_what_is_left))
    except (CasewayError, PyMongoError, KafkaError, TimeoutError, OSError) as error:
        sys.stderr.write(f"caseway: {error or type(error).__name__}\n")
        return 1


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


async def _replay(name: str, processes: int | None, *, from_what_is_left: bool) -> int:
    replay = await replay_of(name, from_what_is_left=from_what_is_left)
    count = processes or os.cpu_count() or 1
    if count > 1:
        apart = functools.partial(rebuilt_apart, name, processes=count, from_what_is_left=from_what_is_left)
        replay = dataclasses.replace(replay, apart=apart, apart_from=0 if processes else APART_FROM)
    read = await replay.run(_say)
    _say(f"{read} records read; {name} goes on with what was rebuilt")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
