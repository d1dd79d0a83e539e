"""What is recorded of an exchange, and how WARC files are begun, finished and mended."""

from __future__ import annotations

import errno
import gzip
import os
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from scrapy.settings import Settings
from twisted.internet.testing import StringTransport
from twisted.web._newclient import Request
from twisted.web.client import URI
from twisted.web.http_headers import Headers

from newsbot.arguments.warc import warc_folder
from newsbot.export.forgotten_warc import of_comments, of_person, of_sites
from newsbot.warc import files
from newsbot.warc.exchange import Exchange, final_head, without_secrets
from newsbot.warc.files import RawHead, WarcFiles
from newsbot.warc.finishing import StoredFile, finish_dead, lock, opened
from newsbot.warc.handler import RecordingFactory
from newsbot.warc.index import surt
from newsbot.warc.info import without_logins
from newsbot.warc.reading import Record as WarcFound
from newsbot.warc.removing import REMOVED, note, remove

URL = "http://news.example/wp-json/"
OPEN_HEAD = b"HTTP/1.1 200 OK\r\nServer:nginx\r\nX-WP-Total:  7\r\nTransfer-Encoding: chunked\r\n\r\n"
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


def test_a_request_that_is_sent_again_begins_its_exchange_anew() -> None:
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


def test_no_login_of_an_address_is_told() -> None:
    assert without_logins('{"site":["https://anna:pw@news.example/"]}') == '{"site":["https://news.example/"]}'


def writer(folder: Path, stored: list[StoredFile], run: str = "run", largest: int = files.LARGEST) -> WarcFiles:
    return WarcFiles(folder, run, {"software": "newsbot/0"}, stored=stored.append, largest=largest)


def response(made_by: WarcFiles, body: bytes) -> Any:
    return made_by.builder().create_warc_record(
        URL, "response", payload=BytesIO(body), length=len(body), http_headers=RawHead(OPEN_HEAD)
    )


def records(path: Path) -> list[tuple[str, bytes]]:
    with path.open("rb") as file:
        found = ArchiveIterator(file, record_types=WarcRecordType.any_type, parse_http=False)
        return [(record.record_id or "", record.reader.read()) for record in found]


def test_files_are_named_when_they_are_whole_and_divided_when_they_are_large(tmp_path: Path) -> None:
    stored: list[StoredFile] = []
    writing = writer(tmp_path, stored, largest=2_000)
    # Another process of the same run has the first name.
    (tmp_path / "newsbot-run-00001.warc.gz").write_bytes(b"")
    bodies = [os.urandom(900) for _ in range(5)]
    places = [writing.write([response(writing, body)])[0] for body in bodies]
    assert len(list(tmp_path.glob("*.open"))) == 1
    writing.close()
    assert list(tmp_path.glob("*.open")) == []
    assert len({place.file for place in places}) == len(stored) > 1
    for place, body in zip(places, bodies, strict=True):
        with (tmp_path / place.file).open("rb") as file:
            file.seek(place.offset)
            record = next(iter(ArchiveIterator(file, parse_http=False)))
            assert (record.record_id, record.reader.read()) == (f"<{place.record}>", OPEN_HEAD + body)
    for one in stored:
        data = (tmp_path / one.file).read_bytes()
        assert (one.bytes, one.sha256) == (len(data), sha256(data).hexdigest())
        assert len(records(tmp_path / one.file)) == one.records


def test_a_dead_runs_file_keeps_its_whole_records_and_a_living_runs_file_is_left_alone(tmp_path: Path) -> None:
    dying, living = (writer(tmp_path, [], run) for run in ("dead", "alive"))
    for one in (dying, living):
        place = one.write([response(one, b"whole")])[0]
        one.write([response(one, os.urandom(5_000))])
    part = opened(tmp_path / "newsbot-dead-00001.warc.gz")
    dying._out.file.close()  # type: ignore[union-attr]
    with part.open("r+b") as file:
        file.truncate(part.stat().st_size - 100)
    opened(tmp_path / "newsbot-empty-00001.warc.gz").write_bytes(b"\x1f\x8b")
    stored: list[StoredFile] = []
    next_run = writer(tmp_path, stored, "next")
    next_run.write([response(next_run, b"goes on")])
    assert [(one.file, one.records) for one in stored] == [("newsbot-dead-00001.warc.gz", 2)]
    assert records(tmp_path / "newsbot-dead-00001.warc.gz")[1][1] == OPEN_HEAD + b"whole"
    names = {path.name for path in tmp_path.glob("*.open")}
    assert names == {f"newsbot-{run}-00001.warc.gz.open" for run in ("alive", "next")}
    assert place.offset > 0
    living.close()
    assert finish_dead(tmp_path) == []


def test_a_full_disk_leaves_the_records_that_were_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[StoredFile] = []
    writing = writer(tmp_path, stored)
    writing.write([response(writing, b"first")])
    write = files._Digested.write
    left = [600]

    def fill(self: Any, data: bytes) -> None:
        left[0] -= len(data)
        write(self, data[: max(0, left[0] + len(data))])
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files._Digested, "write", fill)
    with pytest.raises(OSError, match="No space"):
        writing.write([response(writing, os.urandom(300)), response(writing, os.urandom(3_000))])
    monkeypatch.undo()
    writing.close()
    path = tmp_path / stored[0].file
    assert [body for _, body in records(path)][1:] == [OPEN_HEAD + b"first"]
    assert stored[0].sha256 == sha256(path.read_bytes()).hexdigest()


