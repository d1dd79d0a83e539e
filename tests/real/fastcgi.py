"""One request to PHP by FastCGI, without a web server: what PHP prints and what PHP reports come back apart.

A PHP process that a pool keeps alive has WordPress compiled already: a call costs a tenth of what a new ``php`` costs.
The format: https://fastcgi-archives.github.io/FastCGI_Specification.html
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from pathlib import Path

_HEADER = struct.Struct("!BBHHBx")  # version, type, request id, content length, padding length
_BEGIN, _END, _PARAMS, _STDIN, _STDOUT, _STDERR = 1, 3, 4, 5, 6, 7
_RESPONDER = struct.pack("!HB5x", 1, 0)
_LARGEST = 0xFFFF


def ask(server: Path, params: Mapping[str, str], body: bytes, *, timeout: float) -> tuple[bytes, str]:
    """Body of the answer, and what PHP wrote to its error log. ``server`` is a Unix socket. OSError where nothing comes
    within ``timeout`` seconds, or where the answer breaks off."""
    packed = b"".join(_sized(name) + _sized(value) + name.encode() + value.encode() for name, value in params.items())
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        connection.connect(str(server))
        connection.sendall(_record(_BEGIN, _RESPONDER) + _stream(_PARAMS, packed) + _stream(_STDIN, body))
        printed, reported = _read(connection)
    return printed.partition(b"\r\n\r\n")[2], reported.decode(errors="replace")


def _sized(text: str) -> bytes:
    size = len(text.encode())
    return bytes([size]) if size < 128 else struct.pack("!I", size | 0x80000000)


def _record(kind: int, content: bytes) -> bytes:
    return _HEADER.pack(1, kind, 1, len(content), 0) + content


def _stream(kind: int, content: bytes) -> bytes:
    """The content in records, and the empty record that ends a stream."""
    parts = [content[start : start + _LARGEST] for start in range(0, len(content), _LARGEST)]
    return b"".join(_record(kind, part) for part in [*parts, b""])


def _read(connection: socket.socket) -> tuple[bytes, bytes]:
    """Standard output and standard error of one request."""
    streams = {_STDOUT: bytearray(), _STDERR: bytearray()}
    with connection.makefile("rb") as answer:
        while True:
            header = answer.read(_HEADER.size)
            if len(header) < _HEADER.size:
                raise ConnectionError("PHP ended in the middle of its answer")
            _, kind, _, size, padding = _HEADER.unpack(header)
            content = answer.read(size + padding)[:size]
            if kind == _END:
                return bytes(streams[_STDOUT]), bytes(streams[_STDERR])
            if kind in streams:
                streams[kind] += content
