"""What to ask to learn what is new, edited and gone since the last run. Pure: generators of messages.

``changed`` lists cheaply what was modified and what was published since the watermark; ``gone`` finds what is missing
by halving windows of time; ``sweep`` compares every id. None of them renders content, and none makes a tombstone: a
missing id is only gone when its own request says so (``confirm``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from newsbot.errors import PayloadError, RecordError
from newsbot.timestamps import iso_utc
from newsbot.wordpress import records
from newsbot.wordpress.api import PER_PAGE, Collection, Site
from newsbot.wordpress.collection.cursor import Params, Walk
from newsbot.wordpress.collection.ids import every_id
from newsbot.wordpress.dates import site_time, utc
from newsbot.wordpress.messages import AskKnown, CollectionState, Query, Reply, Steps
from newsbot.wordpress.replies import answer, rows_of, total_of

OVERLAP = timedelta(hours=26)
"""Time zones and clock changes move what a site compares with by up to a day and two hours."""

LISTING = "id,modified_gmt,date_gmt"

LEAF = PER_PAGE
"""Known posts of a window that are listed rather than halved again."""

WINDOW_REQUESTS = 20
"""Requests a search by windows may take before a sweep is cheaper to trust."""

FEW = 5
"""Deletions that are never held back: on a small site one of them is many percent."""


GONE_CODES = frozenset(
    {
        *("rest_post_invalid_id", "rest_comment_invalid_id", "rest_user_invalid_id", "rest_term_invalid"),
        *("rest_invalid_id", "rest_post_invalid_parent"),
    }
)
"""WordPress's own words for an object that is not there."""

SHUT_CODES = frozenset({"rest_forbidden", "rest_cannot_read", "rest_user_cannot_view"})
"""WordPress's own words for an object that visitors may not see (any more)."""


