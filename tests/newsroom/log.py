"""The requests that the newsroom received, and when."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """``time`` is when the request arrived: monotonic seconds, comparable within one machine. ``url`` is path and query
    as received.

    ``route`` is the REST route, None for pages. ``sent`` is the size of the body, -1 where a fault sent the body.
    """

    time: float = field(default_factory=time.monotonic)
    method: str
    url: str
    route: str | None
    status: int
    sent: int
    host: str
    headers: dict[str, str]
    faults: tuple[str, ...] = ()

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @property
    def user_agent(self) -> str:
        return self.headers.get("user-agent", "")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
