"""What one answer declares: its headers, and what a page says of itself. Pure.

Every statement is about the content of that answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from newsbot.rights.preferences import content_signal, content_usage

RESTRICTING = ("noai", "noimageai", "noarchive")
"""Words of ``X-Robots-Tag`` and ``<meta name=robots>`` that restrict a use of the fetched content."""

ON_PAGES = (*RESTRICTING, "noindex")
"""The words for a page. WordPress sends ``noindex`` with each answer of its API, but there it says nothing about the
article."""

_LINK = re.compile(r"<([^<>]{1,2000})>([^<]{0,500})")
_REL_LICENSE = re.compile(r"\brel\s{0,9}=\s{0,9}(?:\"[^\"]{0,200}\blicense\b[^\"]{0,200}\"|license\b)", re.I)
_RSL = re.compile(r"application/rsl\+xml", re.I)
_HEADERS = frozenset({"content-usage", "content-signal", "tdm-reservation", "tdm-policy", "x-robots-tag", "link"})
_WEB = re.compile(r"https?://[^\s<>\"]{1,2000}", re.I)
_HEADER = 8_192
MOST = 20
"""URLs of one answer that are kept."""


def rights_in_headers(headers: Mapping[str, str], *, is_page: bool = False) -> dict[str, Any]:
    """The statements in headers with lower-case names."""
    if _HEADERS.isdisjoint(headers):
        return {}
    found: dict[str, Any] = {}
    if usage := content_usage(headers.get("content-usage", "")):
        found["content_usage"] = usage
    if signal := content_signal(headers.get("content-signal", "")):
        found["content_signal"] = signal
    found |= _tdm(headers.get("tdm-reservation", ""), headers.get("tdm-policy", ""))
    if words := robots_words(headers.get("x-robots-tag", ""), ON_PAGES if is_page else RESTRICTING):
        found["robots"] = words
    licenses, rsl = _in_link(headers.get("link", "")[:_HEADER])
    return found | _urls(licenses, rsl)


def rights_in_page(
    metas: Mapping[str, str], links: Iterable[tuple[str, str]], *, article_license: str | None, inline_rsl: bool
) -> dict[str, Any]:
    """The statements of a page. ``metas``: name in lower case -> content. ``links``: URL and type of each
    ``rel=license``. ``article_license`` is that of the article's JSON-LD. ``inline_rsl``: a script holds a licence."""
    found: dict[str, Any] = {}
    if usage := content_usage(metas.get("content-usage", "")):
        found["content_usage"] = usage
    found |= _tdm(metas.get("tdm-reservation", ""), metas.get("tdm-policy", ""))
    if words := robots_words(metas.get("robots", ""), ON_PAGES):
        found["robots"] = words
    licenses: list[str] = []
    rsl = ["inline"] if inline_rsl else []
    for url, kind in links:
        (rsl if _RSL.search(kind) else licenses).append(url)
    if article_license:
        licenses.append(article_license)
    return found | _urls(licenses, rsl)


def combined(header: Mapping[str, Any], page: Mapping[str, Any]) -> dict[str, Any]:
    """The statements of a page and of its headers. Lists are joined. For other values, the page has priority, as TDMRep
    requires."""
    found = dict(header)
    for key, value in page.items():
        if isinstance(value, list):
            found[key] = list(dict.fromkeys([*found.get(key, ()), *value]))
        elif isinstance(value, dict):
            found[key] = found.get(key, {}) | value
        else:
            found[key] = value
    return found


def robots_words(text: str, wanted: Sequence[str]) -> list[str]:
    """The words of ``wanted`` that a robots header or meta element says to every crawler (``none`` means ``noindex``).

    A word after the name of a crawler (``googlebot: noindex``) is for that crawler alone, up to the next name.
    """
    said, own = set(), True
    for part in text[:_HEADER].lower().split(","):
        name, colon, rest = part.partition(":")
        if colon and name.strip() not in ("max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"):
            own, part = name.strip() in ("*", "newsbot"), rest
        if own:
            said.add("noindex" if part.strip() == "none" else part.strip())
    return [word for word in wanted if word in said]


def _tdm(reservation: str, policy: str) -> dict[str, Any]:
    # Several headers of one name are joined by a comma; the first value counts.
    value = reservation.split(",")[0].strip()
    if value not in ("0", "1"):
        return {}
    found: dict[str, Any] = {"tdm_reservation": int(value)}
    if value == "1" and _WEB.fullmatch(policy.strip()):
        found["tdm_policy"] = policy.strip()
    return found


def _in_link(header: str) -> tuple[list[str], list[str]]:
    licenses: list[str] = []
    rsl: list[str] = []
    for url, parameters in _LINK.findall(header):
        if _REL_LICENSE.search(parameters):
            (rsl if _RSL.search(parameters) else licenses).append(url.strip())
    return licenses, rsl


def _urls(licenses: Iterable[str], rsl: Iterable[str]) -> dict[str, Any]:
    found = {
        "licenses": [url for url in dict.fromkeys(licenses) if _WEB.fullmatch(url)][:MOST],
        "rsl": [url for url in dict.fromkeys(rsl) if url == "inline" or _WEB.fullmatch(url)][:MOST],
    }
    return {key: urls for key, urls in found.items() if urls}
