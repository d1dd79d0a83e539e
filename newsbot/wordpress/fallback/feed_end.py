"""Decides whether a feed has an end. Pure.

A feed does not say how many pages it has, and every page of an endless feed has entries. So the walk sometimes requests
a page far after its place: a feed that shows entries there, or that continues far after an empty page, has no end. If
the site refuses such pages, the end is unknown, and the number of pages is limited.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

FIRST = 50
"""The page after which the walk tests the end for the first time. The next tests follow after twice as many pages, and
so on."""

FAR = 1_000_000
"""The number of a page that no feed has: it would follow ten million posts."""

SLACK = 10
"""Pages by which a feed may grow while newsbot walks it; a long feed may grow by a tenth."""

UNKNOWN = 3
"""Answers in a row that are not a page of a feed, after which such an answer counts as the end of the feed: some sites
show an HTML page after the end. A single one may be a page of maintenance."""

MOST_UNPROVEN = 1_000
"""Pages that are walked if the end of a feed cannot be found, since the site refuses the pages after it."""

LOOKS = 2
"""The number of pages that are requested after an empty page. A cache or a plugin may empty a page in the middle."""

LOOKS_BEHIND_404 = 1
"""The number of pages that are requested after a page that does not exist. WordPress itself ends a feed in this way."""

Urls = list[str]
"""The canonical URLs of a page's entries; empty after the last page."""


class Answer(NamedTuple):
    """The answer to a probe: the URLs of a page; None where it is not a page of a feed. ``refused``: why the site gave
    no page, or None. A refusal does not show where the feed ends. ``gone``: the page does not exist.
    """

    urls: Urls | None
    refused: str | None = None
    gone: bool = False


@dataclass(slots=True, kw_only=True)
class FeedEnd:
    """The facts about a feed's end. ``due``: after the page with this number the walk tests the end. ``behind`` is the
    number of a page that was empty, ``unknown`` the number of answers in a row that are not a page of a feed.
    ``refused``: why the site gave no page, the last time.
    """

    due: int = FIRST
    behind: int | None = None
    is_far_known: bool = False
    unknown: int = 0
    refused: str | None = None

    def is_passed(self, number: int) -> bool:
        """Whether the page ``number``, which has entries, is far after an empty page."""
        return self.behind is not None and number > self.behind + max(SLACK, self.behind // 10)

    def is_due(self, number: int) -> bool:
        """Whether the walk, which is at the page ``number``, must test the end now."""
        return self.behind is None and number >= self.due

    def is_unproven(self, number: int) -> bool:
        """Whether the walk stops at the page ``number`` because the end of the feed is unknown."""
        return self.refused is not None and self.behind is None and number >= MOST_UNPROVEN

    def next_probe(self, number: int) -> int:
        """The number of the next page to request for the test."""
        return 2 * number

    def take_far(self, far: Answer) -> None:
        """Take the answer for the page ``FAR``. If it is a refusal, the page is requested again."""
        self.is_far_known, self.refused = far.refused is None, far.refused

    def take(self, probe: int, answer: Answer, *, at: int) -> None:
        """Take the answer for the page ``probe``, while the walk is ``at`` a page."""
        urls = answer.urls
        if answer.refused is not None:
            self.refused, self.due = answer.refused, probe
            return
        self.unknown = self.unknown + 1 if urls is None else 0
        self.due = probe if urls is not None else at + SLACK
        if urls is not None and self.is_far_known:
            # The site answers again: the earlier refusal was a pause or a lost connection.
            self.refused = None
        if urls == [] or self.unknown >= UNKNOWN:
            self.behind = probe


def is_endless(far: Urls, farther: Urls) -> bool:
    """Whether two pages after the end of every feed show entries. Some sites show their last page for each of them."""
    return bool(far) and bool(farther) and far != farther
