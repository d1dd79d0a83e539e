"""``scrapy crawl``: Scrapy's own command, with newsbot's exit statuses."""

from __future__ import annotations

import argparse
import asyncio
import difflib
import gc
import inspect
import re
import sys
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from scrapy import Spider, signals
from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.conf import feed_process_params_from_cli

# Scrapy imports every command at each start, so the modules that only one command needs are imported where it runs.
from newsbot import early_stop, json_logs, screen_log
from newsbot.commands.ending import log_failure
from newsbot.commands.interrupting import end_at_third_signal
from newsbot.commands.screen import prepare_screen
from newsbot.errors import ArchiveError, BadArgument
from newsbot.signals import run_ended
from newsbot.terminal import is_standard_output, show, tell, visible

SYNONYMS = ("jsonlines", "jl")
"""Other names of a format."""


def one_table(feeds: Mapping[str, Mapping[str, Any]], kinds: Sequence[str]) -> str | None:
    """Why standard output cannot hold the rows of all ``kinds``; None if it can, or if no feed goes there.

    Each kind has columns of its own. In one stream only JSON lines can hold them.
    """
    for uri, options in feeds.items():
        if len(kinds) > 1 and is_standard_output(uri) and options.get("format") not in ("jsonl", "jsonlines", "jl"):
            return f"standard output takes rows of one kind as {options.get('format')}: add kinds=posts, or write jsonl"
    return None


class Command(ScrapyCrawl):
    """0: every site complete. 1: some site incomplete, blocked or closed, or the archive failed. 2: bad use.

    Bad use, or an archive that cannot be opened, ends the command before any request, with one line.
    """

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        # argparse would show its own help and end before it reads the name of the spider.
        parser.add_argument(
            "-h", "--help", action="store_true", help="show this help, or after a spider the arguments of the spider"
        )
        self._parser = parser

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        self._help(args, opts)
        begin_imports()
        appended = opts.output
        if opts.overwrite_output:
            opts.output = None
        from newsbot.arguments.scrapy_settings import check_given

        assert self.settings is not None
        try:
            check_given(self.settings, opts.set)
        except BadArgument as fault:
            self._end(str(fault), 2)
        try:
            super().process_options(args, opts)
            if appended and opts.overwrite_output:
                self._append_too(appended)
        except UsageError as fault:
            formats = self.settings.getwithbase("FEED_EXPORTERS")
            self._end(in_our_words(str(fault), [name for name in formats if formats[name] is not None]), 2)
        json_logs.prepare(self.settings)
        screen_log.tell_log_failures()
        # Nothing has started and nothing has been logged yet: the error is the only line on the screen.
        problem = self._problem(args, opts)
        if problem is not None:
            self._end(problem, 2)
        try:
            self._try_archive(args[0], opts.spargs)
        except BadArgument as fault:
            self._end(str(fault), 2)
        except ArchiveError as fault:
            self._end(str(fault), 1)
        prepare_screen(self.settings)

    def _help(self, args: list[str], opts: argparse.Namespace) -> None:
        """If the user asks for help, show the arguments of the spider and end: ``--help``, or ``-a help=1``."""
        # The option -a is a list of texts until Scrapy has read it.
        if not opts.help and not {"help=1", "help=yes", "help=true", "help="} & set(opts.spargs):
            return
        from newsbot.arguments.help import help_text
        from newsbot.spiders.base import NewsbotSpider

        assert self.settings is not None
        loader = get_spider_loader(self.settings)
        spider = loader.load(args[0]) if len(args) == 1 and args[0] in loader.list() else None
        if spider is not None and issubclass(spider, NewsbotSpider):
            show(help_text(args[0], spider.arguments_model))
            sys.exit(0)
        if opts.help and (not args or spider is not None):
            show(f"{self._parser.format_help()}\nspiders: {', '.join(sorted(loader.list()))}")
            show("scrapy crawl SPIDER --help shows the arguments of a spider")
            sys.exit(0)

    def _append_too(self, files: list[str]) -> None:
        """Add the files of ``-o`` to the files of ``-O``. Scrapy takes only one of the two options."""
        assert self.settings is not None
        feeds = feed_process_params_from_cli(self.settings, files)
        self.settings.set("FEEDS", feeds, priority="cmdline")

    def _try_archive(self, spider: str, given: dict[str, str]) -> None:
        """Raise ArchiveError before any request. Otherwise the error would only come when the pipelines are built.

        Raise BadArgument for a crawl of followed sites where there is none. The sites that the user named get the
        spelling in which they are followed.
        """
        assert self.settings is not None
        url = self.settings["NEWSBOT_ARCHIVE"]
        if not url:
            return
        from newsbot.archive import try_archive

        try_archive(url)
        if given.get("sites") == "archive":
            from newsbot.arguments.values import split_urls
            from newsbot.follow.named import check_follows, named_sites

            check_follows(url, spider)
            if named := split_urls(given.get("site", "")):
                given["site"] = named_sites(url, spider, named)

    def _end(self, line: str, status: int) -> NoReturn:
        assert self.settings is not None
        json_logs.prepare(self.settings)
        tell(f"scrapy crawl: {line}")
        # Scrapyd shows the log of the job. This log has no handler yet.
        if (log := self.settings.get("LOG_FILE")) and Path(log).parent.is_dir():
            early_stop.append(log, early_stop.in_log(visible(line), time.time()))
        sys.exit(status)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process is not None
        end_at_third_signal(self.crawler_process)
        task = self.crawler_process.crawl(self._create_crawler(args[0]), **opts.spargs)
        assert isinstance(task, asyncio.Task)
        task.add_done_callback(log_failure)
        self.crawler_process.start()
        # A run that is stopped before its spider opens sends ``run_ended`` only here.
        self.crawler.signals.send_catch_log(run_ended)
        complete = self.crawler.stats.get_value("newsbot/receipt/complete") if self.crawler.stats else False
        if not complete:
            self.exitcode = self.exitcode or 1

    def _create_crawler(self, spider: type[Spider] | str) -> Crawler:
        self.crawler = super()._create_crawler(spider)
        self.crawler.signals.connect(_end_imports, signals.engine_started)
        return self.crawler

    def _problem(self, args: list[str], opts: argparse.Namespace) -> str | None:
        """One line that says what is wrong with the command line, or None."""
        from newsbot.arguments.settings import check_settings
        from newsbot.arguments.values import validate
        from newsbot.arguments.warc import check_warc
        from newsbot.extras import require
        from newsbot.spiders.base import NewsbotSpider

        assert self.settings is not None
        loader = get_spider_loader(self.settings)
        if len(args) != 1:
            return not_one_spider(args, sorted(loader.list()))
        if "://" in args[0]:
            return not_one_spider(args, sorted(loader.list()))
        if args[0] not in loader.list():
            return f"there is no spider {args[0]!r}; the spiders are {', '.join(sorted(loader.list()))}"
        spider = loader.load(args[0])
        if not issubclass(spider, NewsbotSpider):
            return None
        try:
            given = {name: value for name, value in opts.spargs.items() if name != "_job"}
            arguments = validate(spider.arguments_model, given)
            arguments.targets()
            check_settings(self.settings, spider)
            check_warc(self.settings, asked=arguments.warc)
            if getattr(arguments, "render", None) == "always":
                require("browser", "render=always")
        except BadArgument as error:
            return str(error)
        if (problem := one_table(self.settings.getdict("FEEDS"), getattr(arguments, "chosen_kinds", ()))) is not None:
            return problem
        if (problem := no_folder(self.settings)) is not None:
            return problem
        if (arguments.due or arguments.follows) and not self.settings["NEWSBOT_ARCHIVE"]:
            name = "due=" if arguments.due else "sites=archive"
            return f"{name} needs the archive, but NEWSBOT_ARCHIVE is empty"
        return None


