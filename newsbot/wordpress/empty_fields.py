"""Recognises answers that a plugin makes empty, or that a firewall refuses, because the query names ``_fields``."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from newsbot.errors import BadStatus, PayloadError
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.replies import answer, refuses_form

_BLANK = b" \t\r\n\x00\xef\xbb\xbf"
_HOLLOW = (b"[[]", b"[{}", b"[null")
"""The beginning of a list whose rows have no fields."""


def without_fields(query: Query, reply: Reply) -> Query | None:
    """The query without its ``_fields``, if the reply to the query with them is empty, or a firewall refused it;
    else None.

    A query that names several ids is long because of the ids. If a server refuses it, the next queries name fewer ids.
    """
    parts = urlsplit(query.url)
    left = [part for part in parts.query.split("&") if not part.startswith("_fields=")]
    if len(left) == parts.query.count("&") + 1 or not (is_empty(reply) or _is_refused(parts.query, reply)):
        return None
    url = urlunsplit(parts._replace(query="&".join(left)))
    # The received answer has the name of the query with the fields, so this query gets its own name.
    return replace(query, url=url, shared=url if query.shared else "")


def is_empty(reply: Reply) -> bool:
    """Whether a successful reply has no content, or a list of rows without content."""
    if not reply.is_ok:
        return False
    body = reply.body[:64].strip(_BLANK)
    return (not body and not reply.body.strip(_BLANK)) or body.startswith(_HOLLOW)


def _is_refused(asked: str, reply: Reply) -> bool:
    """Whether a web server or a firewall refused the query ``asked``, and not WordPress."""
    has_ids = any("," in value for name, value in parse_qsl(asked) if name in ("include", "exclude"))
    return not has_ids and is_refused(reply)


def is_refused(reply: Reply) -> bool:
    """Whether a web server or a firewall, and not WordPress, refused a query that it may answer in another form."""
    try:
        answer(reply)
    except PayloadError as fault:
        return isinstance(fault, BadStatus) and refuses_form(fault)
    return False
