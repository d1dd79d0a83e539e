"""The description of files of rows in Croissant (JSON-LD): their checksums, their columns and the types."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import IO, Any, cast

from newsbot.feeds.column_types import Type, type_of
from newsbot.feeds.rows import Column, table
from newsbot.items import CLASSES

CHUNK = 1 << 20

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context of Croissant 1.0, as its specification prints it."""

_MEDIA_TYPES = {"parquet": "application/x-parquet", "jsonl": "application/jsonlines"}

_DATA_TYPES = {
    "whole": "sc:Integer",
    "number": "sc:Float",
    "truth": "sc:Boolean",
    "time": "sc:DateTime",
    "local": "sc:DateTime",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A file of rows. ``form`` is ``parquet`` or ``jsonl``."""

    name: str
    size: int
    sha256: str
    kind: str
    form: str


def croissant(name: str, file: IO[bytes], kind: str, rows: int, site: str | None) -> dict[str, Any]:
    """The description of a Parquet file: its checksum, and each column with its type."""
    digest, size = _digest(file)
    described = Described(name=name, size=size, sha256=digest, kind=kind, form="parquet")
    description = f"{rows} {kind} of {site or 'all sites of an archive'}, collected by newsbot"
    return dataset(name.removesuffix(".parquet"), description, [described])


def dataset(name: str, description: str, files: Sequence[Described]) -> dict[str, Any]:
    """The description of a data set of several files, each with rows of one kind."""
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": name,
        "description": description,
        "isLiveDataset": False,
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": file.name,
                "name": file.name,
                "contentUrl": file.name,
                "contentSize": f"{file.size} B",
                "encodingFormat": _MEDIA_TYPES[file.form],
                "sha256": file.sha256,
            }
            for file in files
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": file.kind,
                "name": file.kind,
                "key": [{"@id": f"{file.kind}/{column}"} for column in ("site", "type", "id")],
                "field": [
                    _field(file, column)
                    for column in columns_of(file.kind, file.form)
                    if _has_type(type_of(CLASSES[file.kind], column), file.form)
                ],
            }
            for file in files
        ],
    }


def columns_of(kind: str, form: str) -> Sequence[Column]:
    """The columns of a file of rows. JSON lines keep a nested object in one column."""
    if form == "parquet":
        return table(cast(Any, CLASSES[kind]))
    return [Column(field.name, field.name) for field in fields(cast(Any, CLASSES[kind]))]


def _has_type(column_type: Type, form: str) -> bool:
    """Whether Croissant has a type for a column. It has none for objects whose keys are not known. If such a column is
    described as a text, Croissant's own library (mlcroissant) cannot read any row of the file. In Parquet, the values
    of ``json`` columns are texts.
    """
    return column_type.name not in (("mapping",) if form == "parquet" else ("mapping", "json"))


def _field(file: Described, column: Column) -> dict[str, Any]:
    # mlcroissant reads JSON lines as a table with columns, and does not support a path in a column.
    source = {"fileObject": {"@id": file.name}, "extract": {"column": column.name}}
    return _described(f"{file.kind}/{column.name}", column.name, type_of(CLASSES[file.kind], column), source)


def _described(place: str, name: str, column_type: Type, source: dict[str, Any]) -> dict[str, Any]:
    inner = column_type.of if column_type.name == "list" and column_type.of is not None else column_type
    described: dict[str, Any] = {"@type": "cr:Field", "@id": place, "name": name}
    if column_type.name == "list":
        described["repeated"] = True
    if inner.name == "struct":
        # The parts of a struct are read by their names.
        described["subField"] = [
            _described(f"{place}/{part}", part, found, {**source, "transform": {"jsonPath": part}})
            for part, found in inner.parts
        ]
    else:
        described["dataType"] = _DATA_TYPES.get(inner.name, "sc:Text")
        described["source"] = source
    return described


def _digest(file: IO[bytes]) -> tuple[str, int]:
    file.flush()
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size
