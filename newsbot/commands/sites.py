"""``scrapy sites ACTION``: the sites that the archive follows, and when each is next due."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.spiderloader import get_spider_loader

from newsbot.commands.ending import OneLineEnd
from newsbot.errors import BadArgument
from newsbot.terminal import show

ACTIONS = {
    "add": "URL...",
    "import": "FILE",
    "list": "nothing",
    "due": "nothing",
    "pause": "URL...",
    "resume": "URL...",
    "remove": "URL...",
}
"""Action -> the words that follow on the command line."""


class Command(OneLineEnd, ScrapyCommand):
    """Exit status 0: done. 1: the archive failed. 2: bad use, and nothing is changed."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "[options] add URL... | import FILE | list | due | pause URL... | resume URL... | remove URL..."

    def short_desc(self) -> str:
        return "The sites that the archive follows, and when each is next due"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--spider", help="the spider that crawls the sites (default for add and import: wp_posts)")
        parser.add_argument(
            "--every", help="add: a fixed interval, such as 30m, 6h or 1d; without it the habit decides"
        )
        parser.add_argument("--types", help="add: types with commas, as types= of a crawl")
        parser.add_argument("--site-name", help="add: the name of the site in rows and receipts")
        parser.add_argument("--weight", type=float, help="add, import: how much the delay of these sites counts")
        parser.add_argument("--all", action="store_true", help="list, due, import: every site, not only the first 100")
        parser.add_argument("--json", action="store_true", help="list, due: a JSON object a line")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        # Scrapy imports every command at each start, so the modules that only this command needs are imported here.
        from newsbot.follow.actions import Given, act

        with self._ends_with_one_line():
            self._check(args, opts)
            given = Given(
                spider=opts.spider,
                every=opts.every,
                types=opts.types,
                name=opts.site_name,
                weight=opts.weight,
                as_json=opts.json,
                every_site=opts.all,
            )
            lines = act(args[0], args[1:], given, archive=self.settings["NEWSBOT_ARCHIVE"], now=datetime.now(UTC))
            show("\n".join(lines))

    def _check(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        action, given = (args[0], args[1:]) if args else ("", [])
        if action not in ACTIONS:
            raise BadArgument(f"takes one of {', '.join(ACTIONS)}, not {action or 'nothing'}")
        wants = ACTIONS[action]
        if bool(given) != (wants != "nothing") or (wants == "FILE" and len(given) != 1):
            raise BadArgument(f"{action} takes {wants}, not {' '.join(given) or 'nothing'}")
        if opts.spider and opts.spider not in (names := sorted(get_spider_loader(self.settings).list())):
            raise BadArgument(f"there is no spider {opts.spider!r}; the spiders are {', '.join(names)}")
        if opts.weight is not None and not 0 < opts.weight < float("inf"):
            raise BadArgument(f"--weight takes a number above 0, not {opts.weight}")
