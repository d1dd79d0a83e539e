"""Whether a site that was just discovered is a site of the archive that has moved.

A site moves to HTTPS, to or from ``www.``, to another domain or to another folder. Its posts keep their ids, guids and
slugs. A copy (a staging clone, a mirror) has them too, while the original still answers at its old address as its own:
a copy is no move. This costs one request where the archive holds other sites, and a second one where a site agrees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from newsbot.errors import PayloadError
from newsbot.wordpress.api import Api, Site
from newsbot.wordpress.messages import Asking, Query, Reply, Steps
from newsbot.wordpress.options import Options
from newsbot.wordpress.questions import AskFormer, AskHeld, AskNewSite, Former
from newsbot.wordpress.replies import rows_of
from newsbot.wordpress.same_site import IDENTIFYING, address_of, agreeing, moved_here
from newsbot.wordpress.values import decoded, rendered, row_id

SAMPLE = 20
"""Rows that are compared: the oldest, which a later run has not added."""

_GONE = frozenset({"dns", "refused", "timeout", "dropped", "tls", "robots-unreachable"})
"""Errors of an address that nothing answers at any more."""

_ROUTES = {
    "post": ("post", "/wp/v2/posts"),
    "page": ("page", "/wp/v2/pages"),
    "media": ("attachment", "/wp/v2/media"),
}


def former_key(site: Site, options: Options) -> Steps[str | None]:
    """The key under which the archive holds ``site``, where the site has moved; None where it has not."""
    if not (yield AskNewSite(site=site.key)):
        return None
    kind, type_, route = _compared(options)
    if (sample := (yield from _oldest(site, route))) is None:
        return None
    keys = tuple((number, rendered(raw.get("guid"))) for number, raw in sample.items())
    formers: list[Former] = yield AskFormer(url=options.url, site=site.key, type=type_, rows=keys, kind=kind)
    for former in formers:
        if not moved_here(list(sample.values()), former.rows, former=former.site):
            continue
        if address_of(former.site) == address_of(site.key):
            return former.site
        include: dict[str, Any] = {"include": list(sample), "per_page": SAMPLE, "_fields": IDENTIFYING}
        old = Api(root=former.root or f"{former.site}/wp-json/")
        reply = yield Query(url=old.url(route, include), purpose="identity", expects="any", tries=1)
        if has_left(reply, former, site):
            return former.site
    return None


def lost_site(known: Site, site: Site, options: Options) -> Steps[str | None]:
    """Why ``site`` cannot stand for ``known``, the site to which the user's address led until now and which has not
    moved; None where it can: the archive holds nothing of ``known``, or ``site`` is a copy of it.

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
        # An archive of a part of the site, such as the newest rows, lacks the oldest ones.
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
    """The kind, the type and the route of the rows that two sites are compared by."""
    kind = "media" if options.kind == "media" else "posts"
    return (kind, *_ROUTES.get("media" if kind == "media" else options.types[0], _ROUTES["post"]))


def _oldest(site: Site, route: str) -> Asking[dict[int, Mapping[str, Any]] | None]:
    """The oldest rows of a collection, by id; None where the site does not list them."""
    order = {"orderby": "id"} if site.accepted(route).orders_by("id") else {}
    return (yield from _listed(site, route, {"order": "asc", **order}))


def _listed(site: Site, route: str, which: Mapping[str, Any]) -> Asking[dict[int, Mapping[str, Any]] | None]:
    """What identifies the rows that a site lists, by id; None where the site does not list them."""
    params: dict[str, Any] = {"per_page": SAMPLE, "_fields": IDENTIFYING, **which}
    try:
        rows = rows_of((yield Query(url=site.api.url(route, params), purpose="identity")))
    except PayloadError:
        return None
    return {number: raw for raw in rows if (number := row_id(raw.get("id"))) is not None}


def has_left(reply: Reply, former: Former, site: Site) -> bool:
    """Whether nothing answers as ``former`` at its old address any more. ``reply`` is what its API answers there.

    An address that fails or refuses may be that of a living site.
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
