"""``scrapy clean FILE_OR_URL [--explain]``: cleans one post and prints the result. ``--repeated`` reads many posts."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import orjson
from scrapy import Request, Spider
from scrapy.commands import ScrapyCommand
from scrapy.crawler import CrawlerProcessBase
from scrapy.http import Response

from newsbot.charsets import decode_page, marked_charset
from newsbot.commands.no_run import NoRun
from newsbot.net.header_values import header_values
from newsbot.terminal import show, write_out

if TYPE_CHECKING:
    from twisted.python.failure import Failure

PAGE_OF_A_FILE = "https://localhost/"
"""The URL of a page that is read from a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPage:
    """The answer for a requested URL: ``url`` is the URL at the end of the redirects. ``reason``: why there is no
    answer."""

    url: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    reason: str = ""


Answers = dict[str, FetchedPage]
"""Requested URL -> its answer."""


class SomePages(Spider):
    """Fetches URLs through the project's downloader: robots.txt, delays and address checks apply as in a crawl."""

    name = "some_pages"

    def __init__(self, *, urls: Sequence[str], answers: Answers) -> None:
        super().__init__()
        self.urls = urls
        self.answers = answers

    async def start(self) -> AsyncIterator[Request]:
        for url in dict.fromkeys(self.urls):
            # ``dont_filter``: a redirect may lead to a URL that was requested before, or back to the same URL.
            yield Request(
                url, callback=self.parse_page, errback=self.note_reason, cb_kwargs={"asked": url}, dont_filter=True
            )

    def parse_page(self, response: Response, asked: str) -> None:
        self.answers[asked] = FetchedPage(url=response.url, body=response.body, headers=header_values(response.headers))

    def note_reason(self, failure: Failure) -> None:
        """Note why a page was not fetched. The log has no line about a status that is not a success, or about a refusal
        of newsbot."""
        from scrapy.exceptions import IgnoreRequest
        from scrapy.spidermiddlewares.httperror import HttpError

        from newsbot.net.download_errors import one_line

        error, asked = failure.value, failure.request.cb_kwargs["asked"]  # type: ignore[attr-defined]
        if isinstance(error, HttpError):
            why = f"HTTP {error.response.status}"
        elif isinstance(error, IgnoreRequest) and str(error):
            why = one_line(error).removeprefix(f"{asked}: ")
        else:
            why = "the page could not be fetched; a line above says why"
        self.answers[asked] = FetchedPage(url=asked, reason=why)


def fetch(process: CrawlerProcessBase, urls: Sequence[str]) -> Answers:
    """The answers for ``urls``; a URL is missing if the crawl ended before its request."""
    answers: Answers = {}
    if urls:
        process.crawl(SomePages, urls=urls, answers=answers)
        process.start()
    return answers


class Command(NoRun, ScrapyCommand):
    """Prints the clean HTML of a post, or with --explain what each rule removed, before and after side by side."""

    requires_project = True

    def syntax(self) -> str:
        return "[options] FILE_OR_URL"

    def short_desc(self) -> str:
        return "Clean one post: a file of HTML or of a REST object, or its URL"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--explain", action="store_true", help="show what each rule removed, before and after side by side"
        )
        parser.add_argument("--text", action="store_true", help="print the text instead of the HTML")
        parser.add_argument(
            "--base", metavar="URL", default=None, help="the URL from which relative addresses are resolved"
        )

        parser.add_argument(
            "--repeated",
            action="store_true",
            help="FILE is a feed in JSON lines or a saved list of REST objects: print rules for a site list that would "
            "remove what repeats in nearly all posts of a site",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            self._end(f"takes one file or URL, not {' '.join(args) or 'none'}", 2)
            return
        # Scrapy imports every command at each start, so the modules that only this command needs are imported here.
        from newsbot.arguments.values import is_web_address
        from newsbot.article.cleaning.clean import clean
        from newsbot.article.cleaning.explain import explain

        if opts.repeated:
            self._print_repeated(args[0])
            return
        is_url = args[0].startswith(("http://", "https://"))
        if is_url and not is_web_address(args[0]):
            self._end(f"{args[0]!r} is not a web address", 2)
            return
        page = self._fetch(args[0]) if is_url else self._read(args[0])
        if page is None:
            self.exitcode = 1
            return
        url, body = page
        html, link = body_of(body)
        base = opts.base or link or url
        if opts.explain:
            show("\n".join(explain(html, base_url=base)))
            return
        cleaned = clean(html, base_url=base)
        write_out(cleaned.text if opts.text else cleaned.html)

    def _print_repeated(self, name: str) -> None:
        from newsbot.article.cleaning.repeated import Repeats, as_site

        sites: dict[str, Repeats] = {}
        try:
            with Path(name).open("rb") as file:
                for site, html in posts_of(file):
                    sites.setdefault(site, Repeats()).add(html)
        except OSError as error:
            self._end(f"{name}: {error.strerror}", 1)
            return
        if not sites:
            self._end(f"{name}: holds no posts, in JSON lines of a feed or as a list of REST objects", 1)
        for site, repeats in sites.items():
            show("\n".join((*as_site(site, repeats), "")))

    def _read(self, name: str) -> tuple[str, bytes] | None:
        from newsbot.export.one_article import read_page_file

        assert self.settings is not None
        try:
            return PAGE_OF_A_FILE, read_page_file(Path(name), most=self.settings.getint("DOWNLOAD_MAXSIZE"))
        except OSError as error:
            self._say(f"{name}: {error.strerror}")
            return None

    def _fetch(self, url: str) -> tuple[str, bytes] | None:
        assert self.crawler_process is not None
        answer = fetch(self.crawler_process, [url]).get(url) or FetchedPage(url=url, reason="it was not asked for")
        if answer.reason:
            self._say(f"{url}: {answer.reason}")
            return None
        return answer.url, answer.body


def posts_of(lines: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """(site, clean HTML) of each post in a feed of JSON lines, or in a list of REST objects. Other lines and objects
    are skipped."""
    from newsbot.article.cleaning.clean import clean

    for row in _objects(lines):
        content, url = row.get("content_html"), row.get("site")
        if isinstance(content, str) and isinstance(url, str):
            yield url, content
            continue
        content, url = row.get("content"), row.get("link")
        rendered = content.get("rendered") if isinstance(content, dict) else None
        if isinstance(rendered, str) and isinstance(url, str):
            yield urljoin(url, "/"), clean(rendered, base_url=url).html


def _objects(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.startswith(b"["):  # a list, which may have many lines
            line = b"".join((line, *lines))
        try:
            found: Any = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        yield from (each for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict))


def body_of(data: bytes) -> tuple[str, str | None]:
    """(HTML, the post's link) of a REST object, of the first object in a list, or of an HTML page."""
    text = decode_page(data, (marked_charset(data), "utf-8"))
    if text.lstrip()[:1] not in ("{", "["):
        return text, None
    try:
        found: Any = orjson.loads(data)
    except orjson.JSONDecodeError:
        return text, None
    if isinstance(found, list) and found:
        found = found[0]
    if not isinstance(found, dict):
        return text, None
    content = found.get("content")
    rendered = content.get("rendered") if isinstance(content, dict) else content
    link = found.get("link")
    return (rendered if isinstance(rendered, str) else ""), (link if isinstance(link, str) else None)
