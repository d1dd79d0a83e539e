"""``scrapy verify RECEIPT``: whether each row of a run can be made again from the record that it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from newsbot.errors import BadArgument
from newsbot.export.delivered import Delivered
from newsbot.export.package import digest
from newsbot.export.parquet_rows import write_lines
from newsbot.export.verified import Verified
from newsbot.export.warc_comparing import Row
from newsbot.export.warc_row_check import RowCheck
from newsbot.warc.finishing import opened
from newsbot.warc.removing import removing

LINES = (".jsonl", ".jsonlines", ".jl")


def check_package(folder: Path, files: Sequence[Path], found: Verified, *, absent: Iterable[str]) -> None:
    """Compare each row of a data package that names a record in ``folder`` with the row that the record gives.
    ``absent`` are the WARC files that were missing when the package was made."""
    check = RowCheck(folder=folder, found=found, counts=False, absent=frozenset(absent))
    with TemporaryDirectory() as lines:
        for path in files:
            if path.suffix in LINES:
                check.add(path)
            elif path.suffix == ".parquet":
                copy = Path(lines) / path.name
                with copy.open("wb") as file:
                    write_lines(path, file)
                check.add(copy)
        check.run()


def verify_receipt(path: Path) -> Verified:
    """Compare the WARC files of a run with its receipt, and each row of its files with its record.

    Raises BadArgument where the receipt cannot be read or the run wrote no WARC files.
    """
    receipt, found = _receipt(path), Verified()
    folder = (path.parent / receipt["warc"]["folder"]).resolve()
    for recorded in receipt["warc"]["files"]:
        _check_file(folder / Path(str(recorded["file"])).name, recorded, found)
    delivered = Delivered(receipt, path.parent)
    check = RowCheck(folder=folder, found=found, is_own=partial(_is_of_run, receipt), note=delivered.add)
    feeds = [(path.parent / feed).resolve() for feed in receipt.get("feeds", ())]
    lines = [feed for feed in feeds if feed.suffix in LINES and not delivered.has_chosen_columns(feed)]
    if feeds and not lines:
        raise BadArgument(f"the run wrote no JSON lines ({', '.join(LINES)}) with every column as it is")
    for feed in lines:
        if feed.is_file():
            delivered.read(feed)
            check.add(feed)
        else:
            found.fail(f"{feed}: the file of rows is missing")
    check.run()
    for fault in delivered.faults():
        found.fail(fault)
    return found


def _receipt(path: Path) -> Mapping[str, Any]:
    try:
        receipt = orjson.loads(path.read_bytes())
        warc = receipt["warc"]
        if warc is not None:
            warc["files"] = [dict(file) for file in warc["files"]]
            Delivered(receipt, path.parent)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise BadArgument(f"{path} cannot be read as a receipt: {fault}") from None
    if warc is None:
        raise BadArgument(f"{path} names no WARC files: the run wrote none (warc=1 writes them)")
    return dict(receipt)


def _is_of_run(receipt: Mapping[str, Any], row: Row) -> bool:
    """Whether this run brought a row. A file that ``-o`` appends to holds the rows of other runs too.

    Times are whole seconds: a row of the second in which the run started counts as one of the run before it.
    """
    sites = {str(site.get("site")) for site in receipt.get("sites", ())}
    fetched = str(row.get("fetched_at") or receipt.get("ended"))
    return str(row.get("site")) in sites and str(receipt.get("started")) < fetched <= str(receipt.get("ended"))


def _check_file(path: Path, recorded: Mapping[str, Any], found: Verified) -> None:
    if not path.is_file():
        unfinished = opened(path).is_file()
        found.fail(f"{path.name}: the file is {'not finished' if unfinished else 'missing'}")
        return
    found.files += 1
    if removing(path).exists():
        found.fail(f"{path.name}: scrapy forget was killed while it overwrote records; give it again")
    if (size := path.stat().st_size) != recorded["bytes"]:
        found.fail(f"{path.name}: the file has {size} bytes, and the receipt says {recorded['bytes']}")
    elif digest(path) != recorded["sha256"]:
        found.fail(f"{path.name}: the checksum differs")
