"""Rows by their ids from a site that refuses or ignores ``include=``. Pure.

Some firewalls refuse each query with this parameter and answer all others. Some plugins drop the parameter, so that
other rows come. A few rows are then asked for by the route of a single row; many rows are found in the listing by id,
page after page, where that costs fewer requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from newsbot.errors import PayloadError, Refused
from newsbot.wordpress.api import Site
from newsbot.wordpress.empty_fields import is_refused
from newsbot.wordpress.messages import Query, Reply, Steps
from newsbot.wordpress.replies import answer, rows_of, with_rows
from newsbot.wordpress.values import row_id

PURPOSES = ("include", "confirm", "identity", "salvage", "join-")
"""The beginnings of the purposes of queries for ids that the site is known to have. Other queries with ``include`` only
try ids: a separate query for each id would cost too much."""

TRIED = 3
"""Rows that are asked for by their own routes, where other rows came in the place of all that were asked for."""

FEW = 10
"""With more ids than this, the listing by id is read first."""

MOST = 1_000
"""The most requests that one run makes in place of queries with ``include``. Later queries fail with the answer of the
site, and the next run requests their rows."""

_OF_LISTINGS = frozenset({"include", "exclude", "per_page", "page", "offset", "order", "orderby", "after", "before"})
"""Parameters that the route of a single row does not take."""

_GONE = frozenset({404, 410})
"""The statuses of WordPress's answer for a row that does not exist."""

_HIDDEN = _GONE | {401, 403}
"""The statuses of WordPress's answer for a row that visitors may not see."""

_FOR_LENGTH = frozenset({413, 414, 431, 494})
"""Statuses by which a server refuses the length of a URL: a query for fewer ids may be accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The contents of a query: rows of ``route`` by their ``ids``, with the parameters ``kept`` in each form."""

    route: str
    ids: list[int]
    kept: Mapping[str, str]


@dataclass(slots=True)
class _Found:
    """The rows that came, by id, the URL and the answer of each, and the last answer."""

    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    replies: dict[int, Reply] = field(default_factory=dict)
    last: Reply | None = None

    def take(self, raw: dict[str, Any], reply: Reply, wanted: list[int]) -> None:
        number = row_id(raw.get("id"))
        if number is not None and number in wanted:
            self.rows[number], self.replies[number] = raw, reply.without_body()


