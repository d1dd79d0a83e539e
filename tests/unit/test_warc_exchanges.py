"""What is recorded of an exchange: the bytes of the connection, and no secret."""

from __future__ import annotations

from typing import Any
from urllib.parse import urldefrag

import pytest
from scrapy import Request as ScrapyRequest
from twisted.internet.defer import succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.web._newclient import Request
from twisted.web.client import URI, Agent
from twisted.web.http_headers import Headers

from newsbot.arguments.site_list import Target
from newsbot.warc.exchange import Exchange, final_head, open_url, without_secrets
from newsbot.warc.extension import open_entry
from newsbot.warc.handler import RecordingFactory, url_as_sent
from newsbot.warc.info import without_secrets as open_values
from tests.unit.test_warc_writing import OPEN_HEAD, URL

HEAD = OPEN_HEAD.replace(b"X-WP", b"set-cookie: a=1;\r\n path=/\r\nX-WP")


BODY = b"4\r\n[1,2\r\n1\r\n]\r\n0\r\n\r\n"


class Connection:
    """A connection to a server whose answers are given by hand."""

    def __init__(self) -> None:
        self.exchanges: dict[str, Exchange] = {}
        factory = RecordingFactory(
            lambda _: None, "a connection", written=lambda _: None, exchanges=lambda url: self.exchanges.get(url)
        )
        self.protocol: Any = factory.buildProtocol(None)
        self.transport = StringTransport()  # type: ignore[no-untyped-call]
        self.protocol.makeConnection(self.transport)  # type: ignore[no-untyped-call]

    def ask(self) -> Exchange:
        exchange = self.exchanges[URL] = Exchange(url=URL)
        uri = URI.fromBytes(URL.encode())  # type: ignore[no-untyped-call]
        headers = Headers({b"host": [b"news.example"], b"authorization": [b"Basic c2VjcmV0"]})
        request = Request._construct(b"GET", uri.originForm, headers, None, True, uri)  # type: ignore[no-untyped-call]
        # Scrapy reads the body of an answer at once. Without a reader, Twisted pauses the connection.
        self.protocol.request(request).addCallback(lambda answer: answer.deliverBody(_Reader()))
        return exchange

    def answer(self, *parts: bytes) -> None:
        for part in parts:
            self.protocol.dataReceived(part)


class _Reader:
    def makeConnection(self, transport: Any) -> None:  # noqa: N802
        pass

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        pass

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        pass


