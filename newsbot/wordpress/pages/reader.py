"""Reading one article off its page, and through a browser where the page without scripts lacks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from newsbot.items import Post
from newsbot.wordpress import payload
from newsbot.wordpress.messages import ERRORS, Asking, Reply
from newsbot.wordpress.pages.article_page import ArticlePage, read_page
from newsbot.wordpress.pages.asking import Halt, ask
from newsbot.wordpress.pages.urls import site_host
from newsbot.wordpress.replies import Unanswered

FAILURES = 8
"""Pages in a row that cannot be had, after which no more are asked for: the site ails, or wants us gone."""

PAGES_FAILED = "pages-failed"
PARTS = 50
"""Pages an article may be cut into."""


@dataclass(slots=True, kw_only=True)
class PageReader:
    """Asks for pages of one type. ``render`` is ``auto``, ``never`` or ``always``."""

    type: str
    site: str
    render: str = "auto"
    failures: int = 0
    halted: bool = False
    shut: Halt | None = None
    lacks_browser: str | None = None

    def read(self, url: str) -> Asking[Post | str]:
        """The article with its body, or why not: ``gone``, ``another type``, or words for the receipt. Raises Halt."""
        if self.shut is not None:
            raise self.shut
        if site_host(url) != site_host(self.site):
            return f"it leads to another site: {site_host(url)}"
        rendered = self.render == "always"
        page = yield from self._ask(url, rendered=rendered)
        if isinstance(page, ArticlePage) and not rendered and self.render != "never" and _page_lacks_body(page):
            if self.lacks_browser is None:
                page, rendered = (yield from self._ask(url, rendered=True)), True
            else:
                page = self.lacks_browser
        if isinstance(page, str):
            return page
        if page.post is None or (page.type is not None and page.type != self.type):
            return "another type"
        if _page_lacks_body(page):
            return "its page lacks the article"
        if rendered:
            page.post.via = "browser"
        whole = yield from self._rest_of(page)
        return page.post if whole else "not all its pages came"

    def identity(self, url: str) -> Asking[tuple[int | None, str | None]]:
        """The id and type that an article's page tells, None where it cannot be had. Where pages fail in a row no more
        are asked: what the feed gave whole is not lost for it. Raises Halt where nothing at all may be asked."""
        if self.shut is not None or site_host(url) != site_host(self.site):
            return None, None
        try:
            page = yield from self._ask(url, rendered=False)
        except Halt as halt:
            if halt.fault != PAGES_FAILED:
                raise
            self.shut = halt
            return None, None
        return (page.id, page.type) if isinstance(page, ArticlePage) else (None, None)

    def _ask(self, url: str, *, rendered: bool) -> Asking[ArticlePage | str]:
        reply = yield from ask(url, "article", self.type, render=rendered)
        why = self._why_not(reply, url, rendered=rendered)
        if why is None or why == "gone":
            self.failures = 0
        elif reply.error != "no-browser" and (not rendered or self.render == "always"):
            self.failures += 1
            if self.failures == FAILURES:
                raise Halt(f"{FAILURES} pages in a row failed ({why})", verdict="incomplete", fault=PAGES_FAILED)
        return read_page(reply, url=url, site=self.site, type_=self.type) if why is None else why

    def _why_not(self, reply: Reply, url: str, *, rendered: bool) -> str | None:
        if reply.error is not None:
            why = ERRORS.get(reply.error, reply.error) + (f" ({reply.detail})" if reply.detail else "")
            if rendered and reply.error == "no-browser":
                self.lacks_browser = why
            return why
        if payload.is_login(reply):
            return "a login page stands there"
        if site_host(reply.url) != site_host(url):
            return f"it leads to another site: {site_host(reply.url)}"
        if reply.status in (404, 410):
            return "gone"
        return f"HTTP {reply.status}" if reply.status != 200 else None

    def _rest_of(self, page: ArticlePage) -> Asking[bool]:
        """Add the other pages of an article that its author cut in pieces; False where one cannot be had."""
        assert page.post is not None
        for url in page.parts[:PARTS]:
            part = yield from self._ask(url, rendered=False)
            if not isinstance(part, ArticlePage) or part.post is None or _page_lacks_body(part):
                return False
            page.post.content_html = f"{page.post.content_html or ''}\n{part.post.content_html}"
        return len(page.parts) <= PARTS


def lacks_body(post: Post, raw: Mapping[str, Any]) -> bool:
    """Whether the API gave a post without the article it has: its field is missing, or empty beside an excerpt."""
    missing = "content" not in raw or post.excerpt is not None
    return post.content_html is None and not post.protected and post.url is not None and missing


def add_body(reader: PageReader, post: Post) -> Asking[bool]:
    """Put into a post of the API what its page shows; False where the page cannot be had or is another's."""
    if reader.halted or post.url is None:
        return False
    try:
        found = yield from reader.read(post.url)
    except Halt as halt:
        if halt.fault == "stopped":
            raise Unanswered(Reply(status=0, url=post.url, error="stopped")) from None
        reader.halted = True
        return False
    if isinstance(found, str) or (found.id and found.id != post.id):
        return False
    if found.content_html:
        post.content_html, post.via = found.content_html, found.via
    return True


def _page_lacks_body(page: ArticlePage) -> bool:
    return page.post is not None and page.post.content_html is None and not page.post.protected