def not_one_spider(words: Sequence[str], spiders: Sequence[str]) -> str:
    """What is wrong with a command line that names no spider, or has words after its spider."""
    if words and "://" in words[0]:
        return f"takes a spider in front of the site: write scrapy crawl wp_posts -a site={words[0]}"
    if not words or words[0] not in spiders:
        return f"takes one spider of {', '.join(spiders)}, not {' '.join(words) or 'none'}"
    word = words[1]
    if word.startswith("-"):
        return f"there is no option {word}; scrapy crawl --help shows the options"
    if "=" in word:
        return f"{word} has no -a in front: write -a {word}"
    return f"takes one spider, and {word} stands after {words[0]}; write -a site={word} for a site"


def in_our_words(line: str, formats: Sequence[str]) -> str:
    """Scrapy's line about a command line that it cannot read. ``formats`` are those that a file may have."""
    wanted = re.match(r"Unrecognized output format '(.*?)'", line)
    if wanted is None:
        return line
    near = difflib.get_close_matches(wanted[1], formats, n=1, cutoff=0.5)
    meant = f", did you mean .{near[0]}?" if near else "."
    known = ", ".join(f".{name}" for name in formats if name not in SYNONYMS)
    what = f"ends in .{wanted[1]}, which is no known format{meant}" if wanted[1] else "names no known format."
    return f"the file of -o or -O {what} The endings are {known}; FILE:FORMAT takes any name"


def no_folder(settings: BaseSettings) -> str | None:
    """Why the rows of a crawl without ``-o``, ``-O`` and FEEDS cannot be written; None if they can."""
    data = settings["NEWSBOT_DATA"]
    if not data or settings.getdict("FEEDS") or settings.get("FEED_URI"):
        return None
    folder = Path(data).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"NEWSBOT_DATA {folder} cannot be written: {error.strerror}. Correct the setting or its rights"
    return None


def begin_imports() -> None:
    """Import a module that imports slowly with its cost reduced, and collect no garbage until the engine starts.

    A start makes a hundred thousand objects, and all of them stay. Searching them for garbage takes a tenth of the time
    of the start. Scrapy's module of TLS contexts calls ``inspect.stack`` three times to find the calling module. Each
    call also reads the source of every function on the stack, which takes 50 ms in all.
    """
    gc.disable()
    with_source = inspect.stack
    inspect.stack = _frames  # type: ignore[assignment]
    try:
        import_module("scrapy.core.downloader.contextfactory")
    finally:
        inspect.stack = with_source


def _frames() -> list[tuple[FrameType]]:
    """The frames of the stack, the caller's first: ``inspect.stack()`` without the names and the source lines."""
    frame, found = sys._getframe(1), list[tuple[FrameType]]()
    while frame is not None:
        found.append((frame,))
        frame = frame.f_back  # type: ignore[assignment]
    return found


def _end_imports() -> None:
    """Leave the objects that exist now out of all later garbage collections."""
    gc.freeze()
    gc.enable()
