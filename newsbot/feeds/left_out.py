"""Which rows a feed of the user leaves out on purpose, so that ``scrapy verify`` does not miss them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from scrapy.extensions.feedexport import ItemFilter
from scrapy.utils.misc import load_object

from newsbot.compact import IdSet
from newsbot.items import Record

FIRST_FILTER = "first_filter"
"""The feed option with newsbot's filter, which NotingFilter calls first."""

OWN_FILTER = "own_filter"
"""The feed option with the user's filter. NotingFilter calls it for each row that newsbot's filter accepts."""

LEFT_OUT = "left_out"
"""The feed option with the rows that the filter left out: (site, kind, type) -> ids."""


class LeftOut(defaultdict[tuple[str, str, str], IdSet]):
    """(site, kind, type) -> ids. The text of the object is short, since the log shows the options of feeds."""

    def __repr__(self) -> str:
        return "LeftOut()"


def noting(options: Mapping[str, Any], first: type[ItemFilter]) -> dict[str, Any]:
    """The options of a feed whose filter records the rows that it leaves out: the rows that ``first`` or the user's
    filter refuses."""
    own = {FIRST_FILTER: first, OWN_FILTER: options.get("item_filter", ItemFilter)}
    return {**options, "item_filter": NotingFilter, **own}


def with_own_notes(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a feed that shares its notes with no other feed."""
    return {**options, LEFT_OUT: LeftOut(IdSet)} if OWN_FILTER in options else dict(options)


class NotingFilter(ItemFilter):
    """Calls newsbot's filter and then the user's filter, each once for each item, and records the rows that they leave
    out."""

    def __init__(self, feed_options: dict[str, Any]) -> None:
        super().__init__(feed_options)
        self._first: ItemFilter = feed_options[FIRST_FILTER](feed_options)
        own = feed_options[OWN_FILTER]
        self._own: ItemFilter = load_object(own)({**feed_options, "item_filter": own})
        # The storage of the feed gets the same object, and passes it to the receipt.
        self._left_out: LeftOut = feed_options[LEFT_OUT]

    def accepts(self, item: Any) -> bool:
        accepted = self._first.accepts(item) and bool(self._own.accepts(item))
        if isinstance(item, Record) and item.id is not None:
            ids = self._left_out[item.site, item.collection, item.type]
            (ids.discard if accepted else ids.add)(item.id)
        return accepted
