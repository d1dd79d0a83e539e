"""``scrapy verify FOLDER``: whether a data package agrees with its descriptor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any

import orjson

from newsbot.errors import BadArgument
from newsbot.export.descriptor import faults_of, fits, holds_rows
from newsbot.export.folder import LIST
from newsbot.export.package import DESCRIPTOR, digest
from newsbot.export.package_texts import PRIMARY_KEY
from newsbot.export.package_warc import FOLDER
from newsbot.export.parquet_rows import parquet_rows
from newsbot.export.verified import Verified
from newsbot.export.warc_verifying import check_package


def verify(folder: Path) -> Verified:
    """Compare each file of a package with its size, its checksum and its description.

    Raises BadArgument where the folder is not a data package.
    """
    found = Verified()
    described, resources = _resources(folder)
    named = {str(resource["path"]) for resource in resources} | {DESCRIPTOR, LIST}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_dir() and name not in named:
            found.fail(f"{name}: the descriptor does not name this file")
    rows = []
    for resource in resources:
        if _is_whole(folder, resource, found) and holds_rows(str(resource["path"])):
            rows.append(folder / str(resource["path"]))
            _check_rows(rows[-1], resource, _sites(described), found)
    for fault in faults_of(folder, resources):
        found.fail(fault)
    absent = described.get("missingWarcFiles")
    if absent is None and not (folder / FOLDER).is_dir():
        # A package of an earlier version does not name its missing WARC files. Without WARC files, no row is compared.
        found.notes.append("rows not compared with their records: the package has no WARC files")
        return found
    check_package(folder / FOLDER, rows, found, absent=map(str, absent) if isinstance(absent, list) else ())
    return found


def _sites(described: Mapping[str, Any]) -> set[str]:
    sources = described.get("sources")
    return (
        {str(source.get("path")) for source in sources if isinstance(source, dict)}
        if isinstance(sources, list)
        else set()
    )


def _resources(folder: Path) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """The descriptor, and the files that it names."""
    try:
        described = orjson.loads((folder / DESCRIPTOR).read_bytes())
        resources = [resource for resource in described["resources"] if _is_inside(str(resource["path"]))]
    except FileNotFoundError:
        if not folder.exists():
            raise BadArgument(f"{folder} does not exist: give the folder of a package, or a receipt") from None
        raise BadArgument(f"{folder} is no data package: it has no {DESCRIPTOR}") from None
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise BadArgument(f"{folder / DESCRIPTOR} cannot be read: {fault}") from None
    if len(resources) != len(described["resources"]):
        raise BadArgument(f"{folder / DESCRIPTOR} names files outside of its folder")
    return described, resources


def _is_inside(path: str) -> bool:
    return not Path(path).is_absolute() and ".." not in Path(path).parts


def _is_whole(folder: Path, resource: Mapping[str, Any], found: Verified) -> bool:
    path = folder / str(resource["path"])
    if not path.is_file():
        found.fail(f"{resource['path']}: the file is missing")
        return False
    found.files += 1
    size = path.stat().st_size
    if size != resource.get("bytes"):
        found.fail(f"{resource['path']}: the file has {size} bytes, and the descriptor says {resource.get('bytes')}")
        return False
    if f"sha256:{digest(path)}" != resource.get("hash"):
        found.fail(f"{resource['path']}: the checksum differs")
        return False
    return True


def _check_rows(path: Path, resource: Mapping[str, Any], sites: Set[str], found: Verified) -> None:
    """Compare the rows with the columns, types and sites that the descriptor names, and their number; no key may occur
    twice."""
    try:
        types = {str(field["name"]): str(field["type"]) for field in resource["schema"]["fields"]}
    except (KeyError, TypeError):
        return  # reported with the faults of the descriptor
    columns = list(types)
    keys: set[tuple[str, ...]] = set()
    rows = 0
    for number, row in enumerate(_rows(path, found), 1):
        rows += 1
        if row is None:
            continue
        if list(row) != columns:
            found.fail(f"{path.name}, row {number}: the columns are not those of the descriptor")
            continue
        key = tuple(str(row.get(name)) for name in PRIMARY_KEY)
        if key in keys:
            found.fail(f"{path.name}, row {number}: a second row of {' '.join(key)}")
        keys.add(key)
        if misfits := [name for name, value in row.items() if not fits(value, types[name])]:
            found.fail(f"{path.name}, row {number}: {', '.join(misfits)} not of the type that the descriptor says")
        if key[0] not in sites:
            found.fail(f"{path.name}, row {number}: the descriptor does not name the site {key[0]}")
    found.rows += rows
    described = resource.get("rows", resource.get("rowCount"))
    if rows != described:
        found.fail(f"{path.name}: the file has {rows} rows, and the descriptor says {described}")


def _rows(path: Path, found: Verified) -> Iterator[Mapping[str, Any] | None]:
    """The rows of a file; None for a row that cannot be read."""
    if path.suffix == ".parquet":
        yield from parquet_rows(path)
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError:
                row = None
            if not isinstance(row, dict):
                found.fail(f"{path.name}, row {number}: no JSON object")
                yield None
            else:
                yield row
