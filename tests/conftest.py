"""What every test may use; the fixtures themselves are in `caseway.testkit`."""

import socket

import pytest

pytest_plugins = ["caseway.testkit.missing", "caseway.testkit.stack"]


@pytest.fixture(autouse=True)
def _no_sockets_in_unit_tests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit test that reaches for the network is not one; property tests neither."""
    if {"unit", "property", "architecture"} & set(request.path.parts):
        monkeypatch.setattr(socket.socket, "connect", _refuse)
        monkeypatch.setattr(socket.socket, "connect_ex", _refuse)


def _refuse(*_arguments: object) -> None:
    pytest.fail("a unit test opened a connection", pytrace=True)
