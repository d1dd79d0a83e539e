"""The exception tree.

NewsbotError
├── BadArgument        a spider argument or setting is wrong. Raised by arguments and settings before the first request;
│                      the crawl command prints its one line and exits 2.
├── PayloadError       an answer is not the JSON that was due. Raised by wordpress.payload; the driver asks again where
│   │                  ``retryable``, the conversation tells the fault in the receipt otherwise.
│   ├── NotJson        HTML, or nothing, where JSON was due (a login wall, a maintenance page, a theme)
│   ├── Challenge      a bot check stands in the way: stop and report, never evade
│   ├── Truncated      the body ends in the middle of its JSON
│   ├── NotXml         no feed and no sitemap where one was due. Raised by wordpress.fallback, which tries the next way
│   ├── TooDeep        JSON nested or sized beyond what any WordPress sends
│   ├── BadStatus      an HTTP status of failure without WordPress's own words; carries ``status``
│   └── Refused        WordPress itself said no: carries its ``code``, ``status`` and ``text``
├── RecordError        an API object lacks what it cannot do without. Raised by wordpress.records; the conversation
│                      counts the row as unreadable and names its id.
├── DiscoveryError     no WordPress API was found behind a URL. Raised by wordpress.discovery; ends the site's crawl.
├── ArchiveError       the archive cannot be used: newer than the code, locked, corrupt, gone. Raised by archive.
│   └── BadArchiveUrl  NEWSBOT_ARCHIVE names no archive; it is a BadArgument too
└── BrowserError       the browser does not start, or broke over a page. Raised in browser, which tries once more with a
    │                  fresh one and then replies ``browser-failed``.
    └── StuckPage      a page's scripts do not end: it is not shown again
"""

from __future__ import annotations

from typing import Literal


class NewsbotError(Exception):
    """Root of all errors of ours; its text is one line, fit to show a user."""


class BadArgument(NewsbotError):
    """A spider argument, or a setting, that cannot be used."""


class PayloadError(NewsbotError):
    """An answer that is not the JSON that was due."""

    name = "payload"
    retryable = False


class NotJson(PayloadError):
    """HTML, or nothing at all, where JSON was due."""

    name = "not-json"
    retryable = True


class Challenge(PayloadError):
    """A bot check, or a login wall that a visitor must not climb."""

    name = "challenge"


class Truncated(PayloadError):
    """The body ends in the middle of its JSON."""

    name = "truncated"
    retryable = True


class NotXml(PayloadError):
    """No feed and no sitemap where one was due."""

    name = "not-xml"


class TooDeep(PayloadError):
    """JSON nested or sized beyond what any WordPress sends."""

    name = "too-deep"


class BadStatus(PayloadError):
    """An HTTP status of failure, said by a server, a proxy or a theme rather than by WordPress's API."""

    name = "bad-status"

    def __init__(self, text: str, *, status: int, retryable: bool) -> None:
        super().__init__(text)
        self.status = status
        self.retryable = retryable


class Refused(PayloadError):
    """WordPress's own error object: ``{"code": ..., "message": ..., "data": {"status": ...}}``."""

    name = "refused"

    def __init__(self, code: str, *, status: int, text: str) -> None:
        super().__init__(f"{status} {code}: {text}")
        self.code = code
        self.status = status
        self.text = text
        self.params: dict[str, str] = {}
        # A PHP fault is told in WordPress's words too (internal_server_error): the server may mend.
        self.retryable = status >= 500 or status == 429


class RecordError(NewsbotError):
    """An API object without what it cannot do without; carries the value that was found."""


class DiscoveryError(NewsbotError):
    """No WordPress API was found; ``verdict`` is ``closed``, ``blocked`` or ``incomplete``.

    ``fault`` names what blocks it, ``at`` is the URL the search began from.
    """

    def __init__(
        self, text: str, *, verdict: Literal["closed", "blocked", "incomplete"], fault: str | None = None
    ) -> None:
        super().__init__(text)
        self.verdict: Literal["closed", "blocked", "incomplete"] = verdict
        self.fault = fault
        self.at = ""


class ArchiveError(NewsbotError):
    """The archive cannot be used."""


class BadArchiveUrl(ArchiveError, BadArgument):
    """NEWSBOT_ARCHIVE names no archive that could be used, whatever state it were in."""


class BrowserError(NewsbotError):
    """The browser does not start, or broke over a page."""


class StuckPage(BrowserError):
    """A page's scripts do not end, and let nobody see what they made."""
