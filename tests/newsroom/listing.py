"""Which rows a listing gives, and how many rows it counts.

WordPress adds no tie-break by id to its orders, and MySQL orders tied rows differently for each LIMIT: page
numbers lose some tied rows and give others twice. Here a hash of the offset and the limit determines that order.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tests.newsroom.archive import Archive
from tests.newsroom.records import Post
from tests.newsroom.schema import local_seconds
from tests.newsroom.sorted_ids import id_of, pack, value_of

Keys = Sequence[int]
_TAXONOMIES = ("categories", "tags", "beats")
_KEPT = 64
"""Filtered listings that are remembered until the archive changes."""


class Listing:
    """Listings of posts, pages, stories and media."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._kept: dict[tuple[Any, ...], Keys] = {}
        self._version = -1

    def page(self, kind: str, values: dict[str, Any]) -> tuple[int, list[int]]:
        """(total, ids of the page) for validated parameters. The ids include rows that a visitor may not read."""
        limit = values["per_page"]
        offset = values.get("offset") or (values["page"] - 1) * limit
        keys = self._ordered(kind, values)
        excluded = set(values.get("exclude") or ())
        if excluded and isinstance(keys, array) and not offset:
            return self._first_without(excluded, kind, keys, values)
        if excluded:
            keys = [key for key in keys if id_of(key) not in excluded]
        orderby, down = values["orderby"], values["order"] == "desc"
        if orderby == "include":
            return len(keys), [id_of(key) for key in keys[offset : offset + limit]]
        return len(keys), _page(keys, offset=offset, limit=limit, down=down, ties=self._archive.noise)

    def _first_without(
        self, excluded: set[int], kind: str, keys: array[int], values: dict[str, Any]
    ) -> tuple[int, list[int]]:
        """A first page by date without some rows, without reading all 200,000 keys."""
        low, high = (value_of(keys[0]), value_of(keys[-1])) if keys else (0, -1)
        sorted_ids, rows = self._archive.by_date(kind), map(self._archive.row, excluded)
        gone = [row for row in rows if row and low <= row.date.key <= high and sorted_ids.holds(row.date.key, row.id)]
        down, reach = values["order"] == "desc", values["per_page"] + len(excluded)
        edge = value_of(keys[-reach:][0] if down else keys[:reach][-1]) if keys else 0
        cut = bisect_left(keys, pack(edge, 0)) if down else bisect_left(keys, pack(edge + 1, 0))
        near = [key for key in (keys[cut:] if down else keys[:cut]) if id_of(key) not in excluded]
        ids = _page(near, offset=0, limit=values["per_page"], down=down, ties=self._archive.noise)
        return len(keys) - len(gone), ids

    def _ordered(self, kind: str, values: dict[str, Any]) -> Keys:
        """The filtered keys in ascending order of ``orderby``."""
        if values["orderby"] in ("date", "relevance") and not values.get("include") and self._test(values) is None:
            low, high = self._archive.by_date(kind).between(*self._window(values))
            return self._archive.by_date(kind).keys[low:high]
        if self._version != self._archive.version:
            self._kept, self._version = {}, self._archive.version
        asked = {
            name: values[name] for name in values if name not in ("page", "per_page", "offset", "exclude", "order")
        }
        asked.pop("context", None)
        signature = (kind, *((name, str(value)) for name, value in asked.items() if value not in (None, [])))
        if signature not in self._kept:
            if len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[signature] = self._sort(kind, self._filter(kind, values), values)
        return self._kept[signature]

    def _filter(self, kind: str, values: dict[str, Any]) -> Keys:
        """Keys by date of the rows in the window that pass every filter."""
        sorted_ids, archive = self._archive.by_date(kind), self._archive
        window = self._window(values)
        low, high = sorted_ids.between(*window)
        test = self._test(values)
        if values.get("include"):
            rows = [row for row_id in dict.fromkeys(values["include"]) if (row := archive.row(row_id)) is not None]
            keys = sorted(pack(row.date.key, row.id) for row in rows if sorted_ids.holds(row.date.key, row.id))
            keys = [key for key in keys if _inside(value_of(key), window)]
        else:
            keys = list(sorted_ids.keys[low:high])
        if test is None:
            return keys
        return [key for key in keys if (row := archive.row(id_of(key))) is not None and test(row)]

    def _window(self, values: dict[str, Any]) -> tuple[int | None, int | None]:
        return self._seconds(values.get("after")), self._seconds(values.get("before"))

    def _seconds(self, text: str | None) -> int | None:
        return None if text is None else local_seconds(text, self._archive.zone)

    def _test(self, values: dict[str, Any]) -> Callable[[Post], bool] | None:
        """A test of a row for filters other than dates, or None where the question has no such filter."""
        tests: list[Callable[[Post], bool]] = self._taxonomy_tests(values)
        for name in ("author", "parent"):
            if values.get(name):
                tests.append(lambda row, n=name, ids=set(values[name]): getattr(row, n) in ids)  # type: ignore[misc]
            if values.get(f"{name}_exclude"):
                wrong = set(values[f"{name}_exclude"])
                tests.append(lambda row, n=name, ids=wrong: getattr(row, n) not in ids)  # type: ignore[misc]
        if values.get("slug"):
            tests.append(lambda row, slugs=set(values["slug"]): row.slug in slugs)  # type: ignore[misc]
        if values.get("sticky") is not None:
            tests.append(lambda row: row.sticky == values["sticky"])
        if values.get("search"):
            tests.append(lambda row: self._holds(row, values["search"].lower()))
        after, before = (self._seconds(values.get(name)) for name in ("modified_after", "modified_before"))
        if after is not None or before is not None:
            tests.append(lambda row: _inside(row.modified.key, (after, before)))
        return (lambda row: all(test(row) for test in tests)) if tests else None

    def _taxonomy_tests(self, values: dict[str, Any]) -> list[Callable[[Post], bool]]:
        """Tests of categories, tags and beats; ``tax_relation=OR`` combines them into one test."""
        tests: list[Callable[[Post], bool]] = []
        for name in _TAXONOMIES:
            if values.get(name):
                wanted = self._with_children(name, values[name])
                tests.append(lambda row, n=name, ids=wanted: not ids.isdisjoint(getattr(row, n)))  # type: ignore[misc]
            if values.get(f"{name}_exclude"):
                wrong = set(values[f"{name}_exclude"])
                tests.append(lambda row, n=name, ids=wrong: ids.isdisjoint(getattr(row, n)))  # type: ignore[misc]
        if values.get("tax_relation") == "OR" and tests:
            return [lambda row: any(test(row) for test in tests)]
        return tests

    def _with_children(self, name: str, ids: Iterable[int]) -> set[int]:
        wanted = set(ids)
        if name == "categories":
            # WP_Query includes the descendants of a category.
            terms = self._archive.terms["category"].values()
            while more := {term.id for term in terms if term.parent in wanted} - wanted:
                wanted |= more
        return wanted

    def _holds(self, row: Post, words: str) -> bool:
        body = (row.body if row.body is not None else self._archive.writer.lead(row.id)).lower()
        return all(word in row.title.lower() or word in body for word in words.split())

    def _sort(self, kind: str, keys: Keys, values: dict[str, Any]) -> Keys:
        """Keys by date, turned into keys by ``orderby``."""
        orderby = values["orderby"]
        if orderby in ("date", "relevance"):
            return keys
        if orderby == "include":
            places = {row_id: place for place, row_id in enumerate(values["include"])}
            return sorted(keys, key=lambda key: places[id_of(key)])
        if orderby == "id":
            return sorted(pack(id_of(key), id_of(key)) for key in keys)
        if orderby == "modified" and len(keys) == len(self._archive.by_date(kind)):
            return self._archive.by_modified(kind).keys
        rows = [row for key in keys if (row := self._archive.row(id_of(key))) is not None]
        ranks = {word: rank for rank, word in enumerate(sorted({_word(row, orderby) for row in rows}))}
        return sorted(pack(ranks[_word(row, orderby)], row.id) for row in rows)


def _inside(value: int, window: Sequence[int | None]) -> bool:
    after, before = window
    return (after is None or value > after) and (before is None or value < before)


def _word(row: Post, orderby: str) -> Any:
    if orderby == "modified":
        return row.modified.key
    if orderby in ("slug", "include_slugs"):
        return row.slug
    return {"title": row.title, "author": row.author, "parent": row.parent, "menu_order": 0}[orderby]


def _page(keys: Keys, *, offset: int, limit: int, down: bool, ties: Callable[..., int]) -> list[int]:
    """One page of sorted keys. The order within a group of ties depends on (offset, limit)."""
    size = len(keys)
    low, high = (size - offset - limit, size - offset) if down else (offset, offset + limit)
    low, high = max(0, low), min(size, high)
    if low >= high:
        return []
    first, last = low, high
    while first > 0 and value_of(keys[first - 1]) == value_of(keys[low]):
        first -= 1
    while last < size and value_of(keys[last]) == value_of(keys[high - 1]):
        last += 1
    seed = offset * 131_071 + limit
    drawn = sorted(keys[first:last], key=lambda key: (value_of(key), ties(id_of(key), seed)))
    page = [id_of(key) for key in drawn[low - first : high - first]]
    return page[::-1] if down else page
