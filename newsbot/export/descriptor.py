"""Finds faults in the descriptor of a data package itself, and differences between the descriptor and the other
descriptions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from newsbot.export.package_texts import FIELD_TYPES, PRIMARY_KEY, ROWS
from newsbot.items import CLASSES

ALWAYS = ("receipts.json", "croissant.json", "README.md")
"""The files that every package has."""

_ROWS = re.compile(rf"(?:{'|'.join(CLASSES)})\.(?:{'|'.join(ROWS)})")
_ZONE = re.compile(r"Z$")

Resource = Mapping[str, Any]


def holds_rows(path: str) -> bool:
    """Whether a file of a package is a file of rows, by its name."""
    return _ROWS.fullmatch(path) is not None


def faults_of(folder: Path, resources: Sequence[Resource]) -> Iterator[str]:
    """Raises OSError."""
    paths = [str(resource["path"]) for resource in resources]
    for name in ALWAYS:
        if name not in paths:
            yield f"{name}: the descriptor does not name this file, which every package has"
    for path in sorted({path for path in paths if paths.count(path) > 1}):
        yield f"{path}: the descriptor names the file more than once"
    for resource in resources:
        if holds_rows(str(resource["path"])) and not _is_schema(resource.get("schema")):
            yield f"{resource['path']}: the descriptor does not describe the columns of these rows"
    yield from _against_croissant(folder / "croissant.json", resources)


def _is_schema(schema: Any) -> bool:
    """Whether a Table Schema names columns of known types, and the key of the rows."""
    if not isinstance(schema, Mapping) or not isinstance(schema.get("fields"), list) or not schema["fields"]:
        return False
    known = {*FIELD_TYPES.values(), "string"}
    named = all(
        isinstance(entry, Mapping)
        and isinstance(entry.get("name"), str)
        and isinstance(entry.get("type"), str)
        and entry["type"] in known
        for entry in schema["fields"]
    )
    return named and schema.get("primaryKey") == list(PRIMARY_KEY)


def _against_croissant(path: Path, resources: Sequence[Resource]) -> Iterator[str]:
    """The places in which the second description of the files of rows differs from the descriptor. A person who changes
    a file and its checksum in the descriptor must change the second description too.
    """
    if not path.is_file():
        return  # the file is listed: its absence is reported with the other files
    try:
        described = {
            str(entry["name"]): str(entry["sha256"]) for entry in orjson.loads(path.read_bytes())["distribution"]
        }
    except (ValueError, KeyError, TypeError):
        yield "croissant.json: it describes no files"
        return
    listed = {str(entry["path"]): str(entry.get("hash")).removeprefix("sha256:") for entry in resources}
    listed = {name: digest for name, digest in listed.items() if holds_rows(name)}
    for name in sorted(listed.keys() | described.keys()):
        if listed.get(name) != described.get(name):
            yield f"{name}: datapackage.json and croissant.json do not agree on its checksum"


def fits(value: Any, type_: str) -> bool:
    """Whether a value of a row has the type that the schema gives its column. An absent value fits every type."""
    match type_:
        case _ if value is None:
            return True
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, Mapping | list)  # Parquet gives the pairs of a mapping as a list
        case "datetime":
            return isinstance(value, datetime) or _is_time(value)
        case "string":
            return isinstance(value, str | datetime)  # a time without a zone is a text in JSON lines
    return True


def _is_time(value: Any) -> bool:
    try:
        datetime.fromisoformat(_ZONE.sub("+00:00", value))
    except (TypeError, ValueError):
        return False
    return True
