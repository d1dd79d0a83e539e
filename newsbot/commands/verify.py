"""``scrapy verify FOLDER``: checks a data package against its checksums and descriptions."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand

from newsbot.errors import BadArgument
from newsbot.terminal import show, tell


class Command(ScrapyCommand):
    """Exit status 0: everything agrees. 1: something differs. 2: bad use."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "<folder>"

    def short_desc(self) -> str:
        return "Check a data package against its checksums and descriptions"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:  # noqa: ARG002
        if len(args) != 1:
            self._end(f"takes one folder, not {' '.join(args) or 'none'}", 2)
            return
        # Scrapy imports every command at each start, so the modules that only this command needs are imported here.
        from newsbot.export.verifying import verify

        try:
            found = verify(Path(args[0]))
        except BadArgument as fault:
            self._end(str(fault), 2)
            return
        for line in found.faults:
            show(line)
        if found.count > len(found.faults):
            show(f"... and {found.count - len(found.faults)} more")
        if found.count:
            self._end(f"{found.count} differences in {args[0]}", 1)
        else:
            show(f"{args[0]} is whole: {found.files} files and {found.rows} rows agree with the descriptor")

    def _end(self, line: str, status: int) -> None:
        tell(f"scrapy verify: {line}")
        self.exitcode = status
