"""``scrapy doctor URL...``: what sites offer, what stands in the way, and what a crawl costs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from newsbot.commands.no_run import NoRun
from newsbot.errors import ArchiveError, BadArgument
from newsbot.terminal import show, write_out

if TYPE_CHECKING:
    from newsbot.arguments.site_list import Target

LIST_SUFFIXES = (".txt", ".csv", ".toml")


class Command(NoRun, ScrapyCommand):
    """0: every site can be crawled. 1: some site cannot, or the archive cannot be used. 2: bad use.

    Bad use, or an archive that cannot be used, ends the command before any request, with one line.
    """

    requires_project = True

    def syntax(self) -> str:
        return "[options] URL_OR_SITE_LIST..."

    def short_desc(self) -> str:
        return "What a site offers, what stands in the way, and what a crawl costs"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print a JSON object a line for each site")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        own = self.settings.getdict("DOWNLOADER_MIDDLEWARES")
        # 940: next to the downloader. Redirects and robots.txt are counted too, but refused requests are not.
        counted = {**own, "newsbot.doctor.budget.BudgetMiddleware": 940}
        self.settings.set("DOWNLOADER_MIDDLEWARES", counted, priority="cmdline")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        # Scrapy imports every command at each start, so the modules that only this command needs are imported here.
        from newsbot.arguments.settings import check_numbers
        from newsbot.doctor.findings import as_json
        from newsbot.doctor.spider import examine_sites
        from newsbot.doctor.text import report_of, table
        from newsbot.safe_json import json_bytes

        assert self.settings is not None
        assert self.crawler_process is not None
        try:
            check_numbers(self.settings)
            targets = self._targets(args)
            self._try_archive(self.settings["NEWSBOT_ARCHIVE"])
        except (BadArgument, ArchiveError) as fault:
            self._end(str(fault), 2 if isinstance(fault, BadArgument) else 1)
            return
        found = examine_sites(self.crawler_process, targets)
        if opts.json:
            for findings in found:
                write_out(json_bytes(as_json(findings))[0].decode())
        elif found:
            show(report_of(found[0]) if len(targets) == 1 else table(found))
        if len(found) < len(targets):
            self._say(f"{len(targets) - len(found)} of {len(targets)} sites were not examined")
        self.exitcode = 0 if len(found) == len(targets) and all(findings.can_crawl for findings in found) else 1

    def _try_archive(self, url: str) -> None:
        """Raise ArchiveError if the archive cannot be used. Otherwise its fault would be reported as a fault of the
        site."""
        from newsbot.archive.database import is_absent, try_archive

        if url and not is_absent(url):
            try_archive(url)

    def _targets(self, args: list[str]) -> list[Target]:
        """The sites of the command line, each once. Raises BadArgument."""
        from newsbot.arguments.site_list import Target, read_sites
        from newsbot.arguments.values import validate

        if not args:
            raise BadArgument("takes URLs of sites or a site list; none is given")
        targets: dict[str, Target] = {}
        for name in args:
            is_list = "://" not in name and Path(name).suffix.lower() in LIST_SUFFIXES
            for target in read_sites(Path(name)) if is_list else [validate(Target, {"url": name})]:
                targets.setdefault(target.url, target)
        return list(targets.values())
