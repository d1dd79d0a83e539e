"""When a request arrived at a server of the tests."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Sequence
from typing import NamedTuple

from aiohttp import web

LAST_DATA_RECEIVED = 52
"""The offset in Linux's ``struct tcp_info`` of the milliseconds since the last data was received."""

CLOCK_TICK = 0.01
"""Seconds between two ticks of a slow kernel clock. The time since the last data is a whole number of these ticks."""

READING = 0.001
"""Seconds between the reading of two clocks, at most. Another process may run between the two readings."""


class Arrival(NamedTuple):
    """``at``: on the clock that measures intervals. ``unix``: on the clock of the day, which may be adjusted. Both are
    exact to CLOCK_TICK and READING."""

    at: float
    unix: float


def arrival(request: web.BaseRequest) -> Arrival:
    """The time at which the kernel received the request, since a busy server reads a request late."""
    while True:
        before = time.monotonic()
        waited, unix = _seconds_in_the_kernel(request), time.time()
        if time.monotonic() - before <= READING:
            return Arrival(before - waited, unix - waited)


def longest_between(earlier: float, later: float) -> float:
    """The seconds that may lie between two arrivals."""
    return later - earlier + 2 * (CLOCK_TICK + READING)


def longest_pace(times: Sequence[float]) -> float:
    """The mean of the seconds between the requests of several processes, in order, from a request of the first half on.

    A busy machine may delay a request after its permission. The mean that begins with this request is then too short,
    but the means that begin with other requests are not. So the longest of the means is returned.
    """
    last = len(times) - 1
    return max(longest_between(times[first], times[last]) / (last - first) for first in range(len(times) // 2))


def _seconds_in_the_kernel(request: web.BaseRequest) -> float:
    connection = request.transport.get_extra_info("socket") if request.transport is not None else None
    if connection is None:
        return 0.0
    tcp_info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, LAST_DATA_RECEIVED + 4)
    return float(struct.unpack_from("I", tcp_info, LAST_DATA_RECEIVED)[0]) / 1_000
