"""What scrapy forget finds in WARC files, and how it overwrites the records."""

from __future__ import annotations

import gzip
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType

from newsbot.export.forgotten_warc import Sites, names_person, shows_comments
from newsbot.warc.files import RawHead, WarcFiles
from newsbot.warc.finishing import StoredFile
from newsbot.warc.reading import StoredRecord as WarcFound
from newsbot.warc.removing import REMOVED, note, remove, removing
from tests.unit.test_warc_writing import OPEN_HEAD, records, response, writer


@pytest.mark.parametrize("length", [400, 65_553, 65_554, 65_558, 65_559, 131_100, 200_000])
def test_replacement_note_has_the_length_of_its_record(length: int) -> None:
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


def test_only_forgotten_records_are_overwritten(tmp_path: Path) -> None:
    bodies = {
        "https://news.example/wp-json/wp/v2/users": b'[{"name":"Zo\\u00eb Quist"}]',
        "https://news.example/wp-json/wp/v2/posts?page=1": b"[1]",
        "https://news.example/?rest_route=%2Fwp%2Fv2%2Fcomments": b"[2]",
        "https://news.example/a-page/": '<p>by Zo\u00eb Quist</p><li id="comment-7">'.encode(),
        "https://www.other.example/wp-json/": b"{}",
    }
    for name, chosen, left in (
        ("site", OTHER.have, 4),
        ("comments", shows_comments(NEWS), 3),
        ("person", names_person("Zo\u00eb quist", None), 3),
        ("person elsewhere", names_person("Zo\u00eb Quist", OTHER), 5),
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
def test_record_belongs_to_one_site(url: str, site: str | None, owner: Sites | None) -> None:
    headers = {"warc-type": "response", "warc-target-uri": url} | ({"x-newsbot-site": site} if site else {})
    record = WarcFound(offset=0, length=1, headers=headers, block=b"")
    assert [sites for sites in (NEWS, FOLDER, OTHER, THREE) if sites.have(record)] == ([owner] if owner else [])


def is_private(record: WarcFound) -> bool:
    return b"private" in record.block


def test_records_are_removed_from_a_file_that_a_run_still_writes(tmp_path: Path) -> None:
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
def test_killed_removal_is_finished_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
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
def test_name_of_a_person_is_found_in_every_spelling(name: str, text: str) -> None:
    assert names_person(name, None)(page_with(f"by {text}."))


@pytest.mark.parametrize("mark", ["id='comment-7'", 'id="li-comment-7"', "id=comment-7", "#comment-7"])
def test_comments_of_every_theme_are_found(mark: str) -> None:
    assert shows_comments(None)(page_with(f"<li {mark}>"))
    assert not shows_comments(None)(page_with('<div id="comment-form">'))


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
def test_name_with_special_characters_is_found_in_json_and_html(name: str, text: str) -> None:
    assert names_person(name, None)(page_with(f"by {text}."))
