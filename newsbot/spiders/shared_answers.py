"""Answers that several targets of a run need: the index of a site of which the run crawls several parts, and the rows
of its articles."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from time import monotonic

from newsbot.arguments.site_list import Target
from newsbot.urls import as_url
from newsbot.wordpress import payload
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.pages.urls import site_host
from newsbot.wordpress.together import MOST_TOGETHER, is_deep

SHARED = frozenset({"index"})
"""Purposes of queries whose answer does not depend on the requested part of a site."""

SHARED_SECONDS = 600.0
"""How long an answer is shared. A run over thousands of articles takes hours, in which a site may change."""


MOST_BYTES = 20_000_000
"""The largest size of all answers that are kept at once. If no page names the API, each article has indexes of its own
that do not exist, and each of these answers is a page of the site.
"""

_HEADERS = 4_000
"""The memory that an answer takes besides its body."""

_Key = tuple[str, str]
"""A host as ``_host`` writes it, and the name of an answer: ``Query.shared``, or the URL of the query."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """``came``: when the answer came. ``until``: after this time only targets that waited for the answer get it."""

    reply: Reply
    came: float
    until: float

    @property
    def size(self) -> int:
        return len(self.reply.body) + _HEADERS


class SharedAnswers:
    """Makes one request if several targets of one host have the same query, or if a query names its answer. Keeps no
    index of a host that only one target names: an index may take a megabyte of memory, and a run may have thousands of
    sites."""

    def __init__(self, urls: Iterable[str], *, clock: Callable[[], float] = monotonic) -> None:
        """``urls`` are the addresses of the targets of the run."""
        self._clock = clock
        self._open = Counter(map(_host, urls))
        self._several = {host for host, targets in self._open.items() if targets > 1}
        self._locks: dict[str, defaultdict[str, asyncio.Lock]] = {}
        """Host -> name of an answer -> the lock that is held during the request."""
        self._answers: dict[_Key, _Answer] = {}
        """The answer that was used last comes last."""
        self._size = 0

    async def answer(self, query: Query, url: str, ask: Callable[[], Awaitable[Reply]]) -> Reply:
        """The answer to a query of the target ``url``: an earlier answer, or the result of ``ask``.

        A failure of the index may be temporary: it is shared only with targets that already waited for the answer. A
        failure of a query with a name is shared with all targets: each target then makes its own request.
        """
        host = _host(url)
        name = query.shared or (query.url if query.purpose in SHARED and host in self._several else "")
        if not name:
            return await ask()
        key, began = (host, name), self._clock()
        locks = self._locks.setdefault(host, defaultdict(asyncio.Lock))
        async with locks[name]:
            known = self._take(key)
            if known is None or (known.came < began and self._clock() >= known.until):
                reply, came = await ask(), self._clock()
                known = _Answer(reply, came, came + SHARED_SECONDS if _is_lasting(query, reply) else came)
            if host in self._locks:
                self._keep(key, known)
            return known.reply

    def ended(self, url: str) -> None:
        """Release the answers of a host whose last target has ended."""
        host = _host(url)
        self._open[host] -= 1
        if self._open[host] <= 0:
            del self._open[host]
            for name in self._locks.pop(host, ()):
                self._take((host, name))

    def _keep(self, key: _Key, answer: _Answer) -> None:
        self._answers[key] = answer
        self._size += answer.size
        while self._size > MOST_BYTES and len(self._answers) > 1:
            self._take(next(iter(self._answers)))

    def _take(self, key: _Key) -> _Answer | None:
        """Remove an answer, and return it."""
        answer = self._answers.pop(key, None)
        if answer is not None:
            self._size -= answer.size
        return answer


def beside_each(targets: Iterable[Target]) -> dict[str, Sequence[str]]:
    """URL of a target -> the addresses of one host that may be articles of one site, in groups. The targets of a group
    have one pace and one choice of types."""
    alike: dict[tuple[object, ...], list[str]] = {}
    for target in targets:
        if is_deep(target.url):
            alike.setdefault((_host(target.url), target.types, *target.pace().items()), []).append(target.url)
    found: dict[str, Sequence[str]] = {}
    for urls in alike.values():
        for first in range(0, len(urls), MOST_TOGETHER):
            group = urls[first : first + MOST_TOGETHER]
            found |= dict.fromkeys(group, group) if len(group) > 1 else {}
    return found


def _is_lasting(query: Query, reply: Reply) -> bool:
    """Whether the answer is kept. An index is kept if the site would soon give the same answer again: JSON that was cut
    off is not kept."""
    if query.purpose not in SHARED:
        return reply.error != "stopped"
    if reply.error is not None or reply.status >= 500 or payload.fault(query, reply) is not None:
        return False
    return reply.body[:1] not in (b"{", b"[") or payload.is_whole(reply.body)


def _host(url: str) -> str:
    """The host of an address as a user gives it."""
    return site_host(as_url(url)) or url
