"""``scrapy article FILE_OR_URL... [--json]``: reads articles in the same way as a crawl, and prints them."""

from __future__ import annotations

import argparse
from pathlib import Path

from scrapy.commands import ScrapyCommand

from newsbot.commands.clean import PAGE_OF_A_FILE, FetchedPage, fetch
from newsbot.commands.no_run import NoRun
from newsbot.terminal import write_out


class Command(NoRun, ScrapyCommand):
    """Exit status 0: all are printed. 1: one cannot be read, or holds no article. 2: bad use, and nothing is read."""

    requires_project = True

    def syntax(self) -> str:
        return "[options] FILE_OR_URL..."

    def short_desc(self) -> str:
        return "Read articles from files or URLs: title, author, dates, text, and what was removed"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print a JSON object a line, with the clean HTML")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        # Scrapy imports every command at each start, so the modules that only this command needs are imported here.
        from newsbot.arguments.values import is_web_address
        from newsbot.export.one_article import printed, read_page_file, refuse_bytes
        from newsbot.wordpress.messages import Reply
        from newsbot.wordpress.single_article import NotAnArticle, read_article

        urls = [name for name in args if name.startswith(("http://", "https://"))]
        bad = next((url for url in urls if not is_web_address(url)), None)
        if bad is not None or not args:
            self._end(f"{bad!r} is not a web address" if bad is not None else "takes files or URLs, not none", 2)
            return
        assert self.crawler_process is not None
        answers, most = fetch(self.crawler_process, urls), self.crawler_process.settings.getint("DOWNLOAD_MAXSIZE")
        for name in args:
            try:
                if name in urls:
                    page = answers.get(name) or FetchedPage(url=name, reason="it was not asked for")
                    refuse_bytes(page.body)
                else:
                    page = FetchedPage(url=PAGE_OF_A_FILE, body=read_page_file(Path(name), most=most))
                if page.reason:
                    self._fail(name, page.reason)
                    continue
                found = read_article(Reply(status=200, url=page.url, body=page.body, headers=page.headers))
            except OSError as error:
                self._fail(name, error.strerror or "the system cannot read it")
            except NotAnArticle as error:
                self._fail(name, str(error))
            else:
                write_out(printed(found, source=name, as_json=opts.json))

    def _fail(self, name: str, why: str) -> None:
        self._end(f"{name}: {why}", 1)
