"""Answers that several targets of a run need alike: the index of a site whose parts were asked for."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

from newsbot.wordpress import payload
from newsbot.wordpress.messages import Query, Reply

SHARED = frozenset({"index"})
"""Purposes of queries whose answer does not depend on the part of a site that is asked for."""

SHARED_SECONDS = 600.0
"""How long an answer is shared. A run over thousands of articles takes hours, in which a site may change."""


MOST_BYTES = 20_000_000
"""The size of all answers that are kept at once. If no page names the API, each article has indexes of its own that do
not exist, and each of these answers is a page of the site.
"""

_HEADERS = 4_000
"""What an answer takes beside its body."""

_Key = tuple[str, str]
"""A host as ``_host`` writes it, and the URL of a query."""


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
    """Asks the site once where several targets of one host ask alike. Holds no answer of a host that is named once: an
    index may take a megabyte of memory, and a run may have thousands of sites."""

    def __init__(self, urls: Iterable[str], *, clock: Callable[[], float] = monotonic) -> None:
        """``urls`` are the addresses of the targets of the run."""
        self._clock = clock
        self._open = Counter(map(_host, urls))
        self._locks = {host: defaultdict[str, asyncio.Lock](asyncio.Lock) for host, n in self._open.items() if n > 1}
        """Host -> URL -> held while the site is asked."""
        self._answers: dict[_Key, _Answer] = {}
        """The answer that was used last comes last."""
        self._size = 0

    async def answer(self, query: Query, url: str, ask: Callable[[], Awaitable[Reply]]) -> Reply:
        """The answer to a query of the target ``url``: one that came before, or what ``ask`` brings.

        A failure may be one of this moment: it is shared with those targets alone that waited for the answer.
        """
        host = _host(url)
        locks = self._locks.get(host) if query.purpose in SHARED else None
        if locks is None:
            return await ask()
        key, began = (host, query.url), self._clock()
        async with locks[query.url]:
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
        if host in self._locks:
            self._open[host] -= 1
            if self._open[host] <= 0:
                for address in self._locks.pop(host):
                    self._take((host, address))

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


def _is_lasting(query: Query, reply: Reply) -> bool:
    """Whether the site would give the same answer again soon. It may not where the answer is JSON that was cut off."""
    if reply.error is not None or reply.status >= 500 or payload.fault(query, reply) is not None:
        return False
    return reply.body[:1] not in (b"{", b"[") or payload.is_whole(reply.body)


def _host(url: str) -> str:
    """The host of an address as a user gives it, with its port."""
    try:
        return urlsplit(url if "://" in url else f"https://{url}").netloc.lower().removeprefix("www.")
    except ValueError:
        return url
