"""Answers that a plugin makes empty where the query names ``_fields``."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

from newsbot.wordpress.messages import Query, Reply

_BLANK = b" \t\r\n\x00\xef\xbb\xbf"
_HOLLOW = (b"[[]", b"[{}", b"[null")
"""How a list begins whose rows lost every field."""


def without_fields(query: Query, reply: Reply) -> Query | None:
    """The query without its ``_fields``, if the reply to the query with them is empty; else None."""
    parts = urlsplit(query.url)
    left = [part for part in parts.query.split("&") if not part.startswith("_fields=")]
    if len(left) == parts.query.count("&") + 1 or not is_empty(reply):
        return None
    return replace(query, url=urlunsplit(parts._replace(query="&".join(left))))


def is_empty(reply: Reply) -> bool:
    """Whether a reply of success has no content, or a list of rows without content."""
    if not reply.is_ok:
        return False
    body = reply.body[:64].strip(_BLANK)
    return (not body and not reply.body.strip(_BLANK)) or body.startswith(_HOLLOW)
