"""Searches for what is new, edited and gone since the last run. Pure: generators of queries and questions.

``changed`` lists the rows modified or published since the watermark. ``gone`` finds missing rows by halving windows of
time. ``sweep`` compares every id. No search makes the site render content, and no search makes a tombstone: a missing
row counts as gone only when its own request says so (``confirm``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from newsbot.errors import PayloadError, RecordError
from newsbot.timestamps import iso_utc
from newsbot.wordpress import records
from newsbot.wordpress.api import PER_PAGE
from newsbot.wordpress.collection.cursor import Cursor, Params
from newsbot.wordpress.collection.ids import every_id
from newsbot.wordpress.dates import ZONE_SHIFT, site_time, utc
from newsbot.wordpress.messages import AskKnown, CollectionState, Query, Reply, Steps
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.replies import answer, rows_of, total_of

LISTING = "id,modified_gmt,date_gmt"

LEAF = PER_PAGE
"""A window with at most so many known posts is listed, not halved again."""

WINDOW_REQUESTS = 20
"""Requests that a search by windows may make. After them, the search becomes a sweep."""

FEW = 5
"""So many deletions are never held back: on a small site one deletion is many percent."""


GONE_CODES = frozenset(
    {
        *("rest_post_invalid_id", "rest_comment_invalid_id", "rest_user_invalid_id", "rest_term_invalid"),
        *("rest_invalid_id", "rest_post_invalid_parent"),
    }
)
"""WordPress's error codes for an object that does not exist."""

SHUT_CODES = frozenset({"rest_forbidden", "rest_cannot_read", "rest_user_cannot_view"})
"""WordPress's error codes for an object that visitors may not see."""


@dataclass(slots=True, kw_only=True)
class Found:
    """What a search found.

    ``wanted`` ids are new or changed; the ``new`` ones of them are not in the archive. ``missing`` ids are in the
    archive, and the site did not list them. ``watermark`` is the site's time (UTC, ISO) of the first reply, ``total``
    the site's count, ``shown`` the number of ids that a sweep listed, ``listed`` one of these ids.

    ``partial``: a listing broke off. ``sweep``: every id must be compared, because the site does not support the search
    or because the search found no explanation.
    """

    wanted: list[int] = field(default_factory=list)
    new: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    watermark: str | None = None
    total: int | None = None
    shown: int = 0
    listed: int | None = None
    sweep: bool = False
    partial: bool = False

    def compare(self, listed: dict[int, str | None], known: dict[int, str | None]) -> None:
        """Add the rows of a listing that are not ``known``, or newer than the known row."""
        fresh = [row_id for row_id in listed if row_id not in known]
        newer = [
            row_id for row_id, modified in listed.items() if row_id in known and _is_newer(modified, known[row_id])
        ]
        self.wanted += sorted(fresh + newer)
        self.new += fresh


def is_held_back(*, gone: int, live: int, percent: float, confirmed: bool = False) -> bool:
    """Whether so many deletions at once are more likely a fault of the site than true. ``gone`` of ``live`` rows are
    missing, ``percent`` are believed. ``confirmed``: the user says that the deletions are true."""
    return not confirmed and gone > max(FEW, live * percent / 100)


