"""Ports for servers that take a number only, and for servers that start again on the same one."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_MANY = 8_000

_reserved: list[socket.socket] = []


def free_port() -> int:
    """A port of 127.0.0.1 that no other test takes, and that the system gives to no connection.

    The system takes the ports of connections from a range of its own. A free port of this range may be in use before
    the server listens on it, or while the server starts again. If no port is outside of that range, the port is from
    the range.
    """
    first = _first_of_connections()
    below = range(max(2_000, first - _MANY), first)
    for wanted in (*random.sample(below, len(below)), *[0] * 20):
        port = _reserve(wanted)
        if port is not None:
            return port
    raise OSError("no port is free")


def _first_of_connections() -> int:
    try:
        return int(_RANGE.read_text(encoding="ascii").split()[0])
    except OSError:
        return 32_768


def _reserve(wanted: int) -> int | None:
    """The port, any for 0, or None where it is taken."""
    mark = socket.socket(socket.AF_UNIX)
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", wanted))
            port = int(probe.getsockname()[1])
        # The name is taken until this process ends, so that no other worker of the tests gets the port.
        mark.bind(f"\0newsbot-tests-port-{port}")
    except OSError:
        mark.close()
        return None
    _reserved.append(mark)
    return port
