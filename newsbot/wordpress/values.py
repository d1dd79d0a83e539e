"""Read values of an API object, whose types PHP and plugins change.

In place of an object WordPress may send ``false``, ``""`` or ``[]``; a list with missing indexes arrives as an object;
a number arrives as text.
"""

from __future__ import annotations

from html import unescape
from sys import getsizeof
from typing import Any
from urllib.parse import urljoin, urlsplit

from newsbot.article.text import scrub
from newsbot.numbers import GREATEST, integer, is_digits

_WEB = ("https://", "http://")


def memory_of(value: Any) -> int:
    """The approximate bytes of memory of the strings of a JSON value, at every depth."""
    memory, waiting = 0, [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            memory += getsizeof(part)
        elif isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return memory


def object_in(value: Any) -> dict[str, Any]:
    """An object; an empty object if the value is not an object."""
    return value if isinstance(value, dict) else {}


def list_in(value: Any) -> list[Any]:
    """The list in an answer. PHP writes a list with missing indexes as an object. For any other value: []."""
    if isinstance(value, dict) and all(is_digits(str(key)) for key in value):
        return list(value.values())
    return value if isinstance(value, list) else []


def objects_in(value: Any) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [found for found in list_in(value) if isinstance(found, dict)]


def text(value: Any) -> str | None:
    """A non-empty string without control characters, or None."""
    clean = scrub(value) if isinstance(value, str) else ""
    return clean if clean.strip() else None


def decoded(value: Any) -> str | None:
    """A non-empty string with its entities decoded once (names of terms and users come encoded), or None.

    It has no control characters.
    """
    return scrub(unescape(value)).strip() or None if isinstance(value, str) else None


def address(value: Any, base: str) -> str | None:
    """A web address with its entities decoded, or None, for example for ``javascript:``.

    Some plugins give addresses without the host, or without the scheme. Such an address is resolved from ``base``, the
    site's home.
    """
    found = decoded(value)
    if found is None or found.startswith(_WEB):
        return found
    try:
        home = urlsplit(base)
        host = home.netloc.lower().removeprefix("www.")
        without_scheme = found.lower().startswith((f"{host}/", f"www.{host}/"))
        found = f"{home.scheme}://{found}" if without_scheme else urljoin(base.rstrip("/") + "/", found)
    except ValueError:
        return None
    return found if found.lower().startswith(_WEB) else None


def rendered(value: Any) -> str | None:
    """The text of ``{"rendered": ...}``, or of the bare string that some plugins send instead; None if there is no
    text."""
    found = value.get("rendered") if isinstance(value, dict) else value
    return found if isinstance(found, str) and found.strip() else None


def row_id(value: Any) -> int | None:
    """The id of a row, or None: ids are BIGINTs, in WordPress and in the archive. WordPress writes 0 where there is no
    row."""
    number = integer(value)
    return number if number is not None and 0 < number <= GREATEST else None


def flag(value: Any) -> bool | None:
    """True or False, or None for any other value."""
    return value if isinstance(value, bool) else None
