"""A site as JSON: the archive stores the results of a discovery, so that a later run need not discover the site
again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from newsbot.wordpress.api import Api, RouteAccepts, Site
from newsbot.wordpress.meaning import Meaning
from newsbot.wordpress.scope import scope_from_json


def site_as_json(site: Site) -> dict[str, Any]:
    """The site as plain JSON values, with only those routes that list a collection."""
    return {
        "key": site.key,
        "root": site.api.root,
        "slashed": site.api.slashed,
        "fields": site.api.takes_fields or site.api.fields_doubted,
        "fields_doubted": site.api.fields_doubted,
        "home": site.home,
        "name": site.name,
        "language": site.language,
        "timezone": site.timezone,
        "gmt_offset": site.gmt_offset,
        "routes": {
            route: _as_json(accepts)
            for route, accepts in site.accepts.items()
            if "per_page" in accepts.params or accepts.refused or accepts.doubted
        },
        "types": dict(site.types),
        "namespaces": sorted(site.namespaces),
        "languages": {route: list(values) for route, values in site.languages.items()},
        "named": {route: dict(names) for route, names in site.named.items()},
        "meanings": {url: meaning.as_json() for url, meaning in _newest(site.meanings)},
        "scopes": {key: scope.as_json() for key, scope in _newest(site.scopes)},
        "doubted": site.doubted,
    }


MOST_ADDRESSES = 50
"""The most addresses of one site, and the most parts of it, that are stored."""

Kept = TypeVar("Kept")


def _newest(found: Mapping[str, Kept]) -> list[tuple[str, Kept]]:
    return list(found.items())[-MOST_ADDRESSES:]


def _as_json(accepts: RouteAccepts) -> dict[str, Any]:
    declared = {"languages": list(accepts.languages)} if accepts.languages else {}
    limits = {"whole_rows": accepts.whole_rows, "longest": accepts.longest}
    learnt = {name: limit for name, limit in limits.items() if limit is not None}
    if accepts.doubted:
        declared["doubted"] = sorted(accepts.doubted)
    if refused := accepts.refused - accepts.doubted:
        declared["refused"] = sorted(refused)
    kept = {"per_page": accepts.per_page, "orderby": sorted(accepts.orderby), "params": sorted(accepts.params)}
    return kept | declared | learnt


def site_from_json(kept: Mapping[str, Any]) -> Site | None:
    """The site that an earlier run stored. None if the JSON has another form."""
    try:
        return Site(
            key=kept["key"],
            api=Api(
                root=kept["root"],
                slashed=bool(kept.get("slashed")),
                takes_fields=bool(kept.get("fields", True)),
                fields_doubted=bool(kept.get("fields_doubted")),
            ),
            home=kept["home"],
            name=kept["name"],
            language=kept["language"],
            timezone=kept["timezone"],
            gmt_offset=kept["gmt_offset"],
            accepts={route: _from_json(accepts) for route, accepts in kept["routes"].items()},
            types={str(name): str(route) for name, route in kept.get("types", {}).items()},
            namespaces=frozenset(map(str, kept.get("namespaces", ()))),
            languages={str(route): tuple(map(str, names)) for route, names in kept.get("languages", {}).items()},
            named={
                str(route): {str(name): bool(empty) for name, empty in names.items()}
                for route, names in kept.get("named", {}).items()
            },
            meanings={str(url): Meaning(**meaning) for url, meaning in kept.get("meanings", {}).items()},
            scopes={str(key): scope_from_json(scope) for key, scope in kept.get("scopes", {}).items()},
            doubted=bool(kept.get("doubted")),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _from_json(accepts: Mapping[str, Any]) -> RouteAccepts:
    whole_rows, longest = accepts.get("whole_rows"), accepts.get("longest")
    return RouteAccepts(
        per_page=int(accepts["per_page"]),
        orderby=frozenset(accepts["orderby"]),
        params=frozenset(accepts["params"]),
        languages=tuple(map(str, accepts.get("languages", ()))),
        whole_rows=int(whole_rows) if whole_rows is not None else None,
        longest=int(longest) if longest is not None else None,
        refused=frozenset(map(str, accepts.get("refused", ()))),
        doubted=frozenset(map(str, accepts.get("doubted", ()))),
    )
