"""Read one article from its page; in a browser if the page without scripts lacks the article."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsbot.errors import PaymentRequired
from newsbot.items import Post
from newsbot.wordpress import payload
from newsbot.wordpress.messages import Asking, Reply
from newsbot.wordpress.pages.asking import Halt, ask
from newsbot.wordpress.pages.urls import site_host
from newsbot.wordpress.receipt import Verdict

# Most crawls read no page, so the modules that read pages are imported with the first page.
if TYPE_CHECKING:
    from newsbot.wordpress.pages.article_page import ArticlePage

FAILURES = 8
"""The number of failed pages in a row after which no more pages are requested: the site is failing, or refuses
newsbot."""

PAGES_FAILED = "pages-failed"
PARTS = 50
"""The most other pages of a divided article that are read."""

NO_BODY = "its page does not show the article"
_PART_MISSING = "one of its pages is missing"
_CUT = "its page ends in the middle of the article"


class NoArticle(Exception):
    """The URL gives no article. The text is the reason for the receipt."""


class Gone(NoArticle):
    """The page does not exist any more."""


class Elsewhere(NoArticle):
    """The URL leads to another site."""


class Closed(NoArticle):
    """The site shows the page to members only."""


class Paid(Closed):
    """The site asks for payment."""


class NoBody(NoArticle):
    """The page shows no article."""


class OtherType(NoArticle):
    """The page is not an article of the requested type."""


@dataclass(slots=True, kw_only=True)
class PageReader:
    """Asks for the pages of one type. ``render`` is ``auto``, ``never`` or ``always``.

    ``failures`` counts failed pages in a row. ``halted``: ``Bodies`` must not ask any more. ``stopped_by`` is the
    Halt that ended ``identity``. ``lacks_browser``: why no page can be rendered. ``cut_twice``: two answers for one
    page ended in the middle of the article.
    """

    type: str
    site: str
    render: str = "auto"
    failures: int = 0
    halted: bool = False
    stopped_by: Halt | None = None
    lacks_browser: str | None = None
    cut_twice: bool = False

    def read(self, url: str) -> Asking[Post]:
        """The article at a URL, with its body. Raises NoArticle or Halt."""
        page = yield from self.page(url)
        if page.post is None or page.type not in (None, self.type):
            raise OtherType("another type")
        return (yield from self.whole(page, page.post))

    def page(self, url: str) -> Asking[ArticlePage]:
        """The page at a URL, with or without an article. Raises NoArticle or Halt."""
        if self.stopped_by is not None:
            raise self.stopped_by
        _check_host(url, self.site)
        return (yield from self._page_with_body(url))

    def whole(self, page: ArticlePage, post: Post) -> Asking[Post]:
        """The ``post`` of a page, with all of its parts. Raises NoArticle where its body or a part is missing."""
        if page.lacks_body:
            raise NoBody(NO_BODY)
        if page.is_cut:
            raise NoArticle(_CUT)
        yield from self._add_parts(post, page.parts)
        return post

    def identity(self, url: str) -> Asking[tuple[int | None, str | None]]:
        """The id and type that an article's page shows; None where it shows none or cannot be fetched.

        After too many failed pages in a row this method requests no more pages and raises no Halt, so articles that
        came whole in the feed are still sent. Raises Halt for another reason.
        """
        if self.stopped_by is not None or site_host(url) != site_host(self.site):
            return None, None
        try:
            page = yield from self._ask(url, rendered=False)
        except NoArticle:
            return None, None
        except Halt as halt:
            if halt.fault != PAGES_FAILED:
                raise
            self.stopped_by = halt
            return None, None
        return page.id, page.type

    def _page_with_body(self, url: str) -> Asking[ArticlePage]:
        """The page as the server sends it, or, if this page lacks the article, the page as a browser shows it."""
        if self.render == "always":
            return (yield from self._ask(url, rendered=True))
        page = yield from self._ask_whole(url)
        if self.render == "never" or not page.lacks_body:
            return page
        if self.lacks_browser is not None:
            raise NoArticle(self.lacks_browser)
        return (yield from self._ask(url, rendered=True))

    def _ask_whole(self, url: str) -> Asking[ArticlePage]:
        """Ask for one page, and a second time where the first answer ends in the middle of the article.

        The second answer may be cut too. Then PHP fails on this site in the same way each time, and no other page is
        asked for twice.
        """
        page = yield from self._ask(url, rendered=False)
        if page.is_cut and not self.cut_twice:
            page = yield from self._ask(url, rendered=False)
            self.cut_twice = page.is_cut
        return page

    def _ask(self, url: str, *, rendered: bool) -> Asking[ArticlePage]:
        """Ask for one page. Raises NoArticle, or Halt after too many failures in a row."""
        from newsbot.wordpress.pages.article_page import read_page

        reply = yield from ask(url, "article", self.type, render=rendered)
        try:
            _check(reply, url)
        except Gone:
            self.failures = 0
            raise
        except NoArticle as failure:
            if reply.error == "no-browser":
                self.lacks_browser = str(failure)
            elif not rendered or self.render == "always":
                self._count(failure)
            raise
        self.failures = 0
        page = read_page(reply, url=url, site=self.site, type_=self.type)
        if rendered and page.post is not None:
            page.post.via = "browser"
        return page

    def _count(self, failure: NoArticle) -> None:
        self.failures += 1
        if self.failures == FAILURES:
            verdict: Verdict = "payment" if isinstance(failure, Paid) else "incomplete"
            raise Halt(f"{FAILURES} pages in a row failed ({failure})", verdict=verdict, fault=PAGES_FAILED)

    def _add_parts(self, post: Post, urls: Sequence[str]) -> Asking[None]:
        """Add the other pages of a divided article. Raises NoArticle where one of them fails."""
        if len(urls) > PARTS:
            # The first parts alone are not the article, so they are not requested.
            raise NoArticle(f"it has more than {PARTS} other pages")
        for url in urls:
            body = yield from self._part(url)
            post.content_html = f"{post.content_html or ''}\n{body}"

    def _part(self, url: str) -> Asking[str | None]:
        try:
            page = yield from self._ask_whole(url)
        except NoArticle:
            raise NoArticle(_PART_MISSING) from None
        if page.post is None or page.lacks_body or page.is_cut:
            raise NoArticle(_PART_MISSING)
        return page.post.content_html


def _check(reply: Reply, url: str) -> None:
    """Raises NoArticle if the reply is not the page of the article."""
    if reply.error is not None:
        raise NoArticle(reply.reason)
    if payload.is_login(reply):
        raise Closed("a login page came instead of the article")
    _check_host(reply.url, url)
    if reply.is_gone:
        raise Gone("gone")
    if not reply.is_ok:
        if reply.status == 402:
            raise Paid(str(PaymentRequired()))
        closed = reply.status in (401, 403)
        raise (Closed if closed else NoArticle)(f"HTTP {reply.status}")


def _check_host(url: str, own: str) -> None:
    if site_host(url) != site_host(own):
        raise Elsewhere(f"it leads to another site: {site_host(url)}")
