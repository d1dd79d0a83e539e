"""Remembers the URLs of the rows that leave a crawl, for a crawl without an archive."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

from newsbot.compact import KeyOwners
from newsbot.items import Post
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.pages.urls import place_key

Result = TypeVar("Result")


class LinksSent:
    """The keys of the URLs of the posts that left."""

    def __init__(self) -> None:
        self._keys = KeyOwners()

    def __contains__(self, key: object) -> bool:
        return isinstance(key, int) and self._keys.get(key) is not None

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
                    self._keys.setdefault(place_key(message.url), "")
                answer = yield message
        finally:
            steps.close()
