"""The formats of ``scrapy export``, and which format the name of a file means. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from newsbot.errors import BadArgument
from newsbot.export.reading import ExportTarget, Reading, Written

Write = Callable[[ExportTarget, Reading], Written]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """``several``: the file holds every kind of rows, unless the user chooses a kind. ``one_site``: the file holds the
    rows of one site.

    ``extra``: the extra that the format needs. ``folder``: the format is a folder of files.
    """

    name: str
    suffix: str
    extra: str | None = None
    several: bool = False
    one_site: bool = False
    folder: bool = False


FORMATS: dict[str, Format] = {
    found.name: found
    for found in (
        Format(name="jsonl", suffix=".jsonl"),
        Format(name="json", suffix=".json"),
        Format(name="csv", suffix=".csv"),
        Format(name="xlsx", suffix=".xlsx", extra="xlsx"),
        Format(name="parquet", suffix=".parquet", extra="parquet"),
        Format(name="db", suffix=".db", extra="sqlite", several=True),
        Format(name="rss", suffix=".rss"),
        Format(name="jsonfeed", suffix=".feed.json"),
        Format(name="markdown", suffix=".md", extra="markdown", folder=True),
        Format(name="wxr", suffix=".wxr", several=True, one_site=True),
    )
}
"""Name -> format. Without ``--format``, the suffix of the file's name decides."""


STANDARD_OUTPUT = "-"
"""The file name that means standard output."""

STREAMED = ("jsonl", "json", "csv", "rss", "jsonfeed", "wxr")
"""Formats that can be written to standard output (``-``), because they are written from the beginning to the end."""

PACKAGE = Format(name="package", suffix="", several=True, folder=True)
"""The folder of ``--package``. ``--format`` names the format of its rows."""


def format_of(name: str, chosen: str | None) -> Format:
    """The format of a file called ``name``; ``chosen`` is the value of ``--format``. Raises BadArgument."""
    if name == STANDARD_OUTPUT and chosen not in STREAMED:
        taken = f"{', '.join(STREAMED[:-1])} or {STREAMED[-1]}"
        why = "has no ending that names a format: add --format" if chosen is None else f"cannot be {chosen}: choose"
        raise BadArgument(f"standard output {why} {taken}")
    if chosen is not None:
        return FORMATS[chosen]
    matching = [found for found in FORMATS.values() if name.lower().endswith(found.suffix)]
    if not matching:
        suffixes = ", ".join(found.suffix for found in FORMATS.values())
        raise BadArgument(f"the name {name} must end in one of {suffixes}; or --format names the format")
    return max(matching, key=lambda found: len(found.suffix))


def writer(name: str) -> Write:
    """The function that writes a format. The libraries of a format are extras, so its module is imported only here."""
    if name == "db":
        from newsbot.export.sqlite import write_sqlite

        return write_sqlite
    if name in ("rss", "jsonfeed"):
        from newsbot.export.changes import write_json_feed, write_rss

        return write_rss if name == "rss" else write_json_feed
    if name == "wxr":
        from newsbot.export.wxr_file import write_wxr

        return write_wxr
    from newsbot.export import lines

    written_by_row = {
        "jsonl": lines.write_jsonl,
        "json": lines.write_json,
        "csv": lines.write_csv,
        "xlsx": lines.write_xlsx,
        "parquet": lines.write_parquet,
    }
    return written_by_row[name]
