"""Remembers the URLs of the rows that leave a crawl, for a crawl without an archive."""

from __future__ import annotations

from array import array
from collections.abc import Generator
from typing import Any, TypeVar

from newsbot.compact import SortedKeys
from newsbot.items import Post
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.pages.urls import place_key

Result = TypeVar("Result")


class LinksSent:
    """The URLs of the posts that left."""

    def __init__(self) -> None:
        self._keys = array("q")

    def keys(self) -> SortedKeys:
        """The keys of the URLs of the posts that left until now."""
        return SortedKeys(self._keys)

    def of(self, steps: Generator[Any, Any, Result]) -> Steps[Result]:
        """The ``steps`` of a crawl, whose posts are noted as they pass."""
        answer: Any = None
        try:
            while True:
                try:
                    message = steps.send(answer)
                except StopIteration as end:
                    return end.value  # type: ignore[no-any-return]
                if isinstance(message, Post) and message.url:
                    self._keys.append(place_key(message.url))
                answer = yield message
        finally:
            steps.close()
