"""The time at which a request was sent, as its connection reports it."""

from __future__ import annotations

import asyncio
import socket

import pytest
from twisted.internet.testing import StringTransport
from twisted.web._newclient import Request
from twisted.web.client import URI
from twisted.web.http_headers import Headers

from newsbot.middlewares.permit import FLUSHED_AFTER, after_turns
from newsbot.net.hosts import host_of_url
from newsbot.politeness.pace import Limits, Outcome, Pace
from newsbot.safety.handler import CappedFactory


def test_connection_reports_each_request_when_it_is_written() -> None:
    written: list[str] = []
    protocol = CappedFactory(lambda _: None, "a connection", written=written.append).buildProtocol(None)
    transport = StringTransport()  # type: ignore[no-untyped-call]
    protocol.makeConnection(transport)  # type: ignore[no-untyped-call]
    assert written == [], "an open connection is no request"
    uri = URI.fromBytes(b"http://News.example:8080/feed?a=1")  # type: ignore[no-untyped-call]
    headers = Headers({b"host": [b"news.example:8080"]})
    protocol.request(Request._construct(b"GET", uri.originForm, headers, None, True, uri))  # type: ignore[no-untyped-call]
    assert transport.value().startswith(b"GET /feed?a=1 HTTP/1.1\r\n")  # type: ignore[no-untyped-call]
    assert [host_of_url(url) for url in written] == ["news.example:8080"]


def test_written_data_is_sent_before_the_recorded_time() -> None:
    happened: list[str] = []

    async def write() -> None:
        loop = asyncio.get_running_loop()
        near, far = socket.socketpair()
        done = loop.create_future()

        def passed_on() -> None:
            # Twisted's TLS writes the data in the next turn of the event loop, as soon as the socket accepts them.
            loop.add_writer(near, sent)

        def sent() -> None:
            happened.append("sent")
            loop.remove_writer(near)

        def noted() -> None:
            happened.append("noted")
            done.set_result(None)

        loop.call_soon(passed_on)
        after_turns(FLUSHED_AFTER, noted)
        await done
        near.close()
        far.close()

    asyncio.run(write())
    assert happened == ["sent", "noted"]


def test_request_with_an_unknown_send_time_counts_from_its_answer() -> None:
    pace = Pace(limits=Limits(delay=1.0), answered=True)
    pace.started(100.0)
    pace.ended(100.4, Outcome(latency=0.1, sent=float("inf")))
    assert pace.ready_at() == pytest.approx(101.4)