@dataclass(slots=True)
class ByIds:
    """Brings the rows of queries with ``include`` in another form. ``settled``: routes that need no other form, or that
    also refuse a single row. ``places``: route and order -> the first id of a page of the listing by id -> its offset.
    ``left`` is how many more requests may be made.
    """

    site: Site
    settled: set[str] = field(default_factory=set)
    places: dict[tuple[str, bool], dict[int, int]] = field(default_factory=dict)
    left: int = MOST

    def instead(self, query: Query) -> Steps[Reply | None]:
        """The rows of ``query`` in another form, if the site is known to refuse ``include``; else None."""
        asked = self._asked(query)
        if asked is None or "include" not in self.site.accepted(asked.route).refused:
            return None
        return (yield from self._bring(query, asked))

    def after(self, query: Query, reply: Reply) -> Steps[Reply | None]:
        """The rows of ``query`` in another form, if its ``reply`` is a refusal of ``include``, or shows that the site
        ignores it; else None."""
        asked = self._asked(query)
        if asked is None or asked.route in self.settled or not _may_not_take(reply, asked.ids):
            return None
        self.settled.add(asked.route)
        if not (yield from self._is_reason(query, asked, is_refusal=_may_refuse_include(reply))):
            return None
        self.site.leave(asked.route, "include")
        return (yield from self._bring(query, asked))

    def settle(self, query: Query) -> None:
        """Note that the site refuses each form of ``query``, which lists joined objects: it closes their route, and ids
        are not the reason. A listing of rows may be refused for another parameter, such as an offset."""
        found = self.site.api.route(query.url) if query.purpose.startswith("join-") else None
        if found is not None:
            self.settled.add(found[0])

    def _asked(self, query: Query) -> _Asked | None:
        if query.method != "GET" or not query.purpose.startswith(PURPOSES) or "include=" not in query.url:
            return None
        found = self.site.api.route(query.url)
        if found is None or not (listed := found[1].get("include", "")):
            return None
        ids = [number for text in listed.split(",") if (number := row_id(text)) is not None]
        kept = {name: value for name, value in found[1].items() if name not in _OF_LISTINGS}
        return _Asked(route=found[0], ids=ids, kept=kept) if ids else None

    def _is_reason(self, query: Query, asked: _Asked, *, is_refusal: bool) -> Steps[bool]:
        """Whether the site refuses or ignores ``include`` also for one id, and gives this row by its own route."""
        first = asked.ids[0]
        if len(asked.ids) > 1:
            alone = {**asked.kept, "include": first, "per_page": 1}
            if not _may_not_take((yield self._query(query, asked.route, alone)), [first]):
                return False
        if not is_refusal:
            # A row that is gone proves nothing: a plugin may put another row on each page.
            for number in asked.ids[:TRIED]:
                if _shows((yield self._single(query, asked, number)), number):
                    return True
            return False
        reply = yield self._single(query, asked, first)
        return _shows(reply, first) or _is_left_out(reply)

    def _bring(self, query: Query, asked: _Asked) -> Steps[Reply | None]:
        found = _Found()
        if len(asked.ids) > FEW:
            yield from self._scan(query, asked, found)
        for number in asked.ids:
            if number in found.rows:
                continue
            if self.left <= 0:
                return None
            reply: Reply = yield self._single(query, asked, number)
            found.last = reply
            if _is_left_out(reply, _HIDDEN):
                continue
            try:
                raw = answer(reply)
            except PayloadError:
                return reply
            if isinstance(raw, dict):
                found.take(raw, reply, [number])
        return _as_listing(query, asked, found)

    def _scan(self, query: Query, asked: _Asked, found: _Found) -> Steps[None]:
        """Read the listing by id for at most half as many requests as the rows would need by themselves."""
        # Changed rows are mostly new rows. The joined objects of a walk are needed from the oldest one on.
        down = not query.purpose.startswith("join-")
        accepted = self.site.accepted(asked.route)
        size = min(accepted.per_page, accepted.whole_rows or accepted.per_page)
        order: dict[str, Any] = {"orderby": "id", "order": "desc" if down else "asc", "per_page": size}
        places = self.places.setdefault((asked.route, down), {})
        wanted, offset = sorted(asked.ids, reverse=down), 0
        before = [first for first in places if (first >= wanted[0] if down else first <= wanted[0])]
        if before:
            offset = places[min(before) if down else max(before)]
        for _ in range(len(wanted) // 2):
            if self.left <= 0:
                return
            reply: Reply = yield self._query(query, asked.route, {**asked.kept, **order, "offset": offset})
            found.last = reply
            try:
                rows = rows_of(reply)
            except PayloadError:
                return
            ids = [number for raw in rows if (number := row_id(raw.get("id"))) is not None]
            for raw in rows:
                found.take(raw, reply, asked.ids)
            if not ids or ids != sorted(ids, reverse=down):
                return
            places[ids[0]] = offset
            offset += len(rows)
            if ids[-1] <= wanted[-1] if down else ids[-1] >= wanted[-1]:
                return

    def _single(self, query: Query, asked: _Asked, number: int) -> Query:
        return self._query(query, f"{asked.route}/{number}", asked.kept)

    def _query(self, query: Query, route: str, params: Mapping[str, Any]) -> Query:
        self.left -= 1
        return replace(query, url=self.site.api.url(route, params), shared="")


def _may_not_take(reply: Reply, ids: list[int]) -> bool:
    """Whether the site may refuse or ignore ``include``."""
    return _may_refuse_include(reply) or _has_only_others(reply, ids)


def _has_only_others(reply: Reply, ids: list[int]) -> bool:
    """Whether rows came, and none of those that were asked for."""
    if not reply.is_ok:
        return False
    try:
        came = {row_id(raw.get("id")) for raw in rows_of(reply)} - {None}
    except PayloadError:
        return False
    return bool(came) and came.isdisjoint(ids)


def _may_refuse_include(reply: Reply) -> bool:
    if reply.status in _FOR_LENGTH:
        return False
    if is_refused(reply):
        return True
    try:
        answer(reply)
    except Refused as refusal:
        # A site that drops ``include`` refuses the order of the ids, which WordPress takes only with them.
        named = "include" in refusal.params or refusal.code == "rest_orderby_include_missing_include"
        return refusal.status == 400 and named
    except PayloadError:
        pass
    return False


def _shows(reply: Reply, number: int) -> bool:
    try:
        raw = answer(reply) if reply.is_ok else None
    except PayloadError:
        return False
    return isinstance(raw, dict) and row_id(raw.get("id")) == number


def _is_left_out(reply: Reply, statuses: frozenset[int] = _GONE) -> bool:
    """Whether WordPress answered that the row does not exist. WordPress leaves such a row out of a listing."""
    try:
        answer(reply)
    except Refused as refusal:
        # A site without the route of single rows answers ``rest_no_route`` for each row, so this answer shows nothing.
        return refusal.status in statuses and refusal.code != "rest_no_route"
    except PayloadError:
        pass
    return False


def _as_listing(query: Query, asked: _Asked, found: _Found) -> Reply:
    """The reply to ``query`` that WordPress would have given, with the headers of the last answer."""
    rows = [found.rows[number] for number in asked.ids if number in found.rows]
    last = found.last or Reply(status=200, url=query.url)
    origins = {number: reply.origin(number) for number, reply in found.replies.items()}
    reply = Reply(
        status=200,
        url=query.url,
        headers=last.headers,
        fetched_at=last.fetched_at,
        seconds=last.seconds,
        origins=origins,
    )
    return with_rows(reply, rows, total=len(rows), size=max(1, len(rows)))
