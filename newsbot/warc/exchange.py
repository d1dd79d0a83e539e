"""One request and its answer, as bytes. Decides which of these bytes are kept. No Scrapy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO

IN_MEMORY = 1 << 18
"""Bytes of an answer that are kept in memory. A larger answer goes to a temporary file."""

LONGEST_HEAD = 1 << 20
"""The number of bytes in which the end of the headers is searched. The handler aborts connections whose headers are
longer."""

SECRET = (
    *("authorization", "cookie", "token", "secret", "passw", "api-key", "apikey", "auth-key", "access-key", "nonce"),
    *("session", "credential"),
)
"""No record holds a header whose name has one of these words in it: passwords, keys, and values by which a site
recognises a visitor or a login. Only the headers ``Access-Control-...`` are kept: they name other headers."""

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_SECRET = re.compile("|".join(SECRET).encode())
_WITH_URL = (b"location", b"content-location", b"referer", b"link", b"refresh", b"x-original-url")
"""Headers that contain URLs. The first line of a request contains a URL too."""

_LOGIN = re.compile(r"(?<=//)[^/?#\s]*@")
_PARAMETER = re.compile(r"((?:^|(?<=[?&;#]))([^=?&;#/\s\"<>]*)=)[^&;#\s\"<>]+")
_SECRET_NAME = re.compile(r"passw|pwd|secret|token|api[-_]?key|jwt|nonce|signature|sessid", re.I)
_INTERIM = re.compile(rb"HTTP/\d\.\d 1\d\d[ \r\n]")


@dataclass(slots=True, kw_only=True)
class Exchange:
    """The bytes of one request and its answer. ``address`` is the IP address of the server, ``began`` is in UTC.

    ``closed``: no further byte belongs to the exchange. ``fault``: why the answer could not be kept.
    """

    url: str
    request: bytes = b""
    address: str | None = None
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    answer: IO[bytes] = field(default_factory=partial(SpooledTemporaryFile, max_size=IN_MEMORY))
    received: int = 0
    closed: bool = False
    fault: OSError | None = None

    def start(self, address: str | None) -> None:
        """Note that the request is sent now. It may be sent a second time if its first connection was stale."""
        self.request, self.address, self.began = b"", address, datetime.now(UTC)
        self.cut(self.received)

    def sent(self, data: bytes) -> None:
        self.request += data

    def receive(self, data: bytes) -> None:
        """Keep a part of the answer. A full disk must not break the answer for which the crawl waits."""
        if self.closed or self.fault is not None:
            return
        try:
            self.answer.write(data)
        except OSError as error:
            self.fault = error
        else:
            self.received += len(data)

    def cut(self, size: int) -> None:
        """Remove the last ``size`` bytes of the answer, which do not belong to it."""
        if size and not self.closed and self.fault is None:
            self.received -= size
            self.answer.truncate(self.received)
            self.answer.seek(self.received)

    def head(self) -> bytes:
        """The headers of the final answer without the secret ones. ``answer`` is then at its first byte after the
        headers."""
        self.answer.seek(0)
        beginning = self.answer.read(LONGEST_HEAD)
        start, end = final_head(beginning)
        self.answer.seek(end)
        return without_secrets(beginning[start:end])

    def close(self) -> None:
        """Free the memory or the temporary file of the answer."""
        self.closed = True
        with suppress(OSError):
            self.answer.close()


def final_head(data: bytes) -> tuple[int, int]:
    """Where the headers of the final answer begin and end. Answers with a status of 100 to 199 may stand before it.

    If the end of the headers did not come, the end of ``data``.
    """
    start = 0
    while True:
        found = _HEAD_END.search(data, start)
        if found is None:
            return start, len(data)
        if not _INTERIM.match(data, start):
            return start, found.end()
        start = found.end()


def without_secrets(head: bytes) -> bytes:
    """The lines of a request or an answer up to its body, without secret headers. Every other byte stays."""
    return b"".join(_open_lines(BytesIO(head)))


def _open_lines(lines: Iterable[bytes]) -> Iterable[bytes]:
    secret = named_url = False
    for number, line in enumerate(lines):
        # A line that begins with a space or a tab belongs to the header of the line before.
        if not line.startswith((b" ", b"\t")):
            name = line.partition(b":")[0].strip().lower()
            secret = number > 0 and _SECRET.search(name) is not None and not name.startswith(b"access-control-")
            named_url = number == 0 or name in _WITH_URL
        if not secret:
            yield open_url(line.decode("latin-1")).encode("latin-1") if named_url else line


def open_url(text: str) -> str:
    """A URL, or a text with URLs, without the user names and passwords of these URLs and without the values of
    parameters that hold a password or a key."""
    return _PARAMETER.sub(_open_parameter, _LOGIN.sub("", text))


def _open_parameter(found: re.Match[str]) -> str:
    return f"{found[1]}left-out" if _SECRET_NAME.search(found[2]) else found[0]
