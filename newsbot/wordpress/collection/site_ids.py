"""The rows that a site lists and counts, without content: ids with their dates of change, and totals. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from newsbot.errors import RecordError
from newsbot.numbers import is_digits
from newsbot.timestamps import iso_utc
from newsbot.wordpress import records
from newsbot.wordpress.collection.cursor import Cursor, Params
from newsbot.wordpress.collection.ids import every_id
from newsbot.wordpress.dates import age, site_time, utc
from newsbot.wordpress.messages import Asking, Query, Reply
from newsbot.wordpress.queries import PAST_CACHES, Queries
from newsbot.wordpress.replies import rows_of, total_of
from newsbot.wordpress.values import decoded

LISTING = "id,date,date_gmt,modified,modified_gmt"
"""The fields of a listing for which the site renders no content."""

_HITS = ("hit", "served", "stale", "updating")
"""The beginning of a header's value by which a cache says that it gave the answer. Each hosting provider uses its own
name for the header (``x-cache``, ``cf-cache-status``, ``x-kinsta-cache``, ``x-wp-cached-call``,
``x-srcache-fetch-status``)."""

Dates = dict[int, "str | None"]
"""Row id -> its ``modified`` (UTC, ISO), None for a row without one."""


@dataclass(slots=True, kw_only=True)
class Listed:
    """One listing of ids. ``first_total`` and ``total`` are the site's counts in its first and its last answer,
    ``when`` is the site's time of the first answer (UTC, ISO). ``unproven``: rows may be missing. ``repeating``: the
    site gave the same page again whatever was asked for. ``by_page``: the rows came by page numbers. ``in_turns``: see
    ``Cursor``. ``unordered``: the site ignored the order of ids."""

    dates: Dates = field(default_factory=dict)
    first_total: int | None = None
    total: int | None = None
    when: str | None = None
    unproven: bool = False
    repeating: bool = False
    by_page: bool = False
    in_turns: bool = False
    unordered: bool = False

    @property
    def broke_off(self) -> bool:
        """Whether the listing proves nothing: ids that it lacks may be there."""
        return self.unproven or self.repeating

    @property
    def is_steady(self) -> bool:
        """Whether the site counted the same at the beginning and at the end, so that the counts hold for the ids."""
        return not self.broke_off and self.total is not None and self.total == self.first_total

    @property
    def hidden(self) -> int | None:
        """The rows that the site counts and does not list; None where that is unknown, or would be negative."""
        if not self.is_steady or self.total is None or self.total < len(self.dates):
            return None
        return self.total - len(self.dates)


@dataclass(slots=True, kw_only=True)
class Counted:
    """A site's total; None if the count is missing or impossible. ``age``: the seconds for which a cache kept it."""

    total: int | None
    when: str | None
    age: int = 0


