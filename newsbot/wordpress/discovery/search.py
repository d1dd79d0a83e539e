"""Find the API of a site from any of its URLs, and what the API can do.

The cheapest request comes first. For a bare host this is ``/wp-json/``: it answers with the index (24 ms, where a home
page has to be rendered), or, with plain permalinks, with the home page, whose ``Link`` header names the API.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit, urlunsplit

from newsbot.errors import Challenge, DiscoveryError, PayloadError, PaymentRequired, Refused
from newsbot.wordpress import payload
from newsbot.wordpress.api import Api, Site
from newsbot.wordpress.discovery.closed import ClosedApi
from newsbot.wordpress.discovery.declared import declared_language, declared_roots
from newsbot.wordpress.discovery.explanation import BLOCKING, NoAnswer, explain, explain_no_answer, is_refusal
from newsbot.wordpress.discovery.index import INDEX_FIELDS, is_index, read_site
from newsbot.wordpress.discovery.roots import folder_of, roots_around, roots_in, starts
from newsbot.wordpress.empty_fields import is_refused
from newsbot.wordpress.messages import FINAL_ERRORS, Asking, Query, Reply
from newsbot.wordpress.narrowing.addresses import meaning_of, meaning_without_api, without_meaning

_UNREACHABLE = FINAL_ERRORS - {"robots", "redirects"} | {"dns", "refused"}
"""Errors that every other URL of the host would give too."""

MOST_ROOTS = 24
"""The most roots that one search requests. A hostile site can declare another API on every page."""


def discover(url: str, *, closed: ClosedApi | None = None) -> Asking[Site]:
    """Find the site of ``url``, and what ``url`` means there. Raises DiscoveryError, with one line that says why, and
    a verdict. ``closed``: an earlier run searched in vain."""
    unreachable: list[NoAnswer] = []
    start = ""
    for start in starts(url):
        # If the query tells the meaning (``?s=words``), the page need not be asked for.
        search = _Search(without_meaning(start), closed=closed)
        try:
            site = yield from search.run()
            site.meanings[url] = meaning_of(start, search.page, site)
            return site
        except NoAnswer as failure:
            unreachable.append(failure)
            if failure.reply.error in BLOCKING:
                break
        except DiscoveryError as failure:
            failure.at = start
            failure.first, failure.when = search.first, search.when if search.is_whole else ""
            failure.settled = search.is_settled(failure)
            failure.meaning = meaning_without_api(start, search.page)
            raise
    error = explain_no_answer(unreachable[0].reply)
    error.at = start
    raise error


@dataclass(slots=True)
class _Search:
    """The search for an API from one URL.

    ``asked`` are the URLs that were asked for, ``failures`` what went wrong. ``found_in`` are folders that have a
    WordPress of their own, whose API does not answer visitors: a site above them is another site. ``page`` is what the
    site answers at ``start``. ``is_refusing``: a firewall refused an index with ``_fields``, and the index without
    them was asked for. ``closed`` is an earlier search in vain. ``first`` are the failures before the search of all
    places, ``when`` is the time of the last answer. ``is_whole``: all places were asked for.
    """

    start: str
    asked: set[str] = field(default_factory=set)
    failures: list[PayloadError] = field(default_factory=list)
    found_in: set[str] = field(default_factory=set)
    page: Reply | None = None
    is_refusing: bool = False
    closed: ClosedApi | None = None
    first: tuple[str, ...] = ()
    when: str = ""
    is_whole: bool = True

    def is_settled(self, outcome: DiscoveryError) -> bool:
        """Whether later runs may use the outcome instead of a search. Where a place refuses visitors and the first
        place does not, the first place cannot show that the refusal has passed: two runs must then meet it."""
        first, others = self.failures[: len(self.first)], self.failures[len(self.first) :]
        if any(map(is_refusal, first)) or not any(map(is_refusal, others)):
            return True
        return self.closed is not None and (self.closed.first, self.closed.why) == (self.first, str(outcome))

    def run(self) -> Asking[Site]:
        """Raises NoAnswer where the host cannot be reached, and DiscoveryError where no API is found."""
        site = yield from self._first_of(roots_in(self.start), self.start)
        if site is not None:
            return site
        if self.asked:
            self._note_first()
        page = self.page = yield from self._page()
        own = list(declared_roots(page))[:MOST_ROOTS] if page is not None else []
        site = yield from self._first_of(own, page.url if page else self.start)
        if site is None:
            if not self.first:
                self._note_first(is_known=(yield from self._is_still_closed()))
            # The page named the API of its own site, which a folder above it cannot have.
            self.found_in.update(map(folder_of, own))
            site = yield from self._first_of(roots_around(self.start, page), page.url if page else self.start)
        if site is None:
            raise explain(self.failures)
        # Every address of a site must give its rows the same language. From the home page's address this site is found
        # without reading a page, so the language of another page does not count.
        if page is not None and site.api.root not in roots_in(site.home):
            site.language = site.language or declared_language(page)
        return site

    def _is_still_closed(self) -> Asking[bool]:
        """Whether the usual place of the host has no API either, if the page of the address declares none."""
        if self.closed is None or self.failures or not self.closed.holds((), self.when):
            return True
        probe = _Search(self.start)
        site = yield from probe._first_of(roots_in(urljoin(self.start, "/")), self.start)
        return site is None

    def _note_first(self, *, is_known: bool = True) -> None:
        """Note what went wrong so far. Raises the outcome of the earlier search, where nothing has changed since."""
        self.first = tuple(map(str, self.failures))
        if is_known and self.closed is not None and self.closed.holds(self.first, self.when):
            self.is_whole = False
            raise self.closed.error()

    def _first_of(self, roots: Iterable[str], page_url: str) -> Asking[Site | None]:
        for root in roots:
            if self._is_forbidden():
                # robots.txt forbids the API. Another URL of the same API would evade robots.txt.
                return None
            if self._is_above(root):
                continue
            site = yield from self._try(root, page_url)
            if site is not None:
                return site
        return None

    def _is_above(self, root: str) -> bool:
        """Whether the API at ``root`` belongs to a folder above a site that was found, and so to another site."""
        folder = folder_of(root)
        return any(below != folder and below.startswith(folder) for below in self.found_in)

    def _is_forbidden(self) -> bool:
        replies = (failure.reply for failure in self.failures if isinstance(failure, NoAnswer))
        return any(reply.error == "robots" and Api(root=reply.url).route(reply.url) for reply in replies)

    def _page(self) -> Asking[Reply | None]:
        """Ask for the user's page. Raises NoAnswer if the site is down, so that no more requests are made."""
        if self.start in self.asked:
            return None
        self.asked.add(self.start)
        reply = yield Query(url=self.start, purpose="discover", expects="any")
        self.when = reply.fetched_at
        if reply.error is not None:
            # robots.txt may forbid the page and allow the API. Any other error concerns both.
            self._note(reply, is_final=reply.error != "robots")
            return None
        try:
            payload.read(reply)
        except Challenge as challenge:
            self.failures.append(challenge)
        except PayloadError:
            pass
        return reply

    def _note(self, reply: Reply, *, is_final: bool) -> None:
        failure = NoAnswer(reply)
        if is_final:
            raise failure
        self.failures.append(failure)

    def _try(self, root: str, page_url: str) -> Asking[Site | None]:
        """Ask for the index at ``root``. If a page comes instead, try the APIs that the page declares."""
        if root in self.asked or len(self.asked) >= MOST_ROOTS:
            return None
        self.asked.add(root)
        api = Api(root=root)
        route, params = ("/wp/v2/types", {}) if api.wordpress_com else ("/", {"_fields": INDEX_FIELDS})
        reply = yield from self._index(api.url(route, params))
        if params and (_is_empty(reply) or self._is_refused(reply)):
            # A plugin breaks answers to ``_fields``, or a firewall refuses them.
            reply = yield from self._index(api.url(route))
        if reply.error is not None:
            self._note(reply, is_final=reply.error in _UNREACHABLE)
            return None
        try:
            index = payload.read(reply)
        except PayloadError as fault:
            self.failures.append(fault)
            if getattr(fault, "status", None) in (401, 403) and isinstance(fault, Refused):
                self.found_in.add(folder_of(root))
            return (yield from self._try_declared(reply))
        if isinstance(index, dict) and (api.wordpress_com or is_index(index)):
            return read_site(index, _landed(api, reply.url), page_url)
        return None

    def _is_refused(self, reply: Reply) -> bool:
        """Whether a firewall, and not WordPress, refused an index with ``_fields``. True once in a search: a firewall
        that closes the API refuses each index."""
        if self.is_refusing or not is_refused(reply):
            return False
        self.is_refusing = True
        return True

    def _index(self, url: str) -> Asking[Reply]:
        reply = yield Query(url=url, purpose="index", expects="any")
        self.when = reply.fetched_at
        return reply

    def _try_declared(self, reply: Reply) -> Asking[Site | None]:
        if isinstance(self.failures[-1], Challenge | PaymentRequired):
            raise explain(self.failures)
        for root in declared_roots(reply):
            if self._is_above(root):
                continue
            site = yield from self._try(root, reply.url)
            if site is not None:
                site.language = site.language or declared_language(reply)
                return site
        return None


def _is_empty(reply: Reply) -> bool:
    """Whether a reply has no content: nothing, or an empty list or object."""
    return reply.is_ok and reply.body.strip(b" \t\r\n\x00\xef\xbb\xbf") in (b"", b"[]", b"{}")


def _landed(api: Api, url: str) -> Api:
    """The API at the scheme and host where redirects ended. The permalink style stays."""
    asked, ended = urlsplit(api.root), urlsplit(url)
    if (asked.scheme, asked.netloc) == (ended.scheme, ended.netloc):
        return api
    return Api(root=urlunsplit(asked._replace(scheme=ended.scheme, netloc=ended.netloc)))
