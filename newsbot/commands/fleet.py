"""``scrapy fleet worker|status``: workers that share the followed sites of one archive in PostgreSQL."""

from __future__ import annotations

import argparse
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand

from newsbot.errors import ArchiveError, BadArgument
from newsbot.terminal import show, tell

ACTIONS = ("worker", "status")


class Command(ScrapyCommand):
    """Exit status 0: done. 1: the archive cannot be used. 2: bad use."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {}

    def syntax(self) -> str:
        return "[options] worker | status"

    def short_desc(self) -> str:
        return "Workers that share the followed sites of an archive in PostgreSQL"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "-j", "--sites-at-once", type=int, metavar="N", help="worker: sites that are crawled at once"
        )
        parser.add_argument("--json", action="store_true", help="status: one JSON object")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            if len(args) != 1 or args[0] not in ACTIONS:
                raise BadArgument(f"takes one of {', '.join(ACTIONS)}, not {' '.join(args) or 'nothing'}")
            if args[0] == "worker":
                self.exitcode = self._worker(opts)
            else:
                self._status(opts)
        except BadArgument as fault:
            self._end(str(fault), 2)
        except ArchiveError as fault:
            self._end(str(fault), 1)

    def _worker(self, opts: argparse.Namespace) -> int:
        assert self.settings is not None
        # Scrapy imports every command at each start, so the modules that only this command needs are imported here.
        from newsbot.arguments.settings import check_settings
        from newsbot.extras import require
        from newsbot.json_logs import prepare
        from newsbot.spiders.wp_posts import WpPostSpider

        check_settings(self.settings, WpPostSpider)
        slots = self.settings.getint("NEWSBOT_SITES_AT_ONCE") if opts.sites_at_once is None else opts.sites_at_once
        if slots < 1:
            raise BadArgument(f"-j takes a whole number, 1 or more, not {slots}")
        require("fleet", "fleet")
        prepare(self.settings)
        from newsbot.fleet.worker import run_worker

        return run_worker(self.settings, slots=slots)

    def _status(self, opts: argparse.Namespace) -> None:
        assert self.settings is not None
        from newsbot.fleet.status import status_lines

        show("\n".join(status_lines(self.settings["NEWSBOT_ARCHIVE"], as_json=opts.json)))

    def _end(self, line: str, status: int) -> None:
        tell(f"scrapy fleet: {line}")
        self.exitcode = status
