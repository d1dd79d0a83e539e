"""The data package: a folder of rows, receipts, descriptions and checksums. Others can check it without newsbot."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from newsbot.archive.overview import latest_receipts
from newsbot.archive.reader import archived_collections, is_same_site
from newsbot.errors import BadArgument
from newsbot.export.croissant import Described, dataset
from newsbot.export.lines import jsonl, write_parquet
from newsbot.export.package_texts import PackageOptions, Resource, descriptor, readme
from newsbot.export.package_warc import carry_warc
from newsbot.export.reading import ExportTarget, Reading, Written
from newsbot.safe_json import json_bytes

DESCRIPTOR = "datapackage.json"
CHUNK = 1 << 20


def write_package(folder: Path, reading: Reading, asked: PackageOptions) -> Written:
    """Fill an empty folder. Raises BadArgument if the choice has no row."""
    written = [_write_rows(folder, reading, kind, asked.form) for kind in reading.kinds]
    resources = [resource for resource in written if resource.rows]
    for resource in written:
        if not resource.rows:
            (folder / resource.path).unlink()
    if not resources:
        raise BadArgument("no row of the archive is chosen, so there is nothing to put into a package")
    sites = _sites(reading, {str(found.kind) for found in resources})
    receipts = [
        {"spider": spider, "run": found.run, "at": found.at, **found.facts}
        for spider, found in latest_receipts(reading.database)
        if found.site in sites
    ]
    _write_json(folder / "receipts.json", receipts)
    resources.append(_resource(folder, "receipts.json"))
    title = f"Rows of {', '.join(sorted(sites)[:3])}{' and others' if len(sites) > 3 else ''}"
    _write_json(folder / "croissant.json", dataset("newsbot", title, _described(resources, asked.form)))
    carried, no_warc, missing = carry_warc(folder, reading)
    resources += [_resource(folder, path) for path in carried]
    (folder / "README.md").write_text(readme(asked, resources, receipts), encoding="utf-8")
    resources += [_resource(folder, "croissant.json"), _resource(folder, "README.md")]
    _write_json(folder / DESCRIPTOR, descriptor(title, asked, resources, sites, no_warc=no_warc))
    return Written(rows=sum(found.rows or 0 for found in resources), notes=missing)


def _described(resources: Iterable[Resource], form: str) -> list[Described]:
    """The files with rows, as the Croissant metadata names them."""
    return [
        Described(name=file.path, size=file.bytes, sha256=file.sha256, kind=str(file.kind), form=form)
        for file in resources
        if file.kind is not None
    ]


def _write_rows(folder: Path, reading: Reading, kind: str, form: str) -> Resource:
    path = f"{kind}.{form}"
    with (folder / path).open("w+b") as file:
        if form == "parquet":
            chosen = replace(reading, selection=reading.of_kind(kind))
            written = write_parquet(ExportTarget(name=path, part=folder / path, file=file), chosen).rows
        else:
            written = jsonl(file, (row.line() for row in reading.rows(kind)))
    return _resource(folder, path, kind=kind, rows=written)


def _sites(reading: Reading, kinds: Set[str]) -> set[str]:
    """The sites whose collections are chosen."""
    chosen = reading.selection
    return {
        site
        for site, type_, kind in archived_collections(reading.database)
        if kind in kinds
        and (chosen.site is None or is_same_site(site, chosen.site))
        and (not chosen.types or type_ in chosen.types)
    }


def _resource(folder: Path, path: str, *, kind: str | None = None, rows: int | None = None) -> Resource:
    return Resource(path=path, bytes=(folder / path).stat().st_size, sha256=digest(folder / path), kind=kind, rows=rows)


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits. Raises OSError."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


def _write_json(path: Path, value: Any) -> None:
    path.write_bytes(json_bytes(value, option=orjson.OPT_INDENT_2)[0] + b"\n")