@dataclass(frozen=True, slots=True)
class Changes:
    """The searches in one collection that an earlier run brought whole. ``state`` is what the archive holds."""

    queries: Queries
    state: CollectionState

    @property
    def can_list_modified(self) -> bool:
        return self.queries.takes("modified_after")

    def changed(self) -> Steps[Found]:
        """Search for new and edited rows. Two listings are needed, since each alone misses posts published late."""
        found = Found()
        if self.state.watermark is None or not (self.can_list_modified or self.queries.options.kind == "comments"):
            found.sweep = True
            return found
        since = datetime.fromisoformat(self.state.watermark) - ZONE_SHIFT
        after = iso_utc(since)
        listed: dict[int, str | None] = {}
        for param in ("modified_after", "after") if self.can_list_modified else ("after",):
            rows = yield from self._list({param: after}, "changes", found)
            listed |= rows
        known = yield self.queries.known(listed)
        found.compare(listed, known)
        found.sweep = found.partial
        return found

    def sweep(self) -> Steps[Found]:
        """Compare every id of the site with every id of the archive."""
        found = Found()
        listed = yield from self._list({}, "sweep", found)
        known = yield self.queries.known()
        found.compare(listed, known)
        # Where the listing broke off, ids that it did not show may stand behind its end.
        found.missing, found.shown = [] if found.partial else sorted(known.keys() - listed.keys()), len(listed)
        return found

    def gone(self, *, fetched: int = 0) -> Steps[Found]:
        """Search for rows that the site no longer counts, and for rows that the archive lacks. The archive lacks a row
        that was published late with an old date. ``fetched`` rows came since ``state`` was read.

        One query suffices where the counts are equal. Otherwise the search halves windows of time; the archive counts
        its side of each window without a request.
        """
        found = Found()
        found.total = total = yield from self._count({}, found)
        if total is None:
            found.sweep = True
        elif (differing := self.state.live + fetched - (total - self.state.hidden)) != 0:
            yield from self._search(found, differing - self.state.hidden)
            # A row without a date is in no window.
            found.sweep = found.sweep or len(found.missing) - len(found.new) != differing
        return found

    def _search(self, found: Found, difference: int) -> Steps[None]:
        """Halve windows of publication dates whose counts differ. ``difference``: the archive's count less the
        site's."""
        windows: list[tuple[datetime, datetime, int]] = []
        windows.append((datetime(1001, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC), difference))
        requests = 0
        while windows:
            since, until, differing = windows.pop()
            known = yield self._known(since, until)
            if requests >= WINDOW_REQUESTS or (len(known) <= LEAF < -differing):
                found.sweep = True
                return
            if len(known) <= LEAF or until - since <= timedelta(seconds=1):
                requests += 1 + len(known) // PER_PAGE
                requests += yield from self._compare_window(found, since, until, known, differing)
                continue
            middle = yield from self._middle(since, until, len(known))
            left = yield self._known(since, middle)
            requests += 1
            counted = yield from self._count(_window(since, middle), found)
            if counted is None:
                found.sweep = True
                return
            lost = len(left) - counted
            windows += [half for half in _halves(since, middle, until, lost, differing) if half[2]]

    def _compare_window(
        self, found: Found, since: datetime, until: datetime, known: dict[int, str | None], differing: int
    ) -> Steps[int]:
        """List a small window and compare its ids. Returns the requests that were made beyond the first listing."""
        listed = yield from self._list(_window(since, until), "window", found)
        more = 0
        if len(known.keys() - listed.keys()) - len(listed.keys() - known.keys()) != differing:
            # The site compares other dates than the archive (its time zone changed): list the surroundings too.
            more = 1
            listed |= yield from self._list(_around(since, until), "window", found)
        unknown = listed.keys() - known.keys()
        held = (yield self.queries.known(unknown)) if unknown else {}
        found.compare({row_id: listed[row_id] for row_id in unknown}, held)
        found.missing += sorted(known.keys() - listed.keys())
        return more

    def _middle(self, since: datetime, until: datetime, held: int) -> Steps[datetime]:
        """A time that divides the known posts of a window into halves. The archive answers this, not the site."""
        low, high = since, until
        for _ in range(48):
            middle = (low + (high - low) / 2).replace(microsecond=0)
            if middle <= low or high - low <= timedelta(seconds=1):
                break
            left = yield self._known(since, middle)
            if len(left) * 3 < held:
                low = middle
            elif len(left) * 3 > held * 2:
                high = middle
            else:
                return middle
        return min(max(high, since + timedelta(seconds=1)), until)

    def confirm(self, missing: Iterable[int], *, neighbour: int | None) -> Steps[tuple[list[int], list[int]]]:
        """Ask for each missing row. Returns the ids that are truly gone, and the ids of which this stays unknown.

        A row is gone where the reply holds one of WordPress's own error codes for it. Any other 404, 410, 401 or 403
        means gone only where ``neighbour``, a row that this run listed, still has a reply: a site that hides all single
        posts from visitors deleted none of them. A row that has a reply exists, whatever the listings say.
        """
        gone, shut, unsure = [], [], []
        for row_id in missing:
            reply = yield self.queries.single(row_id)
            code = _code(reply)
            if reply.status in (404, 410) and code in GONE_CODES:
                gone.append(row_id)
            elif (reply.status in (404, 410) and code != "rest_no_route") or code in SHUT_CODES:
                shut.append(row_id)
            elif not _shows(reply, row_id):
                unsure.append(row_id)
        if shut:
            answered = neighbour is not None and _shows((yield self.queries.single(neighbour)), neighbour)
            (gone if answered else unsure).extend(shut)
        return sorted(gone), sorted(unsure)

    # Queries and questions.

    def _known(self, since: datetime, until: datetime) -> AskKnown:
        return self.queries.known(since=iso_utc(since), until=iso_utc(until))

    def _count(self, window: dict[str, str], found: Found) -> Steps[int | None]:
        reply = yield self.queries.query(window | {"per_page": 1, "_fields": "id"}, "count")
        rows = rows_of(reply)
        found.watermark = found.watermark or site_time(reply)
        # Some plugins send a total of 0 together with rows.
        return total_of(reply) or (None if rows else 0)

    def _list(self, window: dict[str, str], purpose: str, found: Found) -> Steps[dict[int, str | None]]:
        """Every id of a window, with its ``modified`` date."""

        def ask(params: Params) -> Query:
            return self.queries.query(params | {"_fields": LISTING}, purpose)

        def observe(reply: Reply) -> None:
            found.watermark = found.watermark or site_time(reply)
            if not window and found.total is None:
                found.total = total_of(reply)

        def modified(raw: Any) -> str | None:
            return utc(raw.get("modified_gmt"), None, self.queries.site)

        cursor = Cursor(base=window, dated=False, per_page=self.queries.per_page)
        listed = yield from every_id(cursor, ask, modified, observe=observe)
        found.partial = found.partial or cursor.unproven or cursor.repeating
        found.listed = next(reversed(listed), found.listed)
        return listed


def _is_newer(modified: str | None, held: str | None) -> bool:
    """Whether a listed row must be fetched again. An older copy (a cache, a restored backup) replaces nothing."""
    return modified is not None and (held is None or modified > held)


def _halves(
    since: datetime, middle: datetime, until: datetime, lost: int, deficit: int
) -> list[tuple[datetime, datetime, int]]:
    return [(since, middle, lost), (middle, until, deficit - lost)]


def _window(since: datetime, until: datetime) -> dict[str, str]:
    """The parameters of a window. WordPress leaves out the very second of ``after``, so ``after`` is one second
    less."""
    return {"after": iso_utc(since - timedelta(seconds=1)), "before": iso_utc(until)}


def _around(since: datetime, until: datetime) -> dict[str, str]:
    return _window(since - ZONE_SHIFT, until + ZONE_SHIFT)


def _shows(reply: Reply, row_id: int) -> bool:
    """Whether a reply is the object itself: login pages and home pages have the status 200 too."""
    try:
        return reply.status == 200 and records.record_id(answer(reply)) == row_id
    except (PayloadError, RecordError):
        return False


def _code(reply: Reply) -> str | None:
    try:
        answer(reply)
    except PayloadError as fault:
        return getattr(fault, "code", None)
    return None
