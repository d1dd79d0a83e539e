"""What an earlier run found out about a site without an API for visitors. Pure.

Such a site would be searched for an API in each run: five places, or more in a folder. A later run asks for the first
place alone, where the API of nearly every site stands. If its answer is what it was, nothing has changed. A search of
all places is made again after ``HELD``, with ``full=1`` or ``sweep=1``, and as soon as the first answer changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

from newsbot.errors import DiscoveryError, NoApi
from newsbot.urls import as_url, ascii_host
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.pages.urls import id_of_url
from newsbot.wordpress.questions import Recall, Remember

HELD = timedelta(days=7)
"""How long a search of all places holds: as long as a site that was found is not discovered again."""

RELATION = "discovery"
"""The notes are kept beside the linked objects of the archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedApi:
    """A search in vain. ``first`` says what went wrong at the first place, ``when`` the search was made (UTC, ISO).
    ``why``, ``fault`` and ``absent`` (there is no API at all) are its outcome. Without ``settled`` the outcome is in
    doubt: another run must find the same."""

    first: tuple[str, ...]
    when: str
    why: str
    fault: str | None = None
    absent: bool = False
    settled: bool = True

    def holds(self, first: Sequence[str], when: str) -> bool:
        """Whether the search need not be made again. ``first`` is what went wrong now, at the time ``when``."""
        try:
            passed = datetime.fromisoformat(when) - datetime.fromisoformat(self.when)
        except (TypeError, ValueError):
            return False
        return self.settled and self.first == tuple(first) and timedelta(0) <= passed < HELD

    def error(self) -> DiscoveryError:
        """The outcome of the earlier search."""
        kind = NoApi if self.absent else DiscoveryError
        return kind(self.why, verdict="closed", fault=self.fault)


def recall_closed(url: str) -> Steps[ClosedApi | None]:
    """The search in vain that an earlier run made from ``url``; None where there was none."""
    number = id_of_url(url)
    found = yield Recall(site=_host(url), relation=RELATION, ids=(number,))
    if not found:
        return None
    try:
        kept = found[number]
        return ClosedApi(
            first=tuple(map(str, kept["first"])),
            when=str(kept["when"]),
            why=str(kept["why"]),
            fault=kept["fault"],
            absent=bool(kept["absent"]),
            settled=bool(kept.get("settled", True)),
        )
    except (KeyError, TypeError):
        return None


def remember_closed(url: str, failure: DiscoveryError, first: Sequence[str], when: str) -> Steps[None]:
    """Keep a search in vain, if it shows that the site has no API for visitors."""
    if failure.verdict != "closed" or not when:
        return
    kept = {
        "first": list(first),
        "when": when,
        "why": str(failure),
        "fault": failure.fault,
        "absent": isinstance(failure, NoApi),
        "settled": failure.settled,
    }
    yield Remember(site=_host(url), relation=RELATION, objects={id_of_url(url): kept})


def _host(url: str) -> str:
    """The key of the site at the host of ``url``, as far as it is known before any request."""
    parts = urlsplit(as_url(url.lstrip("/")))
    return urlunsplit((parts.scheme, ascii_host(parts.netloc.lower()), "", "", ""))
