"""``scrapy fleet worker|status|schedule``: workers, or Scrapyd nodes, that share the followed sites of one archive."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand

from newsbot.commands.ending import OneLineEnd
from newsbot.errors import BadArgument
from newsbot.terminal import show

ACTIONS = ("worker", "status", "schedule")


class Command(OneLineEnd, ScrapyCommand):
    """Exit status 0: done. 1: the archive, or a Scrapyd, cannot be used. 2: bad use."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {}

    def syntax(self) -> str:
        return "[options] worker | status | schedule --scrapyd URL"

    def short_desc(self) -> str:
        return "Workers, or Scrapyd nodes, that share the followed sites of an archive"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "-j", "--sites-at-once", type=int, metavar="N", help="worker: sites that are crawled at once"
        )
        parser.add_argument(
            "--scrapyd", action="append", default=[], metavar="URL", help="schedule: a Scrapyd; several by repeating it"
        )
        parser.add_argument("--slots", type=int, default=4, help="schedule: jobs that a Scrapyd runs (max_proc)")
        parser.add_argument("--project", default="newsbot", help="schedule: the project in Scrapyd")
        parser.add_argument("--json", action="store_true", help="status: one JSON object")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        with self._ends_with_one_line():
            if len(args) != 1 or args[0] not in ACTIONS:
                raise BadArgument(f"takes one of {', '.join(ACTIONS)}, not {' '.join(args) or 'nothing'}")
            if args[0] == "worker":
                self.exitcode = self._worker(opts)
            elif args[0] == "schedule":
                self.exitcode = self._schedule(opts)
            else:
                self._status(opts)

    def _worker(self, opts: argparse.Namespace) -> int:
        assert self.settings is not None
        # Scrapy imports every command at each start, so the modules that only this command needs are imported here.
        from newsbot.arguments.settings import check_settings
        from newsbot.extras import require
        from newsbot.json_logs import prepare
        from newsbot.screen_log import tell_log_failures
        from newsbot.spiders.wp_posts import WpPostSpider

        check_settings(self.settings, WpPostSpider)
        slots = self.settings.getint("NEWSBOT_SITES_AT_ONCE") if opts.sites_at_once is None else opts.sites_at_once
        if slots < 1:
            raise BadArgument(f"-j takes a whole number, 1 or more, not {slots}")
        require("fleet", "a fleet")
        prepare(self.settings)
        tell_log_failures()
        from newsbot.fleet.worker import run_worker

        return run_worker(self.settings, slots=slots)

    def _status(self, opts: argparse.Namespace) -> None:
        assert self.settings is not None
        from newsbot.fleet.status import status_lines

        show("\n".join(status_lines(self.settings["NEWSBOT_ARCHIVE"], as_json=opts.json)))

    def _schedule(self, opts: argparse.Namespace) -> int:
        assert self.settings is not None
        from newsbot.fleet.scrapyd import node_of, schedule

        if not opts.scrapyd:
            raise BadArgument("schedule takes --scrapyd URL, once for each Scrapyd")
        if opts.slots < 1:
            raise BadArgument(f"--slots takes a whole number, 1 or more, not {opts.slots}")
        if not (archive := self.settings["NEWSBOT_ARCHIVE"]):
            raise BadArgument("schedule needs the archive, but NEWSBOT_ARCHIVE is empty")
        auth = self.settings["NEWSBOT_SCRAPYD_AUTH"]
        nodes = [node_of(url, auth=auth, project=opts.project) for url in dict.fromkeys(opts.scrapyd)]
        sites_a_job = max(1, self.settings.getint("NEWSBOT_SITES_AT_ONCE"))
        done = schedule(nodes, archive=archive, slots=opts.slots, sites_a_job=sites_a_job, now=datetime.now(UTC))
        show("\n".join(done.lines))
        return int(done.failed > 0)
