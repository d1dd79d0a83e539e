"""The messages between the crawl of a site and its driver.

The crawl of a site is a generator. It yields a message, and the driver sends the answer to that message.

| yielded          | sent back                                                            |
|------------------|----------------------------------------------------------------------|
| ``Query``        | ``Reply``                                                            |
| a question to the archive | its answer, as the table in ``questions`` lists it |
| ``items.Record`` | ``None``                                                             |
| ``items.Checkpoint`` | ``None``                                                         |
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from newsbot.items import WarcRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One request to make.

    ``purpose`` names the query in stats and in the receipt. ``type`` is the collection that needs the query; None means
    the site itself. ``expects``: ``json``: the driver repeats the request if the answer is not JSON; ``any``: every
    reply is useful (discovery). ``tries`` is how often the query may be sent before its failure counts. ``render``:
    return the page as a browser shows it after its scripts have run. ``headers`` make the request conditional.
    ``searching``: the query searches for a row that makes its page fail, so its failure says nothing about the host.
    ``usual``: the longest time in seconds that such an answer has taken so far, 0 if no such answer came yet. The
    driver waits at most for a multiple of this time. None: it waits for DOWNLOAD_TIMEOUT. ``shared``: a name for the
    answer. All crawls of one host with a query of this name get the same answer, even if it is a failure. Empty: the
    answer is only for this crawl.
    """

    url: str
    purpose: str
    type: str | None = None
    expects: str = "json"
    tries: int = 4
    method: str = "GET"
    render: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    searching: bool = False
    usual: float | None = None
    shared: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The answer that brought a row: its URL, its time and its record."""

    url: str
    fetched_at: str
    warc: WarcRecord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The result of a query. If no answer came, ``status`` is 0 and ``error`` is one of the names in ``ERRORS``.

    ``headers`` have lower-case names. ``url`` is the URL where redirects ended. ``detail`` explains the error.
    ``fetched_at`` is UTC, ISO. ``seconds`` passed until the answer began. ``warc`` is the record of the answer. If the
    rows came with several answers, ``origins`` has the answer of each row by its id. ``logged_in``: whether the site
    answered as to a user who is logged in; None if the answer does not show this. ``beside`` are rows of other articles
    of the run that came with the same answer, without their texts.
    """

    status: int
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str | None = None
    detail: str = ""
    fetched_at: str = ""
    warc: WarcRecord | None = None
    origins: Mapping[int, Origin] = field(default_factory=dict)
    seconds: float = 0.0
    logged_in: bool | None = None
    beside: Sequence[Mapping[str, Any]] = ()

    def without_body(self) -> Reply:
        """The reply without its body, for a reader that needs only the headers: a body takes as much memory as all rows
        of its page."""
        return replace(self, body=b"")

    def origin(self, row: int) -> Origin:
        """The answer that brought the row with this id."""
        return self.origins.get(row) or Origin(url=self.url, fetched_at=self.fetched_at, warc=self.warc)

    @property
    def is_ok(self) -> bool:
        """Whether an answer came with status 200."""
        return self.error is None and self.status == 200

    @property
    def is_gone(self) -> bool:
        """Whether the answer says that the URL does not exist (HTTP 404 or 410)."""
        return self.error is None and self.status in (404, 410)

    @property
    def reason(self) -> str:
        """Why no answer came, in words for a user."""
        words = ERRORS.get(self.error or "", "no answer came")
        if not self.detail or self.detail == words:
            return words
        # If the crawl was stopped, ``detail`` names the cause: a signal, a failure of the archive, the last request of
        # an examination.
        return self.detail if self.error == "stopped" else f"{words} ({self.detail})"


ERRORS = {
    "dns": "the host name does not resolve",
    "tls": "the TLS connection failed",
    "refused": "the connection was refused",
    "timeout": "no complete answer came in time",
    "dropped": "the connection was lost",
    "too-large": "the answer is larger than DOWNLOAD_MAXSIZE",
    "redirects": "too many redirects",
    "robots": "robots.txt forbids this URL",
    "robots-unreachable": "its robots.txt does not answer, which forbids every URL (RFC 9309)",
    "private-address": "the address is private",
    "given-up": "the host was given up for this run",
    "bad-url": "the URL cannot be requested",
    "stopped": "the crawl is stopping",
    "no-browser": "the page needs a browser, and no browser is available",
    "browser-failed": "the browser failed on this page",
    "unknown": "the request failed",
}
"""Why no answer came: name -> text for a user."""

FINAL_ERRORS = frozenset(
    {
        "robots",
        "robots-unreachable",
        "private-address",
        "given-up",
        "bad-url",
        "stopped",
        "tls",
        "too-large",
        "redirects",
        "no-browser",
        "browser-failed",
    }
)
"""Errors that a second request in this run cannot change."""


Result = TypeVar("Result")

Steps = Generator[Any, Any, Result]
"""A part of the crawl of a site: it yields messages, is sent their answers, and returns ``Result``."""

Asking = Generator[Query, Reply, Result]
"""A part of the crawl that yields only queries."""


def answered(steps: Generator[Any, Any, Result], ask: Callable[[Any], Steps[Any]]) -> Steps[Result]:
    """Run ``steps``, and give each of their messages to ``ask``. The messages of ``ask`` are yielded in place of the
    message, and its result is the answer to the message."""
    answer: Any = None
    try:
        while True:
            try:
                message = steps.send(answer)
            except StopIteration as end:
                result: Result = end.value
                return result
            answer = yield from ask(message)
    finally:
        steps.close()
