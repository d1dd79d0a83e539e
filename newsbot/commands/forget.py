"""``scrapy forget site|person|comments``: removes rows from the archive and from WARC files for good. It writes the
deletions to a file for the readers of feeds."""

from __future__ import annotations

import argparse
import sys
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand

from newsbot.commands.ending import OneLineEnd
from newsbot.errors import BadArgument
from newsbot.terminal import ask, show

WISHES = {"site": "URL...", "person": "NAME", "comments": "nothing"}
"""What can be forgotten -> the words that follow on the command line."""


class Command(OneLineEnd, ScrapyCommand):
    """Exit status 0: removed. 1: the archive or a file failed, or the user did not confirm. 2: bad use, and nothing is
    removed."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "[options] site URL... | person NAME | comments"

    def short_desc(self) -> str:
        return "Remove a site, a person or comments from the archive, and tell the feeds"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--site", help="person, comments: only of this site")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        # Scrapy imports every command at each start, so the modules that only this command needs are imported here.
        from newsbot.arguments.warc import warc_folder
        from newsbot.export.forgotten import Unconfirmed, Wish, forget

        with self._ends_with_one_line():
            self._check(args, opts)
            try:
                lines = forget(
                    Wish(what=args[0], words=args[1:], site=opts.site),
                    archive_url=self.settings["NEWSBOT_ARCHIVE"],
                    data=self.settings["NEWSBOT_DATA"],
                    warc=warc_folder(self.settings, asked=True),
                    confirm=lambda line: bool(opts.yes) or _agreed(line),
                )
            except Unconfirmed:
                self._end("nothing is removed", 1)
            else:
                show("\n".join(lines))

    def _check(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        what, given = (args[0], args[1:]) if args else ("", [])
        if what not in WISHES:
            raise BadArgument(f"takes one of {', '.join(WISHES)}, not {what or 'nothing'}")
        if bool(given) != (WISHES[what] != "nothing"):
            raise BadArgument(f"{what} takes {WISHES[what]}, not {' '.join(given) or 'nothing'}")
        if what == "site" and opts.site:
            raise BadArgument("--site goes with person and comments; site takes its URLs after it")
        if not self.settings["NEWSBOT_ARCHIVE"]:
            raise BadArgument("the archive is off, because NEWSBOT_ARCHIVE is empty")


def _agreed(line: str) -> bool:
    """Whether the user types yes. Raises BadArgument if there is no terminal on which the user can answer."""
    if not sys.stdin.isatty():
        raise BadArgument(f"{line} Nobody can confirm this here: add --yes")
    return ask(f"{line} Type yes to go on:").lower() == "yes"
