"""The exception tree.

NewsbotError
├── BadArgument        a spider argument or a setting is wrong. Raised before the first request; the crawl command
│                      prints the text and exits with status 2.
├── PayloadError       an answer is not the JSON that was expected. Raised by wordpress.payload. If ``retryable``, the
│   │                  fetcher repeats the request; otherwise the receipt shows the fault.
│   ├── NotJson        HTML or an empty body instead of JSON (a login form, a maintenance page, a theme)
│   ├── Challenge      a bot check; newsbot stops and reports it, and never tries to pass it
│   ├── Truncated      the body ends in the middle of its JSON
│   ├── NotXml         neither a feed nor a sitemap. Raised by wordpress.pages; the fallback tries its next source
│   ├── TooDeep        JSON that is nested deeper, or is larger, than any WordPress sends
│   ├── Flooded        an answer holds many times the rows that were asked for
│   ├── TooLong        the texts of one row fill the memory. Raised by wordpress.collection.intake, which names the row
│   ├── Endless        a listing of comments, attachments or revisions does not come to an end
│   ├── BadStatus      an HTTP error status without an error object of WordPress; has ``status``
│   │   └── PaymentRequired  HTTP 402: the site asks for payment. newsbot does not pay, and asks in no other way
│   ├── FilterIgnored  the site shows rows of other parts than the one that was asked for. Raised by
│   │                  wordpress.collection.full; ends the collection.
│   ├── ForeignAnswer  rows of another site: a cache mixed up two sites, or another WordPress has the address now.
│   │                  Raised by wordpress.collection.identity; ends the collection.
│   └── Refused        an error object of WordPress; has its ``code``, ``status`` and ``text``
├── RecordError        an API object lacks a required field. Raised by wordpress.records; the crawl counts the row as
│                      unreadable and names its id.
├── DiscoveryError     there is no WordPress API at a URL. Raised by wordpress.discovery; ends the site's crawl.
│   └── NoApi          nothing at the URL names an API: the site may be no WordPress
├── NoSuchPart         a site does not have the part that was asked for, or does not list it. Raised by
│                      wordpress.narrowing; ends the site's crawl, since the whole site must never come instead.
├── ArchiveError       the archive cannot be used: newer than the code, locked, corrupt, missing. Raised by archive.
│   ├── ArchiveAway    the database does not answer, or gave sites or rows of this run to another run. A worker of a
│   │                  fleet goes on by itself, so that its metrics do not count this as a failure.
│   └── BadArchiveUrl  NEWSBOT_ARCHIVE is wrong, so it is a BadArgument too
└── BrowserError       the browser does not start, or failed while it rendered a page. browser tries once more with a
    │                  new browser, and then replies ``browser-failed``.
    └── StuckPage      the scripts of a page do not end; the page is not rendered again
"""

from __future__ import annotations

from typing import Literal


class NewsbotError(Exception):
    """Base class of newsbot's errors. The text is one line for the user."""


class BadArgument(NewsbotError):
    """A spider argument or a setting is wrong."""


class PayloadError(NewsbotError):
    """An answer is not the JSON that was expected."""

    name = "payload"
    retryable = False


class NotJson(PayloadError):
    """HTML or an empty body instead of JSON."""

    name = "not-json"
    retryable = True


class Challenge(PayloadError):
    """A bot check, or a login form, that newsbot must not try to pass."""

    name = "challenge"


class Truncated(PayloadError):
    """The body ends in the middle of its JSON."""

    name = "truncated"
    retryable = True


class NotXml(PayloadError):
    """Neither a feed nor a sitemap."""

    name = "not-xml"


class TooDeep(PayloadError):
    """JSON that is nested deeper, or is larger, than any WordPress sends."""

    name = "too-deep"


class Flooded(PayloadError):
    """An answer holds many times the rows that were asked for, so that reading it would fill the memory."""

    name = "flooded"


class TooLong(PayloadError):
    """The texts of one row are so long that cleaning them would fill the memory."""

    name = "too-long"


class Endless(PayloadError):
    """A listing continues without new rows, or brings more rows than newsbot can keep in memory."""

    name = "endless"


class BadStatus(PayloadError):
    """An HTTP error status from a server, a proxy or a theme, not from the API of WordPress."""

    name = "bad-status"

    def __init__(self, text: str, *, status: int, retryable: bool) -> None:
        super().__init__(text)
        self.status = status
        self.retryable = retryable


class PaymentRequired(BadStatus):
    """HTTP 402: the site asks for payment."""

    name = "payment"

    def __init__(self) -> None:
        super().__init__("HTTP 402: the site asks for payment, and newsbot does not pay", status=402, retryable=False)


class Refused(PayloadError):
    """An error object of WordPress: ``{"code": ..., "message": ..., "data": {"status": ...}}``."""

    name = "refused"

    def __init__(self, code: str, *, status: int, text: str) -> None:
        super().__init__(f"{status} {code}: {text}")
        self.code = code
        self.status = status
        self.text = text
        self.params: dict[str, str] = {}
        # WordPress also reports a fault in PHP in this form (internal_server_error), and such a fault may pass.
        self.retryable = status >= 500 or status == 429


class ForeignAnswer(PayloadError):
    """The rows of an answer are those of another site."""

    name = "foreign"


class FilterIgnored(PayloadError):
    """The site ignores the part that was asked for."""

    name = "filter-ignored"


class RecordError(NewsbotError):
    """An API object lacks a required field. The text contains the wrong value."""


class DiscoveryError(NewsbotError):
    """There is no WordPress API at a URL.

    ``fault`` names what blocks the API, ``at`` is the URL where the search began, ``meaning`` what that URL means.
    ``first`` says what went wrong at the first place that was asked for, ``when`` is the time of that answer; empty
    where an earlier run had searched the other places. Without ``settled`` the next run must search all places again.
    """

    def __init__(
        self, text: str, *, verdict: Literal["closed", "blocked", "incomplete", "payment"], fault: str | None = None
    ) -> None:
        super().__init__(text)
        self.verdict: Literal["closed", "blocked", "incomplete", "payment"] = verdict
        self.fault = fault
        self.at = ""
        self.first: tuple[str, ...] = ()
        self.when = ""
        self.settled = True
        self.meaning: object = None


class NoApi(DiscoveryError):
    """Nothing at a URL names an API."""


class NoSuchPart(NewsbotError):
    """A site does not have the part that was asked for."""


class ArchiveError(NewsbotError):
    """The archive cannot be used."""


class ArchiveAway(ArchiveError):
    """The database does not answer, or gave sites or rows of this run to another run."""


class BadArchiveUrl(ArchiveError, BadArgument):
    """NEWSBOT_ARCHIVE is wrong."""


class BrowserError(NewsbotError):
    """The browser does not start, or failed while it rendered a page."""


class StuckPage(BrowserError):
    """The scripts of a page do not end, so that its content cannot be read."""
