"""Which collections of a site a crawl brings: the types and taxonomies that the user asked for."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from newsbot.errors import PayloadError
from newsbot.wordpress.api import Collection, Site, read_accepts, read_collections
from newsbot.wordpress.messages import Query
from newsbot.wordpress.options import Options
from newsbot.wordpress.questions import KeepSite
from newsbot.wordpress.replies import answer
from newsbot.wordpress.site_json import site_as_json

INTERNAL_TYPES = frozenset(
    {
        *("attachment", "nav_menu_item", "wp_block", "wp_template", "wp_template_part", "wp_global_styles"),
        *("wp_navigation", "wp_font_family", "wp_font_face", "user_request", "custom_css", "customize_changeset"),
        *("oembed_cache", "revision"),
    }
)
"""Types of WordPress itself that have no articles: ``types=all`` leaves them out. ``wp_media`` brings attachments."""

INTERNAL_TAXONOMIES = frozenset(
    {"nav_menu", "link_category", "wp_theme", "wp_template_part_area", "wp_pattern_category"}
)
"""Taxonomies of WordPress itself that do not sort articles: ``types=all`` leaves them out."""

SINGLE = {
    "comments": Collection(name="comment", route="/wp/v2/comments"),
    "media": Collection(name="attachment", route="/wp/v2/media"),
    "users": Collection(name="user", route="/wp/v2/users"),
}
"""Kinds for which every site has one collection."""

_LISTED = {"posts": ("types", INTERNAL_TYPES), "terms": ("taxonomies", INTERNAL_TAXONOMIES)}
"""Kind -> the route that lists its collections, and the collections that ``all`` leaves out."""

ALL = "all"
"""The name that means every public collection."""

MOST_OF_ALL = 300
"""The most collections that ``all`` means. A site can invent any number of types."""

_CORE_ROUTES = {"post": "/wp/v2/posts", "page": "/wp/v2/pages"}


@dataclass(frozen=True, slots=True)
class Catalog:
    """``collections`` to bring. ``unknown``: requested names that the site does not have. ``public``: the names that
    the site offers instead. ``left`` is how many collections of ``all`` are beyond ``MOST_OF_ALL``. ``gone`` are names
    among ``collections`` that an earlier run brought, and that the site no longer names."""

    collections: list[Collection]
    unknown: list[str] = field(default_factory=list)
    public: list[str] = field(default_factory=list)
    left: int = 0
    gone: list[str] = field(default_factory=list)


def find_collections(site: Site, options: Options) -> Generator[Query | KeepSite, Any, Catalog]:
    """The catalog of what ``options`` ask for. Raises PayloadError where the site does not list its types."""
    if options.kind in SINGLE:
        return Catalog([SINGLE[options.kind]])
    if options.kind == "posts" and (known := _known_collections(site, options.types)) is not None:
        return Catalog(known)
    name, internal = _LISTED[options.kind]
    reply = yield Query(url=site.api.url(f"/wp/v2/{name}"), purpose=name)
    offered = read_collections(answer(reply))
    catalog = choose(offered, options.types, internal)
    if ALL in options.types:
        # If the site no longer names a type that an earlier run brought, the route of the type shows what happened to
        # its rows.
        routes = _remembered(site, options.kind)
        catalog.gone.extend(name for name in routes if name not in offered and name not in catalog.unknown)
        catalog.collections.extend(Collection(name=name, route=routes[name]) for name in catalog.gone)
    elif options.kind == "posts" and catalog.collections:
        site.types |= {collection.name: collection.route for collection in catalog.collections}
        yield KeepSite(url=options.url, site=site_as_json(site))
    return catalog


def remember_types(site: Site, catalog: Catalog, kind: str, brought: Callable[[str], bool]) -> None:
    """Remember the types of a kind that ``types=all`` means, except types of which no row was ``brought``."""
    for collection in catalog.collections:
        key = _PREFIXES[kind] + collection.name
        if brought(collection.name):
            site.types[key] = collection.route
        else:
            site.types.pop(key, None)


def forget_type(site: Site, kind: str, name: str) -> None:
    """Forget the route of a type. Only post types and taxonomies are remembered."""
    if kind in _PREFIXES:
        site.types.pop(_PREFIXES[kind] + name, None)


_PREFIXES = {"posts": "", "terms": "terms/"}
"""Kind -> the prefix of the names of its types in ``Site.types``. A taxonomy may have the name of a post type."""


def _remembered(site: Site, kind: str) -> dict[str, str]:
    """The types of a kind that earlier runs brought: name -> route."""
    prefix = _PREFIXES[kind]
    return {
        name.removeprefix(prefix): route
        for name, route in site.types.items()
        if name.startswith(prefix) and (prefix or "/" not in name)
    }


def choose(offered: Mapping[str, Collection], wanted: Sequence[str], internal: Set[str]) -> Catalog:
    """The wanted collections among those that a site offers. ``all`` means all except the ``internal`` ones; an
    internal collection is included if the user names it.
    """
    public = sorted(name for name in offered if name not in internal)
    named = [name for name in wanted if name != ALL]
    every = [name for name in offered if name not in internal] if ALL in wanted else []
    chosen = every[:MOST_OF_ALL]
    chosen += [name for name in named if name in offered and name not in chosen]
    unknown, left = [name for name in named if name not in offered], max(0, len(every) - MOST_OF_ALL)
    return Catalog([offered[name] for name in chosen], unknown, public, left)


def _known_collections(site: Site, wanted: tuple[str, ...]) -> list[Collection] | None:
    """The collections, if the index or an earlier run named all of their routes (this saves a request); else None."""
    core = {name: route for name, route in _CORE_ROUTES.items() if route in site.accepts}
    routes = core | site.types
    if any(name not in routes for name in wanted):
        return None
    return [Collection(name=name, route=routes[name]) for name in wanted]


def ask_options(site: Site, collection: Collection) -> Generator[Query, Any, None]:
    """If the index did not say what a collection's route accepts, ask the route. Without an answer, core's limits
    apply."""
    reply = yield Query(url=site.api.url(collection.route), purpose="options", type=collection.name, method="OPTIONS")
    try:
        described = answer(reply)
    except PayloadError:
        return
    accepts = read_accepts(described.get("endpoints")) if isinstance(described, dict) else None
    if accepts is not None:
        site.accepts[collection.route] = accepts