@dataclass(frozen=True, slots=True)
class SiteIds:
    """Lists and counts the rows of the collection of ``queries``. ``published`` are the dates of publication of listed
    rows, until they are compared with the archive's. ``links`` are the addresses of listed rows, as far as they came.
    ``fresh`` is a text that no earlier run had: with it each query goes past caches, since a cache that does not mark
    its answers would show the state of the site in an earlier run. ``field_set`` is the number of the set of fields by
    which this run recognises an old answer (``responsive``)."""

    queries: Queries
    published: Dates = field(default_factory=dict, compare=False)
    links: dict[int, str] = field(default_factory=dict, compare=False)
    fresh: str = ""
    field_set: int = 0

    def query(self, params: Mapping[str, Any], purpose: str, *, tries: int = 4) -> Query:
        """A query of the collection's route, past caches if the run has a ``fresh`` text."""
        return self.queries.afresh(dict(params), self.fresh, purpose, tries=tries)

    def dates_in(self, rows: Sequence[dict[str, Any]]) -> Dates:
        """Id -> ``modified`` of the rows of an answer. A row without an id is left out."""
        dates: Dates = {}
        for raw in rows:
            try:
                row_id = records.record_id(raw)
            except RecordError:
                continue
            dates[row_id] = self._dates(row_id, raw)
        return dates

    def _dates(self, row_id: int, raw: Mapping[str, Any]) -> str | None:
        """The ``modified`` of a row. Its date of publication is kept in ``published``."""
        modified = utc(raw.get("modified_gmt"), raw.get("modified"), self.queries.site)
        published = utc(raw.get("date_gmt"), raw.get("date"), self.queries.site)
        if (link := decoded(raw.get("link"))) is not None:
            self.links[row_id] = link
        if published is not None:
            # Most rows were never modified, so their two dates are equal. One text in memory serves both.
            self.published[row_id] = modified if published == modified else published
        return modified

    def every(
        self,
        purpose: str,
        *,
        newest_first: bool = False,
        window: Mapping[str, str] | None = None,
        trusting: bool = True,
        whole: int | None = None,
    ) -> Asking[Listed]:
        """Every id that the site lists, in the order of ids. ``trusting``: a short page may count as the whole listing.
        ``whole`` is the site's count of the collection, of which a ``window`` is listed. Raises PayloadError."""
        listed = Listed()

        def ask(params: Params) -> Query:
            return self.query(params | {"_fields": LISTING}, purpose)

        def observe(reply: Reply) -> None:
            total = total_of(reply)
            if total == 0 and listed.first_total:
                # WordPress counts no row where an offset lies after the last row.
                return
            listed.total = total if total != whole else None
            if listed.when is None:
                listed.when, listed.first_total = site_time(reply), listed.total

        base = dict(self.queries.window) | dict(window or {})
        cursor = Cursor(
            base=base,
            dated=False,
            has_dates=self.queries.is_dated,
            newest_first=newest_first,
            per_page=self.queries.per_page,
        )
        listed.dates = yield from every_id(cursor, ask, self._dates, observe=observe, trusting=trusting, whole=whole)
        if cursor.disorder:
            # The last answers counted a part of the rows.
            listed.total = cursor.last_total
        listed.unproven, listed.repeating, listed.by_page = cursor.unproven, cursor.repeating, cursor.by_page
        listed.in_turns, listed.unordered = cursor.in_turns, "orderby=id" in cursor.disorder
        return listed

    def ask_total(
        self, purpose: str, *, fresh: str | None = None, window: Mapping[str, str] | None = None
    ) -> Asking[Counted]:
        """The site's total. ``fresh`` is a text that no earlier query had: caches then have no answer to the query."""
        params: dict[str, Any] = dict(self.queries.window) | dict(window or {}) | {"per_page": 1, "_fields": "id"}
        reply = yield replace(self, fresh=fresh or self.fresh).query(params, purpose)
        rows = rows_of(reply)
        # Some plugins send a total of 0 together with rows.
        return Counted(total=total_of(reply) or (None if rows else 0), when=site_time(reply), age=age(reply))

    def shown(self, ids: Sequence[int], purpose: str, *, fresh: str | None = None) -> Asking[Dates]:
        """The ids of ``ids`` that the site shows when it is asked for them by id. Raises PayloadError."""
        dates: Dates = {}
        size = self.queries.per_page
        for start in range(0, len(ids), size):
            wanted = ids[start : start + size]
            params: dict[str, Any] = {"include": list(wanted), "per_page": len(wanted), "orderby": "include"}
            params |= {"_fields": LISTING}
            reply = yield replace(self, fresh=fresh or self.fresh).query(params, purpose, tries=2)
            # A site that ignores ``include`` shows other rows.
            asked = frozenset(wanted)
            dates |= {row_id: at for row_id, at in self.dates_in(rows_of(reply)).items() if row_id in asked}
        return dates


def asked_afresh(queries: Queries, params: Mapping[str, Any], fresh: str, purpose: str, *, tries: int) -> Asking[Reply]:
    """The answer to a query past all caches. ``fresh`` is a number that no earlier query had.

    If a cache nevertheless gave the answer, the query is made again, and excludes the id ``fresh``. No site has a row
    with this id, so the answer is the same, and no cache has it.
    """
    reply: Reply = yield queries.afresh(dict(params), fresh, purpose, tries=tries)
    if reply.is_ok and is_from_cache(reply) and queries.takes("exclude"):
        reply = yield queries.afresh(dict(params) | {"exclude": fresh}, fresh, purpose, tries=tries)
    return reply


def past_caches(query: Query, wanted: bool = True) -> Query:
    """``query``, if ``wanted`` with the header that asks caches to pass the query on to the site."""
    return replace(query, headers=PAST_CACHES) if wanted else query


def is_from_cache(reply: Reply) -> bool:
    """Whether a cache says that it gave the answer: the site may have changed since."""
    # The header of a look-up shows whether the cache had an answer, not whether it used this answer: Squid may report a
    # look-up as a hit and answer with a miss.
    names = (name for name in reply.headers if "cache" in name and name != "cache-control" and "lookup" not in name)
    named = (reply.headers[name] for name in names)
    # Varnish names two requests: the request that it answers, and after it the request that filled the cache.
    from_varnish = len(reply.headers.get("x-varnish", "").split()) > 1
    return age(reply) > 0 or from_varnish or any(value.strip().lower().startswith(_HITS) for value in named)


def token(when: str | None) -> str:
    """A text for the parameter ``fresh``, from the time of an answer."""
    return "".join(digit for digit in when or "0" if is_digits(digit))


def window(since: datetime, until: datetime) -> dict[str, str]:
    """The parameters of a window. WordPress leaves out rows of exactly the second in ``after``, so ``after`` is one
    second earlier.
    """
    return {"after": iso_utc(since - timedelta(seconds=1)), "before": iso_utc(until)}
