"""Decides whether more sitemaps, or more pages, are worth their requests. Pure.

An index can invent any number of sitemaps, and a sitemap any number of URLs. The requests without a result are limited
in proportion to the articles that came, so no healthy site reaches the limit, whatever its size.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

EMPTY, TO_EACH = 100, 10
"""How many sitemaps may list nothing new: the first number, plus the second number for each sitemap that listed
something new. A site with a sitemap for each day may have many days without a post.
"""

TESTED_AFTER = 200
"""The number of sitemaps after which newsbot tests whether their URLs exist. The next tests follow after twice as many
sitemaps, and so on."""

TESTED = 5
"""The number of URLs that a test requests, each from another list: a list of one day may hold one post, and that post
may be gone."""

MOST_URLS, MOST_LETTERS = 500_000, 60_000_000
"""The most URLs of one type, and their letters in sum, that newsbot keeps in memory at once."""

MOST_WAITING, MOST_WAITING_LETTERS = 200_000, 20_000_000
"""The same limits for URLs of lists of any type, which wait for the types that need them. Further lists are requested
again."""

TOO_MANY_URLS = f"newsbot holds no more than {MOST_URLS} URLs of sitemaps, or {MOST_LETTERS // 1_000_000} MB of them"


@dataclass(slots=True, kw_only=True)
class Worth:
    """The results of a site's sitemaps so far.

    ``firsts`` are the first URLs of the lists: a list that begins as an earlier list is not new. ``newest`` are the
    latest of these URLs. ``urls`` counts the URLs in memory, ``letters`` their letters. ``ended_by``: why no more
    sitemaps are requested, or None.
    """

    asked: int = 0
    vain: int = 0
    urls: int = 0
    letters: int = 0
    test_at: int = TESTED_AFTER
    firsts: set[str] = field(default_factory=set)
    newest: deque[str] = field(default_factory=lambda: deque(maxlen=TESTED))
    ended_by: str | None = None

    def take(self, urls: Collection[str]) -> None:
        """Count the URLs of a sitemap. ``urls`` is empty if it is an index or could not be read."""
        self.asked += 1
        first = next(iter(urls), None)
        if first is None or first in self.firsts:
            self.vain += 1
        else:
            self.firsts.add(first)
            self.newest.append(first)
        self.hold(urls)
        if self.vain >= EMPTY + TO_EACH * len(self.firsts):
            self.ended_by = f"{self.vain} of {self.asked} sitemaps list nothing new"

    def hold(self, urls: Collection[str], *, sign: int = 1) -> None:
        """Count URLs that are kept in memory from now on; ``sign`` -1: URLs that were freed."""
        self.urls += sign * len(urls)
        self.letters += sign * sum(map(len, urls))

    @property
    def is_full(self) -> bool:
        return self.urls > MOST_URLS or self.letters > MOST_LETTERS

    @property
    def waits_too_much(self) -> bool:
        return self.urls > MOST_WAITING or self.letters > MOST_WAITING_LETTERS

    @property
    def is_test_due(self) -> bool:
        """Whether it is time to test whether the listed URLs exist."""
        return self.ended_by is None and self.asked >= self.test_at

    def tested(self, gone: Sequence[bool]) -> None:
        """Process the result of a test: which of the ``newest`` URLs do not exist."""
        self.test_at = 2 * self.asked
        if len(gone) >= TESTED and all(gone):
            self.ended_by = f"the pages that its sitemaps list do not exist (tested after {self.asked} sitemaps)"


def spread(urls: Sequence[str]) -> Iterator[str]:
    """The URLs of a long index in an order in which the first few are always a sample of the whole: the last one, then
    the first, the middle, the quarters and so on. An index may begin with many lists that are empty.
    """
    if len(urls) <= EMPTY:
        yield from urls
        return
    digits = (len(urls) - 1).bit_length()
    yield urls[-1]
    for number in range(1 << digits):
        place = int(f"{number:0{digits}b}"[::-1], 2)
        if place < len(urls) - 1:
            yield urls[place]


@dataclass(slots=True, kw_only=True)
class Folders:
    """Counts, for each first folder of the URLs, the pages that brought no article. A page that brought one reduces the
    count by ``TO_EACH``. A sitemap of all pages may begin with the pages of tags and authors."""

    most: int = 20
    vain: Counter[str] = field(default_factory=Counter)

    def is_put_off(self, url: str) -> bool:
        """Whether too many pages of the URL's folder brought no article, so that pages of other folders come first."""
        return self.vain[folder_of(url)] >= self.most

    def note(self, url: str, *, brought: bool) -> None:
        """Note that a page was requested."""
        self.vain[folder_of(url)] += -TO_EACH if brought else 1


def folder_of(url: str) -> str:
    """The first folder of a URL's path; "" for a URL below the site's own folder."""
    first, _, rest = urlsplit(url).path.strip("/").partition("/")
    return first if rest else ""


@dataclass(slots=True, kw_only=True)
class PageWorth:
    """Pages that were ``asked`` for, and those of them that ``brought`` an article.

    ``free`` pages may bring nothing before any page brought an article, and ``to_each`` more for each page that did: a
    sitemap may list tags and authors too.
    """

    free: int = 300
    to_each: int = 10
    asked: int = 0
    brought: int = 0

    def note(self, *, brought: bool) -> None:
        """Note that a page was requested."""
        self.asked += 1
        self.brought += brought

    @property
    def is_spent(self) -> bool:
        """Whether too many pages brought no article, so that no more pages should be requested."""
        return self.asked - self.brought >= self.free + self.to_each * self.brought
