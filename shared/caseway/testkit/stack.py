"""Fixtures: a real Kafka and a real MongoDB.

Loaded by `tests/conftest.py` as a plugin. A test that uses one of these fixtures carries the marker `backends`.
"""

import asyncio
from collections.abc import Iterator

import pytest

from caseway.local import Stack, StackError
from caseway.testkit.missing import missing
from caseway.testkit.namespaces import Namespace

_FIXTURES = {"stack", "private_stack", "namespace"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs backends, so that `-m "not backends"` leaves out all of it; first, since `-m` selects here."""
    for item in items:
        if _FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.backends)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The run's backends: given by URL, or started once; never to be killed."""
    yield from _running(Stack(test_commands=True))


@pytest.fixture
def private_stack() -> Iterator[Stack]:
    """Backends of this test's own, started for it (5 s): `private_stack.kafka.kill()` and worse are welcome."""
    yield from _running(Stack(own=True, test_commands=True))


@pytest.fixture
def namespace(stack: Stack) -> Iterator[Namespace]:
    """A prefix on the shared stack that nobody else has; what carries it is deleted afterwards."""
    own = Namespace.new(stack.kafka_url, stack.mongo_url)
    yield own
    with asyncio.Runner() as runner:
        runner.run(own.clean())


def _running(stack: Stack) -> Iterator[Stack]:
    try:
        stack.start()
    except StackError as error:
        missing(str(error))
    yield stack
    stack.stop()
