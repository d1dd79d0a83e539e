"""The WARC files of a data package: all files of each run whose records the rows of the package name."""

from __future__ import annotations

import shutil
from pathlib import Path

from newsbot.arguments.warc import warc_folder
from newsbot.export.reading import Reading
from newsbot.warc.finishing import SUFFIX
from newsbot.warc.index import index_path

FOLDER = "warc"
"""The folder of the WARC files in a package."""


def carry_warc(folder: Path, reading: Reading) -> tuple[list[str], list[str], tuple[str, ...]]:
    """Copy WARC files into a package. Returns their paths in the package, the names of files that are missing, and a
    line for each missing file.

    A row may be made of several answers of its run, so all files of the run are copied. Raises OSError.
    """
    named = {
        str(row.fields()["warc"]["file"])
        for kind in reading.kinds
        for row in reading.rows(kind)
        if b'"warc":{' in row.line()
    }
    if not named:
        return [], [], ()
    source = Path(warc_folder(reading.settings, asked=True)).expanduser().resolve()
    carried, missing = list[str](), list[str]()
    for run in sorted({run_of(file) for file in named}):
        paths = sorted(source.glob(f"newsbot-{run}-*{SUFFIX}"))
        found = {path.name for path in paths}
        missing += [file for file in sorted(named) if run_of(file) == run and file not in found]
        for path in paths:
            (folder / FOLDER).mkdir(exist_ok=True)
            for source_file in (path, index_path(path)):
                if source_file.is_file():
                    shutil.copyfile(source_file, folder / FOLDER / source_file.name)
                    carried.append(f"{FOLDER}/{source_file.name}")
    lines = (f"{file} is not in {source}, so that its rows cannot be made again" for file in missing)
    return carried, missing, tuple(lines)


def run_of(file: str) -> str:
    """The run in the name of a WARC file."""
    return file.removeprefix("newsbot-").removesuffix(SUFFIX).rpartition("-")[0]
