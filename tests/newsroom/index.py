"""How a site describes its API: the index, ``/wp/v2/types``, ``/wp/v2/taxonomies`` and OPTIONS."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.newsroom.options import Options
from tests.newsroom.places import BASES, Places
from tests.newsroom.schema import Collection

Object = dict[str, Any]
DESCRIPTION = "Small news from small harbours"


def endpoint(collection: Collection) -> Object:
    """The description of a collection's GET, for the index and for OPTIONS."""
    args = {name: {**arg, "required": False} for name, arg in collection.args.items()}
    return {"methods": ["GET"], "allow_batch": {"v1": True}, "args": args}


def of_site(options: Options, places: Places, collections: dict[str, Collection]) -> Object:
    routes: Object = {
        "/": _route(["GET"], {"context": {"default": "view", "required": False}}, places.root),
        "/wp/v2": _route(["GET"], {}, places.rest("/wp/v2")),
    }
    for collection in collections.values():
        routes[collection.route] = options_of(collection) | {
            "_links": {"self": [{"href": places.rest(collection.route)}]}
        }
        routes[f"{collection.route}/(?P<id>[\\d]+)"] = _route(
            ["GET"], {"id": {"type": "integer", "required": False}}, None
        )
    for one in collections.values():
        if one.base in ("posts", "pages", "stories"):
            routes[f"{one.route}/(?P<parent>[\\d]+)/revisions"] = _route(["GET"], {}, None)
    for name in ("types", "taxonomies"):
        routes[f"/wp/v2/{name}"] = _route(["GET"], {}, places.rest(f"/wp/v2/{name}"))
    made: Object = {
        "name": options.name,
        "description": DESCRIPTION,
        "url": places.home,
        "home": places.home,
        "gmt_offset": gmt_offset(options.zone),
        "timezone_string": options.zone,
        "namespaces": ["oembed/1.0", "wp/v2", "wp-site-health/v1"],
        "authentication": [],
        "show_on_front": "posts",
        **dict.fromkeys(("page_on_front", "page_for_posts", "site_logo", "site_icon"), 0),
        "site_icon_url": "",
        "routes": routes,
        "_links": {"help": [{"href": "https://developer.wordpress.org/rest-api/"}]},
    }
    if options.of_2016:
        young = {"gmt_offset", "timezone_string", "show_on_front", "site_icon_url"}
        young |= {"page_on_front", "page_for_posts", "site_logo", "site_icon"}
        made = {name: value for name, value in made.items() if name not in young}
    return made


def gmt_offset(zone: str) -> float:
    """WordPress gives the offset of today. A newsroom uses the last day of its archive, so that all runs are equal."""
    offset = datetime(2025, 1, 1, tzinfo=ZoneInfo(zone)).utcoffset()
    return offset.total_seconds() / 3_600 if offset else 0.0


def _route(methods: list[str], args: Object, href: str | None) -> Object:
    made: Object = {"namespace": "wp/v2", "methods": methods, "endpoints": [{"methods": methods, "args": args}]}
    return made | {"_links": {"self": [{"href": href}]}} if href else made


def options_of(collection: Collection) -> Object:
    return {"namespace": "wp/v2", "methods": ["GET", "POST"], "endpoints": [endpoint(collection)]}


_TAXONOMIES = {"post": ["category", "post_tag"], "page": [], "attachment": [], "story": ["beat"]}


def types(collections: dict[str, Collection], places: Places) -> dict[str, Object]:
    made = {}
    for slug, taxonomies in _TAXONOMIES.items():
        one = collections[BASES[slug]]
        made[slug] = {
            "description": "",
            "hierarchical": slug == "page",
            "has_archive": slug == "story",
            "name": one.label,
            "slug": slug,
            "taxonomies": taxonomies,
            "rest_base": one.base,
            "rest_namespace": "wp/v2",
            "_links": _listed(places, "types", one.base),
        }
    # WordPress also lists its internal types, which visitors may not read.
    for slug, base in (("wp_block", "blocks"), ("nav_menu_item", "menu-items")):
        made[slug] = made["page"] | {"name": slug, "slug": slug, "rest_base": base, "hierarchical": False}
        made[slug]["_links"] = _listed(places, "types", base)
    return made


def taxonomies(collections: dict[str, Collection], places: Places) -> dict[str, Object]:
    made = {}
    for slug, types_of_it in (("category", ["post"]), ("post_tag", ["post"]), ("beat", ["story"])):
        one = collections[BASES[slug]]
        made[slug] = {
            "name": one.label,
            "slug": slug,
            "description": "",
            "types": types_of_it,
            "hierarchical": slug == "category",
            "rest_base": one.base,
            "rest_namespace": "wp/v2",
            "_links": _listed(places, "taxonomies", one.base),
        }
    return made


def _listed(places: Places, what: str, base: str) -> Object:
    curies = [{"name": "wp", "href": "https://api.w.org/{rel}", "templated": True}]
    items = [{"href": places.rest(f"/wp/v2/{base}")}]
    return {"collection": [{"href": places.rest(f"/wp/v2/{what}")}], "wp:items": items, "curies": curies}
