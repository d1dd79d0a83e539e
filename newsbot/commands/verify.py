"""``scrapy verify FOLDER|RECEIPT``: checks a data package, or the WARC files of a run and its rows."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand

from newsbot.commands.ending import OneLineEnd
from newsbot.terminal import counted, show


class Command(OneLineEnd, ScrapyCommand):
    """Exit status 0: everything agrees. 1: something differs. 2: bad use."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "<folder of a data package | receipt>"

    def short_desc(self) -> str:
        return "Check a data package, or whether the rows of a run can be made again from its WARC files"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:  # noqa: ARG002
        if len(args) != 1:
            self._end(f"takes one folder or receipt, not {' '.join(args) or 'none'}", 2)
            return
        # Scrapy imports every command at each start, so the modules that only this command needs are imported here.
        from newsbot.export.verifying import verify
        from newsbot.export.warc_verifying import verify_receipt

        with self._ends_with_one_line():
            path = Path(args[0])
            found = verify_receipt(path) if path.is_file() else verify(path)
            for line in found.faults:
                show(line)
            if found.count > len(found.faults):
                show(f"... and {found.count - len(found.faults)} more")
            for line in found.notes:
                show(line)
            if found.count:
                self._end(f"{counted(found.count, 'difference')} in {args[0]}", 1)
            else:
                sums = f"{counted(found.files, 'file')} and {counted(found.rows, 'row')}"
                show(f"{args[0]} is whole: {sums} agree with {_measure(path)}")


def _measure(path: Path) -> str:
    """The things with which the files and rows were compared."""
    return "the receipt and the records of the WARC files" if path.is_file() else "the descriptor"
