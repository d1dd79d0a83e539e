"""Reads the headers by which a server asks for a wait. Names are lower-case. A header that cannot be read is
ignored."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from newsbot.numbers import decimal, from_digits

EPOCH_SECONDS = 1_000_000_000
"""A reset above this is a point in time (seconds since 1970). A smaller one is a number of seconds to wait."""

EPOCH_MILLISECONDS = 100_000_000_000
"""A reset above this is a point in time in milliseconds."""

_ZERO_LEFT = ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining")
_RESET = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset", "x-ratelimit-reset-after")
_READ = 4_000
"""The most characters of a Retry-After that are read."""

_MOST = 10**15
"""A limit that names a greater number counts time in microseconds or less, which no known header does."""

_WEEKDAY = re.compile(r"\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},", re.ASCII | re.IGNORECASE)
_LEAP = re.compile(r":60\b", re.ASCII)
"""A leap second, which RFC 9110 section 5.6.7 allows and ``datetime`` does not."""

_PARAMETER = re.compile(r"(?:^|[;,\s])([a-z]{1,9})\s*=\s*(\d{1,15})(?=[;,\s]|$)", re.ASCII | re.IGNORECASE)


def retry_after_seconds(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds that Retry-After asks for, or None. RFC 9110 section 10.2.3.

    The wait until a date is counted from the Date header of the same answer, so that a wrong clock does no harm.
    Without a Date header it is counted from ``now`` (seconds since 1970). A Date header is cut off to whole seconds, so
    the wait is never too short.
    """
    # Several servers on the way may send this header, as seconds or as a date. The longest wait is right for all of
    # them.
    parts = _WEEKDAY.sub("", headers.get("retry-after", "")[:_READ]).split(",")
    waits = [_wait(part.strip(), headers, now) for part in parts]
    read = [wait for wait in waits if wait is not None]
    return max(read) if len(read) == len(waits) else None


def _wait(text: str, headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that one value of Retry-After asks for, or None."""
    if (seconds := decimal(text)) is not None:
        return float(math.ceil(seconds))
    moment = _http_date(text)
    return None if moment is None else max(0.0, moment - _server_now(headers, now))


def rate_limit_seconds(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds until a used-up rate limit is reset; None if requests are left or no header names a limit.

    Reads ``RateLimit`` (drafts 7 to 10 of draft-ietf-httpapi-ratelimit-headers: ``limit=, remaining=, reset=`` and
    ``"name";r=;t=``), the separate ``RateLimit-*`` fields of earlier drafts, and ``X-RateLimit-*``, whose reset may be
    a number of seconds, or a point in time in seconds or milliseconds.
    """
    structured = _structured(headers.get("ratelimit", ""))
    if structured is not None:
        return structured
    for left, reset in zip(_ZERO_LEFT, _RESET, strict=False):
        if _number(headers.get(left)) == 0:
            seconds = _number(headers.get(reset))
            if seconds is None:
                seconds = _number(headers.get("x-ratelimit-reset-after"))
            if seconds is not None:
                return _until(seconds, headers, now)
    return None


def _structured(text: str) -> float | None:
    waits: list[float] = []
    for policy in re.split(r",(?=\s*[\"a-z*][^=,]*;)", text[:2000], flags=re.IGNORECASE):
        values = {name.lower(): from_digits(value) for name, value in _PARAMETER.findall(policy)}
        left = values.get("r", values.get("remaining"))
        reset = values.get("t", values.get("reset"))
        if left == 0 and reset is not None:
            waits.append(float(reset))
    return max(waits) if waits else None


def _until(value: float, headers: Mapping[str, str], now: float) -> float:
    if value > EPOCH_MILLISECONDS:
        value /= 1000
    if value > EPOCH_SECONDS:
        return max(0.0, value - _server_now(headers, now))
    return value


def _number(text: str | None) -> float | None:
    number = decimal((text or "").strip())
    return number if number is not None and number < _MOST else None


def _server_now(headers: Mapping[str, str], now: float) -> float:
    date = _http_date(headers.get("date", ""))
    return now if date is None else date


def _http_date(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(_LEAP.sub(":59", text[:64]))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        # Dates of RFC 9110 are in GMT, so a date without a zone is in GMT too.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return None
