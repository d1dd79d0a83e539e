"""Read the times of pages and feeds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from newsbot.timestamps import iso_utc

_YEAR = re.compile(r"(?<![-+\d])[12]\d{3}(?!\d)")


def iso_to_utc(text: str | None) -> str | None:
    """An ISO time as UTC; None where the time has no zone."""
    moment = _parsed(text)
    return _utc(moment) if moment is not None and moment.tzinfo is not None else None


def iso_to_local(text: str | None) -> str | None:
    """The local time in an ISO time; None for a time in UTC, which does not show the site's local time."""
    moment = _parsed(text)
    if moment is None or (moment.tzinfo is not None and not moment.utcoffset()):
        return None
    return moment.replace(tzinfo=None, microsecond=0).isoformat()


def rfc822_to_utc(text: str | None) -> str | None:
    """``Tue, 15 Jun 2021 10:00:00 +0000`` as UTC, or None. PHP writes a zero date with the year -0001."""
    if text is None or _YEAR.search(text) is None:
        return None
    try:
        moment = parsedate_to_datetime(text.strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return _utc(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _parsed(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return moment if moment.year > 1 else None


def _utc(moment: datetime) -> str | None:
    try:
        return iso_utc(moment) if moment.year > 1 else None
    except (ValueError, OverflowError):
        return None