def test_a_lock_is_seen_by_others(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as first, path.open("rb") as second:
        assert lock(first)
        assert not lock(second)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www2.News.example/A/b/?Z=1&a=2", "example,news)/a/b?a=2&z=1"),
        ("http://news.example:8080", "example,news:8080)/"),
        ("https://news.example:443/?", "example,news)/"),
        ("http://127.0.0.1/wp-json/?rest_route=/x", "1,0,0,127)/wp-json?rest_route=/x"),
    ],
    ids=["order", "port", "usual port", "address"],
)
def test_urls_are_sorted_as_replay_tools_look_them_up(url: str, key: str) -> None:
    assert surt(url) == key


@pytest.mark.parametrize("length", [400, 65_553, 65_554, 65_558, 65_559, 131_100, 200_000])
def test_a_note_takes_the_place_of_a_record_to_the_byte(length: int) -> None:
    packed = note(length, refers_to="urn:uuid:1")
    assert len(packed) == length
    with BytesIO(packed + packed) as file:
        found = list(ArchiveIterator(file, record_types=WarcRecordType.any_type))
        assert [record.headers["WARC-Refers-To"] for record in found] == ["<urn:uuid:1>"] * 2
    assert gzip.decompress(packed).partition(b"\r\n\r\n")[2].startswith(REMOVED)


def answered(made_by: WarcFiles, url: str, body: bytes) -> Any:
    """An answer with a compressed body, as sites send it."""
    packed = gzip.compress(body)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    return made_by.builder().create_warc_record(
        url, "response", payload=BytesIO(packed), length=len(packed), http_headers=RawHead(head)
    )


def test_what_is_forgotten_is_overwritten_and_nothing_else(tmp_path: Path) -> None:
    bodies = {
        "https://news.example/wp-json/wp/v2/users": b'[{"name":"Zo\\u00eb Quist"}]',
        "https://news.example/wp-json/wp/v2/posts?page=1": b"[1]",
        "https://news.example/?rest_route=%2Fwp%2Fv2%2Fcomments": b"[2]",
        "https://news.example/a-page/": '<p>by Zo\u00eb Quist</p><li id="comment-7">'.encode(),
        "https://www.other.example/wp-json/": b"{}",
    }
    for name, chosen, left in (
        ("site", of_sites(["https://other.example"]), 4),
        ("comments", of_comments("news.example"), 3),
        ("person", of_person("Zo\u00eb quist", None), 3),
        ("person elsewhere", of_person("Zo\u00eb Quist", "https://other.example"), 5),
    ):
        writing = writer(tmp_path / name, [])
        places = {url: writing.write([answered(writing, url, body)])[0] for url, body in bodies.items()}
        writing.close()
        path = tmp_path / name / "newsbot-run-00001.warc.gz"
        size = path.stat().st_size
        assert remove(tmp_path / name, chosen) == len(bodies) - left
        assert path.stat().st_size == size
        lines = path.with_name("newsbot-run-00001.cdxj").read_text(encoding="utf-8").splitlines()
        assert len(lines) == left
        found = dict(records(path))
        kept = {url for url, place in places.items() if f"<{place.record}>" in found}
        assert len(kept) == left
        for url in kept:
            assert gzip.decompress(found[f"<{places[url].record}>"].partition(b"\r\n\r\n")[2]) == bodies[url]
        assert remove(tmp_path / name, chosen) == 0


def page_with(body: str) -> WarcFound:
    headers = {"warc-type": "metadata", "warc-target-uri": "https://news.example/a-page/"}
    return WarcFound(offset=0, length=1, headers=headers, block=body.encode())


@pytest.mark.parametrize("name", ["Pat O'Brien", "Pat O\u2019Brien", "pat  o'brien"])
@pytest.mark.parametrize("text", ["Pat O&#8217;Brien", "Pat O&#039;Brien", "Pat\n O'Brien", "Pat O\\u2019Brien"])
def test_a_person_is_found_however_the_name_is_written(name: str, text: str) -> None:
    assert of_person(name, None)(page_with(f"by {text}."))


@pytest.mark.parametrize("mark", ["id='comment-7'", 'id="li-comment-7"', "id=comment-7", "#comment-7"])
def test_comments_of_every_theme_are_found(mark: str) -> None:
    assert of_comments(None)(page_with(f"<li {mark}>"))
    assert not of_comments(None)(page_with('<div id="comment-form">'))


def test_a_full_temporary_disk_breaks_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_bare_carriage_return_ends_no_header() -> None:
    assert without_secrets(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\rb=2\r\nX: y\r\n\r\n").count(b"b=2") == 0


@pytest.mark.parametrize("off", ["", "0", "false", "No", "off"])
def test_records_are_off_where_the_setting_says_so(off: str) -> None:
    settings = Settings({"NEWSBOT_WARC": off, "NEWSBOT_DATA": "data"})
    assert warc_folder(settings, asked=None) == ""
    assert warc_folder(settings, asked=True) == "data/warc"
