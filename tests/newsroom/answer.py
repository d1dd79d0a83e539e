"""A request to the newsroom, and its answer before the answer is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

Transport = Callable[[web.Request, "Answer"], Awaitable[web.StreamResponse]]
"""Sends an answer in an unusual way: cut, stalled, or in small pieces."""


class Refusal(Exception):
    """A REST error in WordPress's form. ``data`` holds the fields beside the status."""

    def __init__(self, status: int, code: str, message: str, **data: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.data = status, code, message, data

    def answer(self) -> Answer:
        body = {"code": self.code, "message": self.message, "data": {"status": self.status, **self.data}}
        return Answer(status=self.status, body=orjson.dumps(body), json=True)


@dataclass(slots=True, kw_only=True)
class Question:
    """``route`` is the REST route ("/wp/v2/posts"), or None for a page. ``path`` is the path without the site's folder.

    Values of ``params`` are lists: PHP takes ``include[]=1&include[]=2``.
    """

    method: str
    path: str
    raw: str
    route: str | None
    params: dict[str, list[str]]
    headers: Mapping[str, str] = field(default_factory=dict)

    def first(self, name: str) -> str | None:
        values = self.params.get(name)
        return values[-1] if values else None

    def numbers(self, name: str) -> list[int]:
        """The whole numbers of a comma-separated parameter. Other values are skipped."""
        return [int(part) for value in self.params.get(name, ()) for part in value.split(",") if part.strip().isdigit()]


@dataclass(slots=True, kw_only=True)
class Answer:
    """``rows`` are the members of a list as JSON, as long as faults may change them. ``ids`` are the ids of the
    rows."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    json: bool = False
    rows: list[bytes] | None = None
    ids: list[int] = field(default_factory=list)
    transport: Transport | None = None
    wait: float = 0.0

    def seal(self) -> None:
        """Join the rows into the body."""
        if self.rows is not None:
            self.body, self.rows = b"[" + b",".join(self.rows) + b"]", None


def text(body: str | bytes, *, kind: str = "text/html", status: int = 200, **headers: str) -> Answer:
    raw = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, body=raw, headers={"Content-Type": f"{kind}; charset=UTF-8", **named})