@dataclass(slots=True, kw_only=True)
class Found:
    """``wanted`` ids are new or changed, ``new`` of them the archive does not hold; ``missing`` ones it holds and the
    site did not list. ``watermark`` is the site's own time (UTC, ISO) before the first question, ``total`` the site's
    count, ``shown`` how many ids a sweep was shown, ``listed`` one of them.

    ``partial``: a listing broke off. ``sweep``: the site cannot be asked this way, or the search came to no end: every
    id must be compared.
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
        """Take in a listing: what is new in it, and what is newer than what is held."""
        fresh = [row_id for row_id in listed if row_id not in known]
        newer = [one for one, modified in listed.items() if one in known and _is_newer(modified, known[one])]
        self.wanted += sorted(fresh + newer)
        self.new += fresh


def is_held_back(*, gone: int, live: int, percent: float, confirmed: bool = False) -> bool:
    """Whether so many deletions at once are more likely a fault of the site. ``confirmed``: the user says they are."""
    return not confirmed and gone > max(FEW, live * percent / 100)


@dataclass(frozen=True, slots=True)
class Changes:
    """The questions about one collection that was walked whole before."""

    site: Site
    collection: Collection
    state: CollectionState

    @property
    def can_list_modified(self) -> bool:
        return self._takes("modified_after")

    def changed(self) -> Steps[Found]:
        """Returns Found: what to fetch again. Two listings, since each alone misses late-scheduled posts."""
        found = Found()
        if self.state.watermark is None or not (self.can_list_modified or self._is_comments()):
            found.sweep = True
            return found
        since = datetime.fromisoformat(self.state.watermark) - OVERLAP
        after = iso_utc(since)
        listed: dict[int, str | None] = {}
        for param in ("modified_after", "after") if self.can_list_modified else ("after",):
            rows = yield from self._list({param: after}, "changes", found)
            listed |= rows
        known = yield AskKnown(site=self.site.key, type=self.collection.name, ids=tuple(listed))
        found.compare(listed, known)
        found.sweep = found.partial
        return found

    def sweep(self) -> Steps[Found]:
        """Returns Found: every id compared, ``missing`` ones too."""
        found = Found()
        listed = yield from self._list({}, "sweep", found)
        known = yield AskKnown(site=self.site.key, type=self.collection.name)
        found.compare(listed, known)
        # What a listing that broke off does not show may stand behind its end.
        found.missing, found.shown = [] if found.partial else sorted(known.keys() - listed.keys()), len(listed)
        return found

    def gone(self, *, fetched: int = 0) -> Steps[Found]:
        """Returns Found: which live ids the site no longer counts, and which it counts and the archive does not hold
        (published late with an old date). ``fetched`` of its posts came since ``state`` was asked for.

        One count where nothing differs; then halves, the archive's side of each being free.
        """
        found = Found()
        found.total = total = yield from self._count({}, found)
        if total is None:
            found.sweep = True
        elif (differing := self.state.live + fetched - (total - self.state.hidden)) != 0:
            yield from self._search(found, differing - self.state.hidden)
            # Rows without a date lie in no window.
            found.sweep = found.sweep or len(found.missing) - len(found.new) != differing
        return found

    def _search(self, found: Found, difference: int) -> Steps[None]:
        """Halve windows of publication whose counts differ. ``difference``: held less counted."""
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
            windows += [(one, other, n) for one, other, n in _halves(since, middle, until, lost, differing) if n]

    def _compare_window(
        self, found: Found, since: datetime, until: datetime, known: dict[int, str | None], differing: int
    ) -> Steps[int]:
        """List a small window and compare its ids; returns the requests spent beyond the first listing."""
        listed = yield from self._list(_window(since, until), "window", found)
        more = 0
        if len(known.keys() - listed.keys()) - len(listed.keys() - known.keys()) != differing:
            # The site's windows are not ours (a zone that changed): what lies around tells.
            more = 1
            listed |= yield from self._list(_around(since, until), "window", found)
        unknown = listed.keys() - known.keys()
        held = (yield AskKnown(site=self.site.key, type=self.collection.name, ids=tuple(unknown))) if unknown else {}
        found.compare({one: listed[one] for one in unknown}, held)
        found.missing += sorted(known.keys() - listed.keys())
        return more

    def _middle(self, since: datetime, until: datetime, held: int) -> Steps[datetime]:
        """A moment that parts the known posts of a window into halves; the archive answers, not the site."""
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
        """Returns two lists: the ids that are truly gone, and those of which nobody can say (a fault, a wall).

        404 in WordPress's own words says so; any other 404, 410, 401 or 403 says so only while ``neighbour``, a post
        that was listed in this run, is answered: a site that shuts its single posts to visitors deleted none of them.
        What is answered is there, whatever the listings say.
        """
        gone, shut, unsure = [], [], []
        for row_id in missing:
            reply = yield self._single(row_id)
            code = _code(reply)
            if reply.status in (404, 410) and code in GONE_CODES:
                gone.append(row_id)
            elif (reply.status in (404, 410) and code != "rest_no_route") or code in SHUT_CODES:
                shut.append(row_id)
            elif not _shows(reply, row_id):
                unsure.append(row_id)
        if shut:
            answered = neighbour is not None and _shows((yield self._single(neighbour)), neighbour)
            (gone if answered else unsure).extend(shut)
        return sorted(gone), sorted(unsure)

    # Asking.

    def _takes(self, param: str) -> bool:
        return self.site.accepted(self.collection.route).takes(param)

    def _is_comments(self) -> bool:
        return self.collection.route == "/wp/v2/comments"

    def _known(self, since: datetime, until: datetime) -> AskKnown:
        return AskKnown(site=self.site.key, type=self.collection.name, since=iso_utc(since), until=iso_utc(until))

    def _query(self, params: dict[str, Any], purpose: str) -> Query:
        url = self.site.api.url(self.collection.route, params)
        return Query(url=url, purpose=purpose, type=self.collection.name)

    def _single(self, row_id: int) -> Query:
        url = self.site.api.url(f"{self.collection.route}/{row_id}", {"_fields": "id"})
        return Query(url=url, purpose="confirm", type=self.collection.name, expects="any")

    def _count(self, window: dict[str, str], found: Found) -> Steps[int | None]:
        reply = yield self._query(window | {"per_page": 1, "_fields": "id"}, "count")
        rows = rows_of(reply)
        found.watermark = found.watermark or site_time(reply)
        # Some plugins count 0 beside rows.
        return total_of(reply) or (None if rows else 0)

    def _list(self, window: dict[str, str], purpose: str, found: Found) -> Steps[dict[int, str | None]]:
        """Every id of a window -> ``modified``."""

        def ask(params: Params) -> Query:
            return self._query(params | {"_fields": LISTING}, purpose)

        def heed(reply: Reply) -> None:
            found.watermark = found.watermark or site_time(reply)
            if not window and found.total is None:
                found.total = total_of(reply)

        def modified(raw: Any) -> str | None:
            return utc(raw.get("modified_gmt"), None, self.site)

        size = self.site.accepted(self.collection.route).per_page
        walk = Walk(base=window, dated=False, per_page=size)
        listed = yield from every_id(walk, ask, modified, heed=heed)
        found.partial = found.partial or walk.unproven or walk.repeating
        found.listed = next(reversed(listed), found.listed)
        return listed


def _is_newer(modified: str | None, held: str | None) -> bool:
    """Whether a listed row is to be fetched again. An older copy (a cache, a restored backup) replaces nothing."""
    return modified is not None and (held is None or modified > held)


def _halves(
    since: datetime, middle: datetime, until: datetime, lost: int, deficit: int
) -> list[tuple[datetime, datetime, int]]:
    return [(since, middle, lost), (middle, until, deficit - lost)]


def _window(since: datetime, until: datetime) -> dict[str, str]:
    """``after`` and ``before`` leave their own second out."""
    return {"after": iso_utc(since - timedelta(seconds=1)), "before": iso_utc(until)}


def _around(since: datetime, until: datetime) -> dict[str, str]:
    return _window(since - OVERLAP, until + OVERLAP)


def _shows(reply: Reply, row_id: int) -> bool:
    """Whether an answer is the object itself: walls and home pages come with 200 too."""
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
