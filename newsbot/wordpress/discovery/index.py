"""Read the facts of a site from the index of its API."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from newsbot.numbers import finite, is_digits
from newsbot.urls import ascii_host
from newsbot.wordpress.api import Api, RouteAccepts, Site, read_accepts
from newsbot.wordpress.languages.plugins import language_plugins
from newsbot.wordpress.values import decoded, object_in, text

INDEX_FIELDS = "name,description,url,home,gmt_offset,timezone_string,namespaces,routes"


def is_index(index: dict[str, Any]) -> bool:
    """Whether an object is the index of an API that has core's routes."""
    routes = index.get("routes")
    if isinstance(index.get("namespaces"), list | dict):
        return "wp/v2" in _namespaces(index)
    return isinstance(routes, dict) and any(str(route).startswith("/wp/v2") for route in routes)


def _namespaces(index: dict[str, Any]) -> list[str]:
    listed = index.get("namespaces")
    names = listed.values() if isinstance(listed, dict) else listed if isinstance(listed, list) else ()
    return [name for name in names if isinstance(name, str)]


def read_site(index: dict[str, Any], api: Api, page_url: str) -> Site:
    """Read the index. ``key`` is the home URL that the site declares, if the site was reached at that host."""
    accepts = {route: _accepts(route, entry) for route, entry in object_in(index.get("routes")).items()}
    home = _home(index, api, page_url)
    return Site(
        key=home,
        api=api,
        home=home,
        name=decoded(index.get("name")),
        timezone=text(index.get("timezone_string")),
        gmt_offset=_hours(index.get("gmt_offset")),
        accepts={route: accepted for route, accepted in accepts.items() if accepted is not None},
        namespaces=language_plugins(_namespaces(index)),
    )


def _accepts(route: str, entry: Any) -> RouteAccepts | None:
    """What a route of a collection accepts; None for a route of single objects."""
    return None if "(?P<" in route else read_accepts(object_in(entry).get("endpoints"))


def _hours(value: Any) -> float | None:
    hours = finite(value)
    return hours if hours is not None and abs(hours) < 24 else None


def _home(index: dict[str, Any], api: Api, page_url: str) -> str:
    if api.wordpress_com:
        name = urlsplit(api.root).path.rstrip("/").rsplit("/", 1)[-1]
        return f"https://{urlsplit(page_url).hostname if is_digits(name) else name}"
    root = urlsplit(api.root)
    for declared_home in (index.get("home"), index.get("url")):
        parts = _split(str(declared_home or ""))
        if _is_same_host(parts, root):
            return urlunsplit((root.scheme, ascii_host(parts.netloc.lower()), parts.path.rstrip("/"), "", ""))
    # A site that declares another host (localhost, say) is known by the address at which it answers.
    path = re.sub(r"/(?:wp-json|index\.php)?/?$", "", re.sub(r"/index\.php/wp-json/?$", "", root.path))
    return urlunsplit((root.scheme, ascii_host(root.netloc.lower()), path, "", ""))


def _split(url: str) -> SplitResult:
    """The parts of a URL; empty parts where the URL is invalid."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises a ValueError if the port is not a number
    except ValueError:
        return urlsplit("")
    return parts


def _is_same_host(parts: SplitResult, other: SplitResult) -> bool:
    if not parts.hostname or parts.port != other.port:
        return False
    return _bare(parts.hostname) == _bare(other.hostname)


def _bare(host: str | None) -> str:
    return ascii_host((host or "").lower()).removeprefix("www.")
