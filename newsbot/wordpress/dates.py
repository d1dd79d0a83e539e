"""Dates as WordPress gives them, and as newsbot delivers them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsbot.timestamps import iso_utc
from newsbot.wordpress.api import Site
from newsbot.wordpress.messages import Reply


def local_date(value: object) -> str | None:
    """A site's local date as it may be handed back, or None for zero dates (``-0001-11-30T00:00:00``) and rubbish."""
    if not isinstance(value, str):
        return None
    text = value.strip().replace(" ", "T")[:19]
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return text if parsed.year > 1 and len(text) == 19 else None


def shift(date: str, seconds: int) -> str:
    """A local date moved by some seconds, still without a zone: like is compared with like."""
    return (datetime.fromisoformat(date) + timedelta(seconds=seconds)).isoformat()


def site_time(reply: Reply) -> str | None:
    """The site's clock: the ``Date`` of an answer, else when we had it."""
    try:
        moment = parsedate_to_datetime(reply.headers.get("date", ""))
        # HTTP's dates are GMT, also where they do not say so.
        moment = moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return reply.fetched_at or None
    if not 1990 <= moment.year < 9000:
        # No clock of a web server: a watermark must have room for the overlap.
        return reply.fetched_at or None
    return iso_utc(moment)


def utc(gmt: Any, local: Any, site: Site | None) -> str | None:
    """UTC as ``...Z`` from the site's GMT column, else from the local one by the site's time zone; None if neither."""
    known = local_date(gmt)
    if known is not None:
        return known + "Z"
    wall = local_date(local)
    if wall is None or site is None:
        return None
    return _from_wall(datetime.fromisoformat(wall), site)


def _from_wall(wall: datetime, site: Site) -> str | None:
    """A wall clock of the site as UTC; None where the site's zone is unknown, or the moment beyond the calendar."""
    if site.timezone:
        with suppress(ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
            return iso_utc(wall.replace(tzinfo=ZoneInfo(site.timezone)))
    if site.gmt_offset is not None:
        with suppress(ValueError, OverflowError):
            return (wall - timedelta(hours=site.gmt_offset)).isoformat() + "Z"
    return None
