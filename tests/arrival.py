"""When a request arrived at a server of the tests."""

from __future__ import annotations

import socket
import struct

from aiohttp import web

LAST_DATA_RECEIVED = 52
"""The offset in Linux's ``struct tcp_info`` of the milliseconds since the last data was received."""

CLOCK_TICK = 0.01
"""Seconds between two ticks of a slow kernel clock. The time since the last data is a whole number of these ticks."""


def longest_between(earlier: float, later: float) -> float:
    """The seconds that may lie between two arrivals: each of the two is known to one tick of the kernel's clock."""
    return later - earlier + 2 * CLOCK_TICK


def seconds_in_the_kernel(request: web.BaseRequest) -> float:
    """The time since the request arrived: a busy server reads a request late."""
    connection = request.transport.get_extra_info("socket") if request.transport is not None else None
    if connection is None:
        return 0.0
    told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, LAST_DATA_RECEIVED + 4)
    return float(struct.unpack_from("I", told, LAST_DATA_RECEIVED)[0]) / 1_000
