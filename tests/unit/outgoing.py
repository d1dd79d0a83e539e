"""Runs a site crawl without Scrapy: the test answers its queries, and takes the rows and checkpoints that leave it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from newsbot.items import Checkpoint, Record
from newsbot.wordpress.messages import Query, Reply, Steps


def outgoing(
    talk: Steps[Any], reply: Callable[[Query], Reply], answer: Callable[[Any], Any], *, most: int = 10**9
) -> Iterator[Record | Checkpoint]:
    """The rows and checkpoints of a crawl, in order. The crawl goes on only when the next one is asked for.

    ``reply`` answers a query as the site does, ``answer`` any other question as the archive does. Raises
    AssertionError after ``most`` messages.
    """
    given: Any = None
    for _ in range(most):
        try:
            message = talk.send(given)
        except StopIteration:
            return
        given = None
        if isinstance(message, Query):
            given = reply(message)
        elif isinstance(message, Record | Checkpoint):
            yield message
        else:
            given = answer(message)
    raise AssertionError(f"the crawl did not end within {most} messages")
