"""What is recorded of an exchange, and how WARC files are begun, finished and mended."""

from __future__ import annotations

import errno
import gzip
import os
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from urllib.parse import urldefrag

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from scrapy import Request as ScrapyRequest
from scrapy.settings import Settings
from twisted.internet.defer import succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.web._newclient import Request
from twisted.web.client import URI, Agent
from twisted.web.http_headers import Headers

from newsbot.arguments.site_list import Target
from newsbot.arguments.warc import check_warc, warc_folder
from newsbot.errors import BadArgument
from newsbot.export.forgotten_warc import Sites, of_comments, of_person
from newsbot.warc import files
from newsbot.warc.exchange import Exchange, final_head, open_url, without_secrets
from newsbot.warc.extension import open_entry
from newsbot.warc.files import RawHead, WarcFiles
from newsbot.warc.finishing import Lock, StoredFile, finish_dead, lock, opened
from newsbot.warc.handler import RecordingFactory, url_as_sent
from newsbot.warc.index import surt
from newsbot.warc.info import without_secrets as open_values
from newsbot.warc.reading import Record as WarcFound
from newsbot.warc.removing import REMOVED, note, remove, removing

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
    given = {"site": ["https://anna:p@ss:w@news.example/?q=a@b"], "follow": ("a",), "limit": 3}
    assert open_values(given) == {"site": ["https://news.example/?q=a@b"], "follow": ["a"], "limit": 3}


def test_a_site_list_loses_its_secrets_and_keeps_its_rules() -> None:
    rule = {"name": "ours", "select": ["[data-token=abc]"], "texts": ["//anna@a.example?token=1"]}
    entry = open_entry(Target.model_validate({"url": "https://a.example/?token=S3", "rule": [rule]}))
    assert entry["url"] == "https://a.example/?token=left-out"
    assert entry["rule"] == [rule | {"what": "a rule of the site list"}]


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
        one._dead.result()  # type: ignore[union-attr]  # its own search for dead files
    part = opened(tmp_path / "newsbot-dead-00001.warc.gz")
    dying._out.file.close()  # type: ignore[union-attr]
    with part.open("r+b") as file:
        file.truncate(part.stat().st_size - 100)
    opened(tmp_path / "newsbot-empty-00001.warc.gz").write_bytes(b"\x1f\x8b")
    stored: list[StoredFile] = []
    next_run = writer(tmp_path, stored, "next")
    next_run.write([response(next_run, b"goes on")])
    next_run.finish()
    stored.sort(key=lambda one: one.file)
    assert stored.pop().file == "newsbot-next-00001.warc.gz"
    assert [(one.file, one.records) for one in stored] == [("newsbot-dead-00001.warc.gz", 2)]
    assert records(tmp_path / "newsbot-dead-00001.warc.gz")[1][1] == OPEN_HEAD + b"whole"
    names = {path.name for path in tmp_path.glob("*.open")}
    assert names == {f"newsbot-{run}-00001.warc.gz.open" for run in ("alive",)}
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
    other = tmp_path / "other"
    with pytest.raises(OSError, match="No space"):
        writer(other, stored, "other").write([response(writing, b"first")])
    assert list(other.iterdir()) == []
    monkeypatch.undo()
    writing.close()
    assert len(stored) == 1
    path = tmp_path / stored[0].file
    assert [body for _, body in records(path)][1:] == [OPEN_HEAD + b"first"]
    assert stored[0].sha256 == sha256(path.read_bytes()).hexdigest()


