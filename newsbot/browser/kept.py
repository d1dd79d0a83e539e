"""Scripts kept for the run: every article of a site loads the same ones, and a site is asked for each once. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the browser is given; ``headers`` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Kept:
    """Answers by URL, the least lately used let go beyond ``most`` bytes."""

    most: int = MOST_BYTES
    _bytes: int = 0
    _answers: OrderedDict[str, Answer] = field(default_factory=OrderedDict)

    def get(self, kind: str, url: str) -> Answer | None:
        """What came for a script before; ``kind`` is Playwright's type of resource."""
        answer = self._answers.get(url) if kind == "script" else None
        if answer is not None:
            self._answers.move_to_end(url)
        return answer

    def put(self, kind: str, url: str, answer: Answer) -> None:
        """Keep an answer that is a script, came whole, and may be kept."""
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
