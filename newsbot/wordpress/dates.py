"""Read the dates of WordPress, and write them as newsbot delivers them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsbot.numbers import from_digits
from newsbot.timestamps import iso_utc
from newsbot.wordpress.api import Site
from newsbot.wordpress.messages import Reply

ZONE_SHIFT = timedelta(hours=26)
"""The time by which a query reaches beyond the wanted time. A site compares local dates: time zones, clock changes and
a new time zone of the site shift them by up to a day and two hours."""

CLOCK_CHANGE = timedelta(hours=3)
"""The time by which a query reaches beyond the wanted time if only the site's clock may change for summer time."""

_ZONES = (timedelta(hours=-13), timedelta(hours=15))
"""The smallest and the largest difference between a local time and UTC, with an hour to spare for a clock change."""


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
    """The time at which an answer was true (UTC, ISO): the ``Date`` header, or the time at which newsbot received the
    reply, whichever is earlier. The age of a cached answer is subtracted.

    A ``Date`` ahead of newsbot's clock is not used, since a watermark in the future hides every edit until then. A
    ``Date`` earlier than newsbot's clock is used, since a site whose clock is slow also writes these earlier times into
    its rows. None where both are missing.
    """
    received = reply.fetched_at or None
    try:
        moment = parsedate_to_datetime(reply.headers.get("date", ""))
        # Dates in HTTP are GMT, even without a zone.
        moment = moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return _earlier(received, age(reply))
    if not 1990 <= moment.year < 9000:
        # The site's clock is wrong. Near the end of the calendar, the overlap could not be added to the watermark.
        return _earlier(received, age(reply))
    stated = iso_utc(moment)
    return stated if received is None else min(stated, _earlier(received, age(reply)) or stated)


def age(reply: Reply) -> int:
    """For how many seconds a cache has kept the answer (``Age``, RFC 9111 section 5.1); 0 where no cache says so."""
    return from_digits(reply.headers.get("age", "").strip(), most=999_999_999) or 0


def _earlier(moment: str | None, seconds: int) -> str | None:
    if moment is None or not seconds:
        return moment
    try:
        return iso_utc(datetime.fromisoformat(moment) - timedelta(seconds=seconds))
    except (ValueError, OverflowError):
        return moment


def utc(gmt: Any, local: Any, site: Site | None) -> str | None:
    """UTC as ``...Z``: from the site's GMT date, or else from its local date and time zone. None where both fail.

    The local date is also used if the GMT date cannot be true: the two dates differ by more than any time zone, or the
    GMT date was shifted out of the hour that the site's zone skips in spring.
    """
    known, local_time = local_date(gmt), local_date(local)
    if known is None:
        return None if local_time is None or site is None else _from_local(datetime.fromisoformat(local_time), site)
    if local_time is None or site is None or known == local_time:
        return known + "Z"
    stated, wall = datetime.fromisoformat(known), datetime.fromisoformat(local_time)
    if _are_apart(stated, wall):
        return _from_local(wall, site) or local_time + "Z"
    return (_before_the_gap(stated, wall, site) if site.timezone else None) or known + "Z"


def are_apart(gmt: Any, local: Any) -> bool:
    """Whether a GMT date and a local date differ by more than a time zone can: one of them is wrong."""
    known, local_time = local_date(gmt), local_date(local)
    if known is None or local_time is None:
        return False
    return _are_apart(datetime.fromisoformat(known), datetime.fromisoformat(local_time))


def _are_apart(gmt: datetime, local: datetime) -> bool:
    return not _ZONES[0] <= local - gmt <= _ZONES[1]


def _before_the_gap(gmt: datetime, local: datetime, site: Site) -> str | None:
    """The true UTC of a row whose GMT date WordPress moved out of the gap of the site's zone; None for any other row.

    WordPress reads its own GMT column as a local time. A time that the zone skips in spring becomes later by the length
    of the gap.
    """
    moment = _from_local(local, site)
    if moment is None:
        return None
    true = datetime.fromisoformat(moment[:-1])
    if not timedelta(0) < gmt - true <= timedelta(hours=2):
        return None
    with suppress(ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
        zone = ZoneInfo(site.timezone or "")
        there = true.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
        return moment if there == gmt else None
    return None


def _from_local(local_time: datetime, site: Site) -> str | None:
    """A local time of the site as UTC. None where the site's zone is unknown or if the time in UTC is outside of the
    calendar."""
    if site.timezone:
        with suppress(ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
            return iso_utc(local_time.replace(tzinfo=ZoneInfo(site.timezone)))
    if site.gmt_offset is not None:
        with suppress(ValueError, OverflowError):
            return (local_time - timedelta(hours=site.gmt_offset)).isoformat() + "Z"
    return None