def test_a_lock_is_seen_by_others(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as first, path.open("rb") as second:
        assert lock(first) is Lock.OURS
        assert lock(second) is Lock.TAKEN


def test_without_locks_only_a_file_that_was_quiet_for_a_day_is_that_of_a_dead_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    living = writer(tmp_path, [])
    living.write([response(living, b"whole")])
    part = opened(tmp_path / "newsbot-run-00001.warc.gz")
    assert finish_dead(tmp_path) == []
    living.write([response(living, b"goes on")])
    os.utime(part, (1.7e9, 1.7e9))
    assert [(one.file, one.records) for one in finish_dead(tmp_path)] == [("newsbot-run-00001.warc.gz", 3)]


def test_a_file_that_cannot_be_finished_is_told_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = opened(tmp_path / "newsbot-foreign-00001.warc.gz")
    dying = writer(tmp_path, [], "dying")
    dying.write([response(dying, b"whole")])
    dying._dead.result()  # type: ignore[union-attr]  # its own search for dead files
    foreign.write_bytes(b"")
    dying._out.file.close()  # type: ignore[union-attr]
    open_path = Path.open

    def refuse(path: Path, *args: Any) -> Any:
        if path == foreign:
            raise PermissionError(errno.EACCES, "Permission denied")
        return open_path(path, *args)

    monkeypatch.setattr(Path, "open", refuse)
    caplog.set_level("WARNING")
    assert [one.file for one in finish_dead(tmp_path)] == ["newsbot-dying-00001.warc.gz"]
    assert f"{foreign}: the WARC file of a dead run cannot be finished: Permission denied" in caplog.text


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
    packed = note(length, refers_to="urn:uuid:1", date="2026-11-28T06:00:00Z")
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
        ("site", OTHER.have, 4),
        ("comments", of_comments(NEWS), 3),
        ("person", of_person("Zo\u00eb quist", None), 3),
        ("person elsewhere", of_person("Zo\u00eb Quist", OTHER), 5),
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


KNOWN = [
    *(
        ("https://news.example", "https://www.news.example/"),
        ("https://news.example/de", ""),
        ("https://other.example", ""),
    ),
    *(("https://three.example", "http://old.example/start"), ("https://three.example", "")),
]
NEWS, FOLDER, OTHER, THREE = (
    Sites.of(KNOWN, [key])
    for key in ("https://news.example", "https://news.example/de", "https://other.example", "https://three.example")
)


@pytest.mark.parametrize(
    ("url", "site", "owner"),
    [
        ("https://news.example/wp-json/", None, NEWS),
        ("https://news.example/robots.txt", None, NEWS),
        ("https://www.news.example/de/?rest_route=/wp/v2/posts", None, FOLDER),
        ("https://news.example/debate/", None, NEWS),
        ("urn:newsbot:site:https://news.example/de", None, FOLDER),
        ("urn:newsbot:recalled:https://news.example", None, NEWS),
        ("https://cms.example/api/wp/v2/posts", "https://news.example/de", FOLDER),
        ("https://i0.cdn.example/a.jpg", "https://other.example", OTHER),
        ("https://news.example/wp-json/", "https://news.example/de/", FOLDER),
        ("https://three.example/", "old.example/start", THREE),
        ("http://old.example/start/feed/", "http://unknown.example/", THREE),
        ("https://elsewhere.example/", None, None),
    ],
    ids=range(12),
)
def test_a_record_is_of_one_site(url: str, site: str | None, owner: Sites | None) -> None:
    headers = {"warc-type": "response", "warc-target-uri": url} | ({"x-newsbot-site": site} if site else {})
    record = WarcFound(offset=0, length=1, headers=headers, block=b"")
    assert [sites for sites in (NEWS, FOLDER, OTHER, THREE) if sites.have(record)] == ([owner] if owner else [])


def test_a_run_does_not_take_its_own_new_file_for_that_of_a_dead_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks: list[Lock] = []

    def finish_dead(folder: Path) -> list[StoredFile]:
        for part in folder.glob("*.open"):
            with part.open("r+b") as file:
                locks.append(lock(file))
        return []

    monkeypatch.setattr(files, "_finish_dead", finish_dead)
    writing = writer(tmp_path, [])
    writing.write([response(writing, b"kept")])
    writing.finish()
    assert locks == [Lock.TAKEN]


def test_files_of_dead_runs_are_finished_although_the_first_file_could_not_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish_dead = Mock(return_value=[])
    monkeypatch.setattr(files, "_finish_dead", finish_dead)
    writing = writer(tmp_path, [])
    with monkeypatch.context() as full_disk:
        full_disk.setattr(files, "FileIO", Mock(side_effect=OSError("No space left on device")))
        with pytest.raises(OSError, match="No space"):
            writing.write([response(writing, b"lost")])
    writing.write([response(writing, b"kept")])
    writing.finish()
    finish_dead.assert_called_once_with(tmp_path)


def is_private(record: WarcFound) -> bool:
    return b"private" in record.block


def test_what_is_forgotten_leaves_a_file_that_a_run_still_writes(tmp_path: Path) -> None:
    stored: list[StoredFile] = []
    writing = writer(tmp_path, stored)
    writing.write([response(writing, b"private")])
    kept = [writing.write([response(writing, b"kept")])[0]]
    assert remove(tmp_path, is_private) == 1
    kept += writing.write([response(writing, b"later")])
    writing.finish()
    path = tmp_path / stored[0].file
    found = dict(records(path))
    assert [found[f"<{place.record}>"] for place in kept] == [OPEN_HEAD + b"kept", OPEN_HEAD + b"later"]
    assert not any(b"private" in body for body in found.values())
    assert stored[0].sha256 == sha256(path.read_bytes()).hexdigest()
    assert len(path.with_name("newsbot-run-00001.cdxj").read_text(encoding="utf-8").splitlines()) == 2
    assert not removing(path).exists()
    assert remove(tmp_path, is_private) == 0


@pytest.mark.parametrize("by", ["forget", "the next run"])
def test_a_forget_that_was_killed_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    writing = writer(tmp_path, [])
    for body in (b"private 1", b"kept", b"private 2"):
        writing.write([response(writing, body)])
    writing.finish()
    path = tmp_path / "newsbot-run-00001.warc.gz"
    made: list[str] = []

    def kill(length: int, *, refers_to: str, date: str) -> bytes:
        made.append(refers_to)
        if len(made) == 2:
            raise KeyboardInterrupt
        return note(length, refers_to=refers_to, date=date)

    monkeypatch.setattr("newsbot.warc.removing.note", kill)
    with pytest.raises(KeyboardInterrupt):
        remove(tmp_path, is_private)
    monkeypatch.undo()
    assert removing(path).exists()
    assert any(b"private 2" in body for _, body in records(path))
    if by == "forget":
        assert remove(tmp_path, lambda _: False) == 0
    else:
        following = writer(tmp_path, [], "next")
        following.write([response(following, b"more")])
        following.finish()
    assert [OPEN_HEAD in body for _, body in records(path)] == [False, False, True, False]
    assert not any(b"private" in body for _, body in records(path))
    assert not removing(path).exists()
    assert len(path.with_name("newsbot-run-00001.cdxj").read_text(encoding="utf-8").splitlines()) == 1


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
def test_no_header_with_a_secret_is_kept(secret: bytes) -> None:
    kept = (b"GET / HTTP/1.1\r\nHost: a.example\r\nVary: Cookie\r\n", b"Access-Control-Allow-Credentials: true\r\n\r\n")
    assert without_secrets(secret.join((kept[0], b"\r\n" + kept[1]))) == b"".join(kept)


@pytest.mark.parametrize(
    ("url", "told"),
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
def test_no_address_with_a_secret_is_kept(url: str, told: str) -> None:
    assert open_url(url) == told
    assert without_secrets(f"GET {url} HTTP/1.1\r\nHost: x\r\n\r\n".encode()).startswith(f"GET {told} HTTP".encode())
    moved = f"HTTP/1.1 302 Found\r\nLocation: {url}\r\nX-Original-URL: {url}\r\nX: {url}\r\n\r\n".encode()
    assert f"Location: {told}\r\nX-Original-URL: {told}\r\nX: {url}\r\n".encode() in without_secrets(moved)


@pytest.mark.parametrize("off", ["", "0", "false", "No", "off"])
def test_records_are_off_where_the_setting_says_so(off: str) -> None:
    settings = Settings({"NEWSBOT_WARC": off, "NEWSBOT_DATA": "data"})
    assert warc_folder(settings, asked=None) == ""
    assert warc_folder(settings, asked=True) == "data/warc"


@pytest.mark.parametrize("reason", ["a file", "no rights", "full"])
def test_a_folder_that_takes_no_files_is_refused_before_the_first_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    folder = tmp_path / "warc"
    if reason == "a file":
        folder.write_bytes(b"")
    elif reason == "no rights":

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    else:

        def fill(_: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("os.fsync", fill)
    told = {"a file": "File exists", "no rights": "Permission denied", "full": "No space left on device"}[reason]
    with pytest.raises(BadArgument, match=f"WARC files cannot be written to {folder}: {told}"):
        check_warc(Settings({"NEWSBOT_WARC": str(folder), "NEWSBOT_DATA": "data"}), asked=None)


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
def test_every_url_finds_its_exchange_when_it_is_sent(url: str) -> None:
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


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Ann \U0001f600 Lee", '"Ann \\ud83d\\ude00 Lee"'),
        ("\U00020bb7\u91ce", '"\\ud842\\udfb7\\u91ce"'),
        ('Ann "Nan" Lee', '"Ann \\"Nan\\" Lee"'),
        ('Ann "Nan" Lee', "data-of='&quot;Ann \\&quot;Nan\\&quot; Lee&quot;'"),
        ('Ann "Nan" Lee', "Ann &#8220;Nan&#8221; Lee"),
        ("AC/DC fan", '"AC\\/DC fan"'),
        ("Ann - Lee", "Ann &#8211; Lee"),
    ],
    ids=["emoji", "rare letter", "quotation marks", "in an attribute", "typographic", "slash", "dash"],
)
def test_a_name_with_signs_is_found_in_json_and_html(name: str, text: str) -> None:
    assert of_person(name, None)(page_with(f"by {text}."))
