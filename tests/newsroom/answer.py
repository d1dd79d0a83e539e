"""A question put to the newsroom, and its answer before it goes over the wire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

Transport = Callable[[web.Request, "Answer"], Awaitable[web.StreamResponse]]
"""Sends an answer in a way of its own: cut, stalled, dripping."""


class Refusal(Exception):
    """A REST error as core words it. ``data`` holds what stands beside the status."""

    def __init__(self, status: int, code: str, message: str, **data: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.data = status, code, message, data

    def answer(self) -> Answer:
        body = {"code": self.code, "message": self.message, "data": {"status": self.status, **self.data}}
        return Answer(status=self.status, body=orjson.dumps(body), json=True)


@dataclass(slots=True, kw_only=True)
class Question:
    """``route`` is the REST route ("/wp/v2/posts"), or None where a page is asked for; ``path`` is without the folder.

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
        """Whole numbers of a comma-separated parameter; what is none is skipped."""
        return [int(part) for value in self.params.get(name, ()) for part in value.split(",") if part.strip().isdigit()]


@dataclass(slots=True, kw_only=True)
class Answer:
    """``rows`` are a list's members as JSON, while it may still be changed; ``ids`` are theirs."""

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
