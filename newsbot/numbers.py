"""Numbers that came from outside: from the JSON, the headers and the pages of a site, and from a user. Pure.

Python's own readers take too much and too little. ``int`` and ``float`` take digits of other scripts, ``1_000`` and
``nan``, and fail at more than 4,300 digits. ``str.isdigit`` is true of ``²``, which ``int`` refuses. ``True`` is an
``int``. A float stands for several integers beyond 2**53.
"""

from __future__ import annotations

import math
from typing import Any

GREATEST = 2**63 - 1
"""The greatest number that a BIGINT of a database holds."""

_MOST_DIGITS = 30
"""Digits of a number in JSON that are read. Python refuses to read thousands of them."""

_EXACT = 2**53
_GREATEST_DECIMAL = 1e300
"""A float that may still be added to another."""


def is_digits(text: str) -> bool:
    """Whether ``text`` is one or more of the digits 0 to 9, and nothing else."""
    return text.isascii() and text.isdigit()


def from_digits(text: str | None, *, most: int = GREATEST) -> int | None:
    """The number that the digits 0 to 9 of ``text`` write. None for any other text, and for a number above ``most``."""
    if text is None or not is_digits(text) or len(kept := text.lstrip("0") or "0") > len(str(most)):
        return None
    number = int(kept)
    return number if number <= most else None


def up_to(text: str | None, most: int) -> int | None:
    """The number that the digits of ``text`` write, and ``most`` for a greater one. None for any other text."""
    number = from_digits(text, most=most)
    return most if number is None and text is not None and is_digits(text) else number


def decimal(text: str) -> float | None:
    """The number that digits with at most one point write (``7`` and ``0.5``). None for any other text. A greater
    number than 1e300 is 1e300."""
    return min(float(text), _GREATEST_DECIMAL) if is_digits(text.replace(".", "", 1)) else None


def integer(value: Any) -> int | None:
    """An integer of JSON, also where it came as text or as 52.0; None where something else came."""
    if isinstance(value, str):
        return from_digits(value.strip(), most=10**_MOST_DIGITS - 1)
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= _EXACT else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def whole(value: Any) -> int | None:
    """An integer of JSON that is 0 or more, or None."""
    number = integer(value)
    return number if number is not None and number >= 0 else None


def finite(value: Any) -> float | None:
    """A number of JSON, also where it came as text (``"-5.5"``); None where something else came, and for a number that
    no float holds."""
    if isinstance(value, str):
        text = value.strip()
        number = decimal(text[1:] if text[:1] in ("-", "+") else text)
        return None if number is None else -number if text.startswith("-") else number
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
