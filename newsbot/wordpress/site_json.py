"""A site as the archive keeps it: what discovery found, so that an update run need not ask for it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newsbot.wordpress.api import Api, RouteAccepts, Site


def site_as_json(site: Site) -> dict[str, Any]:
    """Plain JSON values. Of the routes only those that list something."""
    routes = {
        route: {"per_page": one.per_page, "orderby": sorted(one.orderby), "params": sorted(one.params)}
        for route, one in site.accepts.items()
        if "per_page" in one.params
    }
    return {
        "key": site.key,
        "root": site.api.root,
        "home": site.home,
        "name": site.name,
        "language": site.language,
        "timezone": site.timezone,
        "gmt_offset": site.gmt_offset,
        "routes": routes,
        "types": dict(site.types),
    }


def site_from_json(kept: Mapping[str, Any]) -> Site | None:
    """None where it was kept in another shape."""
    try:
        accepts = {
            route: RouteAccepts(
                per_page=int(one["per_page"]), orderby=frozenset(one["orderby"]), params=frozenset(one["params"])
            )
            for route, one in kept["routes"].items()
        }
        return Site(
            key=kept["key"],
            api=Api(root=kept["root"]),
            home=kept["home"],
            name=kept["name"],
            language=kept["language"],
            timezone=kept["timezone"],
            gmt_offset=kept["gmt_offset"],
            accepts=accepts,
            types={str(name): str(route) for name, route in kept.get("types", {}).items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
