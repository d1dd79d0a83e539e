"""Parquet, Excel and the database for Datasette: what their readers find in them."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import io
import json
import os
import re
import sqlite3
import stat
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from newsbot.items import Post
from tests.unit.export.exporting import HOSTILE, SITE, archive_of, deleted, exported, newsroom, post

CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("newsroom")
    archive_of(folder, *newsroom())
    [first] = [row for row in newsroom() if isinstance(row, Post) and row.id == 1]
    archive_of(folder, replace(first, content_text="The slow brown fox", content_html="<p>The slow brown fox</p>"))
    deleted(folder, 2)
    return folder


def test_parquet_columns_have_their_types(folder: Path) -> None:
    assert exported(folder, "out.parquet", deleted=True) == 5
    parquet = importlib.import_module("pyarrow.parquet")
    table = parquet.read_table(folder / "out.parquet")
    types = {field.name: str(field.type) for field in table.schema}
    assert types["published"] == "timestamp[us, tz=UTC]"
    assert types["published_local"] == "timestamp[us]"
    assert types["categories"] == "list<element: string>"
    assert types["terms"].startswith("list<element: struct<taxonomy: string, id: int64")
    assert types["removed"].startswith("map<string, int64")
    assert (types["author_name"], types["sticky"], types["parent"]) == ("string", "bool", "int64")
    by_id = {row["id"]: row for row in table.to_pylist()}
    assert by_id[2]["published"] == datetime(2026, 1, 2, 8, tzinfo=UTC)
    assert by_id[2]["terms"] == [{"taxonomy": "category", "id": 3, "slug": "news", "name": "News", "parent": 2}]
    assert by_id[7]["title"] == HOSTILE.replace("\ud800", "\ufffd")


def test_croissant_describes_the_parquet_file(folder: Path) -> None:
    exported(folder, "described.parquet")
    croissant = json.loads((folder / "described.croissant.json").read_text(encoding="utf-8"))
    [file] = croissant["distribution"]
    content = (folder / "described.parquet").read_bytes()
    assert (file["sha256"], file["contentSize"]) == (hashlib.sha256(content).hexdigest(), f"{len(content)} B")
    fields = {field["name"]: field for field in croissant["recordSet"][0]["field"]}
    parquet = importlib.import_module("pyarrow.parquet")
    names = parquet.read_schema(folder / "described.parquet").names
    assert list(fields) == [name for name in names if name != "removed"], "Croissant has no type for maps"
    assert fields["published"]["dataType"] == "sc:DateTime"
    assert (fields["categories"]["repeated"], fields["categories"]["dataType"]) == (True, "sc:Text")
    assert [part["name"] for part in fields["authors"]["subField"]] == ["id", "name", "slug", "url"]


def test_workbook_holds_formulas_as_text_and_cuts_too_long_texts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    formulas = ["=1+1", "+1", "@SUM(A1)", "https://one.example/", "007", HOSTILE, "{=1+1}"]
    long = "x" + "\U0001f600" * 20_000
    texts = [*formulas, long]
    archive_of(tmp_path, *(post(number, title=text) for number, text in enumerate(texts, 1)))
    assert exported(tmp_path, "out.xlsx") == len(texts)
    assert "1 texts are longer than a cell of Excel (32,767 characters) and were cut" in capsys.readouterr().err
    rows = sheet(tmp_path / "out.xlsx")
    assert tuple(rows[0][:3]) == ("site", "type", "id")
    place = rows[0].index("title")
    found = [row[place] for row in rows[1:]]
    assert found[:5] == formulas[:5]
    assert "\x00" not in found[5]
    assert "]]> <script>alert(1)</script> &amp;" in found[5]
    assert found[7] == "x" + "\U0001f600" * 16_383
    with zipfile.ZipFile(tmp_path / "out.xlsx") as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
    # A date of Excel: days since 1899-12-30.
    assert float(rows[1][rows[0].index("published")]) == pytest.approx(46023 + 8 / 24)


def sheet(path: Path) -> list[list[str]]:
    """The cells of the first sheet as text, and "" for an empty cell."""
    with zipfile.ZipFile(path) as book:
        root = ElementTree.parse(io.BytesIO(book.read("xl/worksheets/sheet1.xml"))).getroot()
    rows = []
    for row in root.iter(f"{CELL}row"):
        cells = [""] * 100
        for cell in row.iter(f"{CELL}c"):
            text = cell.find(f".//{CELL}t")
            value = cell.find(f"{CELL}v")
            found = text if text is not None else value
            cells[column(cell.attrib["r"])] = (found.text or "") if found is not None else ""
        rows.append(cells)
    return rows


def column(reference: str) -> int:
    number = 0
    for letter in re.match("[A-Z]+", reference)[0]:  # type: ignore[index]
        number = number * 26 + ord(letter) - 64
    return number - 1


def test_datasette_searches_facets_and_shows_views(folder: Path) -> None:
    # Imported here: each worker of a test run would need 0.4 s for it.
    datasette_class: Any = importlib.import_module("datasette.app").Datasette
    assert exported(folder, "site.db") == 10

    async def asked() -> dict[str, Any]:
        metadata = json.loads((folder / "site.metadata.json").read_text(encoding="utf-8"))
        datasette = datasette_class([folder / "site.db"], metadata=metadata)
        await datasette.invoke_startup()
        paths = {
            "search": "/site/posts.json?_search=slow+fox&_shape=array",
            "accents": "/site/posts.json?_search=unal&_shape=array",
            "users": "/site/users.json?_search=unal&_shape=array",
            "facets": "/site/posts.json?_size=0",
            "authors": "/site/authors.json?_shape=array",
            "terms": "/site/terms_of_posts.json?_shape=array",
            "changes": "/site/latest_changes.json?_shape=array",
            "page": "/site/posts",
            "row": "/site/posts/" + "https~3A~2F~2Fone~2Eexample,post,7",
        }
        found = {}
        for name, path in paths.items():
            reply = await datasette.client.get(path)
            assert reply.status_code == 200, (path, reply.text[:500])
            found[name] = reply.text if name in ("page", "row") else reply.json()
        return found

    found = asyncio.run(asked())
    assert [(row["id"], row["title"]) for row in found["search"]] == [(1, "Title 1")]
    assert (found["accents"], [row["slug"] for row in found["users"]]) == ([], ["ann"])
    facets = found["facets"]["facet_results"]
    assert {result["value"]: result["count"] for result in facets["type"]["results"]} == {"post": 2, "page": 2}
    assert {one["value"]: one["count"] for one in facets["month"]["results"]} == {"2026-01": 4}
    assert [(row["author_name"], row["posts"]) for row in found["authors"]] == [("Ann Ünal", 4)]
    assert [(row["taxonomy"], row["slug"], row["posts"]) for row in found["terms"]] == [
        ("category", "news", 1),
        ("post_tag", "fire", 1),
    ]
    assert {(row["id"], row["change"], row["changed"]) for row in found["changes"]} >= {
        (1, "edited", "text"),
        (2, "deleted", None),
    }
    assert "<script>alert(1)" not in found["page"] + found["row"]


def test_format_is_chosen_by_name_or_by_suffix(tmp_path: Path) -> None:
    archive_of(tmp_path, Post(site=SITE, type="post", id=1, title="One"))
    assert exported(tmp_path, "plain", format="csv") == 1
    assert (tmp_path / "plain").read_bytes().startswith(b"site,type,id")


def test_folder_or_pipe_is_never_replaced_by_a_file(folder: Path) -> None:
    (folder / "some.jsonl").mkdir()
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "link.jsonl").symlink_to("pipe.jsonl")
    for name, said in (("some.jsonl", "is a folder"), ("pipe.jsonl", "a pipe"), ("link.jsonl", "a pipe"), ("-", "no")):
        with pytest.raises(OSError, match=said):
            exported(folder, name, format="jsonl")
    assert stat.S_ISFIFO((folder / "pipe.jsonl").stat().st_mode)


def test_full_disk_ends_an_export_to_a_database_with_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect

    def small(place: Any, *given: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(place, *given, **options)
        if "full.db" in str(place):
            connection.execute("PRAGMA max_page_count = 20")
        return connection

    monkeypatch.setattr("newsbot.export.sqlite.sqlite3.connect", small)
    with pytest.raises(OSError, match="disk is full"):
        exported(folder, "full.db")
    assert not list(folder.glob("*full*"))
