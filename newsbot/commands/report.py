"""``scrapy report [FILE]``: one HTML file about the archive and its runs."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand

from newsbot.commands.ending import OneLineEnd
from newsbot.errors import BadArgument
from newsbot.numbers import from_digits
from newsbot.terminal import counted, show

DEFAULT = "report.html"
RUNS = 20
MOST_RUNS = 1_000


class Command(OneLineEnd, ScrapyCommand):
    """Exit status 0: written. 1: the archive or the file failed. 2: bad use."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "[options] [file.html]"

    def short_desc(self) -> str:
        return "Write a report on the archive and its runs: one HTML file"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--site", help="only this site")
        parser.add_argument("--runs", default=str(RUNS), help=f"how many of the last runs ({RUNS})")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        # Scrapy imports every command at each start, so the modules that only this command needs are imported here.
        from newsbot.extras import require

        with self._ends_with_one_line(args[0] if args else DEFAULT):
            path = self._path(args)
            runs = self._runs(opts.runs)
            if not self.settings["NEWSBOT_ARCHIVE"]:
                raise BadArgument("the archive is off, because NEWSBOT_ARCHIVE is empty")
            require("report", "a report")
            from newsbot.report.report import write_report

            written = write_report(
                path, archive=self.settings["NEWSBOT_ARCHIVE"], site=opts.site, runs=runs, now=datetime.now(UTC)
            )
            sums = (counted(written.sites, "site"), counted(written.posts, "post"), counted(written.runs, "run"))
            show(f"{path}: {', '.join(sums)}; {written.attention} to look at")

    def _path(self, args: list[str]) -> Path:
        if len(args) > 1 or (args and not args[0].lower().endswith((".html", ".htm"))):
            raise BadArgument(f"takes one file that ends in .html, not {' '.join(args)}")
        return Path(args[0] if args else DEFAULT)

    def _runs(self, value: str) -> int:
        if not (number := from_digits(value, most=MOST_RUNS)):
            raise BadArgument(f"--runs takes a number from 1 to {MOST_RUNS}, not {value!r}")
        return number
