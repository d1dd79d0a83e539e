"""Read the dates of WordPress, and write them as newsbot delivers them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsbot.timestamps import iso_utc
from newsbot.wordpress.api import Site
from newsbot.wordpress.messages import Reply

ZONE_SHIFT = timedelta(hours=26)
"""By how much a query reaches beyond the time that is meant. A site compares local dates: time zones, clock changes and
a site's new time zone move them by up to a day and two hours."""


def local_date(value: object) -> str | None:
    """A local date of the site, in the form that the API accepts. None for a zero date (``-0001-11-30T00:00:00``) or no
    date."""
    if not isinstance(value, str):
        return None
    text = value.strip().replace(" ", "T")[:19]
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return text if parsed.year > 1 and len(text) == 19 else None


def shift(date: str, seconds: int) -> str:
    """A local date moved by some seconds. It has no zone, so that it can be compared with other local dates."""
    return (datetime.fromisoformat(date) + timedelta(seconds=seconds)).isoformat()


def site_time(reply: Reply) -> str | None:
    """The time by the site's clock (UTC, ISO): the ``Date`` header, or else when newsbot received the reply."""
    try:
        moment = parsedate_to_datetime(reply.headers.get("date", ""))
        # Dates in HTTP are GMT, even without a zone.
        moment = moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return reply.fetched_at or None
    if not 1990 <= moment.year < 9000:
        # The site's clock is wrong. Near the end of the calendar a watermark would leave no room for the overlap.
        return reply.fetched_at or None
    return iso_utc(moment)


def utc(gmt: Any, local: Any, site: Site | None) -> str | None:
    """UTC as ``...Z``: from the site's GMT date, or else from its local date and time zone. None where both fail."""
    known = local_date(gmt)
    if known is not None:
        return known + "Z"
    local_time = local_date(local)
    if local_time is None or site is None:
        return None
    return _from_local(datetime.fromisoformat(local_time), site)


def _from_local(local_time: datetime, site: Site) -> str | None:
    """A local time of the site as UTC. None where the site's zone is unknown or UTC lies beyond the calendar."""
    if site.timezone:
        with suppress(ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
            return iso_utc(local_time.replace(tzinfo=ZoneInfo(site.timezone)))
    if site.gmt_offset is not None:
        with suppress(ValueError, OverflowError):
            return (local_time - timedelta(hours=site.gmt_offset)).isoformat() + "Z"
    return None
