"""The limit on the headers of an answer, with one connection for many requests."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.testing import StringTransport
from twisted.web._newclient import Request
from twisted.web.client import URI
from twisted.web.http_headers import Headers
from twisted.web.iweb import UNKNOWN_LENGTH

from newsbot.safety.handler import HEAD_BYTES, CappedFactory, mend_lengths

LINE = b"X-Filler: " + b"x" * 1_000 + b"\r\n"


class Connection:
    """A connection to a server whose answers are given by hand."""

    def __init__(self) -> None:
        self.aborted = False
        factory = CappedFactory(lambda _: None, "a connection", written=lambda _: None)
        self.protocol: Any = factory.buildProtocol(None)
        self.transport = StringTransport()  # type: ignore[no-untyped-call]
        setattr(self.transport, "abortConnection", self._abort)  # noqa: B010
        self.protocol.makeConnection(self.transport)  # type: ignore[no-untyped-call]

    def _abort(self) -> None:
        self.aborted = True

    def request(self) -> list[Any]:
        uri = URI.fromBytes(b"http://news.example/")  # type: ignore[no-untyped-call]
        headers = Headers({b"host": [b"news.example"]})
        answers: list[Any] = []
        request = Request._construct(b"GET", uri.originForm, headers, None, True, uri)  # type: ignore[no-untyped-call]
        self.protocol.request(request).addBoth(answers.append)
        return answers

    def head(self, lines: int) -> None:
        """Header lines as filler, each in a packet of its own."""
        self.protocol.dataReceived(b"HTTP/1.1 200 OK\r\n")
        for _ in range(lines):
            self.protocol.dataReceived(LINE)


def test_header_limit_ignores_earlier_answers() -> None:
    connection = Connection()
    lines = HEAD_BYTES // len(LINE) - 1
    for _ in range(3):
        answers = connection.request()
        connection.head(lines)
        assert answers == []
        connection.protocol.dataReceived(b"Content-Length: 0\r\n\r\n")
        assert [answer.code for answer in answers] == [200]
    assert connection.aborted is False


def test_header_limit_ignores_the_body() -> None:
    connection = Connection()
    answers = connection.request()
    connection.protocol.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    for _ in range(10):
        connection.protocol.dataReceived(b"x" * 100_000)
    assert [answer.code for answer in answers] == [200]
    assert connection.aborted is False


@pytest.mark.parametrize("over", [0, 2])
def test_connection_is_aborted_when_headers_exceed_the_limit(over: int) -> None:
    connection = Connection()
    connection.request()
    connection.head(HEAD_BYTES // len(LINE) - 1 + over)
    assert connection.aborted is (over > 0)


@pytest.mark.parametrize(
    ("given", "length"),
    [
        (["7"], "7"),
        (['"7"'], "7"),
        (["+7"], "7"),
        (["7", " 7"], "7"),
        (["7, 7"], "7"),
        (["7", "8"], None),
        (["-1"], None),
        (["seven"], None),
        ([""], None),
        ([], None),
    ],
)
def test_valid_content_length_is_kept_and_invalid_is_removed(given: list[str], length: str | None) -> None:
    headers = Headers({"Content-Length": given, "Transfer-Encoding": ["identity"], "Connection": ["close"]})
    mend_lengths(headers)
    assert headers.getRawHeaders("Content-Length") == ([length] if length else None)
    assert headers.getRawHeaders("Transfer-Encoding") is None
    assert headers.getRawHeaders("Connection") == ["close"]


@pytest.mark.parametrize("encoding", ["chunked", "Chunked", "identity, chunked"])
def test_chunked_transfer_encoding_is_kept(encoding: str) -> None:
    headers = Headers({"Transfer-Encoding": [encoding]})
    mend_lengths(headers)
    assert headers.getRawHeaders("Transfer-Encoding") == ["chunked"]


def test_body_with_an_invalid_content_length_is_read() -> None:
    connection = Connection()
    answers = connection.request()
    connection.protocol.dataReceived(
        b"HTTP/1.1 200 OK\r\nContent-Length: none\r\nTransfer-Encoding: identity\r\n\r\n[]"
    )
    assert [(answer.code, answer.length) for answer in answers] == [(200, UNKNOWN_LENGTH)]
