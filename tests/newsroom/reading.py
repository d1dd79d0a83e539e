"""Reads a newsroom over HTTP, one answer at a time. Redirects are not followed and nothing is repaired."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from tests.newsroom.room import Newsroom


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def ids(self) -> list[int]:
        return [row["id"] for row in self.json]


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_Stay)


def get(url: str, **headers: str) -> Got:
    """One answer as received. Redirects are not followed."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with _OPENER.open(urllib.request.Request(url, headers=named), timeout=240) as answer:
            status, told, body = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        status, told, body = error.code, error.headers, error.read()
    return Got(status=status, headers={name.lower(): value for name, value in told.items()}, body=body)


def posts(room: Newsroom, query: str = "") -> Got:
    return get(f"{room.api}wp/v2/posts?{query}")
