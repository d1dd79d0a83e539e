"""A small, fast model of a WordPress site for the soak: editors change posts, and the site may not heed a query.

Times are whole seconds since EPOCH; a date without a zone is what the site's local column holds.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from itertools import combinations
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from newsbot.wordpress.api import Api, RouteAccepts, Site
from newsbot.wordpress.messages import Query, Reply
from tests.unit.changing_site import ids_of

KEY = "https://soak.example"
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
HOUR, DAY = 3_600, 86_400
START = 6 * 365 * DAY
_PARAMS = (
    *("modified_after", "modified_before", "after", "before", "exclude", "include", "orderby", "order"),
    *("page", "per_page", "offset", "slug"),
)


@lru_cache(maxsize=100_000)
def iso(second: int) -> str:
    return (EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=100_000)
def second_of(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp() - EPOCH.timestamp())


@dataclass(frozen=True, slots=True)
class Entry:
    """A post. ``local`` and ``modified_local`` are the columns of local dates, which a new time zone does not change.

    ``hidden``: the site counts the post, and shows it to nobody.
    """

    id: int
    date: int
    local: int
    modified: int
    modified_local: int
    title: str
    status: str = "publish"
    hidden: bool = False
    fatal: bool = False


Rows = list[Entry]
Params = dict[str, str]


@dataclass
class SoakSite:
    """``now`` is the site's clock, ``zone`` its offset from UTC, both in seconds.

    ``lie`` names one of LIES. ``events`` happen during a crawl: the number of a request -> what happens before its
    answer. ``touched`` are the ids that acts changed since it was last emptied.
    """

    kind: str = "posts"
    per_page: int = 7
    now: int = START
    zone: int = 0
    newest: int = 0
    lie: str = ""
    entries: dict[int, Entry] = field(default_factory=dict)
    asked: list[Params] = field(default_factory=list)
    events: dict[int, Callable[[], None]] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    earlier: list[Entry] = field(default_factory=list)
    """What one of two cache nodes still holds."""
    limit: int = 10**9
    """Requests that one crawl may make."""
    longest: int | None = None
    """Bytes of the longest URL with known ids that the server accepts; None where it accepts every one."""
    learnt: Site | None = None
    """What newsbot has learnt of the site, which outlives a crawl."""
    changed: dict[int, int] = field(default_factory=dict)
    """When an act last changed a post."""
    nodes: set[int] = field(default_factory=set)
    """The cache nodes that could have given all answers of a crawl alone."""
    cache: dict[str, Reply] = field(default_factory=dict)
    """The answers of a silent cache, by URL. It keeps them as long as the lie lasts."""

    # What editors do. Each act takes a number that chooses among the posts it may be done to.

    def act(self, name: str, place: int) -> None:
        getattr(self, f"_{name}")(place)

    def _pick(self, place: int, *statuses: str) -> Entry | None:
        found = [entry for entry in self.entries.values() if entry.status in statuses and not entry.hidden]
        return found[place % len(found)] if found else None

    def _put(self, one: Entry) -> None:
        self.entries[one.id] = one
        self._touch(one.id)

    def _touch(self, row_id: int) -> None:
        self.touched.add(row_id)
        self.changed[row_id] = self.now

    def _save(self, one: Entry, **changes: Any) -> None:
        """An edit through WordPress: ``modified`` becomes now."""
        later = max(self.now, one.modified + 1)
        self._put(replace(one, modified=later, modified_local=later + self.zone, **changes))

    def insert(self, second: int, *, status: str = "publish", hidden: bool = False) -> None:
        self.newest += 1
        local = second + self.zone
        self._put(Entry(self.newest, second, local, second, local, f"Title {self.newest}", status, hidden))

    def _past(self, place: int) -> int:
        # Dates repeat, so that many posts share a second.
        return self.now - (0, HOUR, 5 * HOUR, DAY, 20 * DAY, 400 * DAY, (place % 97) * DAY)[place % 7]

    def _add(self, place: int) -> None:
        self.insert(self.now)

    def _back_date(self, place: int) -> None:
        self.insert(self._past(place))

    def _twin(self, place: int) -> None:
        """A new post takes the place of a deleted one, at its very date."""
        if (one := self._pick(place, "publish")) is not None:
            self._delete(place)
            self.insert(one.date)

    def _schedule(self, place: int) -> None:
        self.insert(self._past(place), status="future")

    def _publish_late(self, place: int) -> None:
        if (one := self._pick(place, "future")) is not None:
            self._put(replace(one, status="publish"))

    def _edit(self, place: int) -> None:
        if (one := self._pick(place, "publish")) is not None:
            self._save(one, title=one.title + "x")

    def _redate(self, place: int) -> None:
        # A comment keeps its date.
        if self.kind != "comments" and (one := self._pick(place, "publish")) is not None:
            second = self._past(place // 7)
            self._save(one, date=second, local=second + self.zone)

    def _swap(self, place: int) -> None:
        one, other = self._pick(place, "publish"), self._pick(place // 5 + 1, "publish")
        if self.kind != "comments" and one is not None and other is not None and one.id != other.id:
            self._save(one, date=other.date, local=other.local)
            self._save(other, date=one.date, local=one.local)

    def _redate_quietly(self, place: int) -> None:
        """A program writes another date into the database, and leaves the date of modification."""
        if (one := self._pick(place, "publish")) is not None:
            second = self._past(place // 7)
            self._put(replace(one, date=second, local=second + self.zone))

    def _swap_quietly(self, place: int) -> None:
        one, other = self._pick(place, "publish"), self._pick(place // 5 + 1, "publish")
        if one is not None and other is not None and one.id != other.id:
            self._put(replace(one, date=other.date, local=other.local))
            self._put(replace(other, date=one.date, local=one.local))

    def _trash(self, place: int) -> None:
        self._status(place, "publish", "trash")

    def _restore(self, place: int) -> None:
        self._status(place, "trash", "publish")

    def _hide(self, place: int) -> None:
        self._status(place, "publish", "draft")

    def _show(self, place: int) -> None:
        self._status(place, "draft", "publish")

    def _status(self, place: int, before: str, after: str) -> None:
        if (one := self._pick(place, before)) is not None:
            self._save(one, status=after)

    def _hide_quietly(self, place: int) -> None:
        if (one := self._pick(place, "publish")) is not None:
            self._put(replace(one, status="draft"))

    def _show_quietly(self, place: int) -> None:
        if (one := self._pick(place, "draft", "trash")) is not None:
            self._put(replace(one, status="publish"))

    def _exchange_quietly(self, place: int) -> None:
        if self._pick(place, "draft", "trash") is not None:
            self._show_quietly(place)
            self._hide_quietly(place // 3)

    def _delete(self, place: int) -> None:
        if (one := self._pick(place, "publish")) is not None:
            del self.entries[one.id]
            self._touch(one.id)

    def _delete_and_back_date(self, place: int) -> None:
        self._delete(place)
        self._back_date(place // 3)

    def _delete_and_publish_late(self, place: int) -> None:
        if self._pick(place, "future") is not None:
            self._delete(place)
            self._publish_late(place // 3)

    def _count_more(self, place: int) -> None:
        """One more row that the site counts and shows to nobody."""
        self.insert(self._past(place), hidden=True)

    def _count_less(self, place: int) -> None:
        for one in [entry for entry in self.entries.values() if entry.hidden][:1]:
            del self.entries[one.id]

    def _future_modified(self, place: int) -> None:
        """An import or a wrong clock gives a post a date of modification that is still to come."""
        if (one := self._pick(place, "publish")) is not None:
            later = self.now + 300 * DAY
            self._put(replace(one, title=one.title + "f", modified=later, modified_local=later + self.zone))

    def _new_zone(self, place: int) -> None:
        self.zone = (place % 25 - 12) * HOUR

    def _kill(self, place: int) -> None:
        if (one := self._pick(place, "publish")) is not None:
            self._put(replace(one, fatal=True))

    def _mend(self, place: int) -> None:
        for one in [entry for entry in self.entries.values() if entry.fatal]:
            self._put(replace(one, fatal=False))

    def _pass_time(self, place: int) -> None:
        self.now += (60, HOUR, 7 * HOUR, 30 * HOUR, 3 * DAY)[place % 5]

    def _begin_lie(self, place: int) -> None:
        self.lie = LIES[place % len(LIES)]
        if self.lie == SEVERAL:
            self.lie = COMBINED[place // len(LIES) % len(COMBINED)]
        self.earlier = list(self.entries.values())
        self.cache.clear()

    def _end_lie(self, place: int) -> None:
        self.lie = ""

    # What the site shows.

    def live(self) -> dict[int, Entry]:
        """The posts that visitors may read."""
        return {entry.id: entry for entry in self.entries.values() if entry.status == "publish" and not entry.hidden}

    @property
    def route(self) -> str:
        return f"/wp/v2/{self.kind}"

    def site(self) -> Site:
        # A comment has no date of modification.
        params = [name for name in _PARAMS if self.kind != "comments" or not name.startswith("modified")]
        accepts = {self.route: RouteAccepts(params=frozenset(params), per_page=self.per_page)}
        return Site(key=KEY, api=Api(root=f"{KEY}/wp-json/"), home=KEY, accepts=accepts)

    def reply(self, query: Query) -> Reply:
        parts = urlsplit(query.url)
        params = dict(parse_qsl(parts.query))
        if len(self.asked) >= self.limit:
            raise Endless(f"more than {self.limit} requests")
        self.asked.append(params)
        if query.purpose == "exclude" and len(query.url) > (self.longest or len(query.url)):
            return Reply(status=414, url=KEY, body=b"<html>URI Too Large</html>", fetched_at=iso(self.now) + "Z")
        if (event := self.events.pop(len(self.asked), None)) is not None:
            event()
        last = parts.path.rpartition("/")[2]
        if last.isdigit():
            return self._single(int(last), params)
        if self.lie == "cached":
            return self.cache.setdefault(query.url, self._listing(params))
        return self._listing(params)

    def _single(self, number: int, params: Params) -> Reply:
        one = self.entries.get(number)
        comment = self.kind == "comments"
        if one is None:
            code = "rest_comment_invalid_id" if comment else "rest_post_invalid_id"
            return self._json(404, {"code": code, "message": "no", "data": {"status": 404}})
        if one.status != "publish" or one.hidden:
            code = "rest_cannot_read" if comment else "rest_forbidden"
            return self._json(401, {"code": code, "message": "no", "data": {"status": 401}})
        return self._json(200, self._row(one, params))

    def _from_a_node(self, params: Params) -> Reply:
        """The answer of one of two cache nodes, in turns. ``nodes`` keeps those that could have given all answers."""
        answers = [self._listing(params, every) for every in (self.earlier, list(self.entries.values()))]
        given = answers[(len(self.asked) + 1) % 2]
        self.nodes &= {
            number for number, one in enumerate(answers) if (one.body, one.headers) == (given.body, given.headers)
        }
        return given

    def _listing(self, params: Params, every: Iterable[Entry] | None = None) -> Reply:
        lying = self.lie if "include" not in params or "include" in IGNORED.get(self.lie, ()) else ""
        if lying == "alternating" and every is None:
            return self._from_a_node(params)
        every = self.entries.values() if every is None else every
        if lying in IGNORED:
            params = {name: value for name, value in params.items() if name not in IGNORED[lying]}
        found = _matching(every, params, self.zone)
        _order(found, params)
        size, page = min(self.per_page, int(params.get("per_page", 10))), int(params.get("page", 1))
        if lying == "random":
            random.Random(len(self.asked)).shuffle(found)
        elif lying == "capped":
            size = min(size, 3)
        first = int(params.get("offset", (page - 1) * size))
        if lying == "endless" and found:
            first %= len(found)
        rows = found[first : first + size]
        if lying == "pinned" and found:
            top = max(found, key=lambda one: one.local)
            rows = [top, *(one for one in rows if one.id != top.id)][:size]
        if page > 1 and not rows:
            return self._json(400, {"code": "rest_post_invalid_page_number", "message": "no", "data": {"status": 400}})
        shown = [row for row in rows if not row.hidden]
        if {"title", "content"} & set(params.get("_fields", "").split(",")) and any(one.fatal for one in shown):
            return self._json(500, {"code": "internal_server_error", "message": "fatal", "data": {"status": 500}})
        total = _TOTALS.get(lying, _true_total)(len(found), len(shown), len(self.asked))
        if lying == "total frozen" and not params.keys() & _FILTERS:
            total = sum(one.status == "publish" for one in self.earlier)
        return self._json(200, [self._row(one, params) for one in shown], total=total)

    def _row(self, one: Entry, params: Params) -> dict[str, Any]:
        row: dict[str, Any] = {
            "id": one.id,
            "slug": f"post-{one.id}",
            "status": "publish",
            "type": "post",
            "media_type": "image",
            "mime_type": "image/jpeg",
            "author_name": "Ann",
            "parent": 0,
            "post": 1,
            "link": f"{KEY}/post-{one.id}/",
            "date": iso(one.local),
            "date_gmt": iso(one.date),
            "guid": {"rendered": f"{KEY}/?p={one.id}"},
            "title": {"rendered": one.title},
            "content": {"rendered": "text", "protected": False},
            "source_url": f"{KEY}/{one.id}.jpg",
        }
        if self.kind != "comments":
            row |= {"modified": iso(one.modified_local), "modified_gmt": iso(one.modified)}
        if "_fields" not in params:
            return row
        wanted = params["_fields"].split(",")
        return {name: value for name, value in row.items() if name in wanted}

    def _json(self, status: int, body: Any, *, total: int | None = None) -> Reply:
        headers = {"content-type": "application/json", "date": _http_date(self.now)}
        if total is not None:
            headers["x-wp-total"] = str(total)
            headers["x-wp-totalpages"] = str(-(-total // self.per_page))
        return Reply(status=status, url=KEY, headers=headers, body=orjson.dumps(body), fetched_at=iso(self.now) + "Z")


class Endless(AssertionError):
    """A crawl made more requests than any crawl of such a site needs."""


IGNORED = {
    "after ignored": ("after",),
    "before ignored": ("before",),
    "modified_after ignored": ("modified_after",),
    "window ignored": ("after", "before", "modified_after"),
    "exclude ignored": ("exclude",),
    "orderby ignored": ("orderby",),
    "order ignored": ("order",),
    "offset ignored": ("offset",),
    "page ignored": ("page", "offset"),
    "query ignored": tuple(name for name in _PARAMS if name != "include"),
    **{
        f"{one} and {other} ignored": (one, other)
        for one, other in combinations(
            ("exclude", "orderby", "order", "offset", "after", "before", "modified_after"), 2
        )
    },
    "exclude and page ignored": ("exclude", "page", "offset"),
    "exclude and include ignored": ("exclude", "include"),
    "exclude, include and orderby ignored": ("exclude", "include", "orderby"),
}
"""Lie -> the parameters that the site does not heed."""


def _true_total(found: int, shown: int, asked: int) -> int | None:
    return found


_TOTALS: dict[str, Callable[[int, int, int], int | None]] = {
    "no total": lambda found, shown, asked: None,
    "total of zero": lambda found, shown, asked: 0,
    "total of the page": lambda found, shown, asked: shown,
    "total grows": lambda found, shown, asked: found + asked,
    "total too high": lambda found, shown, asked: found + 5,
    "total too low": lambda found, shown, asked: max(0, found - 5),
}
_FILTERS = frozenset({"modified_after", "modified_before", "after", "before", "exclude", "include"})
COMBINED = tuple(lie for lie in IGNORED if " and " in lie)
SEVERAL = "several ignored"
LIES = (
    *(lie for lie in IGNORED if lie not in COMBINED),
    *_TOTALS,
    *("random", "capped", "endless", "pinned", "alternating", "total frozen", "cached"),
    *(SEVERAL,) * 5,
)
"""SEVERAL stands for one of COMBINED."""


@lru_cache(maxsize=10_000)
def _http_date(second: int) -> str:
    return format_datetime(EPOCH + timedelta(seconds=second), usegmt=True)


def _matching(every: Iterable[Entry], params: Params, zone: int) -> list[Entry]:
    """The published posts that a listing with these parameters holds. Reads each parameter once."""

    def asked(name: str) -> int:
        text = params[name]
        # A date with a zone is taken into today's local time; a date without one is local already.
        return second_of(text) + (zone if text.endswith("Z") else 0)

    found = [one for one in every if one.status == "publish"]
    if "include" in params:
        included = ids_of(params["include"])
        found = [one for one in found if one.id in included]
    if "exclude" in params:
        excluded = ids_of(params["exclude"])
        found = [one for one in found if one.id not in excluded]
    if "after" in params:
        after = asked("after")
        found = [one for one in found if one.local > after]
    if "before" in params:
        before = asked("before")
        found = [one for one in found if one.local < before]
    if "modified_before" in params:
        modified_before = asked("modified_before")
        found = [one for one in found if one.modified_local < modified_before]
    if "modified_after" in params:
        modified_after = asked("modified_after")
        found = [one for one in found if one.modified_local > modified_after]
    return found


def _order(found: Rows, params: Params) -> None:
    # Core does not order rows of equal dates by id: their order differs from page to page.
    by = params.get("orderby", "date")
    if by == "include":
        order = {int(row_id): place for place, row_id in enumerate(params.get("include", "").split(",")) if row_id}
        found.sort(key=lambda one: order.get(one.id, 0))
        return
    if by == "id":
        found.sort(key=lambda one: one.id)
    else:
        random.Random(repr(params)).shuffle(found)
        found.sort(key=lambda one: one.modified_local if by == "modified" else one.local)
    if params.get("order", "desc") == "desc":
        found.reverse()
