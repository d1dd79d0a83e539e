"""The cache of scripts: all articles of a site load the same scripts, and a run requests each script once. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserResponse:
    """An answer for the browser. ``headers`` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class ScriptCache:
    """Answers by URL. Above ``most`` bytes the least recently used answers are dropped."""

    most: int = MOST_BYTES
    _bytes: int = 0
    _answers: OrderedDict[str, BrowserResponse] = field(default_factory=OrderedDict)

    def get(self, kind: str, url: str) -> BrowserResponse | None:
        """The cached answer for a script, or None. ``kind`` is Playwright's type of resource."""
        answer = self._answers.get(url) if kind == "script" else None
        if answer is not None:
            self._answers.move_to_end(url)
        return answer

    def put(self, kind: str, url: str, answer: BrowserResponse) -> None:
        """Cache an answer that is a complete script and may be cached."""
        if kind != "script" or answer.status != 200 or len(answer.body) > self.most:
            return
        if "no-store" in answer.headers.get("cache-control", "").lower():
            return
        self._forget(url)
        self._answers[url] = answer
        self._bytes += len(answer.body)
        while self._bytes > self.most:
            self._forget(next(iter(self._answers)))

    def _forget(self, url: str) -> None:
        gone = self._answers.pop(url, None)
        self._bytes -= len(gone.body) if gone is not None else 0
