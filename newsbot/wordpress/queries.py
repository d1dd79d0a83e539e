"""Builds all queries to the site and all questions to the archive about one collection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from newsbot.items import Checkpoint
from newsbot.wordpress import records
from newsbot.wordpress.api import Collection, Site
from newsbot.wordpress.dates import CLOCK_CHANGE, ZONE_SHIFT, utc
from newsbot.wordpress.messages import Query
from newsbot.wordpress.options import Options
from newsbot.wordpress.questions import AskBorder, AskEdge, AskKnown, AskPublished, AskState, AskTombstones, Distrust

DATED = frozenset({"posts", "media", "comments"})
"""Kinds that can be listed by date."""

_FIELDS = {
    "posts": records.POST_FIELDS,
    "comments": records.COMMENT_FIELDS,
    "media": records.MEDIA_FIELDS,
    "terms": records.TERM_FIELDS,
    "users": records.USER_FIELDS,
}
NO_FIELD = "x"
"""The beginning of a name that no field has."""

PAST_CACHES = {"Cache-Control": "no-cache"}
"""Headers of a query that a cache should pass on to the site."""

_PERSONAL_FIELDS = {"comments": ("author_avatar_urls",), "users": ("avatar_urls",)}


def share(draw: str) -> float:
    """A number from 0 to 1, which depends only on ``draw``."""
    return int.from_bytes(blake2b(draw.encode(), digest_size=4).digest(), "big") / 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """Builds every query and question about ``collection`` of ``site``, within the limits of ``options``."""

    site: Site
    collection: Collection
    options: Options

    @property
    def is_dated(self) -> bool:
        """Whether the collection can be listed by date."""
        return self.options.kind in DATED

    @property
    def is_windowed(self) -> bool:
        """Whether the user asked for a part. A part never counts as the whole collection, and does not change the
        cursor."""
        return self.options.is_windowed

    @property
    def window(self) -> dict[str, str | int]:
        """The query parameters of the user's window, widened by ``ZONE_SHIFT``, and of the user's part of the site."""
        scope = self.options.scope
        window: dict[str, str | int] = scope.params(self.options.kind) if scope is not None else {}
        if self.options.since:
            window["after"] = (datetime.fromisoformat(self.options.since) - ZONE_SHIFT).isoformat() + "Z"
        if self.options.until:
            window["before"] = (datetime.fromisoformat(self.options.until) + ZONE_SHIFT).isoformat() + "Z"
        return window

    def is_outside_window(self, raw: dict[str, Any]) -> bool:
        """Whether a row of the widened window is outside of the user's window, or in another part of the site.

        A row without a date is inside.
        """
        if self.options.scope is not None and not self.options.scope.has_object(raw):
            return True
        if not (self.options.since or self.options.until):
            return False
        return self.options.is_outside_window(utc(raw.get("date_gmt"), raw.get("date"), self.site))

    @property
    def per_page(self) -> int:
        """The largest page size that the site is known to accept for this collection."""
        return self.site.accepted(self.collection.route).per_page

    def lower_per_page(self, limit: int) -> None:
        """Use pages of ``limit`` rows from now on, since the site refused larger pages."""
        accepted = self.site.accepted(self.collection.route)
        self.site.accepts[self.collection.route] = replace(accepted, per_page=limit)

    @property
    def whole_rows(self) -> int:
        """The page size for whole rows. A server may fail on a page size that the site accepts."""
        accepted = self.site.accepted(self.collection.route)
        return min(accepted.per_page, accepted.whole_rows or accepted.per_page)

    def remember_whole_rows(self, size: int) -> None:
        """Ask for whole rows in pages of ``size`` from now on, in later runs too."""
        accepted = self.site.accepted(self.collection.route)
        known = size if size < accepted.per_page else None
        self.site.accepts[self.collection.route] = replace(accepted, whole_rows=known)

    @property
    def longest(self) -> int | None:
        """The length of the longest URL to try, in bytes; None if the site refused no URL."""
        return self.site.accepted(self.collection.route).longest

    def remember_longest(self, size: int | None) -> None:
        """Use URLs of at most ``size`` bytes from now on, in later runs too; None removes this limit."""
        accepted = self.site.accepted(self.collection.route)
        self.site.accepts[self.collection.route] = replace(accepted, longest=size)

    def takes(self, param: str) -> bool:
        """Whether the site accepts the query parameter ``param``."""
        return self.site.accepted(self.collection.route).takes(param)

    def leave(self, param: str) -> None:
        """Do not send the query parameter ``param`` any more, since the site refused it (``Site.leave``)."""
        self.site.leave(self.collection.route, param)

    # Queries to the site.

    def query(
        self,
        params: dict[str, Any],
        purpose: str,
        *,
        tries: int = 4,
        searching: bool = False,
        usual: float | None = None,
    ) -> Query:
        """A query of the collection's route."""
        url, name = self.site.api.url(self.collection.route, params), self.collection.name
        return Query(url=url, purpose=purpose, type=name, tries=tries, searching=searching, usual=usual)

    def afresh(
        self, params: dict[str, Any], fresh: str, purpose: str, *, tries: int = 4, searching: bool = False,
        usual: float | None = None,
    ) -> Query:  # fmt: skip
        """A query past all caches: ``fresh`` is a number that no earlier query had. Empty: an ordinary query.

        A cache may leave parameters that WordPress does not know out of the key of an answer, but not the value of
        ``_fields``. So ``fresh`` is sent as a field in ``_fields``: WordPress ignores the name of a field that no row
        has.
        """
        if not fresh:
            return self.query(params, purpose, tries=tries, searching=searching, usual=usual)
        named = {"_fields": f"{params['_fields']},{NO_FIELD}{fresh}"} if "_fields" in params else {}
        asked = params | named | {"_": fresh}
        query = self.query(asked, purpose, tries=tries, searching=searching, usual=usual)
        return replace(query, headers=PAST_CACHES)

    def single(self, row_id: int, *, fresh: str = "") -> Query:
        """A query of one row by its own route, which shows whether the row exists. Every answer is useful, also a
        refusal.

        ``fresh`` is a text that no earlier query had: caches then have no answer to the query.
        """
        params = {"_fields": f"id,{NO_FIELD}{fresh}", "_": fresh} if fresh else {"_fields": "id"}
        url = self.site.api.url(f"{self.collection.route}/{row_id}", params)
        headers = PAST_CACHES if fresh else {}
        return Query(url=url, purpose="confirm", type=self.collection.name, expects="any", headers=headers)

    def description(self) -> Query:
        """A query for what the route accepts, and which fields its rows have."""
        url, name = self.site.api.url(self.collection.route), self.collection.name
        return Query(url=url, purpose="options", type=name, method="OPTIONS", tries=1)

    def fields(self, linking: Iterable[str]) -> dict[str, str]:
        """``_fields`` for whole rows: the fields of the kind, and the fields ``linking`` to other objects."""
        if self.options.raw:
            return {}
        fields = list(_FIELDS[self.options.kind])
        shown = self.options.scope.fields(self.options.kind) if self.options.scope is not None else ()
        fields += [name for name in (*linking, *shown) if name not in fields]
        if self.options.personal:
            fields += _PERSONAL_FIELDS.get(self.options.kind, ())
        return {"_fields": ",".join(fields)}

    # Questions to the archive.

    def state(self) -> AskState:
        """Ask for the archive's state of the collection."""
        return AskState(site=self.site.key, type=self.collection.name, kind=self.options.kind)

    def known(
        self,
        ids: Iterable[int] | None = None,
        *,
        since: str | None = None,
        until: str | None = None,
        lowest: int | None = None,
        latest: int | None = None,
    ) -> AskKnown:
        """Ask which live rows the archive holds. The given arguments limit the rows: to ``ids``, to the dates of
        publication in [since, until), to ids of ``lowest`` or more, to the ``latest`` rows that changed last.
        """
        chosen = None if ids is None else tuple(ids)
        return AskKnown(
            site=self.site.key,
            type=self.collection.name,
            ids=chosen,
            since=since,
            until=until,
            kind=self.options.kind,
            lowest=lowest,
            latest=latest,
        )

    def border(self, *, before: str, draw: str, shifted: bool) -> AskBorder:
        """Ask for a moment between two rows, which depends on ``draw``. ``shifted``: the moment is far from any row."""
        clear = ZONE_SHIFT if shifted else CLOCK_CHANGE
        name, kind, seconds = self.collection.name, self.options.kind, int(clear.total_seconds())
        return AskBorder(site=self.site.key, type=name, kind=kind, before=before, share=share(draw), clear=seconds)

    def edge(self, *, since: str | None, rows: int) -> AskEdge:
        """Ask when a row was published: the row with ``rows`` other rows between ``since`` and itself."""
        name, kind = self.collection.name, self.options.kind
        return AskEdge(site=self.site.key, type=name, kind=kind, since=since, rows=rows)

    def published(self, ids: Sequence[int]) -> AskPublished:
        """Ask when the rows of ``ids`` were published, according to the archive."""
        name, kind = self.collection.name, self.options.kind
        return AskPublished(site=self.site.key, type=name, ids=tuple(ids), kind=kind)

    def distrust(self, ids: Sequence[int]) -> Distrust:
        """Tell the archive that its ``modified`` of ``ids`` is wrong."""
        return Distrust(site=self.site.key, type=self.collection.name, ids=tuple(ids), kind=self.options.kind)

    def tombstones(self, ids: Sequence[int], *, when: str) -> AskTombstones:
        """Ask for the last known rows of ``ids``, marked as deleted at ``when`` (UTC, ISO)."""
        name, kind = self.collection.name, self.options.kind
        return AskTombstones(site=self.site.key, type=name, ids=tuple(ids), when=when, kind=kind)

    def checkpoint(self, sequence: int, *, cursor: dict[str, Any] | None = None, done: bool = False) -> Checkpoint:
        """A checkpoint after the row number ``sequence``."""
        return Checkpoint(
            site=self.site.key,
            type=self.collection.name,
            sequence=sequence,
            cursor=cursor,
            done=done,
            kind=self.options.kind,
            of_part=self.is_windowed,
        )
