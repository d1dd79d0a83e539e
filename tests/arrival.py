"""When a request arrived at a server of the tests."""

from __future__ import annotations

import socket
import struct

from aiohttp import web

LAST_DATA_RECEIVED = 52
"""The offset in Linux's ``struct tcp_info`` of the milliseconds since the last data was received."""


def seconds_in_the_kernel(request: web.BaseRequest) -> float:
    """The time since the request arrived: a busy server reads a request late."""
    connection = request.transport.get_extra_info("socket") if request.transport is not None else None
    if connection is None:
        return 0.0
    told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, LAST_DATA_RECEIVED + 4)
    return float(struct.unpack_from("I", told, LAST_DATA_RECEIVED)[0]) / 1_000
