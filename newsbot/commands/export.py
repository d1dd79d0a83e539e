"""``scrapy export FILE``: the archive as a file, in the columns of the crawl."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand

from newsbot.commands.ending import OneLineEnd
from newsbot.terminal import counted, show


class Command(OneLineEnd, ScrapyCommand):
    """Exit status 0: written. 1: the archive or the file failed. 2: bad use."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "[options] <file.jsonl|.json|.csv|.xlsx|.parquet|.db|.wxr|.md|.rss|.feed.json, or - with --format>"

    def short_desc(self) -> str:
        return "Write the archive to a file"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--format",
            choices=("jsonl", "json", "csv", "xlsx", "parquet", "db", "wxr", "markdown", "rss", "jsonfeed"),
            help="the format; without it the suffix of the file decides",
        )
        parser.add_argument(
            "--package",
            action="store_true",
            help="a data package: a folder of rows (--format jsonl or parquet), receipts, descriptions and checksums",
        )
        parser.add_argument("--site", help="only this site")
        parser.add_argument(
            "--type", help="only these types, with commas (post, page, attachment, category, user, ...)"
        )
        parser.add_argument(
            "--kind",
            choices=("posts", "comments", "media", "terms", "users"),
            help="only this kind of rows, where a post type and a taxonomy have one name",
        )
        parser.add_argument("--since", help="published then or later (ISO date or date-time, UTC)")
        parser.add_argument("--until", help="published before; a bare date includes its day, as in a crawl")
        parser.add_argument("--category", help="only this section, with those below it: slug, id or name; with commas")
        parser.add_argument("--tag", help="only with this tag: slug, id or name; several with commas")
        parser.add_argument("--author", help="only by this author: slug, id or name; several with commas")
        parser.add_argument("--search", help='only rows with these words; "a phrase", -without')
        parser.add_argument("--latest", help="how many changes .rss and .feed.json hold (100)")
        parser.add_argument("--deleted", action="store_true", help="deleted posts too, with their last known content")
        parser.add_argument(
            "--duplicates",
            action="store_true",
            help="clusters of posts with mostly the same words (.jsonl, .json, .csv)",
        )
        parser.add_argument(
            "--for",
            dest="use",
            choices=("search", "train", "archive"),
            help="only rows whose site and page do not reserve this use",
        )
        parser.add_argument("--revisions", action="store_true", help="every revision, with a word diff (.jsonl, .json)")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            self._end(f"takes one file, not {' '.join(args) or 'none'}", 2)
            return
        assert self.settings is not None
        # Scrapy imports every command at each start, so the modules that only this command needs are imported here.
        from newsbot.arguments.settings import CSV_SWITCHES, check_switches
        from newsbot.export.files import export

        with self._ends_with_one_line(args[0]):
            check_switches(self.settings, CSV_SWITCHES)
            written = export(Path(args[0]), opts, self.settings)
            if args[0] != "-":
                show(f"{counted(written, 'cluster' if opts.duplicates else 'row')} in {args[0]}")
