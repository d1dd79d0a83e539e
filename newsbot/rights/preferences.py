"""Preferences as ``key=token`` pairs: Content-Usage and Content-Signal, in robots.txt and in headers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

Preferences = dict[str, str]

MOST = 4_000
"""The most characters of one statement that are read."""

_MEMBER = re.compile(
    r"[ \t]*(?P<key>[a-z*][a-z0-9_.*-]{0,60})"
    r"(?:=(?:(?P<token>[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]{0,60})|(?P<other>\"[^\"\\]{0,200}\"|\?[01]|-?[0-9.]{1,20})))?"
    r"(?:;[ \t]*[a-z*][a-z0-9_.*-]{0,60}(?:=(?:\"[^\"\\]{0,200}\"|[^;,\s\"]{1,60}))?)*[ \t]*"
)
"""One member of a Structured Fields dictionary (RFC 9651 section 3.2), without inner lists and byte sequences."""


def content_usage(text: str) -> Preferences:
    """Category -> ``y`` or ``n``. Empty if the text is not a Structured Fields dictionary (AIPREF, processing)."""
    found: dict[str, str | None] = {}
    place, text = 0, text.strip()[:MOST]
    while place < len(text):
        member = _MEMBER.match(text, place)
        if member is None:
            return {}
        # If a key stands twice, its last value counts, even if that value is not a token.
        found[member["key"]] = member["token"]
        place = member.end()
        if place < len(text):
            if text[place] != "," or place + 1 == len(text):
                return {}
            place += 1
    return {key: value for key, value in found.items() if value in ("y", "n")}


def content_signal(text: str) -> Preferences:
    """Signal -> value, in lower case: ``search=yes, ai-train=no``. A part that is not a pair is skipped."""
    pairs = (part.partition("=") for part in text[:MOST].split(","))
    return {
        key.strip().lower(): value.strip().lower()[:60]
        for key, sign, value in pairs
        if sign and re.fullmatch(r"\s*[A-Za-z][\w-]{0,40}\s*", key)
    }


def strictest(statements: Iterable[Mapping[str, str]], *, deny: str) -> Preferences:
    """Several statements as one: ``deny`` wins for each key (AIPREF, combining preferences)."""
    combined: Preferences = {}
    for statement in statements:
        for key, value in statement.items():
            if combined.get(key) != deny:
                combined[key] = value
    return combined
