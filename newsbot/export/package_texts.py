"""The texts of a data package: the descriptor of Frictionless Data, and the README. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newsbot import __version__
from newsbot.export.croissant import columns_of
from newsbot.feeds.column_types import Type, type_of
from newsbot.items import CLASSES

ROWS = ("jsonl", "parquet")
"""The formats that the rows of a package may have."""

PRIMARY_KEY = ("site", "type", "id")

FIELD_TYPES = {
    "whole": "integer",
    "number": "number",
    "truth": "boolean",
    "time": "datetime",
    "list": "array",
    "struct": "object",
    "mapping": "object",
    "json": "any",
}
"""The type of a column -> its type in a Table Schema. Any other type becomes a string, a local time too, since it has
no zone."""

_MEDIA_TYPES = {
    "jsonl": "application/jsonlines",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
    "md": "text/markdown",
    "gz": "application/warc",
    "cdxj": "text/plain",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A file of the package. ``kind`` and ``rows`` belong to a file of rows; for any other file they are None."""

    path: str
    bytes: int
    sha256: str
    kind: str | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageOptions:
    """What the user asked for. ``options``: option -> value of each option that narrows the rows. ``at``: now, in UTC.

    ``form`` is the format of the rows.
    """

    form: str
    options: Mapping[str, str]
    at: str


def descriptor(
    title: str,
    asked: PackageOptions,
    resources: Iterable[Resource],
    sites: Iterable[str],
    *,
    no_warc: Iterable[str] = (),
) -> dict[str, Any]:
    """The content of ``datapackage.json`` (Data Package, version 1). ``no_warc`` are the WARC files that rows name and
    that were missing."""
    return {
        "profile": "data-package",
        "name": "newsbot",
        "title": title,
        "created": asked.at,
        "generator": f"newsbot {__version__}",
        "sources": [{"title": site, "path": site} for site in sorted(sites)],
        "resources": [_resource(found) for found in resources],
        "missingWarcFiles": sorted(no_warc),
    }


def _resource(found: Resource) -> dict[str, Any]:
    form = found.path.rpartition(".")[2]
    resource: dict[str, Any] = {
        "name": found.path.lower().replace(".", "-"),
        "path": found.path,
        "format": form,
        "mediatype": _MEDIA_TYPES[form],
        "bytes": found.bytes,
        "hash": f"sha256:{found.sha256}",
    }
    if found.kind is not None:
        named = [(column.name, type_of(CLASSES[found.kind], column)) for column in columns_of(found.kind, form)]
        if form == "parquet":
            # A validator of tables knows no lists and no absent numbers in Parquet, and calls each row invalid. So the
            # descriptor calls the file a plain file, without rows to validate. `scrapy verify` reads the columns.
            resource |= {"type": "file", "rowCount": found.rows}
        else:
            resource["rows"] = found.rows
        resource["schema"] = {
            "fields": [{"name": name, "type": _field_type(of_column)} for name, of_column in named],
            "primaryKey": list(PRIMARY_KEY),
        }
    return resource


def _field_type(of_column: Type) -> str:
    return FIELD_TYPES.get(of_column.name, "string")


def readme(asked: PackageOptions, resources: Iterable[Resource], receipts: Sequence[Mapping[str, Any]]) -> str:
    """The README: the options, the sites, the time, how complete the rows are, and their rights."""
    options = ", ".join(f"`{name} {value}`" for name, value in asked.options.items())
    return "\n".join(
        (
            "# A data package of newsbot",
            "",
            f"Written on {asked.at} by newsbot {__version__} from its archive.",
            f"Chosen rows: {options or 'all current rows'}.",
            "",
            "## Files",
            "",
            "| file | rows | bytes | SHA-256 |",
            "|---|---|---|---|",
            *(
                f"| {_cell(resource.path)} | {resource.rows or ''} | {resource.bytes} | {resource.sha256} |"
                for resource in resources
            ),
            "",
            "`datapackage.json` names each file with its checksum and columns (Frictionless Data). `croissant.json`",
            "describes the files of rows (Croissant). `receipts.json` has the newest receipt of each site and spider.",
            "",
            "## How complete the rows are",
            "",
            "| site | type | crawled | verdict | rows held | why |",
            "|---|---|---|---|---|---|",
            *(line for receipt in receipts for line in _collections(receipt)),
            "",
            "A verdict holds for the whole collection at the time of that crawl. The chosen rows may be a part of it.",
            "",
            "## Rights",
            "",
            "Permission to copy is no permission to publish. What each site declares in robots.txt on the use of its",
            "content:",
            "",
            *(f"- {_cell(str(receipt.get('site')))}: {_rights(receipt.get('rights'))}" for receipt in receipts),
            "",
            "The column `rights` of a row holds what its own page or answer declares.",
            "",
            "## To check this package",
            "",
            "`scrapy verify FOLDER` compares each file with its checksum, and the rows with their description. Without",
            "newsbot, `sha256sum` on each file shows the numbers above.",
            "",
        )
    )


def _collections(receipt: Mapping[str, Any]) -> Iterable[str]:
    collections = receipt.get("collections") or {}
    if not collections:
        yield _line(receipt, "", receipt.get("verdict"), "", receipt.get("why"))
    for name, facts in collections.items():
        yield _line(receipt, name, facts.get("verdict"), facts.get("live"), facts.get("why"))


def _line(receipt: Mapping[str, Any], *cells: Any) -> str:
    name, verdict, live, why = cells
    every = (receipt.get("site"), name, receipt.get("at"), verdict, "" if live is None else live, why)
    return f"| {' | '.join(_cell(str(value or '')) if value != 0 else '0' for value in every)} |"


def _rights(declared: Any) -> str:
    if not isinstance(declared, Mapping):
        return "not known, since no robots.txt was read"
    statements = [
        f"`{_cell(str(value))}` ({name.replace('_', '-')})"
        for rule in declared.get("rules", ())
        for name, value in rule.items()
        if name != "path"
    ]
    statements += [f"`{_cell(str(value))}` (RSL)" for value in declared.get("rsl", ())]
    return "; ".join(statements) or "nothing"


def _cell(text: str) -> str:
    """A site's text in a table of Markdown: on one line, and without a mark of Markdown or HTML."""
    return "".join(" " if not letter.isprintable() else letter for letter in text).translate(_MARKS)


_MARKS = str.maketrans({"|": "\\|", "`": "'", "<": "&lt;", ">": "&gt;", "[": "\\[", "]": "\\]", "*": "\\*", "_": "\\_"})
