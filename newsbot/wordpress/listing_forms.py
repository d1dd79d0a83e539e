"""Smaller pages, and rows in the usual order, where a firewall refuses the page size or the order of a listing. Pure.

WordPress names the parameter that it refuses, and its limit. A firewall refuses the query by a page of its own: only
other queries show which parameter is the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from newsbot.errors import BadStatus, PayloadError, Refused
from newsbot.wordpress.api import Site
from newsbot.wordpress.messages import Query, Reply, Steps
from newsbot.wordpress.payload import USUAL_PER_PAGE
from newsbot.wordpress.replies import answer, rows_of
from newsbot.wordpress.values import row_id

STATUSES = frozenset({400, 403, 406, 501})
"""Statuses with which firewalls refuse a parameter. Others refuse the length of a URL, or visitors altogether."""


@dataclass(slots=True)
class ListingForms:
    """Learns which page size and which order ``site`` refuses. ``settled``: routes whose refusal was looked into, once
    a run. ``opened``: routes that gave an answer in this run."""

    site: Site
    settled: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)

    def instead(self, query: Query) -> Query:
        """The query without ``orderby``, if the site is known to refuse it. What comes is then checked as on a site
        that ignores the order."""
        asked = self._asked(query)
        if asked is None or "orderby" not in asked[1] or "orderby" not in self.site.accepted(asked[0]).refused:
            return query
        return self._query(query, *asked, without=frozenset({"orderby"}))

    def after(self, query: Query, reply: Reply) -> Steps[Reply | None]:
        """The answer in another form, if ``reply`` is a refusal of the page size or of the order: WordPress's own
        refusal, which names the largest page size, or the rows in the usual order. Otherwise None."""
        asked = self._asked(query)
        if asked is None or reply.error is not None:
            return None
        route, params = asked
        if reply.is_ok:
            self.opened.add(route)
            return None
        if route in self.settled or "include" in params or not self._may_be_refused(route, reply):
            return None
        if query.purpose.startswith("join-") and not self._refuses_orders:
            # Many sites close such a route altogether. If not, its objects come by their ids.
            return None
        self.settled.add(route)
        bare = {"per_page": str(USUAL_PER_PAGE), "_fields": "id"}
        if not _has_rows((yield self._query(query, route, bare))):
            # The route is closed, or the site has banned newsbot.
            return None
        again: Reply = yield replace(query, shared="", tries=1)
        if _has_rows(again):
            # The refusal was of the moment, as that of a limit of requests.
            return again
        if self._refuses_orders and (rows := (yield from self._in_usual_order(query, route, params))) is not None:
            return rows
        if (limit := (yield from self._largest(query, route, params))) is not None:
            self._lower(limit)
            return _refusal(query, reply, limit)
        return (yield from self._in_usual_order(query, route, params))

    @property
    def _refuses_orders(self) -> bool:
        """Whether the site refused the order of another listing, or in an earlier run."""
        return any("orderby" in accepts.refused | accepts.doubted for accepts in self.site.accepts.values())

    def _in_usual_order(self, query: Query, route: str, params: Mapping[str, str]) -> Steps[Reply | None]:
        """The answer without ``orderby``; None where the order is not the reason of the refusal."""
        if "orderby" not in params or "orderby" in self.site.accepted(route).refused:
            return None
        reply: Reply = yield self._query(query, route, params, without=frozenset({"orderby"}))
        if not _has_rows(reply):
            return None
        self.site.leave(route, "orderby")
        return reply

    def _asked(self, query: Query) -> tuple[str, dict[str, str]] | None:
        """The route and the parameters of a query of a listing."""
        found = self.site.api.route(query.url) if query.method == "GET" else None
        return found if found is not None and "per_page" in found[1] else None

    def _may_be_refused(self, route: str, reply: Reply) -> bool:
        """Whether a firewall may have refused a parameter. A plugin refuses with WordPress's words; such a refusal
        closes the route, unless the route gave an answer before."""
        try:
            answer(reply)
        except Refused as refusal:
            return refusal.status == 403 and route in self.opened and not refusal.params
        except BadStatus as refusal:
            return refusal.status in STATUSES
        except PayloadError:
            pass
        return False

    def _largest(self, query: Query, route: str, params: Mapping[str, str]) -> Steps[int | None]:
        """The largest page size that the site takes, among halves of the size that was refused. None where the size is
        not the reason."""
        asked = row_id(params["per_page"]) or 0
        if asked <= USUAL_PER_PAGE or not _has_rows((yield self._sized(query, route, params, USUAL_PER_PAGE))):
            return None
        for size in _halves(asked):
            if _has_rows((yield self._sized(query, route, params, size))):
                return size
        return USUAL_PER_PAGE

    def _sized(self, query: Query, route: str, params: Mapping[str, str], size: int) -> Query:
        return self._query(query, route, {**params, "per_page": str(size), "_fields": "id"})

    def _query(
        self, query: Query, route: str, params: Mapping[str, str], *, without: frozenset[str] = frozenset()
    ) -> Query:
        kept = {name: value for name, value in params.items() if name not in without}
        return replace(query, url=self.site.api.url(route, kept), shared="", tries=1)

    def _lower(self, limit: int) -> None:
        """Use pages of ``limit`` rows for each route: a firewall does not tell them apart."""
        for route, accepts in self.site.accepts.items():
            self.site.accepts[route] = replace(accepts, per_page=min(limit, accepts.per_page))


def _halves(size: int) -> Iterator[int]:
    while (size := size // 2) > USUAL_PER_PAGE:
        yield size


def _has_rows(reply: Reply) -> bool:
    """Whether the site answered with a list."""
    try:
        rows_of(reply)
    except PayloadError:
        return False
    return True


def _refusal(query: Query, reply: Reply, limit: int) -> Reply:
    """What WordPress answers where ``limit`` is its own limit."""
    told = {"per_page": f"per_page must be between 1 (inclusive) and {limit} (inclusive)"}
    body = {
        "code": "rest_invalid_param",
        "message": "Invalid parameter(s): per_page",
        "data": {"status": 400, "params": told},
    }
    return replace(reply, status=400, url=query.url, body=json.dumps(body).encode("ascii"))
