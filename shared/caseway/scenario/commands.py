"""The commands `caseway run` and `caseway scenario`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from aiokafka.errors import KafkaError

from caseway.kernel.clock import WallClock
from caseway.kernel.errors import CasewayError
from caseway.local import StackError
from caseway.scenario.progress import say
from caseway.scenario.running import Options, opened
from caseway.scenario.settings import ScenarioSettings
from caseway.scenario.spread import Spread, staff_in
from caseway.scenario.table import sent_table
from caseway.scenario.until import FOREVER, Until, read_duration, read_until
from caseway.testkit.chaos.assignment import in_the_order_of_lanes
from caseway.testkit.chaos.dump import read_topic
from caseway.testkit.namespaces import Namespace

Value = TypeVar("Value")
_SCENARIOS = Path("deploy/scenarios")


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `run`, `scenario run` and `scenario spread`."""
    whole = subparsers.add_parser("run", help="a whole desk on this machine, with traffic")
    whole.add_argument("scenario", nargs="?", default="retail")
    whole.add_argument("--for", dest="lasts", type=_readable(read_duration), help="end by itself, such as after 90s")
    whole.add_argument("--no-traffic", action="store_true", help="nobody writes, nobody works: for your own gateways")
    _shared(whole)
    whole.set_defaults(run=_run_whole)
    actions = subparsers.add_parser("scenario", help="gateways and agents").add_subparsers(required=True)
    alone = actions.add_parser("run", help="against the desk that the environment names")
    alone.add_argument("scenario", help="a name below deploy/scenarios, or a directory")
    alone.add_argument(
        "--until", type=_readable(read_until), default=FOREVER, help="60s, contacts=500, or an instant of RFC 3339"
    )
    alone.add_argument("--finish", type=float, default=30.0, help="seconds for what is under way at the end")
    _shared(alone)
    alone.set_defaults(run=_run_alone)
    spread = actions.add_parser("spread", help="how long work waited at the desk, and how evenly it was spread")
    spread.add_argument("scenario", help="a name below deploy/scenarios, or a directory")
    spread.set_defaults(run=_show_spread)


def _shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--speed", type=_positive, default=10.0, help="how much faster than people live; 10 by default")
    parser.add_argument("--rate", type=_positive, help="new matters a minute; else the scenario's, times the speed")
    parser.add_argument("--seed", type=int, default=1, help="the same seed sends the same")


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError("a number above 0")
    return value


def _readable(read: Callable[[str], Value]) -> Callable[[str], Value]:
    """Argparse shows only its own errors' words."""

    def checked(text: str) -> Value:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return checked


def _run_whole(options: argparse.Namespace) -> int:
    from caseway.scenario.everything import Wanted, run

    directory = _directory(options.scenario)
    wanted = Wanted(
        scenario=_options(options, FOREVER),
        directory=directory,
        has_traffic=not options.no_traffic,
        lasts=options.lasts,
    )
    return _explained(lambda: asyncio.run(run(wanted)))


def _run_alone(options: argparse.Namespace) -> int:
    directory = _directory(options.scenario)
    return _explained(lambda: asyncio.run(_play(_options(options, options.until), directory, options.finish)))


def _show_spread(options: argparse.Namespace) -> int:
    return _explained(lambda: asyncio.run(_spread(_directory(options.scenario))))


async def _spread(directory: Path) -> int:
    """All that stands on the topic, from its beginning: who is there, and who has what, has no other source."""
    settings = ScenarioSettings()
    spread = Spread(staff_in(directory))
    desk = Namespace(prefix=settings.namespace, kafka_url=settings.kafka_url, mongo_url="")
    spread.see(in_the_order_of_lanes(await read_topic(desk, "work")))
    say(spread.table())
    return 1 if spread.audit.wrong else 0


async def _play(options: Options, directory: Path, finish_seconds: float) -> int:
    settings = ScenarioSettings().model_copy(update={"config": directory})
    async with opened(settings, options) as scenario:
        for which in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(which, scenario.stopping.set)
        say(f"{directory.name} plays against {settings.kafka_url}, speed {options.speed:g}; Ctrl-C ends it")
        await scenario.play(finish_seconds=finish_seconds)
        say("over\n" + sent_table(scenario.scene.journal))
    return 0


def _options(options: argparse.Namespace, until: Until) -> Options:
    run = f"{WallClock().now().astimezone(dt.UTC):%y%m%d%H%M%S}"
    return Options(speed=options.speed, rate=options.rate, seed=options.seed, run=run, until=until)


def _directory(name: str) -> Path:
    """A scenario's directory, by name or path."""
    given = Path(name)
    return (given if given.is_dir() else _SCENARIOS / name).absolute()


def _explained(action: Callable[[], int]) -> int:
    """What may go wrong outside, as one sentence."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it tells every try; we tell what came of them
    try:
        with contextlib.suppress(KeyboardInterrupt):
            return action()
        return 130
    except* (CasewayError, StackError, KafkaError, OSError) as group:
        for line in dict.fromkeys(str(error) or type(error).__name__ for error in _leaves(group)):
            sys.stderr.write(f"caseway: {line}\n")
    return 1


def _leaves(group: BaseExceptionGroup[Exception]) -> list[Exception]:
    found: list[Exception] = []
    for each in group.exceptions:
        found += _leaves(each) if isinstance(each, BaseExceptionGroup) else [each]
    return found
