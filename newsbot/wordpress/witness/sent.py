"""Remembers the URLs of the rows that a crawl sends, for a crawl without an archive."""

from __future__ import annotations

from array import array
from typing import Any

from newsbot.compact import SortedKeys
from newsbot.items import Post
from newsbot.wordpress.messages import Result, Steps, answered
from newsbot.wordpress.pages.urls import place_key


class LinksSent:
    """The URLs of the posts that the crawl sent."""

    def __init__(self) -> None:
        self._keys = array("q")

    def keys(self) -> SortedKeys:
        """The keys of the URLs of the posts that the crawl sent until now."""
        return SortedKeys(self._keys)

    def of(self, steps: Steps[Result]) -> Steps[Result]:
        """The ``steps`` of a crawl, whose posts are noted when they are sent."""
        return answered(steps, self._note)

    def _note(self, message: Any) -> Steps[Any]:
        if isinstance(message, Post) and message.url:
            self._keys.append(place_key(message.url))
        return (yield message)
