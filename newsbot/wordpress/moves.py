"""Whether a site that was just discovered is a site of the archive that has moved.

A site moves to HTTPS, to or from ``www.``, to another domain or to another folder. Its posts keep their ids, guids and
slugs. A copy (a staging clone, a mirror) has the same ones, but then the original still answers at its old address
under its own name: a copy is not a move. The check needs one request if the archive holds other sites, and a second
request if a site agrees.

An archive of a part of a site (``limit=``, ``since=``) lacks the oldest rows. Such a site is compared by the rows in
the archive, and found by the newest rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from newsbot.errors import PayloadError
from newsbot.wordpress.api import Api, Site
from newsbot.wordpress.messages import Asking, Query, Reply, Steps
from newsbot.wordpress.options import Options
from newsbot.wordpress.questions import AskFormer, AskHeld, AskNewSite, Former
from newsbot.wordpress.replies import rows_of
from newsbot.wordpress.same_site import IDENTIFYING, address_of, agreeing, is_too_few, moved_here
from newsbot.wordpress.values import decoded, rendered, row_id

SAMPLE = 20
"""The number of rows that are compared. They are the oldest ones, which later runs did not add."""

NEWEST = 100
"""The number of newest rows by which a part of a site is found."""

_GONE = frozenset({"dns", "refused", "timeout", "dropped", "tls", "robots-unreachable"})
"""Errors of an address at which no server answers any more."""

_ROUTES = {
    "post": ("post", "/wp/v2/posts"),
    "page": ("page", "/wp/v2/pages"),
    "media": ("attachment", "/wp/v2/media"),
}


def former_key(site: Site, options: Options) -> Steps[str | None]:
    """The key under which the archive holds ``site``, where the site has moved; None where it has not."""
    others = yield AskNewSite(site=site.key)
    if others is None:
        return None
    route = _compared(options)[2]
    if (oldest := (yield from _oldest(site, route))) is None:
        return None
    tried = set[str]()
    former = yield from _former_among(oldest, site, options, tried)
    if former is None and others == "parts" and len(oldest) == SAMPLE:
        newest = yield from _listed(site, route, {"per_page": NEWEST})
        former = yield from _former_among(newest or {}, site, options, tried)
    return former


def _former_among(
    sample: Mapping[int, Mapping[str, Any]], site: Site, options: Options, tried: set[str]
) -> Steps[str | None]:
    """The key that ``site`` had in the archive before; None if it had none. ``sample`` are rows of ``site``. The keys
    that were compared are added to ``tried``, and are not compared again.
    """
    kind, type_, _ = _compared(options)
    keys = tuple((number, rendered(raw.get("guid"))) for number, raw in sample.items())
    formers: list[Former] = yield AskFormer(url=options.url, site=site.key, type=type_, rows=keys, kind=kind)
    for former in formers:
        if former.site in tried:
            continue
        tried.add(former.site)
        if (yield from _is_former(former, list(sample.values()), site, options)):
            return former.site
    return None


def _is_former(former: Former, rows: Sequence[Mapping[str, Any]], site: Site, options: Options) -> Steps[bool]:
    """Whether ``site`` was ``former`` before, and has left that address. ``rows`` are rows of ``site``."""
    kind, type_, route = _compared(options)
    is_near, held = address_of(former.site) == address_of(site.key), former.rows
    if is_too_few(rows, held):
        held = yield AskHeld(site=former.site, type=type_, kind=kind, ids=())
        if not held:
            # The archive has only other types. The rows of this type are compared when they come
            # (``collection.identity``).
            return is_near
        rows = list(((yield from _listed(site, route, {"include": sorted(held)})) or {}).values())
        if not is_near and len(rows) * 3 < len(held):
            # Two sites that have only a few rows in common, such as rows of a template, are different sites. A site in
            # several languages may show only the rows of one language.
            return False
    if not moved_here(rows, held, former=former.site):
        return False
    if is_near:
        return True
    include: dict[str, Any] = {"include": [raw["id"] for raw in rows[:SAMPLE]], "per_page": SAMPLE}
    old = Api(root=former.root or f"{former.site}/wp-json/")
    url = old.url(route, include | {"_fields": IDENTIFYING})
    reply = yield Query(url=url, purpose="identity", expects="any", tries=1)
    return has_left(reply, replace(former, rows=held), site)


def lost_site(known: Site, site: Site, options: Options) -> Steps[str | None]:
    """Why ``site`` must not replace ``known``, the site to which the user's address led until now and which has not
    moved; None if it may: the archive holds nothing of ``known``, or ``site`` is a copy of ``known``.

    The domain of a newsroom may redirect to that of its buyer, and the folder of a closed site to the site above it.
    """
    if address_of(site.key) == address_of(known.key):
        return None
    kind, type_, route = _compared(options)
    if not (newest := (yield AskHeld(site=known.key, type=type_, kind=kind, ids=()))):
        return None
    if (sample := (yield from _oldest(site, route))) is None:
        return None
    held = yield AskHeld(site=known.key, type=type_, kind=kind, ids=tuple(sample))
    both, same = agreeing(list(sample.values()), held)
    if not both:
        # If the archive has only a part of the site, such as the newest rows, it lacks the oldest rows.
        if (sample := (yield from _listed(site, route, {"include": sorted(newest)}))) is None:
            return None
        both, same = agreeing(list(sample.values()), newest)
    if same * 5 >= both * 4 > 0:
        return None
    return (
        f"the address led to {known.key} until now, and leads to another site, {site.key}. Nothing of that site is "
        f"delivered: give {site.home} to crawl it"
    )


def _compared(options: Options) -> tuple[str, str, str]:
    """The kind, the type and the route of the rows by which two sites are compared."""
    if options.kind == "media":
        return ("media", *_ROUTES["media"])
    # Comments, terms and users do not show whether two sites are the same. Their posts do, and are compared.
    named = options.types[0] if options.kind == "posts" else "post"
    return ("posts", *_ROUTES.get(named, _ROUTES["post"]))


def _oldest(site: Site, route: str) -> Asking[dict[int, Mapping[str, Any]] | None]:
    """The oldest rows of a collection, by id; None where the site does not list them."""
    order = {"orderby": "id"} if site.accepted(route).orders_by("id") else {}
    return (yield from _listed(site, route, {"order": "asc", **order}))


def _listed(site: Site, route: str, which: Mapping[str, Any]) -> Asking[dict[int, Mapping[str, Any]] | None]:
    """The identifying fields of the rows that a site lists, by id; None where the site does not list them."""
    params: dict[str, Any] = {"per_page": SAMPLE, "_fields": IDENTIFYING, **which}
    try:
        rows = rows_of((yield Query(url=site.api.url(route, params), purpose="identity")))
    except PayloadError:
        return None
    return {number: raw for raw in rows if (number := row_id(raw.get("id"))) is not None}


def has_left(reply: Reply, former: Former, site: Site) -> bool:
    """Whether the site ``former`` does not answer at its old address any more. ``reply`` is the answer of its API
    there.

    A refusal, a server error and an error that is not in ``_GONE`` may come from a site that still exists: the result
    is then False.
    """
    if reply.error is not None:
        return reply.error in _GONE
    if is_below(reply.url, site.api.root):
        return True
    if reply.status in (401, 403, 429) or reply.status >= 500:
        return False
    try:
        rows = rows_of(reply)
    except PayloadError as fault:
        return fault.name != "challenge"
    if not moved_here(rows, former.rows, former=former.site):
        # Another site, or an empty one, has the address now.
        return True
    homes = [_home_of(decoded(raw.get("link")), (site.key, former.site)) for raw in rows]
    return homes.count(site.key) * 2 > len(homes)


def is_below(url: str, root: str) -> bool:
    """Whether a URL is one of the API with that root, also with another scheme or ``www.``."""
    return address_of(url).startswith(address_of(root))


def _home_of(link: str | None, keys: Sequence[str]) -> str | None:
    """The site that a link belongs to: the one whose key, without scheme and ``www.``, is the longest."""
    address = address_of(link or "")
    fitting = [key for key in keys if f"{address}/".startswith(f"{address_of(key)}/")]
    return max(fitting, key=len, default=None)
