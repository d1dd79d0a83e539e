"""Lists several languages of one collection as if the site listed them together.

A listing is requested in each language, and the rows are merged in the order of the query. Rows of a language that do
not fit into the answer wait for the next query, so all languages together need no more requests than one listing of all
rows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from newsbot.compact import IdSet
from newsbot.errors import PayloadError
from newsbot.numbers import from_digits
from newsbot.wordpress.languages.plugins import PARAM
from newsbot.wordpress.messages import Asking, Origin, Query, Reply
from newsbot.wordpress.replies import rows_of, total_of, with_rows
from newsbot.wordpress.values import row_id

Params = Mapping[str, str]
Row = dict[str, Any]

OVERLAP = 5
"""The number of rows that two pages of one language have in common: so many rows may be deleted between two queries
without a gap."""

BARREN = 3
"""Pages without a new row after which a language counts as listed."""

_PLACES = ("page", "offset")
_MOVING = frozenset({"after", "exclude"})
"""The parameters that change while a walk by date proceeds."""


@dataclass(slots=True, kw_only=True)
class Stream:
    """The rows of one language in the order of a listing.

    ``waiting``: received rows that are in no answer yet. ``given``: the number of rows that are in an answer.
    ``offset``: the offset of the next page. ``met``: the ids of all received rows. ``barren`` counts pages without a
    new row.
    """

    language: str
    waiting: deque[Row] = field(default_factory=deque)
    given: int = 0
    offset: int = 0
    total: int | None = None
    met: IdSet = field(default_factory=IdSet)
    barren: int = 0
    ended: bool = False

    def take(self, rows: Iterable[Row], reply: Reply, *, asked_at: int, size: int) -> None:
        """Accept a page of ``size`` rows that was requested with the offset ``asked_at``."""
        listed = list(rows)
        fresh = [row for row in listed if (number := row_id(row.get("id"))) is None or self.met.insert(number)]
        for row in fresh:
            row.setdefault(PARAM, self.language)
        self.waiting.extend(fresh)
        total, pages = total_of(reply), total_of(reply, pages=True)
        self.total = total
        # A plugin may force its own page size, and WordPress skips rows that visitors may not read.
        step = min(size, -(-total // pages)) if total and pages else len(listed)
        self.offset = asked_at + max(step, len(listed))
        self.barren = 0 if fresh else self.barren + 1
        behind = self.offset >= total if total is not None else len(listed) < size
        self.ended = behind or self.barren >= BARREN

    def moved(self, after: str, excluded: frozenset[str]) -> Stream | None:
        """The stream for a query that continues after the given rows. None if the rows must be requested again."""
        waiting = deque(
            row for row in self.waiting if str(row.get("date")) > after and str(row.get("id")) not in excluded
        )
        if not waiting and not self.ended:
            return None
        met = IdSet()
        for row in waiting:
            if (number := row_id(row.get("id"))) is not None:
                met.add(number)
        total = None if self.total is None else max(self.total - self.given, len(waiting))
        return Stream(language=self.language, waiting=waiting, total=total, met=met, ended=self.ended)


@dataclass(slots=True, kw_only=True)
class MergedListing:
    """The merged rows of one listing. ``base`` are its parameters without the place in the listing, ``first`` is the
    place of the first row that is still kept."""

    base: Params
    streams: list[Stream]
    rows: deque[Row] = field(default_factory=deque)
    first: int = 0

    @property
    def end(self) -> int:
        return self.first + len(self.rows)

    @property
    def total(self) -> int | None:
        """The total of all languages, None if one of them gave no total."""
        totals = [stream.total for stream in self.streams]
        return None if None in totals else sum(total for total in totals if total is not None)

    def extend(self, *, keep: int) -> bool:
        """Add the next row in the order of the listing. Returns False if no row waits. Only the last ``keep`` rows stay
        in memory."""
        heads = [stream for stream in self.streams if stream.waiting]
        if not heads:
            return False
        choose = min if self.base.get("order", "desc") == "asc" else max
        chosen = choose(heads, key=lambda stream: self._place_of(stream.waiting[0]))
        self.rows.append(chosen.waiting.popleft())
        chosen.given += 1
        while len(self.rows) > keep:
            self.rows.popleft()
            self.first += 1
        return True

    def _place_of(self, row: Row) -> tuple[Any, int]:
        number = row_id(row.get("id")) or 0
        key = self.base.get("orderby", "date")
        return (number if key == "id" else str(row.get(key) or ""), number)


@dataclass(slots=True, kw_only=True)
class Merger:
    """Answers listings of one collection in several ``languages``. ``query`` makes a query of parameters. ``last`` is
    the last answer of the site. ``records``: id of a row -> its answer, where answers are recorded."""

    languages: tuple[str, ...]
    query: Callable[[Params], Query]
    listing: MergedListing | None = None
    last: Reply | None = None
    records: dict[int, Origin] = field(default_factory=dict)

    def answer(self, params: Params) -> Asking[Reply]:
        """The reply to a listing. If one language fails, that failure is the reply."""
        if self.records:
            self._forget_records()
        if "include" in params:
            return (yield from self._include(params))
        size = max(1, _number(params.get("per_page"), 10))
        start = _number(params.get("offset"), (_number(params.get("page"), 1) - 1) * size)
        base = {name: value for name, value in params.items() if name not in _PLACES}
        listing = self.listing = self._listing(base, start)
        while listing.end < start + size:
            failure = yield from self._fill_empty(listing, base, size)
            if failure is not None:
                self.listing = None
                return failure
            if not listing.extend(keep=2 * size):
                break
        skipped = start - listing.first
        rows = [row for place, row in enumerate(listing.rows) if skipped <= place < skipped + size]
        return self._reply(params, rows, listing.total, size)

    def _fill_empty(self, listing: MergedListing, base: Params, size: int) -> Asking[Reply | None]:
        """Request pages until each language has a waiting row or has reached its end. Returns the reply of a language
        that fails.
        """
        for stream in listing.streams:
            while not stream.waiting and not stream.ended:
                failure = yield from self._fill(stream, base, size)
                if failure is not None:
                    return failure
        return None

    def _reply(self, params: Params, rows: list[Row], total: int | None, size: int) -> Reply:
        """A reply with ``rows``, in the form of the site's replies. Its other headers are those of the last answer."""
        url = self.query(params).url
        last = self.last or Reply(status=200, url=url)
        origins = self._origins(rows, url)
        reply = Reply(status=200, url=url, headers=last.headers, fetched_at=last.fetched_at, origins=origins)
        return with_rows(reply, rows, total=total, size=size)

    def _origins(self, rows: list[Row], url: str) -> dict[int, Origin]:
        """The answers that brought the rows. Each row names the listing of all languages as its URL."""
        known = {number for row in rows if (number := row_id(row.get("id"))) in self.records}
        return {number: replace(self.records[number], url=url) for number in known}

    def _took(self, rows: Iterable[Row], reply: Reply) -> None:
        """Note which answer contained the rows."""
        self.last = reply
        if reply.warc is not None:
            origin = Origin(url=reply.url, fetched_at=reply.fetched_at, warc=reply.warc)
            self.records |= {number: origin for row in rows if (number := row_id(row.get("id"))) is not None}

    def _forget_records(self) -> None:
        """Forget the records of rows that do not wait any more."""
        listing = self.listing
        kept = [listing.rows, *(stream.waiting for stream in listing.streams)] if listing is not None else []
        waiting = {row_id(row.get("id")) for part in kept for row in part}
        self.records = {number: record for number, record in self.records.items() if number in waiting}

    def _listing(self, base: Params, start: int) -> MergedListing:
        """The listing to which a query belongs: the last listing if the query continues it, else a new one."""
        last = self.listing
        if last is not None and last.base == base and last.first <= start:
            return last
        return MergedListing(base=base, streams=[self._stream(language, base) for language in self.languages])

    def _stream(self, language: str, base: Params) -> Stream:
        """The stream of a new listing. It keeps the waiting rows if the listing only continues by date."""
        last = self.listing
        if last is not None and start_of_walk(base) and _still(last.base) == _still(base):
            stream = next(stream for stream in last.streams if stream.language == language)
            moved = stream.moved(base["after"], frozenset(base.get("exclude", "").split(",")))
            if moved is not None:
                return moved
        return Stream(language=language)

    def _fill(self, stream: Stream, base: Params, size: int) -> Asking[Reply | None]:
        """Ask for the next page of a language. Returns the reply if it is a failure."""
        at = max(0, stream.offset - OVERLAP) if stream.offset else 0
        params = dict(base) | {PARAM: stream.language} | ({"offset": str(at)} if at else {})
        reply = yield self.query(_with_order(params))
        try:
            rows = rows_of(reply)
        except PayloadError as fault:
            # After the last page.
            stream.ended = at > 0 and getattr(fault, "status", None) == 400
            return None if stream.ended else reply
        self._took(rows, reply)
        stream.take(rows, reply, asked_at=at, size=size)
        return None

    def _include(self, params: Params) -> Asking[Reply]:
        """The rows of some ids: ids that one language does not give are requested in the next language."""
        wanted = params["include"].split(",")
        found: dict[str, Row] = {}
        for language in self.languages:
            left = [number for number in wanted if number not in found]
            if not left:
                break
            reply = yield self.query(dict(params) | {PARAM: language, "include": ",".join(left)})
            try:
                rows = rows_of(reply)
            except PayloadError:
                return reply
            self._took(rows, reply)
            found |= {str(row.get("id")): {PARAM: language} | row for row in rows}
        given = [found[number] for number in wanted if number in found]
        return self._reply(params, given, len(given), max(1, len(wanted)))


def start_of_walk(base: Params) -> bool:
    """Whether a listing is a walk by date, which continues after the rows that it has."""
    return base.get("orderby") == "date" and base.get("order") == "asc" and "after" in base and "exclude" in base


def _still(base: Params) -> dict[str, str]:
    """The parameters that stay the same while a walk by date proceeds."""
    return {name: value for name, value in base.items() if name not in _MOVING}


def _with_order(params: Params) -> Params:
    """The parameters, to whose fields the field is added by which the rows are merged."""
    key, fields = params.get("orderby", "date"), params.get("_fields")
    if fields is None or key in fields.split(",") or key not in ("date", "modified"):
        return params
    return dict(params) | {"_fields": f"{fields},{key}"}


def _number(value: str | None, default: int) -> int:
    number = from_digits(value)
    return default if number is None else number
