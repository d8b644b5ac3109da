"""Ports of this machine that nothing listens on."""

import secrets
import socket

_FIRST, _LAST = 15_000, 30_000
# Below the range from which systems take the local ports of outgoing connections (32768 and up): a
# broker that is killed and started again on its port must not find a client's connection sitting there.


def free_ports(count: int) -> list[int]:
    """Ports that could be bound a moment ago, from a random place on, so that two checkouts rarely meet."""
    start = secrets.randbelow(_LAST - _FIRST)
    candidates = (_FIRST + (start + step) % (_LAST - _FIRST) for step in range(_LAST - _FIRST))
    found: list[int] = []
    for port in candidates:
        if is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise OSError(f"no {count} free ports between {_FIRST} and {_LAST}")


def is_free(port: int) -> bool:
    """Whether 127.0.0.1:port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def is_open(port: int) -> bool:
    """Whether something accepts connections on 127.0.0.1:port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
