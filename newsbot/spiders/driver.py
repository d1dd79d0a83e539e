"""Drives the crawl of one site: sends each query to the site, each question to the archive, and yields the items."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from newsbot.arguments.site_list import Target
from newsbot.items import Checkpoint, Record
from newsbot.spiders.archive_answers import Answers
from newsbot.spiders.claims import Claims, Ended
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.narrowing.addresses import is_bare
from newsbot.wordpress.questions import Question, RenameSite, SiteCrawl
from newsbot.wordpress.receipt import SiteFacts

logger = logging.getLogger(__name__)

MAX_WAITING = 200
"""Items of all sites together that may wait for the next query to leave: as many as two pages hold. A post of 11,000
characters takes 22 KiB of memory where one of them is not Latin-1, such as a curly quotation mark."""


def _always() -> bool:
    return True


def _never() -> bool:
    return False


def _nothing() -> None:
    pass


@dataclass(slots=True, kw_only=True)
class SiteDriver:
    """Runs one site crawl to its end.

    ``fetch`` makes a request to the site. ``delivered`` waits until the pipelines have finished with every item that
    was yielded: only then does the archive know these items. ``kinds`` are the kinds of rows that the crawl brings: the
    undelivered rows of a dead run are delivered first. ``is_due``: whether the site must still be crawled.
    ``is_closed``: whether the run has as many rows as the user asked for. ``answered`` is called with each question to
    the archive and its answer, ``part_began`` where a part of a site begins, or a site of which another part was
    crawled before. ``max_waiting`` is this site's share of ``MAX_WAITING``.
    """

    crawl: SiteCrawl
    target: Target
    facts: SiteFacts
    kinds: tuple[str, ...]
    archive: Answers
    claims: Claims
    fetch: Callable[[Query], Coroutine[Any, Any, Reply]]
    delivered: Callable[[], Awaitable[None]]
    is_due: Callable[[], bool] = _always
    is_closed: Callable[[], bool] = _never
    answered: Callable[[Question, Any], None] | None = None
    part_began: Callable[[], None] = _nothing
    max_waiting: int = MAX_WAITING
    claimed: str | None = None
    waiting: deque[Any] = field(default_factory=deque)

    async def run(self) -> AsyncIterator[Any]:
        """Yield items and checkpoints in the order of the site crawl. Raises ArchiveError.

        After a run is closed, no more rows are delivered, and the crawl of the site ends. The next run continues after
        the last delivered checkpoint.
        """
        try:
            async with aclosing(self._items()) as items:
                async for item in items:
                    if isinstance(item, Record) and self.is_closed():
                        self._leave_out([item, *self.waiting])
                        return
                    yield item
        except Exception:
            # Rows that are still in the pipelines must not count as rows of the next part.
            await self.delivered()
            raise
        finally:
            self.claims.end(self.target)

    def _leave_out(self, items: list[Any]) -> None:
        """End the site, and report the rows that were not delivered."""
        self.crawl.close()
        left = Counter((item.collection, item.type) for item in items if isinstance(item, Record))
        for (kind, type_), rows in left.items():
            why = f"CLOSESPIDER_ITEMCOUNT closed the crawl; {rows} or more rows are left to the next run"
            if (facts := self.facts.find(type_, kind)) is not None:
                facts.end("incomplete", why, "stopped")
            self.facts.end("incomplete", f"{type_}: {why}", "stopped")

    async def _items(self) -> AsyncGenerator[Any]:
        if not self._may_start():
            return
        answer: Any = None
        while (message := self._next_message(answer)) is not None:
            answer = None
            if self.facts.site is not None and self.claimed != self.facts.site:
                if not await self._take_site(self.facts.site):
                    return
                self.claimed = self.facts.site
                for recovered in self.archive.recovered(self.facts.site, self.kinds):
                    yield recovered
            if isinstance(message, Record | Checkpoint):
                self.waiting.append(message)
                if len(self.waiting) > 2 * self.max_waiting:
                    yield self.waiting.popleft()
            elif isinstance(message, Query):
                replying = asyncio.ensure_future(self.fetch(message))
                try:
                    # newsbot cleans and archives the waiting items while the site works on its reply.
                    while self._may_yield_before(replying):
                        yield self.waiting.popleft()
                        # Scrapy consumes items without yielding to the event loop, so without this line the query would
                        # never be sent.
                        await asyncio.sleep(0)
                    answer = await replying
                finally:
                    await _cancel(replying)
                del replying  # otherwise the body of the reply stays in memory until the next query
            else:
                for item in self._take_waiting():
                    yield item
                await self.delivered()
                if isinstance(message, RenameSite) and self._is_refused(
                    self.claims.taken_by_another(message.old, self.target, moves=True)
                ):
                    return
                answer = self._answer(message)
        for item in self._take_waiting():
            yield item
        # Scrapy queues items, so the archive may not have the last items yet. The components that get the next signal
        # store that the site is complete.
        await self.delivered()
        if self.facts.verdict == "complete" and self.facts.site and self.archive.lacks_rows(self.facts.site):
            self.facts.end("incomplete", "the archive did not store every row; the log says why")

    def _may_start(self) -> bool:
        # The site's key is not known yet. The lease of its address keeps a second run from making any request.
        if (taken := self.claims.take_address(self.target.url)) is not None:
            self.facts.end(*taken)
            return False
        # After the lease is taken: from now on no other run can check the site.
        if not self.is_due():
            self.facts.end("elsewhere", "another run has checked this site since this run began")
            return False
        return True

    def _next_message(self, answer: Any) -> Any:
        """The next message of the site crawl; None at its end."""
        try:
            return self.crawl.send(answer)
        except StopIteration:
            return None

    def _take_waiting(self) -> Iterator[Any]:
        while self.waiting:
            yield self.waiting.popleft()

    def _answer(self, asked: Question) -> Any:
        answer = self.archive.answer(asked)
        if self.answered is not None:
            self.answered(asked, answer)
        return answer

    async def _take_site(self, site: str) -> bool:
        """Take the site that the crawl found, and report the part of the site that the address means. Returns False if
        the crawl ends here.

        Waits until the crawls of other parts of the site have ended.
        """
        part = self.facts.part
        while (
            self.claims.taken_by_another(site, self.target, part) is None
            and (earlier := self.claims.at_work(site, self.target)) is not None
        ):
            await earlier.ended.wait()
        if self._is_refused(self.claims.take_site(site, self.target, part)):
            return False
        if part is not None or self.claims.is_shared(site):
            self.part_began()
        if (taken_for := told_of(self.facts)) is not None:
            logger.info("%s", taken_for)
        return True

    def _is_refused(self, refusal: Ended | None) -> bool:
        """Whether the crawl ends here, before the site gave a row. Then it has no collections."""
        if refusal is None:
            return False
        self.facts.collections.clear()
        self.facts.end(*refusal)
        return True

    def _may_yield_before(self, replying: asyncio.Future[Reply]) -> bool:
        return bool(self.waiting) and (not replying.done() or len(self.waiting) > self.max_waiting)


def told_of(facts: SiteFacts) -> str | None:
    """The meaning of the user's address, in one line; None for the bare address of a whole site."""
    if facts.part is not None:
        return f"{facts.asked}: the address means {facts.part.told} of {facts.site}"
    return None if is_bare(facts.asked) else f"{facts.asked}: the address means the whole site {facts.site}"


async def _cancel(replying: asyncio.Future[Reply]) -> None:
    """Cancel the query of a crawl that ended early. The result is discarded."""
    if not replying.done():
        replying.cancel()
        await asyncio.wait([replying])
