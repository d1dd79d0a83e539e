"""The forms in which newsbot writes a time. A naive time counts as UTC; an aware time is converted to UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def iso_utc(moment: datetime) -> str:
    """``2024-05-31T08:15:00Z``: the form of rows, receipts, the archive and queries. A naive time counts as UTC."""
    return _in_utc(moment).replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def compact_utc(moment: datetime) -> str:
    """``20240531T081500Z``: the form of names of runs and files. A naive time counts as UTC."""
    return _in_utc(moment).strftime("%Y%m%dT%H%M%SZ")


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC)
