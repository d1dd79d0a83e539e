"""Answers that several targets of a run need alike: the index of a site of which several parts were asked for."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import urlsplit

from newsbot.wordpress.messages import Query, Reply

SHARED = frozenset({"index"})
"""Purposes of queries whose answer does not depend on the part of a site that is asked for."""

SHARED_SECONDS = 600.0
"""How long an answer is shared. A run over thousands of articles takes hours, in which a site may change."""


@dataclass(slots=True, kw_only=True)
class _OfHost:
    """``answers``: URL -> when the answer came, and the answer. ``locks``: URL -> held while the site is asked."""

    answers: dict[str, tuple[float, Reply]] = field(default_factory=dict)
    locks: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))


class SharedAnswers:
    """Asks the site once where several targets of one host ask alike. Holds no answer of a host that is named once: an
    index may take a megabyte of memory, and a run may have thousands of sites."""

    def __init__(self, urls: Iterable[str], *, clock: Callable[[], float] = monotonic) -> None:
        """``urls`` are the addresses of the targets of the run."""
        self._clock = clock
        self._open = Counter(map(_host, urls))
        self._of_host = {host: _OfHost() for host, targets in self._open.items() if targets > 1}

    async def answer(self, query: Query, url: str, ask: Callable[[], Awaitable[Reply]]) -> Reply:
        """The answer to a query of the target ``url``: one that came before, or what ``ask`` brings.

        A failure may be one of this moment: it is shared with those targets alone that waited for the answer.
        """
        known = self._of_host.get(_host(url)) if query.purpose in SHARED else None
        if known is None:
            return await ask()
        began = self._clock()
        async with known.locks[query.url]:
            if (shared := known.answers.get(query.url)) is not None:
                came, reply = shared
                if came >= began or (_is_lasting(reply) and self._clock() - came < SHARED_SECONDS):
                    return reply
            reply = await ask()
            known.answers[query.url] = (self._clock(), reply)
            return reply

    def ended(self, url: str) -> None:
        """Release the answers of a host whose last target has ended."""
        host = _host(url)
        if host in self._of_host:
            self._open[host] -= 1
            if self._open[host] <= 0:
                del self._of_host[host]


def _is_lasting(reply: Reply) -> bool:
    """Whether the site would give the same answer again soon."""
    return reply.error is None and reply.status < 500 and reply.status != 429


def _host(url: str) -> str:
    """The host of an address as a user gives it, with its port."""
    try:
        return urlsplit(url if "://" in url else f"https://{url}").netloc.lower().removeprefix("www.")
    except ValueError:
        return url
