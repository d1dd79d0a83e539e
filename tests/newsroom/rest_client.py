"""A small REST client over HTTP, for the checks of the contract."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """``headers`` have lower-case names. ``json`` is None where the body is not JSON."""

    status: int
    headers: Mapping[str, str]
    json: Any


class Ask(Protocol):
    """Send GET (or ``method``) to a REST route ("/wp/v2/posts"), in the permalink style of the site."""

    def __call__(self, route: str, params: Mapping[str, str | int] | None = None, *, method: str = "GET") -> Reply: ...


def asking(api: str) -> Ask:
    """A client of the API whose index is at ``api``."""

    def ask(route: str, params: Mapping[str, str | int] | None = None, *, method: str = "GET") -> Reply:
        query = urlencode(params or {})
        url = api + route.lstrip("/") + (("&" if "?" in api else "?") + query if query else "")
        request = urllib.request.Request(url, method=method, headers={"Accept": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, headers, body = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            status, headers, body = error.code, error.headers, error.read()
        return Reply(
            status=status,
            headers={name.lower(): value for name, value in headers.items()},
            json=json.loads(body) if "json" in headers.get("content-type", "") and body else None,
        )

    return ask
