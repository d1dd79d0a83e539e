"""How feeds write rows: the four formats, each read by a reader of that format."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import date
from typing import Any
from xml.etree import ElementTree

import pyarrow.csv  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Spider
from scrapy.utils.test import get_crawler

from newsbot.feeds import CsvExporter, JsonExporter, JsonLinesExporter, XmlExporter, rows
from newsbot.feeds.exporters import RowExporter
from newsbot.items import Author, Comment, FeaturedImage, Media, Post, Source, Term, TermRef, User, columns
from newsbot.safe_json import TOO_DEEP


class PlainSpider(Spider):
    name = "plain"


class PostSpider(Spider):
    name = "posts"
    item_class = Post


def post(**values: Any) -> Post:
    return Post(**{"site": "https://a.example", "type": "post", "id": 1, **values})


def written(
    exporter_class: type[RowExporter], items: Iterable[Any], *, settings: dict[str, Any] | None = None, **options: Any
) -> bytes:
    crawler = get_crawler(PostSpider, settings_dict=settings)
    file = io.BytesIO()
    exporter = exporter_class.from_crawler(crawler, file, **options)
    exporter.start_exporting()
    for item in items:
        exporter.export_item(item)
    exporter.finish_exporting()
    return file.getvalue()


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_json_lines_hold_every_field_and_null_values() -> None:
    row = json.loads(written(JsonLinesExporter, [post(title="Ä", author=Author(id=7))]))
    assert tuple(row) == columns(Post)
    assert row["author"] == {"id": 7, "name": None, "slug": None, "url": None}
    assert row["title"] == "Ä"
    assert row["excerpt"] is None


HARD: list[tuple[Any, Any]] = [
    ("a\ud800b", "a\ufffdb"),
    ("\ud83d\ude00", "\U0001f600"),
    (2**70, 2**70),
    (float("nan"), None),
    ({"a\udfff": 1}, {"a\ufffd": 1}),
    ({5: 1}, {"5": 1}),
]


@pytest.mark.parametrize(("given_value", "kept"), HARD)
@pytest.mark.parametrize("exporter", [JsonLinesExporter, JsonExporter])
def test_json_holds_the_row_with_any_value_of_a_site(exporter: type[RowExporter], given_value: Any, kept: Any) -> None:
    loaded = json.loads(written(exporter, [post(raw={"x": given_value}, author=Author(name="n\ud800"))]))
    row = loaded[0] if isinstance(loaded, list) else loaded
    assert row["raw"] == {"x": kept}
    assert row["author"]["name"] == "n\ufffd"


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"x": value}
    return value


@pytest.mark.parametrize("exporter", [JsonLinesExporter, JsonExporter, CsvExporter, XmlExporter])
def test_row_with_a_too_deeply_nested_object_is_written(exporter: type[RowExporter]) -> None:
    data = written(exporter, [post(raw=nested(1000), title="kept")])
    assert b"kept" in data
    assert TOO_DEEP.encode() in data


def test_json_is_an_array_with_and_without_rows() -> None:
    assert json.loads(written(JsonExporter, [])) == []
    assert [row["id"] for row in json.loads(written(JsonExporter, [post(id=1), post(id=2)]))] == [1, 2]


def test_csv_columns_are_the_fields_in_order_with_nested_fields_as_columns() -> None:
    header = written(CsvExporter, []).decode().strip().split(",")
    assert header[:6] == ["site", "type", "id", "url", "guid", "guid_collision"]
    at = header.index("author_id")
    assert header[at : at + 5] == ["author_id", "author_name", "author_slug", "author_url", "byline"]
    assert {"image_width", "source_confidence", "terms", "removed", "raw"} <= set(header)
    assert "author" not in header


@pytest.mark.parametrize("item_class", [Post, Comment, Media, Term, User])
def test_every_item_class_has_a_column_for_each_field(item_class: type) -> None:
    assert tuple(dict.fromkeys(column.field for column in rows.table(item_class))) == columns(item_class)


def test_csv_cells_hold_texts_numbers_booleans_and_lists() -> None:
    item = post(
        title='Say "x", y\r\nz',
        sticky=True,
        protected=False,
        word_count=-5,
        tags=["a,b", "c"],
        terms=[TermRef(taxonomy="t", id=3)],
        image=FeaturedImage(id=9, url="u"),
        source=Source(confidence=0.5),
        removed={"r": 2},
    )
    (row,) = table(written(CsvExporter, [item]))
    assert row["title"] == 'Say "x", y\r\nz'
    assert (row["sticky"], row["protected"], row["comment_status"]) == ("true", "false", "")
    assert (row["word_count"], row["image_id"], row["source_confidence"]) == ("-5", "9", "0.5")
    assert json.loads(row["tags"]) == ["a,b", "c"]
    assert json.loads(row["terms"])[0]["taxonomy"] == "t"
    assert (row["removed"], row["links"], row["author_name"]) == ('{"r":2}', "[]", "")


RUNNABLE = [
    "=cmd|' /C calc'!A0",
    "+1",
    "-5",
    "@SUM(A1)",
    "\t=1",
    "\rx",
    "  =1",
    "\u200b=1",
    "\ufeff=1",
    "＝1",
    "\u3000＠x",
    "\n=1",
]


@pytest.mark.parametrize("text", RUNNABLE)
def test_csv_escapes_text_that_a_spreadsheet_would_execute(text: str) -> None:
    (row,) = table(written(CsvExporter, [post(title=text, author=Author(name=text))]))
    assert row["title"] == row["author_name"] == "'" + text
    (raw,) = table(written(CsvExporter, [post(title=text)], settings={"NEWSBOT_CSV_RAW": "1"}))
    assert raw["title"] == text


@pytest.mark.parametrize("text", ["a=b", "1-2", "x@y.example", "'=1", "«+»"])
def test_csv_does_not_change_harmless_text(text: str) -> None:
    assert table(written(CsvExporter, [post(title=text)]))[0]["title"] == text


def test_csv_has_a_byte_order_mark_only_on_request() -> None:
    assert written(CsvExporter, []).startswith(b"site,")
    assert written(CsvExporter, [], settings={"NEWSBOT_CSV_BOM": "1"}).startswith(b"\xef\xbb\xbfsite,")


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_csv_reads_the_same_in_python_and_in_arrow(texts: list[str]) -> None:
    data = written(CsvExporter, [post(title=text, slug=text, url="end") for text in texts])
    ours = table(data)
    names = list(ours[0])
    arrow = pyarrow.csv.read_csv(
        io.BytesIO(data),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pyarrow.string())),
    )
    assert arrow.to_pylist() == ours
    assert len(ours) == len(texts)
    for row, text in zip(ours, texts, strict=True):
        assert row["title"] == row["slug"]
        assert row["title"].removeprefix("'") == rows.fit_bytes(text)[0].decode().removeprefix("'")


def test_control_characters_and_surrogates_become_the_replacement_character_and_are_counted() -> None:
    crawler = get_crawler(PostSpider)
    file = io.BytesIO()
    exporter = CsvExporter.from_crawler(crawler, file)
    exporter.start_exporting()
    exporter.export_item(post(title="a\x00b\ud800c\x0bd\ufffe"))
    assert table(file.getvalue())[0]["title"] == "a\ufffdb\ufffdc\ufffdd\ufffd"
    assert crawler.stats is not None
    assert crawler.stats.get_value("newsbot/feeds/mended") == 1


@given(st.text(alphabet=st.characters()), st.text(alphabet=st.characters(codec=None)))
def test_xml_of_any_text_can_be_parsed(text: str, key: str) -> None:
    root = ElementTree.fromstring(written(XmlExporter, [post(title=text, raw={key: [1, None, {"b": text}]})]))
    title = root.find("item/title")
    assert title is not None
    assert (title.text or "") == rows.fit_bytes(text)[0].decode()
    entry = root.find("item/raw/entry")
    assert entry is not None
    assert entry.get("key") == rows.fit_bytes(key)[0].decode()
    assert entry[2][0].text == (title.text or None)


def test_xml_has_one_element_for_each_field_and_nested_elements() -> None:
    root = ElementTree.fromstring(
        written(XmlExporter, [post(author=Author(name="A&B"), tags=["x", "y"], terms=[TermRef(taxonomy="t", id=2)])])
    )
    (item,) = root
    assert tuple(element.tag for element in item) == columns(Post)
    assert item.findtext("author/name") == "A&B"
    assert [value.text for value in item.findall("tags/value")] == ["x", "y"]
    assert item.findtext("terms/value/taxonomy") == "t"
    assert item.findtext("guid_collision") == "false"


def test_fields_select_and_rename_columns() -> None:
    item = post(title="T", author=Author(id=1, name="N"))
    assert written(CsvExporter, [item], fields_to_export=["title", "author_name"]) == b"title,author_name\r\nT,N\r\n"
    renamed = written(CsvExporter, [item], fields_to_export={"title": "head", "author": "who"}).decode()
    assert renamed.splitlines()[0] == "head,who_id,who_name,who_slug,who_url"
    assert json.loads(written(JsonLinesExporter, [item], fields_to_export={"title": "head"})) == {"head": "T"}
    assert ElementTree.fromstring(written(XmlExporter, [item], fields_to_export=["id"])).findtext("item/id") == "1"


def test_unknown_field_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert written(CsvExporter, [post()], fields_to_export=["id", "titel"]) == b"id,titel\r\n1,\r\n"
    assert "titel" in caplog.text


def test_items_of_other_classes_are_exported() -> None:
    assert json.loads(written(JsonLinesExporter, [{"a": 1}])) == {"a": 1}
    crawler = get_crawler(PlainSpider)
    file = io.BytesIO()
    exporter = CsvExporter.from_crawler(crawler, file)
    exporter.start_exporting()
    exporter.export_item({"a": "=1", "b": [1]})
    assert file.getvalue() == b"a,b\r\n'=1,[1]\r\n"


class Headline(str):
    """A text of a user's own type."""


def test_csv_quotes_and_escapes_the_text_of_other_types() -> None:
    crawler = get_crawler(PlainSpider)
    file = io.BytesIO()
    exporter = CsvExporter.from_crawler(crawler, file)
    exporter.start_exporting()
    exporter.export_item({"text": Headline('=1+1, "x"'), "bytes": b"@SUM(A1)", "day": date(2026, 1, 2), "n": -5})
    (row,) = csv.DictReader(io.StringIO(file.getvalue().decode(), newline=""))
    assert row == {"text": '\'=1+1, "x"', "bytes": "'@SUM(A1)", "day": "2026-01-02", "n": "-5"}


def test_csv_cell_of_nan_or_infinity_is_empty() -> None:
    crawler = get_crawler(PlainSpider)
    file = io.BytesIO()
    exporter = CsvExporter.from_crawler(crawler, file)
    exporter.start_exporting()
    exporter.export_item({"a": float("nan"), "b": float("inf"), "c": -1.5})
    assert file.getvalue() == b"a,b,c\r\n,,-1.5\r\n"
