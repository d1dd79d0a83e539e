"""Checks whether suspected rows are really deleted: each row is requested by itself. Pure: generators of queries."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from newsbot.errors import PayloadError, RecordError
from newsbot.wordpress import records
from newsbot.wordpress.collection.site_ids import Dates, SiteIds, past_caches
from newsbot.wordpress.messages import Asking, Query, Reply
from newsbot.wordpress.pages.urls import place_key
from newsbot.wordpress.payload import is_challenge, is_login
from newsbot.wordpress.replies import answer, is_final

FEW = 5
"""This many deletions are never held back: on a small site one deletion is many percent."""

BATCHED = 3
"""If there are more suspects than this, one query asks for all of them first. Rows in its answer need no separate
query."""

GONE_CODES = frozenset(
    {
        *("rest_post_invalid_id", "rest_comment_invalid_id", "rest_user_invalid_id", "rest_term_invalid"),
        *("rest_invalid_id", "rest_post_invalid_parent"),
    }
)
"""WordPress's error codes for an object that does not exist."""

SHUT_CODES = frozenset({"rest_forbidden", "rest_cannot_read", "rest_user_cannot_view"})
"""WordPress's error codes for an object that visitors may not see."""


def is_held_back(*, gone: int, live: int, percent: float, confirmed: bool = False) -> bool:
    """Whether this many deletions at once are more likely a fault of the site than real. ``gone`` of ``live`` rows are
    missing; up to ``percent`` are accepted. ``confirmed``: the user says that the deletions are true."""
    return not confirmed and gone > max(FEW, live * percent / 100)


@dataclass(slots=True, kw_only=True)
class Confirmed:
    """``gone`` rows are deleted. The site still shows ``alive`` rows. ``unsure`` rows may be deleted or not.
    ``members`` are rows that visitors may not see.
    """

    gone: list[int] = field(default_factory=list)
    unsure: list[int] = field(default_factory=list)
    alive: list[int] = field(default_factory=list)
    members: list[int] = field(default_factory=list)


def shown_by_id(site_ids: SiteIds, suspects: Sequence[int]) -> Asking[Dates]:
    """The rows of ``suspects`` that one query for many of them shows. A failed query shows no row. Raises a final
    PayloadError.
    """
    if len(suspects) <= BATCHED:
        return {}
    try:
        return (yield from site_ids.shown(suspects, "confirm"))
    except PayloadError as fault:
        if is_final(fault):
            raise
        return {}


def confirm(
    site_ids: SiteIds,
    suspects: Sequence[int],
    *,
    neighbour: int | None,
    pages: Mapping[int, str] = MappingProxyType({}),
    trusted: bool = False,
    by_login: bool = False,
) -> Asking[Confirmed]:
    """Ask for each suspected row.

    A row is gone where the reply is a 404, 410, 401 or 403 of WordPress, and ``neighbour``, a row that this run listed,
    still has a reply. A site that hides all single posts from visitors did not delete them. If no neighbour is left,
    the row's page (``pages`` are URLs by ids) must be gone too. ``trusted``: WordPress's own error codes are enough. A
    row that has a reply exists, whatever the listings say. ``by_login``: a row that visitors may not see may exist for
    members.
    """
    confirmed, shut, single = Confirmed(), list[int](), site_ids.queries.single
    for row_id in suspects:
        reply = yield single(row_id, fresh=site_ids.fresh)
        code = _code(reply)
        if reply.status in (404, 410) and code in GONE_CODES:
            confirmed.gone.append(row_id)
        elif (reply.status in (404, 410) and code != "rest_no_route") or code in SHUT_CODES:
            shut.append(row_id)
        elif _shows(reply, row_id):
            confirmed.alive.append(row_id)
        else:
            confirmed.unsure.append(row_id)
    if by_login:
        confirmed.members, shut = sorted(shut), []
    if shut or confirmed.gone:
        if neighbour is None and not trusted:
            return (yield from _by_pages(site_ids, confirmed, shut, pages))
        answered = neighbour is not None and _shows((yield single(neighbour, fresh=site_ids.fresh)), neighbour)
        (confirmed.gone if answered else confirmed.unsure).extend(shut)
        if not (answered or trusted):
            # A plugin can give WordPress's own error for every row.
            confirmed.unsure, confirmed.gone = confirmed.unsure + confirmed.gone, []
    confirmed.gone.sort()
    confirmed.unsure.sort()
    return confirmed


def _by_pages(
    site_ids: SiteIds, confirmed: Confirmed, shut: Sequence[int], pages: Mapping[int, str]
) -> Asking[Confirmed]:
    """Ask for the pages of the rows that are ``gone`` or ``shut`` according to the API. If a plugin gives this answer
    for every row of a type, the site still shows the rows' pages, or a login.
    """
    gone, unsure, name = list[int](), confirmed.unsure, site_ids.queries.collection.name
    for row_id in sorted({*confirmed.gone, *shut}):
        if (url := pages.get(row_id)) is None:
            unsure.append(row_id)
            continue
        page, _, place = url.partition("#")
        # The query is made as a visitor, without a password, since newsbot did not choose this URL.
        reply = yield past_caches(Query(url=page, purpose="article", type=name, expects="any"))
        (gone if _lacks(reply, page, place) else unsure).append(row_id)
    return replace(confirmed, gone=gone, unsure=sorted(unsure))


def _lacks(reply: Reply, page: str, place: str) -> bool:
    """Whether the URL ``page`` has no content. A comment is gone if the page of its post lacks its ``place`` too.

    A redirect proves nothing: it may lead to a login. A bot check or a login in place of the page proves nothing
    either.
    """
    if place_key(reply.url) != place_key(page) or is_challenge(reply) or is_login(reply):
        return False
    if place and reply.is_ok:
        return re.search(rf"{re.escape(place)}(?!\d)".encode(), reply.body) is None
    return reply.is_gone


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