def test_an_exchange_holds_the_bytes_of_the_connection_and_no_secret() -> None:
    connection = Connection()
    first = connection.ask()
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    connection.answer(early, HEAD[:30], HEAD[30:] + BODY[:5], BODY[5:] + b"unasked")
    assert first.head() == OPEN_HEAD
    assert first.answer.read() == BODY
    sent = without_secrets(first.request)
    assert sent.startswith(b"GET /wp-json/ HTTP/1.1\r\n")
    assert (b"Authorization" in first.request, b"uthorization" in sent, sent.endswith(b"\r\n\r\n")) == (
        True,
        False,
        True,
    )
    # The connection is used again.
    second = connection.ask()
    connection.answer(b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n")
    assert (second.head(), second.answer.read()) == (b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", b"")
    assert first.received == len(early + HEAD + BODY)


def test_repeated_request_restarts_its_exchange() -> None:
    exchange = Exchange(url=URL)
    for _ in range(2):
        exchange.start("192.0.2.1")
        exchange.sent(b"GET / HTTP/1.1\r\n\r\n")
        exchange.receive(HEAD)
    assert (exchange.request, exchange.received, exchange.head()) == (b"GET / HTTP/1.1\r\n\r\n", len(HEAD), OPEN_HEAD)
    exchange.close()
    exchange.receive(b"late")
    assert exchange.received == len(HEAD)


@pytest.mark.parametrize(
    ("data", "head"),
    [
        (b"HTTP/1.0 200 OK\nA: b\n\nbody\r\n\r\nmore", b"HTTP/1.0 200 OK\nA: b\n\n"),
        (b"HTTP/1.1 200 OK\r\nA: b", b"HTTP/1.1 200 OK\r\nA: b"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102\r\n\r\nHTTP/1.1 404 No\r\n\r\nx", b"HTTP/1.1 404 No\r\n\r\n"),
        (b"", b""),
    ],
    ids=["bare line feeds", "cut", "interim answers", "nothing"],
)
def test_the_headers_of_the_final_answer_are_found(data: bytes, head: bytes) -> None:
    start, end = final_head(data)
    assert data[start:end] == head


def test_login_in_a_url_is_removed() -> None:
    given = {"site": ["https://anna:p@ss:w@news.example/?q=a@b"], "follow": ("a",), "limit": 3}
    assert open_values(given) == {"site": ["https://news.example/?q=a@b"], "follow": ["a"], "limit": 3}


def test_secrets_of_a_site_list_are_removed_and_its_rules_are_kept() -> None:
    rule = {"name": "ours", "select": ["[data-token=abc]"], "texts": ["//anna@a.example?token=1"]}
    entry = open_entry(Target.model_validate({"url": "https://a.example/?token=S3", "rule": [rule]}))
    assert entry["url"] == "https://a.example/?token=left-out"
    assert entry["rule"] == [rule | {"what": "a rule of the site list"}]


def test_full_temporary_disk_does_not_fail_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = Exchange(url=URL)
    full = OSError(28, "No space left on device")

    def refuse(_: bytes) -> int:
        raise full

    monkeypatch.setattr(exchange.answer, "write", refuse, raising=False)
    exchange.receive(b"HTTP/1.1 200 OK")
    exchange.receive(b"more")
    exchange.cut(2)
    exchange.close()
    assert exchange.fault is full


def test_bare_carriage_return_does_not_end_a_header() -> None:
    assert without_secrets(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\rb=2\r\nX: y\r\n\r\n").count(b"b=2") == 0


SECRETS = (
    *(
        b"Authorization: Basic S3",
        b"proxy-authorization: S3",
        b"Cookie: wp-postpass_1=S3",
        b"set-cookie: a=S3;\r\n\tb=S3",
    ),
    *(b"X-WP-Nonce: S3", b"X-Api-Key: S3", b"X-Auth-Token: S3", b"CF-Access-Client-Secret: S3", b"X-Session-Id: S3"),
    *(b"X-Password: S3", b"X-HTTP-Authorization: S3", b"X-Amz-Credential: S3", b"X-Auth-Key: S3", b"X-Access-Key: S3"),
)


@pytest.mark.parametrize("secret", SECRETS, ids=lambda line: line.partition(b":")[0].decode())
def test_header_with_a_secret_is_removed(secret: bytes) -> None:
    kept = (b"GET / HTTP/1.1\r\nHost: a.example\r\nVary: Cookie\r\n", b"Access-Control-Allow-Credentials: true\r\n\r\n")
    assert without_secrets(secret.join((kept[0], b"\r\n" + kept[1]))) == b"".join(kept)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/a/?password=S3&b=1", "/a/?password=left-out&b=1"),
        ("https://a.example/?post_password=S3", "https://a.example/?post_password=left-out"),
        ("https://u:S3@S3@a.example/x", "https://a.example/x"),
        ("/x?a=1&_wpnonce=S3;access_token=S3#f", "/x?a=1&_wpnonce=left-out;access_token=left-out#f"),
        ("/x?a[api_key]=S3&author=7&page=2", "/x?a[api_key]=left-out&author=7&page=2"),
        ("/?api-key=S3", "/?api-key=left-out"),
        ("https://a.example/#access_token=S3", "https://a.example/#access_token=left-out"),
        ("/cb#id_token=S3&state=1", "/cb#id_token=left-out&state=1"),
        ("//user:S3@a.example/x", "//a.example/x"),
        ("/x?email=a@b.example&tokens/=1", "/x?email=a@b.example&tokens/=1"),
    ],
    ids=["password", "post", "login", "tokens", "brackets", "hyphen", "fragment", "callback", "no scheme", "no secret"],
)
def test_secret_in_a_url_is_removed(url: str, expected: str) -> None:
    assert open_url(url) == expected
    assert without_secrets(f"GET {url} HTTP/1.1\r\nHost: x\r\n\r\n".encode()).startswith(
        f"GET {expected} HTTP".encode()
    )
    moved = f"HTTP/1.1 302 Found\r\nLocation: {url}\r\nX-Original-URL: {url}\r\nX: {url}\r\n\r\n".encode()
    assert f"Location: {expected}\r\nX-Original-URL: {expected}\r\nX: {url}\r\n".encode() in without_secrets(moved)


@pytest.mark.parametrize(
    "url",
    [
        *("http://a.example/x;", "http://a.example/;", "http://a.example/x;?", "http://a.example/x;a=1;?q=1"),
        *(
            "http://a.example?x=1",
            "http://b\u00fccher.example/\u00e4 b?q=\u00df#f",
            "HTTP://A.example:80//x",
            "http://[::1]/x;",
        ),
        *("http://a.example/%zz", "http://a.example/x\\y", "http://a.example./", f"http://a.example/{'x' * 9_000};"),
    ],
    ids=range(12),
)
def test_every_sent_url_has_its_exchange(url: str) -> None:
    asked = ScrapyRequest(url).url
    exchange = Exchange(url=asked)
    exchanges = {url_as_sent(urldefrag(asked)[0]): exchange}
    factory = RecordingFactory(lambda _: None, "a connection", written=lambda _: None, exchanges=exchanges.get)
    protocol: Any = factory.buildProtocol(None)
    protocol.makeConnection(StringTransport())  # type: ignore[no-untyped-call]
    agent = _Agent(protocol)
    agent.request(b"GET", urldefrag(asked)[0].encode())
    assert exchange.request.startswith(b"GET /")


class _Agent(Agent):
    """Twisted's agent with one open connection."""

    persistent = True

    def __init__(self, protocol: Any) -> None:
        super().__init__(Clock())  # type: ignore[no-untyped-call]
        self._pool: Any = self
        self._protocol = protocol

    def _getEndpoint(self, _: object) -> object:  # noqa: N802
        return object()

    def getConnection(self, *_: object) -> Any:  # noqa: N802
        return succeed(self._protocol)
