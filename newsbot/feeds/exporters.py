"""Rows as bytes: JSON lines, JSON, CSV and XML, always in UTF-8. No content of a site makes newsbot lose a row."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import IO, Any, ClassVar, Self

import orjson
from scrapy.crawler import Crawler
from scrapy.exporters import BaseItemExporter

from newsbot.feeds import rows
from newsbot.feeds.rows import Column
from newsbot.safe_json import MAX_DEPTH, TOO_DEEP, json_bytes, repaired

logger = logging.getLogger(__name__)

FORMULA = re.compile("[\\s\x00-\x1f\ufeff\u00ad\u200b-\u200f\u2060]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r]")
"""The beginning of a text that a spreadsheet may run: a sign such as =, in half or full width, after any invisible
characters."""

_QUOTED = re.compile('[",\r\n;\t]')


class RowExporter(BaseItemExporter):
    """What the formats share. The class of the rows is known before the first row: from the spider, or from the feed
    (``item_class``) if each feed of the spider has its own kind of rows."""

    def __init__(
        self, file: IO[bytes], *, crawler: Crawler | None = None, item_class: type | None = None, **options: Any
    ) -> None:
        super().__init__(dont_fail=True, **options)
        self.file = file
        self.crawler = crawler
        of_spider: type | None = getattr(crawler.spidercls, "item_class", None) if crawler else None
        self.item_class = item_class or of_spider
        if (self.encoding or "utf-8").lower().replace("-", "") != "utf8":
            logger.warning("Feeds are written in UTF-8; the encoding %s is ignored", self.encoding)

    @classmethod
    def from_crawler(cls, crawler: Crawler, file: IO[bytes], **options: Any) -> Self:
        return cls(file, crawler=crawler, **options)

    def _count_repaired(self, was_repaired: bool) -> None:
        if was_repaired and self.crawler is not None and self.crawler.stats is not None:
            self.crawler.stats.inc_value("newsbot/feeds/mended")

    def _setting(self, name: str) -> bool:
        return self.crawler is not None and self.crawler.settings.getbool(name)

    def _chosen_fields(self) -> list[Column] | None:
        """The columns of the feed option ``fields``, where a nested field stays one column; None for every field."""
        if self.fields_to_export is None:
            return None
        own = [Column(field.name, field.name) for field in fields(self.item_class)] if self.item_class else []
        columns, unknown = rows.chosen(own, self.fields_to_export)
        self._warn_about(unknown if own else ())
        return columns

    def _warn_about(self, unknown: Iterable[str]) -> None:
        if names := ", ".join(unknown):
            logger.warning("The feed asks for columns that no row has: %s. Correct the option fields", names)


class JsonLinesExporter(RowExporter):
    """One row in each line. An unknown value is null, so that every row has every field."""

    option = orjson.OPT_APPEND_NEWLINE

    def start_exporting(self) -> None:
        self._columns = self._chosen_fields()

    def export_item(self, item: Any) -> None:
        self.file.write(self._encoded(item))

    def _encoded(self, item: Any) -> bytes:
        row = rows.as_row(item)
        if self._columns is not None:
            row = {column.name: rows.value_of(row, column) for column in self._columns}
        data, was_repaired = json_bytes(row, option=self.option)
        self._count_repaired(was_repaired)
        return data


class JsonExporter(JsonLinesExporter):
    """One array with one row in each line; with FEED_EXPORT_INDENT a row takes several lines."""

    option = 0

    def start_exporting(self) -> None:
        super().start_exporting()
        self.option = orjson.OPT_INDENT_2 if self.indent else 0
        self._separator = b"\n"
        self.file.write(b"[")

    def export_item(self, item: Any) -> None:
        self.file.write(self._separator + self._encoded(item))
        self._separator = b",\n"

    def finish_exporting(self) -> None:
        self.file.write(b"\n]\n")


class CsvExporter(RowExporter):
    """Fixed columns, RFC 4180. A nested object has a column for each field. Lists and mappings are JSON. None is empty.

    A text that a spreadsheet would run as a formula gets an apostrophe in front. A number never gets one. With
    NEWSBOT_CSV_RAW no text is changed.
    """

    def start_exporting(self) -> None:
        self._defuse = not self._setting("NEWSBOT_CSV_RAW")
        self._columns: list[Column] = []
        if self._setting("NEWSBOT_CSV_BOM"):
            self.file.write(b"\xef\xbb\xbf")
        if self.item_class is not None:
            self._write_header(rows.table(self.item_class))

    def _write_header(self, columns: Iterable[Column]) -> None:
        self._columns, unknown = rows.chosen(columns, self.fields_to_export)
        self._warn_about(unknown)
        self._write(_quoted(column.name) for column in self._columns)

    def export_item(self, item: Any) -> None:
        row = rows.as_row(item)
        if not self._columns:
            # Only for a spider without item_class: its first row gives the columns, as in Scrapy.
            row_class: type = type(row)
            own = rows.table(row_class) if is_dataclass(row_class) else [Column(name, name) for name in row]
            self._write_header(own)
        self._write(self._cell(rows.value_of(row, column)) for column in self._columns)

    def _write(self, cells: Iterable[str]) -> None:
        # A row of one empty cell would be an empty line, which readers skip.
        data, was_repaired = rows.fit_bytes((",".join(cells) or '""') + "\r\n")
        self._count_repaired(was_repaired)
        self.file.write(data)

    def _cell(self, value: Any) -> str:
        if value is None:
            return ""
        if type(value) is str:
            return _quoted(self._defused(value))
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return str(int(value))
        if isinstance(value, float):
            return repr(value) if math.isfinite(value) else ""
        data, was_repaired = json_bytes(value)
        self._count_repaired(was_repaired)
        text = data.decode()
        # The JSON of a list or mapping begins with a bracket. A date or byte string in a user's item can become any
        # text, so it is quoted.
        return _quoted(text if isinstance(value, list | dict | tuple) else self._plain(text))

    def _plain(self, text: str) -> str:
        loaded = orjson.loads(text)
        return self._defused(loaded if isinstance(loaded, str) else text)

    def _defused(self, text: str) -> str:
        return "'" + text if self._defuse and FORMULA.match(text) else text


def _quoted(text: str) -> str:
    if not text or _QUOTED.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


class XmlExporter(RowExporter):
    """``<items><item>``, one element for each field. A list has ``<value>`` elements, a mapping ``<entry key="...">``.

    None is an empty element.
    """

    root: ClassVar[str] = "items"

    def start_exporting(self) -> None:
        self._columns = self._chosen_fields()
        self.file.write(f'<?xml version="1.0" encoding="utf-8"?>\n<{self.root}>\n'.encode())

    def export_item(self, item: Any) -> None:
        row = rows.as_row(item)
        if self._columns is not None:
            body = "".join(_element(column.name, rows.value_of(row, column), 1) for column in self._columns)
        else:
            body = _content(row, 0)
        data, was_repaired = rows.fit_bytes(f"<item>{body}</item>\n")
        self._count_repaired(was_repaired)
        self.file.write(data)

    def finish_exporting(self) -> None:
        self.file.write(f"</{self.root}>\n".encode())


def _element(name: str, value: Any, depth: int) -> str:
    content = _content(value, depth)
    return f"<{name}>{content}</{name}>" if content else f"<{name}/>"


def _content(value: Any, depth: int) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _escaped(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if depth >= MAX_DEPTH:
        return TOO_DEEP
    if is_dataclass(value):
        return "".join(_element(field.name, getattr(value, field.name), depth + 1) for field in fields(value))
    if isinstance(value, Mapping):
        return "".join(
            f'<entry key="{_attribute(str(key))}">{_content(part, depth + 1)}</entry>' for key, part in value.items()
        )
    if isinstance(value, list | tuple | set | frozenset):
        return "".join(_element("value", part, depth + 1) for part in value)
    return _escaped(str(repaired(value)))


def _escaped(text: str) -> str:
    # An XML reader turns an unescaped carriage return into a line feed.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _attribute(text: str) -> str:
    return _escaped(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
