"""Writes the archive to a file: the chosen rows are written to a part file, which gets the final name when it is
complete."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from scrapy.settings import BaseSettings

from newsbot.archive import Archive
from newsbot.archive.declared import declared_rights
from newsbot.archive.reader import Filter, archived_collections, read_history
from newsbot.arguments.values import moment, split_names
from newsbot.errors import ArchiveError, BadArgument
from newsbot.export.folder import written_folder
from newsbot.export.formats import PACKAGE, STANDARD_OUTPUT, Format, format_of, writer
from newsbot.export.lines import json, jsonl
from newsbot.export.package_texts import ROWS, PackageOptions
from newsbot.export.parts import narrowed
from newsbot.export.reading import KINDS, ExportTarget, Reading, Written
from newsbot.export.rights import UseFilter
from newsbot.export.selection import Selected, choose, the_site
from newsbot.extras import require
from newsbot.feeds.files import PartFile, check_target
from newsbot.numbers import from_digits
from newsbot.terminal import discard_output, output_of_rows, tell
from newsbot.timestamps import compact_utc, iso_utc

LATEST = 100
"""The number of changes in a feed of changes if the user names no number."""

MOST_LATEST = 10_000

NARROWING = ("site", "type", "kind", "since", "until", "category", "tag", "author", "search")
"""Options that choose rows. A package names their values."""

NAMED = 5
"""The most damaged rows that the line about them names."""


def export(path: Path, opts: argparse.Namespace, settings: BaseSettings) -> int:
    """Write the file and return the number of its rows. The file appears under its name only when it is complete.

    Raises BadArgument, ArchiveError and OSError.
    """
    form = PACKAGE if opts.package else format_of(str(path), opts.format)
    if str(path) == STANDARD_OUTPUT and form is PACKAGE:
        raise BadArgument("--package writes a folder, and - is standard output: name a folder")
    if str(path) != STANDARD_OUTPUT and not form.folder:
        check_target(path)
    _check_options(path, form, opts)
    if not settings["NEWSBOT_ARCHIVE"]:
        raise BadArgument("the archive is off, because NEWSBOT_ARCHIVE is empty")
    since, until = _moment(opts.since, "--since"), _moment(opts.until, "--until", end=True)
    archive = Archive.open(settings["NEWSBOT_ARCHIVE"], create=False)
    try:
        archived = archived_collections(archive.database)
        chosen = choose(archived, site=opts.site, types=opts.type, kind=opts.kind)
        if opts.duplicates and chosen.kind != "posts":
            raise BadArgument(f"--duplicates compares posts, and {opts.type} is not a type of posts")
        site = the_site(archived, opts.site, wanted=f"a {form.suffix} file") if form.one_site else opts.site
        if chosen.note:
            tell(f"scrapy export: {chosen.note}")
        selection = Filter(
            kind=chosen.kind,
            site=site,
            types=chosen.types,
            deleted=opts.deleted or opts.revisions,
            since=since,
            until=until,
        )
        selection = narrowed(
            archive.database,
            selection,
            category=_names(opts.category, "--category"),
            tag=_names(opts.tag, "--tag"),
            author=_names(opts.author, "--author"),
            search=opts.search,
        )
        broken: list[str] = []
        use = UseFilter(use=opts.use, sites=declared_rights(archive.database)) if opts.use else None
        reading = Reading(
            database=archive.database,
            selection=selection,
            kinds=_kinds(chosen, opts),
            settings=settings,
            broken=broken,
            keep=use.keep if use is not None else None,
            latest=_latest(opts.latest),
        )
        if form.folder:
            written = written_folder(path.resolve(), lambda folder: _fill(folder, form, reading, opts), run=_run())
        elif str(path) == STANDARD_OUTPUT:
            written = _streamed(lambda target: _write(target, form, archive, reading, opts))
        else:
            written = _written_whole(path.resolve(), lambda target: _write(target, form, archive, reading, opts))
        for note in (*written.notes, *(use.notes() if use is not None else ())):
            tell(f"scrapy export: {note}")
        if broken:
            raise ArchiveError(_broken_line(path, written.rows, list(dict.fromkeys(broken))))
        return written.rows
    finally:
        archive.close()


def _names(value: str | None, option: str) -> tuple[str, ...]:
    names: tuple[str, ...] = split_names(value or "")
    if value is not None and not names:
        raise BadArgument(f"{option} takes at least one name")
    return names


def _kinds(chosen: Selected, opts: argparse.Namespace) -> tuple[str, ...]:
    return (chosen.kind,) if opts.type or opts.kind else KINDS


def _streamed(write: Callable[[ExportTarget], Written]) -> Written:
    """Write to standard output. If its reader has closed it (``| head``), the rest is not written."""
    output = output_of_rows()
    try:
        written = write(ExportTarget(name="standard output", part=Path(STANDARD_OUTPUT), file=output))
        output.flush()
    except BrokenPipeError:
        discard_output()
        return Written(rows=0)
    return written


def _written_whole(path: Path, write: Callable[[ExportTarget], Written]) -> Written:
    """Write the file and the files beside it. All files get their final names when all of them are on the disk."""
    run = _run()
    parts = {path: PartFile(path, run=run)}
    try:
        written = write(ExportTarget(name=path.name, part=parts[path].path, file=parts[path].file))
        for name, content in written.beside.items():
            beside = path.with_name(name)
            parts[beside] = PartFile(beside, run=run)
            parts[beside].file.write(content)
        for part in parts.values():
            part.seal()
    except BaseException:
        for part in parts.values():
            part.discard()
        raise
    for target, part in parts.items():
        part.rename(target)
    return written


def _run() -> str:
    """A name for the part files of this export: part files of feeds have the name of their run."""
    return f"{compact_utc(datetime.now(UTC))}-0000"


def _broken_line(path: Path, written: int, broken: list[str]) -> str:
    named = ", ".join(broken[:NAMED]) + (", ..." if len(broken) > NAMED else "")
    return (
        f"{path.name} has {written} rows; rows of the archive whose content is damaged: {len(broken)} ({named}). "
        "Crawl their sites with -a full=1, which brings them again"
    )


def _check_options(path: Path, form: Format, opts: argparse.Namespace) -> None:
    if opts.revisions and form.name not in ("jsonl", "json"):
        raise BadArgument("--revisions writes only .jsonl and .json")
    if opts.duplicates and (opts.revisions or form.name not in ("jsonl", "json", "csv")):
        raise BadArgument("--duplicates writes only .jsonl, .json and .csv, and does not go together with --revisions")
    if form is PACKAGE and (opts.revisions or opts.duplicates):
        raise BadArgument("--package holds current rows, and does not go together with --revisions and --duplicates")
    if form is PACKAGE and _row_format(opts) not in ROWS:
        raise BadArgument(f"the rows of a package are {' or '.join(ROWS)}, not {opts.format}")
    if form is PACKAGE and _row_format(opts) == "parquet":
        require("parquet", "--package with --format parquet")
    if opts.use and (opts.revisions or opts.duplicates):
        raise BadArgument("--for writes current rows, and does not go together with --revisions and --duplicates")
    if form.extra is not None:
        require(form.extra, path.name)
    if opts.duplicates:
        require("duplicates", "--duplicates")


def _fill(folder: Path, form: Format, reading: Reading, opts: argparse.Namespace) -> Written:
    if form is PACKAGE:
        from newsbot.export.package import write_package

        options = {f"--{name}": str(value) for name in NARROWING if (value := getattr(opts, name))}
        options |= {"--for": opts.use} if opts.use else {}
        options |= {"--deleted": ""} if opts.deleted else {}
        now = iso_utc(datetime.now(UTC))
        return write_package(folder, reading, PackageOptions(form=_row_format(opts), options=options, at=now))
    from newsbot.export.markdown_folder import write_markdown

    return write_markdown(folder, reading)


def _row_format(opts: argparse.Namespace) -> str:
    return str(opts.format or "jsonl")


def _write(target: ExportTarget, form: Format, archive: Archive, reading: Reading, opts: argparse.Namespace) -> Written:
    if opts.duplicates:
        # Imported here, since it imports numpy, which is an extra.
        from newsbot.export.duplicates import write_duplicates

        selection, settings, broken = reading.selection, reading.settings, reading.broken
        return Written(rows=write_duplicates(target.file, form.suffix, archive, selection, settings, broken))
    if opts.revisions:
        history = read_history(reading.database, reading.selection, reading.broken)
        return Written(rows=(jsonl if form.name == "jsonl" else json)(target.file, history))
    return writer(form.name)(target, reading)


def _latest(value: str | None) -> int:
    if value is None:
        return LATEST
    if not (number := from_digits(value, most=MOST_LATEST)):
        raise BadArgument(f"--latest takes a number from 1 to {MOST_LATEST}, not {value!r}")
    return number


def _moment(value: str | None, option: str, *, end: bool = False) -> str | None:
    """An ISO date or date-time in the form of the rows. Without a zone it is UTC.

    With ``end`` a bare date includes its whole day.
    """
    if value is None:
        return None
    try:
        return f"{moment(value, end=end)}Z"
    except ValueError:
        raise BadArgument(f"{option} takes an ISO date or date-time such as 2024-05-31, not {value!r}") from None
